"""Stock that orders take and give back; the flag `params[reduced]` alone says which (R14, X3, X4)."""

from __future__ import annotations

import sqlite3
from typing import Any

from tests.sandbox.webasyst import skus
from tests.sandbox.webasyst.phpform import as_int
from tests.sandbox.webasyst.store import Shop


def param(shop: Shop, order_id: int, name: str) -> str | None:
    found: str | None = shop.value("SELECT value FROM order_params WHERE order_id = ? AND name = ?", order_id, name)
    return found


def set_param(shop: Shop, order_id: int, name: str, value: Any) -> None:
    sql = "INSERT OR REPLACE INTO order_params(order_id, name, value) VALUES (?, ?, ?)"
    shop.run(sql, order_id, name[:64], str(value)[:255])


def is_reduced(shop: Shop, order_id: int) -> bool:
    return as_int(param(shop, order_id, "reduced")) != 0


def reduce(shop: Shop, order_id: int) -> None:
    if not is_reduced(shop, order_id):
        _move_all(shop, order_id, -1)
        set_param(shop, order_id, "reduced", 1)
        _increase(shop, order_id, "reduce_times")


def give_back(shop: Shop, order_id: int, stock_id: int = 0) -> None:
    """Believes the flag, also when a client set it (X4)."""
    if is_reduced(shop, order_id):
        _move_all(shop, order_id, 1, stock_id)
        set_param(shop, order_id, "reduced", 0)
        _increase(shop, order_id, "return_times")


def _increase(shop: Shop, order_id: int, name: str) -> None:
    set_param(shop, order_id, name, as_int(param(shop, order_id, name)) + 1)


def _move_all(shop: Shop, order_id: int, sign: int, stock_id: int = 0) -> None:
    for item in shop.rows("SELECT * FROM order_items WHERE order_id = ? AND type = 'product'", order_id):
        chosen = _chosen_stock(shop, item, stock_id)
        shop.update("order_items", item["id"], {"stock_id": chosen})
        move(shop, item["sku_id"], chosen, sign * item["quantity"])


def _chosen_stock(shop: Shop, item: sqlite3.Row, forced: int) -> int | None:
    """Without a stock on the line: an empty one is preferred, else the first (observed R14)."""
    rows = shop.rows("SELECT * FROM product_stocks WHERE sku_id = ? ORDER BY stock_id", item["sku_id"])
    wanted = forced or item["stock_id"] or as_int(param(shop, item["order_id"], "stock_id"))
    if not rows:
        return 0 if item["stock_id"] else None
    if any(row["stock_id"] == wanted for row in rows):
        return int(wanted)
    ordered = sorted(rows, key=lambda row: row["count"] is None or row["count"] > 0)
    return int(ordered[0]["stock_id"])


def move(shop: Shop, sku_id: int, stock_id: int | None, delta: float) -> None:
    """Changes counts, also below zero; the product's edit_datetime does not move (trap W27)."""
    sku = shop.by_id("skus", sku_id)
    if not sku or not delta:
        return
    if stock_id:
        shop.run("UPDATE product_stocks SET count = count + ? WHERE sku_id = ? AND stock_id = ?", delta, sku_id, stock_id)
    if sku["count"] is not None:
        shop.update("skus", sku_id, {"count": sku["count"] + delta})
    found = shop.rows("SELECT * FROM skus WHERE product_id = ?", sku["product_id"])
    shop.update("products", sku["product_id"], {"count": skus.product_count(shop, found)})


def recount_sales(shop: Shop, order_id: int) -> None:
    """Only products with paid orders are rewritten: after a refund the last figure stays."""
    for item in shop.rows("SELECT DISTINCT product_id FROM order_items WHERE order_id = ?", order_id):
        sql = (
            "SELECT SUM(i.price * o.rate * i.quantity) FROM orders o JOIN order_items i ON i.order_id = o.id"
            " WHERE o.paid_date IS NOT NULL AND i.product_id = ?"
        )
        total = shop.value(sql, item["product_id"])
        if total is not None:
            shop.update("products", item["product_id"], {"total_sales": total})
