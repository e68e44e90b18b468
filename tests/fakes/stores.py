"""What both stores in memory have in common: a clock of their own, pictures, products by id, and writes that are read back."""

import copy
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

from storesync.domain import prints
from storesync.domain.exchange import ImageSource, Outcome, ProductWrite
from storesync.domain.model import Category, Group, Image, Product, Record, StoreName, Variant
from storesync.domain.orders import Customer, Order
from storesync.errors import NotKept, SyncError, Unreachable

from tests.fakes.stores_faults import Calls, Crash, Faults, Hook, Trouble, ignore

__all__ = ["Crash", "MemoryStore", "Pictures", "Trouble", "merged", "outcome"]


class Pictures(dict[str, bytes]):
    """The web as far as images go: address -> bytes. It is the port `Images` as well."""

    def fetch(self, url: str) -> bytes:
        if url not in self:
            raise Unreachable("no such image")
        return self[url]


class MemoryStore:
    """`skew` seconds are added to the clock, `offset` to what the shop writes down (its zone). Stamps are whole seconds."""

    name: StoreName

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        pictures: Pictures | None = None,
        *,
        currency: str = "RUB",
        page: int = 250,
        sleep: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.clock, self.page, self.currency = clock, page, currency
        self.pictures = Pictures() if pictures is None else pictures
        self.calls = Calls(self.name.value, sleep=sleep)
        self.skew = self.offset = 0
        self.shelf: dict[int, Product] = {}
        self.stamps: dict[int, tuple[int, int | None]] = {}
        self.known_categories: dict[str, Category] = {}
        self.orders_kept: dict[int, Order] = {}
        self.order_stamps: dict[int, tuple[int, int | None]] = {}
        self.contacts: dict[int, Customer] = {}
        self.last_id = 0
        self._records: dict[int, tuple[Product, Record]] = {}

    def copied(self) -> Self:
        """As it stands, with nobody watching: what is done to one is not seen in the other. The pictures are shared."""
        twin = copy.copy(self)
        for name, value in vars(self).items():
            if isinstance(value, (dict, list, set)) and not isinstance(value, Pictures):
                setattr(twin, name, copy.copy(value))
        twin.calls = Calls(self.name.value, Faults([replace(item) for item in self.faults.armed]), sleep=self.calls.sleep)
        return twin

    @property
    def faults(self) -> Faults:
        return self.calls.faults

    @property
    def writes(self) -> int:
        """Writes through the port so far."""
        return self.calls.writes

    def watch(self, hook: Hook = ignore) -> None:
        """`hook` is called with "before <store> [write] <operation> ..." and "after ..."; it may act on the shop, or raise."""
        self.calls.hook = hook

    # -- the shop's own clock

    def time(self) -> int:
        return int(self.clock() + self.skew) + self.offset

    def moment(self, stamp: int | None) -> datetime | None:
        return None if stamp is None else datetime.fromtimestamp(stamp - self.offset, UTC)

    def local(self, moment: datetime) -> int:
        return int(moment.timestamp()) + self.offset

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.calls.read("now", self.time) - self.offset, UTC)

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    # -- what a store does with each product

    def kept(self, product: Product) -> Product:
        """The product as the shop's tables hold it."""
        raise NotImplementedError

    def page_of(self, operation: str, fetch: Callable[[int], Sequence[Any]]) -> Iterator[tuple[Sequence[Any], datetime | None]]:
        """Pages by offset, one at least, each fetched when it is asked for, from the shop as it is then; and its clock before that."""
        at, full = 0, True
        while full:
            now = self.moment(self.time())
            found = self.calls.read(operation, lambda at=at: fetch(at)[: self.page])
            yield found, now
            at += len(found)
            full = len(found) == self.page

    def variant_at(self, variant_id: str) -> tuple[int, Variant]:
        """Product id and variant; KeyError when there is none."""
        for key, product in self.shelf.items():
            if found := product.variant(variant_id):
                return key, found
        raise KeyError(variant_id)

    def record_of(self, key: int, product: Product, make: Callable[[], Record]) -> Record:
        known = self._records.get(key)
        if known is None or known[0] is not product:
            known = self._records[key] = (product, make())
        return known[1]

    def move_stock(self, variant_id: str, amount: int) -> None:
        """As an order does it: no stamp moves (C12, W27)."""
        try:
            key, found = self.variant_at(variant_id)
        except KeyError:
            return
        if found.stock is not None:
            self.put_variant(key, replace(found, stock=found.stock + amount))

    def put_variant(self, key: int, variant: Variant) -> None:
        product = self.shelf[key]
        self.shelf[key] = product.with_variants(tuple(variant if item.id == variant.id else item for item in product.variants))

    def categories(self) -> list[Category]:
        return list(self.calls.read("categories", lambda: list(self.known_categories.values())))

    # -- pieces of the writes

    def stored_images(self, product: Product, images: Iterable[ImageSource]) -> tuple[Image, ...]:
        raise NotImplementedError

    def guarded(self, errors: dict[str, SyncError], key: str, work: Callable[[], Any]) -> Any:
        """One record's failure is noted and the others go on; the first is what counts."""
        if key in errors:
            return None
        try:
            return work()
        except SyncError as error:
            errors[key] = error
            return None


def merged(kept: Product, write: ProductWrite) -> Product:
    """What is there now, with the groups that the write names."""
    wanted = write.desired
    if Group.CONTENT in write.changes:
        kept = replace(kept, content=replace(wanted.content, slug=kept.content.slug))
    if Group.LISTING in write.changes:
        categories = wanted.listing.categories or kept.listing.categories
        kept = replace(kept, listing=replace(wanted.listing, categories=categories, type_id=kept.listing.type_id))
    return kept.with_variants(tuple(_variant(item, wanted.variant(item.id), write.changes) for item in kept.variants))


_FIELDS = {Group.PRICE: ("price", "compare_price"), Group.STOCK: ("stock",), Group.IDENTITY: ("sku", "available")}


def _variant(kept: Variant, wanted: Variant | None, changes: frozenset[str]) -> Variant:
    if wanted is None:
        return kept
    names = [name for group, fields in _FIELDS.items() if prints.key(group, kept.id) in changes for name in fields]
    return replace(kept, **{name: getattr(wanted, name) for name in names}) if names else kept


def outcome(write: ProductWrite, kept: Product | None, error: SyncError | None) -> Outcome:
    """Of price and SKU the value that was asked for must be there. A stock counts as kept when it moved at all, as it may be sold at once,
    and a text when its product's stamp moved, as the shop may clean it into what it was before."""
    if error is not None or kept is None:
        return Outcome(kept, error or NotKept("the product is gone", product=write.current.id))
    wanted, now, before = prints.of(write.desired), prints.of(kept), prints.of(write.current)
    lost = [name for name in write.changes if _strict(name) and wanted.get(name) != now.get(name)]
    loose = () if _touched(write, kept) else (Group.CONTENT, Group.LISTING)
    lost += [
        name for name in write.changes if name.startswith((Group.STOCK, *loose)) and now.get(name) == before.get(name) != wanted.get(name)
    ]
    missing = [item.sku for item in write.desired.variants if not item.id and item.sku.strip() not in _skus(kept)]
    if lost or missing:
        return Outcome(kept, NotKept("the shop answered ok and kept something else", product=kept.id, fields=",".join(sorted(lost))))
    return Outcome(kept)


def _strict(name: str) -> bool:
    return name.startswith((Group.PRICE, Group.IDENTITY))


def _touched(write: ProductWrite, kept: Product) -> bool:
    return kept.edited_at != write.current.edited_at


def _skus(product: Product) -> set[str]:
    return {item.sku.strip() for item in product.variants}


def created(found: Mapping[int, Product], ids: Sequence[str], errors: Mapping[int, SyncError]) -> list[Outcome]:
    """Outcomes in the order of what was asked for; an answer that was lost stays so, although the product may be there."""
    return [
        Outcome(None, errors[at])
        if at in errors
        else Outcome(found[int(key)])
        if key and int(key) in found
        else Outcome(None, NotKept("created, yet not found"))
        for at, key in enumerate(ids)
    ]
