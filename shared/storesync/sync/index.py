"""The index of SKUs: where every SKU of a store is, so that a counterpart is found without a look-up by SKU, which Webasyst does not have."""

from collections.abc import Iterable, Iterator, Mapping

from ..domain.links import Parked, Row
from ..domain.model import Record, StoreName
from ..errors import DuplicateSku
from .budget import Budget
from .leases import LEASE_SECONDS
from .ports import Lease, World


def outdated(row: Row | None, record: Record) -> bool:
    """Whether a listed row carries SKUs that the row of the last pass did not."""
    return row is None or any(row.variants.get(variant_id, ("", ""))[1] != sku.strip() for variant_id, sku in record.variants)


DOUBTFUL = "doubtful"  # set once something was set aside by the first reading


class SkuIndex:
    """`indexed:<store>` says that every SKU is known, `top:<store>` from which id on new records are still to be looked at."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def ready(self) -> bool:
        return all(self.world.streams.cursor(f"indexed:{store}") for store in StoreName)

    def prepare(self, lease: Lease, budget: Budget) -> bool:
        """Both stores; False: not done yet, it goes on where it was."""
        return all(self.world.streams.cursor(f"indexed:{store}") or self.build(store, lease, budget) for store in StoreName)

    def build(self, store: StoreName, lease: Lease, budget: Budget) -> bool:
        """Reads the whole catalogue once, in as many messages as it takes; False: not done yet. What is doubtful is set aside, before any write."""
        name = f"index:{store}"
        position = self.world.streams.cursor(name)
        for page in self.world.store(store).scan(position):
            lease.check()
            lease.extend(LEASE_SECONDS)
            self.world.links.index(store, page.items)
            self._empty(store, page.items)
            position = page.position or position
            if page.items and budget.spent:
                self.world.streams.save_cursor(name, position, lease)
                return False
        self._duplicates(store)
        self.world.streams.save_cursor(f"top:{store}", position, lease)
        self.world.streams.save_cursor(f"indexed:{store}", self.world.clock.now().isoformat(), lease)
        return True

    def note(self, store: StoreName, rows: Mapping[str, Row], records: Iterable[Record]) -> None:
        """Rows that were listed: their SKUs, where these are new."""
        fresh = [record for record in records if outdated(rows.get(record.id), record)]
        if fresh:
            self.world.links.index(store, fresh)

    def catch_up(self, store: StoreName) -> None:
        """What came into being since the last look. One call, as a rule."""
        name = f"top:{store}"
        known = position = self.world.streams.cursor(name)
        for page in self.world.store(store).scan(position):
            self.world.links.index(store, page.items)
            position = page.position or position
        if position != known:
            self.world.streams.save_cursor(name, position)

    def _empty(self, store: StoreName, items: Iterable[Record]) -> None:
        for record in items:
            if any(not sku.strip() for _, sku in record.variants):
                self._park(store, record.product_id, "empty SKU", record.product_id)

    def _duplicates(self, store: StoreName) -> None:
        for product_id, sku in self._doubtful(store):
            self._park(store, product_id, "SKU is not unique", sku)

    def _doubtful(self, store: StoreName) -> Iterator[tuple[str, str]]:
        for _, entries in self.world.links.duplicate_skus(store):
            for sku, product_id, _ in entries:
                yield product_id, sku

    def _park(self, store: StoreName, product_id: str, problem: str, label: str) -> None:
        error = DuplicateSku(problem, sku=label)
        found = Parked("product", store, product_id, type(error).__name__, str(error), error.advice, label, self.world.clock.now())
        self.world.links.park(found)
        if not self.world.streams.cursor(DOUBTFUL):
            self.world.streams.save_cursor(DOUBTFUL, "1")
