"""Deletions: a record that its store no longer knows, by its own word. Shown, and done to the other side only what the owner chose."""

from collections.abc import Sequence
from dataclasses import replace

from ..domain import fields, prints
from ..domain.connection import DeletionRule
from ..domain.exchange import ProductWrite
from ..domain.journal import Action, Entry
from ..domain.links import Row
from ..domain.model import Group, Product, StoreName, Variant, Visibility
from ..domain.planning import Decision
from . import records
from .notes import Notebook
from .ports import Lease, World

RULE = "deleted in the other store"


class Removals:
    def __init__(self, world: World, lease: Lease, notes: Notebook) -> None:
        self.world, self.lease, self.notes = world, lease, notes

    def apply(self, store: StoreName, rows: Sequence[Row]) -> None:
        """Each deletion once: its row says that it has been dealt with."""
        fresh = [row for row in rows if not row.parked.startswith(records.DELETED)]
        if not fresh:
            return
        self.notes.tell([Entry("product", _sku(row), Action.DELETED, store, row.id) for row in fresh])
        self._follow(store, [row for row in fresh if row.counterpart])
        self.world.links.save([replace(row, parked=f"{records.DELETED}@") for row in fresh], self.lease)
        self.notes.counts["deleted"] += len(fresh)

    def _follow(self, store: StoreName, rows: Sequence[Row]) -> None:
        rule = self.world.connection.deletions
        if rule is DeletionRule.SHOW or not rows:
            return
        products = {item.id: item for item in self.world.store(store.other).products(sorted({row.counterpart for row in rows}))}
        writes, decisions = [], []
        for product in products.values():
            gone = {theirs for row in rows if row.counterpart == product.id for theirs, _ in row.variants.values() if theirs}
            made = [*_decisions(rule, store.other, product, gone)]
            desired = _desired(product, made)
            writes += [ProductWrite(product, desired, frozenset(item.key for item in made))] if made else []
            decisions += [(product.id, item) for item in made]
        if writes:
            self._write(store.other, writes, decisions)

    def _write(self, store: StoreName, writes: Sequence[ProductWrite], decisions: Sequence[tuple[str, Decision]]) -> None:
        self.lease.check()
        outcomes = self.world.store(store).write(writes)
        failed = {write.current.id for write, outcome in zip(writes, outcomes, strict=True) if outcome.error is not None}
        for outcome in outcomes:
            if outcome.error is not None and outcome.error.retriable:
                raise outcome.error
        at = self.world.clock.now()
        told = [
            records.entry(item, product_id, self.notes.cause, self.notes.run, at)
            for product_id, item in decisions
            if product_id not in failed
        ]
        self.notes.tell(told)
        self.notes.counts[f"written_{store}"] += len(writes) - len(failed)


def _sku(row: Row) -> str:
    return next((sku for _, sku in row.variants.values() if sku), row.id)


def _decisions(rule: DeletionRule, store: StoreName, product: Product, gone: set[str]) -> list[Decision]:
    """What the rule does to the counterpart: to all of it, or to the variants whose counterparts are gone."""
    left = [item for item in product.variants if item.id not in gone]
    lost = [item for item in product.variants if item.id in gone]
    if rule is DeletionRule.ZERO_STOCK:
        return [_variant(store, item, Group.STOCK, {"stock": 0}) for item in lost if item.stock != 0]
    if left:
        return [_variant(store, item, Group.IDENTITY, {"available": False}) for item in lost if item.available]
    old = fields.of_product(product, Group.LISTING)
    if product.listing.visibility is not Visibility.VISIBLE:
        return []
    hidden = {"visibility": Visibility.HIDDEN.value}
    sku = product.variants[0].sku.strip()
    return [Decision(store, prints.key(Group.LISTING), Group.LISTING, sku, {"visibility": old["visibility"]}, hidden, RULE)]


def _variant(store: StoreName, item: Variant, group: Group, new: dict[str, object]) -> Decision:
    old, new = fields.differing(fields.of_variant(item, group), new)
    return Decision(store, prints.key(group, item.id), group, item.sku.strip(), old, new, RULE)


def _desired(product: Product, decisions: Sequence[Decision]) -> Product:
    for item in decisions:
        variant_id = item.key.partition(":")[2]
        product = (
            fields.product_variant_with(product, variant_id, item.new) if variant_id else fields.product_with(product, item.group, item.new)
        )
    return product
