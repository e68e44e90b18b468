"""Goal 18: what is counted, times the price list, by position."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from storesync.sync.ticker import Ticker

from tests.bench.figures import Figure
from tests.bench.metered import Metered
from tests.bench.prices import (
    CALL_SECONDS,
    COLD_SHARE,
    CONNECT_SECONDS,
    PRICES,
    SSM_SECONDS,
    TABLE_SECONDS,
    Bill,
    seconds,
    started,
    units,
)
from tests.bench.shops import Shops
from tests.bench.subject import Subject
from tests.fakes.state import MemoryConnections
from tests.integration.product_scene import OURS, THEIRS, Scene

PER_MESSAGE = 3  # sent, received, deleted
HOOK_SECONDS, ACCESS_LOG_BYTES, METRIC_LOG_BYTES = 0.02, 260, 300
MONTH_DAYS, DAY_MINUTES, PRODUCTS, MILLION = 30, 24 * 60, 1_000, 1_000_000
CONTAINER_MINUTES = 120  # that a container lives which is started each minute
IDLE_MINUTES = 10  # after which one that is not is gone
METRICS_MINUTES = 4


@dataclass(slots=True)
class Worked:
    """Of all messages together: how many there were, how many found no container, calls to the shops, seconds of a processor, and requests
    and units of the tables."""

    messages: float = 0
    cold: float = 0
    calls: int = 0
    processor: float = 0.0
    requests: int = 0
    units: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: "Worked") -> None:
        for name in ("messages", "cold", "calls", "processor", "requests"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.units.update(other.units)

    @property
    def written(self) -> float:
        return sum(number for (way, _), number in self.units.items() if way == "written")

    def bill(self) -> Bill:
        bill = started("SyncWorker", self.messages, self.cold) + units(self.units)
        bill += seconds("SyncWorker", "waits for the shops", self.calls * CALL_SECONDS)
        bill += seconds("SyncWorker", "connects to the shops", self.messages * 2 * CONNECT_SECONDS if self.calls else 0.0)
        bill += seconds("SyncWorker", "waits for the tables", self.requests * TABLE_SECONDS)
        bill += seconds("SyncWorker", "work", processor=self.processor)
        return bill + Bill({"SQS": self.messages * PER_MESSAGE * PRICES["sqs_request"]})


@contextmanager
def worked(shops: Shops | None, tables: tuple[Metered, Metered]) -> Iterator[Worked]:
    """What is done meanwhile, but for the messages, which are counted by who hands them out."""
    found = Worked()
    if shops:
        shops.reset()
    for table in tables:
        table.kinds.clear()
    requests, began = sum(table.requests for table in tables), time.process_time()
    yield found
    found.processor += time.process_time() - began
    found.calls = shops.total() if shops else 0
    found.requests = sum(table.requests for table in tables) - requests
    for table in tables:
        found.units.update(table.kinds)


def order(hint: Worked, stock: Worked, orders: int, void: str) -> Figure:
    """An order: a hint, its message, and what the products of the order take. All that the default settings log is among it."""
    bill = Bill({"API Gateway": orders * PRICES["api_request"], "access log": orders * ACCESS_LOG_BYTES / 1e9 * PRICES["log_gb"]})
    bill += started("OrderWebhook", orders, orders * COLD_SHARE) + seconds("OrderWebhook", "waits and work", orders * HOOK_SECONDS)
    parts = {"hint": bill, "order": hint.bill(), "stock": stock.bill()}
    note = ", ".join(f"{name} {part.total() / orders * MILLION:.1f}" for name, part in parts.items())
    calls = f"{hint.calls / orders:.1f} + {stock.calls / orders:.1f} calls, {stock.written / orders:.0f} table writes for the stock"
    data = {f"{name}: {at}": cost / orders * MILLION for name, part in parts.items() for at, cost in part.items()}
    return Figure(
        18, "cost of 1,000,000 orders", sum(data.values()), 18, least=False, unit=" $", void=void, note=f"{note}; {calls}", data=data
    )


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
        self.ticker = self._ticker()
        self.looks = {"product": 0, "order": 0}
        self.calls, self.working, self.minutes, self.cold, self.last = 0, False, 0, 0, -DAY_MINUTES
        for store in self.stores.values():
            store.watch(self._count)

    def _ticker(self) -> Ticker:
        """Of a container: its world reads the connection anew each time, unless it was listed just now."""

        def world(connection: str) -> Any:
            self.state.connections.lately(connection)
            return self.world

        return Ticker(self.state.connections, world, self.state.queue, self.clock)

    def _count(self, label: str) -> None:
        self.calls += self.working and label.startswith("before")

    def minute(self) -> int:
        """Both schedules go off; how many messages came of it."""
        self.clock.sleep(60)
        self.minutes += 1
        if self.minutes % CONTAINER_MINUTES == 0:
            self.ticker = self._ticker()
        for kind in self.looks:
            self.looks[kind] += bool(self.ticker.tick(kind, lambda: 60_000).get("quiet"))
        before, self.working = len(self.results), True
        self.work()
        self.working = False
        found = len(self.results) - before
        if found:
            self.cold += self.minutes - self.last > IDLE_MINUTES
            self.last = self.minutes
        return found


def idle(subject: Subject) -> Figure:
    """`subject` is at rest: a look of the real clients tells how much of a processor it takes."""
    day = _Day()
    for _ in range(180):
        day.minute()
    day.looks, day.calls, day.cold = dict.fromkeys(day.looks, 0), 0, 0
    with worked(None, day.tables) as found:
        found.messages = sum(day.minute() for _ in range(DAY_MINUTES))
    found.calls, found.cold = day.calls, day.cold
    bill = found.bill()
    for kind, number in day.looks.items():
        bill += _ticked(kind, number, _look(subject, kind))
    data = {name: MONTH_DAYS * cost for name, cost in bill.items()}
    note = f"a day: {day.looks['order']} + {day.looks['product']} looks, {found.messages} messages, {found.calls} calls in them"
    note += f"; ${_stack().total():.2f} more are the stack's own, however many connections it has"
    return Figure(18, "an idle connection, a month", sum(data.values()), 0.05, least=False, unit=" $", note=note, data=data)


FUNCTIONS = {"product": "ProductPull", "order": "OrderPull"}
CALLS = {"product": 3, "order": 2}  # one after the other in Webasyst, while CS-Cart is asked


def _ticked(kind: str, looks: int, processor: float) -> Bill:
    """A day's starts: those that look, and those that only see that nothing is due; without the units of the tables. A look checks its two
    secrets, which the parameter store does for nothing, and each few minutes a line with two measures is logged."""
    function = FUNCTIONS[kind]
    bill = started(function, DAY_MINUTES, DAY_MINUTES / CONTAINER_MINUTES)
    bill += seconds(function, "waits for the shops", looks * (CONNECT_SECONDS + CALLS[kind] * CALL_SECONDS))
    bill += seconds(function, "waits for the tables", (DAY_MINUTES + 2 * looks) * TABLE_SECONDS + looks * 2 * SSM_SECONDS)
    bill += seconds(function, "work", processor=looks * processor + (DAY_MINUTES - looks) * 0.002)
    return bill + Bill({"log of measures": DAY_MINUTES / METRICS_MINUTES * METRIC_LOG_BYTES / 1e9 * PRICES["log_gb"]})


def _stack() -> Bill:
    """A month of what there is once: schedules, the queue's idle pollers, measures and alarms."""
    starts = 2 * DAY_MINUTES * MONTH_DAYS
    return Bill(
        {
            "EventBridge Scheduler": starts * PRICES["scheduler"],
            "SQS: five pollers, each for 20 s": 5 * 3 * DAY_MINUTES * MONTH_DAYS * PRICES["sqs_request"],
            "CloudWatch: two measures": 2 * PRICES["metric_month"],
            "CloudWatch: eleven alarms": 11 * 0.10,
            "CloudWatch: a dashboard": 3.0,
        }
    )


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
