"""Categories, and the small dictionaries an owner chooses defaults from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.sandbox.cscart import php, products
from tests.sandbox.cscart.schema import LANGUAGES, add_category
from tests.sandbox.cscart.shop import ApiError, Call, Entity, Page, Row, Shop
from tests.sandbox.cscart.texts import slug, stored

_CATEGORY = (
    "SELECT c.*, d.category, (SELECT count(*) FROM products_categories pc WHERE pc.category_id=c.category_id)"
    " AS product_count FROM categories c JOIN category_descriptions d ON d.category_id=c.category_id AND d.lang_code=?"
)


def index(shop: Shop, call: Call) -> Row:
    where, args = _filters(call)
    total = len(shop.rows(f"{_CATEGORY} WHERE {where}", (call.lang, *args)))
    page = Page.of(call, total, clamped=True)
    rows = shop.rows(f"{_CATEGORY} WHERE {where} ORDER BY c.id_path, c.category_id{page.limit}", (call.lang, *args))
    return {"categories": [_shown(row) for row in rows], "params": page.params(call)}


def _filters(call: Call) -> tuple[str, list[Any]]:
    where, args = ["1"], list[Any]()
    columns = {"status": "c.status", "parent_category_id": "c.parent_id", "company_id": "c.company_id"}
    columns["search_by_category_name"] = "d.category"
    for name, column in columns.items():
        if call.params.get(name, "") != "":
            where.append(f"{column}=?")
            args.append(call.params[name])
    if call.params.get("search_query"):
        where.append("d.category LIKE ?")
        args.append(f"%{call.params['search_query']}%")
    if call.params.get("category_ids"):
        ids = php.ints(call.params["category_ids"])
        where.append(f"c.category_id IN ({php.marks(ids)})")
        args += ids
    if call.company_id:
        where.append("c.company_id=?")
        args.append(call.company_id)
    return " AND ".join(where), args


def _shown(row: Row) -> Row:
    return php.columns({**row, "level": row["id_path"].count("/") + 1})


def get(shop: Shop, call: Call) -> Row:
    row = shop.row(f"{_CATEGORY} WHERE c.category_id=?", call.lang, call.number)
    if row is None or (call.company_id and row["company_id"] != call.company_id):
        raise ApiError(404)
    seo = shop.value("SELECT name FROM seo_names WHERE type='c' AND object_id=?", call.number)
    return {**_shown(row), "seo_name": seo or slug(row["category"]), "main_pair": {}}


def create(shop: Shop, call: Call) -> Row:
    name = stored("category", call.body.get("category"))
    if not name:
        raise ApiError(400, "Required field: category")
    owner = php.to_int(call.body.get("company_id", 0)) or call.company_id or 1
    category_id = add_category(shop.db, owner, name, shop.time, php.to_int(call.body.get("parent_id", 0)))
    shop.update("categories", _columns(call), category_id=category_id)
    return {"category_id": category_id}


def update(shop: Shop, call: Call) -> Row:
    if not shop.row("SELECT 1 FROM categories WHERE category_id=?", call.number):
        raise ApiError(404)
    shop.update("categories", _columns(call), category_id=call.number)
    if call.body.get("category"):
        name = stored("category", call.body["category"])
        shop.update("category_descriptions", {"category": name}, category_id=call.number, lang_code=call.lang)
    return {"category_id": call.number}


def _columns(call: Call) -> Row:
    values: Row = {"status": str(call.body["status"])[:1]} if call.body.get("status") else {}
    return values | ({"position": php.to_int(call.body["position"])} if "position" in call.body else {})


def delete(shop: Shop, call: Call) -> None:
    """Cascades to sub-categories; products left without any category become invisible (trap 11)."""
    path = shop.value("SELECT id_path FROM categories WHERE category_id=?", call.number)
    if path is None:
        raise ApiError(404)
    shop.listed += 1
    doomed = [
        row["category_id"] for row in shop.rows("SELECT category_id FROM categories WHERE id_path=? OR id_path LIKE ?", (path, f"{path}/%"))
    ]
    for table in ("categories", "category_descriptions", "products_categories"):
        shop.run(f"DELETE FROM {table} WHERE category_id IN ({php.marks(doomed)})", *doomed)


def category_products(shop: Shop, call: Call) -> Row:
    return products.index(shop, replace(call, params={**call.params, "cid": call.id}))


def table(name: str, key: str, *, hidden: tuple[str, ...] = ()) -> Entity:
    """A read-only dictionary that is a table."""

    def listed(shop: Shop, call: Call) -> Row:
        total = int(shop.value(f"SELECT count(*) FROM {name}"))
        page = Page.of(call, total, clamped=False)
        rows = shop.rows(f"SELECT * FROM {name} ORDER BY {key}{page.limit}")
        return {name: [shown(row) for row in rows], "params": page.params(call)}

    def one(shop: Shop, call: Call) -> Row:
        row = shop.row(f"SELECT * FROM {name} WHERE {key}=?", call.number)
        if row is None:
            raise ApiError(404)
        return shown(row)

    def shown(row: Row) -> Row:
        return {field: value for field, value in php.columns(row).items() if field not in hidden}

    return Entity(f"view_{name}", f"manage_{name}", listed, one)


def languages(shop: Shop, call: Call) -> Row:
    names = {"ru": "Русский", "en": "English"}
    rows = [
        {"lang_id": str(index), "lang_code": code, "name": names[code], "status": "A", "country_code": code.upper()}
        for index, code in enumerate(LANGUAGES, 1)
    ]
    return {"languages": rows, "params": Page(1, 0, len(rows)).params(call)}


def currencies(shop: Shop, call: Call) -> Row:
    rates = {"RUB": "1.00000", "USD": "90.00000", "EUR": "98.00000"}
    codes = [shop.currency, *(code for code in rates if code != shop.currency)]
    rows = [
        {
            "currency_id": str(index),
            "currency_code": code,
            "is_primary": "Y" if code == shop.currency else "N",
            "coefficient": "1.00000" if code == shop.currency else rates[code],
            "decimals": "2",
            "status": "A",
        }
        for index, code in enumerate(codes, 1)
    ]
    return {"currencies": rows, "params": Page(1, 0, len(rows)).params(call)}
