"""The mass-change breaker: what a pass found is held until it is known not to be more than the owner allows."""

from decimal import Decimal

from ..domain import prints
from ..domain.links import Row
from ..domain.model import Group, Record, StoreName
from ..errors import GuardTripped
from .ports import World


class Held:
    """Ids of changed rows, and how many of the linked ones would be zeroed or repriced. Ids only: a catalogue is never held."""

    def __init__(self, world: World, store: StoreName) -> None:
        self.world, self.store = world, store
        self.ids: list[str] = []
        self.seen = self.zeroed = self.repriced = 0

    def add(self, row: Row | None, record: Record) -> None:
        self.ids.append(record.product_id or record.id)
        if row is None or not row.counterpart or row.parked:
            return
        self.seen += 1
        self.zeroed += any(self._zeroed(name, row, record) for name in record.prints if name.startswith(Group.STOCK))
        self.repriced += any(self._jumped(name, row, record) for name in record.prints if name.startswith(Group.PRICE))

    @staticmethod
    def _zeroed(name: str, row: Row, record: Record) -> bool:
        before = row.prints.get(name, "0")
        return record.prints[name] == "0" and before not in ("0", prints.UNLIMITED) and not before.startswith("-")

    def _jumped(self, name: str, row: Row, record: Record) -> bool:
        before, after = (Decimal(text.split("/")[0]) for text in (row.prints.get(name, "0/0"), record.prints[name]))
        return bool(before) and abs(after - before) / before > self.world.connection.guard.price_jump

    def check(self) -> None:
        """Raises GuardTripped: nothing of this pass is queued until the owner confirms, which is remembered for one hour."""
        guard = self.world.connection.guard
        worst = max(self.zeroed, self.repriced)
        if worst < guard.at_least or self._confirmed():
            return
        size = int(self.world.streams.cursor(f"size:{self.store}") or 0)
        if Decimal(worst) > guard.share * max(size, self.seen):
            raise GuardTripped("too many records at once", store=self.store, zeroed=self.zeroed, repriced=self.repriced)

    def _confirmed(self) -> bool:
        return bool(self.world.streams.cursor(f"confirmed:{self.store}"))
