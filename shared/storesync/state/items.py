"""What a table holds: items, conditions on leases, and the limits that DynamoDB sets to both."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import LeaseLost, TooLarge

TRANSACTION = 99  # a hundred, less the check of the lease
ITEM_BYTES = 400 * 1024
SORT_KEY_BYTES = 1024
OVERHEAD_BYTES = 64
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


@dataclass(frozen=True, slots=True)
class Item:
    """`data` is stored as one compact JSON text. `version` 0: not stored yet. `ttl` in unix seconds.

    With an `owner` it is written only where nothing stands or something of the same owner. `members` are added to those that the item
    has; no write takes them away, and without `data` they are all that is written.
    """

    pk: str
    sk: str
    data: Any = None
    version: int = 0
    ttl: int | None = None
    owner: str = ""
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fence:
    """A condition on a lease: it must still be held with this number, and not have expired."""

    pk: str
    sk: str
    number: int


def encoded(data: Any) -> str:
    """Half a character, as a store's JSON may hold one, cannot be stored but as its number."""
    text = _COMPACT.encode(data)
    return text if storable(text) else json.dumps(data, separators=(",", ":"), default=str)


def storable(text: str) -> bool:
    try:
        return bool(text.encode()) or not text
    except UnicodeEncodeError:
        return False


def bounded(text: str) -> str:
    """As a sort key, or a part of one: what is too long or cannot be stored, as its hash."""
    if storable(text) and len(text.encode()) <= SORT_KEY_BYTES - 100:
        return text
    return f"#{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def size(item: Item) -> int:
    """Bytes that the item takes, rounded up a little."""
    texts = (item.pk, item.sk, item.owner, encoded(item.data), *item.members)
    return OVERHEAD_BYTES + len("".join(texts).encode())


def check(items: Iterable[Item]) -> None:
    """Raises TooLarge before any of them is sent."""
    for item in items:
        if size(item) > ITEM_BYTES or not item.sk or len(item.sk.encode()) > SORT_KEY_BYTES or len(item.pk.encode()) > 2 * SORT_KEY_BYTES:
            raise TooLarge("a record does not fit into the table", pk=item.pk, bytes=size(item))


def refusal(refused: Iterable[int], **data: object) -> LeaseLost:
    """`refused`: positions of the writes whose condition did not hold; none when it was the lease itself."""
    return LeaseLost("a record or the lease moved on", refused=tuple(refused), **data)
