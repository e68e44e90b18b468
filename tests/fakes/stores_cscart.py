"""A CS-Cart shop in memory, as the Store port shows it: each variation a row with a stamp of its own, texts cleaned, money in cents."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from storesync.domain import prints
from storesync.domain.changes import position
from storesync.domain.exchange import ImageSource, Methods, Outcome, Page, ProductWrite, Status, StoreInfo
from storesync.domain.model import VARIANT_GROUPS, Category, Content, Group, Image, Product, Record, StoreName, Variant
from storesync.errors import NotKept, SyncError, UnsupportedValue

from tests.fakes.stores import MemoryStore, created, merged, outcome
from tests.fakes.stores_cscart_orders import CsCartOrders
from tests.sandbox.cscart import texts

MARGIN = timedelta(minutes=2)
CENT = Decimal("0.01")
LETTERS = {
    "O": "Open", "P": "Processed", "C": "Complete", "S": "Shipped", "F": "Failed", "D": "Declined", "B": "Backordered", "I": "Cancelled",
}  # fmt: skip


class MemoryCsCart(CsCartOrders, MemoryStore):
    name = StoreName.CSCART

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.rows: dict[int, int] = {}
        self.slugs: set[str] = set()
        self.known_categories = {"1": Category("1", "All", path="/All"), "2": Category("2", "Other", path="/Other")}

    def info(self) -> StoreInfo:
        statuses = tuple(Status(letter, name) for letter, name in LETTERS.items())
        now = self.now()
        return StoreInfo(now, currency=self.currency, statuses=statuses)

    def methods(self) -> Methods:
        return Methods({"1": "Courier", "2": "Post"}, {"1": "Cash", "2": "Card"})

    # -- reading

    def scan(self, after: str = "") -> Iterator[Page[Record]]:
        last, found = position(after), [0]
        while found:
            now = self.moment(self.time())
            found = self.calls.read("scan", lambda last=last: [key for key in sorted(self.rows) if key > last][: self.page])
            last = found[-1] if found else last
            yield Page(tuple(self.record(key) for key in found), str(last), len(self.rows), now)

    def changed(self, since: datetime) -> Iterator[Page[Record]]:
        """By offset, the oldest stamp first: a row that is saved meanwhile moves to the end and is seen again."""
        start = self.local(since - MARGIN)

        def fetch(at: int) -> list[int]:
            found = [key for key in self.rows if (self.stamps[key][1] or 0) >= start]
            return sorted(found, key=lambda key: (self.stamps[key][1], key))[at:]

        for here, now in self.page_of("changed", fetch):
            yield Page(tuple(self.record(key) for key in here if key in self.rows), "", len(self.rows), now)

    def record(self, row: int) -> Record:
        key = self.rows[row]
        product = self.shelf[key]
        found = self.record_of(row, product, lambda: _record(row, key, product))
        return replace(found, stamp=self.moment(self.stamps[row][1]))

    def products(self, ids: Collection[str]) -> list[Product]:
        def read() -> list[Product]:
            keys = dict.fromkeys(self.rows[int(item)] for item in ids if item.isdigit() and int(item) in self.rows)
            return [self.seen(key) for key in keys]

        return list(self.calls.read("products", read))

    def seen(self, key: int) -> Product:
        made, edited = self.stamps[key]
        rows = tuple(replace(item, edited_at=self.moment(self.stamps[int(item.id)][1])) for item in self.shelf[key].variants)
        return replace(self.shelf[key], variants=rows, created_at=self.moment(made), edited_at=self.moment(edited))

    def find(self, skus: Collection[str], created_since: datetime | None = None) -> list[Product]:
        wanted = {sku.strip() for sku in skus}
        return list(self.calls.read("find", lambda: [self.seen(key) for key in self.shelf if wanted & _skus(self.shelf[key])]))

    # -- writing

    def reindex(self, products: Sequence[Product]) -> None:
        """The shop's search reads the tables themselves."""

    def fit(self, product: Product) -> Product:
        """What is known beforehand; that texts are cleaned shows only afterwards."""
        if any(len(item.sku) > 64 for item in product.variants):
            raise UnsupportedValue("the SKU is longer than 64 characters", product=product.id)
        if any(min(item.price, item.compare_price) < 0 for item in product.variants):
            raise UnsupportedValue("the price is negative", product=product.id)
        content = product.content
        named = replace(
            content,
            name=texts.stored("product", texts.trimmed(content.name)),
            summary=texts.stored("short_description", content.summary),
            description=texts.stored("full_description", content.description),
            **{name: texts.stored(field, getattr(content, name)) for name, field in _META.items()},
        )
        return replace(product, content=named, variants=tuple(_variant(item) for item in product.variants))

    def kept(self, product: Product) -> Product:
        content = _content(product.content)
        known = tuple(item for item in product.listing.categories if item in self.known_categories)
        listing = replace(product.listing, categories=known or ("1",), type_id="")
        single = len(product.variants) == 1
        variants = tuple(replace(_variant(item), available=item.available or single) for item in product.variants)
        return replace(product, content=content, listing=listing, variants=variants, currency=self.currency)

    def create(self, products: Sequence[Product], marker: Mapping[str, str]) -> list[Outcome]:
        ids, errors = [""] * len(products), {}
        for at, product in enumerate(products):
            try:
                ids[at] = self._create(product)
            except SyncError as error:
                errors[at] = error
        return created({key: self.seen(key) for key in self.shelf}, ids, errors)

    def _create(self, product: Product) -> str:
        """The main variant as a simple product, then the others beside it: a group comes into being step by step."""
        first = product.with_variants(product.variants[:1])
        made = self.calls.write("create", lambda: self.add(first), product.variants[0].sku)
        if made and len(product.variants) > 1:
            self._extend(int(made), product, product.variants[1:])
        return made or ""

    def _extend(self, key: int, desired: Product, fresh: Sequence[Variant]) -> None:
        """A variation that an earlier, broken try has left behind is taken up, not made again."""
        members = []
        for item in fresh:
            left = next((at for at, other in self.shelf.items() if item.sku.strip() in _skus(other)), 0)
            alone = replace(self.shelf[key], content=desired.content).with_variants((item,))
            members.append(left or int(self.calls.write("extend", lambda alone=alone: self.add(alone), item.sku) or 0))
        self.calls.write("extend", lambda: self.join(key, members), "group")

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        errors: dict[str, SyncError] = {}
        for write in writes:
            self.guarded(errors, write.current.id, lambda write=write: self._write(write))
        result = []
        for write in writes:
            kept = self.seen(int(write.current.id)) if int(write.current.id) in self.shelf else None
            result.append(outcome(write, kept, errors.get(write.current.id)))
        return result

    def _write(self, write: ProductWrite) -> None:
        key = int(write.current.id)
        if key not in self.shelf:
            raise NotKept("the product cannot be seen any more", product=write.current.id)
        for row in [int(item.id) for item in self.shelf[key].variants]:
            own = {prints.key(group, str(row)) for group in VARIANT_GROUPS} | ({Group.CONTENT, Group.LISTING} if row == key else set())
            if part := frozenset(own & write.changes):
                self.calls.write("write", lambda part=part, row=row: self._put(row, replace(write, changes=part)), str(row))
        fresh = [item for item in write.desired.variants if not item.id]
        if fresh:
            self._extend(key, write.desired, fresh)

    def _put(self, row: int, write: ProductWrite) -> None:
        if row in self.rows:
            self.shelf[self.rows[row]] = self.kept(merged(self.shelf[self.rows[row]], write))
            self.touch(row)

    def put_images(self, product: Product, images: Sequence[ImageSource]) -> Product:
        here = {image.id: image.url for image in product.images}
        addresses = [here.get(image.id) or image.url for image in images]
        self.calls.write("put_images", lambda: self.set_images(product.id, addresses), product.id)
        kept = self.seen(int(product.id))
        fresh = sum(image.id not in here for image in kept.images)
        if len(kept.images) != len(addresses) or fresh < sum(not image.id for image in images):
            raise NotKept("the shop could not download all images", product=product.id)
        return kept

    # -- what the shop's own people do

    def touch(self, row: int) -> None:
        self.stamps[row] = (self.stamps[row][0], self.time())

    def add(self, product: Product) -> str:
        """A simple product, or a group whose first variant is the parent."""
        ids = [self.next_id() for _ in product.variants]
        variants = tuple(replace(item, id=str(at)) for item, at in zip(product.variants, ids, strict=True))
        slug = self._slug(product.content.slug or product.content.name, ids[0])
        named = replace(product, id=str(ids[0]), images=(), content=replace(product.content, slug=slug), variants=variants)
        self.shelf[ids[0]] = self.kept(named)
        for at in ids:
            self.rows[at] = ids[0]
            self.stamps[at] = (self.time(), self.time())
        if product.images:
            self.set_images(str(ids[0]), [image.url for image in product.images])
        return str(ids[0])

    def _slug(self, wanted: str, key: int) -> str:
        base = texts.slug(wanted) or f"product-{key}"
        free = next(name for name in [base, *(f"{base}-{number}" for number in range(2, 999))] if name not in self.slugs)
        self.slugs.add(free)
        return free

    def join(self, key: int, members: Sequence[int]) -> None:
        """Products become variations of one group; what they had in common is the parent's from now on (C34)."""
        for other in members:
            if other in self.shelf and other != key:
                self.rows.update(dict.fromkeys((int(item.id) for item in self.shelf[other].variants), key))
                together = (*self.shelf[key].variants, *self.shelf.pop(other).variants)
                rest = sorted(together[1:], key=lambda item: int(item.id))
                self.shelf[key] = self.shelf[key].with_variants((together[0], *rest))
        self.touch(key)

    def edit(self, product_id: str, **parts: Any) -> None:
        """Content, listing or variants as a whole; the stamp of the product's own row moves."""
        key = int(product_id)
        self.shelf[key] = self.kept(replace(self.shelf[key], **parts))
        self.touch(key)

    def edit_variant(self, variant_id: str, *, silent: bool = False, **fields: Any) -> None:
        """`silent`: by SQL, as an import does it, so that no stamp moves."""
        key, found = self.variant_at(variant_id)
        self.put_variant(key, _variant(replace(found, **fields)))
        if not silent:
            self.touch(int(variant_id))

    def add_variant(self, product_id: str, variant: Variant) -> str:
        alone = replace(self.shelf[int(product_id)], images=()).with_variants((variant,))
        made = self.add(alone)
        self.join(int(product_id), [int(made)])
        return made

    def remove(self, product_id: str) -> None:
        for item in self.shelf.pop(int(product_id)).variants:
            del self.rows[int(item.id)]

    def set_images(self, product_id: str, addresses: Sequence[str]) -> None:
        """Deletes first and downloads then (C9): what cannot be had is gone."""
        found = []
        for url in addresses:
            if url in self.pictures:
                at = self.next_id()
                found.append(Image(str(at), url, f"{at}:{url.rpartition('/')[2]}"))
        self.shelf[int(product_id)] = replace(self.shelf[int(product_id)], images=tuple(found))
        self.touch(int(product_id))


_META = {"meta_title": "page_title", "meta_keywords": "meta_keywords", "meta_description": "meta_description"}


def _content(found: Content) -> Content:
    return replace(
        found,
        name=texts.stored("product", texts.trimmed(found.name)) or found.name,
        summary=texts.stored("short_description", texts.purified(found.summary)),
        description=texts.stored("full_description", texts.purified(found.description)),
        **{name: texts.stored(field, getattr(found, name)) for name, field in _META.items()},
    )


def _variant(item: Variant) -> Variant:
    price, compare = (abs(value.quantize(CENT, ROUND_HALF_UP)) for value in (item.price, item.compare_price))
    return replace(item, sku=texts.stored("product_code", item.sku), price=price, compare_price=compare, stocks=())


def _record(row: int, key: int, product: Product) -> Record:
    variant = product.variant(str(row))
    assert variant is not None
    alone = product.with_variants((variant,))
    return Record(str(row), str(key), ((variant.id, variant.sku),), prints.of(alone, with_product=row == key))


def _skus(product: Product) -> set[str]:
    return {item.sku.strip() for item in product.variants}
