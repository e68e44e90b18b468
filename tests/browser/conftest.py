"""A browser, the real functions behind the local front, and both sandbox shops: once for the whole suite."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Server
from tests.sandbox.local.stack import LocalStack
from tests.sandbox.webasyst import WebasystSandbox

SECRET = "the-console-secret-of-the-tests"


@dataclass(frozen=True)
class Site:
    stack: LocalStack
    cscart: CsCartSandbox
    webasyst: WebasystSandbox

    @property
    def url(self) -> str:
        return f"{self.stack.api_url}/console"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        local = stack.enter_context(LocalStack(tmp_path_factory.mktemp("console"), schedules=False, workers=2))
        name = f"{local.secrets_prefix}/console/secret"
        local.client("ssm").put_parameter(Name=name, Value=SECRET, Type="SecureString")
        cscart, webasyst = CsCartSandbox(":memory:", key="k" * 32), WebasystSandbox(":memory:")
        for shop in (cscart, webasyst):
            server = stack.enter_context(Server(shop.app))
            shop.public_url = server.url
        cscart.seed(12, 3, 1)
        webasyst.seed(4, 0, 2)
        yield Site(local, cscart, webasyst)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not chromium and os.environ.get("CI") != "true":
        pytest.skip("no chromium on this machine: the console's pages are not tried in a browser")
    assert chromium, "the browser tests need chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Moscow", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("console", lambda message: print("browser:", message.type, message.text))
    page.on("pageerror", lambda error: print("browser error:", error))
    yield page
    context.close()


def sign_in(site: Site, page: Page) -> Page:
    page.goto(site.url)
    page.get_by_label("Secret").fill(SECRET)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/**")
    return page


SHOTS = Path(__file__).parents[2] / ".local" / "screenshots"


def shot(page: Page, name: str) -> None:
    """Only when asked for: SCREENSHOTS=1."""
    if not os.environ.get("SCREENSHOTS"):
        return
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
