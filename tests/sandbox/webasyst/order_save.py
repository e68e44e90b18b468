"""`shop.order.save` and its kin: honours prices, answers without an id, resets shipping (traps W30, W33)."""

from __future__ import annotations

import sqlite3
from typing import Any

from tests.sandbox.webasyst import contacts, order_stock
from tests.sandbox.webasyst.answers import ApiError, denied, localised, not_found
from tests.sandbox.webasyst.discounts import spread
from tests.sandbox.webasyst.order_create import catalogue_fields, finish, insert
from tests.sandbox.webasyst.phpform import Values, as_int, as_list, as_text, truthy
from tests.sandbox.webasyst.rights import get_order, required_form
from tests.sandbox.webasyst.schema import Row, decimal, placed
from tests.sandbox.webasyst.store import Call, Shop
from tests.sandbox.webasyst.workflow import is_offered, run

_DROPPED_AT_CREATION = ("shipping_name", "channel_id")
_RESETS_SHIPPING_NAME = ("items", "shipping")  # whatever reckons shipping anew forgets the method's name that came with it
_ADDRESS_PARTS = ("street", "city", "region", "zip", "country", "lng", "lat")
_OK = {"status": "ok", "data": []}


def save(call: Call) -> Row:
    form = call.form
    if truthy(form.get("id")):
        order = call.shop.by_id("orders", as_int(form["id"]))
        if not order:
            raise ApiError("server_error", "Order not found.", 500)
        _edit(call, order)
    elif not truthy(form.get("items")):
        return {"status": "fail", "errors": [localised("Order items not found.", call.user.locale)]}
    else:
        _create(call)
    return dict(_OK)


def _create(call: Call) -> None:
    shop, form = call.shop, call.form
    contact_id = _contact(call)
    currency = as_text(form.get("currency")) or shop.currency
    items = [_line(shop, raw, currency) for raw in as_list(form["items"]) if isinstance(raw, dict)]
    for item in items:
        item |= {"stock_id": None, "price": placed(item["price"], 2)}
    discount = spread(items, decimal(form.get("discount") or 0))
    values = {
        "currency": currency, "rate": shop.currencies.get(currency, 1.0), "comment": as_text(form.get("comment")),
        "shipping": decimal(form.get("shipping") or 0), "discount": discount,
    }  # fmt: skip
    order_id = insert(call, contact_id, values, items, _params(call, contact_id))
    retotal(shop, order_id)
    finish(call, order_id, contact_id)


def _contact(call: Call) -> int:
    """`customer[...]` with a contact overwrites that contact, without one it makes a new contact."""
    contact_id, customer = as_int(call.form.get("contact_id")), call.form.get("customer")
    customer = customer if isinstance(customer, dict) else {}
    if contact_id and customer:
        contacts.change(call.shop, contact_id, customer)
    if contact_id:
        return contact_id
    return contacts.create(call.shop, customer, "order/backend", call.user.contact_id) if customer else call.user.contact_id


def _params(call: Call, contact_id: int) -> dict[str, str]:
    sent = call.form.get("params")
    if not isinstance(sent, dict) or not sent:
        return {"sales_channel": "other:", **_addresses(call, contact_id)}
    kept = {name: as_text(value) for name, value in sent.items() if name not in _DROPPED_AT_CREATION}
    return {"sales_channel": "backend:", **kept, "coupon_id": "0", **_addresses(call, contact_id)}


def _addresses(call: Call, contact_id: int) -> dict[str, str]:
    found: dict[str, str] = {}
    customer = call.form.get("customer")
    for kind in ("shipping", "billing"):
        parts = call.form.get(f"{kind}_address")
        if not isinstance(parts, dict) and isinstance(customer, dict):
            parts = customer.get(f"address.{kind}")
        for part, value in (parts if isinstance(parts, dict) else {}).items():
            found[f"{kind}_address.{part}"] = as_text(value)
    return found


def _line(shop: Shop, raw: Values, currency: str) -> Row:
    """The catalogue's name and code replace what was sent when the SKU exists; else the line is kept as it is."""
    sku_id = as_int(raw.get("sku_id"))
    line = {
        "type": "product", "product_id": as_int(raw.get("product_id")), "sku_id": sku_id,
        "name": as_text(raw.get("name")), "sku_code": as_text(raw.get("sku_code")),
        "quantity": decimal(raw.get("quantity", 1)), "price": placed(decimal(raw.get("price") or 0), 4),
        "total_discount": max(0.0, decimal(raw.get("total_discount") or 0)),
    }  # fmt: skip
    return {**line, **catalogue_fields(shop, sku_id, currency)}


def retotal(shop: Shop, order_id: int) -> None:
    order = shop.by_id("orders", order_id)
    assert order
    subtotal = shop.value("SELECT IFNULL(SUM(price * quantity), 0) FROM order_items WHERE order_id = ?", order_id)
    total = subtotal - order["discount"] + order["shipping"]
    shop.update("orders", order_id, {"total": max(0.0, placed(total, 4))})


def _edit(call: Call, order: sqlite3.Row) -> None:
    """No right and no state is asked for; stock follows the flag as it was before this call (X4)."""
    shop, form, order_id = call.shop, call.form, order["id"]
    contact_id = as_int(form.get("contact_id"))
    if contact_id and contact_id != order["contact_id"]:
        raise ApiError("server_error", "Contact of an existing order cannot be changed.", 500)
    reduced = order_stock.is_reduced(shop, order_id)
    if truthy(form.get("items")):
        _replace_items(shop, order, as_list(form["items"]), reduced)
    values: Row = {"shipping": decimal(form.get("shipping") or 0)}
    if "comment" in form:
        values["comment"] = as_text(form["comment"])
    shop.update("orders", order_id, values)
    asked = as_text(form.get("discount"))
    rediscount(shop, order_id, order["discount"] if asked == "" else 0.0 if asked == "true" else decimal(asked))
    _merge_params(call, order)
    run(call, "edit", order_id)


def rediscount(shop: Shop, order_id: int, discount: float) -> None:
    items = [dict(row) for row in shop.rows("SELECT * FROM order_items WHERE order_id = ? ORDER BY id", order_id)]
    shop.update("orders", order_id, {"discount": spread(items, discount)})
    for item in items:
        shop.update("order_items", item["id"], {"total_discount": item["total_discount"]})
    retotal(shop, order_id)


def _replace_items(shop: Shop, order: sqlite3.Row, listed: list[Any], reduced: bool) -> None:
    """The list is complete: lines that are not in it are deleted."""
    stored = {row["id"]: row for row in shop.rows("SELECT * FROM order_items WHERE order_id = ?", order["id"])}
    for raw in listed:
        if not isinstance(raw, dict):
            continue
        old = stored.pop(as_int(raw.get("item_id")), None)
        if old:
            _change_item(shop, old, raw, order["currency"], reduced)
        else:
            line = _line(shop, raw, order["currency"])
            shop.insert("order_items", {**line, "order_id": order["id"]})
            if reduced:
                order_stock.move(shop, line["sku_id"], None, -line["quantity"])
    for old in stored.values():
        shop.run("DELETE FROM order_items WHERE id = ?", old["id"])
        if reduced:
            order_stock.move(shop, old["sku_id"], old["stock_id"], old["quantity"])


def _change_item(shop: Shop, old: sqlite3.Row, raw: Values, currency: str, reduced: bool) -> None:
    same_sku = "sku_id" not in raw or as_int(raw["sku_id"]) == old["sku_id"]
    line = _line(shop, {**dict(old), **raw}, currency)
    if same_sku:
        line |= {"name": old["name"], "sku_code": old["sku_code"], "purchase_price": old["purchase_price"]}
    shop.update("order_items", old["id"], line)
    if reduced and same_sku:
        order_stock.move(shop, old["sku_id"], old["stock_id"], old["quantity"] - line["quantity"])
    elif reduced:
        order_stock.move(shop, old["sku_id"], old["stock_id"], old["quantity"])
        order_stock.move(shop, line["sku_id"], None, -line["quantity"])


def _merge_params(call: Call, order: sqlite3.Row) -> None:
    shop, order_id, sent = call.shop, order["id"], call.form.get("params")
    merged = {name: as_text(value) for name, value in (sent if isinstance(sent, dict) else {}).items()}
    if any(truthy(call.form.get(name)) or (name == "shipping" and name in call.form) for name in _RESETS_SHIPPING_NAME):
        merged.pop("shipping_name", None)
    merged |= {"coupon_id": "0", **_addresses(call, order["contact_id"])}
    storefront = order_stock.param(shop, order_id, "storefront")
    if storefront:
        merged["storefront_decoded"] = storefront
    for name, value in merged.items():
        order_stock.set_param(shop, order_id, name, value)


def save_item(call: Call) -> Row:
    """Recalculates the discount and resets shipping: manual values are lost (trap W33)."""
    shop = call.shop
    item = shop.by_id("order_items", as_int(required_form(call, "item_id")))
    if not item:
        raise not_found("Order item")
    quantity = decimal(call.form.get("quantity", item["quantity"]))
    if order_stock.is_reduced(shop, item["order_id"]):
        order_stock.move(shop, item["sku_id"], item["stock_id"], item["quantity"] - quantity)
    shop.update("order_items", item["id"], {"quantity": quantity})
    shop.update("orders", item["order_id"], {"shipping": 0})
    rediscount(shop, item["order_id"], 0.0)
    run(call, "edit", item["order_id"])
    return dict(_OK)


def set_shipping_address(call: Call) -> str:
    """Replaces all parts, what is missing becomes empty; only where `edit` is available."""
    order = get_order(call, as_int(required_form(call, "id")))
    if not call.user.right("workflow_actions.edit") or not is_offered(call, order, "edit"):
        raise denied("Action not available to user.")
    parts = call.form.get("address")
    parts = parts if isinstance(parts, dict) else {}
    for part in _ADDRESS_PARTS:
        order_stock.set_param(call.shop, order["id"], f"shipping_address.{part}", as_text(parts.get(part)))
    run(call, "edit", order["id"])
    return "ok"


METHODS: dict[str, tuple[str, Any]] = {
    "shop.order.save": ("POST", save),
    "shop.order.saveItem": ("POST", save_item),
    "shop.order.setShippingAddress": ("POST", set_shipping_address),
}
