"""A Shop-Script in memory, as the Store port shows it: four decimals, no edit stamp on new rows, none for SKUs, stock and pictures."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from storesync.domain import prints
from storesync.domain.changes import position
from storesync.domain.exchange import ImageSource, Methods, Outcome, Page, ProductWrite, Status, StoreInfo
from storesync.domain.model import Category, Image, Product, Record, StoreName, Variant
from storesync.errors import NotKept, SyncError, UnsupportedValue

from tests.fakes.stores import MemoryStore, created, merged, outcome
from tests.fakes.stores_webasyst_orders import WebasystOrders
from tests.sandbox.webasyst import states

CREATED_MARGIN = timedelta(seconds=120)
FINE = Decimal("0.0001")
LONGEST = 255
RESIZED = b"~"


class MemoryWebasyst(WebasystOrders, MemoryStore):
    name = StoreName.WEBASYST

    def __init__(self, *args: Any, stock_counting: str = "processing", **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.stock_counting = stock_counting
        self.words: dict[int, frozenset[str]] = {}
        self.known_categories = {"1": Category("1", "All", path="/All"), "2": Category("2", "Other", path="/Other")}

    def info(self) -> StoreInfo:
        found = tuple(Status(state, state, actions=tuple(states.offered(state))) for state in states.STATES)
        currencies = {self.currency: Decimal(1)}
        return StoreInfo(
            self.now(),
            currency=self.currency,
            currencies=currencies,
            statuses=found,
            types={"1": "Goods"},
            stock_counting=self.stock_counting,
        )

    def methods(self) -> Methods:
        return Methods({"9": "Courier"}, {"4": "Cash", "5": "Invoice"})

    # -- reading

    @property
    def zone(self) -> str:
        return f"Etc/GMT-{self.offset // 3600}"

    def _keyset(self, operation: str, fits: Callable[[int], bool], last: int = 0) -> Iterator[tuple[list[int], datetime | None]]:
        def fetch(last: int) -> list[int]:
            return [key for key in sorted(self.shelf) if key > last and fits(key)][: self.page]

        full = True
        while full:
            now = self.moment(self.time())
            found = self.calls.read(operation, lambda last=last: fetch(last))
            full = len(found) == self.page
            last = found[-1] if found else last
            yield found, now

    def scan(self, after: str = "") -> Iterator[Page[Record]]:
        last = after
        for found, now in self._keyset("scan", lambda key: True, position(after)):
            last = str(found[-1]) if found else last
            yield Page(tuple(self.record(key) for key in found), last, len(self.shelf), now, self.zone)

    def changed(self, since: datetime) -> Iterator[Page[Record]]:
        """Two queries, by edit time and by creation: a new product has no edit time (W26)."""
        start, seen = self.local(since), set[int]()
        for column in (1, 0):
            for found, now in self._keyset("changed", lambda key, column=column: (self.stamps[key][column] or 0) >= start):
                fresh = [key for key in found if key not in seen and key in self.shelf]
                seen.update(fresh)
                yield Page(tuple(self.record(key) for key in fresh), "", len(self.shelf), now, self.zone)

    def record(self, key: int) -> Record:
        product = self.shelf[key]
        found = self.record_of(key, product, lambda: _record(product))
        made, edited = self.stamps[key]
        return replace(found, stamp=self.moment(edited if edited is not None else made))

    def products(self, ids: Collection[str]) -> list[Product]:
        wanted = dict.fromkeys(int(item) for item in ids if item.isdigit())
        return list(self.calls.read("products", lambda: [self.seen(key) for key in sorted(wanted) if key in self.shelf]))

    def seen(self, key: int) -> Product:
        made, edited = self.stamps[key]
        return replace(self.shelf[key], created_at=self.moment(made), edited_at=self.moment(edited))

    def find(self, skus: Collection[str], created_since: datetime | None = None) -> list[Product]:
        """By creation time, or by a word search that knows SKUs as they were when the product was last indexed (P3)."""
        wanted = {sku.strip() for sku in skus}
        start = None if created_since is None else self.local(created_since - CREATED_MARGIN)

        def look() -> list[Product]:
            keys = [key for key in self.shelf if (wanted & self.words[key] if start is None else self.stamps[key][0] >= start)]
            return [self.seen(key) for key in keys if wanted & _skus(self.shelf[key])]

        return list(self.calls.read("find", look))

    # -- writing

    def reindex(self, products: Sequence[Product]) -> None:
        """What a bulk write did is not known to the search until each product is saved by itself."""
        for product in products:
            self.calls.write("reindex", lambda product=product: self._index(int(product.id)), product.id)

    def fit(self, product: Product) -> Product:
        if any(len(item.sku) > LONGEST for item in product.variants):
            raise UnsupportedValue("the SKU is longer than 255 characters", product=product.id)
        trimmed = self.kept(product)
        return trimmed.with_variants(tuple(replace(item, sku=item.sku.strip()) for item in trimmed.variants))

    def kept(self, product: Product) -> Product:
        content = product.content
        cut = {name: getattr(content, name)[:LONGEST] for name in ("name", "meta_title", "slug")}
        return replace(product, content=replace(content, **cut), variants=tuple(_variant(item) for item in product.variants))

    def create(self, products: Sequence[Product], marker: Mapping[str, str]) -> list[Outcome]:
        ids, errors = [""] * len(products), {}
        for at, product in enumerate(products):
            try:
                ids[at] = self.calls.write("create", lambda product=product: self.add(product), product.variants[0].sku) or ""
            except SyncError as error:
                errors[at] = error
        return created({key: self.seen(key) for key in self.shelf}, ids, errors)

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        """SKUs and texts of all in one call, which skips in silence what it cannot write (W22); categories and new SKUs one by one."""
        errors: dict[str, SyncError] = {}
        mass = [write for write in writes if write.changes]
        if mass:
            self._mass(mass, errors)
        for write in writes:
            for item in write.desired.variants:
                if not item.id:
                    self.guarded(errors, write.current.id, lambda write=write, item=item: self._add_sku(write.current.id, item))
        result = []
        for write in writes:
            kept = self.seen(int(write.current.id)) if int(write.current.id) in self.shelf else None
            result.append(outcome(write, kept, errors.get(write.current.id)))
        return result

    def _mass(self, writes: Sequence[ProductWrite], errors: dict[str, SyncError]) -> None:
        try:
            self.calls.write("write", lambda: [self._put(write) for write in writes], ",".join(write.current.id for write in writes))
        except SyncError as error:
            errors |= {write.current.id: error for write in writes}

    def _put(self, write: ProductWrite) -> None:
        key = int(write.current.id)
        if key in self.shelf:
            self.shelf[key] = self.kept(merged(self.shelf[key], write))
            self.touch(key)

    def _add_sku(self, product_id: str, item: Variant) -> None:
        if int(product_id) in self.shelf:
            self.calls.write("extend", lambda: self.add_variant(product_id, item), item.sku)

    def put_images(self, product: Product, images: Sequence[ImageSource]) -> Product:
        """Uploads, deletions and the order, each a call of its own (W41)."""
        key = int(product.id)
        wanted = [image.id or self._uploaded(key, image) for image in images]
        for image in product.images:
            if image.id not in wanted:
                self.calls.write("put_images", lambda image=image: self._drop_image(key, image.id), "delete")
        if len(wanted) > 1:
            self.calls.write("put_images", lambda: self._sort_images(key, wanted), "sort")
        kept = self.seen(key)
        if sorted(image.id for image in kept.images) != sorted(wanted):
            raise NotKept("images were not kept", product=product.id)
        return kept

    def _uploaded(self, key: int, image: ImageSource) -> str:
        return self.calls.write("put_images", lambda: self._upload(key, image), "upload") or ""

    def _upload(self, key: int, image: ImageSource) -> str:
        """Only a resized copy can be had back (3.7)."""
        found = str(self.next_id())
        url = f"https://account.example/{found}.750.png"
        self.pictures[url] = image.data.removesuffix(RESIZED) + RESIZED
        self.shelf[key] = replace(self.shelf[key], images=(*self.shelf[key].images, Image(found, url, found)))
        return found

    def _drop_image(self, key: int, image_id: str) -> None:
        self.shelf[key] = replace(self.shelf[key], images=tuple(item for item in self.shelf[key].images if item.id != image_id))

    def _sort_images(self, key: int, wanted: Sequence[str]) -> None:
        ordered = sorted(self.shelf[key].images, key=lambda item: wanted.index(item.id) if item.id in wanted else len(wanted))
        self.shelf[key] = replace(self.shelf[key], images=tuple(ordered))

    # -- what the shop's own people do

    def touch(self, key: int) -> None:
        self.stamps[key] = (self.stamps[key][0], self.time())

    def _index(self, key: int) -> None:
        self.words[key] = frozenset(_skus(self.shelf[key]))

    def add(self, product: Product) -> str:
        """The edit stamp stays empty unless categories were assigned (P5)."""
        key = self.next_id()
        variants = tuple(replace(item, id=str(self.next_id())) for item in product.variants)
        slug = product.content.slug or str(key)
        named = replace(product, id=str(key), images=(), content=replace(product.content, slug=slug), variants=variants)
        self.shelf[key] = replace(self.kept(named), currency=product.currency or self.currency)
        self.stamps[key] = (self.time(), self.time() if product.listing.categories else None)
        self._index(key)
        for image in product.images:
            self._upload(key, ImageSource(url=image.url, data=self.pictures.get(image.url, b"")))
        return str(key)

    def edit(self, product_id: str, **parts: Any) -> None:
        key = int(product_id)
        self.shelf[key] = self.kept(replace(self.shelf[key], **parts))
        self.touch(key)
        self._index(key)

    def edit_variant(self, variant_id: str, **fields: Any) -> None:
        """No stamp moves, and the search does not learn a new SKU (W27)."""
        key, found = self.variant_at(variant_id)
        self.put_variant(key, _variant(replace(found, **fields)))

    def add_variant(self, product_id: str, variant: Variant) -> str:
        key, found = int(product_id), str(self.next_id())
        self.shelf[key] = self.shelf[key].with_variants((*self.shelf[key].variants, _variant(replace(variant, id=found))))
        return found

    def remove(self, product_id: str) -> None:
        del self.shelf[int(product_id)]

    def set_images(self, product_id: str, addresses: Sequence[str]) -> None:
        key = int(product_id)
        self.shelf[key] = replace(self.shelf[key], images=())
        for url in addresses:
            self._upload(key, ImageSource(data=self.pictures[url]))


def _variant(item: Variant) -> Variant:
    price, compare = (value.quantize(FINE, ROUND_HALF_UP) for value in (item.price, item.compare_price))
    return replace(item, sku=item.sku[:LONGEST], name=item.name[:LONGEST], price=price, compare_price=compare, stocks=())


def _record(product: Product) -> Record:
    return Record(product.id, product.id, tuple((item.id, item.sku) for item in product.variants), prints.of(product))


def _skus(product: Product) -> set[str]:
    return {item.sku.strip() for item in product.variants}
