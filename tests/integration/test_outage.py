"""A store is down for an hour while the schedules tick and hints arrive: it is hardly asked, nothing becomes a dead letter, and afterwards all catches up."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from storesync.cscart import client as cscart_client
from storesync.cscart.client import CsCartClient
from storesync.cscart.store import CsCartStore
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName
from storesync.http import Breaker, Transport
from storesync.state.outages import Outage
from storesync.sync.budget import Budget
from storesync.sync.looks import Looks
from storesync.sync.ports import Store, World
from storesync.sync.ticker import Ticker
from storesync.sync.worker import Worker
from storesync.webasyst import client as webasyst_client
from storesync.webasyst.client import WebasystClient
from storesync.webasyst.store import WebasystStore

from tests.fakes.state import MemoryState
from tests.integration.minutes import worked
from tests.integration.order_scene import Shops, known_catalogues, open_shops
from tests.integration.test_proof import Drawer
from tests.sandbox.faults import Fault
from tests.sandbox.script.shops import values
from tests.sandbox.simulator.clock import VirtualClock
from tests.sandbox.simulator.deliveries import FreeQueue

CSCART, WEBASYST = StoreName
QUESTIONS = (
    ("proof",),
    ("survey",),
    ("choose", "cscart", "1"),
    ("product", "cscart", "1"),
    ("order", "cscart", "1"),
    ("choose_order", "cscart", "cscart", "1"),
)
CONTAINERS, HOUR, PROBES = 4, 60, 3600 // 30


@dataclass
class Stack:
    """Workers in several containers, each with clients and breakers of its own, over one state and a queue that lays aside."""

    shops: Shops
    clock: VirtualClock = field(default_factory=VirtualClock)
    draw: random.Random = field(default_factory=lambda: random.Random(7))

    def __post_init__(self) -> None:
        self.clock.seconds = time.time()
        self.state = MemoryState(self.clock.unix)
        self.queue = FreeQueue(self.clock.unix, self.draw.choice)
        self.connection = self.shops.world.connection
        self.state.connections.save(self.connection)
        self.containers = [{StoreName.CSCART: self._cscart(), StoreName.WEBASYST: self._webasyst()} for _ in range(CONTAINERS)]
        known_catalogues(self.world())
        self.drawer = Drawer()

    def _transport(self, store: StoreName, classify: Any, headers: dict[str, str]) -> Transport:
        breaker = Breaker(self.clock.unix, outage=Outage(self.state.state, "main", store))  # type: ignore[arg-type]
        return Transport(
            store, classify, headers=lambda: headers, allow_private=True, sleep=lambda _: None, clock=self.clock.unix, breaker=breaker
        )

    def _cscart(self) -> Store:
        honest: Any = self.shops.world.store(StoreName.CSCART)
        transport = self._transport(StoreName.CSCART, cscart_client.classify, dict(honest.client.transport._headers()))
        return CsCartStore(CsCartClient(self.connection.cscart, transport))

    def _webasyst(self) -> Store:
        honest: Any = self.shops.world.store(StoreName.WEBASYST)
        transport = self._transport(StoreName.WEBASYST, webasyst_client.classify, dict(honest.client.transport._headers()))
        return WebasystStore(WebasystClient(self.connection.webasyst.url, transport), self.connection.webasyst)

    def world(self, _: str = "main") -> World:
        state = self.state
        return World(
            self.connection,
            self.draw.choice(self.containers),
            state.links(),
            state.streams(),
            state.journal(),
            self.queue,
            self.shops.world.images,
            self.clock,
        )

    def tick(self) -> None:
        ticker = Ticker(self.state.connections, self.world, self.queue, self.clock)
        for kind in ("product", "order"):
            ticker.tick(kind, lambda: 60_000)

    def hint(self, kind: Kind, store: StoreName, record: str) -> None:
        stamp = self.clock.now().isoformat()
        self.queue.send([Change("main", kind, store, (record,), Cause.HOOK, stamp, sent=stamp)])

    def ask(self, question: tuple[str, ...]) -> None:
        self.queue.send([Change("main", Kind.LOOK, StoreName.CSCART, question, Cause.CONSOLE, self.clock.now().isoformat())])

    def minute(self) -> None:
        """The schedules go off, and the workers work."""
        self.tick()
        worked(self.queue, self.clock, Worker(self.world, self._look))

    def _look(self, world: World, question: tuple[str, ...], budget: Budget) -> dict[str, int]:
        return Looks(world, self.drawer, budget).answer(question)

    def calls(self, store: StoreName) -> int:
        return sum(self.shops.servers[store].call_counts().values())


@pytest.fixture
def stack() -> Iterator[Stack]:
    for shops in open_shops(settings={"orders_update_time": 10**8, "update_time": 10**8}):
        lamp = shops.product()
        stack = Stack(shops)
        for _ in range(3):
            stack.minute()
        assert stack.queue.idle
        shops.goods.append(lamp)
        yield stack


@pytest.mark.parametrize(("store", "kind"), [(CSCART, "status"), (CSCART, "reset"), (WEBASYST, "reset"), (WEBASYST, "html")])
def test_fault_09_a_store_that_is_down_for_an_hour_is_hardly_asked_and_all_catches_up(stack: Stack, store: StoreName, kind: str) -> None:
    shops = stack.shops
    order = shops.place({shops.goods[0]: 1})
    shops.ours.call("PUT", f"products/{shops.goods[0]}", body={"price": "77.70"})
    shops.fail(store, kind, ".*", times=None)
    before = stack.calls(store)
    for minute in range(HOUR):
        if minute % 5 == 0:
            stack.hint(Kind.ORDER, StoreName.CSCART, order)
            stack.hint(Kind.PRODUCT, StoreName.CSCART, shops.goods[0])
            stack.ask(QUESTIONS[minute // 5 % len(QUESTIONS)])
        stack.minute()
    assert stack.calls(store) - before <= PROBES + 5 * CONTAINERS
    assert stack.queue.dead == []
    shops.servers[store].faults.clear()
    for _ in range(15):
        stack.minute()
    assert len(shops.mirrors(order)) == 1
    (product,) = shops.theirs.products()
    assert [sku["price"] for sku in values(product["skus"])] == ["77.7000"]
    assert list(stack.state.links().parked()) == []
    assert (stack.queue.dead, stack.queue.idle) == ([], True)


def test_fault_09_a_pass_gets_through_a_burst_of_failures_and_leaves_no_dead_letter(stack: Stack) -> None:
    """A third of all answers of both shops are 500, 502, 503 or 504."""
    shops = stack.shops
    order = shops.place({shops.goods[0]: 1})
    shops.ours.call("PUT", f"products/{shops.goods[0]}", body={"price": "77.70"})
    for server in shops.servers.values():
        for status in (500, 502, 503, 504):
            server.faults.add(Fault("status", ".*", times=None, probability=0.09, status=status))
    stack.hint(Kind.ORDER, StoreName.CSCART, order)
    for _ in range(20):
        stack.minute()
    for server in shops.servers.values():
        server.faults.clear()
    for _ in range(10):
        stack.minute()
    assert len(shops.mirrors(order)) == 1
    assert [sku["price"] for product in shops.theirs.products() for sku in values(product["skus"])] == ["77.7000"]
    assert (stack.queue.dead, stack.queue.idle) == ([], True)
