"""Starts what a scene needs: the folder for its state, the stack, and a sandbox for every shop that is not given as a real one."""

import fcntl
import json
import os
import re
import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from storesync.domain.model import StoreName

from tests.sandbox.cscart import CsCartSandbox, people
from tests.sandbox.cscart import loading as cscart_loading
from tests.sandbox.httpd import App, Server
from tests.sandbox.local.stack import LocalStack
from tests.sandbox.page import Page
from tests.sandbox.webasyst import WebasystSandbox
from tests.sandbox.webasyst import loading as webasyst_loading

from . import snapshots
from .scene import NAME, Options, Scene
from .shops import CsCartShop, WebasystShop
from .snapshots import Loaded

FORMAT = 2
ABOUT = "about.json"
PORT = 8700
# Two accounts: the shop tells the sync about everybody's writes but the sync's own.
SYNC_EMAIL, SYNC_KEY = "sync@shop.example", "sandboxkey" + "0" * 22
OWNER_EMAIL, OWNER_KEY = "owner@shop.example", "sandboxowner" + "0" * 20


class CannotStart(Exception):
    """What stands in the way, and what to do about it, in one sentence."""


def folder_of(options: Options) -> Path:
    """Each pair of shops has a state of its own: the ids of one pair mean nothing to another."""
    names = [urlsplit(url).netloc or url for url in (options.cscart_url, options.webasyst_url) if url]
    return options.state / re.sub(r"[^\w.-]+", "-", "-".join(names) or "sandbox")


def open_scene(options: Options, stack: ExitStack) -> Scene:
    """Everything listens on 127.0.0.1 and ends with `stack`. Raises CannotStart."""
    loaded = _loaded(options)
    folder = _folder(options, stack)
    ports = Ports(0 if options.once else options.port or PORT)
    page = ports.next("page")
    local = LocalStack(folder / "aws", speed=60.0 if options.once else 20.0, port=ports.next("console"), schedules=False)
    stack.enter_context(local)
    os.environ.update(
        AWS_ENDPOINT_URL=local.aws_url,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-central-1",
        AWS_REGION="eu-central-1",
    )
    scene: list[Scene] = []
    cscart = _cscart(options, folder, stack, scene, ports, loaded)
    webasyst = _webasyst(options, folder, stack, scene, ports, loaded)
    account = (SYNC_EMAIL, SYNC_KEY) if not options.cscart_url else (options.cscart_email, options.cscart_key)
    scene.append(Scene(options, local, cscart, webasyst, account, page_port=page, moved=ports.moved, loaded=loaded))
    return scene[0]


def _loaded(options: Options) -> Loaded | None:
    try:
        return snapshots.read(options.snapshot) if options.snapshot else None
    except snapshots.BadSnapshot as wrong:
        raise CannotStart(str(wrong)) from wrong


def open_page(scene: Scene, stack: ExitStack) -> Server:
    """Both shops side by side, for a browser on this machine."""
    port = scene.page_port
    console = (f"{scene.stack.api_url}/console", scene.sign_in)
    return stack.enter_context(Server(Page(scene.cscart, scene.webasyst, NAME, console), port))


class Ports:
    """Neighbouring ports from `first` on, so that addresses stay from one start to the next; any free one where one is taken. 0: any free ones."""

    def __init__(self, first: int) -> None:
        self._first, self._given = first, 0
        self.moved: list[str] = []

    def next(self, name: str) -> int:
        self._given += 1
        port = self._first + self._given - 1
        if not self._first:
            return 0
        if _is_free(port):
            return port
        self.moved.append(f"port {port} is taken, so the {name} has another one this time")
        return 0


def _is_free(port: int) -> bool:
    try:
        Server(_nothing, port).stop()
    except (OSError, OverflowError):
        return False
    return True


def _nothing(request: Any) -> Any:
    raise NotImplementedError


def _folder(options: Options, stack: ExitStack) -> Path:
    folder = folder_of(options)
    if options.fresh and (folder / ABOUT).exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock = stack.enter_context((folder / "lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise CannotStart(f"another start works with the state in {folder}: end it first, or name another folder with --state") from error
    about = {"format": FORMAT, "seed": options.seed, "products": options.products, "orders": options.orders}
    if (folder / ABOUT).exists():
        about = json.loads((folder / ABOUT).read_text())
    if about["format"] != FORMAT:
        raise CannotStart(f"the state in {folder} was made by another version: start with --fresh, which forgets it")
    (folder / ABOUT).write_text(json.dumps(about))
    return folder


def _serve(app: App, stack: ExitStack, port: int) -> str:
    return stack.enter_context(Server(app, port)).url


def _cscart(options: Options, folder: Path, stack: ExitStack, scene: list[Scene], ports: Ports, loaded: Loaded | None) -> CsCartShop:
    port = ports.next("CS-Cart sandbox")
    if options.cscart_url:
        return CsCartShop(options.cscart_url.rstrip("/") + "/", options.cscart_email, options.cscart_key)
    path = folder / "cscart.sqlite"
    fresh = not path.exists()
    currency = (loaded.info(StoreName.CSCART)["currency"] if loaded else "") or "RUB"
    shop = CsCartSandbox(str(path), email=SYNC_EMAIL, key=SYNC_KEY, currency=currency)
    shop.public_url = _serve(shop.app, stack, port)
    if fresh:
        people.add_administrator(shop.shop, OWNER_EMAIL, OWNER_KEY)
        if loaded:
            cscart_loading.fill(shop.shop, loaded.shop(StoreName.CSCART))
        else:
            shop.seed(options.products, options.orders, options.seed)
    shop.push = lambda event: scene[0].push_cscart(event) if scene else None
    return CsCartShop(shop.public_url + "/", OWNER_EMAIL, OWNER_KEY)


def _webasyst(options: Options, folder: Path, stack: ExitStack, scene: list[Scene], ports: Ports, loaded: Loaded | None) -> WebasystShop:
    port = ports.next("Webasyst sandbox")
    if options.webasyst_url:
        return WebasystShop(options.webasyst_url.rstrip("/") + "/", options.webasyst_token)
    path = folder / "webasyst.sqlite"
    fresh = not path.exists()
    info = loaded.info(StoreName.WEBASYST) if loaded else {}
    shop = WebasystSandbox(str(path), currency=info.get("currency") or "RUB", zone=info.get("zone") or "Europe/Moscow")
    shop.public_url = _serve(shop.app, stack, port)
    if fresh and loaded:
        webasyst_loading.fill(shop.shop, loaded.shop(StoreName.WEBASYST))
    elif fresh:
        shop.seed(max(options.products // 10, 2), 0, options.seed + 1)
    shop.notify = lambda action, order: scene[0].push_webasyst(action, order) if scene else None
    return WebasystShop(shop.public_url + "/", shop.issue_token(client_id="0" * 32))
