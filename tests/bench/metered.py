"""Tables in memory that count request units as DynamoDB's price list does: a write per begun KB, a read per begun 4 KB, half of that where
the read is eventually consistent, twice in a transaction."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil
from typing import Any

from storesync.state.items import Fence, Item, encoded
from storesync.state.tables import Table

from tests.fakes.tables import MemoryTable

KB = 1024


def size(item: Item | None) -> int:
    if item is None:
        return 0
    return len(f"{item.pk}{item.sk}{encoded(item.data)}{item.owner}".encode()) + sum(map(len, item.members)) + 30


def kind(pk: str, sk: str = "") -> str:
    """What an item is, for a bill: the name of its partition, without the connection's and the day's."""
    found = [part for part in pk.split("#")[:2] if part]
    return f"cursor {sk}" if found[-1] == "cursor" and sk in ("pending", "products") else found[-1]


class Metered(MemoryTable):
    """`requests` counts calls, whatever they cost; `kinds` units by "read" or "written" and the kind of item."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self.reads = self.written = 0.0
        self.requests = 0
        self.kinds: Counter[tuple[str, str]] = Counter()

    def units(self) -> tuple[float, float]:
        """Read and write units since the last time."""
        found = (self.reads, self.written)
        self.reads = self.written = 0.0
        return found

    def _read(self, pk: str, units: float, sk: str = "") -> None:
        self.reads += units
        self.kinds["read", kind(pk, sk)] += units  # type: ignore[assignment]

    def _whole(self, item: Item | None) -> int:
        return max(1, ceil(size(item) / (4 * KB)))

    def _wrote(self, pk: str, units: int, sk: str = "") -> None:
        self.written += units
        self.kinds["written", kind(pk, sk)] += units

    def _write(self, items: Iterable[Item], times: int = 1) -> None:
        for item in items:
            self._wrote(item.pk, times * max(1, ceil(size(item) / KB)), item.sk)

    def get(self, pk: str, sk: str) -> Item | None:
        self.requests += 1
        found = super().get(pk, sk)
        self._read(pk, self._whole(found), sk)
        return found

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        self.requests += 1
        wanted = set(keys)
        found = [item for key in wanted if (item := MemoryTable.get(self, *key))]
        here = {(item.pk, item.sk): item for item in found}
        for key in wanted:
            self._read(key[0], self._whole(here.get(key)))
        return found

    def query(self, pk: str, **given: Any) -> Iterator[Item]:
        """A page of 1 MB is one read of its whole size."""
        self.requests += 1
        read = 0
        for item in super().query(pk, **given):
            read += size(item)
            yield item
        self._read(pk, max(1, ceil(read / (4 * KB))) / 2)

    def put(self, item: Item, *, expect: int | None = None) -> None:
        self.requests += 1
        super().put(item, expect=expect)
        self._write([item])

    def transact(self, writes: Sequence[tuple[Item, int | None]], fence: Fence | None = None) -> None:
        """As the table sends it: one item without a fence, or under a lease that is the item itself, needs no transaction."""
        self.requests += 1
        super().transact(writes, fence)
        alone = len(writes) == 1 and (fence is None or Table._is_lease(writes[0], fence))
        self._write((item for item, _ in writes), 1 if alone else 2)
        if fence and not alone:
            self._wrote("fence", 2)

    def put_all(self, items: Iterable[Item]) -> None:
        self.requests += 1
        listed = list(items)
        super().put_all(listed)
        self._write(listed)

    def delete(self, pk: str, sk: str, *, expect: int | None = None) -> None:
        self.requests += 1
        super().delete(pk, sk, expect=expect)
        self._wrote(pk, 1)

    def erase(self, keys: Sequence[tuple[str, str]], fence: Fence | None = None) -> None:
        self.requests += 1
        super().erase(keys, fence)
        for pk, sk in keys:
            self._wrote(pk, 2, sk)
        if fence:
            self._wrote("fence", 2)

    def add(self, pk: str, sk: str, amount: int, ttl: int | None = None) -> int:
        self.requests += 1
        self._wrote(f"{pk} counter", 1)
        return super().add(pk, sk, amount, ttl)

    def numbers(self, pk: str) -> dict[str, int]:
        """Counters are a few dozen bytes each."""
        self.requests += 1
        self._read(f"{pk} counter", 0.5)
        return super().numbers(pk)

    def take_lease(self, pk: str, sk: str, seconds: float, owner: str, keep: int | None = None) -> int:
        self.requests += 1
        self._wrote("lease", 1)
        return super().take_lease(pk, sk, seconds, owner, keep)

    def move_lease(self, pk: str, sk: str, number: int, expires: float) -> None:
        self.requests += 1
        self._wrote("lease", 1)
        super().move_lease(pk, sk, number, expires)
