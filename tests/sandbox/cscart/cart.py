"""The cart: what a set of lines costs, and whether it can be shipped."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.sandbox.cscart import php, pricing
from tests.sandbox.cscart import products as catalogue
from tests.sandbox.cscart.shop import ApiError, Row, Shop


@dataclass(frozen=True, slots=True)
class Line:
    """Money in cents; `price` is per unit after the line's discount."""

    item_id: int
    product_id: int
    code: str
    name: str
    company_id: int
    price: int
    base_price: int
    amount: int
    stored: bool = False
    tax: int = 0
    extra: Row = field(default_factory=dict)

    @property
    def subtotal(self) -> int:
        return self.price * self.amount


@dataclass(frozen=True, slots=True)
class Totals:
    lines: tuple[Line, ...]
    shipping: Row
    shipping_ids: tuple[int, ...]
    shipping_cost: int
    surcharge: int
    taxes: Row
    added_tax: int
    discount: int

    @property
    def subtotal(self) -> int:
        return sum(line.subtotal for line in self.lines)

    @property
    def total(self) -> int:
        return max(0, self.subtotal - self.discount + self.shipping_cost + self.surcharge + self.added_tax)


def lines(shop: Shop, products: Any, lang: str, *, managed: bool = False) -> list[Line]:
    """Lines out of a request's `products`; only an order under management (PUT) may bring prices (trap 21).

    Key 0, which the first element of a JSON list has, is skipped in silence (trap 20).
    """
    found: list[Line] = []
    for key, entry in products.items() if isinstance(products, dict) else ():
        if php.to_int(key) == 0 or not isinstance(entry, dict):
            continue
        line = _line(shop, str(key), entry, lang, managed)
        if line is not None:
            taken = {item.item_id for item in found}
            found.append(replace(line, item_id=_free(line.item_id, taken)))
    return found


def _line(shop: Shop, key: str, entry: Mapping[str, Any], lang: str, managed: bool) -> Line | None:
    product_id = php.to_int(entry.get("product_id") or key)
    row = catalogue.named(shop, product_id, lang)
    if row is None or (row["status"] not in "AH" and not managed):
        return None
    amount = php.to_int(entry.get("amount", 1))
    if not managed:
        amount = min(amount, _available(row))
    if amount <= 0:
        return None
    stored = managed and entry.get("stored_price") == "Y" and "price" in entry
    price = php.to_cents(entry["price"]) if stored else pricing.effective(shop, row, amount)
    item_id = php.to_int(key) if managed and key != str(product_id) else zlib.crc32(f"{product_id}_".encode())
    base = price if stored else max(price, row["price"])
    return Line(item_id, product_id, row["product_code"], row["product"], row["company_id"], price, base, amount, stored)


def _available(row: Row) -> int:
    tracked = row["tracking"] != "D" and row["is_edp"] != "Y" and row["out_of_stock_actions"] != "B"
    return int(row["amount"]) if tracked else 10**6


def _free(item_id: int, taken: set[int]) -> int:
    while item_id in taken:
        item_id = zlib.crc32(str(item_id).encode())
    return item_id


def totals(shop: Shop, found: list[Line], order: Mapping[str, Any]) -> Totals:
    """`order`: payment_id, shipping_ids, country, discount (cents). ApiError 403 when nothing ships there (trap 23)."""
    taxed, taxes = _taxes(shop, found)
    shipping, ids, cost = _shipping(shop, taxed, order)
    goods = sum(line.subtotal for line in taxed) - order["discount"] + cost
    return Totals(
        lines=tuple(taxed),
        shipping=shipping,
        shipping_ids=ids,
        shipping_cost=cost,
        surcharge=_surcharge(shop, order["payment_id"], goods),
        taxes=taxes,
        added_tax=sum(tax["cents"] for tax in taxes.values() if tax["price_includes_tax"] == "N"),
        discount=order["discount"],
    )


def _taxes(shop: Shop, found: list[Line]) -> tuple[list[Line], Row]:
    rates = {row["tax_id"]: row for row in shop.rows("SELECT * FROM taxes WHERE status='A'")}
    taxes: Row = {}
    result = []
    for line in found:
        ids = php.ints(shop.value("SELECT tax_ids FROM products WHERE product_id=?", line.product_id))
        tax = sum(_apply(taxes, rates[tax_id], line) for tax_id in ids if tax_id in rates)
        result.append(replace(line, tax=tax))
    return result, taxes


def _apply(taxes: Row, rate: Row, line: Line) -> int:
    percent = Decimal(rate["rate_value"])
    share = percent / (100 + percent) if rate["price_includes_tax"] == "Y" else percent / 100
    cents = _round(Decimal(line.subtotal) * share)
    entry = taxes.setdefault(
        str(rate["tax_id"]),
        {
            "description": rate["tax"],
            "rate_type": rate["rate_type"],
            "rate_value": rate["rate_value"],
            "price_includes_tax": rate["price_includes_tax"],
            "regnumber": rate["regnumber"],
            "cents": 0,
            "applies": {"P": 0, "items": {"P": {}}},
        },
    )
    entry["cents"] += cents
    entry["applies"]["P"] = php.number(entry["cents"])
    entry["applies"]["items"]["P"][str(line.item_id)] = True
    return cents


def _round(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))


def _surcharge(shop: Shop, payment_id: int, goods: int) -> int:
    row = shop.row("SELECT * FROM payments WHERE payment_id=?", payment_id)
    if row is None:
        return 0
    return _round(Decimal(goods) * Decimal(row["p_surcharge"]) / 100) + php.to_cents(row["a_surcharge"])


def _shipping(shop: Shop, found: list[Line], order: Mapping[str, Any]) -> tuple[Row, tuple[int, ...], int]:
    groups: dict[int, list[Line]] = {}
    for line in found:
        groups.setdefault(line.company_id, []).append(line)
    shown: Row = {}
    for index, (company_id, members) in enumerate(groups.items()):
        free = [_ships_free(shop, line) for line in members]
        if None in free and all(item is None for item in free):
            continue
        row = _method(shop, order, index, company_id)
        rate = 0 if all(item in (True, None) for item in free) else row["rate"]
        shown[str(index)] = _shown(row, index, rate, company_id)
    ids = tuple(dict.fromkeys(int(item["shipping_id"]) for item in shown.values()))
    return shown, ids, sum(item["cents"] for item in shown.values())


def _ships_free(shop: Shop, line: Line) -> bool | None:
    """None when nothing has to be shipped."""
    row = shop.row("SELECT is_edp, edp_shipping, free_shipping FROM products WHERE product_id=?", line.product_id)
    if row and row["is_edp"] == "Y" and row["edp_shipping"] != "Y":
        return None
    return bool(row and row["free_shipping"] == "Y")


def _method(shop: Shop, order: Mapping[str, Any], index: int, company_id: int) -> Row:
    ids = order["shipping_ids"]
    wanted = ids.get(str(company_id)) or ids.get(str(index)) or next(iter(ids.values()), None)
    if not wanted:
        raise ApiError(400, "Required field: shipping_id")
    row = shop.row("SELECT * FROM shippings WHERE shipping_id=? AND status='A'", php.to_int(wanted))
    if row is None or (row["countries"] and order["country"] not in row["countries"].split(",")):
        raise ApiError(403, "There are no shipping methods available")
    return row


def _shown(row: Row, index: int, rate: int, company_id: int) -> Row:
    return {
        "shipping_id": str(row["shipping_id"]),
        "shipping": row["shipping"],
        "delivery_time": row["delivery_time"],
        "rate": php.number(rate),
        "cents": rate,
        "group_key": index,
        "group_name": f"Company {company_id}",
        "carrier": "",
        "service_code": None,
    }
