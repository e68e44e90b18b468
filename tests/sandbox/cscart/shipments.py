"""Shipments: they never move their order's stamp."""

from __future__ import annotations

from typing import Any

from tests.sandbox.cscart import hooks, php, statuses
from tests.sandbox.cscart.shop import ApiError, Call, Page, Row, Shop

_CARRIERS = frozenset({"", "usps", "ups", "fedex", "dhl", "swisspost", "temando", "canada_post", "russian_post", "cdek"})
_CHANGEABLE = frozenset({"tracking_number", "comments", "status", "timestamp"})
_FIELDS = (
    "SELECT s.*, o.timestamp AS order_timestamp, o.firstname, o.lastname, o.user_id, h.shipping, o.company_id"
    " FROM shipments s JOIN orders o USING (order_id) LEFT JOIN shippings h USING (shipping_id)"
)


def index(shop: Shop, call: Call) -> Row:
    where, args = "1", list[Any]()
    if call.params.get("order_id"):
        args = php.ints(call.params["order_id"])
        where = f"s.order_id IN ({php.marks(args)})"
    total = len(shop.rows(f"{_FIELDS} WHERE {where}", args))
    page = Page.of(call, total, clamped=True)
    rows = shop.rows(f"{_FIELDS} WHERE {where} ORDER BY s.shipment_id DESC{page.limit}", args)
    return {"shipments": [_shown(shop, row) for row in rows], "params": page.params(call)}


def get(shop: Shop, call: Call) -> Row:
    row = shop.row(f"{_FIELDS} WHERE s.shipment_id=?", call.number)
    if row is None:
        raise ApiError(404)
    return _shown(shop, row)


def _shown(shop: Shop, row: Row) -> Row:
    items = shop.rows("SELECT item_id, amount FROM shipment_items WHERE shipment_id=?", (row["shipment_id"],))
    shown = php.columns({**row, "shipment_timestamp": row["timestamp"]})
    carrier = {"name": row["carrier"], "tracking_url": ""} if row["carrier"] else {}
    return {**shown, "carrier_info": carrier, "products": {str(i["item_id"]): str(i["amount"]) for i in items}}


def create(shop: Shop, call: Call) -> Row:
    body = call.body
    for name in ("order_id", "shipping_id"):
        if not body.get(name):
            raise ApiError(400, f"Required field: {name}")
    carrier = str(body.get("carrier") or "")
    if not (carrier or body.get("tracking_number")) or carrier not in _CARRIERS:
        raise ApiError(400, "Required field: carrier")
    order_id = php.to_int(body["order_id"])
    items = _items(shop, order_id, body.get("products"))
    if not items:
        raise ApiError(400, "There is nothing to ship")
    row = {
        "order_id": order_id,
        "shipping_id": php.to_int(body["shipping_id"]),
        "tracking_number": str(body.get("tracking_number") or ""),
        "carrier": carrier,
        "comments": str(body.get("comments") or ""),
        "timestamp": shop.time,
    }
    shipment_id = shop.insert("shipments", row)
    for item in items:
        shop.insert("shipment_items", {"shipment_id": shipment_id, **item})
    if body.get("order_status"):
        statuses.change(shop, order_id, str(body["order_status"]), origin=call.account.user_id)
    hooks.fire(shop, "new_shipment", shipment_id=shipment_id)
    return {"shipment_id": shipment_id}


def _items(shop: Shop, order_id: int, wanted: Any) -> list[Row]:
    rows = shop.rows("SELECT item_id, product_id, amount FROM order_details WHERE order_id=?", (order_id,))
    if not isinstance(wanted, dict) or not wanted:
        return rows
    chosen = [row | {"amount": min(row["amount"], php.to_int(wanted.get(str(row["item_id"]), 0)))} for row in rows]
    return [row for row in chosen if row["amount"] > 0]


def update(shop: Shop, call: Call) -> Row:
    if set(call.body) - _CHANGEABLE:
        raise ApiError(400, "Unsupported field")
    if not shop.update("shipments", dict(call.body), shipment_id=call.number):
        raise ApiError(404)
    return {"shipment_id": call.number}


def delete(shop: Shop, call: Call) -> None:
    if not shop.run("DELETE FROM shipments WHERE shipment_id=?", call.number):
        raise ApiError(404)
    shop.run("DELETE FROM shipment_items WHERE shipment_id=?", call.number)
