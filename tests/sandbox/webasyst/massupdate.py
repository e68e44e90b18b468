"""`shop.product.massUpdate`: fast, says "ok" also for rows that it skipped (trap W22)."""

from __future__ import annotations

import json
import re
import sqlite3
from html import escape
from typing import Any

from tests.sandbox.webasyst import schema, skus
from tests.sandbox.webasyst.answers import ApiError
from tests.sandbox.webasyst.phpform import Values, as_list
from tests.sandbox.webasyst.product_save import too_long
from tests.sandbox.webasyst.schema import Row, placed
from tests.sandbox.webasyst.store import Call, Shop

_INTEGER = re.compile(r"-?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")
_UNWRITABLE = ("id", "product_id", "virtual", "stock", "create_datetime", "sku_count", "sku_type")
_UNSET: Any = object()


def mass_update(call: Call) -> str:
    """Any bad value refuses the whole batch before the first write; answers are HTTP 200 either way."""
    raw_skus, raw_products = _rows(call, "sku"), _rows(call, "product")
    if not raw_skus and not raw_products:
        raise ApiError("invalid_param", "No data to update.", 400)
    known = skus.stock_ids(call.shop)
    sku_rows = {int(row["id"]): _checked_sku(row, known) for row in raw_skus if _has_id(row, "sku")}
    product_rows = {int(row["id"]): row for row in raw_products if _has_id(row, "product")}
    _Batch(call, known).apply(sku_rows, product_rows)
    return "ok"


def _rows(call: Call, name: str) -> list[Values]:
    rows = as_list(call.form.get(name))
    try:
        decoded = json.loads(call.form.get(f"j{name}") or "[]")
    except (TypeError, ValueError):
        decoded = []
    rows += decoded if isinstance(decoded, list) else []
    return [row for row in rows if isinstance(row, dict)]


def _has_id(row: Values, name: str) -> bool:
    if row.get("id") is None:
        return False
    if not _INTEGER.fullmatch(str(row["id"])):
        raise _refused(f"{name}.id must be integer: {escape(str(row['id']))}")
    return True


def _refused(text: str) -> ApiError:
    return ApiError("invalid_param", text)


def _checked_sku(row: Values, known: list[int]) -> Row:
    """`counts` is a map per stock, None for a plain total, `_UNSET` when neither was sent."""
    checked = {**row, "counts": _UNSET}
    if row.get("stock"):
        if not isinstance(row["stock"], dict):
            raise _refused("sku.stocks must be an array")
        checked["counts"] = {_stock_id(one, known): _stock_count(count) for one, count in row["stock"].items()}
        checked.pop("count", None)
    elif "count" in row:
        checked["counts"] = None
        checked["count"] = _count(row["count"], "sku.count must be integer, fractional or empty string")
    return checked


def _stock_id(raw: Any, known: list[int]) -> int:
    if not _INTEGER.fullmatch(str(raw)):
        raise _refused(f"sku.stocks stock_ids must be integers: {escape(str(raw))}")
    if int(raw) not in known:
        raise _refused(f"stock_id does not exist: {raw}")
    return int(raw)


def _stock_count(raw: Any) -> float | None:
    return _count(raw, "sku.stocks counts must be integers, fractional or empty strings")


def _count(raw: Any, problem: str) -> float | None:
    text = "" if raw is None or raw is False else str(raw).replace(",", ".")
    if _NUMBER.fullmatch(text):
        return float(text)
    if text:
        raise _refused(f"{problem}: {escape(str(raw))}")
    return None


class _Batch:
    def __init__(self, call: Call, known: list[int]) -> None:
        self._call, self._shop, self._known = call, call.shop, known
        self._stamp = call.shop.stamp()

    def apply(self, sku_rows: dict[int, Row], product_rows: dict[int, Row]) -> None:
        stored = {row["id"]: row for row in self._shop.in_ids("skus", "id", sku_rows)}
        wanted = set(product_rows) | {row["product_id"] for row in stored.values()}
        products = {row["id"]: row for row in self._shop.in_ids("products", "id", wanted) if self._allowed(row)}
        changes: dict[int, Row] = {key: {} for key in products}
        for product_id, row in product_rows.items():
            if any(too_long(name, str(value)) for name, value in row.items()):
                raise _refused("Data too long for column")
            if product_id in changes:
                changes[product_id].update({n: v for n, v in row.items() if n not in (*_UNWRITABLE, "count")})
        per_stock = self._products_with_rows(changes)
        for sku_id, row in sku_rows.items():
            if sku_id in stored and stored[sku_id]["product_id"] in products:
                product = products[stored[sku_id]["product_id"]]
                self._write_sku(sku_id, row, product, changes[product["id"]], product["id"] in per_stock)
        for product_id in per_stock:
            self._forget_plain_counts(product_id, sku_rows)
        for product_id, values in changes.items():
            self._write_product(product_id, values)

    def _allowed(self, product: sqlite3.Row) -> bool:
        """Others need right 2 on the exact type; a grant for all types is not honoured here (contract 3.6)."""
        return self._call.user.is_admin or self._call.user.rights.get(f"type.{product['type_id']}", 0) >= 2

    def _products_with_rows(self, changes: dict[int, Row]) -> set[int]:
        return {row["product_id"] for row in self._shop.in_ids("product_stocks", "product_id", changes, "sku_id")}

    def _forget_plain_counts(self, product_id: int, sku_rows: dict[int, Row]) -> None:
        """A SKU without rows beside one with rows becomes unlimited, even if only a price was sent for the other."""
        for sku in self._shop.rows(
            "SELECT id FROM skus WHERE product_id = ? AND id NOT IN (SELECT sku_id FROM product_stocks)", product_id
        ):
            if sku_rows.get(sku["id"], {}).get("counts", _UNSET) is _UNSET:
                self._shop.update("skus", sku["id"], {"count": None})

    def _write_sku(self, sku_id: int, row: Row, product: sqlite3.Row, change: Row, counted_per_stock: bool) -> None:
        values = {name: value for name, value in row.items() if name not in _UNWRITABLE}
        if "price" in row:
            amount = self._shop.convert(schema.decimal(row["price"]), product["currency"])
            values["primary_price"] = placed(amount, 2)
        if sku_id == product["sku_id"]:
            if "primary_price" in values:
                change["price"] = values["primary_price"]
            if row.get("compare_price") is not None:
                amount = self._shop.convert(schema.decimal(row["compare_price"]), product["currency"])
                change["compare_price"] = placed(amount, 2)
        self._shop.update("skus", sku_id, values)
        if row["counts"] is None:
            self._shop.run("DELETE FROM product_stocks WHERE sku_id = ?", sku_id)
        elif row["counts"] is not _UNSET:
            self._write_stocks(sku_id, row["counts"], product["id"], counted_per_stock)

    def _write_stocks(self, sku_id: int, counts: dict[int, float | None], product_id: int, per_stock: bool) -> None:
        """Stocks that are not listed: kept; 0 if no SKU of the product had rows, unlimited if a sibling had (S3)."""
        if not per_stock:
            counts = {**dict.fromkeys(self._known, 0.0), **counts}
        for stock_id, count in counts.items():
            skus.set_stock(self._shop, product_id, sku_id, stock_id, count)
        self._shop.update("skus", sku_id, {"count": skus.total_of(self._shop, sku_id, self._known)})

    def _write_product(self, product_id: int, values: Row) -> None:
        shop: Shop = self._shop
        found = shop.rows("SELECT * FROM skus WHERE product_id = ?", product_id)
        if found:
            prices = [row["primary_price"] for row in found]
            values |= {"min_price": min(prices), "max_price": max(prices)}
            values["count"] = skus.product_count(shop, found)
        shop.update("products", product_id, {**values, "edit_datetime": self._stamp})


METHODS = {"shop.product.massUpdate": ("POST", mass_update)}
