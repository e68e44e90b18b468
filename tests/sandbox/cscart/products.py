"""Reading products: the list with its filters, and the two shapes of a single product."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.sandbox.cscart import features, images, php, pricing, seeded, variations
from tests.sandbox.cscart.schema import DESCRIPTION_FIELDS, LANGUAGES, PRODUCT_COLUMNS
from tests.sandbox.cscart.shop import ApiError, Call, Page, Row, Shop
from tests.sandbox.cscart.texts import folded

_HOUR = 3600
_SORTS = {
    "code": "p.code_fold",
    "status": "p.status",
    "product": "d.product COLLATE NOCASE",
    "price": "p.price",
    "list_price": "p.list_price",
    "weight": "p.weight + 0",
    "amount": "p.amount",
    "timestamp": "p.timestamp",
    "updated_timestamp": "p.updated_timestamp",
    "company": "p.company_id",
    "null": "",
}
_EXTENDS = {
    "description": ("short_description", "promo_text"),
    "full_description": ("full_description",),
    "meta_data": ("meta_keywords", "meta_description", "search_words"),
    "page_title": ("page_title",),
}
_EQUAL = ("company_id", "parent_product_id", "variation_group_id", "free_shipping", "is_edp")
_RANGES = {"amount": "p.amount", "price": "p.price / 100.0", "weight": "p.weight + 0"}


class _Query:
    def __init__(self) -> None:
        self.where: list[str] = []
        self.args: list[Any] = []

    def add(self, sql: str, *args: Any) -> None:
        self.where.append(sql)
        self.args += args

    def among(self, column: str, items: list[Any]) -> None:
        self.add(f"{column} IN ({php.marks(items)})", *items)


def index(shop: Shop, call: Call) -> Row:
    query = _query(shop, call)
    page, ids = _swept(shop, call, query) if _is_sweep(call, query) else _found(shop, call, query)
    return {"products": _list_rows(shop, call, ids), "params": page.params(call)}


def _is_sweep(call: Call, query: _Query) -> bool:
    return call.params.get("sort_by") == "null" and len(query.where) == 1 and not call.params.get("limit")


def _swept(shop: Shop, call: Call, query: _Query) -> tuple[Page, list[int]]:
    ids = shop.ids(f"SELECT p.product_id FROM products p WHERE {query.where[0]} ORDER BY p.product_id", tuple(query.args))
    page = Page.of(call, len(ids), clamped=False)
    return page, list(ids[page.first : page.first + page.size] if page.size else ids)


def _found(shop: Shop, call: Call, query: _Query) -> tuple[Page, list[int]]:
    where, order = " WHERE " + " AND ".join(query.where), _order(call)
    joined, args = "FROM products p", tuple(query.args)
    if " d." in where + order or "(d." in where:
        seeded.store_all(shop)
        joined += " JOIN product_descriptions d ON d.product_id=p.product_id AND d.lang_code=?"
        args = (call.lang, *args)
    page = Page.of(call, shop.count(f"SELECT count(*) {joined}{where}", args), clamped=False)
    found = shop.db.execute(f"SELECT p.product_id {joined}{where}{order}{_limit(call, page)}", args)
    return page, [row[0] for row in found]


def get(shop: Shop, call: Call) -> Row:
    """2.0 shows the catalogue price with a computed decimal's zeros, 2.1 the promoted one (traps 7, 8)."""
    if not visible(shop, call.number, call.company_id):
        raise ApiError(404)
    row = _rows_by_id(shop, [call.number], call.lang)[call.number]
    product: Row = _columns(row) | {name: row[name] or "" for name in DESCRIPTION_FIELDS}
    product |= {"product_id": call.number, "lang_code": call.lang}
    product |= _prices_of_one(shop, call, row)
    product |= _links(shop, [call.number])[call.number]
    product |= images.of_products(shop, [call.number], call.base_url)[call.number]
    product |= variations.of_products(shop, [row])[call.number]
    product["seo_name"] = seo_name(shop, call.number)
    product["product_features"] = features.of_products(shop, [call.number])[call.number]
    product["tax_ids"] = php.values(row["tax_ids"])
    return product


def visible(shop: Shop, product_id: int, company_id: int) -> bool:
    query = _Query()
    _scope(shop, query, company_id)
    query.add("p.product_id=?", product_id)
    return bool(shop.row(f"SELECT 1 FROM products p WHERE {' AND '.join(query.where)}", *query.args))


def seo_name(shop: Shop, product_id: int) -> str:
    if number := seeded.among(shop, [product_id]).get(product_id):
        return seeded.slug(number)
    return str(shop.value("SELECT name FROM seo_names WHERE type='p' AND object_id=?", product_id) or "")


def _scope(shop: Shop, query: _Query, company_id: int) -> None:
    """A product shows only through a category (trap 11); Ultimate's must belong to the storefront."""
    link = "EXISTS (SELECT 1 FROM products_categories pc{} WHERE pc.product_id=p.product_id{})"
    if company_id and shop.ultimate:
        query.add(link.format(" JOIN categories c USING (category_id)", " AND c.company_id=?"), company_id)
        return
    query.add(link.format("", ""))
    if company_id:
        query.add("p.company_id=?", company_id)


def _query(shop: Shop, call: Call) -> _Query:
    query, params = _Query(), call.params
    _scope(shop, query, call.company_id)
    _columns_filter(query, params)
    _times(shop, query, params)
    if statuses := php.values(params.get("status")):
        query.among("p.status", statuses)
    if params.get("pid"):
        query.among("p.product_id", php.ints(params["pid"]))
    if params.get("pcode"):
        query.add("p.code_fold LIKE ?", f"%{folded(str(params['pcode']))}%")
    if params.get("cid"):
        _category(shop, query, call)
    if params.get("q"):
        _search(query, str(params["q"]))
    return query


def _columns_filter(query: _Query, params: Any) -> None:
    for name in _EQUAL:
        if params.get(name, "") != "":
            query.add(f"p.{name}=?", params[name])
    for name, column in _RANGES.items():
        for end, sign in (("from", ">="), ("to", "<=")):
            if params.get(f"{name}_{end}", "") != "":
                query.add(f"{column} {sign} ?", float(php.to_decimal(params[f"{name}_{end}"])))
    if php.values(params.get("tracking")):
        query.among("coalesce(p.tracking,'B')", php.values(params["tracking"]))
    if params.get("has_variation_group"):
        query.add("(p.variation_group_id > 0) = ?", params["has_variation_group"] == "Y")
    if php.truthy(params.get("group_child_variations")):
        query.add("p.parent_product_id = 0")
    filters = params.get("filter_params")
    for name, wanted in (filters if isinstance(filters, dict) else {}).items():
        _exact(query, name, php.values(wanted) if isinstance(wanted, dict) else [wanted])


def _exact(query: _Query, name: str, wanted: list[Any]) -> None:
    if name == "product_code":
        query.among("rtrim(p.code_fold)", [folded(str(code)).rstrip(" ") for code in wanted])
    elif name == "list_price":
        query.among("p.list_price", [php.to_cents(value) for value in wanted])
    elif name in PRODUCT_COLUMNS:
        query.among(f"CAST(p.{name} AS TEXT) COLLATE NOCASE", [str(value) for value in wanted])


def _times(shop: Shop, query: _Query, params: Any) -> None:
    if params.get("updated_in_hours"):
        hours = php.to_decimal(params["updated_in_hours"])
        query.add("p.updated_timestamp >= ?", int(Decimal(shop.time) - hours * _HOUR))
    for sign, bound in period(shop, params):
        query.add(f"p.timestamp {sign} ?", bound)


def period(shop: Shop, params: Any) -> list[tuple[str, int]]:
    """Creation-time bounds; `time_from` and `time_to` mean nothing without `period` (trap 15)."""
    code = params.get("period")
    if code == "C":
        ends = ((">=", params.get("time_from")), ("<=", params.get("time_to")))
        return [(sign, _moment(str(value))) for sign, value in ends if value]
    days = {"D": 1, "W": 7, "M": 30, "Y": 365, "HM": 30, "HW": 7}.get(str(code))
    return [(">=", shop.time - days * 24 * _HOUR)] if days else []


def _moment(value: str) -> int:
    if value.lstrip("-").isdigit():
        return int(value)
    try:
        return int(datetime(*time.strptime(value, "%m/%d/%Y")[:3], tzinfo=UTC).timestamp())
    except ValueError:
        return 0


def _category(shop: Shop, query: _Query, call: Call) -> None:
    wanted = php.ints(call.params["cid"])
    if call.params.get("subcats", "Y") == "Y":
        paths = shop.rows("SELECT category_id, id_path FROM categories")
        wanted = [row["category_id"] for row in paths if set(wanted) & {int(n) for n in row["id_path"].split("/")}]
    marks = php.marks(wanted)
    query.add(f"p.product_id IN (SELECT product_id FROM products_categories WHERE category_id IN ({marks}))", *wanted)


def _search(query: _Query, text: str) -> None:
    fields = ("product", "short_description", "full_description", "meta_keywords")
    for word in text.split():
        places = " OR ".join(f"d.{name} LIKE ?" for name in fields)
        like = f"%{word}%"
        query.add(f"({places} OR p.code_fold LIKE ?)", *([like] * len(fields)), f"%{folded(word)}%")


def _order(call: Call) -> str:
    column = _SORTS.get(str(call.params.get("sort_by")), _SORTS["product"])
    way = "DESC" if str(call.params.get("sort_order", "asc")).lower() == "desc" else "ASC"
    return f" ORDER BY {column} {way}, p.product_id ASC" if column else " ORDER BY p.product_id ASC"


def _limit(call: Call, page: Page) -> str:
    hard = php.to_int(call.params.get("limit"))
    return f" LIMIT {hard}" if hard > 0 else page.limit


def _list_rows(shop: Shop, call: Call, ids: list[int]) -> list[Row]:
    raw = _rows_by_id(shop, ids, call.lang)
    extras: list[dict[int, Row]] = [_links(shop, ids), variations.of_products(shop, list(raw.values()))]
    if not (call.off("get_icon") and call.off("get_detailed")) and not call.off("get_additional"):
        extras.append(images.of_products(shop, ids, call.base_url))
    if not (call.off("get_features") or call.off("get_additional")):
        found = features.of_products(shop, ids)
        extras.append({key: {"product_features": value} for key, value in found.items()})
    result = []
    promotions = pricing.in_effect(shop)
    for product_id in ids:
        row = raw[product_id]
        item: Row = _columns(row) | {"product": row["product"], **_extended(call, row)}
        item |= pricing.shown(shop, row, discounts=not call.off("get_discounts"), promotions=promotions)
        if shop.odd.without_base_price:
            del item["base_price"]
        for extra in extras:
            item |= php.shaped(extra[product_id])
        result.append(item)
    return php.Shaped(result)


def _extended(call: Call, row: Row) -> Row:
    names = [name for part in php.values(call.params.get("extend")) for name in _EXTENDS.get(part, ())]
    return {name: row[name] or "" for name in names}


def _rows_by_id(shop: Shop, ids: list[int], lang: str) -> dict[int, Row]:
    lang = lang if lang in LANGUAGES else LANGUAGES[0]
    found = shop.rows(
        f"SELECT p.*, {','.join(f'd.{name}' for name in DESCRIPTION_FIELDS)} FROM products p LEFT JOIN product_descriptions d"
        f" ON d.product_id=p.product_id AND d.lang_code=? WHERE p.product_id IN ({php.marks(ids)})",
        (lang, *ids),
    )
    return {row["product_id"]: row | seeded.texts(row, lang) if row["seeded"] else row for row in found}


def named(shop: Shop, product_id: int, lang: str) -> Row | None:
    """A product's columns with its name and texts."""
    return _rows_by_id(shop, [product_id], lang).get(product_id)


def _columns(row: Row) -> Row:
    kept: Row = {name: None if (value := row[name]) is None else str(value) for name in PRODUCT_COLUMNS}
    kept["list_price"] = php.money(row["list_price"])
    return kept


def _prices_of_one(shop: Shop, call: Call, row: Row) -> Row:
    if call.version == "2.0":
        plain = f"{php.money(row['price'])}0000"
        return {"price": plain, "base_price": plain}
    return pricing.shown(shop, row, discounts=True, promotions=pricing.in_effect(shop)) | {"prices": pricing.wholesale(shop, row)}


def _links(shop: Shop, ids: list[int]) -> dict[int, Row]:
    links: dict[int, Row] = {key: {"category_ids": [], "main_category": None} for key in ids}
    found = shop.rows(f"SELECT * FROM products_categories WHERE product_id IN ({php.marks(ids)}) ORDER BY category_id", ids)
    for row in found:
        entry = links[row["product_id"]]
        entry["category_ids"].append(row["category_id"])
        if row["link_type"] == "M":
            entry["main_category"] = row["category_id"]
    return links
