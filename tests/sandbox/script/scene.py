"""Two shops and the stack between them: what `python -m tests.sandbox` starts, connects and watches."""

import base64
import functools
import hashlib
import hmac
import json
import os
import time
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import requests
from storesync.cscart import store as cscart_store
from storesync.domain import statuses
from storesync.domain.connection import Connection, CsCartSettings, WebasystSettings
from storesync.state.connections import Connections
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.secrets import Secrets
from storesync.state.streams import Streams
from storesync.state.tables import Table
from storesync.webasyst import store as webasyst_store

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Server
from tests.sandbox.local.stack import LocalStack
from tests.sandbox.webasyst import WebasystSandbox

from .rounds import Rounds
from .shops import CsCartShop, WebasystShop

NAME = "main"


@dataclass(frozen=True)
class Options:
    seed: int = 1
    products: int = 200
    orders: int = 30
    once: bool = False
    state: Path = Path(".local")
    webasyst_url: str = ""
    webasyst_token: str = ""
    cscart_url: str = ""
    cscart_email: str = ""
    cscart_key: str = ""
    port: int = 0
    quick: bool = True


@dataclass
class Scene:
    options: Options
    stack: LocalStack
    cscart: CsCartShop
    webasyst: WebasystShop
    hook_secret: str = field(default_factory=lambda: "whsec_" + base64.b64encode(uuid.uuid4().bytes * 2).decode())
    hook_path: str = field(default_factory=lambda: uuid.uuid4().hex)
    company: str = "1"
    _tables: dict[str, Table] = field(default_factory=dict)

    def table(self, kind: str) -> Table:
        if kind not in self._tables:
            self._tables[kind] = Table(self.stack.physical(kind), os.environ["AWS_REGION"])
        return self._tables[kind]

    @functools.cached_property
    def rounds(self) -> Rounds:
        return Rounds(self.stack, self.streams, self.journal)

    @functools.cached_property
    def streams(self) -> Streams:
        return Streams(self.table("StateTable"), NAME)

    @functools.cached_property
    def links(self) -> Links:
        return Links(self.table("StateTable"), NAME)

    @functools.cached_property
    def journal(self) -> Journal:
        return Journal(self.table("JournalTable"), NAME)

    # -- connecting

    def connect(self) -> Connection:
        """The connection `main`, with what a merchant would fill in: addresses, currencies, defaults, and the proposed status table."""
        ours = self._cscart_settings()
        theirs = WebasystSettings(url=self.webasyst.url, client_id=uuid.uuid4().hex)
        webasyst = webasyst_store.connect(theirs, self.webasyst.token, allow_private=True).info()
        cscart = cscart_store.connect(ours, self.cscart.key, allow_private=True).info()
        theirs = replace(theirs, currency=webasyst.currency, default_type=next(iter(webasyst.types), ""), default_category=self._category())
        table = statuses.propose({item.id: item.name for item in cscart.statuses}, [item.id for item in webasyst.statuses])
        ours = replace(
            ours, payment_id=next(iter(cscart.payments), ""), shipping_id=next(iter(cscart.shippings), ""), company_id=self.company,
            currency=webasyst.currency,
        )  # fmt: skip
        pace = (
            {"product_period": 1, "order_period": 1, "sweep_period": 1}
            if self.options.once
            else {"product_period": 5, "order_period": 5, "sweep_period": 20}
        )
        connection = Connection(
            NAME, ours, theirs, statuses=table, update_time=3600, orders_update_time=3650 * 86_400,
            orders_from=datetime(2000, 1, 1, tzinfo=UTC), log_limit=2_000_000_000,
            allow_private_addresses=True, **pace,
        )  # fmt: skip
        self._store(connection)
        return connection

    def _cscart_settings(self) -> CsCartSettings:
        given = CsCartSettings(url=self.cscart.url, email=self.cscart.email, scope="stores")
        given = cscart_store.probed(given, self.cscart.key, allow_private=True)
        return replace(given, default_category=self.cscart.first_category())

    def _category(self) -> str:
        found = self.webasyst.categories()
        return str(found[0]["id"]) if found else self.webasyst.add_category("CS-Cart")

    def _store(self, connection: Connection) -> None:
        secrets = Secrets(self.stack.secrets_prefix, boto3.client("ssm"))
        wanted = {
            "cscart_key": self.cscart.key,
            "webasyst_token": self.webasyst.token,
            "webhook_secret": self.hook_secret,
            "hook_path": self.hook_path,
        }
        for name, value in wanted.items():
            secrets.put(NAME, name, value)
        Connections(self.table("StateTable")).save(connection)

    # -- hints, as the shops would send them

    def push_cscart(self, event: dict[str, Any]) -> None:
        body = json.dumps(event).encode()
        message, stamp = uuid.uuid4().hex, str(int(time.time()))
        key = base64.b64decode(self.hook_secret.removeprefix("whsec_"))
        signed = base64.b64encode(hmac.new(key, f"{message}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
        headers = {
            "webhook-id": message,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signed}",
            "content-type": "application/json",
        }
        self._post(f"/webhooks/{NAME}/cscart", body, headers)

    def push_webasyst(self, action: str, order: dict[str, Any]) -> None:
        body = json.dumps({"order_id": str(order["id"])}).encode()
        self._post(f"/webhooks/{NAME}/webasyst/{self.hook_path}", body, {"content-type": "application/json"})

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        with suppress(requests.RequestException):  # a lost hint is repaired by the next pull
            requests.post(self.stack.api_url + path, data=body, headers=headers, timeout=5)


def open_scene(options: Options, stack: ExitStack) -> Scene:
    """Starts what is not given as a real shop. Everything listens on 127.0.0.1 and ends with `stack`."""
    options.state.mkdir(parents=True, exist_ok=True)
    local = stack.enter_context(LocalStack(options.state / "aws", speed=60.0 if options.once else 20.0, port=options.port, schedules=False))
    _environment(local)
    scene: list[Scene] = []
    cscart = _cscart(options, stack, scene)
    webasyst = _webasyst(options, stack, scene)
    scene.append(Scene(options, local, cscart, webasyst))
    return scene[0]


def _environment(local: LocalStack) -> None:
    os.environ.update(
        AWS_ENDPOINT_URL=local.aws_url,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-central-1",
        AWS_REGION="eu-central-1",
    )


def _cscart(options: Options, stack: ExitStack, scene: list[Scene]) -> CsCartShop:
    if options.cscart_url:
        return CsCartShop(options.cscart_url, options.cscart_email, options.cscart_key)
    path = options.state / "cscart.sqlite"
    fresh = not path.exists()
    shop = CsCartSandbox(str(path), key="sandboxkey" + "0" * 22)
    server = stack.enter_context(Server(shop.app))
    shop.public_url = server.url
    if fresh:
        shop.seed(options.products, options.orders, options.seed)
    shop.push = lambda event: scene[0].push_cscart(event) if scene else None
    return CsCartShop(server.url + "/", shop.email, shop.key)


def _webasyst(options: Options, stack: ExitStack, scene: list[Scene]) -> WebasystShop:
    if options.webasyst_url:
        return WebasystShop(options.webasyst_url.rstrip("/") + "/", options.webasyst_token)
    path = options.state / "webasyst.sqlite"
    fresh = not path.exists()
    shop = WebasystSandbox(str(path))
    server = stack.enter_context(Server(shop.app))
    shop.public_url = server.url
    if fresh:
        shop.seed(max(options.products // 10, 2), 0, options.seed + 1)
    shop.notify = lambda action, order: scene[0].push_webasyst(action, order) if scene else None
    return WebasystShop(server.url + "/", shop.issue_token(client_id="0" * 32))
