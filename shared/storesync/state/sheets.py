"""Sheets: what the worker found out for the console, as documents that end by themselves."""

from typing import Any

from .items import Item
from .scope import Scope


class Sheets(Scope):
    def get(self, name: str) -> dict[str, Any]:
        """Empty when there is none, or its time is over."""
        found = self.table.get(self._pk("sheet"), name)
        if found is None or (found.ttl and found.ttl < self.table.now()):
            return {}
        return dict(found.data)

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None:
        self.table.put(Item(self._pk("sheet"), name, sheet, ttl=int(self.table.now()) + seconds))
