"""The journal: decisions by record, a recent list, and the request log within the size that the owner allows."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from ..domain.journal import Action, Entry, Exchange
from .tables import Item, Table

MOST_BYTES = 350_000


class Journal:
    def __init__(self, table: Table, connection: str, *, days: int = 30, log_requests: bool = True, log_limit: int = 10_000_000) -> None:
        self.table, self.connection, self.days = table, connection, days
        self.log_requests, self.log_limit = log_requests, log_limit
        self._sequence = itertools.count()
        self._pending: list[Exchange] = []

    def _ttl(self) -> int:
        return int(self.table.now()) + self.days * 86_400

    def _sk(self, at: datetime | None) -> str:
        return f"{(at or datetime.now(UTC)).isoformat()}#{next(self._sequence):06d}#{id(self) % 9973:04d}"

    def write(self, entries: Sequence[Entry]) -> None:
        """Each entry twice: under its record for the history, under its day for the recent list."""
        items = []
        for entry in entries:
            sk = self._sk(entry.at)
            data = {name: value for name, value in asdict(entry).items() if value}
            items.append(Item(f"{self.connection}#{entry.kind}#{entry.subject}", sk, _cut(data), ttl=self._ttl()))
            items.append(Item(f"{self.connection}#recent#{sk[:10]}", sk, _cut(data, 2_000), ttl=self._ttl()))
        self.table.put_all(items)

    def history(self, kind: str, subject: str, limit: int = 50) -> list[Entry]:
        return [_entry(item) for item in self.table.query(f"{self.connection}#{kind}#{subject}", newest_first=True, limit=limit)]

    def recent(self, limit: int = 100) -> list[Entry]:
        today = datetime.now(UTC).date().isoformat()
        return [_entry(item) for item in self.table.query(f"{self.connection}#recent#{today}", newest_first=True, limit=limit)]

    # -- the request log

    def note(self, exchange: Exchange) -> None:
        """Held until `flush`: a write to the table for each call would cost more than the call."""
        if self.log_requests:
            self._pending.append(exchange)

    def flush(self) -> None:
        """Write the requests of this pass. Past the limit the oldest of the day are cut first."""
        taken, self._pending = self._pending, []
        items = [self._request(exchange) for exchange in taken]
        if not items:
            return
        self.table.put_all(items)
        pk = f"{self.connection}#requests"
        found = self.table.get(pk, "size")
        used = (int(found.data["n"]) if found else 0) + sum(len(json.dumps(item.data, default=str)) for item in items)
        if used > self.log_limit:
            used -= self._drop_oldest(items[0].sk[:10], used - self.log_limit)
        self.table.put(Item(pk, "size", {"n": max(used, 0)}))

    def _request(self, exchange: Exchange) -> Item:
        sk = self._sk(exchange.at)
        return Item(f"{self.connection}#requests#{sk[:10]}", sk, _cut(asdict(exchange)), ttl=self._ttl())

    def _drop_oldest(self, day: str, excess: int) -> int:
        freed = 0
        for item in self.table.query(f"{self.connection}#requests#{day}", limit=200):
            self.table.delete(item.pk, item.sk)
            freed += len(json.dumps(item.data, default=str))
            if freed >= excess:
                break
        return freed

    def requests(self, limit: int | None = 100, day: str = "") -> list[Exchange]:
        day = day or datetime.now(UTC).date().isoformat()
        items = self.table.query(f"{self.connection}#requests#{day}", newest_first=True, limit=limit)
        return [Exchange(**{**item.data, "at": datetime.fromisoformat(item.data["at"]) if item.data.get("at") else None}) for item in items]


def _cut(data: dict[str, object], most: int = MOST_BYTES) -> dict[str, object]:
    share = most // 4
    return {name: value[:share] + "…" if isinstance(value, str) and len(value) > share else value for name, value in data.items()}


def _entry(item: Item) -> Entry:
    data = dict(item.data)
    at = datetime.fromisoformat(data.pop("at")) if data.get("at") else None
    return Entry(**{**data, "action": Action(data["action"]), "at": at})
