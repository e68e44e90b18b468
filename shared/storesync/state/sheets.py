"""Sheets: what the worker found out for the console, as documents that end by themselves."""

from typing import Any

from .items import Item
from .scope import Scope


class Sheets(Scope):
    def get(self, name: str) -> dict[str, Any]:
        """Empty when there is none, or its time is over."""
        found = self.table.get(self._pk("sheet"), name)
        return dict(found.data) if found and self._stands(found) else {}

    def several(self, *names: str) -> list[dict[str, Any]]:
        """The same of each, asked for together."""
        items = self.table.get_many((self._pk("sheet"), name) for name in names)
        found = {item.sk: dict(item.data) for item in items if self._stands(item)}
        return [found.get(name, {}) for name in names]

    def _stands(self, item: Item) -> bool:
        return not item.ttl or item.ttl >= self.table.now()

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None:
        self.table.put(Item(self._pk("sheet"), name, sheet, ttl=int(self.table.now()) + seconds))
