"""SKUs and their stock counts: NULL is unlimited, rows per stock and plain totals can disagree (contract 3.6)."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from tests.sandbox.webasyst import schema
from tests.sandbox.webasyst.answers import ApiError, not_found, php_map
from tests.sandbox.webasyst.phpform import Values, as_int, as_text
from tests.sandbox.webasyst.rights import check_type_right, get_product, required_form, required_query
from tests.sandbox.webasyst.schema import Row, number, printed
from tests.sandbox.webasyst.store import Call, Shop

_COUNT = re.compile(r"-?\d*(\.\d*)?")
_MONEY = ("price", "primary_price", "purchase_price", "compare_price")
_MAX_PRICE = 99999999999.9999


def cast_stock(value: Any) -> float | None:
    """Empty, `abc` and a decimal comma all mean unlimited (trap W20)."""
    text = as_text(value).strip()
    if value is None or text == "" or not _COUNT.fullmatch(text):
        return None
    return schema.decimal(text)


def stock_ids(shop: Shop) -> list[int]:
    return [row["id"] for row in shop.rows("SELECT id FROM stocks ORDER BY sort, id")]


def save(shop: Shop, sku_id: int, data: Values, product: sqlite3.Row) -> int:
    """Writes one SKU; an id of 0 or less makes a new one, a positive one is believed (trap W17)."""
    values = {**data, "product_id": product["id"]}
    if "price" in values:
        values["primary_price"] = shop.convert(schema.decimal(values["price"]), product["currency"])
    if "count" in values and as_text(values["count"]) == "":
        values["count"] = None
    values = {name: value for name, value in values.items() if name not in ("id", "stock", "virtual", "file_name")}
    if sku_id > 0:
        shop.update("skus", sku_id, values)
    else:
        sku_id = shop.insert("skus", values)
    if isinstance(data.get("stock"), dict) and data["stock"]:
        _save_stock(shop, product["id"], sku_id, data["stock"])
    return sku_id


def _save_stock(shop: Shop, product_id: int, sku_id: int, counts: Values) -> None:
    known = stock_ids(shop)
    if not known or "0" in counts:
        shop.update("skus", sku_id, {"count": cast_stock(counts.get("0"))})
        return
    for stock_id, count in counts.items():
        if as_int(stock_id) in known:
            set_stock(shop, product_id, sku_id, as_int(stock_id), cast_stock(count))
    shop.update("skus", sku_id, {"count": total_of(shop, sku_id, known)})


def set_stock(shop: Shop, product_id: int, sku_id: int, stock_id: int, count: float | None) -> None:
    """An unlimited stock has no row."""
    shop.run("DELETE FROM product_stocks WHERE sku_id = ? AND stock_id = ?", sku_id, stock_id)
    if count is not None:
        row = {"product_id": product_id, "sku_id": sku_id, "stock_id": stock_id, "count": count}
        schema.insert(shop.db, "product_stocks", row)


def total_of(shop: Shop, sku_id: int, known: list[int]) -> float | None:
    """The sum over all stocks; one stock without a row makes it unlimited (S2)."""
    rows = shop.rows("SELECT stock_id, count FROM product_stocks WHERE sku_id = ?", sku_id)
    counts = {row["stock_id"]: row["count"] for row in rows}
    if any(stock_id not in counts for stock_id in known):
        return None
    return float(sum(counts[stock_id] for stock_id in known))


def correct(shop: Shop, product_id: int) -> None:
    """Recomputes what the product row shows from its SKUs; does not move the stamp."""
    product = shop.by_id("products", product_id)
    if not product:
        return
    found = shop.rows("SELECT * FROM skus WHERE product_id = ?", product_id)
    prices = [row["price"] for row in found] or [0.0]
    bases = [_base(row, product) for row in found] or [0.0]
    main = next((row for row in found if row["id"] == product["sku_id"]), None)
    raw = {
        "price": main["price"] if main else 0.0, "min_price": min(prices), "max_price": max(prices),
        "base_price": _base(main, product) if main else 0.0, "min_base_price": min(bases), "max_base_price": max(bases),
    }  # fmt: skip
    if main:
        raw["compare_price"] = main["compare_price"]
    values: Row = {name: shop.convert(value, product["currency"]) for name, value in raw.items()}
    shop.update("products", product_id, {**values, "sku_count": len(found), "count": product_count(shop, found)})


def _base(sku: sqlite3.Row, product: sqlite3.Row) -> float:
    ratio = sku["stock_base_ratio"] or product["stock_base_ratio"] or 1
    return float(min(_MAX_PRICE, max(0.0001, sku["price"] / ratio)))


def product_count(shop: Shop, found: list[sqlite3.Row]) -> float | None:
    """Orderable SKUs only; one unlimited makes the product unlimited, negative ones count as zero (T5)."""
    total, known = 0.0, stock_ids(shop)
    for sku in found:
        if sku["available"] and sku["status"]:
            count = _stock_count(shop, sku, known)
            if count is None:
                return None
            total += max(0.0, count)
    return total


def _stock_count(shop: Shop, sku: sqlite3.Row, known: list[int]) -> float | None:
    if known and shop.value("SELECT 1 FROM product_stocks WHERE sku_id = ? LIMIT 1", sku["id"]):
        return total_of(shop, sku["id"], known)
    return None if sku["count"] is None else float(sku["count"])


def numbered(row: sqlite3.Row) -> Row:
    """The form of getInfo and getList: prices are JSON numbers, the rest strings (observed T2)."""
    return {**printed("skus", row), **{name: number(row[name]) for name in _MONEY}}


def stock_map(shop: Shop, sku_id: int) -> Any:
    rows = shop.rows("SELECT * FROM product_stocks WHERE sku_id = ? ORDER BY stock_id", sku_id)
    return php_map({str(row["stock_id"]): schema.text(row["count"], "d3") for row in rows})


def get_sku(call: Call, sku_id: Any) -> sqlite3.Row:
    row = call.shop.by_id("skus", as_int(sku_id))
    if not row:
        raise not_found("Product variant")
    return row


def get_info(call: Call) -> Row:
    return _info(call.shop, get_sku(call, required_query(call, "id"))["id"])


def _info(shop: Shop, sku_id: int) -> Row:
    row = shop.by_id("skus", sku_id)
    assert row
    return {**printed("skus", row), "stock": stock_map(shop, sku_id)}


def get_list(call: Call) -> list[Row]:
    product = get_product(call, as_int(required_query(call, "product_id")))
    rows = call.shop.rows("SELECT * FROM skus WHERE product_id = ? ORDER BY sort, id", product["id"])
    currency = product["currency"]
    return [{**numbered(row), "stock": stock_map(call.shop, row["id"]), "currency": currency} for row in rows]


def add(call: Call) -> Row:
    """Leaves the product's edit_datetime alone (trap W27)."""
    product = get_product(call, as_int(required_query(call, "product_id")))
    check_type_right(call, product["type_id"], 500)
    sort = call.shop.value("SELECT IFNULL(MAX(sort), 0) + 1 FROM skus WHERE product_id = ?", product["id"])
    sku_id = save(call.shop, 0, {"sort": sort, **call.form}, product)
    correct(call.shop, product["id"])
    return _info(call.shop, sku_id)


def update(call: Call) -> Row:
    """Leaves the product's edit_datetime alone, and `available`/`status` when they are not sent (trap W27, U5)."""
    sku = get_sku(call, required_query(call, "id"))
    product = get_product(call, sku["product_id"])
    check_type_right(call, product["type_id"], 500)
    save(call.shop, sku["id"], call.form, product)
    correct(call.shop, product["id"])
    return _info(call.shop, sku["id"])


def delete(call: Call) -> bool:
    sku = get_sku(call, required_form(call, "id"))
    shop, product = call.shop, get_product(call, sku["product_id"])
    check_type_right(call, product["type_id"], 500)
    others = shop.rows("SELECT * FROM skus WHERE product_id = ? AND id <> ? ORDER BY id", product["id"], sku["id"])
    if not sum(row["status"] for row in others):
        raise ApiError("server_error", None, 500)
    remove(shop, sku["id"])
    if product["sku_id"] == sku["id"]:
        shop.update("products", product["id"], {"sku_id": others[0]["id"]})
    correct(shop, product["id"])
    return True


def remove(shop: Shop, sku_id: int) -> None:
    shop.run("DELETE FROM skus WHERE id = ?", sku_id)
    shop.run("DELETE FROM product_stocks WHERE sku_id = ?", sku_id)


METHODS = {
    "shop.product.skus.getInfo": ("GET", get_info),
    "shop.product.skus.getList": ("GET", get_list),
    "shop.product.skus.add": ("POST", add),
    "shop.product.skus.update": ("POST", update),
    "shop.product.skus.delete": ("POST", delete),
}
