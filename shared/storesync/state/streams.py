"""Cursors, leases and runs of one connection."""

import heapq
import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from ..domain.journal import Run
from ..errors import LeaseLost, StateUnavailable
from .documents import document, value
from .items import Fence, Item
from .scope import Fenced, Scope, lease_partition, of_a_record
from .tables import Table

KEEP_RUNS_SECONDS = 14 * 86_400
KEEP_LEASE_SECONDS = 2 * 86_400
SAFETY_SECONDS = 5.0
STREAMS = "#streams"


class HeldLease:
    """`check` is cheap: it trusts the clock until shortly before the end; every write is fenced by the table as well."""

    def __init__(self, table: Table, key: Fence, seconds: float) -> None:
        self._table, self._key, self.name, self.fence = table, key, key.sk, key.number
        self._until = table.now() + seconds

    def check(self) -> None:
        if self._table.now() > self._until - SAFETY_SECONDS:
            raise LeaseLost("the lease has run out", lease=self.name, fence=self.fence)

    def extend(self, seconds: float) -> None:
        """Asks the table only when less than half of that is left."""
        self.check()
        if self._until - self._table.now() < seconds / 2:
            until = self._table.now() + seconds
            self._table.move_lease(self._key.pk, self.name, self.fence, until)
            self._until = until

    def release(self) -> None:
        """Never an error: what cannot be given back runs out."""
        with suppress(LeaseLost, StateUnavailable):
            self._table.move_lease(self._key.pk, self.name, self.fence, 0.0)


class Streams(Scope):
    def __init__(self, table: Table, connection: str) -> None:
        super().__init__(table, connection)
        self._listed: set[str] = set()

    def cursor(self, stream: str) -> str:
        return self.read_cursor(stream)[0]

    def read_cursor(self, stream: str) -> tuple[str, int]:
        found = self.table.get(self._pk("cursor"), stream)
        return (str(found.data["c"]), found.version) if found else ("", 0)

    def replace_cursor(self, stream: str, value: str, version: int) -> int:
        """A plain write: a condition on another item, as the lease is, would cost four times as much."""
        self.table.put(Item(self._pk("cursor"), stream, {"c": value}, version), expect=version)
        return version + 1

    def cursors(self) -> dict[str, str]:
        return {item.sk: str(item.data["c"]) for item in self.table.query(self._pk("cursor"))}

    def save_cursor(self, stream: str, value: str, lease: Fenced | None = None) -> None:
        self.table.transact([(Item(self._pk("cursor"), stream, {"c": value}), None)], self._fence(lease))

    @contextmanager
    def lease(self, name: str, seconds: float) -> Iterator[HeldLease]:
        """The owner is new each time: a call that is sent again because its answer was lost finds its own lease, nobody else does."""
        pk, keep = self._pk(lease_partition(name)), KEEP_LEASE_SECONDS if of_a_record(name) else None
        number = self.table.take_lease(pk, name, seconds, uuid.uuid4().hex, keep)
        lease = HeldLease(self.table, Fence(pk, name, number), seconds)
        try:
            yield lease
        finally:
            lease.release()

    # -- runs

    def save_run(self, run: Run, lease: Fenced | None = None) -> None:
        if run.stream not in self._listed:
            self.table.put(Item(self._pk("run"), STREAMS, {}, members=frozenset({run.stream})))
            self._listed.add(run.stream)
        ttl = int(self.table.now()) + KEEP_RUNS_SECONDS
        item = Item(self._pk("run"), f"{run.stream}#{run.started.isoformat()}#{run.id}", document(run), ttl=ttl)
        self.table.transact([(item, None)], self._fence(lease))

    def runs(self, stream: str = "", limit: int = 20, since: datetime | None = None) -> list[Run]:
        """The newest first, those that started since; of all streams when none is named."""
        listed = None if stream else self.table.get(self._pk("run"), STREAMS)
        each = [self._of_stream(found, limit) for found in ([stream] if stream else sorted(listed.members) if listed else ())]
        newest = heapq.merge(*each, key=lambda run: run.started, reverse=True)
        return list(itertools.islice((run for run in newest if since is None or run.started >= since), limit))

    def _of_stream(self, stream: str, limit: int) -> Iterator[Run]:
        for item in self.table.query(self._pk("run"), prefix=f"{stream}#", newest_first=True, limit=limit):
            yield value(Run, item.data, ("started", "finished", "looked"))
