"""Variations that stand alone, as their making was cut off before they joined their group: a person can edit each of them like a product.

Grouped, they show the main product's texts (C34). So before that all of them get the texts that somebody gave to one of them last.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ..domain import fields
from ..domain.exchange import ProductWrite
from ..domain.journal import Action
from ..domain.model import Group, Product, StoreName
from .leases import LEASE_SECONDS
from .notes import Notebook
from .pending import Pending
from .ports import Lease, World

RULE = "edited since"


class Strays:
    def __init__(self, world: World, lease: Lease, notes: Notebook, pending: Pending) -> None:
        self.world, self.lease, self.notes, self.pending = world, lease, notes, pending

    def carry(self, store: StoreName, ids: Collection[str]) -> None:
        """Asks for something, and writes, only where the making of a group out of one of these was cut off. Raises StoreError."""
        if store is StoreName.CSCART:
            return  # Webasyst makes a product with all its variants at once
        begun = {item: skus for item in ids if len(skus := self.pending.making(store, item)) > 1}
        wanted = [sku for skus in begun.values() for sku in skus]
        found = self._alone(self.world.store(store.other).find(wanted)) if wanted else []
        for product_id, skus in begun.items():
            parts = sorted((item for item in found if item.variants[0].sku.strip() in skus), key=lambda item: item.id)
            if parts and skus[0] in {item.variants[0].sku.strip() for item in parts}:
                self._level(store, product_id, parts)

    def _alone(self, products: Sequence[Product]) -> list[Product]:
        single = [item for item in products if len(item.variants) == 1]
        linked = self.world.links.claims(StoreName.CSCART, [item.variants[0].id for item in single]) if single else {}
        return [item for item in single if item.variants[0].id not in linked]

    def _level(self, store: StoreName, product_id: str, parts: Sequence[Product]) -> None:
        edited = [item for item in parts if self.pending.is_edited(store, product_id, item)]
        if not edited:
            return
        last = max(edited, key=lambda item: item.edited_at.timestamp() if item.edited_at else 0.0)
        due = [(item, replace(item, content=replace(last.content, slug=item.content.slug))) for item in parts]
        due = [(item, desired) for item, desired in due if item.content != desired.content]
        if not due:
            return
        self.lease.check()
        self.lease.extend(LEASE_SECONDS)
        changes = frozenset({Group.CONTENT.value})
        outcomes = self.world.store(StoreName.CSCART).write([ProductWrite(item, desired, changes) for item, desired in due])
        for (item, desired), outcome in zip(due, outcomes, strict=True):
            if outcome.error is not None:
                raise outcome.error
            old, new = (fields.text(fields.of_product(one, Group.CONTENT)) for one in (item, desired))
            self.notes.event(item, StoreName.CSCART, Action.WRITTEN, RULE, Group.CONTENT, new, old)
