"""How long somebody waits: from a click, or a key, to the next paint, on this machine, through the real handlers. `python -m tests.browser.paint`

A click that leads to another page is timed until that page's first contentful paint; one that stays, by the browser's own Event Timing.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

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
        done(performance.timeOrigin + one.startTime - Number(sessionStorage.getItem("pressed")));
}).observe({ type: "paint", buffered: true }))"""
# Two frames later whatever the press has changed is painted, and told to the observer.
SETTLED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.longest), 120))))"

LEADING = ("Records", "Set aside", "Runs", "Agreement", "Request log", "Tables", "Settings", "Shops", "Overview")


def leading(page: Page, find: Callable[[], Locator]) -> float:
    """Milliseconds from the press to the other page's first paint."""
    with page.expect_navigation(wait_until="load"):
        find().click()
    return float(page.evaluate(PAINTED))


def staying(page: Page, act: Callable[[], None]) -> float:
    """Milliseconds of the slowest event, from its input to the paint that shows it; below 16 the browser tells none."""
    page.evaluate("window.longest = 0")
    act()
    return float(page.evaluate(SETTLED))


def measured(site: Site, page: Page, times: int) -> dict[str, list[float]]:
    root, found = f"{site.url}/c/many", {}
    for name in LEADING:
        found[f"to “{name}”"] = [_from_elsewhere(page, root, name) for _ in range(times)]
    found["search a SKU"] = [_submitted(page, f"{root}/records", "SKU or order number", "SKU-1", "Search") for _ in range(times)]
    found["filter the request log"] = [_submitted(page, f"{root}/requests", "Contains", "products", "Filter") for _ in range(times)]
    found["settings refused"] = [_submitted(page, f"{root}/settings", "Products every, seconds", "1", "Save") for _ in range(times)]
    page.goto(f"{root}/parked")
    found["tick all of forty"] = [staying(page, page.get_by_label("Tick all").first.click) for _ in range(times)]
    page.goto(f"{root}/requests")
    found["open a request"] = [staying(page, page.locator("details.exchange summary").nth(at).click) for at in range(times)]
    found["open the switcher"] = [staying(page, page.locator(".switcher > summary").click) for _ in range(times)]
    page.goto(f"{root}/settings")
    field = page.get_by_label("Products every, seconds")
    found["type into a field"] = [staying(page, lambda: field.press("1")) for _ in range(times)]
    return found


def _from_elsewhere(page: Page, root: str, name: str) -> float:
    page.goto(f"{root}/{'records' if name != 'Records' else 'settings'}")
    return leading(page, lambda: page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True))


def _submitted(page: Page, url: str, label: str, text: str, button: str) -> float:
    page.goto(url)
    page.get_by_label(label).fill(text)
    return leading(page, lambda: page.get_by_role("button", name=button, exact=True))


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
        found = measured(site, sign_in(site, context.new_page()), times)
    print(f"{'ms from press to paint':32}{'median':>8}{'worst':>8}")
    for name, taken in found.items():
        print(f"{name:32}{statistics.median(taken):8.0f}{max(taken):8.0f}")
    return int(max(map(statistics.median, found.values())) > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
