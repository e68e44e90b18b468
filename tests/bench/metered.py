"""Tables in memory that count request units as DynamoDB's price list does: a write per begun KB, a read per begun 4 KB, half of that where
the read is eventually consistent, twice in a transaction."""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Any

from storesync.state.items import Fence, Item, encoded

from tests.fakes.tables import MemoryTable

KB = 1024


def size(item: Item | None) -> int:
    if item is None:
        return 0
    return len(f"{item.pk}{item.sk}{encoded(item.data)}{item.owner}".encode()) + sum(map(len, item.members)) + 30


class Metered(MemoryTable):
    def __init__(self) -> None:
        super().__init__()
        self.reads = self.written = 0.0

    def units(self) -> tuple[float, float]:
        """Read and write units since the last time."""
        found = (self.reads, self.written)
        self.reads = self.written = 0.0
        return found

    def _read(self, items: Iterable[Item | None], eventually: bool = False) -> None:
        for item in items:
            self.reads += max(1, ceil(size(item) / (4 * KB))) / (2 if eventually else 1)

    def _write(self, items: Iterable[Item], times: int = 1) -> None:
        self.written += sum(times * max(1, ceil(size(item) / KB)) for item in items)

    def get(self, pk: str, sk: str) -> Item | None:
        found = super().get(pk, sk)
        self._read([found])
        return found

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        wanted = set(keys)
        found = [item for key in wanted if (item := MemoryTable.get(self, *key))]
        self._read(found)
        self.reads += len(wanted) - len(found)
        return found

    def query(self, pk: str, **given: Any) -> Iterator[Item]:
        """A page of 1 MB is one read of its whole size."""
        read = 0
        for item in super().query(pk, **given):
            read += size(item)
            yield item
        self.reads += max(1, ceil(read / (4 * KB))) / 2

    def put(self, item: Item, *, expect: int | None = None) -> None:
        super().put(item, expect=expect)
        self._write([item])

    def transact(self, writes: Sequence[tuple[Item, int | None]], fence: Fence | None = None) -> None:
        super().transact(writes, fence)
        self._write((item for item, _ in writes), 2)
        self.written += 2 if fence else 0

    def put_all(self, items: Iterable[Item]) -> None:
        listed = list(items)
        super().put_all(listed)
        self._write(listed)

    def delete(self, pk: str, sk: str, *, expect: int | None = None) -> None:
        super().delete(pk, sk, expect=expect)
        self.written += 1

    def erase(self, keys: Sequence[tuple[str, str]], fence: Fence | None = None) -> None:
        super().erase(keys, fence)
        self.written += 2 * (len(keys) + bool(fence))

    def add(self, pk: str, sk: str, amount: int, ttl: int | None = None) -> int:
        self.written += 1
        return super().add(pk, sk, amount, ttl)

    def take_lease(self, pk: str, sk: str, seconds: float, owner: str, keep: int | None = None) -> int:
        self.written += 1
        return super().take_lease(pk, sk, seconds, owner, keep)

    def move_lease(self, pk: str, sk: str, number: int, expires: float) -> None:
        self.written += 1
        super().move_lease(pk, sk, number, expires)
