"""Order statuses: their catalogue, and the one way in which an order changes its letter."""

from __future__ import annotations

import json
import string
from typing import Any

from tests.sandbox.cscart import hooks, php
from tests.sandbox.cscart.shop import ApiError, Call, Page, Row, Shop

_INTERNAL = ("N", "T")


def index(shop: Shop, call: Call) -> Row:
    kind = str(call.params.get("type") or "O")
    rows = [
        row
        for row in shop.rows("SELECT * FROM statuses WHERE type=? ORDER BY position, status_id", (kind,))
        if kind != "O" or row["status"] not in _INTERNAL
    ]
    page = Page(1, len(rows), len(rows))
    return {"statuses": [_shown(row) for row in rows], "params": {"type": kind, **page.params(call)}}


def get(shop: Shop, call: Call) -> Row:
    row = shop.row("SELECT * FROM statuses WHERE status_id=?", call.number)
    if row is None or (row["type"] == "O" and row["status"] in _INTERNAL):
        raise ApiError(404)
    return _shown(row)


def create(shop: Shop, call: Call) -> Row:
    """A new status takes the first free letter, so one letter means other things in other shops (trap 31)."""
    if not call.body.get("description"):
        raise ApiError(400, "Required field: description")
    params = call.body.get("params")
    return {"status_id": add(shop, str(call.body["description"]), params if isinstance(params, dict) else {})[0]}


def add(shop: Shop, description: str, params: Row) -> tuple[int, str]:
    taken = {row["status"] for row in shop.rows("SELECT status FROM statuses WHERE type='O'")}
    letter = next((item for item in string.ascii_uppercase if item not in taken), "")
    if not letter:
        raise ApiError(400, "No free status letters")
    kept = {"inventory": "D", "payment_received": "N"} | params
    row = {"status": letter, "type": "O", "position": 200, "description": description, "params": json.dumps(kept)}
    return shop.insert("statuses", row), letter


def _shown(row: Row) -> Row:
    return {**php.columns(row), "params": json.loads(row["params"])}


def params(shop: Shop, letter: str) -> Row | None:
    found = shop.value("SELECT params FROM statuses WHERE type='O' AND status=?", letter)
    return None if found is None else dict(json.loads(found))


def change(shop: Shop, order_id: int, letter: str, *, placing: bool = False, origin: int = 0) -> str:
    """Moves an order and its stock; the letter it ends on may be another than the one asked for (trap 18)."""
    order = shop.row("SELECT order_id, status, is_parent_order FROM orders WHERE order_id=?", order_id)
    if order is None:
        return ""
    if order["is_parent_order"] == "Y" and not placing:
        for child in shop.rows("SELECT order_id FROM orders WHERE parent_order_id=?", (order_id,)):
            change(shop, child["order_id"], letter, origin=origin)
        return str(order["status"])
    wanted = params(shop, letter)
    before = params(shop, order["status"]) or {}
    if wanted is None or letter == order["status"]:
        return str(order["status"])
    taken, takes = before.get("inventory") == "D", wanted.get("inventory") == "D"
    if takes and not taken and _short(shop, order_id) and params(shop, "B") is not None:
        letter, wanted, takes = "B", params(shop, "B") or {}, False
    if takes != taken:
        _move_stock(shop, order_id, -1 if takes else 1)
    shop.update("orders", {"status": letter, "updated_at": shop.time}, order_id=order_id)
    _announce(shop, order_id, order["status"], letter, placing, origin)
    if wanted.get("payment_received") == "Y" and before.get("payment_received") != "Y":
        hooks.fire(shop, "order_paid", order_id=order_id)
    return letter


def _announce(shop: Shop, order_id: int, old: str, new: str, placing: bool, origin: int) -> None:
    facts: Row = {"order_id": order_id, "status_from": old, "status_to": new}
    if origin:
        facts["origin"] = "api"
    if not placing:
        hooks.push(shop, "order.status", **facts)


def _stocked(shop: Shop, order_id: int) -> list[Row]:
    """Amounts per product whose stock is counted."""
    return shop.rows(
        "SELECT p.product_id, p.amount AS stock, p.out_of_stock_actions, sum(d.amount) AS amount FROM order_details d"
        " JOIN products p USING (product_id) WHERE d.order_id=? AND coalesce(p.tracking,'B')<>'D' AND p.is_edp<>'Y'"
        " GROUP BY p.product_id",
        (order_id,),
    )


def _short(shop: Shop, order_id: int) -> bool:
    return any(row["stock"] < row["amount"] and row["out_of_stock_actions"] != "B" for row in _stocked(shop, order_id))


def _move_stock(shop: Shop, order_id: int, sign: int) -> None:
    """A bare UPDATE of the amount: `updated_timestamp` stays (trap 12)."""
    for row in _stocked(shop, order_id):
        shop.run("UPDATE products SET amount=amount+? WHERE product_id=?", sign * row["amount"], row["product_id"])
        hooks.push(shop, "product.stock", product_id=row["product_id"], amount=row["stock"] + sign * row["amount"])


def put_status(shop: Shop, call: Call) -> Any:
    """Always 200, whether the order exists, the letter is known, or nothing happened (trap 18)."""
    if shop.row("SELECT 1 FROM orders WHERE order_id=? AND (?=0 OR company_id=?)", call.number, call.company_id, call.company_id):
        change(shop, call.number, str(call.body["status"]), origin=call.account.user_id)
    return {"order_id": call.number}
