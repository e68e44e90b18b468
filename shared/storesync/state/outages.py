"""That a store is down, as all containers know it. Costs nothing while the store answers."""

from contextlib import suppress

from ..errors import LeaseLost, SyncError
from .items import Item
from .scope import Scope
from .tables import Table


class Outage(Scope):
    """Until when the store is left alone by all but the one that tries whether it is back. Without the table each container is on its own."""

    def __init__(self, table: Table, connection: str, store: str) -> None:
        super().__init__(table, connection)
        self._place = self._pk("cursor"), f"down:{store}"

    def known(self) -> bool:
        """Whether another container lets nobody call now."""
        with suppress(SyncError):
            return self._until(self.table.get(*self._place)) > self.table.now()
        return False

    def claim(self, seconds: float) -> bool:
        """Whether the next call may be made; the others wait for so long."""
        try:
            found = self.table.get(*self._place)
            if self._until(found) > self.table.now():
                return False
            version = found.version if found else 0
            self.table.put(Item(*self._place, {"c": str(self.table.now() + seconds)}, version), expect=version)
        except LeaseLost:
            return False
        except SyncError:
            return True
        return True

    def over(self) -> None:
        with suppress(SyncError):
            found = self.table.get(*self._place)
            if found and self._until(found):
                self.table.put(Item(*self._place, {"c": ""}, found.version), expect=found.version)

    @staticmethod
    def _until(found: Item | None) -> float:
        return float(found.data["c"] or 0) if found else 0.0
