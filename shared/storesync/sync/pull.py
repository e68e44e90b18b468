"""Pulls and sweeps: find what may have changed, cheaply, and queue it. Nothing is written to a store here."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..domain.changes import Cause, Change, Kind
from ..domain.connection import Connection
from ..domain.exchange import Page
from ..domain.journal import Run
from ..domain.model import Record, StoreName
from ..errors import GuardTripped, SyncError
from . import guards, records
from .leases import LEASE_SECONDS
from .order_pull import OrderPull
from .ports import Clock, Lease, Queue, World

BATCH = 100
OVERLAP = timedelta(seconds=120)
BUDGET_SECONDS = 120.0
STREAMS = {"product": ("products", "sweep"), "order": ("orders",)}


def period(connection: Connection, stream: str) -> int:
    return {"products": connection.product_period, "orders": connection.order_period, "sweep": connection.sweep_period}[stream]


class Ticker:
    """Each tick hands out the streams that are due; a connection that is slow never delays another."""

    def __init__(self, connections: object, world: Callable[[str], World], queue: Queue, clock: Clock) -> None:
        self.connections, self.world, self.queue, self.clock = connections, world, queue, clock

    def tick(self, kind: str, remaining_ms: Callable[[], int]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        for connection in self.connections.list():  # type: ignore[attr-defined]
            if remaining_ms() < 5_000:
                counts["left"] += 1
                continue
            if not connection.ready or (kind == "product" and not connection.product_updates):
                counts["not_ready"] += 1
                continue
            due = list(self._due(connection, kind))
            self.queue.send(due)
            counts["started"] += len(due)
        return dict(counts)

    def _due(self, connection: Connection, kind: str) -> Iterator[Change]:
        now = self.clock.now()
        streams = self.world(connection.id).streams
        for stream in STREAMS[kind]:
            for store in StoreName:
                last = streams.cursor(f"started:{stream}:{store}")
                if not last or now - datetime.fromisoformat(last) >= timedelta(seconds=period(connection, stream)):
                    streams.save_cursor(f"started:{stream}:{store}", now.isoformat())
                    yield Change(connection.id, Kind.STREAM, store, (stream,), Cause.PULL, now.isoformat())


class Pull:
    """One stream of one store. Progress is kept page by page, so that a pass that is cut off goes on where it was."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.counts: Counter[str] = Counter()
        self.deadline = world.clock.monotonic() + BUDGET_SECONDS

    def run(self, stream: str, store: StoreName, cause: Cause) -> dict[str, int]:
        name = f"{stream}:{store}"
        run = Run(uuid.uuid4().hex[:12], name, self.world.clock.now())
        with self.world.streams.lease(name, LEASE_SECONDS) as lease:
            self.world.streams.save_run(run)
            try:
                done = self._dispatch(stream, store, lease, run)
            except SyncError as error:
                self._finish(run, "stopped" if isinstance(error, GuardTripped) else "failed", type(error).__name__)
                if isinstance(error, GuardTripped):
                    return {"stopped": 1}
                raise
            self._finish(run, "done" if done else "continued", "")
        if not done:
            self.world.queue.send([Change(self.world.connection.id, Kind.STREAM, store, (stream,), cause, run.id)])
        return dict(self.counts)

    def _finish(self, run: Run, outcome: str, error: str) -> None:
        self.world.streams.save_run(replace(run, finished=self.world.clock.now(), outcome=outcome, counts=dict(self.counts), error=error))

    def _dispatch(self, stream: str, store: StoreName, lease: Lease, run: Run) -> bool:
        if stream == "orders":
            return self._orders(store, lease, run)
        if stream == "products":
            return self._products(store, lease, run)
        if stream == "sweep":
            return self._sweep(store, lease, run)
        raise SyncError("no such stream", stream=stream)

    # -- orders

    def _orders(self, store: StoreName, lease: Lease, run: Run) -> bool:
        self.counts.update(OrderPull(self.world, store, run.id).apply(lease))
        return True

    def _since(self, name: str, now: datetime, reach: int) -> datetime:
        """From the cursor with an overlap, as stamps are made before rows are visible; without one, as far back as the owner said."""
        cursor = self.world.streams.cursor(name)
        if not cursor:
            return now - timedelta(seconds=reach)
        return min(datetime.fromisoformat(cursor), now) - OVERLAP

    # -- products

    def _products(self, store: StoreName, lease: Lease, run: Run) -> bool:
        now = self.world.store(store).now()
        since = self._since(f"products:{store}", now, self.world.connection.update_time)
        held = guards.Held(self.world, store)
        for page in self.world.store(store).changed(since):
            lease.check()
            self._compare(store, page, held)
        self._release(store, held, run, Cause.PULL)
        self.world.streams.save_cursor(f"products:{store}", now.isoformat(), lease)
        return True

    def _compare(self, store: StoreName, page: Page[Record], held: guards.Held) -> None:
        rows = self.world.links.rows(store, [record.id for record in page.items])
        self.world.links.index(store, [record for record in page.items if record.id not in rows])
        self.counts["seen"] += len(page.items)
        for record in page.items:
            row = rows.get(record.id)
            if records.moved(row, record):
                held.add(row, record)

    def _release(self, store: StoreName, held: guards.Held, run: Run, cause: Cause) -> None:
        held.check()
        self.counts["changed"] += len(held.ids)
        self._queue(store, held.ids, run, cause)

    def _queue(self, store: StoreName, ids: Iterable[str], run: Run, cause: Cause) -> None:
        unique = list(dict.fromkeys(ids))
        batches = [tuple(unique[at : at + BATCH]) for at in range(0, len(unique), BATCH)]
        self.world.queue.send([Change(self.world.connection.id, Kind.PRODUCT, store, ids, cause, run.id, run.id) for ids in batches])

    # -- sweeps

    def _sweep(self, store: StoreName, lease: Lease, run: Run) -> bool:
        """The whole catalogue, page by page. Before the first match the other store's SKUs must be known."""
        if not self._indexed(store.other, lease):
            return False
        name = f"sweep:{store}"
        position = self.world.streams.cursor(name)
        started = self.world.store(store).now()
        progress = 0
        for page in self.world.store(store).scan(position):
            lease.check()
            lease.extend(LEASE_SECONDS)
            self._swept(store, page, run)
            progress += len(page.items)
            position = page.position
            self.world.streams.save_cursor(f"size:{store}", str(page.total))
            self.world.streams.save_run(replace(run, progress=progress, expected=page.total, counts=dict(self.counts)))
            self.world.streams.save_cursor(name, position, lease)
            if self.world.clock.monotonic() > self.deadline:
                return False
        self.world.streams.save_cursor(name, "", lease)
        self.world.streams.save_cursor(f"indexed:{store}", started.isoformat(), lease)
        return True

    def _swept(self, store: StoreName, page: Page[Record], run: Run) -> None:
        held = guards.Held(self.world, store)
        self._compare(store, page, held)
        self._release(store, held, run, Cause.SWEEP)
        self._missing(store, page.items, run)

    def _missing(self, store: StoreName, items: Sequence[Record], run: Run) -> None:
        """Linked rows between the first and the last id of a page that the page did not show: asked for by id, never presumed deleted."""
        if not items:
            return
        here = {record.id for record in items}
        first, last = str(int(items[0].id) - 1), items[-1].id
        gone = [row for row in self.world.links.range(store, first, last) if row.id not in here and not row.parked.startswith("Deleted")]
        if gone:
            self._queue(store, [row.id for row in gone], run, Cause.SWEEP)

    def _indexed(self, store: StoreName, lease: Lease) -> bool:
        """Whether the SKUs of that store are all known; the first time they are read, in as many messages as it takes."""
        if self.world.streams.cursor(f"indexed:{store}"):
            return True
        started = self.world.store(store).now()
        name = f"index:{store}"
        for page in self.world.store(store).scan(self.world.streams.cursor(name)):
            lease.check()
            lease.extend(LEASE_SECONDS)
            self.world.links.index(store, page.items)
            self.world.streams.save_cursor(name, page.position, lease)
            if self.world.clock.monotonic() > self.deadline:
                return False
        self.world.streams.save_cursor(f"indexed:{store}", started.isoformat(), lease)
        return True
