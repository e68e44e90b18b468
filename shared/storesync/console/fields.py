"""Between a connection and a form: a field's name is the path to the value it shows, `webasyst__url` or `policies__price`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from wtforms import DateField, DecimalField, Field, Form, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from ..domain.connection import Connection


class FormData(dict[str, list[str]]):
    """What a form sent, as WTForms reads it."""

    def getlist(self, name: str) -> Sequence[str]:
        return self.get(name, [])


class ShareField(DecimalField):
    """A share, shown in percent."""

    def process_data(self, value: Decimal | None) -> None:
        super().process_data(None if value is None else (value * 100).normalize() + 0)

    def stored(self) -> Decimal:
        return (self.data or Decimal(0)) / 100


class DayField(DateField):
    """A moment, shown as its day."""

    def process_data(self, value: datetime | None) -> None:
        super().process_data(value.date() if value else None)

    def stored(self) -> datetime | None:
        return datetime.combine(self.data, time(), UTC) if self.data else None


def choices(pairs: Iterable[tuple[str, str]]) -> Any:
    return [SelectChoice(value, label) for value, label in pairs]


class OptionField(SelectField):
    """A choice among what the shop has; what is set now stays a choice even when the shop does not name it any more."""

    def offer(self, found: Mapping[str, str] | Iterable[tuple[str, str]], nothing: str = "") -> None:
        pairs = list(found.items() if isinstance(found, Mapping) else found)
        current = self.object_data or ""
        missing = [(current, current)] if current and current not in dict(pairs) else []
        self.choices = choices([*([("", nothing)] if nothing or not pairs else []), *missing, *pairs])


class ConnectionForm(Form):
    """A form over a part of a connection."""

    def changed(self, connection: Connection) -> Connection:
        """The connection with what the form holds; what it does not show stays."""
        known = set(flat(connection))
        for field in self:
            if field.name in known:
                connection = with_value(connection, field.name, field.stored() if hasattr(field, "stored") else field.data)
        return connection

    def problems(self) -> list[tuple[Field, str]]:
        return [(field, str(error)) for field in self for error in field.errors]


def build(kind: type[ConnectionForm], connection: Connection, sent: FormData | None, language: str) -> Any:
    """The form with what was sent, or with what the connection has."""
    found: Any = sent
    return kind(formdata=found, data=flat(connection), meta={"locales": (language,)})


def flat(connection: Connection) -> dict[str, Any]:
    return dict(_leaves(connection, ""))


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    inside: Mapping[str, Any] = {}
    if is_dataclass(value):
        inside = {item.name: getattr(value, item.name) for item in fields(value)}
    elif isinstance(value, Mapping):
        inside = value
    else:
        yield name, value
    for key, found in inside.items():
        yield from _leaves(found, f"{name}__{key}" if name else key)


def with_value(value: Any, name: str, new: Any) -> Any:
    head, _, rest = name.partition("__")
    if isinstance(value, Mapping):
        return {**value, head: new}
    return replace(value, **{head: with_value(getattr(value, head), rest, new) if rest else new})
