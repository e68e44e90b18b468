"""The two tables, and the only module that knows PynamoDB: items in, items out, with conditions, fences and transactions.

Its traps, kept away from the rest: `batch_write` ignores versions, so it serves only what needs no condition; an update of a missing
key creates an item, so whether one "is there" is told by its version, which every whole item has.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar, cast

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import PutError, PynamoDBException, TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from ..errors import StateUnavailable, SyncError, TooLarge
from .aws import of_one_session, patiently
from .items import Fence, Item, check, encoded, refusal

__all__ = ["Fence", "Item", "Table"]

BATCH = 25
CONNECT_SECONDS, READ_SECONDS, TRIES = 2, 5, 3
REFUSED, INVALID = "ConditionalCheckFailed", "Validation"
PASSING = ("TransactionConflict", "TransactionInProgress", "Throttling", "ProvisionedThroughputExceeded", "RequestLimitExceeded")

T = TypeVar("T")


class _Record(Model):
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    d = UnicodeAttribute(null=True)
    v = NumberAttribute(null=True)
    k = UnicodeAttribute(null=True)
    r = UnicodeSetAttribute(null=True)
    n = NumberAttribute(null=True)
    f = NumberAttribute(null=True)
    e = NumberAttribute(null=True)
    o = UnicodeAttribute(null=True)
    ttl = NumberAttribute(null=True)


def _model(table: str, region: str) -> type[_Record]:
    limits = {"connect_timeout_seconds": CONNECT_SECONDS, "read_timeout_seconds": READ_SECONDS, "max_retry_attempts": TRIES - 1}
    meta = type("Meta", (), {"table_name": table, "region": region, **limits})
    made = type(_Record)(f"Record_{table}".replace("-", "_"), (_Record,), {"Meta": meta})  # type: ignore[misc]
    return cast("type[_Record]", of_one_session(made))


class Table:
    """`now` in unix seconds. What the table itself fails at is StateUnavailable; what it refuses is LeaseLost or TooLarge."""

    def __init__(self, name: str, region: str, now: Callable[[], float] = time.time) -> None:
        self.name, self.now = name, now
        self._model = _model(name, region)

    # -- reading

    def get(self, pk: str, sk: str) -> Item | None:
        found = self._record(pk, sk)
        return _item(found) if found else None

    def _record(self, pk: str, sk: str) -> _Record | None:
        with _meant():
            try:
                return self._model.get(pk, sk, consistent_read=True)
            except self._model.DoesNotExist:
                return None

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        """Those that exist, in no order."""
        wanted = set(keys)
        with _meant():
            return list(_items(self._model.batch_get(wanted, consistent_read=True))) if wanted else []

    def query(
        self, pk: str, *, after: str = "", until: str = "", prefix: str = "", newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Item]:
        """after < sk <= until, or all that begin with `prefix`. Eventually consistent: half the price."""
        if after and until and after >= until:
            return
        condition = self._between(after, until) if not prefix else self._model.sk.startswith(prefix)
        with _meant():
            yield from _items(self._model.query(pk, condition, scan_index_forward=not newest_first, limit=limit))

    def _between(self, after: str, until: str) -> Any:
        if after and until:
            return self._model.sk.between(after + "\x01", until)
        if after:
            return self._model.sk > after
        return self._model.sk <= until if until else None

    # -- writing

    def _write(self, send: Callable[[], T], refused: Sequence[int] = (0,), fenced: bool = False, **data: object) -> T:
        """Conflicts and throttling are only haste: sent again after a pause."""
        with _meant(refused, fenced, **data):
            return patiently(send, _passes)

    def put(self, item: Item, *, expect: int | None = None) -> None:
        """`expect` None: whatever is there; 0: nothing is there; else that version. Raises LeaseLost when it is not."""
        check((item,))
        self._write(lambda: self._model(item.pk, item.sk).update(_actions(item), condition=_condition(item, expect)), pk=item.pk)

    def put_all(self, items: Iterable[Item]) -> None:
        """Whole items without conditions, 25 to a call; what a call leaves undone is sent again after a pause."""
        items = list(items)
        check(items)
        self._batch([("save", self._whole(item)) for item in items])

    def _whole(self, item: Item) -> _Record:
        members = set(item.members) or None
        return self._model(item.pk, item.sk, d=encoded(item.data), v=item.version + 1, ttl=item.ttl, k=item.owner or None, r=members)

    def delete(self, pk: str, sk: str, *, expect: int | None = None) -> None:
        """Raises LeaseLost when it is not that version."""
        self._write(lambda: self._model(pk, sk).delete(condition=None if expect is None else _Record.v == expect), pk=pk)

    def delete_all(self, keys: Iterable[tuple[str, str]]) -> None:
        self._batch([("delete", self._model(pk, sk)) for pk, sk in keys])

    def empty(self, pk: str) -> None:
        """Delete all that is stored there: items, leases and counters."""
        while keys := self._keys(pk):
            self.delete_all(keys)

    def _keys(self, pk: str) -> list[tuple[str, str]]:
        with _meant():
            return [(found.pk, found.sk) for found in self._model.query(pk, attributes_to_get=["pk", "sk"], limit=1000)]

    def _batch(self, operations: Sequence[tuple[str, _Record]]) -> None:
        def send(at: int) -> None:
            with self._model.batch_write() as batch:
                for operation, record in operations[at : at + BATCH]:
                    getattr(batch, operation)(record)

        for at in range(0, len(operations), BATCH):
            self._write(partial(send, at))

    def add(self, pk: str, sk: str, amount: int, ttl: int | None = None) -> int:
        """Count up or down, whoever else does; the new number."""
        actions: list[Any] = [_Record.n.add(amount), *([_Record.ttl.set(ttl)] if ttl else [])]
        counter = self._model(pk, sk)
        self._write(lambda: counter.update(actions))
        return int(counter.n or 0)

    def numbers(self, pk: str) -> dict[str, int]:
        """All counters below a key that have not expired, in the order of their names."""
        with _meant():
            alive = (found for found in self._model.query(pk) if not found.ttl or found.ttl > self.now())
            return {found.sk: int(found.n or 0) for found in alive}

    # -- transactions

    def transact(self, writes: Sequence[tuple[Item, int | None]], fence: Fence | None = None) -> None:
        """All or nothing, at most TRANSACTION writes. The second of each pair is what `put` calls `expect`.

        Raises LeaseLost; its `data["refused"]` are the positions of the writes that were refused, none when it was the lease.
        """
        check(item for item, _ in writes)
        if len(writes) == 1 and fence is None:
            self.put(writes[0][0], expect=writes[0][1])
            return
        if len(writes) == 1 and fence is not None and self._is_lease(writes[0], fence):
            self._put_held(writes[0][0], fence)
            return

        def fill(transaction: TransactWrite) -> None:
            for item, expect in writes:
                transaction.update(self._model(item.pk, item.sk), _actions(item), condition=_condition(item, expect))

        self._commit(fill, fence)

    @staticmethod
    def _is_lease(write: tuple[Item, int | None], fence: Fence) -> bool:
        item, expect = write
        return (item.pk, item.sk, item.owner, expect) == (fence.pk, fence.sk, "", None)

    def _put_held(self, item: Item, fence: Fence) -> None:
        """An item that is its own lease needs no transaction, which costs four times as much."""
        self._write(lambda: self._model(item.pk, item.sk).update(_actions(item), condition=self._held(fence)), ())

    def _held(self, fence: Fence) -> Any:
        return (_Record.f == fence.number) & (_Record.e > self.now())

    def erase(self, keys: Sequence[tuple[str, str]], fence: Fence | None = None) -> None:
        """Delete all or none, at most TRANSACTION of them. Raises LeaseLost."""

        def fill(transaction: TransactWrite) -> None:
            for pk, sk in keys:
                transaction.delete(self._model(pk, sk))

        self._commit(fill, fence)

    def _commit(self, fill: Callable[[TransactWrite], None], fence: Fence | None) -> None:
        def send() -> None:
            with TransactWrite(connection=self._model._get_connection().connection) as transaction:
                if fence is not None:
                    transaction.condition_check(self._model, fence.pk, fence.sk, condition=self._held(fence))
                fill(transaction)

        self._write(send, (), fence is not None)

    # -- leases

    def take_lease(self, pk: str, sk: str, seconds: float, owner: str, keep: int | None = None) -> int:
        """The new fencing number, which only grows: free, run out or mine are one condition. Raises LeaseLost while another holds it.
        What is not to be kept for good is deleted after `keep` seconds.

        The first number is the time of day, so that a lease that was deleted meanwhile does not give out its old numbers again.
        """
        now = self.now()
        free = _Record.f.does_not_exist() | (_Record.e <= now) | (_Record.o == owner)
        actions: list[Any] = [_Record.f.set((_Record.f | int(now)) + 1), _Record.e.set(now + seconds), _Record.o.set(owner)]
        actions += [_Record.ttl.set(int(now) + keep)] if keep else []
        lease = self._model(pk, sk)
        self._write(lambda: lease.update(actions, condition=free), (), lease=sk)
        return int(lease.f or 0)

    def move_lease(self, pk: str, sk: str, number: int, expires: float) -> None:
        """Extend or end a lease that is still held with this number. Raises LeaseLost."""
        self._write(lambda: self._model(pk, sk).update([_Record.e.set(expires)], condition=_Record.f == number), (), lease=sk)

    def holds(self, fence: Fence) -> bool:
        lease = self._record(fence.pk, fence.sk)
        return lease is not None and lease.f == fence.number and (lease.e or 0) > self.now()


def _actions(item: Item) -> list[Any]:
    actions: list[Any] = []
    if item.data is not None:
        actions += [_Record.d.set(encoded(item.data)), _Record.v.set(item.version + 1)]
    if item.owner:
        actions.append(_Record.k.set(item.owner))
    if item.ttl:
        actions.append(_Record.ttl.set(item.ttl))
    if item.members:
        actions.append(_Record.r.add(set(item.members)))
    return actions


def _condition(item: Item, expect: int | None) -> Any:
    if item.owner and expect is None:
        return _Record.v.does_not_exist() | (_Record.k == item.owner)
    if expect is None:
        return None
    return _Record.v == expect if expect else _Record.v.does_not_exist()


def _items(found: Iterable[_Record]) -> Iterator[Item]:
    return (item for record in found if (item := _item(record)))


def _item(found: _Record) -> Item | None:
    if found.v is None:
        return None
    ttl = int(found.ttl) if found.ttl else None
    return Item(found.pk, found.sk, json.loads(found.d or "{}"), int(found.v), ttl, found.k or "", frozenset(found.r or ()))


@contextmanager
def _meant(refused: Sequence[int] = (), fenced: bool = False, **data: object) -> Iterator[None]:
    """Turns what PynamoDB raises into the error tree. Of a fenced transaction the first condition is the lease's."""
    try:
        yield
    except PynamoDBException as error:
        raise _meaning(error, refused, fenced, data) from error


def _meaning(error: PynamoDBException, refused: Sequence[int], fenced: bool, data: dict[str, object]) -> SyncError:
    codes = _codes(error)
    if isinstance(error, TransactWriteError) and error.cancellation_reasons:
        refused = [at for at, code in enumerate(codes) if code.startswith(REFUSED)]
        refused = [] if fenced and 0 in refused else [at - fenced for at in refused]
    if any(code.startswith(REFUSED) for code in codes):
        return refusal(refused, **data)
    if any(code.startswith(INVALID) for code in codes):
        return TooLarge("the table refused a record as too large", **data)
    return StateUnavailable("the table did not do what was asked", code=error.cause_response_code or type(error.cause).__name__, **data)


def _codes(error: BaseException) -> list[str]:
    """One for each write of a transaction, empty where it is not to blame; else the only one."""
    if isinstance(error, TransactWriteError) and error.cancellation_reasons:
        return [reason.code if reason else "" for reason in error.cancellation_reasons]
    return [str(getattr(error, "cause_response_code", None) or "")]


def _passes(error: BaseException) -> bool:
    """Whether only haste was in the way: another transaction on the same items, throttling, or a batch that was written in part."""
    if isinstance(error, PutError) and error.cause is None:
        return True
    codes = [code for code in _codes(error) if code and code != "None"]
    return bool(codes) and all(code.startswith(PASSING) for code in codes)
