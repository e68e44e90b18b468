"""Takes the README's pictures anew: a first run over both sandbox shops, then a day's few changes. `python -m tests.browser.screenshots`"""

import sys
import tempfile
from pathlib import Path

import requests
from playwright.sync_api import Page, expect

from .site import Site, chromium, open_browser, open_site, sign_in

PICTURES = Path(__file__).with_name("pictures")
SIZE = {"width": 1000, "height": 640}
LONGEST = 1250


class Camera:
    def __init__(self, site: Site, page: Page) -> None:
        self.site, self.page = site, page

    def take(self, name: str, longest: int = LONGEST) -> None:
        """The whole page, cut where it gets too long for a README."""
        height = min(int(self.page.evaluate("document.documentElement.scrollHeight")), longest)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True, clip={"x": 0, "y": 0, "width": SIZE["width"], "height": height})

    def press(self, name: str, role: str = "button") -> None:
        self.page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    def visit(self, path: str) -> None:
        self.page.goto(f"{self.site.url}/c/main{path}")

    def fill(self, **fields: str) -> None:
        for label, text in fields.items():
            self.page.get_by_label(label.replace("_", " ")).fill(text)


def set_up(camera: Camera) -> None:
    page, site = camera.page, camera.site
    camera.press("Set it up")
    camera.take("setup-1-cscart")
    camera.fill(**{"CS-Cart address": site.cscart.public_url, "E-mail of the administrator": site.cscart.email, "API key": site.cscart.key})
    camera.press("Check and go on")
    camera.fill(**{"Account URL": site.webasyst.public_url})
    camera.take("setup-2-webasyst")
    camera.press("Get token")
    page.locator("[name=login]").fill("admin")
    page.locator("[name=password]").fill("admin")
    camera.press("Sign in")
    camera.press("Allow")
    page.wait_for_url("**/setup/defaults")
    camera.take("setup-3-defaults")
    camera.press("Save and go on")
    page.wait_for_url("**/setup/statuses")
    camera.take("setup-4-tables")
    camera.press("Save and go on")
    expect(page.get_by_text("The currencies fit.")).to_be_visible()
    camera.take("setup-5-self-test")
    camera.press("Go on", "link")
    expect(page.get_by_text("In both shops")).to_be_visible()
    camera.take("setup-6-preview")
    camera.press("Start the sync")


def work(camera: Camera) -> None:
    """Edits on both sides, one of them unsettled, and what the pages then tell."""
    page, shop = camera.page, camera.site.cscart
    expect(page.get_by_role("row", name="Whole catalogue CS-Cart")).to_contain_text("done", timeout=60_000)
    for number, price in (("1", "4999"), ("2", "129.5"), ("3", "1250")):
        answer = requests.put(f"{shop.public_url}/api/products/{number}", json={"price": price}, auth=(shop.email, shop.key), timeout=20)
        answer.raise_for_status()
    camera.visit("")
    camera.press("Run now")
    expect(page.get_by_role("row", name="Changed products CS-Cart")).to_contain_text("written", timeout=60_000)
    camera.visit("")
    camera.take("overview")
    camera.visit("/records/product/cscart/1")
    requests.put(f"{shop.public_url}/api/products/1", json={"price": "5100"}, auth=(shop.email, shop.key), timeout=20).raise_for_status()
    camera.press("Compare both sides now")
    expect(page.get_by_text("field differs")).to_be_visible(timeout=30_000)
    camera.take("record")
    camera.visit("/statuses")
    camera.take("statuses")
    camera.visit("/tables/shipping")
    camera.take("tables")
    camera.visit("/requests")
    camera.take("requests", 700)
    camera.visit("/settings")
    camera.take("settings", 1100)


def main() -> int:
    path = chromium()
    if not path:
        print("there is no chromium on this machine")
        return 2
    with tempfile.TemporaryDirectory() as folder, open_site(Path(folder)) as site, open_browser(path) as browser:
        context = browser.new_context(locale="en-GB", timezone_id="Europe/Berlin", viewport=SIZE)  # type: ignore[arg-type]
        camera = Camera(site, sign_in(site, context.new_page()))
        set_up(camera)
        work(camera)
    return 0


if __name__ == "__main__":
    sys.exit(main())
