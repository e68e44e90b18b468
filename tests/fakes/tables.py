"""A table in memory: what `storesync.state.tables.Table` does, with its conditions, fences and counters, and without a network.

It can be copied and pickled at any moment, and tells of each write before and after it, so that a test can stop the world at either.
"""

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sortedcontainers import SortedDict
from storesync.errors import TooLarge
from storesync.state.items import TRANSACTION, Fence, Item, check, encoded, refusal

Hook = Callable[[str], None]


def ignore(_: str) -> None:
    """The hook of a table that nobody watches."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """As in the real table, a lease or a counter has no version, and so is no item."""

    text: str = "{}"
    version: int = 0
    ttl: int | None = None
    owner: str = ""
    members: frozenset[str] = frozenset()
    number: int = 0
    fence: int = 0
    expires: float = 0.0
    holder: str = ""


NOTHING = _Stored()


@dataclass
class Writes:
    """`hook` is called with "before <what>" and "after <what>"; an error it raises before is a write that never was."""

    hook: Hook = ignore
    lock: Any = field(default_factory=threading.RLock, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __setstate__(self, _: dict[str, Any]) -> None:
        self.hook, self.lock = ignore, threading.RLock()

    def run(self, what: str, write: Callable[[], Any]) -> Any:
        self.hook(f"before {what}")
        with self.lock:
            result = write()
        self.hook(f"after {what}")
        return result


class MemoryTable:
    """`lagging`: a query does not see the last write of an item until `settle`, as an eventually consistent read may not."""

    def __init__(self, now: Callable[[], float] = time.time, hook: Hook = ignore) -> None:
        self.name, self.now, self.writes, self.lagging = "memory", now, Writes(hook), False
        self._partitions: dict[str, Any] = {}
        self._before: dict[tuple[str, str], _Stored] = {}

    def settle(self) -> None:
        self._before.clear()

    # -- reading

    def get(self, pk: str, sk: str) -> Item | None:
        """DynamoDB knows no empty key."""
        if not (pk and sk):
            raise TooLarge("the table refused a record as too large", pk=pk)
        return _item(pk, sk, self._found(pk, sk))

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        return [item for key in set(keys) if (item := self.get(*key))]

    def query(
        self, pk: str, *, after: str = "", until: str = "", prefix: str = "", newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Item]:
        with self.writes.lock:
            keys = list(self._keys(pk, after, until, prefix))
        ordered = reversed(keys) if newest_first else iter(keys)
        found = (item for sk in ordered if (item := _item(pk, sk, self._seen(pk, sk))))
        yield from itertools.islice(found, limit)

    def _keys(self, pk: str, after: str, until: str, prefix: str) -> Iterator[str]:
        partition = self._partitions.get(pk)
        if not partition:
            return iter(())
        if prefix:
            return itertools.takewhile(lambda sk: sk.startswith(prefix), partition.irange(minimum=prefix))
        if after and until and after >= until:
            return iter(())
        return iter(partition.irange(after or None, until or None, inclusive=(not after, True)))

    def numbers(self, pk: str) -> dict[str, int]:
        alive = ((sk, stored) for sk, stored in (self._partitions.get(pk) or {}).items() if not stored.ttl or stored.ttl > self.now())
        return {sk: stored.number for sk, stored in alive}

    # -- writing

    def put(self, item: Item, *, expect: int | None = None) -> None:
        self._written("put", [(item, expect)], None)

    def transact(self, writes: Sequence[tuple[Item, int | None]], fence: Fence | None = None) -> None:
        assert len(writes) <= TRANSACTION
        assert len({(item.pk, item.sk) for item, _ in writes}) == len(writes), "one item twice in a transaction"
        self._written("transact", writes, fence)

    def _written(self, what: str, writes: Sequence[tuple[Item, int | None]], fence: Fence | None) -> None:
        check(item for item, _ in writes)

        def write() -> None:
            self._check(fence)
            refused = [at for at, (item, expect) in enumerate(writes) if not _allows(self._found(item.pk, item.sk), item, expect)]
            if refused:
                raise refusal(refused)
            merged = [(item, _merged(self._found(item.pk, item.sk), item)) for item, _ in writes]
            check(replace(item, members=stored.members) for item, stored in merged if stored.members != item.members)
            for item, stored in merged:
                self._keep(item.pk, item.sk, stored)

        self.writes.run(f"{what} {writes[0][0].pk}", write)

    def put_all(self, items: Iterable[Item]) -> None:
        items = list(items)
        check(items)
        for item in items:
            kept = _merged(_Stored(), item)
            self.writes.run(f"put {item.pk}", lambda item=item, kept=kept: self._keep(item.pk, item.sk, kept))

    def delete(self, pk: str, sk: str, *, expect: int | None = None) -> None:
        def write() -> None:
            if expect is not None and self._found(pk, sk).version != expect:
                raise refusal((0,))
            self._drop(pk, sk)

        self.writes.run(f"delete {pk}", write)

    def delete_all(self, keys: Iterable[tuple[str, str]]) -> None:
        for pk, sk in keys:
            self.delete(pk, sk)

    def empty(self, pk: str) -> None:
        self.delete_all([(pk, sk) for sk in self._partitions.get(pk) or ()])

    def erase(self, keys: Sequence[tuple[str, str]], fence: Fence | None = None) -> None:
        assert len(keys) <= TRANSACTION

        def write() -> None:
            self._check(fence)
            for pk, sk in keys:
                self._drop(pk, sk)

        self.writes.run(f"erase {keys[0][0]}", write)

    def add(self, pk: str, sk: str, amount: int, ttl: int | None = None) -> int:
        def write() -> int:
            stored = self._found(pk, sk)
            self._keep(pk, sk, replace(stored, number=stored.number + amount, ttl=ttl or stored.ttl))
            return stored.number + amount

        return int(self.writes.run(f"add {pk}", write))

    # -- leases

    def take_lease(self, pk: str, sk: str, seconds: float, owner: str, keep: int | None = None) -> int:
        def write() -> int:
            held = self._found(pk, sk)
            if held.fence and held.expires > self.now() and held.holder != owner:
                raise refusal((), lease=sk)
            number = (held.fence or int(self.now())) + 1
            ttl = int(self.now()) + keep if keep else held.ttl
            self._keep(pk, sk, replace(held, fence=number, expires=self.now() + seconds, holder=owner, ttl=ttl))
            return number

        return int(self.writes.run(f"take {pk}", write))

    def move_lease(self, pk: str, sk: str, number: int, expires: float) -> None:
        def write() -> None:
            held = self._found(pk, sk)
            if held.fence != number:
                raise refusal((), lease=sk)
            self._keep(pk, sk, replace(held, expires=expires))

        self.writes.run(f"move {pk}", write)

    def holds(self, fence: Fence) -> bool:
        held = self._found(fence.pk, fence.sk)
        return held.fence == fence.number and held.expires > self.now()

    # -- the store itself

    def _check(self, fence: Fence | None) -> None:
        if fence is not None and not self.holds(fence):
            raise refusal(())

    def _found(self, pk: str, sk: str) -> _Stored:
        partition = self._partitions.get(pk)
        return (partition.get(sk) if partition else None) or NOTHING

    def _seen(self, pk: str, sk: str) -> _Stored:
        return self._before.get((pk, sk)) or self._found(pk, sk)

    def _keep(self, pk: str, sk: str, stored: _Stored) -> None:
        if self.lagging:
            self._before[pk, sk] = self._found(pk, sk)
        partition = self._partitions.get(pk)
        if partition is None:
            partition = self._partitions[pk] = SortedDict()
        partition[sk] = stored

    def _drop(self, pk: str, sk: str) -> None:
        self._partitions.get(pk, {}).pop(sk, None)


def _allows(stored: _Stored, item: Item, expect: int | None) -> bool:
    if item.owner and expect is None:
        return not stored.version or stored.owner == item.owner
    return expect is None or stored.version == expect


def _merged(stored: _Stored, item: Item) -> _Stored:
    members = stored.members | item.members
    if item.data is None:
        return replace(stored, members=members)
    owner, ttl = item.owner or stored.owner, item.ttl or stored.ttl
    return _Stored(encoded(item.data), item.version + 1, ttl, owner, members, stored.number, stored.fence, stored.expires, stored.holder)


def _item(pk: str, sk: str, stored: _Stored) -> Item | None:
    if not stored.version:
        return None
    return Item(pk, sk, json.loads(stored.text), stored.version, stored.ttl, stored.owner, stored.members)
