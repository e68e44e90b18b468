"""How often something was tried in a stretch of time, counted over all containers."""

from .tables import Table


class Attempts:
    def __init__(self, table: Table) -> None:
        self._table = table

    def spend(self, source: str, seconds: int) -> int:
        """How many there were in this window, with this one."""
        window = int(self._table.now()) // seconds
        return self._table.add("attempts", f"{source}#{window}", 1, ttl=(window + 2) * seconds)
