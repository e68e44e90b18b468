"""The two tables, and the only module that knows PynamoDB: items in, items out, with conditions, fences and transactions.

Its traps, kept away from the rest: `update()` on a missing key would create half an item, so nothing is updated, only put;
`batch_write` ignores versions, so it is used for indexes and the journal alone.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.connection import Connection as DynamoConnection
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from ..errors import LeaseLost

TRANSACTION = 99
CONNECT_SECONDS, READ_SECONDS, TRIES = 2, 5, 3
REGION_FALLBACK = "eu-central-1"


@dataclass(frozen=True, slots=True)
class Item:
    """`data` is stored as one compact JSON text. `version` 0: not stored yet. `ttl` in unix seconds."""

    pk: str
    sk: str
    data: Mapping[str, Any] = field(default_factory=dict)
    version: int = 0
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Fence:
    """A condition on a lease: it must still be held with this number, and not have expired."""

    pk: str
    sk: str
    number: int


class _Record(Model):
    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    d = UnicodeAttribute(null=True)
    v = NumberAttribute(null=True)
    f = NumberAttribute(null=True)
    e = NumberAttribute(null=True)
    ttl = NumberAttribute(null=True)


def _model(table: str, region: str) -> type[_Record]:
    meta = type(
        "Meta",
        (),
        {
            "table_name": table,
            "region": region,
            "connect_timeout_seconds": CONNECT_SECONDS,
            "read_timeout_seconds": READ_SECONDS,
            "max_retry_attempts": TRIES,
        },
    )
    return cast("type[_Record]", type(_Record)(f"Record_{table}".replace("-", "_"), (_Record,), {"Meta": meta}))  # type: ignore[misc]


class Table:
    def __init__(self, name: str, region: str = "", now: Callable[[], float] = time.time) -> None:
        self.name, self.region, self.now = name, region or REGION_FALLBACK, now
        self._model = _model(name, self.region)

    def get(self, pk: str, sk: str) -> Item | None:
        try:
            return _item(self._model.get(pk, sk, consistent_read=True))
        except self._model.DoesNotExist:
            return None

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        wanted = list(dict.fromkeys(keys))
        return [_item(found) for found in self._model.batch_get(wanted, consistent_read=True)] if wanted else []

    def query(
        self, pk: str, *, after: str = "", until: str = "", prefix: str = "", newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Item]:
        """after < sk <= until, or all that begin with `prefix`. Eventually consistent: half the price."""
        condition: Any = None
        if prefix:
            condition = self._model.sk.startswith(prefix)
        elif after and until:
            condition = self._model.sk.between(after + "\x01", until)
        elif after:
            condition = self._model.sk > after
        elif until:
            condition = self._model.sk <= until
        for found in self._model.query(pk, condition, scan_index_forward=not newest_first, limit=limit):
            yield _item(found)

    def put(self, item: Item, *, expect: int | None = None) -> Item:
        """`expect` None: whatever is there; 0: nothing is there; else that version. Raises LeaseLost when it is not."""
        stored = self._record(item)
        try:
            stored.save(condition=self._condition(expect))
        except PutError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                raise LeaseLost("the record moved on", pk=item.pk) from error
            raise
        return _item(stored)

    def put_all(self, items: Iterable[Item]) -> None:
        with self._model.batch_write() as batch:
            for item in items:
                batch.save(self._record(item))

    def delete(self, pk: str, sk: str) -> None:
        self._model(pk, sk).delete()

    def transact(self, writes: Sequence[tuple[Item, int | None]], fence: Fence | None = None) -> None:
        """All or nothing. The second of each pair is what `put` calls `expect`. Raises LeaseLost."""
        if len(writes) == 1 and fence is None:
            self.put(writes[0][0], expect=writes[0][1])
            return
        try:
            with TransactWrite(connection=DynamoConnection(region=self.region)) as transaction:
                if fence is not None:
                    held = (self._model.f == fence.number) & (self._model.e > self.now())
                    transaction.condition_check(self._model, fence.pk, fence.sk, condition=held)
                for item, expect in writes:
                    transaction.save(self._record(item), condition=self._condition(expect))
        except TransactWriteError as error:
            if error.cause_response_code == "TransactionCanceledException":
                raise LeaseLost("a record or the lease moved on", table=self.name) from error
            raise

    def take_lease(self, pk: str, sk: str, seconds: float) -> int:
        """The new fencing number, which only grows. Raises LeaseLost while another holds it."""
        for _ in range(3):
            now = self.now()
            held = self._lease(pk, sk)
            if held is not None and (held.e or 0) > now:
                break
            number = int(held.f or 0) + 1 if held is not None else 1
            wanted = self._model(pk, sk, f=number, e=now + seconds)
            condition = self._model.f == held.f if held is not None else self._model.pk.does_not_exist()
            try:
                wanted.save(condition=condition)
            except PutError as error:
                if error.cause_response_code != "ConditionalCheckFailedException":
                    raise
                continue
            return number
        raise LeaseLost("another worker holds it", lease=sk)

    def move_lease(self, pk: str, sk: str, number: int, expires: float) -> None:
        """Extend or end a lease that is still held with this number. Raises LeaseLost."""
        try:
            self._model(pk, sk, f=number, e=expires).save(condition=self._model.f == number)
        except PutError as error:
            raise LeaseLost("another worker has taken over", lease=sk) from error

    def lease_is(self, pk: str, sk: str, number: int) -> bool:
        held = self._lease(pk, sk)
        return held is not None and held.f == number and (held.e or 0) > self.now()

    def _lease(self, pk: str, sk: str) -> _Record | None:
        try:
            return self._model.get(pk, sk, consistent_read=True)
        except self._model.DoesNotExist:
            return None

    def _record(self, item: Item) -> _Record:
        text = json.dumps(item.data, ensure_ascii=False, separators=(",", ":"), default=str)
        return self._model(item.pk, item.sk, d=text, v=item.version + 1, ttl=item.ttl)

    def _condition(self, expect: int | None) -> Any:
        if expect is None:
            return None
        return self._model.pk.does_not_exist() if expect == 0 else self._model.v == expect


def _item(found: _Record) -> Item:
    return Item(found.pk, found.sk, json.loads(found.d or "{}"), int(found.v or 0), int(found.ttl) if found.ttl else None)
