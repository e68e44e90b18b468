"""What is measured: the real engine and the real clients against both shops, with the tables in memory or in the emulator."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from storesync.bootstrap import SystemClock
from storesync.cscart import store as cscart_store
from storesync.domain.changes import PRODUCTS, SWEEP, Cause, Change, Kind
from storesync.domain.connection import Connection, CsCartSettings, Guard, WebasystSettings
from storesync.domain.journal import Exchange
from storesync.domain.model import StoreName
from storesync.domain.statuses import propose
from storesync.errors import SyncError
from storesync.http import side_by_side
from storesync.http.pace import Breaker, Pace
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.streams import Streams
from storesync.state.tables import Table
from storesync.sync.ports import World
from storesync.sync.worker import Worker
from storesync.webasyst import store as webasyst_store

from tests.bench.shops import EMAIL, KEY, Shops
from tests.fakes.state import MemoryQueue, MemoryState
from tests.sandbox.local.stack import LocalStack

REGION = "eu-central-1"
AGAIN_SECONDS = 2.0


class Download:
    def fetch(self, url: str) -> bytes:
        answer = requests.get(url, timeout=30)
        answer.raise_for_status()
        return answer.content


class Subject:
    """One connection. `tables`: state and journal. Tables and queue are this object's own unless given. `logged`: the requests are logged,
    as they are by default."""

    def __init__(self, shops: Shops, tables: tuple[Any, Any] | None = None, queue: Any = None, *, logged: bool = False) -> None:
        memory = MemoryState()
        self.shops, self.tables = shops, tables or (memory.state, memory.records)
        self.queue = MemoryQueue() if queue is None else queue
        self.clock = SystemClock()
        self.connection = _connection(shops)
        journal = Journal(self.tables[1], "main", log_requests=logged)
        self.stores = _stores(self.connection, shops, journal.note)
        self.worker = Worker(lambda _: self.world)
        self.world = World(
            self.connection, self.stores, Links(self.tables[0], "main"), Streams(self.tables[0], "main"),
            journal, self.queue, Download(), self.clock, side_by_side,
        )  # fmt: skip

    def change(self, kind: Kind, store: StoreName, *ids: str, cause: Cause = Cause.PULL) -> Change:
        return Change("main", kind, store, ids, cause, f"{time.perf_counter_ns()}", sent=self.clock.now().isoformat())

    def work(self, *changes: Change) -> int:
        """These messages and all that follow from them, one worker after the other; how many there were."""
        self.queue.send(changes)
        return self.drain()

    def drain(self, seconds: float | None = None) -> int:
        """All that waits; how many messages. `seconds`: after so many a function would be stopped. What fails for now comes back."""
        messages = 0
        while (change := self.queue.receive()) is not None:
            messages += 1
            try:
                self.worker.apply(change, seconds)
                self.queue.done(change)
            except SyncError as error:
                if not error.retriable or seconds is None:
                    raise
                self.queue.give_back(change)
                self.clock.sleep(AGAIN_SECONDS)
        return messages

    def pull(self) -> None:
        self.work(*(self.change(Kind.STREAM, store, PRODUCTS) for store in StoreName))

    def sweep(self, *stores: StoreName) -> None:
        self.work(*(self.change(Kind.STREAM, store, SWEEP) for store in stores or StoreName))

    def settle(self) -> None:
        """All that was loaded is an old story: the next pull sees what is new."""
        self.shops.catch_up()
        self.pull()

    def only_compare(self) -> None:
        """Nothing is created: what the other shop lacks is left alone."""
        self.connection = replace(self.connection, create_in_webasyst=False, create_in_cscart=False)
        self.world = replace(self.world, connection=self.connection)

    def agree(self) -> str:
        """Empty when every SKU stands once in each shop with the same price and stock; else what is wrong, which voids a figure."""
        ours, theirs = self._goods(StoreName.CSCART), self._goods(StoreName.WEBASYST)
        if ours != theirs:
            wrong = sum(ours.get(sku) != theirs.get(sku) for sku in ours.keys() | theirs.keys())
            return f"{wrong} SKUs differ"
        return ""

    def _goods(self, store: StoreName) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for page in self.stores[store].scan():
            for record in page.items:
                for variant_id, sku in record.variants:
                    kept = (record.prints.get(f"price:{variant_id}", ""), record.prints.get(f"stock:{variant_id}", ""))
                    found.setdefault(sku, []).append("/".join(kept))
        return found


def _connection(shops: Shops) -> Connection:
    ours = CsCartSettings(shops.cscart_url, EMAIL, company_id="1", no_rewrite=False, currency="RUB", default_category=_category(shops))
    theirs = WebasystSettings(
        shops.webasyst_url, client_id="0" * 32, currency="RUB", default_type="1", default_category=_their_category(shops)
    )
    letters = {"O": "Open", "P": "Processed", "C": "Complete", "F": "Failed", "D": "Declined", "B": "Backordered", "I": "Cancelled"}
    states = ("new", "processing", "auth", "paid", "fulfilling", "shipped", "completed", "pos", "pickup", "refunded", "deleted")
    return Connection(
        "main", ours, theirs, statuses=propose(letters, states), orders_from=datetime(2000, 1, 1, tzinfo=UTC),
        guard=Guard(share=Decimal(1)), log_requests=False,
    )  # fmt: skip


def _category(shops: Shops) -> str:
    answer = requests.get(f"{shops.cscart_url}api/categories", params={"items_per_page": 10}, auth=(EMAIL, KEY), timeout=30)
    return str(answer.json()["categories"][0]["category_id"])


def _their_category(shops: Shops) -> str:
    headers = {"Authorization": f"Bearer {shops.token}"}
    answer = requests.post(f"{shops.webasyst_url}api.php/shop.category.add", data={"name": "Bench"}, headers=headers, timeout=30)
    return str(answer.json()["id"])


def _stores(connection: Connection, shops: Shops, log: Callable[[Exchange], None]) -> dict[StoreName, Any]:
    return {
        StoreName.CSCART: cscart_store.connect(connection.cscart, KEY, allow_private=True, log=log),
        StoreName.WEBASYST: webasyst_store.connect(connection.webasyst, shops.token, allow_private=True, log=log),
    }


def fixed(count: int) -> Breaker:
    """So many calls in flight, no more and no fewer."""
    return Breaker(time.monotonic, Pace(count, count))


def paced(subject: Subject, store: StoreName, in_flight: int) -> Any:
    connection = subject.connection
    if store is StoreName.CSCART:
        return cscart_store.connect(connection.cscart, KEY, allow_private=True, breaker=fixed(in_flight))
    return webasyst_store.connect(connection.webasyst, subject.shops.token, allow_private=True, breaker=fixed(in_flight))


@contextmanager
def emulated() -> Iterator[tuple[Table, Table]]:
    """The two tables of template.yaml in the emulator, which runs in a process of its own."""
    with tempfile.TemporaryDirectory() as folder, LocalStack(Path(folder), schedules=False, workers=0) as stack, in_environment(stack):
        yield Table(stack.physical("StateTable"), REGION), Table(stack.physical("JournalTable"), REGION)


@contextmanager
def in_environment(stack: LocalStack) -> Iterator[None]:
    wanted = {
        "AWS_ENDPOINT_URL": stack.aws_url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }  # fmt: skip
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
