"""Both shops, field by field, as their own public APIs show them."""

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType
from typing import Any, Protocol, Self

from tests.sandbox.cscart.texts import purified

from .shops import MARKER, CsCartShop, WebasystShop, values

ORDER_STATES = {
    "O": {"new", "auth", "pos"},
    "P": {"processing", "paid", "fulfilling", "pickup", "shipped"},
    "C": {"completed"},
    "I": {"deleted", "refunded"},
    "D": {"deleted", "refunded"},
    "F": {"deleted", "refunded"},
}
VISIBLE = {"A": "1", "H": "0", "D": "-1"}
# Reasons that only the merchant can settle. Everything else that is set aside is a difference.
SETTLED_BY_MERCHANT = {"DuplicateSku", "MissingLink", "MissingRate", "UnmappedStatus", "UnsupportedValue", "TooLarge"}
LONGEST_META = 255
Row = dict[str, Any]


class SetAside(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def store(self) -> str: ...
    @property
    def record_id(self) -> str: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True)
class Aside:
    """Records, as (kind, store, id), that wait for their merchant: they are listed, and not compared."""

    records: frozenset[tuple[str, str, str]] = frozenset()

    @classmethod
    def of(cls, parked: Iterable[SetAside]) -> Self:
        return cls(frozenset((item.kind, str(item.store), item.record_id) for item in parked if item.reason in SETTLED_BY_MERCHANT))

    def has(self, kind: str, store: str, *ids: str) -> bool:
        return any((kind, store, record_id) in self.records for record_id in ids)


@dataclass
class Catalogue:
    """Rows by SKU; `doubtful`: SKUs that occur twice, or rows without one, by (SKU, id). `aside`: folded SKUs of products set aside."""

    store: str
    rows: dict[str, Row] = field(default_factory=dict)
    doubtful: list[tuple[str, str]] = field(default_factory=list)
    aside: set[str] = field(default_factory=set)

    def add(self, sku: str, row: Row, ids: tuple[str, ...], aside: Aside) -> None:
        if aside.has("product", self.store, *ids):
            self.aside.add(sku.casefold())
        elif not sku or sku in self.rows:
            self.doubtful.append((sku, ids[0]))
        else:
            self.rows[sku] = row


def text(value: object) -> str:
    """CS-Cart's columns hold three bytes for a character: what takes four is kept there as a question mark."""
    found = unicodedata.normalize("NFC", str(value or "").replace("\r\n", "\n")).strip()
    return "".join("?" if character > "\uffff" else character for character in found)


def title(value: object) -> str:
    """In one line, without the blanks and hyphens around it that CS-Cart cuts off."""
    return " ".join(text(value).splitlines()).strip(" -")


def meta(value: object) -> str:
    """CS-Cart's columns hold so many characters."""
    return text(value)[:LONGEST_META].strip()


def markup(value: object) -> str:
    """As CS-Cart tidies it: without scripts, each tag closed. A quote means the same written either way."""
    return text(purified(str(value or ""))).replace("&quot;", '"').replace("&#039;", "'").replace("&#39;", "'")


def number(value: object) -> str:
    return str(Decimal(str(value or 0)).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _stock(value: object) -> str:
    """Whole pieces: half a one cannot be sold in CS-Cart."""
    return "unlimited" if value is None else str(math.floor(Decimal(str(value))))


def cscart_rows(shop: CsCartShop, aside: Aside) -> Catalogue:
    found = Catalogue("cscart")
    rows = list(shop.products())
    texts = {str(row["product_id"]): row for row in rows}
    for row in rows:
        parent_id = str(row.get("parent_product_id") or "0")
        parent = texts.get(parent_id, row)
        found.add(str(row["product_code"]).strip(), _cscart_row(row, parent), (str(row["product_id"]), parent_id), aside)
    return found


def _cscart_row(row: Row, parent: Row) -> Row:
    return {
        "name": title(parent["product"]),
        "summary": markup(parent.get("short_description")),
        "description": markup(parent.get("full_description")),
        "meta_title": meta(parent.get("page_title")),
        "meta_keywords": meta(parent.get("meta_keywords")),
        "meta_description": meta(parent.get("meta_description")),
        "price": number(row.get("base_price") or row["price"]),
        "compare_price": number(row.get("list_price")),
        "stock": "unlimited" if row.get("tracking") == "D" else _stock(row["amount"]),
        "images": bool(parent.get("main_pair")) + len(values(parent.get("image_pairs"))),
        "visible": VISIBLE.get(str(row["status"]), "-1") if parent is row and not row.get("variation_group_id") else None,
    }


def webasyst_rows(shop: WebasystShop, aside: Aside) -> Catalogue:
    found = Catalogue("webasyst")
    for product in shop.products():
        for sku in values(product["skus"]):
            found.add(str(sku["sku"]).strip(), _webasyst_row(product, sku, shop.stocks()), (str(product["id"]),), aside)
    return found


def webasyst_stock(sku: Row, stocks: list[str]) -> str:
    """With several stocks the first one is the one that is kept equal."""
    by_stock = sku.get("stock")
    return _stock(by_stock.get(stocks[0]) if stocks and isinstance(by_stock, dict) and by_stock else sku["count"])


def _webasyst_row(product: Row, sku: Row, stocks: list[str]) -> Row:
    return {
        "name": title(product["name"]),
        "summary": markup(product["summary"]),
        "description": markup(product["description"]),
        "meta_title": meta(product["meta_title"]),
        "meta_keywords": meta(product["meta_keywords"]),
        "meta_description": meta(product["meta_description"]),
        "price": number(sku["price"]),
        "compare_price": number(sku["compare_price"]),
        "stock": webasyst_stock(sku, stocks),
        "images": len(values(product.get("images"))),
        "visible": str(product["status"]),
    }


def product_differences(
    cscart: CsCartShop, webasyst: WebasystShop, aside: Aside, expected: Mapping[str, Row] = MappingProxyType({})
) -> tuple[int, list[str]]:
    """How many SKUs both shops hold and were compared, and every difference; also from what edits made it, so that none was undone."""
    ours, theirs = cscart_rows(cscart, aside), webasyst_rows(webasyst, aside)
    skipped = ours.aside | theirs.aside
    found = []
    for one, other in ((ours, theirs), (theirs, ours)):
        found += [f"{sku or 'product ' + row_id}: {'twice' if sku else 'no SKU'} in {one.store}" for sku, row_id in one.doubtful]
        found += [f"{sku}: only in {one.store}" for sku in sorted(one.rows.keys() - other.rows.keys()) if sku.casefold() not in skipped]
    common = sorted(sku for sku in ours.rows.keys() & theirs.rows.keys() if sku.casefold() not in skipped)
    for sku in common:
        for name, value in ours.rows[sku].items():
            if value is not None and value != theirs.rows[sku][name]:
                found.append(f"{sku}: {name}: {value!r:.60} != {theirs.rows[sku][name]!r:.60}")
    for sku, fields in expected.items():
        for store in (ours, theirs) if sku.casefold() not in skipped else ():
            kept = store.rows.get(sku, {})
            lost = [
                f"{name} is {kept.get(name)!r:.60} in {store.store}"
                for name, value in fields.items()
                if kept.get(name) not in (None, value)
            ]
            found += [f"{sku}: an edit to {fields!r:.80} was lost: {line}" for line in [*lost, *([] if kept else ["it is not there"])]]
    return len(common), found


def order_differences(cscart: CsCartShop, webasyst: WebasystShop, connection: str, aside: Aside) -> tuple[int, list[str]]:
    """The orders placed in CS-Cart against their mirrors, which carry the connection's mark."""
    mirrored = webasyst.orders()
    marks = Counter(mark_of(order) for order in mirrored if mark_of(order))
    by_mark = {mark_of(order): order for order in mirrored}
    found = [f"{mark}: {count} times in webasyst" for mark, count in marks.items() if count > 1]
    compared = 0
    for order_id in cscart.order_ids():
        order = cscart.order(order_id)
        if order.get("is_parent_order") == "Y" or MARKER in str(order.get("notes", "")) or aside.has("order", "cscart", order_id):
            continue
        there = by_mark.get(f"{connection}:cscart:{order_id}")
        if there is None:
            found.append(f"order {order_id}: not in webasyst")
        elif not aside.has("order", "webasyst", str(there["id"])):
            compared += 1
            found += [f"order {order_id}: {line}" for line in _order_fields(order, there)]
    return compared, found


def mark_of(order: Row) -> str:
    params = order.get("params")
    return str(params.get(MARKER, "")) if isinstance(params, dict) else ""


def _order_fields(ours: Row, theirs: Row) -> Iterator[str]:
    pairs = {
        "total": (number(ours["total"]), number(theirs["total"])),
        "shipping": (number(ours["shipping_cost"]), number(theirs["shipping"])),
        "lines": (_lines(values(ours["products"]), "product_code", "amount"), _lines(theirs["items"], "sku_code", "quantity")),
        "email": (text(ours["email"]).casefold(), _email(theirs)),
        "city": (text(ours.get("s_city") or ours.get("b_city")), text(_param(theirs, "shipping_address.city"))),
        "street": (text(ours.get("s_address") or ours.get("b_address")), text(_param(theirs, "shipping_address.street"))),
        "comment": (text(ours.get("notes")), text(theirs.get("comment"))),
    }
    for name, (left, right) in pairs.items():
        if left != right:
            # People and places are compared, never printed.
            yield name if name in ("email", "city", "street", "comment") else f"{name}: {left} != {right}"
    states = ORDER_STATES.get(str(ours["status"]))
    if states is not None and theirs["state_id"] not in states:
        yield f"status: {ours['status']} != {theirs['state_id']}"


def _param(order: Row, name: str) -> str:
    params = order.get("params")
    return str(params.get(name, "")) if isinstance(params, dict) else ""


def _email(order: Row) -> str:
    found = (order.get("contact") or {}).get("email")
    first = values(found)[0] if isinstance(found, (list, dict)) and found else found
    return text(first.get("value") if isinstance(first, dict) else first).casefold()


def _lines(rows: list[Row], code: str, amount: str) -> str:
    lines = sorted(f"{str(row[code]).strip()} x{int(Decimal(str(row[amount])))} @{number(row['price'])}" for row in rows if row.get(code))
    return "; ".join(lines)
