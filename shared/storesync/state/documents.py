"""Domain values as stored documents: fields that a newer version wrote are left alone, missing ones take their defaults."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")


def document(value: Any) -> dict[str, Any]:
    """Without what is as it would be anyway."""
    found = {item.name: (getattr(value, item.name), item) for item in fields(value)}
    return {name: plain(held) for name, (held, item) in found.items() if held != _default(item)}


def plain(value: Any) -> Any:
    """As `dataclasses.asdict` has it, without a copy of every text and number."""
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {plain(name): plain(held) for name, held in value.items()}
    return [plain(held) for held in value] if isinstance(value, (list, tuple)) else value


def _default(item: "Field[Any]") -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default


def known(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def value(kind: type[T], data: Mapping[str, Any], moments: Iterable[str] = (), **read: Any) -> T:
    """`moments`: the names of the times among the fields; `read`: name -> what makes its value of the stored one."""
    found = known(kind, data)
    for name in moments:
        if found.get(name):
            found[name] = moment(found[name])
    for name, make in read.items():
        if name in found:
            found[name] = make(found[name])
    return kind(**found)


def moment(text: object) -> datetime:
    """Aware; what was stored without a zone is UTC."""
    found = datetime.fromisoformat(str(text))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
