"""Writing products to Shop-Script: one massUpdate for many rows, single calls only for what it cannot say, and a read-back that believes no answer."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from ..domain import prints
from ..domain.exchange import Outcome, ProductWrite
from ..domain.model import Group, Product, Variant, sku_key
from ..errors import NotKept, OutcomeUnknown, Rejected, SyncError, Unauthorised
from ..http import Call, CallClass
from . import payloads
from .client import WebasystClient
from .decode import mapping, text
from .payloads import product_fields, sku_fields
from .products import Found, Products, readable

ROWS, LETTERS = 250, 1_000_000  # a letter may take six bytes in a form, of which PHP takes eight millions
LOST_AT_MOST = timedelta(minutes=15)
EXACT = (Group.PRICE.value + ":", Group.IDENTITY.value + ":")
Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What was written by one call and read back by another. `done`: what needs no other call, the failed among it."""

    writes: Sequence[ProductWrite]
    done: Sequence[ProductWrite]
    errors: Mapping[str, SyncError]
    answer: object


class ProductWriter:
    """`default_type` gives the product type of a product that names none: without a type the shop's own editor fails (3.4)."""

    def __init__(self, client: WebasystClient, products: Products, marker_key: str, default_type: Callable[[], str]) -> None:
        self.client, self.products, self.marker_key, self.default_type = client, products, marker_key, default_type

    # -- changes

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        """Batches side by side, each read back as soon as it is written and compared while the next are on their way; what needs single calls
        comes after them. A lost answer to a new SKU is settled by the read-back."""
        sent = self.client.stream([partial(self._batch, batch) for batch in _batches(writes, self.client.transport.in_flight_limit)])
        outcomes = [outcome for batch in sent for outcome in self._told(batch)]
        left = [write for write, outcome in zip(writes, outcomes, strict=True) if outcome is None]
        settled = iter(self._settled(left) if left else ())
        return [outcome or next(settled) for outcome in outcomes]

    def _batch(self, writes: Sequence[ProductWrite]) -> _Batch:
        errors: dict[str, SyncError] = {}
        self._mass(writes, errors)
        done = [write for write in writes if write.current.id in errors or not _needs_single_calls(write)]
        return _Batch(writes, done, errors, self.products.answered([write.current.id for write in done]) if done else None)

    def _told(self, batch: _Batch) -> list[Outcome | None]:
        """None for what is still to be written by single calls."""
        errors, ids = batch.errors, [write.current.id for write in batch.done]
        kept = self._kept(self.products.told(ids, batch.answer)) if batch.done else {}
        outcomes = {id(write): _outcome(write, kept.get(write.current.id), errors.get(write.current.id)) for write in batch.done}
        return [outcomes.get(id(write)) for write in batch.writes]

    @staticmethod
    def _kept(found: Found) -> dict[str, Product]:
        return {item.id: item for item in readable(found.products, found.unread)}

    def _settled(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        errors: dict[str, SyncError] = {}
        self._singly(writes, errors)
        kept = {item.id: item for item in self.products.read([write.current.id for write in writes])}
        return [_outcome(write, kept.get(write.current.id), errors.get(write.current.id)) for write in writes]

    def _mass(self, writes: Sequence[ProductWrite], errors: dict[str, SyncError]) -> None:
        """One bad value makes the shop refuse all rows (M1), so halves are tried until it stands alone."""
        call = self._mass_call(writes)
        try:
            if call is not None:
                self.client.send(call)
        except Unauthorised:
            raise
        except SyncError as error:
            if isinstance(error, Rejected) and len(writes) > 1:
                self._mass(writes[: len(writes) // 2], errors)
                self._mass(writes[len(writes) // 2 :], errors)
            else:
                errors |= {write.current.id: error for write in writes}

    def _mass_call(self, writes: Sequence[ProductWrite]) -> Call | None:
        skus = [row for write in writes for row in self._sku_rows(write)]
        products = [row for write in writes if (row := _product_row(write))]
        form = {name: json.dumps(value, ensure_ascii=False) for name, value in (("jsku", skus), ("jproduct", products)) if value}
        return self.client.post_call("shop.product.massUpdate", form, kind=CallClass.BULK) if form else None

    def _sku_rows(self, write: ProductWrite) -> list[Fields]:
        found = {variant.id: self._sku_row(write, variant) for variant in write.desired.variants if variant.id}
        for variant in self._in_danger(write.current):
            found[variant.id] = self._stock(variant.stock, variant) | found.get(variant.id, {})
        return [{"id": int(variant), **fields} for variant, fields in found.items() if fields]

    def _in_danger(self, product: Product) -> tuple[Variant, ...]:
        """Where one SKU is counted by stock, massUpdate makes its sisters with a plain count unlimited, even when only a price was sent."""
        if not any(variant.stocks for variant in product.variants):
            return ()
        return tuple(variant for variant in product.variants if not variant.stocks and variant.stock is not None)

    def _sku_row(self, write: ProductWrite, variant: Variant) -> Fields:
        fields: Fields = {}
        if prints.key(Group.PRICE, variant.id) in write.changes:
            fields |= {"price": prints.number(variant.price), "compare_price": prints.number(variant.compare_price)}
        if prints.key(Group.IDENTITY, variant.id) in write.changes:
            fields |= {"sku": variant.sku, "available": int(variant.available)}
        if prints.key(Group.STOCK, variant.id) in write.changes:
            fields |= self._stock(variant.stock, write.current.variant(variant.id))
        return fields

    def _stock(self, wanted: int | None, current: Variant | None) -> Fields:
        """A value for every stock of the shop: one that is missing would mean unlimited (W20, 3.6)."""
        if not self.products.stocks():
            return {"count": "" if wanted is None else wanted}
        others = dict(current.stocks) if current else {}
        counts = {stock: others.get(stock) if others else 0 for stock in self.products.stocks()} | {self.products.stock_id: wanted}
        return {"stock": {stock: "" if number is None else number for stock, number in counts.items()}}

    def _singly(self, writes: Sequence[ProductWrite], errors: dict[str, SyncError]) -> None:
        """One call per product at a time, so that variants keep their order."""
        waiting = {write.current.id: self._single_calls(write) for write in writes}
        while waiting := {product: calls for product, calls in waiting.items() if calls and product not in errors}:
            answers = self.client.many([calls.pop(0) for calls in waiting.values()])
            errors |= {product: answer for product, answer in zip(waiting, answers, strict=True) if isinstance(answer, SyncError)}

    def _single_calls(self, write: ProductWrite) -> list[Call]:
        calls = []
        if Group.LISTING in write.changes and write.desired.listing.categories != write.current.listing.categories:
            form = {"categories": write.desired.listing.categories}
            calls.append(self.client.post_call("shop.product.update", form, {"id": write.current.id}))
        return calls + [self._new_sku(write.current.id, variant) for variant in write.desired.variants if not variant.id]

    def _new_sku(self, product_id: str, variant: Variant) -> Call:
        fields = sku_fields(variant, self._form_stock(variant.stock))
        return self.client.post_call("shop.product.skus.add", fields, {"product_id": product_id}, kind=CallClass.CREATE, repeatable=False)

    def _form_stock(self, wanted: int | None) -> Fields:
        value = "" if wanted is None else wanted
        if not self.products.stocks():
            return {"stock": {"0": value}}
        return {"stock": {stock: value if stock == self.products.stock_id else 0 for stock in self.products.stocks()}}

    def reindex(self, products: Sequence[Product]) -> None:
        """The search index learns a name only from a single save that changes something (M3); a field that the shop does not know is enough."""
        calls = [
            self.client.post_call("shop.product.update", {"name": item.content.name, "storesync_reindex": 1}, {"id": item.id})
            for item in products
        ]
        self.client.many(calls)

    # -- new products

    def create(self, products: Sequence[Product], marker: Mapping[str, str]) -> list[Outcome]:
        started = self.products.clock().now - LOST_AT_MOST
        prepared = self._with_own_slugs(products)
        forms = [self._add_form(product, marker.get(product.variants[0].sku, "")) for product in prepared]
        answers = self.client.many([self.client.post_call("shop.product.add", form, repeatable=False) for form in forms])
        ids = [text(mapping(answer).get("id")) if not isinstance(answer, SyncError) else "" for answer in answers]
        lost = [at for at, answer in enumerate(answers) if isinstance(answer, OutcomeUnknown)]
        if lost:
            found = self.products.find([products[at].variants[0].sku for at in lost], started)
            by_sku = {sku_key(variant.sku): item.id for item in found for variant in item.variants}
            for at in lost:
                ids[at] = by_sku.get(sku_key(products[at].variants[0].sku), "")
        kept = {item.id: item for item in self.products.read([item for item in ids if item])}
        return [_created(kept.get(found), answer) for found, answer in zip(ids, answers, strict=True)]

    def _with_own_slugs(self, products: Sequence[Product]) -> list[Product]:
        """Without an address of its own a product gets its id as one, which is unique (W42)."""
        taken = self.products.taken_slugs([item.content.slug for item in products])
        result = []
        for item in products:
            slug = "" if item.content.slug in taken else item.content.slug
            taken.add(slug)
            result.append(replace(item, content=replace(item.content, slug=slug)))
        return result

    def _add_form(self, product: Product, mark: str) -> Fields:
        skus = [sku_fields(variant, self._form_stock(variant.stock)) for variant in product.variants]
        form: Fields = {**product_fields(product), "status": payloads.status(product.listing.visibility), "skus": skus}
        optional = {
            "url": product.content.slug,
            "type_id": product.listing.type_id or self.default_type(),
            "currency": product.currency,
            "categories": product.listing.categories,
        }
        return form | {name: value for name, value in optional.items() if value} | {"params": {self.marker_key: mark}}


def _batches(writes: Sequence[ProductWrite], lanes: int) -> Iterator[list[ProductWrite]]:
    """So many rows and characters at most, but never a part of a product; where one is not enough, as many alike as keep all lanes busy."""
    total = sum(max(1, _sku_count(write)) for write in writes)
    even = math.ceil(total / (lanes * math.ceil(total / (ROWS * lanes)))) if total > ROWS else ROWS
    batch: list[ProductWrite] = []
    rows = letters = 0
    for write in writes:
        own, texts = max(1, _sku_count(write)), _letters(write)
        if batch and (rows >= even or rows + own > ROWS or letters + texts > LETTERS):
            yield batch
            batch, rows, letters = [], 0, 0
        batch.append(write)
        rows, letters = rows + own, letters + texts
    if batch:
        yield batch


def _sku_count(write: ProductWrite) -> int:
    """None where only what the product has as a whole is written."""
    return len(write.desired.variants) if any(":" in name for name in write.changes) else 0


def _letters(write: ProductWrite) -> int:
    texts = write.desired.content
    return len(texts.summary) + len(texts.description) if Group.CONTENT in write.changes else 0


def _needs_single_calls(write: ProductWrite) -> bool:
    """What massUpdate cannot say: categories, and new variants."""
    moved = Group.LISTING in write.changes and write.desired.listing.categories != write.current.listing.categories
    return moved or any(not variant.id for variant in write.desired.variants)


def _product_row(write: ProductWrite) -> Fields:
    fields: Fields = {}
    if Group.CONTENT in write.changes:
        fields |= product_fields(write.desired)
    if Group.LISTING in write.changes:
        fields |= {"status": int(payloads.status(write.desired.listing.visibility))}
    return {"id": int(write.current.id), **fields} if fields else {}


def _created(kept: Product | None, answer: object) -> Outcome:
    if kept is not None:
        return Outcome(kept)
    return Outcome(None, answer if isinstance(answer, SyncError) else NotKept("created, yet not found"))


def _outcome(write: ProductWrite, kept: Product | None, error: SyncError | None) -> Outcome:
    """Price and identity must be what was sent. The others must have moved: texts may be tidied by the shop, a sale may change a stock meanwhile."""
    if kept is None:
        return Outcome(None, error or NotKept("the product is gone", product=write.current.id))
    missing = Counter(_new_skus(write)) - Counter(item.sku.strip() for item in kept.variants)
    if error is not None and (missing or not isinstance(error, OutcomeUnknown)):
        return Outcome(kept, error)
    wanted, now = prints.of(write.desired), prints.of(kept)
    off = [name for name in write.changes if name in wanted and now.get(name) != wanted[name]]
    if off:
        before = prints.of(write.current)
        off = [name for name in off if name.startswith(EXACT) or now.get(name) == before.get(name)]
    if off or missing:
        fields = ",".join(sorted([*off, *missing]))
        return Outcome(kept, NotKept("the shop answered ok and kept something else", product=kept.id, fields=fields))
    return Outcome(kept)


def _new_skus(write: ProductWrite) -> list[str]:
    return [item.sku.strip() for item in write.desired.variants if not item.id]
