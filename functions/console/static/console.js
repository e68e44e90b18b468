// Everything here is a convenience: times in the viewer's zone, parts that refresh themselves, one tick for a whole list.
(() => {
  const times = (root) => {
    const language = document.documentElement.lang;
    const viewers = navigator.languages.find((one) => one.startsWith(language)) || language;
    const format = new Intl.DateTimeFormat(viewers, { dateStyle: "medium", timeStyle: "medium" });
    for (const time of root.querySelectorAll("time[datetime]")) {
      time.title = time.dateTime;
      time.textContent = format.format(new Date(time.dateTime));
    }
  };

  // On a narrow screen the list of pages is longer than what is seen of it.
  for (const here of document.querySelectorAll(".nav [aria-current]")) here.closest(".nav").scrollLeft = here.offsetLeft - 40;

  for (const chart of document.querySelectorAll("img.chart")) chart.src += `?offset=${-new Date().getTimezoneOffset()}`;

  const refresh = async (part) => {
    if (document.hidden || part.contains(document.activeElement)) return;
    const answer = await fetch(part.dataset.refresh, { credentials: "same-origin", redirect: "error" });
    if (!answer.ok) return;
    const fresh = document.createElement("template");
    fresh.innerHTML = await answer.text();
    times(fresh.content);
    part.replaceChildren(fresh.content);
  };

  for (const part of document.querySelectorAll("[data-refresh]")) {
    setInterval(() => refresh(part).catch(() => {}), 1000 * Number(part.dataset.seconds || 3));
  }

  for (const all of document.querySelectorAll("[data-all]")) {
    all.closest("[data-shown-by-script]").hidden = false;
    all.addEventListener("change", () => {
      for (const box of all.closest("form").querySelectorAll("input[type=checkbox][name]")) box.checked = all.checked;
    });
  }

  for (const opened of document.querySelectorAll("details[data-closes]")) {
    document.addEventListener("click", (event) => { if (!opened.contains(event.target)) opened.open = false; });
    opened.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      opened.open = false;
      opened.querySelector("summary").focus();
    });
  }

  times(document);
})();
