"""The journal: what was decided, in full, by day, by record and by run."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from ..domain.journal import Action, Entry
from .documents import document, value
from .items import Item, bounded, encoded
from .request_log import STAMP, Requests

PART_CHARACTERS = 90_000  # of four bytes each at most, and so below what an item may hold
PAGE = 100


class Journal(Requests):
    """An entry lies under its day; its record's history holds only its key. One too long for an item lies in several, whole all the same."""

    def write(self, entries: Sequence[Entry]) -> None:
        ttl = self._ttl()
        items: list[Item] = []
        for entry in entries:
            sk = self._sk(entry.at)
            items += self._parts(entry, sk, ttl)
            items += [Item(pk, sk, {}, ttl=ttl) for pk in self._lists(document(entry))]
        self.table.put_all(items)

    def _history(self, kind: str, subject: str) -> str:
        return self._pk("history", kind, bounded(subject))

    def _parts(self, entry: Entry, sk: str, ttl: int) -> Iterator[Item]:
        """Its parts come before the entry that counts them."""
        data = document(entry)
        text = encoded(data)
        parts = [text[at : at + PART_CHARACTERS] for at in range(0, len(text), PART_CHARACTERS)] if len(text) > PART_CHARACTERS else []
        for number, part in enumerate(parts):
            yield Item(self._pk("part", sk[:10]), _part(sk, number), part, ttl=ttl)
        head = {"kind": entry.kind, "subject": entry.subject, "run": entry.run, "parts": len(parts)}
        yield Item(self._pk("day", sk[:10]), sk, head if parts else data, ttl=ttl)

    # -- reading

    def history(self, kind: str, subject: str, limit: int = 50) -> list[Entry]:
        """The newest first."""
        keys = [item.sk for item in self.table.query(self._history(kind, subject), newest_first=True, limit=limit)]
        return list(self._entries(reversed(self._of_day(keys))))

    def recent(self, limit: int = 100, before: datetime | None = None) -> list[Entry]:
        """The newest first, across days."""
        found: list[Item] = []
        for day in self._days(before):
            if len(found) < limit:
                until = f"{before.astimezone(UTC):{STAMP}}" if before else ""
                found += self.table.query(self._pk("day", day), until=until, newest_first=True, limit=limit - len(found))
        return list(self._entries(found))

    def of_run(self, run: str) -> Iterator[Entry]:
        """In the order in which they were written."""
        keys = (item.sk for item in self.table.query(self._pk("trail", run)))
        while page := list(islice(keys, PAGE)):
            yield from self._entries(self._of_day(page))

    def _of_day(self, keys: Iterable[str]) -> list[Item]:
        """The oldest first."""
        return sorted(self.table.get_many((self._pk("day", sk[:10]), sk) for sk in keys), key=lambda item: item.sk)

    def _entries(self, items: Iterable[Item]) -> Iterator[Entry]:
        for item in items:
            data = self._joined(item) if "parts" in item.data else item.data
            if data:
                yield value(Entry, data, ("at",), action=Action)

    def _joined(self, item: Item) -> dict[str, object]:
        """Empty when a part has outlived its time before the others."""
        keys = [(self._pk("part", item.sk[:10]), _part(item.sk, number)) for number in range(item.data["parts"])]
        parts = sorted(self.table.get_many(keys), key=lambda part: part.sk)
        found: dict[str, object] = json.loads("".join(part.data for part in parts)) if len(parts) == len(keys) else {}
        return found

    def _lists(self, data: Mapping[str, str]) -> list[str]:
        """The partitions that hold an entry's key."""
        runs = [self._pk("trail", data["run"])] if data.get("run") else []
        return [self._history(data["kind"], data["subject"]), *runs]

    def forget(self) -> None:
        """Everything, as far back as it may reach."""
        for day in self._days():
            entries = self.table.query(self._pk("day", day))
            for pk in {pk for item in entries for pk in self._lists(item.data)}:
                self.table.empty(pk)
            for kind in ("day", "part", "requests"):
                self.table.empty(self._pk(kind, day))
        self.table.empty(self._pk("requests"))


def _part(sk: str, number: int) -> str:
    return f"{sk}#{number:04d}"
