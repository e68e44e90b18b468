"""Connections as documents, tolerant of fields that an older or a newer version wrote; and the one-time values of an OAuth start."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from ..domain.connection import Connection, CsCartSettings, Damage, DeletionRule, Guard, MethodMap, Policy, StatusMap, WebasystSettings
from ..domain.model import Group, StoreName
from ..domain.names import is_name
from ..errors import ConfigurationError, LeaseLost, UnknownConnection
from ..telemetry import logger
from .documents import known, moment
from .items import Item
from .tables import Table

PARTITION = "connections"
ONCE = "once"
EDITS = 5
MOMENT_SECONDS = 5.0
PARTS: dict[str, type] = {
    "cscart": CsCartSettings,
    "webasyst": WebasystSettings,
    "statuses": StatusMap,
    "shippings": MethodMap,
    "payments": MethodMap,
}

E = TypeVar("E", bound=StrEnum)


class Connections:
    def __init__(self, table: Table) -> None:
        self.table = table
        self._seen: dict[str, tuple[float, Connection]] = {}

    def get(self, connection: str) -> Connection:
        """Raises UnknownConnection, ConfigurationError when what is stored cannot be read."""
        return _read(self._item(connection))

    def lately(self, connection: str) -> Connection:
        """As it was listed a moment ago, if it was and is at work, else as `get` has it."""
        at, found = self._seen.pop(connection, (0.0, None))
        return found if found and found.ready and self.table.now() - at < MOMENT_SECONDS else self.get(connection)

    def _item(self, connection: str) -> Item:
        found = self.table.get(PARTITION, connection) if is_name(connection) else None
        if found is None:
            raise UnknownConnection("no such connection", connection=connection[:40])
        return found

    def list(self) -> "list[Connection]":
        """One that cannot be read is shown as paused, with nothing but its name, and stops no other."""
        found = [*self._listed()]
        self._seen = {connection.id: (self.table.now(), connection) for connection in found}
        return found

    def _listed(self) -> Iterator[Connection]:
        for item in self.table.query(PARTITION):
            try:
                yield _read(item)
            except ConfigurationError as error:
                logger().error("a connection's settings cannot be read", connection=item.sk, reason=str(error))
                yield Connection(item.sk, paused=True)

    def save(self, connection: Connection) -> None:
        """A connection without a birthday gets one: orders placed before it are not taken, unless its owner says so.

        Raises ConfigurationError when its name could be mistaken for a part of another one's keys.
        """
        if not is_name(connection.id):
            raise ConfigurationError(["the name of a connection is made of small letters, digits, - and _, 40 at most"])
        born = connection if connection.created_at else replace(connection, created_at=datetime.fromtimestamp(self.table.now(), UTC))
        self._seen.pop(connection.id, None)
        self.table.put(Item(PARTITION, connection.id, encode(born)))

    def change(self, connection: str, edit: Callable[[Connection], Connection]) -> Connection:
        """Whoever else changes it meanwhile loses nothing: `edit` is then called again with what they saved. Raises UnknownConnection."""
        self._seen.pop(connection, None)
        for tries_left in reversed(range(EDITS)):
            found = self._item(connection)
            edited = edit(_read(found))
            try:
                self.table.put(Item(PARTITION, connection, encode(edited), found.version), expect=found.version)
            except LeaseLost:
                if not tries_left:
                    raise
            else:
                return edited
        raise AssertionError("unreachable")

    def delete(self, connection: str) -> None:
        self._seen.pop(connection, None)
        self.table.delete(PARTITION, connection)


class OneTimeStates:
    """Values that can be taken once, before they expire."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def put(self, state: str, value: str, seconds: int) -> None:
        self.table.put(Item(ONCE, state, {"v": value}, ttl=int(self.table.now()) + seconds), expect=0)

    def take(self, state: str) -> str | None:
        """Of two that take at once, the one whose deletion counts gets it."""
        found = self.table.get(ONCE, state) if state else None
        if found is None or (found.ttl or 0) < self.table.now():
            return None
        try:
            self.table.delete(ONCE, state, expect=found.version)
        except LeaseLost:
            return None
        return str(found.data["v"])


def _read(item: Item) -> Connection:
    try:
        return decode(item.data)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as wrong:
        raise ConfigurationError([f"the settings of connection {item.sk} cannot be read ({type(wrong).__name__})"]) from wrong


def encode(connection: Connection) -> dict[str, Any]:
    return asdict(connection)


def decode(data: Mapping[str, Any]) -> Connection:
    """Missing and empty fields take their defaults; unknown ones, and values that this version does not know, are left out."""
    found = {name: value for name, value in known(Connection, data).items() if value is not None}
    for name, kind in PARTS.items():
        if name in found:
            found[name] = kind(**known(kind, found[name]))
    made: dict[str, Callable[[Any], Any]] = {
        "guard": _guard,
        "policies": _policies,
        "rates": _rates,
        "orders_from": moment,
        "created_at": moment,
    }
    if isinstance(found.get("damage"), Mapping):
        found["damage"] = Damage(**{name: int(value) for name, value in known(Damage, found["damage"]).items()})
    found |= {name: make(found[name]) for name, make in made.items() if found.get(name)}
    for name, kind_of in {"preferred": StoreName, "stock_owner": StoreName, "deletions": DeletionRule}.items():
        if name in found and (member := _member(kind_of, found.pop(name))):
            found[name] = member
    if "stock_owner" in data and data["stock_owner"] is None:
        found["stock_owner"] = None
    return Connection(**found)


def _member(kind: type[E], value: object) -> E | None:
    return next((member for member in kind if member.value == value), None)


def _policies(stored: Mapping[str, str]) -> dict[Group, Policy]:
    pairs = ((_member(Group, name), _member(Policy, value)) for name, value in stored.items())
    return {group: policy for group, policy in pairs if group and policy}


def _rates(stored: Mapping[str, object]) -> dict[str, Decimal]:
    return {name: Decimal(str(value)) for name, value in stored.items()}


def _guard(stored: Mapping[str, object]) -> Guard:
    numbers: dict[str, Any] = {
        name: int(str(value)) if name == "at_least" else Decimal(str(value)) for name, value in known(Guard, stored).items()
    }
    return Guard(**numbers)
