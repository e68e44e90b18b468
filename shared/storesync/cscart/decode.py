"""CS-Cart's JSON: every column is a string, empty maps are lists, lists are objects (C4). One normaliser for all of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from ..errors import ServerFault

Json = Mapping[str, object]
LARGEST = Decimal(10) ** 20


def mapping(value: object) -> Json:
    if isinstance(value, Mapping):
        return value
    return {str(at): item for at, item in enumerate(value)} if isinstance(value, list) else {}


def rows(value: object) -> list[Json]:
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, Mapping)]


def texts(value: object) -> list[str]:
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text(item) for item in items]


def text(value: object) -> str:
    if isinstance(value, str):  # nearly all there is, and much cheaper to ask than whether it is a Mapping
        return value
    return "" if value is None or isinstance(value, (Mapping, list)) else str(value)


def number(value: object) -> Decimal:
    try:
        found = Decimal(text(value).strip() or "0")
    except InvalidOperation as wrong:
        raise ServerFault("not a number where one should be", store="cscart") from wrong
    if not found.is_finite() or abs(found) >= LARGEST:
        raise ServerFault("not a number that a shop can hold", store="cscart")
    return found


def whole(value: object) -> int:
    return int(number(value))


def moment(value: object) -> datetime | None:
    """Unix seconds. What cannot be read is as good as no stamp: such a row is looked at each time."""
    try:
        seconds = whole(value)
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (OverflowError, OSError, ValueError, ServerFault):
        return None
