"""`shop.order.add` and what it shares with `order.save`: the row is written before anything can fail (trap W31)."""

from __future__ import annotations

import secrets
from typing import Any

from tests.sandbox.webasyst import contacts, notices, order_stock
from tests.sandbox.webasyst.answers import ApiError, denied, missing
from tests.sandbox.webasyst.orders import order_view
from tests.sandbox.webasyst.phpform import Values, as_int, as_list, as_text, truthy
from tests.sandbox.webasyst.rights import required_form
from tests.sandbox.webasyst.schema import Row, decimal, placed
from tests.sandbox.webasyst.store import Call, Shop


def add(call: Call) -> Row:
    """Catalogue prices only; unknown SKUs vanish; a `contact[...]` makes a new contact each time (traps W32, W40)."""
    if 0 < call.user.right("orders") < 10:
        raise denied("Action not available to user.")
    shop, form = call.shop, call.form
    new_contact = form.get("contact")
    if not truthy(form.get("contact_id")) and not truthy(new_contact):
        raise missing("contact")
    listed = as_list(required_form(call, "items"))
    contact_id = as_int(form.get("contact_id"))
    if not contact_id:
        data = new_contact if isinstance(new_contact, dict) else {"firstname": as_text(new_contact)}
        contact_id = contacts.create(shop, data, "order", call.user.contact_id)
    items = [item for item in (_catalogue_item(shop, raw) for raw in listed if isinstance(raw, dict)) if item]
    total = sum(item["price"] * item["quantity"] for item in items)
    values = {"total": max(0.0, total), "comment": as_text(form.get("comment"))}
    order_id = insert(call, contact_id, values, items, _params(call, contact_id))
    if not shop.by_id("contacts", contact_id):
        raise ApiError("server_error", f"Contact does not exist: {contact_id}", 500)
    finish(call, order_id, contact_id)
    return order_view(call, order_id)


def _params(call: Call, contact_id: int) -> dict[str, str]:
    """What the shop knows itself wins over what the caller sends."""
    host = call.base_url.partition("//")[2].rstrip("/")
    params = {"storefront": host, "ip": "", "user_agent": call.user_agent or "api"}
    for ext in ("shipping", "billing"):
        for part, value in contacts.address_of(call.shop, contact_id, ext).items():
            params[f"{ext}_address.{part}"] = value
    sent = call.form.get("params")
    for name, value in (sent if isinstance(sent, dict) else {}).items():
        if name != "channel_id":
            params.setdefault(name, as_text(value))
    return {**params, "sales_channel": params.get("sales_channel") or f"storefront:{host}", "signup_url": ""}


def _catalogue_item(shop: Shop, raw: Values) -> Row | None:
    sku = shop.by_id("skus", as_int(raw.get("sku_id")))
    product = shop.by_id("products", sku["product_id"]) if sku else None
    if not sku or not product:
        return None
    quantity = decimal(raw["quantity"]) if "quantity" in raw else 1.0
    return {
        **catalogue_fields(shop, sku["id"], shop.currency), "quantity": quantity,
        "price": placed(shop.convert(sku["price"], product["currency"]), 4),
        "stock_id": as_int(raw.get("stock_id")) or None,
    }  # fmt: skip


def catalogue_fields(shop: Shop, sku_id: int, currency: str) -> Row:
    sku = shop.by_id("skus", sku_id)
    product = shop.by_id("products", sku["product_id"]) if sku else None
    if not sku or not product:
        return {}
    name = f"{product['name']} ({sku['name']})" if sku["name"] else product["name"]
    cost = shop.convert(sku["purchase_price"], product["currency"], currency)
    return {
        "product_id": product["id"], "sku_id": sku["id"], "sku_code": sku["sku"], "name": name, "type": "product",
        "purchase_price": placed(cost, 4),
    }  # fmt: skip


def insert(call: Call, contact_id: int, values: Row, items: list[Row], params: dict[str, str]) -> int:
    """The order with its lines, params and log row; `update_datetime` stays NULL (trap W26)."""
    shop = call.shop
    fixed = {"contact_id": contact_id, "create_datetime": shop.stamp(), "currency": shop.currency}
    order_id = shop.insert("orders", {**fixed, **values})
    for item in items:
        shop.insert("order_items", {**item, "order_id": order_id})
    secret = {"entropy": secrets.token_hex(16), "auth_code": secrets.token_hex(8), "auth_pin": "4711"}
    for name, value in {**params, **secret}.items():
        order_stock.set_param(shop, order_id, name, value)
    shop.insert("order_log", {
        "order_id": order_id, "contact_id": call.user.contact_id, "action_id": "create", "datetime": shop.stamp(),
        "before_state_id": "", "after_state_id": "new",
    })  # fmt: skip
    return order_id


def finish(call: Call, order_id: int, contact_id: int) -> None:
    """The notification goes out before the stock write-off (contract 7)."""
    contacts.count_order(call.shop, contact_id, order_id)
    notices.collect(call.shop, "create", order_id)
    if call.shop.stock_counting_action == "create":
        order_stock.reduce(call.shop, order_id)


METHODS: dict[str, tuple[str, Any]] = {"shop.order.add": ("POST", add)}
