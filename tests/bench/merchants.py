"""Goal 16: a merchant of many products beside nine of a hundred each, on a clock of its own: how long a small one's edit is on its way."""

import heapq
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Connection
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.domain.orders import Address, Customer
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.streams import Streams
from storesync.sync.ports import World
from storesync.sync.ticker import Ticker
from storesync.sync.worker import Worker

from tests.bench.figures import Figure
from tests.fakes.state import MemoryState
from tests.fakes.stores import Pictures
from tests.fakes.stores_cscart import MemoryCsCart
from tests.fakes.stores_webasyst import MemoryWebasyst
from tests.sandbox.local.template import load
from tests.sandbox.simulator.clock import VirtualClock
from tests.sandbox.simulator.setting import drawn

ROOT = Path(__file__).parents[2]
SMALL, OF_EACH = 9, 100
SECONDS, EDITS = 240.0, 45
READ, SINGLE, BULK, TABLE = 0.06, 0.075 / 2, 0.1, 0.005  # a call's seconds: a round trip and a shop's work; single writes go two at a time
TICK, TIMEOUT = 60.0, 300.0
ORDERS = 200
HOME = Address("Ann", "Bee", "Street 1", "Town", "MOS", "Moscow", "101000", "RU", "79001234567")


def figures(many: int) -> list[Figure]:
    """The same edits of the small ones, once alone and once beside the large one, which is at its first load and gets an hour's orders at once."""
    alone, beside = (_lags(size) for size in (0, many))
    value = statistics.mean(beside) / statistics.mean(alone)
    note = f"{statistics.mean(beside):.2f} s over {statistics.mean(alone):.2f} s, the worst {max(beside):.2f} over {max(alone):.2f}, {len(beside)} edits"
    void = "" if len(alone) == len(beside) == EDITS else f"{len(alone)} and {len(beside)} of {EDITS} edits arrived"
    return [
        Figure(
            16, f"lag of nine merchants of 100 beside one of {many:,}, over alone", value, 1.2, least=False, unit=" x", void=void, note=note
        )
    ]


def _lags(many: int) -> list[float]:
    town = Town()
    for number in range(1, SMALL + 1):
        town.add(f"small-{number}", OF_EACH)
    town.run(900)
    if many:
        town.add("large", many)
        town.rush = [town.clock.seconds + SECONDS / 2] * ORDERS
    town.edit(Random(16))
    town.run(SECONDS)
    return [edit.lag for edit in town.edits if edit.lag is not None]


@dataclass(slots=True)
class Edit:
    """Of a stock in CS-Cart; `lag` in seconds, once the other shop has it."""

    at: float
    merchant: str
    product: str
    stock: int
    lag: float | None = None


class _Outbox:
    """What a worker sends is seen by others when the worker is done, as its work takes no time of theirs."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def send(self, changes: Sequence[Change]) -> None:
        self.changes += changes


class Town:
    """Merchants that share a stack: its tables, its queue and as many workers as the template allows."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.state = MemoryState(self.clock.unix)
        self.state.watch(self._table)
        self.queue = self.state.queue
        self.worlds: dict[str, World] = {}
        self.edits: list[Edit] = []
        self.rush: list[float] = []
        self.workers = int(load(ROOT / "template.yaml")["Parameters"]["WorkerConcurrency"]["Default"])
        self.ticker = Ticker(self, self.worlds.__getitem__, self.queue, self.clock)
        self._busy: list[tuple[float, int, Change, _Outbox]] = []
        self._number = count()

    def list(self) -> Iterator[Connection]:
        return (world.connection for world in self.worlds.values())

    def _table(self, label: str) -> None:
        self.clock.sleep(TABLE * label.startswith("after"))

    @staticmethod
    def _seconds(label: str) -> float:
        """What a call to a shop takes, told of before and after it."""
        if label.startswith("before"):
            return 0.0
        if " write " not in label:
            return READ
        return BULK if label.startswith("after webasyst write write") else SINGLE

    # -- merchants

    def add(self, name: str, products: int) -> None:
        shared: dict[str, Any] = {"pictures": Pictures(), "sleep": self.clock.sleep, "currency": "RUB"}
        cscart = MemoryCsCart(self.clock.unix, page=300, **shared)
        webasyst = MemoryWebasyst(self.clock.unix, page=1000, **shared)
        for number in range(1, products + 1):
            variants = (Variant("", f"S-{number}", Decimal(number % 500 + 1), stock=50),)
            cscart.add(Product("", Content(f"Mug {number}"), Listing(categories=("1",)), variants, "RUB"))
        for store in (cscart, webasyst):
            store.watch(lambda label: self.clock.sleep(self._seconds(label)))
        connection = replace(drawn(Random(2)).connection, id=name)
        links, streams = Links(self.state.state, name), Streams(self.state.state, name)  # type: ignore[arg-type]
        journal = Journal(self.state.records, name)  # type: ignore[arg-type]
        stores: Any = {StoreName.CSCART: cscart, StoreName.WEBASYST: webasyst}
        self.worlds[name] = World(connection, stores, links, streams, journal, self.queue, shared["pictures"], self.clock)

    def edit(self, draw: Random) -> None:
        """Stock edits of all small merchants, spread over the time; the shop's hint is sent with each."""
        for number in range(EDITS):
            name = f"small-{number % SMALL + 1}"
            at = self.clock.seconds + (number + draw.random()) * SECONDS * 0.9 / EDITS
            self.edits.append(Edit(at, name, str(number // SMALL + 1), 100 + number))
        self.edits.sort(key=lambda edit: edit.at)

    # -- time

    def run(self, seconds: float) -> None:
        """Messages are worked on by the first worker that is free; each takes the time that its calls take."""
        until, tick = self.clock.seconds + seconds, self.clock.seconds
        coming = iter([edit for edit in self.edits if edit.lag is None])
        edit = next(coming, None)
        while True:
            self._start()
            moments = [tick, *self.rush[:1], *([edit.at] if edit else []), *([self._busy[0][0]] if self._busy else [])]
            if min(moments) >= until and not (edit is None and any(item.lag is None for item in self.edits) and self._busy):
                break
            self.clock.seconds = max(self.clock.seconds, min(moments))
            if edit is not None and edit.at <= self.clock.seconds:
                self._make(edit)
                edit = next(coming, None)
            elif self.rush and self.rush[0] <= self.clock.seconds:
                self._order(self.rush.pop(0))
            elif self._busy and self._busy[0][0] <= self.clock.seconds:
                self._end()
            else:
                self._tick()
                tick += TICK

    def _tick(self) -> None:
        at = self.clock.seconds
        for kind in ("product", "order"):
            self.ticker.tick(kind, lambda: 60_000)
        self.clock.seconds = at

    def _order(self, at: float) -> None:
        """Of a product that is there already; the next pull finds it."""
        shop: Any = self.worlds["large"].stores[StoreName.CSCART]
        number = len(self.rush) % 100 + 1
        shop.place({str(number): 1}, Customer("", "Ann", "Bee", f"ann{number}@example.test"), address=HOME)
        self.clock.seconds = at

    def _make(self, edit: Edit) -> None:
        self.worlds[edit.merchant].stores[StoreName.CSCART].edit_variant(edit.product, stock=edit.stock)  # type: ignore[attr-defined]
        hint = Change(edit.merchant, Kind.PRODUCT, StoreName.CSCART, (edit.product,), Cause.HOOK, f"{edit.at}")
        at = self.clock.seconds
        self.queue.send([hint])
        self.clock.seconds = at

    def _start(self) -> None:
        while len(self._busy) < self.workers and (change := self.queue.receive()) is not None:
            at, outbox = self.clock.seconds, _Outbox()
            world = replace(self.worlds[change.connection], queue=outbox)
            Worker(lambda _, world=world: world).apply(change, TIMEOUT)
            finish, self.clock.seconds = self.clock.seconds, at
            heapq.heappush(self._busy, (finish, next(self._number), change, outbox))
            for edit in self.edits:
                if edit.lag is None and edit.merchant == change.connection and edit.at <= at and self._arrived(edit):
                    edit.lag = finish - edit.at

    def _end(self) -> None:
        at, _, change, outbox = heapq.heappop(self._busy)
        self.queue.send(outbox.changes)
        self.queue.done(change)
        self.clock.seconds = at

    def _arrived(self, edit: Edit) -> bool:
        shelf = self.worlds[edit.merchant].stores[StoreName.WEBASYST].shelf  # type: ignore[attr-defined]
        return any(item.sku == f"S-{edit.product}" and item.stock == edit.stock for product in shelf.values() for item in product.variants)
