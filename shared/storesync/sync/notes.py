"""What a pass tells of products: counts, journal entries, and what it sets aside with a sentence that the merchant understands."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ..domain.changes import Cause
from ..domain.journal import Action, Entry
from ..domain.links import Parked, Row
from ..domain.model import Product, StoreName
from ..errors import SyncError
from . import records
from .matching import Match, linked_variants, merged_prints
from .ports import Lease, World
from .proposals import Refusal


class Notebook:
    def __init__(self, world: World, lease: Lease, cause: Cause, run: str) -> None:
        self.world, self.lease, self.cause, self.run = world, lease, cause, run
        self.counts: Counter[str] = Counter()

    def tell(self, entries: Sequence[Entry]) -> None:
        if entries:
            self.world.journal.write([replace(entry, cause=self.cause, run=self.run, at=self.world.clock.now()) for entry in entries])

    def event(self, product: Product, store: StoreName, action: Action, rule: str, group: str = "", new: str = "", old: str = "") -> None:
        self.tell([Entry("product", label(product), action, store, product.id, group, old=old, new=new, rule=rule)])

    # -- setting aside

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        quiet = [item for item in refusals if item.quiet]
        for item in refusals:
            if not item.quiet:
                self.park(item.store, item.product, item.error, item.match)
        rows: list[Row] = []
        for item in quiet:
            known = item.match.rows.get(item.store, ()) if item.match else ()
            rows += self._rows(item.store, item.product, type(item.error).__name__, known)
            if any(row.parked for row in known):
                self.unpark(item.store, item.product.id)
        if rows:
            self.world.links.save(rows, self.lease)

    def park(self, store: StoreName, product: Product, error: SyncError, match: Match | None = None) -> None:
        """Until the record changes, or the owner asks again."""
        known = match.rows.get(store, ()) if match else self._known(store, product)
        if rows := self._rows(store, product, type(error).__name__, known):
            self.world.links.save(rows, self.lease)
        self.tell_parked(store, product, error, known)

    def tell_parked(self, store: StoreName, product: Product, error: SyncError, known: Sequence[Row]) -> None:
        """Once for each reason, however often it is met."""
        reason = type(error).__name__
        self.note_parked(store, product.id, label(product), error)
        if not known or any(row.parked.partition("@")[0] != reason for row in known):
            self.event(product, store, Action.PARKED, reason)

    def park_id(self, store: StoreName, product_id: str, error: SyncError) -> None:
        for product in self.world.store(store).products([product_id]):
            self.park(store, product, error)

    def note_parked(self, store: StoreName, product_id: str, name: str, error: SyncError) -> None:
        at = self.world.clock.now()
        self.world.links.park(Parked("product", store, product_id, type(error).__name__, str(error), error.advice, name, at), self.lease)
        self.counts["parked"] += 1

    def unpark(self, store: StoreName, product_id: str) -> None:
        self.world.links.unpark("product", store, product_id, self.lease)

    def _rows(self, store: StoreName, product: Product, reason: str, known: Sequence[Row]) -> list[Row]:
        """Those that are to be stored anew."""
        counterpart = next((row.counterpart for row in known if row.counterpart), "")
        settings = records.settings_mark(self.world.connection)
        kept = merged_prints(known)
        made = records.rows(store, product, counterpart, linked_variants(known), known, kept, reason, settings)
        return [row for row in made if row not in known]

    def _known(self, store: StoreName, product: Product) -> tuple[Row, ...]:
        return tuple(self.world.links.rows(store, records.row_ids(store, product)).values())


def label(product: Product) -> str:
    return product.variants[0].sku.strip() or product.content.name
