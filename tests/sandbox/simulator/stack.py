"""Both shops and the real engine over tables in memory. Every call and every write passes one hook, where a worker can be stopped."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName
from storesync.errors import SyncError
from storesync.sync.hooks import Hooks
from storesync.sync.ports import World
from storesync.sync.ticker import Ticker
from storesync.sync.worker import Worker

from tests.fakes.state import MemoryState
from tests.fakes.stores import Crash, MemoryStore, Pictures
from tests.fakes.stores_cscart import MemoryCsCart
from tests.fakes.stores_webasyst import MemoryWebasyst
from tests.sandbox.simulator.clock import VirtualClock
from tests.sandbox.simulator.deliveries import FreeQueue, Taken, named
from tests.sandbox.simulator.setting import RANKS, Setting

SECRET = "whsec_c2ltdWxhdG9yLXNlY3JldC1zaW11bGF0b3I="
MOST_DELIVERIES = 3_000
SECONDS_LEFT = (290.0, 290.0, 290.0, 20.0)

Trick = Callable[[str], bool]  # called before and after each call and write, with what it is; True: done, not to be called again


@dataclass
class Frame:
    """One worker at work, `at` the call or write that it came to last. Once it has crashed nothing that it still tries has an effect."""

    taken: Taken
    tricks: list[Trick] = field(default_factory=list)
    dead: bool = False
    at: str = ""


class NeverQuiet(Exception):
    """Messages make messages without end."""


class Stack:
    def __init__(self, setting: Setting, random: Random, trace: Callable[[str], None] = lambda line: None) -> None:
        self.setting, self.random, self.trace = setting, random, trace
        self.clock = VirtualClock()
        self.state = MemoryState(self.clock.unix)
        self.state.queue = FreeQueue(self.clock.unix, random.choice)
        self.queue: FreeQueue = self.state.queue
        self.pictures = Pictures()
        shared = {"pictures": self.pictures, "page": setting.page, "sleep": self.clock.sleep, "currency": "RUB"}
        self.cscart = MemoryCsCart(self.clock.unix, **shared)
        self.webasyst = MemoryWebasyst(self.clock.unix, stock_counting=setting.stock_counting, **shared)
        self.webasyst.exact = setting.exact
        self.state.state.lagging = setting.lagging
        self.stores: dict[StoreName, MemoryStore] = {StoreName.CSCART: self.cscart, StoreName.WEBASYST: self.webasyst}
        self.frames: list[Frame] = []
        self.happened: Counter[str] = Counter()
        self.broken: list[str] = []
        self.reversals: list[str] = []
        self._statuses: dict[tuple[str, str], str] = {}
        self._connect()

    def _connect(self) -> None:
        self.state.connections.save(self.setting.connection)
        self.state.secrets.put("main", "webhook_secret", SECRET)
        self.hooks = Hooks(self.state.secrets, self.queue, self.clock.unix)
        self.ticker = Ticker(self.state.connections, self.world, self.queue, self.clock)
        self.watch()

    def forget(self) -> None:
        """The tables as they are after a disaster: empty but for the connection and its secrets."""
        self.happened["tables lost"] += 1
        queue, secrets = self.queue, self.state.secrets
        self.state = MemoryState(self.clock.unix)
        self.state.queue, self.state.secrets = queue, secrets
        self._connect()

    def watch(self) -> None:
        """To be called for a copy (`copy.deepcopy`), which nobody watches."""
        self.state.watch(self._hook)
        for store in self.stores.values():
            store.watch(self._hook)

    def world(self, connection: str = "main") -> World:
        return World(
            self.setting.connection,
            self.stores,
            self.state.links(),
            self.state.streams(),
            self.state.journal(),
            self.queue,
            self.pictures,
            self.clock,
        )

    # -- what happens at every call and write of a worker

    def _hook(self, label: str) -> None:
        if not self.frames:
            return
        frame = self.frames[-1]
        frame.at = label
        if frame.dead:
            raise Crash
        if " write " in label and label.startswith("after"):
            self.trace(f"    {label[6:]}")
        if " write set_status " in label:
            self._watch_status(*label.split())
        for trick in list(frame.tricks):
            self._try(frame, trick, label)

    @staticmethod
    def _try(frame: Frame, trick: Trick, label: str) -> None:
        done = True
        try:
            done = trick(label)
        finally:
            if done:
                frame.tricks.remove(trick)

    def _watch_status(self, when: str, store: str, _: str, __: str, order_id: str, target: str) -> None:
        """A worker may never move a status back."""
        status = self.stores[StoreName(store)].orders_kept[int(order_id)].status
        if when == "before":
            self._statuses[store, order_id] = status
        elif RANKS[status] < RANKS[self._statuses[store, order_id]]:
            self.reversals.append(f"{store} order {order_id}: {self._statuses[store, order_id]} -> {status} by {target}")

    @property
    def writes(self) -> int:
        """Writes to either store so far."""
        return sum(store.writes for store in self.stores.values())

    def crash(self) -> None:
        self.frames[-1].dead = True
        self.happened["crash"] += 1
        self.trace("    the worker dies")
        raise Crash

    def doubts(self, sku: str) -> int:
        """Pieces of which the journal says that they may be missing."""
        entries = self.state.journal().history("product", sku, 1000)
        return sum(json.loads(entry.new)["pieces_in_doubt"] for entry in entries if entry.rule == "doubtful")

    # -- deliveries

    def deliver(self, *tricks: Trick) -> bool:
        """One message to a worker of its own; False when nothing may be served now."""
        taken = self.queue.take()
        if taken is None:
            return False
        self.state.state.settle()
        self.happened["deliveries"] += 1
        self.trace(f"  deliver {named(taken.change)}")
        self.frames.append(Frame(taken, list(tricks)))
        try:
            self._work(taken, taken.change)
        finally:
            self.frames.pop()
        return True

    def _work(self, taken: Taken, change: Change) -> None:
        failed = True
        try:
            left = self.random.choice(SECONDS_LEFT)
            self.happened["little time"] += left == min(SECONDS_LEFT)
            counts = Worker(self.world).apply(change, left, taken.receives)
            self.trace(f"    -> {counts}")
            failed = False
        except Crash:
            pass
        except SyncError as error:
            self.trace(f"    {type(error).__name__}: {error}")
        except Exception as error:  # a defect of the engine, not of a store
            self.trace(f"    {type(error).__name__}: {error}")
            self.broken.append(f"{named(change)}: {type(error).__name__}: {error}")
        if failed:
            self.queue.come_back(taken)
        elif self.random.random() < 0.02:
            self.happened["message twice"] += 1
            self.queue.come_back(taken, failed=False)
        else:
            self.queue.settle(taken)

    def drain(self, *tricks: Trick) -> None:
        """Until nothing waits. What is hidden is waited for. `tricks` are every worker's."""
        for _ in range(MOST_DELIVERIES):
            if self.deliver(*tricks):
                continue
            visible = self.queue.next_visible()
            if visible is None:
                return
            self.clock.sleep(visible - self.clock.seconds + 0.001)
        raise NeverQuiet(", ".join(sorted({group for group, _ in self.queue.waiting})))

    def tick(self) -> None:
        self.state.state.settle()
        for kind in ("product", "order"):
            self.ticker.tick(kind, lambda: 60_000)

    def retry_parked(self) -> None:
        """What an owner does in the console: dead letters again, and once more everything that was set aside."""
        self.state.state.settle()
        self.happened["dead letter"] += self.queue.redrive()
        links = self.state.links()
        links.unpark("connection", StoreName.CSCART, "connection")
        links.unpark("connection", StoreName.WEBASYST, "connection")
        kinds = {"product": Kind.PRODUCT, "order": Kind.ORDER}
        for parked in list(links.parked()):
            if parked.kind in kinds:
                stamp = self.clock.now().isoformat()
                self.queue.send([Change("main", kinds[parked.kind], parked.store, (parked.record_id,), Cause.CONSOLE, stamp)])
