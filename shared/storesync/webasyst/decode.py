"""One normaliser for what PHP answers: numbers as strings, empty maps as lists, lists as objects (W11), naive local times (W28)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import ServerFault

Json = Mapping[str, object]
STAMP = len("2026-01-31 23:59:59")
LARGEST = Decimal(10) ** 20
DAY = 86_400


def mapping(value: object) -> Json:
    """Empty maps come as `[]`, and maps whose keys are 0..n-1 as lists (T3)."""
    if isinstance(value, Mapping):
        return value
    return {str(at): item for at, item in enumerate(value)} if isinstance(value, list) else {}


def rows(value: object) -> list[Json]:
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, Mapping)]


def text(value: object) -> str:
    if isinstance(value, str):  # nearly all there is, and much cheaper to ask than whether it is a Mapping
        return value
    return "" if value is None or isinstance(value, (Mapping, list)) else str(value)


def number(value: object) -> Decimal:
    try:
        found = Decimal(text(value).replace(",", ".").strip() or "0")
    except InvalidOperation as wrong:
        raise ServerFault("not a number where one should be") from wrong
    if not found.is_finite() or abs(found) >= LARGEST:
        raise ServerFault("not a number that a shop can hold")
    return found


def whole(value: object) -> int:
    return int(number(value))


def count(value: object) -> int | None:
    """Stock: None is unlimited and stays so. A fraction is rounded towards less, never up into a sale that cannot be served."""
    return None if value is None or value == "" else int(number(value).to_integral_value("ROUND_FLOOR"))


def zone(name: str, shift: object = "") -> tzinfo:
    """PHP's zone by name, else by its present shift in seconds from UTC: an unknown name must not move stamps by hours (W28)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone(shifted(shift))


def shifted(value: object) -> timedelta:
    """The shift of a zone from UTC, less than a day; nothing for nonsense."""
    seconds = whole(value)
    return timedelta(seconds=seconds) if abs(seconds) < DAY else timedelta()


def moment(value: object, here: tzinfo) -> datetime | None:
    """A naive time of the server's clock as an aware UTC one; in the hour that a zone repeats, the earlier of the two."""
    stamp = text(value)
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=here).astimezone(UTC) if len(stamp) == STAMP else None
    except (ValueError, OverflowError):
        return None


def local(value: datetime, here: tzinfo) -> str:
    """The earliest that the server's clock shows from `value` on: when summer time ends it shows an hour twice."""
    ahead = (value + timedelta(minutes=30 * step) for step in range(5))
    return min(item.astimezone(here).strftime("%Y-%m-%d %H:%M:%S") for item in (value, *ahead))
