"""Placing and changing orders: catalogue prices, stock by status, and the rebuild that any key beside the status sets off."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.cscart import hooks, order_rows, php, pricing
from tests.sandbox.cscart.shop import ApiError, Call, Row, Shop

_PEOPLE = ("email", "firstname", "lastname", "phone")
_QUIET = {"status", "notify_user", "notify_department", "notify_vendor"}


def create(shop: Shop, call: Call) -> Row:
    if shop.ultimate and not call.company_id:
        raise ApiError(400, "Select a storefront")
    body = call.body
    for name in ("payment_id", "products"):
        if not php.truthy(body.get(name)):
            raise ApiError(400, f"Required field: {name}")
    order_id = place(shop, call.company_id or 1, body)
    return {"order_id": order_id, "order_data": order_rows.shown(shop, order_rows.found(shop, order_id)), "suborder_ids": []}


def place(shop: Shop, company_id: int, body: Any, *, discount: int = 0, surcharge: int = 0, taxes: Row | None = None) -> int:
    """A list's first line has the key 0 and is left out without a word (trap 20); given prices are ignored (trap 21)."""
    lines = [(key, line) for key, line in _keyed(body["products"]) if key != "0"]
    rows = [row for key, line in lines if (row := _line(shop, key, line, kept=False))]
    if not rows:
        raise ApiError(400, "The cart is empty")
    shipping = _shipping(shop, body, company_id)
    user = dict(body.get("user_data") or {})
    order = {name: str(user.get(name) or "") for name in _PEOPLE}
    profile = {name: str(value) for name, value in user.items() if name[:2] in ("b_", "s_")}
    order |= {"company_id": company_id, "user_id": php.to_int(body.get("user_id", 0)), "payment_id": php.to_int(body["payment_id"])}
    order |= {"notes": str(body.get("notes") or ""), "profile": json.dumps(profile, ensure_ascii=False), "issuer_id": 1, "status": "N"}
    order |= {"shipping_ids": str(shipping["shipping_id"]), "shipping": json.dumps([_shown_shipping(shipping)], ensure_ascii=False)}
    order |= {"subtotal_discount": discount, "payment_surcharge": surcharge, "taxes": json.dumps(taxes or {}, ensure_ascii=False)}
    order |= {"timestamp": shop.time, "updated_at": shop.time, "payment_info": json.dumps({"card_number": "4111111111111111"})}
    order_id = shop.insert("orders", order | {"total": 0, "subtotal": 0, "shipping_cost": shipping["rate"]})
    _store_lines(shop, order_id, rows)
    reckon(shop, order_id)
    move(shop, order_id, "O")
    hooks.fire(shop, "new_order", order_id=order_id)
    hooks.push(shop, "order.placed", order_id=order_id)
    return order_id


def _keyed(products: Any) -> list[tuple[str, Any]]:
    items = products.items() if isinstance(products, dict) else enumerate(products)
    return [(str(key), line) for key, line in items]


def _line(shop: Shop, key: str, line: Any, *, kept: bool) -> Row | None:
    product_id, amount = php.to_int(line.get("product_id") or key), php.to_int(line.get("amount", 1))
    row = shop.row(
        "SELECT p.*, d.product FROM products p JOIN product_descriptions d USING (product_id) WHERE product_id=? AND lang_code='ru'",
        product_id,
    )
    if row is None or amount < 1 or (not kept and row["amount"] < amount and row["tracking"] != "D"):
        return None
    price = php.to_cents(line["price"]) if kept and "price" in line else pricing.effective(shop, row, amount)
    return {
        "item_id": php.to_int(key) if kept and php.to_int(key) > 1000 else 1_000_000 + product_id * 7919 % 900_000,
        "product_id": product_id, "product_code": row["product_code"], "product": row["product"], "company_id": row["company_id"],
        "price": price, "base_price": row["price"], "amount": amount, "stored_price": "Y" if kept else "N",
    }  # fmt: skip


def _shipping(shop: Shop, body: Any, company_id: int) -> Row:
    country = str((body.get("user_data") or {}).get("s_country") or "RU")
    row = shop.row("SELECT * FROM shippings WHERE shipping_id=? AND status='A'", php.to_int(body.get("shipping_id") or 0))
    if row is None or (row["countries"] and country not in row["countries"].split(",")):
        raise ApiError(403, "No shipping methods available")
    return row


def _shown_shipping(row: Row) -> Row:
    return {"shipping_id": str(row["shipping_id"]), "shipping": row["shipping"], "rate": php.number(row["rate"]), "group_key": 0}


def _store_lines(shop: Shop, order_id: int, rows: list[Row]) -> None:
    shop.run("DELETE FROM order_details WHERE order_id=?", order_id)
    for row in rows:
        shop.insert("order_details", row | {"order_id": order_id})


def reckon(shop: Shop, order_id: int) -> None:
    """total = lines - discount + shipping + surcharge + tax on top."""
    row = order_rows.found(shop, order_id)
    subtotal = sum(line["price"] * line["amount"] for line in order_rows.lines(shop, order_id))
    taxes = [tax for tax in php.values(json.loads(row["taxes"])) if tax["price_includes_tax"] == "N"]
    added = sum(php.to_cents(tax["tax_subtotal"]) for tax in taxes)
    total = subtotal - row["subtotal_discount"] + row["shipping_cost"] + row["payment_surcharge"] + added
    shop.update("orders", {"subtotal": subtotal, "total": max(total, 0)}, order_id=order_id)


def move(shop: Shop, order_id: int, letter: str) -> None:
    """Stock follows what the letters say of it, without moving any product's stamp (trap 12)."""
    row = order_rows.found(shop, order_id)
    takes = {status: _takes(shop, status) for status in (row["status"], letter)}
    if takes[letter] != takes[row["status"]]:
        sign = -1 if takes[letter] else 1
        for line in order_rows.lines(shop, order_id):
            shop.run("UPDATE products SET amount=amount+? WHERE product_id=?", sign * line["amount"], line["product_id"])
            hooks.push(shop, "product.stock", product_id=line["product_id"])
    shop.update("orders", {"status": letter, "updated_at": shop.time}, order_id=order_id)


def _takes(shop: Shop, letter: str) -> bool:
    params = shop.value("SELECT params FROM statuses WHERE type='O' AND status=?", letter)
    return bool(params) and json.loads(params).get("inventory") == "D"


def update(shop: Shop, call: Call) -> Row:
    body = call.body
    if php.truthy(body.get("status")) and set(body) <= _QUIET:
        _status_only(shop, call.number, str(body["status"])[:1])
        return {"order_id": call.number}
    row = order_rows.found(shop, call.number, call.company_id)
    before = row["status"]
    move(shop, call.number, "N")
    if "products" in body:
        rows = [line for key, item in _keyed(body["products"]) if (line := _line(shop, key, item, kept="price" in item))]
        _store_lines(shop, call.number, rows)
    if "subtotal_discount" in body:
        shop.update("orders", {"subtotal_discount": php.to_cents(body["subtotal_discount"])}, order_id=call.number)
    if "notes" in body:
        shop.update("orders", {"notes": str(body["notes"])}, order_id=call.number)
    reckon(shop, call.number)
    move(shop, call.number, before)
    hooks.push(shop, "order.updated", order_id=call.number)
    return {"order_id": call.number}


def _status_only(shop: Shop, order_id: int, letter: str) -> None:
    """200 whatever came of it (trap 18): an unknown order or letter changes nothing."""
    row = shop.row("SELECT status FROM orders WHERE order_id=?", order_id)
    known = shop.row("SELECT 1 FROM statuses WHERE type='O' AND status=?", letter)
    if row is None or known is None or row["status"] == letter:
        return
    paid = json.loads(shop.value("SELECT params FROM statuses WHERE type='O' AND status=?", letter)).get("payment_received") == "Y"
    move(shop, order_id, letter)
    if paid:
        hooks.fire(shop, "order_paid", order_id=order_id)
    hooks.push(shop, "order.status", order_id=order_id, status_from=row["status"], status_to=letter)
