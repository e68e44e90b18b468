"""How often something was tried in a stretch of time, counted over all containers."""

from ..errors import LeaseLost
from .tables import Item, Table

MANY = 1_000_000


class Attempts:
    def __init__(self, table: Table) -> None:
        self._table = table

    def spend(self, source: str, seconds: int) -> int:
        """How many there were in this window, with this one; very many when so much is going on that it cannot be counted."""
        window = int(self._table.now()) // seconds
        for _ in range(5):
            found = self._table.get("attempts", f"{source}#{window}")
            count, version = (int(found.data["n"]), found.version) if found else (0, 0)
            try:
                item = Item("attempts", f"{source}#{window}", {"n": count + 1}, version, ttl=(window + 2) * seconds)
                self._table.put(item, expect=version)
            except LeaseLost:
                continue
            return count + 1
        return MANY
