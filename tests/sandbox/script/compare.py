"""Both shops, field by field, as their own public APIs show them."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

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
Row = dict[str, Any]


def text(value: object) -> str:
    return unicodedata.normalize("NFC", str(value or "").replace("\r\n", "\n")).strip()


def number(value: object) -> str:
    return str(Decimal(str(value or 0)).quantize(Decimal("0.01")))


def _stock(value: object) -> str:
    return "unlimited" if value is None else str(int(Decimal(str(value))))


def cscart_rows(shop: CsCartShop) -> tuple[dict[str, Row], list[str]]:
    """Fields by SKU, and SKUs that occur more than once."""
    found: dict[str, Row] = {}
    twice = []
    rows = list(shop.products())
    texts = {str(row["product_id"]): row for row in rows}
    for row in rows:
        parent = texts.get(str(row.get("parent_product_id") or "0"), row)
        sku = str(row["product_code"]).strip()
        twice += [sku] if sku in found else []
        found[sku] = {
            "name": text(parent["product"]),
            "summary": text(parent.get("short_description")),
            "description": text(parent.get("full_description")),
            "meta_title": text(parent.get("page_title")),
            "meta_keywords": text(parent.get("meta_keywords")),
            "meta_description": text(parent.get("meta_description")),
            "price": number(row.get("base_price") or row["price"]),
            "compare_price": number(row.get("list_price")),
            "stock": "unlimited" if row.get("tracking") == "D" else _stock(row["amount"]),
            "images": bool(parent.get("main_pair")) + len(values(parent.get("image_pairs"))),
            "visible": VISIBLE.get(str(row["status"]), "0") if parent is row and not row.get("variation_group_id") else None,
        }
    return found, twice


def webasyst_rows(shop: WebasystShop) -> tuple[dict[str, Row], list[str]]:
    found: dict[str, Row] = {}
    twice = []
    for product in shop.products():
        for sku in values(product["skus"]):
            code = str(sku["sku"]).strip()
            twice += [code] if code in found else []
            found[code] = {
                "name": text(product["name"]),
                "summary": text(product["summary"]),
                "description": text(product["description"]),
                "meta_title": text(product["meta_title"]),
                "meta_keywords": text(product["meta_keywords"]),
                "meta_description": text(product["meta_description"]),
                "price": number(sku["price"]),
                "compare_price": number(sku["compare_price"]),
                "stock": _stock(sku["count"]),
                "images": len(values(product.get("images"))),
                "visible": str(product["status"]),
            }
    return found, twice


def product_differences(cscart: CsCartShop, webasyst: WebasystShop) -> tuple[int, list[str]]:
    ours, ours_twice = cscart_rows(cscart)
    theirs, theirs_twice = webasyst_rows(webasyst)
    found = [f"{sku}: twice in cscart" for sku in ours_twice] + [f"{sku}: twice in webasyst" for sku in theirs_twice]
    found += [f"{sku}: only in cscart" for sku in ours.keys() - theirs.keys()]
    found += [f"{sku}: only in webasyst" for sku in theirs.keys() - ours.keys()]
    for sku in sorted(ours.keys() & theirs.keys()):
        for name, value in ours[sku].items():
            if value is not None and value != theirs[sku][name]:
                found.append(f"{sku}: {name}: {value!r:.60} != {theirs[sku][name]!r:.60}")
    return len(ours.keys() & theirs.keys()), found


def order_differences(cscart: CsCartShop, webasyst: WebasystShop, connection: str) -> tuple[int, list[str]]:
    mirrored = webasyst.orders()
    marks = Counter(_mark(order) for order in mirrored if _mark(order))
    by_mark = {_mark(order): order for order in mirrored}
    found = [f"{mark}: {count} times in webasyst" for mark, count in marks.items() if count > 1]
    compared = 0
    for order_id in cscart.order_ids():
        order = cscart.order(order_id)
        if order.get("is_parent_order") == "Y" or MARKER in str(order.get("notes", "")):
            continue
        there = by_mark.get(f"{connection}:cscart:{order_id}")
        if there is None:
            found.append(f"order {order_id}: not in webasyst")
            continue
        compared += 1
        found += [f"order {order_id}: {line}" for line in _order_fields(order, there)]
    return compared, found


def _mark(order: Row) -> str:
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
