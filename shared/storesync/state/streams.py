"""Cursors, leases and runs of one connection."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime

from ..domain.journal import Run
from ..errors import LeaseLost
from .tables import Fence, Item, Table

KEEP_RUNS_SECONDS = 14 * 86_400
SAFETY_SECONDS = 5.0


class HeldLease:
    """`check` is cheap: it trusts the clock until shortly before the end, every write is fenced by the table as well."""

    def __init__(self, table: Table, fence: Fence, seconds: float) -> None:
        self._table, self.key, self.fence = table, fence, fence.number
        self._until = table.now() + seconds

    def check(self) -> None:
        if self._table.now() > self._until - SAFETY_SECONDS:
            raise LeaseLost("the lease has run out", lease=self.key.sk, fence=self.fence)

    def extend(self, seconds: float) -> None:
        self.check()
        if self._until - self._table.now() < seconds / 2:
            self._table.move_lease(self.key.pk, self.key.sk, self.fence, self._table.now() + seconds)
            self._until = self._table.now() + seconds

    def release(self) -> None:
        with suppress(LeaseLost):
            self._table.move_lease(self.key.pk, self.key.sk, self.fence, 0.0)


class Streams:
    def __init__(self, table: Table, connection: str) -> None:
        self.table, self.connection = table, connection

    def cursor(self, stream: str) -> str:
        found = self.table.get(f"{self.connection}#cursor", stream)
        return str(found.data["c"]) if found else ""

    def save_cursor(self, stream: str, value: str, lease: HeldLease | None = None) -> None:
        item = Item(f"{self.connection}#cursor", stream, {"c": value})
        self.table.transact([(item, None)], lease.key if lease else None)

    @contextmanager
    def lease(self, name: str, seconds: float) -> Iterator[HeldLease]:
        pk = f"{self.connection}#lease#{name}"
        lease = HeldLease(self.table, Fence(pk, "-", self.table.take_lease(pk, "-", seconds)), seconds)
        try:
            yield lease
        finally:
            lease.release()

    def save_run(self, run: Run) -> None:
        ttl = int(self.table.now()) + KEEP_RUNS_SECONDS
        self.table.put(Item(f"{self.connection}#run#{run.stream}", f"{run.started.isoformat()}#{run.id}", asdict(run), ttl=ttl))

    def runs(self, stream: str = "", limit: int = 20) -> list[Run]:
        return [_run(item) for item in self.table.query(f"{self.connection}#run#{stream}", newest_first=True, limit=limit)]


def _run(item: Item) -> Run:
    data = dict(item.data)
    finished = datetime.fromisoformat(data["finished"]) if data.get("finished") else None
    return Run(**{**data, "started": datetime.fromisoformat(data["started"]), "finished": finished})
