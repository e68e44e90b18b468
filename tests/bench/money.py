"""Goal 18: what is counted, times the price list. Nothing is free here: what AWS gives away each month is not taken off."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storesync.sync.ticker import Ticker

from tests.bench.figures import Figure
from tests.bench.metered import Metered
from tests.bench.shops import Shops
from tests.bench.subject import Subject
from tests.fakes.state import MemoryConnections
from tests.integration.product_scene import OURS, THEIRS, Scene
from tests.sandbox.local.template import load

# eu-central-1, arm64, on demand, November 2026, in dollars
PRICES = {
    "lambda_second_gb": 0.0000133334, "lambda_request": 0.2e-6, "api_request": 1.2e-6, "sqs_request": 0.5e-6, "table_write": 0.7625e-6,
    "table_read": 0.1525e-6, "log_gb": 0.63, "scheduler": 1.2e-6,
}  # fmt: skip
CALL_SECONDS = 0.06  # a call to a shop: a round trip of 50 ms and its own work
CONNECT_SECONDS = 0.1  # the first call of a start: one round trip each for TCP and TLS
TABLE_SECONDS = 0.004
FULL_PROCESSOR_MB = 1769  # with less memory a function has as much less of a processor
PER_MESSAGE = 3  # sent, received, deleted
HOOK_SECONDS, ACCESS_LOG_BYTES = 0.02, 260
MONTH_DAYS, PRODUCTS = 30, 1_000
ROOT = Path(__file__).parents[2]


def _memory(function: str) -> int:
    template = load(ROOT / "template.yaml")
    return int(template["Resources"][function]["Properties"].get("MemorySize", template["Globals"]["Function"]["MemorySize"]))


def _run(function: str, waited: float, processor: float) -> float:
    """What one start costs; `processor` in seconds of a whole one."""
    memory = _memory(function)
    seconds = waited + processor * max(1.0, FULL_PROCESSOR_MB / memory)
    return seconds * memory / 1024 * PRICES["lambda_second_gb"] + PRICES["lambda_request"]


def _tables(read: float, written: float) -> float:
    return read * PRICES["table_read"] + written * PRICES["table_write"]


@dataclass(slots=True)
class Worked:
    """Of all messages together: how many there were, calls to the shops, seconds of a processor, and requests and units of the tables."""

    messages: int = 0
    calls: int = 0
    processor: float = 0.0
    requests: int = 0
    read: float = 0.0
    written: float = 0.0

    def add(self, other: "Worked") -> None:
        for name in ("messages", "calls", "processor", "requests", "read", "written"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def cost(self) -> float:
        waited = self.calls * CALL_SECONDS + self.requests * TABLE_SECONDS
        each = _run("SyncWorker", waited / self.messages, self.processor / self.messages) if self.messages else 0.0
        return self.messages * (each + PER_MESSAGE * PRICES["sqs_request"]) + _tables(self.read, self.written)


@contextmanager
def worked(shops: Shops | None, tables: tuple[Metered, Metered]) -> Iterator[Worked]:
    """What is done meanwhile, but for the messages, which are counted by who hands them out."""
    found = Worked()
    if shops:
        shops.reset()
    for table in tables:
        table.units()
    requests, began = sum(table.requests for table in tables), time.process_time()
    yield found
    found.processor += time.process_time() - began
    found.calls = shops.total() if shops else 0
    found.requests = sum(table.requests for table in tables) - requests
    found.read, found.written = (sum(column) for column in zip(*(table.units() for table in tables), strict=True))


def order(hint: Worked, stock: Worked, orders: int, void: str) -> Figure:
    """An order: a hint, its message, and what the products of the order take. All that the default settings log is among it."""
    hooks = PRICES["api_request"] + _run("OrderWebhook", HOOK_SECONDS, 0.0) + ACCESS_LOG_BYTES / 1e9 * PRICES["log_gb"]
    parts = {"hint": hooks, "order": hint.cost() / orders, "stock": stock.cost() / orders}
    note = ", ".join(f"{name} {part * 1e6:.1f}" for name, part in parts.items())
    calls = f"{hint.calls / orders:.1f} + {stock.calls / orders:.1f} calls, {stock.written / orders:.0f} table writes for the stock"
    total = sum(parts.values()) * 1e6
    return Figure(18, "cost of 1,000,000 orders", total, 18, least=False, unit=" $", void=void, note=f"{note}; {calls}")


# -- idle


class _Day(Scene):
    """A day of a connection with the default settings at which nothing happens, in memory; starts and calls of the worker are counted."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.webasyst.page = 1000
        state = self.state
        state.state, state.records = Metered(self.clock.unix), Metered(self.clock.unix)
        state.connections = MemoryConnections(state.state)
        state.connections.save(self.connection)
        for number in range(PRODUCTS):
            for store in (OURS, THEIRS):
                self.add(store, f"SKU-{number}")
        self.tables: tuple[Any, Any] = (state.state, state.records)
        self.ticker = Ticker(state.connections, lambda _: self.world, state.queue, self.clock)
        self.looks = {"product": 0, "order": 0}
        self.calls, self.working = 0, False
        for store in self.stores.values():
            store.watch(self._count)

    def _count(self, label: str) -> None:
        self.calls += self.working and label.startswith("before")

    def minute(self) -> int:
        """Both schedules go off; how many messages came of it."""
        self.clock.sleep(60)
        for kind in self.looks:
            self.looks[kind] += bool(self.ticker.tick(kind, lambda: 60_000).get("quiet"))
        before, self.working = len(self.results), True
        self.work()
        self.working = False
        return len(self.results) - before


def idle(subject: Subject) -> Figure:
    """`subject` is at rest: a look of the real clients tells how much of a processor it takes."""
    day = _Day()
    for _ in range(180):
        day.minute()
    day.looks, day.calls = dict.fromkeys(day.looks, 0), 0
    with worked(None, day.tables) as found:
        found.messages = sum(day.minute() for _ in range(24 * 60))
    found.calls = day.calls
    looks = {kind: _look(subject, kind) for kind in day.looks}
    parts = {
        "ticks": sum(_ticked(kind, number, looks[kind]) for kind, number in day.looks.items()),
        "tables": _tables(found.read, found.written),
        "worker": found.cost() - _tables(found.read, found.written),
    }
    note = ", ".join(f"{name} {MONTH_DAYS * part:.3f}" for name, part in parts.items())
    note += f"; a day: {day.looks['order']} + {day.looks['product']} looks, {found.messages} messages, {found.calls} calls in them"
    return Figure(18, "an idle connection, a month", MONTH_DAYS * sum(parts.values()), 0.05, least=False, unit=" $", note=note)


FUNCTIONS = {"product": "ProductPull", "order": "OrderPull"}
CALLS = {"product": 3, "order": 2}  # one after the other in Webasyst, while CS-Cart is asked


def _ticked(kind: str, looks: int, processor: float) -> float:
    """A day's starts: those that look, and those that only see that nothing is due."""
    looking = _run(FUNCTIONS[kind], CONNECT_SECONDS + CALLS[kind] * CALL_SECONDS + 3 * TABLE_SECONDS, processor)
    return looks * looking + (24 * 60 - looks) * _run(FUNCTIONS[kind], TABLE_SECONDS, 0.002)


def _look(subject: Subject, kind: str, times: int = 20) -> float:
    """Seconds of a processor for one look at both shops."""

    class One:
        def list(self) -> list[Any]:
            return [subject.connection]

    taken = 0.0
    for _ in range(times):
        ticker = Ticker(One(), lambda _: subject.world, subject.queue, subject.clock)
        began = time.process_time()
        ticker.tick(kind, lambda: 60_000)
        taken += time.process_time() - began
        subject.queue.waiting.clear()
    return taken / times
