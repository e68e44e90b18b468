"""Partial refunds: lines shrink, the state stays (R15)."""

from __future__ import annotations

import sqlite3

from tests.sandbox.webasyst import order_stock
from tests.sandbox.webasyst.orders import item_view
from tests.sandbox.webasyst.phpform import as_int
from tests.sandbox.webasyst.schema import Row, decimal, number, placed
from tests.sandbox.webasyst.store import Call


def refund_partially(call: Call, order: sqlite3.Row) -> Row:
    listed = call.form.get("refund_items")
    refunded: Row = {}
    amount = 0.0
    for key, wanted in (listed if isinstance(listed, dict) else {}).items():
        item = call.shop.by_id("order_items", as_int(key))
        if item and item["order_id"] == order["id"] and isinstance(wanted, dict):
            quantity = min(decimal(wanted.get("quantity", 0)), item["quantity"])
            refunded[key] = _refunded(call, item, quantity)
            amount += item["price"] * quantity
            _shrink(call, item, quantity)
    subtotal = call.shop.value("SELECT IFNULL(SUM(price * quantity - total_discount), 0) FROM order_items WHERE order_id = ?", order["id"])
    call.shop.update("orders", order["id"], {"total": placed(subtotal + order["shipping"], 4)})
    return {"refund_amount": number(amount), "refund_items": refunded}


def _refunded(call: Call, item: sqlite3.Row, quantity: float) -> Row:
    view = item_view(call.shop, item)
    return {**view, "quantity": number(quantity), "total_discount": number(item["total_discount"]), "discount": 0}


def _shrink(call: Call, item: sqlite3.Row, quantity: float) -> None:
    rest = item["quantity"] - quantity
    if rest > 0:
        call.shop.update("order_items", item["id"], {"quantity": rest})
    else:
        call.shop.run("DELETE FROM order_items WHERE id = ?", item["id"])
    if order_stock.is_reduced(call.shop, item["order_id"]):
        order_stock.move(call.shop, item["sku_id"], item["stock_id"], quantity)
