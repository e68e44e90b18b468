"""How PHP reads queries, casts scalars and prints arrays; the shop's oddities begin here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote_plus

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")


def parse_query(raw: str) -> dict[str, Any]:
    """`a[]=1&a[]=2&b[x]=3` as PHP's nested array; a repeated plain name keeps its last value."""
    result: dict[str, Any] = {}
    for part in raw.split("&"):
        if not part:
            continue
        name, _, value = part.partition("=")
        _assign(result, unquote_plus(name), unquote_plus(value))
    return result


def _assign(target: dict[str, Any], name: str, value: str) -> None:
    head, bracket, rest = name.partition("[")
    if not head:
        return
    # PHP turns dots and spaces of a name into underscores.
    keys = [re.sub(r"[. ]", "_", head), *(re.findall(r"\[([^\]]*)\]", bracket + rest))]
    for index, key in enumerate(keys[:-1]):
        key = key or _next_key(target)
        if not isinstance(target.get(key), dict):
            target[key] = {}
        target = target[key]
        keys[index + 1] = keys[index + 1] or _next_key(target)
    target[keys[-1]] = value


def _next_key(array: Mapping[str, Any]) -> str:
    numbers = [int(key) for key in array if key.isdigit()]
    return str(max(numbers, default=-1) + 1)


def from_json(value: Any) -> Any:
    """Decoded JSON with every list as the array PHP makes of it: a map keyed "0", "1", ..."""
    if isinstance(value, list):
        return {str(index): from_json(item) for index, item in enumerate(value)}
    if isinstance(value, dict):
        return {key: from_json(item) for key, item in value.items()}
    return value


def dumps(value: Any) -> bytes:
    return json.dumps(_array(value), default=_scalar).encode()


class Shaped(list[dict[str, Any]]):
    """Rows that need no further look: their keys are words, and what they hold was shaped."""


_NESTED = frozenset({dict, list, tuple, Shaped})


def _array(value: Any) -> Any:
    """Maps that PHP cannot tell from lists (empty, or keyed 0..n) become lists."""
    if type(value) is Shaped:
        return list(value)
    if isinstance(value, dict):
        if not value:
            return []
        if "0" in value and list(value) == [str(index) for index in range(len(value))]:
            return [_array(item) for item in value.values()]
        return {key: _array(item) if type(item) in _NESTED else item for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_array(item) if type(item) in _NESTED else item for item in value]
    return value


def shaped(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _array(value) if type(value) in _NESTED else value for name, value in found.items()}


def _scalar(value: Any) -> float | str:
    return float(value) if isinstance(value, Decimal) else str(value)


def truthy(value: Any) -> bool:
    return value not in (None, "", "0", 0, False) and value != {} and value != []


def to_int(value: Any) -> int:
    return int(to_decimal(value))


def to_decimal(value: Any) -> Decimal:
    """PHP's numeric cast: a leading number counts, anything else is 0."""
    if isinstance(value, bool):
        return Decimal(int(value))
    match = _NUMBER.match(str(value)) if isinstance(value, int | float | str | Decimal) else None
    try:
        return Decimal(match[1]) if match else Decimal(0)
    except InvalidOperation:
        return Decimal(0)


def to_cents(value: Any) -> int:
    return int((to_decimal(value) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def money(cents: int) -> str:
    sign, cents = ("-", -cents) if cents < 0 else ("", cents)
    return f"{sign}{cents // 100}.{cents % 100:02d}"


def number(cents: int) -> float | int:
    """What `json_encode` prints for a float that PHP calculated."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def columns(row: Mapping[str, Any]) -> dict[str, str | None]:
    """Database columns as the shop's drivers hand them out: strings, or null."""
    return {name: None if value is None else str(value) for name, value in row.items()}


def values(value: Any) -> list[Any]:
    """A scalar, a comma list or an array, as a plain list."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [] if value is None else [value]


def ints(value: Any) -> list[int]:
    return [to_int(item) for item in values(value)]


def marks(items: Iterable[Any]) -> str:
    return ",".join("?" for _ in items)
