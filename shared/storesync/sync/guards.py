"""The mass-change breaker: what a pass found is held until it is known not to be more than the owner allows."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from ..domain import prints
from ..domain.connection import Guard
from ..domain.links import Row
from ..domain.model import Group, Record, StoreName, Visibility
from ..errors import GuardTripped

KINDS = ("zeroed", "repriced", "hidden", "touched", "missing")


class Held:
    """Ids of linked records that moved or are missing, and how many of them would be zeroed, repriced, hidden or touched at all.

    Ids only: a catalogue is never held. Records without a counterpart put nothing at risk and are not held back.
    """

    def __init__(self, guard: Guard, store: StoreName, ids: tuple[str, ...] = (), counts: Mapping[str, int] | None = None) -> None:
        self.guard, self.store = guard, store
        self.ids = dict.fromkeys(ids)
        self.counts = Counter({kind: (counts or {}).get(kind, 0) for kind in KINDS})

    def add(self, row: Row, record: Record) -> None:
        self.ids[record.product_id or record.id] = None
        if row.parked:
            return
        self.counts["touched"] += 1
        self.counts["zeroed"] += any(_zeroed(name, row, record) for name in record.prints if name.startswith(Group.STOCK))
        self.counts["repriced"] += any(self._jumped(name, row, record) for name in record.prints if name.startswith(Group.PRICE))
        self.counts["hidden"] += _hidden(row, record)

    def miss(self, row: Row) -> None:
        """A linked row that the list did not show."""
        self.ids[row.id] = None
        self.counts["missing"] += 1

    def _jumped(self, name: str, row: Row, record: Record) -> bool:
        before, after = _price(row.prints.get(name, "")), _price(record.prints[name])
        return before is not None and after is not None and before > 0 and abs(after - before) / before > self.guard.price_jump

    def check(self, size: int, confirmed: Mapping[str, int] | None = None) -> None:
        """Raises GuardTripped with the counts. `size`: how many records the store has; `confirmed`: counts that the owner has agreed to."""
        limit = max(self.guard.at_least, int(self.guard.share * size))
        over = {kind: self.counts[kind] for kind in KINDS if self.counts[kind] > max(limit, (confirmed or {}).get(kind, 0))}
        if over:
            raise GuardTripped("too many records at once", store=self.store, **over)


def _zeroed(name: str, row: Row, record: Record) -> bool:
    before = row.prints.get(name, "0")
    return record.prints[name] == "0" and before not in ("0", prints.UNLIMITED) and not before.startswith("-")


def _hidden(row: Row, record: Record) -> bool:
    name = prints.key(Group.LISTING)
    before, after = (prints.visibility_of(side.prints.get(name, "")) for side in (row, record))
    return before is Visibility.VISIBLE and after not in (None, Visibility.VISIBLE)


def _price(text: str) -> Decimal | None:
    try:
        return Decimal(text.split("/")[0])
    except InvalidOperation:
        return None
