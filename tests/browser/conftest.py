"""A browser and a console for the tests: one console for each file."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .site import SECRET, Site, chromium, open_browser, open_site, sign_in

__all__ = ["SECRET", "Site", "shot", "sign_in"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with open_site(tmp_path_factory.mktemp("console")) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if not path and os.environ.get("CI") != "true":
        pytest.skip("no chromium on this machine: the console's pages are not tried in a browser")
    assert path, "the browser tests need chromium"
    with open_browser(path) as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Moscow", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("console", lambda message: print("browser:", message.type, message.text))
    page.on("pageerror", lambda error: print("browser error:", error))
    yield page
    context.close()


SHOTS = Path(__file__).parents[2] / ".local" / "screenshots"


def shot(page: Page, name: str) -> None:
    """Only when asked for: SCREENSHOTS=1."""
    if not os.environ.get("SCREENSHOTS"):
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
