"""The journal: what was decided, in full, by day, by record and by run."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain, islice
from typing import Any

from ..domain.journal import Action, Entry
from .documents import document, value
from .items import Item, bounded, encoded
from .request_log import STAMP, Requests, packed

PACK_CHARACTERS = 30_000  # a reader of one entry pays for its pack
PART_CHARACTERS = 90_000  # of four bytes each at most, and so below what an item may hold
PAGE, MOST_READ = 20, 100

Document = dict[str, Any]


class Journal(Requests):
    """What is written together lies together, in packs under its day; a record's history and a run's trail hold only the keys of packs.

    A pack of one entry that is too long for an item lies in several, whole all the same.
    """

    def write(self, entries: Sequence[Entry]) -> None:
        """Entries of one call cost one pack, and one key for each record that they are of."""
        ttl = self._ttl()
        items: list[Item] = []
        for pack in packed(entries, _size, partial(_day, self._now()), PACK_CHARACTERS):
            sk = self._sk(pack[0].at)
            items += self._parts([document(entry) for entry in pack], sk, ttl)
            items += [Item(pk, sk, {}, ttl=ttl) for pk in dict.fromkeys(pk for entry in pack for pk in self._lists(document(entry)))]
        self.table.put_all(items)

    def _history(self, kind: str, subject: str) -> str:
        return self._pk("history", kind, bounded(subject))

    def _lists(self, data: Document) -> list[str]:
        """The partitions that hold an entry's key."""
        runs = [self._pk("trail", data["run"])] if data.get("run") else []
        return [self._history(data["kind"], data["subject"]), *runs]

    def _parts(self, pack: list[Document], sk: str, ttl: int) -> Iterator[Item]:
        """Parts come before the pack that counts them."""
        text = encoded(pack)
        parts = [text[at : at + PART_CHARACTERS] for at in range(0, len(text), PART_CHARACTERS)] if len(text) > PART_CHARACTERS else []
        for number, part in enumerate(parts):
            yield Item(self._pk("part", sk[:10]), _part(sk, number), part, ttl=ttl)
        head = [{name: data[name] for name in ("kind", "subject", "run") if name in data} | {"parts": len(parts)} for data in pack]
        yield Item(self._pk("day", sk[:10]), sk, head if parts else pack, ttl=ttl)

    # -- reading

    def history(self, kind: str, subject: str, limit: int = 50) -> list[Entry]:
        """The newest first: one query for the keys, and one read for all their packs up to a hundred."""
        keys = (item.sk for item in self.table.query(self._history(kind, subject), newest_first=True, limit=limit))
        found = (
            entry
            for entry in self._newest(self._of_day(keys, newest_first=True, page=MOST_READ))
            if (entry.kind, entry.subject) == (kind, subject)
        )
        return list(islice(found, limit))

    def recent(self, limit: int = 100, before: datetime | None = None, days: int | None = None) -> list[Entry]:
        """The newest first, across days; of the last `days` only, each of which costs a query. Tomorrow is no day of them."""
        until = f"{before.astimezone(UTC):{STAMP}}" if before else ""
        asked = islice(self._days(before), None if days is None else days + 1)
        items = chain.from_iterable(
            self.table.query(self._pk("day", day), until=until, newest_first=True, limit=limit + 1) for day in asked
        )
        found = (entry for entry in self._newest(items) if before is None or entry.at is None or entry.at < before)
        return list(islice(found, limit))

    def of_run(self, run: str) -> Iterator[Entry]:
        """In the order in which they were written."""
        keys = (item.sk for item in self.table.query(self._pk("trail", run)))
        for item in self._of_day(keys):
            yield from (entry for entry in self._entries(item) if entry.run == run)

    def _of_day(self, keys: Iterable[str], *, newest_first: bool = False, page: int = PAGE) -> Iterator[Item]:
        """In the order of the keys, some at a time."""
        left = iter(keys)
        while some := list(islice(left, page)):
            found = self.table.get_many((self._pk("day", sk[:10]), sk) for sk in some)
            yield from sorted(found, key=lambda item: item.sk, reverse=newest_first)

    def _newest(self, items: Iterable[Item]) -> Iterator[Entry]:
        for item in items:
            yield from reversed(self._entries(item))

    def _entries(self, item: Item) -> list[Entry]:
        pack = item.data if isinstance(item.data, list) else [item.data]
        if "parts" in pack[0]:
            pack = self._joined(item, pack[0]["parts"])
        return [value(Entry, data, ("at",), action=Action) for data in pack]

    def _joined(self, item: Item, parts: int) -> list[Document]:
        """Empty when a part has outlived its time before the others."""
        keys = [(self._pk("part", item.sk[:10]), _part(item.sk, number)) for number in range(parts)]
        found = sorted(self.table.get_many(keys), key=lambda part: part.sk)
        pack: list[Document] = json.loads("".join(part.data for part in found)) if len(found) == parts else []
        return pack

    def forget(self) -> None:
        """Everything, as far back as it may reach."""
        for day in self._days():
            packs = (item.data if isinstance(item.data, list) else [item.data] for item in self.table.query(self._pk("day", day)))
            for pk in {pk for pack in packs for data in pack for pk in self._lists(data)}:
                self.table.empty(pk)
            for kind in ("day", "part", "requests"):
                self.table.empty(self._pk(kind, day))
        self.table.empty(self._pk("requests"))


def _size(entry: Entry) -> int:
    return len(entry.old) + len(entry.new) + len(entry.loser) + 200


def _day(now: datetime, entry: Entry) -> str:
    return (entry.at or now).astimezone(UTC).date().isoformat()


def _part(sk: str, number: int) -> str:
    return f"{sk}#{number:04d}"
