"""Both sides of one record, field by field, as the console shows them: read from the shops now, compared in the words of one of them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from ..domain import prints, translation
from ..domain.connection import Connection
from ..domain.model import Product, StoreName, Variant
from ..domain.orders import Order
from ..errors import SyncError
from .ports import World

CUT = 300
CONTENT = ("name", "summary", "description", "meta_title", "meta_keywords", "meta_description")


@dataclass(frozen=True, slots=True)
class Line:
    """`group` is a field group or the part of an order; `of` the SKU it belongs to, empty for the whole record. Values are cut for the page."""

    group: str
    of: str
    field: str
    cscart: str
    webasyst: str
    same: bool


def product(world: World, store: StoreName, product_id: str) -> dict[str, Any]:
    """Empty sides when a shop does not have it (any more)."""
    rows = world.links.of_product(store, [product_id]).get(product_id, [])
    other_id = next((row.counterpart for row in rows if row.counterpart), "")
    sides = {store: _product(world, store, product_id), store.other: _product(world, store.other, other_id)}
    pairs = {ours: theirs for row in rows for ours, (theirs, _) in row.variants.items()}
    if store is StoreName.WEBASYST:
        pairs = {theirs: ours for ours, theirs in pairs.items()}
    lines = list(_product_lines(world.connection, sides[StoreName.CSCART], sides[StoreName.WEBASYST], pairs))
    return {"here": {name: side is not None for name, side in sides.items()}, "lines": [asdict(line) for line in lines]}


def _product(world: World, store: StoreName, product_id: str) -> Product | None:
    return next(iter(world.store(store).products([product_id])), None) if product_id else None


def _product_lines(connection: Connection, cscart: Product | None, webasyst: Product | None, pairs: dict[str, str]) -> Iterator[Line]:
    if cscart is None or webasyst is None:
        only = cscart or webasyst
        for field, value in _texts(only).items() if only else ():
            yield _line("content", "", field, value if cscart else "", value if webasyst else "")
        return
    try:
        wanted = translation.product(connection, cscart, StoreName.WEBASYST, webasyst)
    except SyncError:
        wanted = cscart
    ours, theirs = _texts(cscart), _texts(webasyst)
    for field in ours:
        yield _line("content", "", field, ours[field], theirs[field])
    yield _line("listing", "", "visibility", cscart.listing.visibility, webasyst.listing.visibility)
    same = prints.listing_value(wanted.listing)[1:] == prints.listing_value(webasyst.listing)[1:]
    yield Line("listing", "", "categories", ", ".join(cscart.listing.categories), ", ".join(webasyst.listing.categories), same)
    yield _line("media", "", "images", str(len(cscart.images)), str(len(webasyst.images)))
    for variant in wanted.variants:
        yield from _variant_lines(variant, webasyst.variant(pairs.get(variant.id, "")))


def _texts(product: Product) -> dict[str, str]:
    return {field: prints.text(getattr(product.content, field)) for field in CONTENT}


def _variant_lines(ours: Variant, theirs: Variant | None) -> Iterator[Line]:
    values = _values(ours)
    others = _values(theirs) if theirs else dict.fromkeys(values, "")
    for (group, field), value in values.items():
        yield _line(group, ours.sku, field, value, others[group, field])


def _values(variant: Variant) -> dict[tuple[str, str], str]:
    return {
        ("identity", "sku"): variant.sku.strip(),
        ("identity", "available"): "yes" if variant.available else "no",
        ("price", "price"): prints.number(variant.price),
        ("price", "compare_price"): prints.number(variant.compare_price),
        ("stock", "stock"): prints.stock_text(variant.stock),
    }


def order(world: World, store: StoreName, order_id: str) -> dict[str, Any]:
    """Of the buyer and the addresses only whether they agree: they are shown in the shops, not here."""
    link = world.links.order(store, order_id)
    ids = {store: order_id, store.other: link.id_in(store.other) if link else ""}
    sides = {name: next(iter(world.store(name).orders([ids[name]])), None) if ids[name] else None for name in StoreName}
    lines = [asdict(line) for line in _order_lines(sides[StoreName.CSCART], sides[StoreName.WEBASYST])]
    return {"here": {name: side is not None for name, side in sides.items()}, "lines": lines}


def _order_lines(cscart: Order | None, webasyst: Order | None) -> Iterator[Line]:
    for field in ("status", "currency", "total", "shipping", "discount", "shipping_name", "payment_name", "tracking"):
        ours, theirs = (_shown(getattr(side, field)) if side else "" for side in (cscart, webasyst))
        group = "status" if field == "status" else "order"
        yield Line(group, "", field, ours, theirs, field in ("status", "payment_name") or ours == theirs)
    here, there = (_lines_of(side) if side else {} for side in (cscart, webasyst))
    for sku in dict.fromkeys([*here, *there]):
        yield _line("lines", sku, "quantity", here.get(sku, ""), there.get(sku, ""))
    if cscart and webasyst:
        same = cscart.customer.email_key == webasyst.customer.email_key
        yield Line("people", "", "customer", "", "", same)


def _lines_of(order: Order) -> dict[str, str]:
    counts: dict[str, Decimal] = {}
    for line in order.lines:
        counts[line.sku or line.name] = counts.get(line.sku or line.name, Decimal(0)) + line.quantity
    return {name: prints.number(count) for name, count in counts.items()}


def _shown(value: object) -> str:
    return prints.number(value) if isinstance(value, Decimal) else str(value)


def _line(group: str, of: str, field: str, cscart: str, webasyst: str) -> Line:
    return Line(group, of, field, _cut(cscart), _cut(webasyst), cscart == webasyst)


def _cut(text: str) -> str:
    return text if len(text) <= CUT else text[:CUT] + "…"
