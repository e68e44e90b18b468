"""Orders: lists, single orders, and the shape both have."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.cscart import php
from tests.sandbox.cscart.shop import ApiError, Call, Page, Row, Shop

_LIST = ["order_id", "issuer_id", "user_id", "is_parent_order", "parent_order_id", "company_id", "timestamp", "firstname", "lastname", "email", "phone", "status", "total", "storefront_id"]
_MONEY = frozenset({"total", "shipping_cost", "subtotal_discount", "payment_surcharge"})
_NUMBERS = frozenset({"subtotal", "discount"})
_JSON = ("profile", "taxes", "shipping", "payment_info", "coupons", "promotions")
_SORTS = {"order_id": "order_id", "status": "status", "date": "timestamp", "total": "total", "email": "email"}


def index(shop: Shop, call: Call) -> Row:
    where, args = ["is_parent_order='N'"], []
    params = call.params
    if not call.on("include_incompleted"):
        where.append("status<>'N'")
    for name, column, sign in (("updated_at_from", "updated_at", ">="), ("updated_at_to", "updated_at", "<=")):
        if name in params:
            where.append(f"{column}{sign}?")
            args.append(php.to_int(params[name]))
    if params.get("period") == "C":
        for name, sign in (("time_from", ">="), ("time_to", "<=")):
            if name in params:
                where.append(f"timestamp{sign}?")
                args.append(php.to_int(params[name]))
    for name in ("status", "order_id", "company_id", "user_id"):
        if name in params:
            wanted = php.values(params[name]) if isinstance(params[name], dict) else str(params[name]).split(",")
            where.append(f"{name} IN ({php.marks(wanted)})")
            args += wanted
    if params.get("email"):
        where.append("email LIKE ?")
        args.append(f"%{params['email']}%")
    if call.company_id:
        where.append("company_id=?")
        args.append(call.company_id)
    condition = " AND ".join(where)
    page = Page.of(call, int(shop.value(f"SELECT count(*) FROM orders WHERE {condition}", *args)), clamped=False)
    order = _SORTS.get(str(params.get("sort_by")), "timestamp")
    way = "ASC" if params.get("sort_order") == "asc" else "DESC"
    found = shop.rows(f"SELECT * FROM orders WHERE {condition} ORDER BY {order} {way}, order_id {way}{page.limit}", args)
    if call.on("get_orders_data"):
        return {"orders": [shown(shop, row) for row in found], "params": page.params(call)}
    return {
        "orders": [php.columns({**{name: row[name] for name in _LIST}, "total": php.money(row["total"])}) for row in found],
        "params": page.params(call),
    }


def get(shop: Shop, call: Call) -> Row:
    return shown(shop, found(shop, call.number, call.company_id))


def found(shop: Shop, order_id: int, company_id: int = 0) -> Row:
    row = shop.row("SELECT * FROM orders WHERE order_id=?", order_id)
    if row is None or (company_id and row["company_id"] not in (0, company_id)):
        raise ApiError(404)
    return row


def shown(shop: Shop, row: Row) -> Row:
    """Columns as strings, what PHP reckoned as numbers, lines keyed by item id."""
    plain = {name: value for name, value in row.items() if name not in _JSON and name not in _NUMBERS and name not in _MONEY}
    answer: dict[str, Any] = dict(php.columns(plain)) | {name: php.money(row[name]) for name in _MONEY}
    answer |= {name: php.number(row[name]) for name in _NUMBERS}
    answer |= json.loads(row["profile"])
    answer |= {name: json.loads(row[name]) for name in ("taxes", "coupons", "promotions", "payment_info")}
    answer["shipping"] = php.values(json.loads(row["shipping"]))
    answer["products"] = {str(line["item_id"]): _line(line) for line in lines(shop, row["order_id"])}
    payment = shop.row("SELECT payment_id, payment, description, processor FROM payments WHERE payment_id=?", row["payment_id"])
    answer["payment_method"] = php.columns(payment) if payment else {}
    answer["product_groups"] = [{"company_id": row["company_id"], "products": {}}]
    return answer


def lines(shop: Shop, order_id: int) -> list[Row]:
    return shop.rows("SELECT * FROM order_details WHERE order_id=? ORDER BY item_id DESC", (order_id,))


def _line(line: Row) -> Row:
    extra = json.loads(line["extra"])
    strings = php.columns(
        {name: line[name] for name in ("item_id", "order_id", "product_id", "product_code", "product", "amount", "company_id")}
    )
    money = {
        "price": php.money(line["price"]),
        "base_price": php.number(line["base_price"]),
        "subtotal": php.number(line["price"] * line["amount"]),
    }
    return {**strings, **money, "extra": extra, "deleted_product": False}
