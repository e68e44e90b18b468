"""Reading and writing products in Shop-Script: keyset pages, one massUpdate for many rows, and a read-back that believes no answer."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from ..domain import prints
from ..domain.exchange import ImageSource, Outcome, Page, ProductWrite
from ..domain.model import Category, Group, Product, Record, Variant, sku_key
from ..errors import FilterIgnored, NotKept, OutcomeUnknown, Rejected, StoreError, SyncError, UnsupportedValue
from ..http import Call
from . import payloads
from .client import WebasystClient
from .decode import Json, local, mapping, rows, text
from .hashes import product_value
from .payloads import product_fields, sku_fields

FIELDS = "skus,stock_counts,categories,images"
PAGE = 1000
BATCH = 100
CREATED_MARGIN = timedelta(seconds=120)


class Products:
    def __init__(self, client: WebasystClient, zone: ZoneInfo, stock_ids: Sequence[str], stock_id: str, marker_key: str) -> None:
        self.client, self.zone, self.marker_key = client, zone, marker_key
        self.stock_ids, self.stock_id = tuple(stock_ids), stock_id if stock_id in stock_ids else next(iter(stock_ids), "")

    # -- reading

    def _search(self, condition: str, limit: int = PAGE) -> tuple[list[Product], int]:
        query = {"hash": condition, "sort": "id", "order": "asc", "limit": limit, "escape": 0, "fields": FIELDS}
        found = mapping(self.client.get("shop.product.search", query))
        products = [self._seen(payloads.product(row, self.zone)) for row in rows(found.get("products"))]
        return products, int(text(found.get("count")) or 0)

    def _seen(self, product: Product) -> Product:
        """Image addresses whole (the list gives them root-relative); with several stocks, the count of the chosen one."""
        product = replace(product, images=tuple(replace(item, url=urljoin(self.client.url, item.url)) for item in product.images))
        if not self.stock_id:
            return product
        return product.with_variants(tuple(self._chosen(variant) for variant in product.variants))

    def _chosen(self, variant: Variant) -> Variant:
        return replace(variant, stock=dict(variant.stocks)[self.stock_id]) if self.stock_id in dict(variant.stocks) else variant

    def pages(self, condition: str, after: str) -> Iterator[tuple[list[Product], int]]:
        """Keyset pages: rows that come or go while reading shift nothing. Raises FilterIgnored when an id is not behind the last one."""
        last = int(after or 0)
        while True:
            products, total = self._search(f"search/id>{last}{condition}")
            if products and int(products[0].id) <= last:
                raise FilterIgnored("rows before the page came back", store="webasyst", id=products[0].id)
            if products:
                last = int(products[-1].id)
                yield products, total
            if len(products) < PAGE:
                return

    def scan(self, after: str) -> Iterator[Page[Record]]:
        done = 0
        for products, total in self.pages("", after):
            done += len(products)
            yield Page(tuple(payloads.record(item) for item in products), products[-1].id, max(total, done))

    def changed(self, since: datetime) -> Iterator[Page[Record]]:
        """Two queries: a new product has no edit time (W26)."""
        start = local(since, self.zone)
        seen: set[str] = set()
        for column in ("edit_datetime", "create_datetime"):
            for products, total in self.pages(f"&{column}>={start}", ""):
                self._check_since(products, column, since)
                fresh = [item for item in products if item.id not in seen]
                seen |= {item.id for item in fresh}
                yield Page(tuple(payloads.record(item) for item in fresh), "", total)

    @staticmethod
    def _check_since(products: Sequence[Product], column: str, since: datetime) -> None:
        for item in products:
            stamp = item.edited_at if column == "edit_datetime" else item.created_at
            if stamp is None or stamp < since.replace(microsecond=0):
                raise FilterIgnored("a row older than asked for", store="webasyst", id=item.id)

    def read(self, ids: Collection[str]) -> list[Product]:
        wanted = [item for item in dict.fromkeys(ids) if item.isdigit()]
        found: list[Product] = []
        for at in range(0, len(wanted), BATCH):
            batch = wanted[at : at + BATCH]
            products, _ = self._search("id/" + ",".join(batch))
            if strange := {item.id for item in products} - set(batch):
                raise FilterIgnored("products that were not asked for", store="webasyst", id=min(strange))
            found += products
        return found

    def find(self, skus: Collection[str], created_since: datetime | None) -> list[Product]:
        wanted = {sku.strip() for sku in skus}
        if created_since is not None:
            start = local(created_since - CREATED_MARGIN, self.zone)
            found = [item for products, _ in self.pages(f"&create_datetime>={start}", "") for item in products]
        else:
            calls = [self._word_search(sku) for sku in sorted(wanted)]
            answers = self.client.many(calls)
            found = [payloads.product(row, self.zone) for answer in answers for row in _products(answer)]
        unique = {item.id: item for item in found}
        return [item for item in unique.values() if wanted & {variant.sku.strip() for variant in item.variants}]

    def _word_search(self, sku: str) -> Call:
        query = {"hash": f"search/query={product_value(sku)}", "limit": 50, "escape": 0, "fields": FIELDS}
        return self.client.get_call("shop.product.search", query)

    def categories(self) -> list[Category]:
        found = self.client.get("shop.category.getTree")
        tree = found.get("categories", found) if isinstance(found, Mapping) else found
        return list(_flatten(tree, ""))

    # -- writing

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        errors: dict[str, SyncError] = {}
        for at in range(0, len(writes), BATCH):
            self._mass(writes[at : at + BATCH], errors)
        for write in writes:
            if write.current.id not in errors:
                self._singly(write, errors)
        kept = {item.id: item for item in self.read([write.current.id for write in writes])}
        return [self._outcome(write, kept.get(write.current.id), errors.get(write.current.id)) for write in writes]

    def _mass(self, writes: Sequence[ProductWrite], errors: dict[str, SyncError]) -> None:
        """One call for many rows. One bad value makes the shop refuse them all (M1), so halves are tried until it stands alone."""
        skus = [row for write in writes for row in self._sku_rows(write)]
        products = [row for write in writes if (row := self._product_row(write))]
        if not skus and not products:
            return
        form = {name: json.dumps(value, ensure_ascii=False) for name, value in (("jsku", skus), ("jproduct", products)) if value}
        try:
            self.client.post("shop.product.massUpdate", form)
        except Rejected as error:
            if len(writes) == 1:
                errors[writes[0].current.id] = error
                return
            middle = len(writes) // 2
            self._mass(writes[:middle], errors)
            self._mass(writes[middle:], errors)

    def _sku_rows(self, write: ProductWrite) -> list[dict[str, object]]:
        result = []
        for variant in write.desired.variants:
            fields: dict[str, object] = {}
            if prints.key(Group.PRICE, variant.id) in write.changes:
                fields |= {"price": prints.number(variant.price), "compare_price": prints.number(variant.compare_price)}
            if prints.key(Group.IDENTITY, variant.id) in write.changes:
                fields |= {"sku": variant.sku, "available": int(variant.available)}
            if prints.key(Group.STOCK, variant.id) in write.changes:
                fields |= self._stock(variant.stock, write.current.variant(variant.id))
            if fields and variant.id:
                result.append({"id": int(variant.id), **fields})
        return result

    def _stock(self, wanted: int | None, current: Variant | None) -> dict[str, object]:
        """A number for every stock of the shop: one that is missing would mean unlimited (W20, 3.6)."""
        value = "" if wanted is None else wanted
        if not self.stock_ids:
            return {"count": value}
        others = dict(current.stocks) if current else {}
        counts = {stock: others.get(stock, 0) for stock in self.stock_ids}
        counts[self.stock_id] = wanted
        return {"stock": {stock: "" if number is None else number for stock, number in counts.items()}}

    @staticmethod
    def _product_row(write: ProductWrite) -> dict[str, object]:
        fields: dict[str, object] = {}
        if Group.CONTENT in write.changes:
            fields |= product_fields(write.desired)
        if Group.LISTING in write.changes:
            fields |= {"status": int(payloads.status(write.desired.listing.visibility))}
        return {"id": int(write.current.id), **fields} if fields else {}

    def _singly(self, write: ProductWrite, errors: dict[str, SyncError]) -> None:
        """What massUpdate cannot say: categories, and new variants."""
        form: dict[str, object] = {}
        if Group.LISTING in write.changes and write.desired.listing.categories != write.current.listing.categories:
            form["categories"] = write.desired.listing.categories
        try:
            if form:
                self.client.post("shop.product.update", form, {"id": write.current.id})
            for variant in write.desired.variants:
                if not variant.id:
                    fields = sku_fields(variant, self._form_stock(variant.stock))
                    self.client.post("shop.product.skus.add", fields, {"product_id": write.current.id}, repeatable=False)
        except StoreError as error:
            errors[write.current.id] = error

    def _form_stock(self, wanted: int | None) -> dict[str, object]:
        value = "" if wanted is None else wanted
        if not self.stock_ids:
            return {"stock": {"0": value}}
        return {"stock": {stock: value if stock == self.stock_id else 0 for stock in self.stock_ids}}

    def _outcome(self, write: ProductWrite, kept: Product | None, error: SyncError | None) -> Outcome:
        if error is not None or kept is None:
            return Outcome(kept, error or NotKept("the product is gone", product=write.current.id))
        wanted, now = prints.of(write.desired), prints.of(kept)
        strict = [name for name in write.changes if ":" in name and not name.startswith(Group.STOCK) and wanted.get(name) != now.get(name)]
        # A sale may come between the write and the read-back, so a stock counts as kept when it moved at all.
        before = prints.of(write.current)
        strict += [name for name in write.changes if name.startswith(Group.STOCK) and now.get(name) == before.get(name) != wanted.get(name)]
        if strict:
            return Outcome(kept, NotKept("the shop answered ok and kept something else", product=kept.id, fields=",".join(sorted(strict))))
        return Outcome(kept)

    def create(self, products: Sequence[Product], marker: Mapping[str, str]) -> list[Outcome]:
        started = datetime.now(self.zone) - timedelta(minutes=15)
        calls = [
            self.client.post_call("shop.product.add", self._add_form(product, marker.get(product.variants[0].sku, "")), repeatable=False)
            for product in products
        ]
        answers = self.client.many(calls)
        ids = [text(mapping(answer).get("id")) if not isinstance(answer, SyncError) else "" for answer in answers]
        self._recover(products, answers, ids, started)
        kept = {item.id: item for item in self.read([item for item in ids if item])}
        return [
            Outcome(
                kept.get(found), None if found in kept else answer if isinstance(answer, SyncError) else NotKept("created, yet not found")
            )
            for found, answer in zip(ids, answers, strict=True)
        ]

    def _recover(self, products: Sequence[Product], answers: Sequence[object], ids: list[str], started: datetime) -> None:
        """A lost answer: what was created since then and carries the SKU is what we asked for. Nothing is asked for twice."""
        lost = [at for at, answer in enumerate(answers) if isinstance(answer, OutcomeUnknown)]
        if not lost:
            return
        found = self.find([products[at].variants[0].sku for at in lost], started)
        by_sku = {sku_key(variant.sku): item.id for item in found for variant in item.variants}
        for at in lost:
            ids[at] = by_sku.get(sku_key(products[at].variants[0].sku), "")

    def _add_form(self, product: Product, mark: str) -> dict[str, object]:
        skus = [sku_fields(variant, self._form_stock(variant.stock)) for variant in product.variants]
        form: dict[str, object] = {**product_fields(product), "status": payloads.status(product.listing.visibility), "skus": skus}
        optional = {"url": product.content.slug, "type_id": product.listing.type_id, "currency": product.currency}
        form |= {name: value for name, value in optional.items() if value}
        if product.listing.categories:
            form["categories"] = product.listing.categories
        return form | {"params": {self.marker_key: mark}}

    def put_images(self, product: Product, images: Sequence[ImageSource]) -> Product:
        """Uploads what is new, deletes what is not wanted, then sets the order. Raises NotKept when the count is off afterwards."""
        wanted = [image.id or text(self.client.upload(product.id, image.filename or "image.png", image.data).get("id")) for image in images]
        for image in product.images:
            if image.id not in wanted:
                self.client.post("shop.product.images.delete", {"id": image.id})
        if len(wanted) > 1:
            self.client.post("shop.product.images.sort", {"photo_ids": wanted}, {"product_id": product.id})
        kept = next(iter(self.read([product.id])), product)
        if sorted(image.id for image in kept.images) != sorted(wanted):
            raise NotKept("images were not kept", product=product.id)
        return kept

    def fit(self, product: Product) -> Product:
        """Four decimals, 255 characters; a longer SKU is refused, as the shop would cut it silently (W43)."""
        if any(len(variant.sku) > payloads.LONGEST for variant in product.variants):
            raise UnsupportedValue("the SKU is longer than 255 characters", product=product.id)
        texts = product.content
        cut = replace(
            texts, name=texts.name[: payloads.LONGEST], meta_title=texts.meta_title[: payloads.LONGEST], slug=texts.slug[: payloads.LONGEST]
        )
        return replace(product, content=cut, variants=tuple(_rounded(item) for item in product.variants))


def _rounded(variant: Variant) -> Variant:
    fine = Decimal("0.0001")
    price, compare = variant.price.quantize(fine, ROUND_HALF_UP), variant.compare_price.quantize(fine, ROUND_HALF_UP)
    return replace(variant, price=price, compare_price=compare, sku=variant.sku.strip())


def _products(answer: object) -> list[Json]:
    if isinstance(answer, SyncError):
        raise answer
    return rows(mapping(answer).get("products"))


def _flatten(tree: object, path: str) -> Iterator[Category]:
    for row in rows(tree):
        here = f"{path}/{text(row.get('name'))}"
        yield Category(text(row.get("id")), text(row.get("name")), text(row.get("parent_id")), here)
        yield from _flatten(row.get("categories"), here)
