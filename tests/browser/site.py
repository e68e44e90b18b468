"""A console to visit: the real functions behind the local front, both sandbox shops, and a browser."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Server
from tests.sandbox.local.stack import LocalStack
from tests.sandbox.webasyst import WebasystSandbox

SECRET = "the-console-secret-of-the-tests"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Site:
    stack: LocalStack
    cscart: CsCartSandbox
    webasyst: WebasystSandbox

    @property
    def url(self) -> str:
        return f"{self.stack.api_url}/console"


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        local = stack.enter_context(LocalStack(folder, schedules=False, workers=2))
        name = f"{local.secrets_prefix}/console/secret"
        local.client("ssm").put_parameter(Name=name, Value=SECRET, Type="SecureString")
        cscart, webasyst = CsCartSandbox(":memory:", key="k" * 32), WebasystSandbox(":memory:")
        for shop in (cscart, webasyst):
            server = stack.enter_context(Server(shop.app))
            shop.public_url = server.url
        cscart.seed(12, 3, 1)
        webasyst.seed(4, 0, 2)
        yield Site(local, cscart, webasyst)


def chromium() -> str:
    """Where this machine keeps it, or nothing."""
    return next(filter(None, map(shutil.which, CHROMIUM)), "")


@contextmanager
def open_browser(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield launched
        launched.close()


def sign_in(site: Site, page: Page) -> Page:
    page.goto(site.url)
    page.get_by_label("Secret").fill(SECRET)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/**")
    return page
