"""Variations that stand alone, as their making was cut off before they joined their group: a person can edit each of them like a product.

Grouped, they show the main product's texts and categories (C34). So before that all of them get what somebody gave to one of them last.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from ..domain import fields
from ..domain.exchange import ProductWrite
from ..domain.journal import Action
from ..domain.model import Group, Product, StoreName
from .leases import LEASE_SECONDS
from .notes import Notebook
from .pending import Making, Pending
from .ports import Lease, World

RULE = "edited since"


class Strays:
    def __init__(self, world: World, lease: Lease, notes: Notebook, pending: Pending) -> None:
        self.world, self.lease, self.notes, self.pending = world, lease, notes, pending
        self.store = world.store(StoreName.CSCART)

    def carry(self, store: StoreName, ids: Collection[str]) -> None:
        """Asks for something, and writes, only where the making of a group out of one of these was cut off. Raises StoreError."""
        begun = self.pending.making(store, ids)
        if begun:
            alone, mains = self._alone([sku for item in begun for sku in item.skus]), self._mains(begun)
            self._write([write for item in begun for write in _levelled(item, _parts(item, alone, mains))])

    def _alone(self, skus: Sequence[str]) -> dict[str, Product]:
        single = [item for item in self.store.find(skus) if len(item.variants) == 1]
        linked = self.world.links.claims(StoreName.CSCART, [item.variants[0].id for item in single]) if single else {}
        return {item.variants[0].sku.strip(): item for item in single if item.variants[0].id not in linked}

    def _mains(self, begun: Sequence[Making]) -> dict[str, Product]:
        ids = [item.main for item in begun if item.main]
        return {item.id: item for item in self.store.products(ids)} if ids else {}

    def _write(self, writes: Sequence[ProductWrite]) -> None:
        if not writes:
            return
        self.lease.check()
        self.lease.extend(LEASE_SECONDS)
        self.pending.witness(StoreName.CSCART, [item.current for item in writes])
        for write, outcome in zip(writes, self.store.write(writes), strict=True):
            if outcome.error is not None:
                raise outcome.error
            for group in map(Group, sorted(write.changes)):
                new, old = (fields.text(fields.of_product(item, group)) for item in (write.desired, write.current))
                self.notes.event(write.current, StoreName.CSCART, Action.WRITTEN, RULE, group, new, old)


def _parts(item: Making, alone: Mapping[str, Product], mains: Mapping[str, Product]) -> list[Product]:
    """The main product's first; none without it, or without another."""
    main = mains.get(item.main) if item.main else alone.get(item.skus[0])
    others = [alone[sku] for sku in item.skus if sku in alone and alone[sku] is not main]
    return [main, *others] if main and others else []


def _levelled(item: Making, parts: Sequence[Product]) -> Iterator[ProductWrite]:
    edited = [part for part in parts if item.is_edited(part)]
    if not edited:
        return
    last = max(edited, key=lambda part: part.edited_at.timestamp() if part.edited_at else 0.0)
    for part in parts:
        content = replace(last.content, slug=part.content.slug)
        listing = replace(part.listing, categories=last.listing.categories)
        differs = {Group.CONTENT.value: content != part.content, Group.LISTING.value: listing != part.listing}
        if changes := frozenset(group for group, other in differs.items() if other):
            yield ProductWrite(part, replace(part, content=content, listing=listing), changes)
