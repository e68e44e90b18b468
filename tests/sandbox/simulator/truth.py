"""What must be true in the end: every edit that people made, by what was edited, and every order that was placed."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from storesync.domain import prints
from storesync.domain.model import Group, Product, StoreName, Variant

from tests.fakes.stores_cscart import MemoryCsCart
from tests.fakes.stores_webasyst import MemoryWebasyst

CENT = Decimal("0.01")
Key = tuple[Group, int]


@dataclass(frozen=True, slots=True)
class Edit:
    """`value` in the words of both shops, `own` as the shop kept it. `busy`: while a worker was at work, so that it may have been read before."""

    store: StoreName
    value: Hashable
    busy: bool = False
    own: Hashable = None


@dataclass
class Item:
    """One SKU of the schedule, whatever it is called by now. `born`: the stores that had it first. `told`: pieces that were said to be lost."""

    number: int
    skus: set[str]
    good: int
    stock: int = 0
    born: tuple[StoreName, ...] = ()
    told: int = 0


@dataclass
class Sale:
    """An order that a shopper placed. `lines`: item number -> quantity."""

    store: StoreName
    order_id: str
    email: str = ""
    is_parent: bool = False
    furthest: int = 0


@dataclass
class Truth:
    """`strangers`: products (store, id) with a SKU that another has already, which are nobody's counterpart. `deleted`: goods, and where."""

    preferred: StoreName
    items: dict[int, Item] = field(default_factory=dict)
    goods: dict[int, list[int]] = field(default_factory=dict)
    edits: dict[Key, list[Edit]] = field(default_factory=lambda: defaultdict(list))
    base: dict[Key, Hashable] = field(default_factory=dict)
    sales: list[Sale] = field(default_factory=list)
    strangers: set[tuple[StoreName, str]] = field(default_factory=set)
    deleted: dict[int, StoreName] = field(default_factory=dict)

    def item_of(self, sku: str) -> Item | None:
        wanted = sku.strip()
        return next((item for item in self.items.values() if wanted in item.skus), None)

    def note(self, group: Group, number: int, edit: Edit) -> None:
        self.edits[group, number].append(edit)

    def admissible(self, key: Key, owner: StoreName | None) -> set[Hashable]:
        """Values that the rules allow for this since both shops last agreed. `owner`: the store whose value always wins.

        The last edit wins; after edits on both sides the preferred store's last one, as nobody outside can tell whether the other had
        been carried over before. An edit made under a worker's hands, against one of the other side, may lose; so may one that only
        takes back an earlier one, as who looks afterwards sees a side that never moved.
        """
        edits = self.edits.get(key, [])
        last = {edit.store: edit for edit in edits}
        if owner is not None:
            return {last[owner].value} if owner in last else {self.base[key]} if key in self.base else {edit.value for edit in edits}
        if not edits:
            return {self.base[key]}
        final = edits[-1]
        taken_back = final.value == self.base.get(key) or final.value in [edit.value for edit in edits[:-1]]
        if len(last) == 1 or (final.store is self.preferred and not (final.busy or taken_back)):
            return {final.value}
        return {edit.value for edit in last.values()}

    def untouched(self, key: Key) -> Edit | None:
        """The last edit, when the other side had none: on its own side nobody has any business with the value."""
        edits = self.edits.get(key, [])
        return edits[-1] if edits and len({edit.store for edit in edits}) == 1 else None

    def settled(self, values: dict[Key, Hashable]) -> None:
        self.edits.clear()
        self.base = values


def own_content(product: Product) -> Hashable:
    return prints.content_value(product.content)


def own_price(variant: Variant) -> Hashable:
    return (prints.number(variant.price), prints.number(variant.compare_price))


class Words:
    """Values in the words of both shops: what is left when each of them has kept it."""

    def __init__(self, cscart: MemoryCsCart, webasyst: MemoryWebasyst) -> None:
        self.cscart, self.webasyst = cscart, webasyst

    def content(self, product: Product) -> Hashable:
        for _ in range(2):
            product = self.webasyst.kept(self.cscart.kept(product))
        return prints.content_value(product.content)

    @staticmethod
    def price(variant: Variant) -> Hashable:
        return tuple(str(abs(value.quantize(CENT, ROUND_HALF_UP))) for value in (variant.price, variant.compare_price))

    @staticmethod
    def identity(variant: Variant) -> Hashable:
        return (variant.sku.strip(), variant.available)

    @staticmethod
    def listing(product: Product) -> tuple[str, tuple[str, ...]]:
        return (product.listing.visibility.value, product.listing.categories)

    def media(self, product: Product) -> Hashable:
        pictures = self.cscart.pictures
        return tuple(pictures.get(image.url, b"?").removesuffix(b"~") for image in product.images)
