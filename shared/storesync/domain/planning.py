"""The three-way comparison of one linked product: what flows where, and why. Pure: values in, decisions out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from . import fields, prints, texts
from .connection import Connection, Policy
from .model import VARIANT_GROUPS, Group, Product, StoreName, Variant
from .stock import merged
from .translation import product as translate

Fit = Callable[[Product], Product]


@dataclass(frozen=True, slots=True)
class Side:
    """One store's half of a pair: the product as read now, and the prints of what it kept when last agreed."""

    product: Product
    prints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two linked products. `variants` maps a CS-Cart variant id to its Webasyst one.

    `whole` False: the two shops cut their products differently, so only variants are compared (texts, images and categories have no
    counterpart). `made_from`: the store whose product was being created in the other when the work was cut off: its values count.
    `agreed`: counts, by CS-Cart variant id, that a pass had settled on when it was cut off; `doubts`: pieces by SKU of which nobody can
    tell whether that pass has written them. `reserved`: pieces by Webasyst variant id
    that open orders still will take there.
    """

    cscart: Side
    webasyst: Side
    variants: Mapping[str, str]
    whole: bool = True
    made_from: StoreName | None = None
    agreed: Mapping[str, int] = field(default_factory=dict)
    doubts: Mapping[str, int] = field(default_factory=dict)
    reserved: Mapping[str, int] = field(default_factory=dict)

    def side(self, store: StoreName) -> Side:
        return self.cscart if store is StoreName.CSCART else self.webasyst


@dataclass(frozen=True, slots=True)
class Decision:
    """`target` gets the fields `new` instead of `old` in the group; `key` is the target's print key. `lost`: an edit there is overruled."""

    target: StoreName
    key: str
    group: Group
    subject: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    rule: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`desired` is each store's product as it shall be. `oversold`: SKU -> pieces that were sold and are not there."""

    decisions: tuple[Decision, ...] = ()
    desired: Mapping[StoreName, Product] = field(default_factory=dict)
    oversold: Mapping[str, int] = field(default_factory=dict)

    def changes(self, store: StoreName) -> frozenset[str]:
        return frozenset(decision.key for decision in self.decisions if decision.target is store)


@dataclass(frozen=True, slots=True)
class Moved:
    """Which sides moved since they last agreed. `first`: they never agreed on this group before."""

    cscart: bool
    webasyst: bool
    first: bool = False

    @property
    def both(self) -> bool:
        return self.cscart and self.webasyst

    @property
    def any(self) -> bool:
        return self.cscart or self.webasyst

    def has(self, store: StoreName) -> bool:
        return self.cscart if store is StoreName.CSCART else self.webasyst


def policy_of(connection: Connection, group: Group) -> Policy:
    """A store counts alone where it sees the other one's sales as orders of its own; else both stores' movements do. With orders mirrored
    both ways that is CS-Cart, also where nobody owns the stock: each of Webasyst's orders is taken off in both shops."""
    policy = connection.policy(group)
    if group is not Group.STOCK or policy is not Policy.TWO_WAY:
        return policy
    if connection.counted_there:
        return Policy.TO_CSCART
    return Policy.TO_WEBASYST if connection.orders_to_cscart else policy


def direction(connection: Connection, group: Group, moved: Moved, made_from: StoreName | None = None) -> tuple[StoreName | None, str]:
    """Which store is to be written, and the rule that says so."""
    policy = policy_of(connection, group)
    if policy is Policy.OFF or not moved.any:
        return None, "off" if policy is Policy.OFF else "unchanged"
    if policy is Policy.TO_WEBASYST:
        return StoreName.WEBASYST, "owner"
    if policy is Policy.TO_CSCART:
        return StoreName.CSCART, "owner"
    if made_from is not None and moved.first:
        return made_from.other, "created"
    if moved.both:
        preferred = (connection.stock_owner if group is Group.STOCK else None) or connection.preferred
        return preferred.other, "first link" if moved.first else "both changed"
    return (StoreName.WEBASYST if moved.cscart else StoreName.CSCART), "changed"


def _moved(pair: Pair, keys: Mapping[StoreName, str], values: Mapping[StoreName, str]) -> Moved:
    kept = {store: pair.side(store).prints.get(keys[store]) for store in StoreName}
    first = kept[StoreName.CSCART] is None or kept[StoreName.WEBASYST] is None
    changed = {store: first or kept[store] != values[store] for store in StoreName}
    return Moved(changed[StoreName.CSCART], changed[StoreName.WEBASYST], first)


def _product_value(product: Product, group: Group) -> tuple[object, ...]:
    return prints.content_value(product.content) if group is Group.CONTENT else prints.listing_value(product.listing)


class _Planner:
    def __init__(self, connection: Connection, pair: Pair, fits: Mapping[StoreName, Fit]) -> None:
        self.connection, self.pair = connection, pair
        self.products = {store: pair.side(store).product for store in StoreName}
        self.wanted = {store: fits[store](self._wanted(store)) for store in StoreName}
        self.desired = dict(self.products)
        self.decisions: list[Decision] = []
        self.oversold: dict[str, int] = {}
        self.single = any(len(product.variants) == 1 for product in self.products.values())

    def _wanted(self, store: StoreName) -> Product:
        """The other store's product, in the words of this one."""
        found = translate(self.connection, self.products[store.other], store, self.products[store])
        if store is StoreName.WEBASYST or not self.pair.reserved:
            return found
        return found.with_variants(tuple(self._less_reserved(item) for item in found.variants))

    def _less_reserved(self, item: Variant) -> Variant:
        return item if item.stock is None else replace(item, stock=max(item.stock - self.pair.reserved.get(item.id, 0), 0))

    def run(self) -> Plan:
        if self.pair.whole:
            for group in (Group.CONTENT, Group.LISTING):
                self._product_group(group)
        for cscart_id, webasyst_id in self.pair.variants.items():
            ids = {StoreName.CSCART: cscart_id, StoreName.WEBASYST: webasyst_id}
            found = {store: self.products[store].variant(ids[store]) for store in StoreName}
            here = {store: item for store, item in found.items() if item is not None}
            for group in VARIANT_GROUPS if len(here) == len(StoreName) else ():
                self._variant_group(group, ids, here)
        return Plan(tuple(self.decisions), self.desired, self.oversold)

    # -- texts, visibility, categories

    def _product_group(self, group: Group) -> None:
        values = {store: _product_value(self.products[store], group) for store in StoreName}
        keys = dict.fromkeys(StoreName, prints.key(group))
        moved = _moved(self.pair, keys, {store: prints.of(self.products[store])[keys[store]] for store in StoreName})
        target, rule = direction(self.connection, group, moved, self.pair.made_from)
        if target is None or _product_value(self.wanted[target], group) == values[target]:
            return
        if group is Group.CONTENT and (
            _product_value(self.wanted[target.other], group) == values[target.other] or self._alike(target, moved)
        ):
            return
        old, new = fields.of_product(self.products[target], group), fields.of_product(self.wanted[target], group)
        self.desired[target] = fields.product_with(self.desired[target], group, new)
        self._decide(Decision(target, keys[target], group, self._subject, *fields.differing(old, new), rule, moved.has(target)))

    def _alike(self, target: StoreName, moved: Moved) -> bool:
        """Both new: texts that differ only by what shops do to them have nothing to tell each other."""
        if not (moved.both or self.pair.made_from):
            return False
        ours, theirs = prints.content_value(self.wanted[target].content), prints.content_value(self.products[target].content)
        return all(texts.alike(one, other) for one, other in zip(ours, theirs, strict=True))

    @property
    def _subject(self) -> str:
        return self.products[StoreName.CSCART].variants[0].sku.strip()

    # -- price, stock, SKU

    def _variant_group(self, group: Group, ids: Mapping[StoreName, str], found: Mapping[StoreName, Variant]) -> None:
        keys = {store: prints.key(group, ids[store]) for store in StoreName}
        moved = _moved(self.pair, keys, {store: prints.of_variant(found[store])[keys[store]] for store in StoreName})
        if group is Group.STOCK and self._merge(ids, found, keys, moved):
            return
        if group is Group.STOCK and self.connection.counted_there:
            moved = replace(moved, webasyst=True)  # what is reserved moves no stamp and no print
        target, rule = direction(self.connection, group, moved, self.pair.made_from)
        wanted = {store: self.wanted[store].variant(ids[store.other]) for store in StoreName}
        if target is None or (chosen := wanted[target]) is None or self._same(group, target, found, wanted):
            return
        self._write(target, ids[target], group, found[target], self._fields(chosen, group), rule, moved.has(target))

    def _same(
        self, group: Group, target: StoreName, found: Mapping[StoreName, Variant], wanted: Mapping[StoreName, Variant | None]
    ) -> bool:
        """Equal in the words of either store; of stock only the target's, as pieces may be reserved."""
        stores = (target,) if group is Group.STOCK else tuple(StoreName)
        return any(self._value(item, group) == self._value(found[store], group) for store in stores if (item := wanted[store]))

    def _value(self, variant: Variant, group: Group) -> tuple[object, ...]:
        """A single variant's `available` has no twin in CS-Cart, where the product's status says it."""
        value = prints.variant_value(variant, group)
        return value[:1] if group is Group.IDENTITY and self.single else value

    def _fields(self, variant: Variant, group: Group) -> dict[str, Any]:
        found = fields.of_variant(variant, group)
        if group is Group.IDENTITY and self.single:
            del found["available"]
        return found

    def _merge(self, ids: Mapping[StoreName, str], found: Mapping[StoreName, Variant], keys: Mapping[StoreName, str], moved: Moved) -> bool:
        """Both sides sold or received since they agreed: both movements count. Unlimited is no number, so nothing is merged then."""
        agreed = self.pair.agreed.get(ids[StoreName.CSCART])
        if policy_of(self.connection, Group.STOCK) is not Policy.TWO_WAY or moved.first or not (moved.both or agreed is not None):
            return False
        kept = {store: self.pair.side(store).prints[keys[store]] for store in StoreName}
        total = merged({store: found[store].stock for store in StoreName}, kept, agreed)
        if total is None:
            return False
        rule = "both moved" if total >= 0 else "oversold"
        if total < 0:
            self.oversold[found[StoreName.CSCART].sku.strip()] = -total
        for store in StoreName:
            if found[store].stock != max(total, 0):
                self._write(store, ids[store], Group.STOCK, found[store], {"stock": max(total, 0)}, rule, total < 0)
        return True

    def _write(
        self, target: StoreName, variant_id: str, group: Group, current: Variant, new: Mapping[str, Any], rule: str, lost: bool
    ) -> None:
        self.desired[target] = fields.product_variant_with(self.desired[target], variant_id, new)
        old, new = fields.differing(fields.of_variant(current, group), new)
        self._decide(Decision(target, prints.key(group, variant_id), group, current.sku.strip(), old, new, rule, lost))

    def _decide(self, decision: Decision) -> None:
        self.decisions.append(decision)


def plan(connection: Connection, pair: Pair, fits: Mapping[StoreName, Fit]) -> Plan:
    """Everything that has to be written so that both sides agree by the connection's policies. Raises MissingRate."""
    return _Planner(connection, pair, fits).run()


def media_direction(connection: Connection, pair: Pair) -> tuple[StoreName | None, str]:
    """Where images have to go. Two shops' images cannot be compared by value: Webasyst shows resized copies only (contract 3.7),
    so on the first link equal numbers count as agreed, and an empty list never overwrites a filled one."""
    values = {store: prints.of_value(prints.media_value(pair.side(store).product)) for store in StoreName}
    moved = _moved(pair, dict.fromkeys(StoreName, prints.key(Group.MEDIA)), values)
    counts = {store: len(pair.side(store).product.images) for store in StoreName}
    target, rule = direction(connection, Group.MEDIA, moved, pair.made_from)
    as_many = counts[StoreName.CSCART] == counts[StoreName.WEBASYST]
    if target is None or not pair.whole or (moved.first and as_many and not (pair.made_from and counts[StoreName.CSCART])):
        return None, rule
    if moved.first and not counts[target.other]:
        return (target.other if connection.policy(Group.MEDIA) is Policy.TWO_WAY else None), "first link"
    return target, rule
