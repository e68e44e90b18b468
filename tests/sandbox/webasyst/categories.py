"""`shop.category.*` and product membership: a nested-set tree, new categories come first (contract 3.8)."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

from tests.sandbox.webasyst.answers import ApiError, not_found
from tests.sandbox.webasyst.phpform import as_int, as_text, truthy
from tests.sandbox.webasyst.rights import required_form, required_query
from tests.sandbox.webasyst.schema import Row, printed
from tests.sandbox.webasyst.store import Call, Shop

_SOUNDS = "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya"
_LATIN = {letter: sound.strip("_") for letter, sound in zip("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", _SOUNDS.split(), strict=True)}
_WRITABLE = (
    "name", "url", "status", "description", "meta_title", "meta_keywords", "meta_description", "sort_products",
    "include_sub_categories", "type", "conditions",
)  # fmt: skip


def slug(name: str) -> str:
    text = "".join(_LATIN.get(letter, letter) for letter in name.lower())
    return re.sub(r"[^a-z0-9_]+", "-", text).strip("-")


def get(call: Call, category_id: int) -> sqlite3.Row:
    row = call.shop.by_id("categories", category_id)
    if not row:
        raise not_found("Category")
    return row


def get_static(call: Call, category_id: int) -> sqlite3.Row:
    row = get(call, category_id)
    if row["type"] == 1:
        raise ApiError("invalid_param", "Category type must be static.")
    return row


def of_product(shop: Shop, product_id: int) -> list[Row]:
    sql = "SELECT c.* FROM categories c JOIN category_products m ON m.category_id = c.id WHERE m.product_id = ?"
    return [printed("categories", row) for row in shop.rows(sql + " ORDER BY c.id", product_id)]


def replace(shop: Shop, product_id: int, wanted: list[int]) -> None:
    """The whole list is replaced, the first is the main one; an unknown id is kept as main all the same (P1)."""
    known = [row["category_id"] for row in shop.rows("SELECT * FROM category_products WHERE product_id=?", product_id)]
    for category_id in known:
        if category_id not in wanted:
            _unlink(shop, product_id, category_id)
    for category_id in wanted:
        _link(shop, product_id, category_id)
    shop.update("products", product_id, {"category_id": wanted[0] if wanted else None})


def put(shop: Shop, product_id: int, category_id: int) -> None:
    _link(shop, product_id, category_id)
    if shop.value("SELECT category_id FROM products WHERE id = ?", product_id) is None:
        shop.update("products", product_id, {"category_id": category_id})


def take(shop: Shop, product_id: int, category_id: int) -> None:
    _unlink(shop, product_id, category_id)
    if shop.value("SELECT category_id FROM products WHERE id = ?", product_id) == category_id:
        other = shop.value("SELECT category_id FROM category_products WHERE product_id = ? LIMIT 1", product_id)
        shop.update("products", product_id, {"category_id": other})


def _link(shop: Shop, product_id: int, category_id: int) -> None:
    if shop.by_id("categories", category_id):
        sql = "INSERT OR IGNORE INTO category_products(category_id, product_id, sort) VALUES (?, ?, 0)"
        shop.run(sql, category_id, product_id)
        _recount(shop, category_id)


def _unlink(shop: Shop, product_id: int, category_id: int) -> None:
    shop.run("DELETE FROM category_products WHERE category_id = ? AND product_id = ?", category_id, product_id)
    _recount(shop, category_id)


def _recount(shop: Shop, category_id: int) -> None:
    count = shop.value("SELECT COUNT(*) FROM category_products WHERE category_id = ?", category_id)
    shop.update("categories", category_id, {"count": count})


def add(call: Call) -> Row:
    name = as_text(required_form(call, "name"))
    shop, parent_id = call.shop, as_int(call.form.get("parent_id"))
    parent = shop.by_id("categories", parent_id) if parent_id else None
    if parent_id and not parent:
        raise ApiError("invalid_request", "Parent category not found.", 404)
    url = _free_url(shop, parent_id, as_text(call.form.get("url")) or slug(name))
    full_url = f"{parent['full_url']}/{url}" if parent else url
    left = parent["left_key"] + 1 if parent else 1
    shop.run("UPDATE categories SET left_key = left_key + 2 WHERE left_key >= ?", left)
    shop.run("UPDATE categories SET right_key = right_key + 2 WHERE right_key >= ?", left)
    values = {column: call.form[column] for column in _WRITABLE if column in call.form}
    place = {"left_key": left, "right_key": left + 1, "depth": parent["depth"] + 1 if parent else 0}
    fixed = {"url": url, "full_url": full_url, "parent_id": parent_id, "create_datetime": shop.stamp()}
    return _view(shop, shop.insert("categories", {**values, **place, **fixed}))


def _free_url(shop: Shop, parent_id: int, wanted: str) -> str:
    url, number = wanted, 0
    while shop.value("SELECT 1 FROM categories WHERE parent_id = ? AND url = ?", parent_id, url):
        number += 1
        url = f"{wanted}_{number}"
    return url


def _view(shop: Shop, category_id: int) -> Row:
    row = shop.by_id("categories", category_id)
    assert row
    return printed("categories", row)


def update(call: Call) -> Row:
    """Does not set the category's edit_datetime (contract 6.2)."""
    row, shop = get(call, as_int(required_query(call, "id"))), call.shop
    values = {column: call.form[column] for column in _WRITABLE if column in call.form}
    if truthy(values.get("url")):
        sql = "SELECT 1 FROM categories WHERE parent_id = ? AND url = ? AND id <> ?"
        if shop.value(sql, row["parent_id"], values["url"], row["id"]):
            raise ApiError("server_error", "URL is already in use.", 500)
        values["full_url"] = row["full_url"].rpartition("/")[0] + "/" + values["url"]
        values["full_url"] = values["full_url"].strip("/")
    shop.update("categories", row["id"], values)
    return _view(shop, row["id"])


def delete(call: Call) -> bool:
    row, shop = get(call, as_int(required_form(call, "id"))), call.shop
    for link in shop.rows("SELECT product_id FROM category_products WHERE category_id = ?", row["id"]):
        take(shop, link["product_id"], row["id"])
    shop.run("UPDATE categories SET parent_id = ? WHERE parent_id = ?", row["parent_id"], row["id"])
    shop.run("DELETE FROM categories WHERE id = ?", row["id"])
    return True


def get_tree(call: Call) -> list[Row]:
    rows = call.shop.rows("SELECT * FROM categories ORDER BY left_key")
    depth = as_int(call.query["depth"]) if truthy(call.query.get("depth")) else 99
    return _branch(rows, as_int(call.query.get("parent_id")), depth)


def _branch(rows: list[sqlite3.Row], parent_id: int, depth: int) -> list[Row]:
    found: list[Row] = []
    for row in rows:
        if row["parent_id"] == parent_id:
            children: list[Any] = _branch(rows, row["id"], depth - 1) if depth > 0 else []
            found.append({**printed("categories", row), "thumb": None, "categories": children})
    return found


def search(call: Call) -> list[Row]:
    name = as_text(required_query(call, "name")).casefold()
    rows = call.shop.rows("SELECT * FROM categories ORDER BY left_key")
    return [printed("categories", row) for row in rows if name in row["name"].casefold()]


def get_info(call: Call) -> Row:
    return printed("categories", get(call, as_int(required_query(call, "id"))))


METHODS = {
    "shop.category.add": ("POST", add),
    "shop.category.update": ("POST", update),
    "shop.category.delete": ("POST", delete),
    "shop.category.getTree": ("GET", get_tree),
    "shop.category.getInfo": ("GET", get_info),
    "shop.category.search": ("GET", search),
}
