"""The three-way comparison of one linked product: what flows where, and why. Pure: values in, decisions out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from . import prints
from .connection import Connection, Policy
from .model import VARIANT_GROUPS, Group, Product, StoreName, Variant
from .translation import product as translate

Fit = Callable[[Product], Product]


@dataclass(frozen=True, slots=True)
class Side:
    """One store's half of a pair: the product as read now, and the prints of what it kept when last agreed."""

    product: Product
    prints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two linked products. `variants` maps a CS-Cart variant id to its Webasyst one. `whole` False: the two shops cut their
    products differently, so only variants are compared (texts, images and categories have no counterpart)."""

    cscart: Side
    webasyst: Side
    variants: Mapping[str, str]
    whole: bool = True

    def side(self, store: StoreName) -> Side:
        return self.cscart if store is StoreName.CSCART else self.webasyst


@dataclass(frozen=True, slots=True)
class Decision:
    """`target` gets `new` instead of `old` in the group; `key` is the target's print key. `loser`: what was overruled, if anything."""

    target: StoreName
    key: str
    group: Group
    subject: str
    old: str
    new: str
    rule: str
    loser: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`desired` is each store's product as it shall be. `conflicts` are decisions that overruled a change."""

    decisions: tuple[Decision, ...] = ()
    desired: Mapping[StoreName, Product] = field(default_factory=dict)

    def changes(self, store: StoreName) -> frozenset[str]:
        return frozenset(decision.key for decision in self.decisions if decision.target is store)


@dataclass(frozen=True, slots=True)
class _Change:
    """Which sides moved since they last agreed. `first`: they never agreed on this group before."""

    cscart: bool
    webasyst: bool
    first: bool

    @property
    def both(self) -> bool:
        return self.cscart and self.webasyst

    @property
    def any(self) -> bool:
        return self.cscart or self.webasyst


def direction(connection: Connection, group: Group, moved: _Change) -> tuple[StoreName | None, str]:
    """Which store is to be written, and the rule that says so."""
    policy = connection.policy(group)
    if policy is Policy.OFF or not moved.any:
        return None, "off" if policy is Policy.OFF else "unchanged"
    if policy is Policy.TO_WEBASYST:
        return StoreName.WEBASYST, "owner"
    if policy is Policy.TO_CSCART:
        return StoreName.CSCART, "owner"
    if moved.both:
        return connection.preferred.other, "first link" if moved.first else "both changed"
    return (StoreName.WEBASYST if moved.cscart else StoreName.CSCART), "changed"


def _moved(pair: Pair, keys: Mapping[StoreName, str], values: Mapping[StoreName, str]) -> _Change:
    kept = {store: pair.side(store).prints.get(keys[store]) for store in StoreName}
    changed = {store: kept[store] != values[store] for store in StoreName}
    first = kept[StoreName.CSCART] is None or kept[StoreName.WEBASYST] is None
    return _Change(first or changed[StoreName.CSCART], first or changed[StoreName.WEBASYST], first)


def _product_value(product: Product, group: Group) -> tuple[object, ...]:
    if group is Group.CONTENT:
        return prints.content_value(product.content)
    return prints.listing_value(product.listing)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " | ".join(_text(item) for item in value)
    return "unlimited" if value is None else str(value)


class _Planner:
    def __init__(self, connection: Connection, pair: Pair, fits: Mapping[StoreName, Fit]) -> None:
        self.connection, self.pair = connection, pair
        self.products = {store: pair.side(store).product for store in StoreName}
        self.wanted = {store: self._wanted(store, fits[store]) for store in StoreName}
        self.desired = dict(self.products)
        self.decisions: list[Decision] = []

    def _wanted(self, store: StoreName, fit: Fit) -> Product:
        """The other store's product, as this store would keep it."""
        return fit(translate(self.connection, self.products[store.other], store, self.products[store]))

    def run(self) -> Plan:
        if self.pair.whole:
            for group in (Group.CONTENT, Group.LISTING):
                self._product_group(group)
        for cscart_id, webasyst_id in self.pair.variants.items():
            self._variant(cscart_id, webasyst_id)
        return Plan(tuple(self.decisions), self.desired)

    def _product_group(self, group: Group) -> None:
        values = {store: _product_value(self.products[store], group) for store in StoreName}
        hashed = {store: prints.of(self.products[store])[prints.key(group)] for store in StoreName}
        keys = dict.fromkeys(StoreName, prints.key(group))
        target, rule = direction(self.connection, group, _moved(self.pair, keys, hashed))
        if target is None or any(_product_value(self.wanted[store], group) == values[store] for store in StoreName):
            return
        new = _product_value(self.wanted[target], group)
        part = group.value
        self.desired[target] = _with_part(self.desired[target], part, getattr(self.wanted[target], part))
        subject = self.products[StoreName.CSCART].variants[0].sku
        self._decide(target, keys[target], group, subject, values[target], new, rule)

    def _variant(self, cscart_id: str, webasyst_id: str) -> None:
        ids = {StoreName.CSCART: cscart_id, StoreName.WEBASYST: webasyst_id}
        found = {store: self.products[store].variant(ids[store]) for store in StoreName}
        if all(found.values()):
            for group in VARIANT_GROUPS:
                self._variant_group(group, ids, {store: item for store, item in found.items() if item})

    def _variant_group(self, group: Group, ids: Mapping[StoreName, str], found: Mapping[StoreName, Variant]) -> None:
        keys = {store: prints.key(group, ids[store]) for store in StoreName}
        values = {store: self._value(found[store], group) for store in StoreName}
        hashed = {store: prints.of_variant(found[store])[keys[store]] for store in StoreName}
        moved = _moved(self.pair, keys, hashed)
        wanted = {store: self._wanted_variant(store, ids) for store in StoreName}
        if any(wanted[store] is None for store in StoreName):
            return
        if group is Group.STOCK and moved.both and not moved.first and self._merge_stock(keys, found):
            return
        target, rule = direction(self.connection, group, moved)
        if target is None or any(self._value(wanted[store], group) == values[store] for store in StoreName):
            return
        self._replace(target, ids[target], group, wanted[target])
        self._decide(target, keys[target], group, found[StoreName.CSCART].sku, values[target], self._value(wanted[target], group), rule)

    def _value(self, variant: Variant | None, group: Group) -> tuple[object, ...]:
        """A single variant's `available` has no twin in CS-Cart, where the product's status says it."""
        assert variant is not None
        value = prints.variant_value(variant, group)
        single = any(len(product.variants) == 1 for product in self.products.values())
        return value[:1] if group is Group.IDENTITY and single else value

    def _wanted_variant(self, store: StoreName, ids: Mapping[StoreName, str]) -> Variant | None:
        return self.wanted[store].variant(ids[store.other])

    def _merge_stock(self, keys: Mapping[StoreName, str], found: Mapping[StoreName, Variant]) -> bool:
        """Both sides sold or received since they agreed: both movements count. Unlimited is no number, so nothing is merged then."""
        if self.connection.policy(Group.STOCK) is not Policy.TWO_WAY:
            return False
        bases = [prints.stock_number(self.pair.side(store).prints[keys[store]]) for store in StoreName]
        counts = [found[store].stock for store in StoreName]
        if None in bases or None in counts or bases[0] != bases[1]:
            return False
        merged = sum(count for count in counts if count is not None) - (bases[0] or 0)
        rule = "both moved" if merged >= 0 else "oversold"
        for store in StoreName:
            if found[store].stock != max(merged, 0):
                self._set_stock(store, found[store], max(merged, 0), keys[store], rule)
        return True

    def _set_stock(self, store: StoreName, variant: Variant, stock: int, key: str, rule: str) -> None:
        self._replace(store, variant.id, Group.STOCK, Variant(variant.id, variant.sku, variant.price, stock=stock))
        self._decide(store, key, Group.STOCK, variant.sku, (variant.stock,), (stock,), rule)

    def _replace(self, target: StoreName, variant_id: str, group: Group, wanted: Variant | None) -> None:
        assert wanted is not None
        single = len(self.products[target].variants) == 1 or len(self.products[target.other].variants) == 1
        fields = {
            Group.PRICE: ("price", "compare_price"),
            Group.STOCK: ("stock",),
            Group.IDENTITY: ("sku",) if single else ("sku", "available"),
        }[group]
        variants = tuple(_with_fields(item, wanted, fields) if item.id == variant_id else item for item in self.desired[target].variants)
        self.desired[target] = self.desired[target].with_variants(variants)

    def _decide(
        self, target: StoreName, key: str, group: Group, subject: str, old: tuple[object, ...], new: tuple[object, ...], rule: str
    ) -> None:
        overruled = _text(old) if rule in ("both changed", "first link", "oversold") else ""
        self.decisions.append(Decision(target, key, group, subject, _text(old), _text(new), rule, overruled))


def _with_part(product: Product, part: str, value: object) -> Product:
    return replace(product, **{part: value})  # type: ignore[arg-type]


def _with_fields(item: Variant, wanted: Variant, fields: tuple[str, ...]) -> Variant:
    return replace(item, **{name: getattr(wanted, name) for name in fields})


def plan(connection: Connection, pair: Pair, fits: Mapping[StoreName, Fit]) -> Plan:
    """Everything that has to be written so that both sides agree by the connection's policies."""
    return _Planner(connection, pair, fits).run()


def media_direction(connection: Connection, pair: Pair) -> tuple[StoreName | None, str]:
    """Where images have to go. Two shops' images cannot be compared by value: Webasyst shows resized copies only (contract 3.7),
    so on the first link equal numbers count as agreed, and an empty list never overwrites a filled one."""
    values = {store: prints.of_value(prints.media_value(pair.side(store).product)) for store in StoreName}
    moved = _moved(pair, dict.fromkeys(StoreName, prints.key(Group.MEDIA)), values)
    counts = {store: len(pair.side(store).product.images) for store in StoreName}
    target, rule = direction(connection, Group.MEDIA, moved)
    if target is None or not pair.whole or (moved.first and counts[StoreName.CSCART] == counts[StoreName.WEBASYST]):
        return None, rule
    if moved.first and not counts[target.other]:
        return (target.other if connection.policy(Group.MEDIA) is Policy.TWO_WAY else None), "first link"
    return target, rule
