"""Saving a product with all that hangs on it: what replaces, what merges, what moves `edit_datetime`."""

from __future__ import annotations

import re
from typing import Any

from tests.sandbox.webasyst import categories, schema, skus, words
from tests.sandbox.webasyst.answers import ApiError, invalid, localised
from tests.sandbox.webasyst.phpform import Values, as_int, as_list, as_text, truthy
from tests.sandbox.webasyst.rights import get_product
from tests.sandbox.webasyst.schema import Row
from tests.sandbox.webasyst.store import Call, Shop

_STAMP = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?")
_READ_ONLY = ("id", "sku_id", "sku_count")
_RELATIONS = ("id", "access_token", "skus", "categories", "tags", "params", "sets", "features")
FEATURES = ("weight", "length", "color", "gtin")


def check_skus(form: Values) -> None:
    listed = form.get("skus")
    if "skus" in form and (not isinstance(listed, dict) or any(not isinstance(s, dict) or not s for s in listed.values())):
        raise invalid("skus")


def create(call: Call) -> int:
    """`edit_datetime` stays NULL unless categories were given (trap W26)."""
    shop, form = call.shop, dict(call.form)
    values = {
        "contact_id": call.user.contact_id, "create_datetime": shop.stamp(), "currency": shop.currency,
        **_columns(call, form),
    }  # fmt: skip
    product_id = shop.insert("products", values)
    if not truthy(values.get("url")):
        shop.update("products", product_id, {"url": str(product_id)})
    listed = form.get("skus") or {}
    save_skus(shop, product_id, {str(-1 - n): sku for n, sku in enumerate(listed.values())})
    _save_relations(call, product_id, form)
    if form.get("categories") or truthy(form.get("category_id")):
        shop.update("products", product_id, {"edit_datetime": shop.stamp()})
    words.reindex(shop, product_id)
    return product_id


def change(call: Call, product_id: int) -> None:
    """Identical plain fields are no change; `skus`, `categories`, `tags`, `params` and `features` always are (P6)."""
    shop, form = call.shop, call.form
    before = get_product(call, product_id)
    values = {n: v for n, v in schema.columns("products", _columns(call, form)).items() if v != before[n]}
    if "url" in values and not truthy(values["url"]):
        values["url"] = str(product_id)
    shop.update("products", product_id, values)
    if form.get("skus"):
        save_skus(shop, product_id, form["skus"])
    strange = any(name not in schema.PRODUCT and name not in _RELATIONS for name in form)  # an unknown field makes the product dirty
    touched = _save_relations(call, product_id, form) or bool(values) or strange or bool(form.get("skus"))
    if touched and "edit_datetime" not in values:
        shop.update("products", product_id, {"edit_datetime": shop.stamp()})
    if touched:
        words.reindex(shop, product_id)


def _columns(call: Call, form: Values) -> Row:
    values: Row = {}
    for name, value in form.items():
        if name in schema.PRODUCT and name not in _READ_ONLY:
            values[name] = _plain(name, value)
    if "name" in values:
        values["name"] = re.sub(r"[\r\n]+", " ", values["name"])
    if "name" in values and values["name"] == "":
        values["name"] = localised("New product", call.user.locale)
    return values


def _plain(name: str, value: Any) -> Any:
    kind, text = schema.PRODUCT[name], as_text(value)
    if (kind == "t" and text and not _STAMP.fullmatch(text)) or too_long(name, text):
        raise ApiError("server_error", "Database error. See log files for details.", 500)
    if text == "" and (kind in ("t", "i") or name == "count"):
        return None
    return text


def too_long(name: str, text: str) -> bool:
    """A TEXT column in MySQL's strict mode, which is the default."""
    return name in ("summary", "meta_keywords", "meta_description") and len(text.encode()) > 65_535


def save_skus(shop: Shop, product_id: int, listed: Values) -> None:
    """Keys are SKU ids, taken without asking whose they are; the first one listed may become the main one (trap W18)."""
    product = shop.by_id("products", product_id)
    assert product
    saved: list[int] = []
    main: int | None = None
    for position, (key, sku) in enumerate(listed.items(), 1):
        values = {**sku, "sort": position, "available": _flag(sku, "available"), "status": _flag(sku, "status")}
        saved.append(skus.save(shop, as_int(key), values, product))
        main = saved[-1] if as_int(key) == product["sku_id"] else main
    if saved:
        shop.update("products", product_id, {"sku_id": main if main is not None else saved[0]})
    skus.correct(shop, product_id)


def _flag(sku: Values, name: str) -> int:
    """Not sent means 1 again (U5)."""
    value = as_int(sku[name]) if name in sku else 1
    return min(value, 1)


def _save_relations(call: Call, product_id: int, form: Values) -> bool:
    shop, touched = call.shop, False
    if "categories" in form:
        categories.replace(shop, product_id, [as_int(one) for one in as_list(form["categories"])])
        touched = True
    elif truthy(form.get("category_id")):
        categories.put(shop, product_id, as_int(form["category_id"]))
    if "tags" in form:
        set_tags(shop, product_id, tag_names(form["tags"]))
        touched = True
    if "params" in form:
        _replace_params(shop, product_id, form["params"])
        touched = True
    if "sets" in form:
        shop.run("DELETE FROM sets WHERE product_id = ?", product_id)
        for one in as_list(form["sets"]):
            shop.run("INSERT OR IGNORE INTO sets(id, product_id) VALUES (?, ?)", as_text(one), product_id)
        touched = True
    return _save_features(shop, product_id, form.get("features")) or touched


def _replace_params(shop: Shop, product_id: int, params: Any) -> None:
    """All of them are replaced (trap W19); a map, or lines of `name=value`."""
    if not isinstance(params, dict):
        lines = (line.partition("=") for line in as_text(params).splitlines() if "=" in line)
        params = {name.strip(): value.strip() for name, _, value in lines}
    shop.run("DELETE FROM product_params WHERE product_id = ?", product_id)
    sql = "INSERT OR REPLACE INTO product_params(product_id, name, value) VALUES (?, ?, ?)"
    for name, value in params.items():
        shop.run(sql, product_id, name[:64], as_text(value)[:255])


def _save_features(shop: Shop, product_id: int, features: Any) -> bool:
    """Only the listed codes change; unknown codes are ignored, an empty value clears."""
    if not isinstance(features, dict):
        return False
    for code, value in features.items():
        if code in FEATURES:
            shop.run("DELETE FROM product_features WHERE product_id = ? AND code = ?", product_id, code)
            if truthy(value):
                sql = "INSERT INTO product_features(product_id, code, value) VALUES (?, ?, ?)"
                shop.run(sql, product_id, code, as_text(as_list(value)[0]))
    return True


def tag_names(value: Any) -> list[str]:
    raw = as_list(value) if isinstance(value, dict) else as_text(value).split(",")
    return list(dict.fromkeys(name for name in (as_text(one).strip() for one in raw) if name))


def set_tags(shop: Shop, product_id: int, names: list[str]) -> None:
    shop.run("DELETE FROM product_tags WHERE product_id = ?", product_id)
    add_tags(shop, product_id, names)


def add_tags(shop: Shop, product_id: int, names: list[str]) -> None:
    for name in names:
        shop.run("INSERT OR IGNORE INTO tags(name) VALUES (?)", name)
        sql = "INSERT OR IGNORE INTO product_tags(product_id, tag_id) SELECT ?, id FROM tags WHERE name = ?"
        shop.run(sql, product_id, name)
