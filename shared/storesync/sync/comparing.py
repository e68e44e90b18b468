"""Both sides of one record, field by field, as the console shows them: read from the shops now, compared in the words of one of them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from ..domain import comparison, prints
from ..domain.comparison import Counterparts
from ..domain.model import Product, StoreName, Variant
from ..domain.orders import Order
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
    cscart, webasyst = sides[StoreName.CSCART], sides[StoreName.WEBASYST]
    if cscart and webasyst:
        fits = {name: world.store(name).fit for name in StoreName}
        found = comparison.products(world.connection, Counterparts(cscart, webasyst, pairs), fits)
        lines = list(_product_lines(cscart, webasyst, pairs, {(one.subject, one.field) for one in found}))
    else:
        lines = [_alone(field, value, cscart is not None) for field, value in _texts(cscart or webasyst).items()]
    return {"here": {name: side is not None for name, side in sides.items()}, "lines": [asdict(line) for line in lines]}


def _product(world: World, store: StoreName, product_id: str) -> Product | None:
    return next(iter(world.store(store).products([product_id])), None) if product_id else None


def _product_lines(cscart: Product, webasyst: Product, pairs: dict[str, str], differing: set[tuple[str, str]]) -> Iterator[Line]:
    """What counts as a difference is the proof's to say; all else agrees."""
    main = cscart.variants[0].sku.strip()
    ours, theirs = _shared(cscart), _shared(webasyst)
    for (group, field), value in ours.items():
        yield Line(group, "", field, _cut(value), _cut(theirs[group, field]), (main, field) not in differing)
    for variant in cscart.variants:
        other = webasyst.variant(pairs.get(variant.id, ""))
        here, there = _own(variant), _own(other) if other else {}
        for (group, field), value in here.items():
            same = other is not None and (variant.sku.strip(), field) not in differing
            yield Line(group, variant.sku, field, value, there.get((group, field), ""), same)


def _shared(product: Product) -> dict[tuple[str, str], str]:
    texts = {("content", field): value for field, value in _texts(product).items()}
    rest = {
        ("listing", "visibility"): str(product.listing.visibility),
        ("listing", "categories"): ", ".join(product.listing.categories),
        ("media", "images"): str(len(product.images)),
    }
    return texts | rest


def _texts(product: Product | None) -> dict[str, str]:
    return {field: prints.text(getattr(product.content, field)) for field in CONTENT} if product else {}


def _alone(field: str, value: str, in_cscart: bool) -> Line:
    return Line("content", "", field, _cut(value) if in_cscart else "", "" if in_cscart else _cut(value), False)


def _own(variant: Variant) -> dict[tuple[str, str], str]:
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
    cscart, webasyst = sides[StoreName.CSCART], sides[StoreName.WEBASYST]
    found = {one.field for one in comparison.orders(world.connection, cscart, webasyst)} if cscart and webasyst else set()
    lines = [asdict(line) for line in _order_lines(cscart, webasyst, found)]
    return {"here": {name: side is not None for name, side in sides.items()}, "lines": lines}


def _order_lines(cscart: Order | None, webasyst: Order | None, differing: set[str]) -> Iterator[Line]:
    """Names of methods, statuses and the discount are each shop's own: money, lines and the table of statuses say whether they agree."""
    for field in ("status", "currency", "total", "shipping", "discount", "shipping_name", "payment_name", "tracking"):
        ours, theirs = (_shown(getattr(side, field)) if side else "" for side in (cscart, webasyst))
        group = "status" if field == "status" else "order"
        yield Line(group, "", field, ours, theirs, bool(cscart and webasyst) and field not in differing)
    here, there = (_lines_of(side) if side else {} for side in (cscart, webasyst))
    for sku in dict.fromkeys([*here, *there]):
        yield _line("lines", sku, "quantity", here.get(sku, ""), there.get(sku, ""))
    if cscart and webasyst:
        same = cscart.customer.email_key == webasyst.customer.email_key
        yield Line("people", "", "customer", "", "", same)


def _lines_of(order: Order) -> dict[str, str]:
    counts: dict[str, Decimal] = {}
    for line in (line for line in order.lines if not line.is_free_form):
        counts[line.sku or line.name] = counts.get(line.sku or line.name, Decimal(0)) + line.quantity
    return {name: prints.number(count) for name, count in counts.items()}


def _shown(value: object) -> str:
    return prints.number(value) if isinstance(value, Decimal) else str(value)


def _line(group: str, of: str, field: str, cscart: str, webasyst: str) -> Line:
    return Line(group, of, field, _cut(cscart), _cut(webasyst), cscart == webasyst)


def _cut(text: str) -> str:
    return text if len(text) <= CUT else text[:CUT] + "…"
