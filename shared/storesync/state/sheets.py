"""Sheets: what the worker found out for the console, as documents that end by themselves."""

from typing import Any

from .tables import Item, Table


class Sheets:
    def __init__(self, table: Table, connection: str) -> None:
        self._table, self._pk = table, f"{connection}#sheet"

    def get(self, name: str) -> dict[str, Any]:
        """Empty when there is none, or its time is over."""
        found = self._table.get(self._pk, name)
        if found is None or (found.ttl and found.ttl < self._table.now()):
            return {}
        return dict(found.data)

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None:
        self._table.put(Item(self._pk, name, sheet, ttl=int(self._table.now()) + seconds))
