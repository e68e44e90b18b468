"""Two shops and the stack between them: what `python -m tests.sandbox` starts, connects and watches."""

import base64
import functools
import gzip
import hashlib
import hmac
import json
import os
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import boto3
import requests
from storesync.bootstrap import SystemClock
from storesync.cscart import store as cscart_store
from storesync.domain import statuses
from storesync.domain.connection import Connection, CsCartSettings, Damage, WebasystSettings
from storesync.domain.model import StoreName
from storesync.errors import UnknownConnection
from storesync.state.connections import Connections
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.secrets import Secrets
from storesync.state.streams import Streams
from storesync.state.tables import Table
from storesync.sync import snapshot
from storesync.sync.ports import World
from storesync.webasyst import store as webasyst_store

from tests.sandbox.local.stack import LocalStack

from .rounds import Rounds
from .shops import CsCartShop, WebasystShop
from .snapshots import Loaded

NAME = "main"
# Until both shops have been in step for the first time the streams are due whenever a schedule goes off.
FIRST_PERIOD = 1


@dataclass(frozen=True)
class Options:
    """`state`: the folder below which the state of each pair of shops is kept, unless `kept` is false. `port`: the first of the neighbouring ones, 0 for the usual."""

    seed: int = 1
    products: int = 200
    orders: int = 30
    once: bool = False
    plan: bool = False
    snapshot: Path | None = None
    save_snapshot: Path | None = None
    state: Path = Path(".local")
    fresh: bool = False
    kept: bool = True
    webasyst_url: str = ""
    webasyst_token: str = ""
    cscart_url: str = ""
    cscart_email: str = ""
    cscart_key: str = ""
    port: int = 0


@dataclass
class Scene:
    """`cscart` and `webasyst` are the merchant's own accounts in the shops; `account` (e-mail, key) is the sync's in CS-Cart."""

    options: Options
    stack: LocalStack
    cscart: CsCartShop
    webasyst: WebasystShop
    account: tuple[str, str]
    page_port: int = 0
    moved: list[str] = field(default_factory=list)
    company: str = "1"
    loaded: Loaded | None = None
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

    @functools.cached_property
    def connections(self) -> Connections:
        return Connections(self.table("StateTable"))

    @functools.cached_property
    def secrets(self) -> Secrets:
        return Secrets(self.stack.secrets_prefix, boto3.client("ssm"))

    @functools.cached_property
    def hook_secret(self) -> str:
        return self.secrets.first(NAME, "webhook_secret", "whsec_" + base64.b64encode(uuid.uuid4().bytes * 2).decode())

    @functools.cached_property
    def hook_path(self) -> str:
        return self.secrets.first(NAME, "hook_path", uuid.uuid4().hex)

    @functools.cached_property
    def sign_in(self) -> str:
        """What opens the console."""
        return self.secrets.first("console", "secret", token_urlsafe(24))

    # -- connecting

    def connect(self) -> bool:
        """Makes the connection `main`, unless the state holds it already: then it keeps what its owner decided. Whether the first sync is due."""
        self.secrets.put(NAME, "cscart_key", self.account[1])
        if self.options.webasyst_token or not self.secrets.get(NAME, "webasyst_token"):
            self.secrets.put(NAME, "webasyst_token", self.webasyst.token)
        assert self.hook_secret
        assert self.hook_path
        try:
            return self.connections.change(NAME, self._moved).sweep_period == FIRST_PERIOD
        except UnknownConnection:
            made = self._new()
            self.connections.save(self.loaded.connection(made) if self.loaded else made)
            if self.loaded:
                self.loaded.remember(self.links)
            return True

    def save_snapshot(self, path: Path) -> int:
        """Of both shops and of what is remembered of them; how many documents."""
        stores = {
            StoreName.CSCART: cscart_store.connect(self.connections.get(NAME).cscart, self.account[1], allow_private=True),
            StoreName.WEBASYST: webasyst_store.connect(self.connections.get(NAME).webasyst, self.webasyst.token, allow_private=True),
        }
        nothing: Any = None
        world = World(self.connections.get(NAME), stores, self.links, self.streams, self.journal, nothing, nothing, SystemClock())
        with gzip.open(path, "wt", encoding="utf-8") as out:
            return sum(bool(out.write(line)) for line in snapshot.whole(world)) - 1

    def _moved(self, known: Connection) -> Connection:
        """The sandbox shops may listen elsewhere than the last time."""
        ours = replace(known.cscart, url=self.cscart.url, email=self.account[0])
        return replace(known, cscart=ours, webasyst=replace(known.webasyst, url=self.webasyst.url))

    def _new(self) -> Connection:
        """With what a merchant would fill in: addresses, currencies, defaults, and the proposed status table."""
        ours = self._cscart_settings()
        theirs = WebasystSettings(url=self.webasyst.url, client_id=uuid.uuid4().hex)
        webasyst = webasyst_store.connect(theirs, self.webasyst.token, allow_private=True).info()
        shop = cscart_store.connect(ours, self.account[1], allow_private=True)
        cscart, methods = shop.info(), shop.methods()
        theirs = replace(theirs, currency=webasyst.currency, default_type=next(iter(webasyst.types), ""), default_category=self._category())
        table = statuses.propose({item.id: item.name for item in cscart.statuses}, [item.id for item in webasyst.statuses])
        ours = replace(
            ours, payment_id=next(iter(methods.payments), ""), shipping_id=next(iter(methods.shippings), ""), company_id=self.company,
            currency=webasyst.currency,
        )  # fmt: skip
        return Connection(
            NAME, ours, theirs, statuses=table, update_time=3600, orders_update_time=3650 * 86_400,
            orders_from=datetime(2000, 1, 1, tzinfo=UTC), log_limit=2_000_000_000, allow_private_addresses=True,
            product_period=FIRST_PERIOD, order_period=FIRST_PERIOD, sweep_period=FIRST_PERIOD, rest_period=0,
            damage=Damage(0, 0, 0) if self.options.once else Damage(),  # nobody is there to let it go on
        )  # fmt: skip

    def slow_down(self) -> None:
        """After the first sync the streams follow a clock, at a pace that a person can watch, and the request log is kept as short as usual."""
        pace = {"product_period": 5, "order_period": 5, "sweep_period": 60, "rest_period": 0}
        self.connections.change(NAME, lambda known: replace(known, log_limit=Connection(NAME).log_limit, **pace))

    def _cscart_settings(self) -> CsCartSettings:
        given = CsCartSettings(url=self.cscart.url, email=self.account[0], scope="stores")
        given = cscart_store.probed(given, self.account[1], allow_private=True)
        return replace(given, default_category=self.cscart.first_category())

    def _category(self) -> str:
        found = self.webasyst.categories()
        return str(found[0]["id"]) if found else self.webasyst.add_category("CS-Cart")

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
