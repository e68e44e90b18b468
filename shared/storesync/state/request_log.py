"""The request log, within the bytes that the owner allows: what a pass asked is packed into few items, and the oldest go first."""

import itertools
import json
import uuid
import zlib
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TypeVar

from ..domain.journal import Exchange
from ..errors import LeaseLost, StateUnavailable
from ..telemetry import logger
from .documents import document, value
from .items import Item, encoded
from .scope import Scope
from .tables import Table

PACKED_BYTES = 64_000
LONGEST_TEXT = 60_000
READ_TEXT = 100
PENDING = 5_000
STAMP = "%Y-%m-%dT%H:%M:%S.%f"
DAY_SECONDS = 86_400
AT_LEAST = 4  # what is dropped of a full log by a pass that wrote little

T = TypeVar("T")


class Requests(Scope):
    def __init__(self, table: Table, connection: str, *, days: int = 30, log_requests: bool = True, log_limit: int = 10_000_000) -> None:
        super().__init__(table, connection)
        self.days, self.log_requests, self.log_limit = days, log_requests, log_limit
        self._pending: deque[Exchange] = deque(maxlen=PENDING)
        self._writer, self._sequence = uuid.uuid4().hex[:8], itertools.count()

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.table.now(), UTC)

    def _ttl(self) -> int:
        return int(self.table.now()) + self.days * DAY_SECONDS

    def _sk(self, at: datetime | None) -> str:
        """Begins with its day, and is unique whoever writes at the same moment."""
        moment = (at or self._now()).astimezone(UTC)
        return f"{moment:{STAMP}}#{next(self._sequence):06d}#{self._writer}"

    def _days(self, before: datetime | None = None) -> Iterator[str]:
        """Those that may hold something, the newest first. Clocks may differ: tomorrow is among them."""
        tomorrow = self._now().date() + timedelta(days=1)
        newest = min(tomorrow, before.astimezone(UTC).date()) if before else tomorrow
        return ((newest - timedelta(days=back)).isoformat() for back in range((newest - tomorrow).days + self.days + 2))

    # -- writing

    def note(self, exchange: Exchange) -> None:
        """Held until `flush`: a write to the table for each call would cost more than the call."""
        if self.log_requests:
            self._pending.append(exchange)

    def flush(self, *, whole: bool = True) -> None:
        """Write the requests of this pass. The work is bounded by their number, however full the log is.

        A table that does not take them is no reason to fail the pass that they tell of.
        """
        found = list(self._drained())
        if not whole and all(map(_is_well, found)):
            found = [_without_what_was_read(exchange) for exchange in found]
        items = self._fitting(list(packed(found, _size, _day, PACKED_BYTES)))
        try:
            self._append(items)
        except StateUnavailable as error:
            logger().warning("request log not written", connection=self.connection, items=len(items), error=str(error))

    def _append(self, items: Sequence[Item]) -> None:
        for day, found in itertools.groupby(items, key=lambda item: item.sk[:10]):
            self.table.add(self._pk("requests"), day, sum(map(_bytes, found)), self._ttl())
        if items:
            self.table.put_all(items)
            self._trim(2 * len(items) + AT_LEAST)

    def _drained(self) -> Iterator[Exchange]:
        while self._pending:
            yield self._pending.popleft()

    def _fitting(self, packs: Sequence[Sequence[Exchange]]) -> list[Item]:
        """The newest of them, as far as the log can hold them at all."""
        made = [self._item(pack) for pack in packs]
        left = list(itertools.accumulate(map(_bytes, reversed(made))))
        fit = sum(total <= self.log_limit for total in left)
        return made[len(made) - fit :]

    def _item(self, pack: Sequence[Exchange]) -> Item:
        sk = self._sk(pack[0].at)
        return Item(self._pk("requests", sk[:10]), sk, compressed([_document(exchange) for exchange in pack]), ttl=self._ttl())

    def _trim(self, most: int) -> None:
        days = self.table.numbers(self._pk("requests"))
        excess = sum(days.values()) - self.log_limit
        for day in days:
            if excess <= 0 or most <= 0:
                return
            dropped, freed = self._drop(day, excess, most)
            most, excess = most - dropped, excess - freed

    def _drop(self, day: str, excess: int, most: int) -> tuple[int, int]:
        """How many and how many bytes. Of two that drop the same one, only one counts it."""
        dropped = freed = 0
        for item in self.table.query(self._pk("requests", day), limit=most):
            if freed >= excess:
                break
            try:
                self.table.delete(item.pk, item.sk, expect=item.version)
            except LeaseLost:
                continue
            dropped, freed = dropped + 1, freed + _bytes(item)
        else:
            if dropped < most and day < self._now().date().isoformat():
                self.table.delete(self._pk("requests"), day)
                return dropped, freed
        self.table.add(self._pk("requests"), day, -freed)
        return dropped, freed

    # -- reading

    def used(self) -> int:
        """Bytes that the request log holds."""
        return sum(self.table.numbers(self._pk("requests")).values())

    def requests(self, limit: int | None = 100, day: str = "", before: datetime | None = None) -> list[Exchange]:
        """The newest first; of one day (in ISO form), or of all those that are counted: a day without a count holds nothing."""
        counted = set() if day else self.table.numbers(self._pk("requests")).keys()
        found = self._exchanges(iter([day]) if day else (one for one in self._days(before) if one in counted))
        return list(itertools.islice((one for one in found if before is None or one.at is None or one.at < before), limit))

    def _exchanges(self, days: Iterator[str]) -> Iterator[Exchange]:
        for day in days:
            for item in self.table.query(self._pk("requests", day), newest_first=True):
                yield from (value(Exchange, found, ("at",)) for found in reversed(expanded(item.data)))


def _is_well(exchange: Exchange) -> bool:
    return HTTPStatus.OK <= exchange.status < HTTPStatus.MULTIPLE_CHOICES and not exchange.error


def _without_what_was_read(exchange: Exchange) -> Exchange:
    """With its beginning, and how long it was."""
    length = len(exchange.received)
    if exchange.write or length <= READ_TEXT:
        return exchange
    return replace(exchange, received=f"{exchange.received[:READ_TEXT]}… ({length})")


def _document(exchange: Exchange) -> dict[str, object]:
    data = document(exchange)
    return {
        name: found[:LONGEST_TEXT] + "…" if isinstance(found, str) and len(found) > LONGEST_TEXT else found for name, found in data.items()
    }


def compressed(documents: list[dict[str, object]]) -> str:
    """A write unit holds a kilobyte, and what stores answer says the same names again and again."""
    return b64encode(zlib.compress(encoded(documents).encode())).decode()


def expanded(data: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(zlib.decompress(b64decode(data)))
    return found


def packed(found: Iterable[T], size: Callable[[T], int], day: Callable[[T], str], most: int) -> Iterator[list[T]]:
    """In their order, of one day each, and none larger than `most` unless by a single one."""
    pack: list[T] = []
    held = 0
    for one in found:
        taken = size(one)
        if pack and (held + taken > most or day(one) != day(pack[0])):
            yield pack
            pack, held = [], 0
        pack.append(one)
        held += taken
    if pack:
        yield pack


def _size(exchange: Exchange) -> int:
    return len(encoded(_document(exchange)).encode())


def _day(exchange: Exchange) -> str:
    return exchange.at.astimezone(UTC).date().isoformat() if exchange.at else ""


def _bytes(item: Item) -> int:
    return len(encoded(item.data).encode())
