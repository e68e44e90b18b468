"""`shop.product.getInfo/add/update/delete`, tags and category membership."""

from __future__ import annotations

import sqlite3
from typing import Any

from tests.sandbox.webasyst import categories, product_save
from tests.sandbox.webasyst.answers import denied, php_map
from tests.sandbox.webasyst.images import described, image_row, image_url
from tests.sandbox.webasyst.phpform import as_int, as_list, as_text
from tests.sandbox.webasyst.product_search import search
from tests.sandbox.webasyst.rights import check_type_right, get_product, required_form, required_query
from tests.sandbox.webasyst.schema import Row, number, printed
from tests.sandbox.webasyst.skus import numbered
from tests.sandbox.webasyst.store import Call, Shop, User

_CHILDREN = ("skus", "images", "product_stocks", "product_tags", "product_params", "product_features", "product_words")


def get_info(call: Call) -> Row:
    return product_view(call, as_int(required_query(call, "id")))


def product_view(call: Call, product_id: int) -> Row:
    """Nothing is escaped here; SKU prices are JSON numbers, product prices strings (observed T2, T6)."""
    shop, product = call.shop, get_product(call, product_id)
    view: Row = printed("products", product)
    if product["image_id"]:
        view["image_url"] = image_url(call, product_id, product["image_id"], product["ext"], "750x0")
    found = shop.rows("SELECT * FROM skus WHERE product_id = ? ORDER BY sort, id", product_id)
    view["skus"] = [{**numbered(row), "stocks": _stocks(shop, row["id"])} for row in found]
    view["categories"] = categories.of_product(shop, product_id)
    images = shop.rows("SELECT * FROM images WHERE product_id = ? ORDER BY sort, id", product_id)
    view["images"] = described([image_row(call, row) for row in images], product["name"])
    features = shop.rows("SELECT code, value FROM product_features WHERE product_id = ?", product_id)
    view["features"] = php_map({row["code"]: row["value"] for row in features})
    return view


def _stocks(shop: Shop, sku_id: int) -> list[Row]:
    rows = shop.rows("SELECT * FROM product_stocks WHERE sku_id = ? ORDER BY stock_id", sku_id)
    return [{"id": row["stock_id"], "count": number(row["count"])} for row in rows]


def add(call: Call) -> Row:
    required_form(call, "name")
    if call.form.get("sku_type") != "1":
        required_form(call, "skus")
    product_save.check_skus(call.form)
    if not call.user.is_admin:
        check_type_right(call, as_text(required_form(call, "type_id")))
    return product_view(call, product_save.create(call))


def update(call: Call) -> Row:
    """The id belongs into the query although the verb is POST (trap W9)."""
    product = get_product(call, as_int(required_query(call, "id")))
    check_type_right(call, product["type_id"])
    if "type_id" in call.form:
        check_type_right(call, as_text(call.form["type_id"]))
    product_save.check_skus(call.form)
    product_save.change(call, product["id"])
    return product_view(call, product["id"])


def delete(call: Call) -> bool:
    """Physical, no tombstone; what the user may not delete is left out without a word."""
    raw = required_form(call, "id")
    ids = [as_int(one) for one in (as_list(raw) if isinstance(raw, dict) else as_text(raw).split(","))]
    found = call.shop.in_ids("products", "id", ids)
    allowed = [row for row in found if _may_delete(call.user, row)]
    if not allowed and not call.user.is_admin:
        raise denied()
    for row in allowed:
        _remove(call.shop, row["id"])
    return True


def _may_delete(user: User, product: sqlite3.Row) -> bool:
    right = user.right(f"type.{product['type_id']}")
    return right >= 2 or (right == 1 and product["contact_id"] == user.contact_id)


def _remove(shop: Shop, product_id: int) -> None:
    categories.replace(shop, product_id, [])
    for table in _CHILDREN:
        shop.run(f"DELETE FROM {table} WHERE product_id = ?", product_id)
    shop.run("DELETE FROM unindexed WHERE product_id = ?", product_id)
    shop.run("DELETE FROM products WHERE id = ?", product_id)


def _editable(call: Call) -> sqlite3.Row:
    product = get_product(call, as_int(required_query(call, "id")))
    check_type_right(call, product["type_id"])
    return product


def _touch(call: Call, product_id: int) -> None:
    call.shop.update("products", product_id, {"edit_datetime": call.shop.stamp()})


def _changed(call: Call, product_id: int, table: str, action: Any) -> bool:
    count = f"SELECT COUNT(*) FROM {table} WHERE product_id = ?"
    before = call.shop.value(count, product_id)
    action()
    if call.shop.value(count, product_id) != before:
        _touch(call, product_id)
    return True


def add_tags(call: Call) -> bool:
    product, shop = _editable(call), call.shop
    names = product_save.tag_names(required_form(call, "tags"))
    return _changed(call, product["id"], "product_tags", lambda: product_save.add_tags(shop, product["id"], names))


def remove_tags(call: Call) -> bool:
    product, shop = _editable(call), call.shop
    names = product_save.tag_names(required_form(call, "tags"))
    sql = "DELETE FROM product_tags WHERE product_id = ? AND tag_id IN (SELECT id FROM tags WHERE name = ?)"

    def remove() -> None:
        for name in names:
            shop.run(sql, product["id"], name)

    return _changed(call, product["id"], "product_tags", remove)


def add_to_category(call: Call) -> bool:
    product, shop = _editable(call), call.shop
    category = categories.get_static(call, as_int(required_form(call, "category_id")))
    return _changed(call, product["id"], "category_products", lambda: categories.put(shop, product["id"], category["id"]))


def remove_from_category(call: Call) -> bool:
    product, shop = _editable(call), call.shop
    category = categories.get_static(call, as_int(required_form(call, "category_id")))
    return _changed(call, product["id"], "category_products", lambda: categories.take(shop, product["id"], category["id"]))


METHODS = {
    "shop.product.search": ("GET", search),
    "shop.product.getInfo": ("GET", get_info),
    "shop.product.add": ("POST", add),
    "shop.product.update": ("POST", update),
    "shop.product.delete": ("POST", delete),
    "shop.product.addTags": ("POST", add_tags),
    "shop.product.removeTags": ("POST", remove_tags),
    "shop.product.addToCategory": ("POST", add_to_category),
    "shop.product.removeFromCategory": ("POST", remove_from_category),
}
