"""`shop.product.search`: filters that are ignored when unknown, paging, and the extra fields per product."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.webasyst import schema, words
from tests.sandbox.webasyst.answers import ApiError, escaped, php_map
from tests.sandbox.webasyst.hashlang import Condition, Where, compare, conditions, id_list, split_hash
from tests.sandbox.webasyst.images import image_row, image_url, thumb_size
from tests.sandbox.webasyst.phpform import as_int, as_list, as_text, truthy
from tests.sandbox.webasyst.schema import Row, number, printed
from tests.sandbox.webasyst.store import Call, Shop

_FORMS = ("", "id", "category", "type", "tag", "set", "search")
_NUMBERS = (
    "rating", "price", "compare_price", "min_price", "max_price", "total_sales", "base_price_selectable",
)  # fmt: skip
_STAR = '<i class="icon10 star-empty"></i>'
_RATING = '<span class="rate nowrap" title="Average user rating: 0 / 5">' + _STAR * 5 + "</span>"
_DEFAULT_ORDER = "p.create_datetime DESC, p.id"


@dataclass(slots=True)
class Selection:
    where: Where = field(default_factory=Where)
    order: str = ""
    extra: str = ""
    extra_values: list[Any] = field(default_factory=list)


def search(call: Call) -> Row:
    offset, limit = paging(call)
    chosen = _select(call)
    _filter(chosen.where, call.query.get("filters"))
    _sort(chosen, call)
    shop, where = call.shop, chosen.where
    count = shop.value(f"SELECT COUNT(*) FROM products p{where.sql()}", *where.values)
    sql = f"SELECT p.*{chosen.extra} FROM products p{where.sql()} ORDER BY {chosen.order} LIMIT ? OFFSET ?"
    values = (*chosen.extra_values, *where.values, limit, offset)
    found = shop.rows(sql, *values) if limit else []
    return {"count": count, "offset": offset, "limit": limit, "products": _views(call, found)}


def paging(call: Call) -> tuple[int, int]:
    """Bad values are refused with HTTP 200 (observed E5)."""
    offset = as_int(call.query.get("offset", "0"))
    limit = as_int(call.query.get("limit", "100"))
    if offset < 0:
        raise ApiError("invalid_param", "An “offset” parameter value must be greater than or equal to zero.")
    if limit < 0:
        raise ApiError("invalid_param", "A “limit” parameter value must be greater than or equal to zero.")
    if limit > 1000:
        raise ApiError("invalid_param", "A “limit” parameter value must not exceed 1000.")
    return offset, limit


def _select(call: Call) -> Selection:
    chosen = Selection()
    kind, rest = split_hash(as_text(call.query.get("hash")), _FORMS)
    where = chosen.where
    if kind == "id":
        ids = id_list(rest)
        where.add(f"p.id IN ({schema.marks(ids)})", *ids)
    elif kind == "category":
        _in_category(where, as_int(rest))
    elif kind == "type":
        where.add("p.type_id = ?", as_int(rest))
    elif kind == "tag":
        _tagged(where, [rest])
    elif kind == "set":
        where.add("p.id IN (SELECT product_id FROM sets WHERE id = ?)", rest)
    elif kind == "search":
        for condition in conditions(rest, decode_again=True):
            _add(call.shop, chosen, condition)
    return chosen


def _add(shop: Shop, chosen: Selection, condition: Condition) -> None:
    where = chosen.where
    if condition.field == "category_id":
        _category_condition(where, condition)
    elif condition.field == "sku_id":
        ids = [as_int(part) for part in condition.value.split(",")]
        where.add(f"p.id IN (SELECT product_id FROM skus WHERE id IN ({schema.marks(ids)}))", *ids)
    elif condition.field == "query":
        _add_query(shop, chosen, condition.value)
    elif condition.field == "tag":
        _tagged(where, condition.value.split("||"))
    elif condition.field == "by_code":
        where.add("p.id IN (SELECT product_id FROM product_features WHERE code='gtin' AND value=?)", condition.value)
    elif condition.field == "count" and condition.operator in (">", ">="):
        where.add(f"(p.count {condition.operator} ? OR p.count IS NULL)", schema.decimal(condition.value))
    elif condition.field in schema.PRODUCT:
        compare(where, "products", condition.field, condition, "p")
    elif condition.operator == "=" and condition.field in FEATURE_CODES:
        sql = "p.id IN (SELECT product_id FROM product_features WHERE code = ? AND value = ?)"
        where.add(sql, condition.field, condition.value)


FEATURE_CODES = ("weight", "length", "color", "gtin")


def _category_condition(where: Where, condition: Condition) -> None:
    if condition.operator == "==" and condition.value == "null":
        where.add("p.category_id IS NULL")
    else:
        ids = [as_int(part) for part in condition.value.split(",")]
        where.add(f"p.id IN (SELECT product_id FROM category_products WHERE category_id IN ({schema.marks(ids)}))", *ids)


def _in_category(where: Where, category_id: int) -> None:
    where.add("p.id IN (SELECT product_id FROM category_products WHERE category_id = ?)", category_id)


def _tagged(where: Where, names: list[str]) -> None:
    sql = "SELECT g.product_id FROM product_tags g JOIN tags t ON t.id = g.tag_id WHERE ci(t.name) IN"
    where.add(f"p.id IN ({sql} ({schema.marks(names)}))", *(name.casefold() for name in names))


def _add_query(shop: Shop, chosen: Selection, text: str) -> None:
    found = words.search(shop, text) if text else None
    if found:
        chosen.where.add(found.condition, *found.values)
        chosen.extra, chosen.extra_values, chosen.order = found.columns, found.column_values, found.order
        return
    like = "%" + text.casefold().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    sql = "ci(p.name) LIKE ? ESCAPE '\\' OR p.id IN (SELECT product_id FROM skus WHERE ci(name) LIKE ? ESCAPE '\\'"
    chosen.where.add(f"({sql} OR ci(sku) LIKE ? ESCAPE '\\'))", like, like, like)


def _filter(where: Where, filters: Any) -> None:
    if not isinstance(filters, dict):
        return
    if truthy(filters.get("price_min")):
        where.add("p.max_price >= ?", schema.decimal(filters["price_min"]))
    if truthy(filters.get("price_max")):
        where.add("p.min_price <= ?", schema.decimal(filters["price_max"]))
    if truthy(filters.get("in_stock_only")):
        where.add("(p.count > 0 OR p.count IS NULL)")
    if truthy(filters.get("out_of_stock_only")):
        where.add("p.count <= 0")


def _sort(chosen: Selection, call: Call) -> None:
    """`desc` counts in lower case only (trap W15); an unknown field falls back to the default order."""
    direction = "DESC" if as_text(call.query.get("order")) == "desc" else "ASC"
    fields = [name for name in map(as_text, as_list(call.query.get("sort"))) if name in schema.PRODUCT or name == "sku"]
    if fields:
        chosen.order = ", ".join([*(f"{_sort_key(name)} {direction}" for name in fields), "p.id"])
    elif not chosen.order:
        chosen.order = _DEFAULT_ORDER


def _sort_key(name: str) -> str:
    if name == "sku":
        return "(SELECT ci(sku) FROM skus WHERE skus.id = p.sku_id)"
    if name == "count":
        return "p.count IS NULL, p.count"
    return f'ci(p."{name}")' if schema.PRODUCT[name][0] in "cs" else f'p."{name}"'


def _views(call: Call, found: list[sqlite3.Row]) -> list[Row]:
    fields = set(filter(None, as_text(call.query.get("fields")).split(",")))
    escape = truthy(call.query.get("escape", "1"))
    views = {row["id"]: _view(row, escape) for row in found}
    ids = list(views)
    for name, extend in _EXTENSIONS.items():
        if name in fields or (name == "category_ids" and "categories" in fields):
            extend(call, views, ids)
    if "stock_counts" in fields:
        _with_stock_counts(call, views, ids)
    for row in found:
        if row["image_id"]:
            views[row["id"]]["image_url"] = image_url(call, row["id"], row["image_id"], row["ext"], thumb_size())
    return list(views.values())


def _view(row: sqlite3.Row, escape: bool) -> Row:
    view = printed("products", row)
    for name in _NUMBERS:
        view[name] = number(row[name])
    if escape:
        view["name"], view["url"] = escaped(view["name"]), escaped(view["url"])
    view |= {name: str(int(row[name])) for name in row.keys() if name.startswith("weight")}  # noqa: SIM118
    view["total_sales_html"] = "" if not row["total_sales"] else _money_html(row["total_sales"])
    view["rating_html"] = _RATING
    return view


def _money_html(amount: float) -> str:
    text = f"{amount:,.2f}".removesuffix(".00")
    return f'<span class="nowrap">{text} <span class="ruble">₽</span></span>'


def sku_view(row: sqlite3.Row) -> Row:
    """Strings plus `*_float` numbers: the form of product.search alone (observed T2)."""
    view = printed("skus", row)
    for name in ("price", "purchase_price", "compare_price", "primary_price"):
        view[f"{name}_float"] = number(row[name])
    return view


def _grouped(shop: Shop, table: str, ids: list[int], order: str) -> dict[int, list[sqlite3.Row]]:
    groups: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in shop.in_ids(table, "product_id", ids, order):
        groups[row["product_id"]].append(row)
    return groups


def _with_params(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    groups = _grouped(call.shop, "product_params", ids, "name")
    for product_id, view in views.items():
        view["params"] = php_map({row["name"]: row["value"] for row in groups[product_id]})


def _with_images(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    groups = _grouped(call.shop, "images", ids, "sort, id")
    for product_id, view in views.items():
        view["images"] = [image_row(call, row) for row in groups[product_id]]


def _with_skus(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    groups = _grouped(call.shop, "skus", ids, "sort, id")
    for product_id, view in views.items():
        view["skus"] = php_map({str(row["id"]): sku_view(row) for row in groups[product_id]})


def _with_stock_counts(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    groups = _grouped(call.shop, "product_stocks", ids, "sku_id, stock_id")
    stocks = [row["id"] for row in call.shop.rows("SELECT id FROM stocks ORDER BY sort")]
    for product_id, view in views.items():
        view["has_stock_counts"] = bool(groups[product_id])
        counts: dict[int, Row] = defaultdict(lambda: {str(stock_id): None for stock_id in stocks})
        for row in groups[product_id]:
            counts[row["sku_id"]][str(row["stock_id"])] = schema.text(row["count"], "d3")
        for sku in view.get("skus") or {}:
            view["skus"][sku]["stock"] = counts.get(int(sku))


def _with_code(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    codes = {str(row["id"]): row["sku"] for row in call.shop.in_ids("skus", "product_id", ids)}
    for view in views.values():
        view["sku"] = codes.get(view["sku_id"], "")


def _with_frontend_url(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    for view in views.values():
        view["frontend_url"] = f"/shop/{view['url']}/"


def _with_category_ids(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    groups = _grouped(call.shop, "category_products", ids, "category_id")
    for product_id, view in views.items():
        view["category_ids"] = [str(row["category_id"]) for row in groups[product_id]]


def _with_categories(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    known = {str(row["id"]): printed("categories", row) for row in call.shop.rows("SELECT * FROM categories")}
    for view in views.values():
        view["categories"] = php_map({key: known[key] for key in view["category_ids"] if key in known})


def _with_tags(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    names = {row["id"]: row["name"] for row in call.shop.rows("SELECT id, name FROM tags")}
    groups = _grouped(call.shop, "product_tags", ids, "tag_id")
    for product_id, view in views.items():
        view["tag_ids"] = [str(row["tag_id"]) for row in groups[product_id]]
        view["tags"] = php_map({str(row["tag_id"]): names[row["tag_id"]] for row in groups[product_id]})


def _with_features(call: Call, views: dict[int, Row], ids: list[int]) -> None:
    groups = _grouped(call.shop, "product_features", ids, "code")
    for product_id, view in views.items():
        view["features"] = php_map({row["code"]: {"code": row["code"], "value": row["value"]} for row in groups[product_id]})


_EXTENSIONS = {
    "params": _with_params, "images": _with_images, "skus": _with_skus, "sku": _with_code,
    "frontend_url": _with_frontend_url, "category_ids": _with_category_ids, "categories": _with_categories,
    "tags": _with_tags, "features": _with_features,
}  # fmt: skip
