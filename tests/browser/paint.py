"""How long somebody waits: from a click, or a key, to the next paint, on this machine, through the real handlers. `python -m tests.browser.paint`

A click that leads to another page is timed until that page's first contentful paint; one that stays, by the browser's own Event Timing.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests
from playwright.sync_api import Locator, Page

from .seeding import seed_all
from .site import Site, chromium, open_browser, open_site, sign_in

LIMIT_MS = 200
# The moment of the last press is kept for the page that comes next; what stays on its page is timed by the browser.
WATCH = """
addEventListener("pointerdown", (event) => sessionStorage.setItem("pressed", performance.timeOrigin + event.timeStamp), true);
window.longest = 0;
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.longest = Math.max(window.longest, one.duration); })
    .observe({ type: "event", durationThreshold: 16, buffered: true });
"""
PAINTED = """new Promise((done) => new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === "first-contentful-paint")
        done([Number(sessionStorage.getItem("pressed")), performance.timeOrigin + one.startTime]);
}).observe({ type: "paint", buffered: true }))"""
# Two frames later whatever the press has changed is painted, and told to the observer.
SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.longest), 120))))"
ANSWERED = "(() => { const one = performance.getEntriesByType('navigation')[0]; return one.responseEnd - one.startTime; })()"

LEADING = ("Records", "Set aside", "Runs", "Agreement", "Request log", "Tables", "Settings", "Shops", "Overview")
PLACES = {
    "a product": "/records/product/cscart/1", "an order": "/records/order/cscart/2", "a preview": "/runs/plan", "a proof": "/proofs/p1",
    "why this value": "/why/product?subject=SKU-1", "categories": "/tables", "shipping": "/tables/shipping", "moving": "/moving", "taking over": "/takeover",
    "set-up: CS-Cart": "/setup/cscart", "set-up: Webasyst": "/setup/webasyst", "set-up: defaults": "/setup/defaults", "set-up: statuses": "/setup/statuses",
    "set-up: self-test": "/setup/check", "set-up: preview": "/setup/preview",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds. `paint`: from the press to the paint; of these `answer` went by until the page had arrived, and in `emulator` AWS's stand-in
    was at work, which in AWS is another machine. `calls`: how often it was asked.
    """

    paint: float
    answer: float = 0.0
    emulator: float = 0.0
    calls: int = 0


def leading(site: Site, page: Page, find: Callable[[], Locator]) -> Taken:
    """To the other page's first paint, redirects on the way included."""
    _spans(site)
    with page.expect_navigation(wait_until="load"):
        find().click()
    pressed, painted = page.evaluate(PAINTED)
    within = [(max(begun, pressed), min(ended, painted)) for begun, ended in _spans(site) if begun < painted and ended > pressed]
    return Taken(painted - pressed, page.evaluate(ANSWERED), _covered(within), len(within))


def _spans(site: Site) -> list[tuple[float, float]]:
    """When the emulator was at work since it was last asked for this."""
    return [(begun, ended) for begun, ended in requests.get(f"{site.stack.aws_url}/_busy", timeout=10).json()]


def _covered(spans: Sequence[tuple[float, float]]) -> float:
    """What they cover together: several at once count once."""
    covered, until = 0.0, 0.0
    for begun, ended in sorted(spans):
        covered += max(0.0, ended - max(begun, until))
        until = max(until, ended)
    return covered


def staying(page: Page, act: Callable[[], None]) -> Taken:
    """The slowest event, from its input to the paint that shows it; below 16 the browser tells none."""
    page.evaluate("window.longest = 0")
    act()
    return Taken(float(page.evaluate(SETTLED)))


def measured(site: Site, page: Page, times: int) -> Iterator[tuple[str, list[Taken]]]:
    root = f"{site.url}/c/many"
    for name in LEADING:
        yield f"to “{name}”", [_from_elsewhere(site, page, root, name) for _ in range(times)]
    for name, path in PLACES.items():
        yield f"to {name}", [_linked(site, page, root, path) for _ in range(times)]
    yield "search a SKU", [_submitted(site, page, f"{root}/records", "SKU or order number", "SKU-1", "Search") for _ in range(times)]
    yield "filter the request log", [_submitted(site, page, f"{root}/requests", "Contains", "products", "Filter") for _ in range(times)]
    yield "settings refused", [_submitted(site, page, f"{root}/settings", "Products every, seconds", "1", "Save") for _ in range(times)]
    yield "settings saved", [_submitted(site, page, f"{root}/settings", "Products every, seconds", "600", "Save") for _ in range(times)]
    yield "status table saved", [_pressed(site, page, f"{root}/statuses", "Save") for _ in range(times)]
    yield "run now", [_pressed(site, page, root, "Run now") for _ in range(times)]
    yield "pause, or resume", [_pressed(site, page, root, "Resume" if at % 2 else "Pause") for at in range(times + times % 2)]
    yield "compare both sides", [_pressed(site, page, f"{root}/records/product/cscart/1", "Compare both sides now") for _ in range(times)]
    yield "another language", [_pressed(site, page, f"{root}/settings", "English") for _ in range(times)]
    page.goto(f"{root}/parked")
    yield "tick all of forty", [staying(page, page.get_by_label("Tick all").first.click) for _ in range(times)]
    page.goto(f"{root}/requests")
    yield "open a request", [staying(page, page.locator("details.exchange summary").nth(at).click) for at in range(times)]
    yield "open the switcher", [staying(page, page.locator(".switcher > summary").click) for _ in range(times)]
    page.goto(f"{root}/settings")
    field = page.get_by_label("Products every, seconds")
    yield "type into a field", [staying(page, lambda: field.press("1")) for _ in range(times)]


def _from_elsewhere(site: Site, page: Page, root: str, name: str) -> Taken:
    page.goto(f"{root}/{'records' if name != 'Records' else 'settings'}")
    return leading(site, page, lambda: page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True))


def _linked(site: Site, page: Page, root: str, path: str) -> Taken:
    """By a link that is put onto a page, as not every page has one to every other."""
    page.goto(f"{root}/settings")
    page.evaluate("path => { const one = document.querySelector('.navbar-brand'); one.href = path; }", root + path)
    return leading(site, page, lambda: page.locator(".navbar-brand"))


def _submitted(site: Site, page: Page, url: str, label: str, text: str, button: str) -> Taken:
    page.goto(url)
    page.get_by_label(label).fill(text)
    return leading(site, page, lambda: page.get_by_role("button", name=button, exact=True))


def _pressed(site: Site, page: Page, url: str, button: str) -> Taken:
    page.goto(url)
    return leading(site, page, lambda: page.get_by_role("button", name=button, exact=True).first)


def report(found: dict[str, list[Taken]]) -> None:
    print(f"{'ms from press to paint':28}{'median':>8}{'worst':>8}{'page here':>11}{'emulator':>10}{'calls':>7}")
    for name, taken in found.items():
        middle = [statistics.median(getattr(one, field) for one in taken) for field in ("paint", "answer", "emulator", "calls")]
        print(f"{name:28}{middle[0]:8.0f}{max(one.paint for one in taken):8.0f}{middle[1]:11.0f}{middle[2]:10.0f}{middle[3]:7.0f}")
    led = [one for taken in found.values() for one in taken if one.calls]
    share = sum(one.emulator for one in led) / sum(one.paint for one in led)
    print(f"In {share:.0%} of the time that leads to another page the emulator of AWS was at work.")


def main() -> int:
    """1 when the median of anything is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5, help="how often each is done (default: 5)")
    times = parser.parse_args().times
    path = chromium()
    if not path:
        print("there is no chromium on this machine")
        return 2
    with tempfile.TemporaryDirectory() as folder, open_site(Path(folder)) as site, open_browser(path) as browser:
        seed_all(site)
        context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
        context.add_init_script(WATCH)
        found = dict(measured(site, sign_in(site, context.new_page()), times))
    report(found)
    return int(max(statistics.median(one.paint for one in taken) for taken in found.values()) > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
