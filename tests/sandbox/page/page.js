// Looks again every second and a half and exchanges what has changed, but never what somebody is editing.
"use strict";
document.documentElement.classList.add("js");

const PAUSE = 1500;

function edited(form) {
  return [...form.elements].some((field) =>
    field.tagName === "SELECT" ? ![...field.options].some((option) => option.selected && option.defaultSelected) && field.selectedIndex !== 0
      : field.type !== "hidden" && "defaultValue" in field && field.value !== field.defaultValue);
}

function mark(form) {
  form.classList.toggle("dirty", edited(form));
  for (const field of form.querySelectorAll("input:not([type=hidden])")) field.classList.toggle("edited", field.value !== field.defaultValue);
}

document.addEventListener("input", (event) => event.target.form && mark(event.target.form));
document.addEventListener("change", (event) => event.target.form && mark(event.target.form));

function busy(element) {
  return element.contains(document.activeElement) && document.activeElement.matches("input, select") || element.querySelector(".dirty, .sending");
}

function keyed(root) {
  return new Map([...root.querySelectorAll("[data-key]")].map((element) => [element.dataset.key, element]));
}

function same(left, right) {
  return left.dataset.print === undefined ? left.isEqualNode(right) : left.dataset.print === right.outerHTML;
}

function exchange(fresh) {
  const now = keyed(fresh);
  for (const [key, element] of keyed(document)) {
    const next = now.get(key);
    if (!next || busy(element) || same(element, next)) continue;
    const copy = document.importNode(next, true);
    copy.dataset.print = next.outerHTML;
    element.replaceWith(copy);
  }
}

// Rows come and go only when nobody is in the middle of something there.
function rows(fresh, id) {
  const here = document.getElementById(id), there = fresh.getElementById(id);
  const list = (root) => [...root.querySelectorAll("[data-row]")].map((row) => row.dataset.row).join("\n");
  if (list(here) !== list(there) && !busy(here)) here.replaceWith(document.importNode(there, true));
}

async function look() {
  if (document.hidden) return;
  const address = new URL(location.href);
  address.searchParams.delete("said");
  address.searchParams.delete("detail");
  const answer = await fetch(address, { headers: { "Accept": "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  rows(fresh, "goods");
  rows(fresh, "orders");
  exchange(fresh);
}

async function forever() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    try { await look(); } catch { /* the sandbox was ended, or is starting again */ }
  }
}

// A form is sent without leaving the page, so that another half-made edit is not lost.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || form.classList.contains("fields")) return;
  event.preventDefault();
  form.classList.add("sending");
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  form.classList.remove("sending", "dirty");
  document.activeElement.blur();
  document.querySelector(".said[role=status]")?.remove();
  const said = fresh.querySelector(".said[role=status]");
  if (said) document.querySelector("main").prepend(document.importNode(said, true));
  rows(fresh, "goods");
  rows(fresh, "orders");
  exchange(fresh);
});

forever();
