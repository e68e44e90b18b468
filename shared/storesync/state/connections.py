"""Connections as documents, tolerant of fields that an older or a newer version wrote; and the one-time values of an OAuth start."""

import time
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..domain.connection import Connection, CsCartSettings, DeletionRule, Guard, Policy, StatusMap, WebasystSettings
from ..domain.model import Group, StoreName
from ..errors import LeaseLost, UnknownConnection
from .tables import Item, Table

_PK = "connections"


class Connections:
    def __init__(self, table: Table) -> None:
        self.table = table

    def get(self, connection: str) -> Connection:
        """Raises UnknownConnection."""
        found = self.table.get(_PK, connection)
        if found is None:
            raise UnknownConnection("no such connection", connection=connection)
        return decode(found.data)

    def list(self) -> list[Connection]:
        return [decode(item.data) for item in self.table.query(_PK)]

    def save(self, connection: Connection) -> None:
        self.table.put(Item(_PK, connection.id, encode(connection)))

    def delete(self, connection: str) -> None:
        self.table.delete(_PK, connection)


class OneTimeStates:
    """Values that can be taken once, before they expire."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def put(self, state: str, value: str, seconds: int) -> None:
        self.table.put(Item("state#once", state, {"v": value}, ttl=int(time.time()) + seconds), expect=0)

    def take(self, state: str) -> str | None:
        found = self.table.get("state#once", state)
        if found is None or "v" not in found.data or (found.ttl or 0) < time.time():
            return None
        try:
            self.table.put(Item("state#once", state, {}, found.version, found.ttl), expect=found.version)
        except LeaseLost:
            return None
        return str(found.data["v"])


def encode(connection: Connection) -> dict[str, Any]:
    return asdict(connection)


def decode(data: Mapping[str, Any]) -> Connection:
    """Missing fields take their defaults, unknown ones are left out."""
    known = _known(Connection, data)
    nested = {"cscart": CsCartSettings, "webasyst": WebasystSettings, "statuses": StatusMap}
    for name, kind in nested.items():
        known[name] = kind(**_known(kind, known.get(name) or {}))
    guard = _known(Guard, known.get("guard") or {})
    numbers: dict[str, Any] = {name: int(value) if name == "at_least" else Decimal(str(value)) for name, value in guard.items()}
    known["guard"] = Guard(**numbers)
    if "policies" in known:
        known["policies"] = {Group(name): Policy(value) for name, value in known["policies"].items()}
    known["rates"] = {name: Decimal(str(value)) for name, value in (known.get("rates") or {}).items()}
    known["preferred"] = StoreName(known.get("preferred") or StoreName.CSCART)
    known["stock_owner"] = StoreName(known["stock_owner"]) if known.get("stock_owner") else None
    known["deletions"] = DeletionRule(known.get("deletions") or DeletionRule.SHOW)
    known["orders_from"] = datetime.fromisoformat(str(known["orders_from"])) if known.get("orders_from") else None
    return Connection(**known)


def _known(kind: type, data: Mapping[str, Any]) -> dict[str, Any]:
    assert is_dataclass(kind)
    names = {item.name for item in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
