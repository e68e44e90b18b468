"""The tables of the sandbox shop, with the column kinds that decide how a value looks in an answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

# Kinds: i = integer, s = text, t = datetime, d<n> = decimal with n places, c<n> = text cut at n characters.
PRODUCT = {
    "id": "i", "name": "c255", "summary": "s", "meta_title": "c255", "meta_keywords": "s",
    "meta_description": "s", "description": "s", "contact_id": "i", "create_datetime": "t",
    "edit_datetime": "t", "status": "i", "type_id": "i", "image_id": "i", "image_filename": "c255",
    "video_url": "c255", "sku_id": "i", "ext": "c10", "url": "c255", "rating": "d2", "price": "d4",
    "compare_price": "d4", "currency": "c3", "min_price": "d4", "max_price": "d4", "tax_id": "i",
    "count": "d3", "count_denominator": "i", "order_multiplicity_factor": "d3", "stock_unit_id": "i",
    "base_unit_id": "i", "stock_base_ratio": "d8", "order_count_min": "d3", "order_count_step": "d3",
    "base_price": "d4", "min_base_price": "d4", "max_base_price": "d4", "cross_selling": "i",
    "upselling": "i", "rating_count": "i", "total_sales": "d4", "category_id": "i", "badge": "c255",
    "sku_type": "i", "base_price_selectable": "d4", "compare_price_selectable": "d4",
    "purchase_price_selectable": "d4", "sku_count": "i",
}  # fmt: skip
SKU = {
    "id": "i", "product_id": "i", "sku": "c255", "sort": "i", "name": "c255", "image_id": "i", "price": "d4",
    "primary_price": "d4", "purchase_price": "d4", "compare_price": "d4", "count": "d3", "available": "i",
    "status": "i", "stock_base_ratio": "d8", "order_count_min": "d3", "order_count_step": "d3",
    "dimension_id": "i", "file_name": "c255", "file_size": "i", "file_description": "s", "virtual": "i",
}  # fmt: skip
CATEGORY = {
    "id": "i", "left_key": "i", "right_key": "i", "depth": "i", "parent_id": "i", "name": "c255",
    "meta_title": "c255", "meta_keywords": "s", "meta_description": "s", "thumb_ext": "c10", "type": "i",
    "url": "c255", "full_url": "c255", "count": "i", "description": "s", "conditions": "s",
    "create_datetime": "t", "edit_datetime": "t", "filter": "s", "sort_products": "c32",
    "include_sub_categories": "i", "status": "i",
}  # fmt: skip
IMAGE = {
    "id": "i", "product_id": "i", "upload_datetime": "t", "edit_datetime": "t", "description": "s", "sort": "i",
    "width": "i", "height": "i", "size": "i", "filename": "c255", "original_filename": "c255", "ext": "c10",
    "badge_type": "i", "badge_code": "s",
}  # fmt: skip
ORDER = {
    "id": "i", "contact_id": "i", "create_datetime": "t", "update_datetime": "t", "state_id": "c16",
    "total": "d4", "currency": "c3", "rate": "d8", "tax": "d4", "shipping": "d4", "discount": "d4",
    "assigned_contact_id": "i", "paid_year": "i", "paid_quarter": "i", "paid_month": "i", "paid_date": "t",
    "paid_datetime": "t", "auth_date": "t", "is_first": "i", "unsettled": "i", "comment": "s",
    "courier_contact_id": "i", "fulfillment_contact_id": "i", "cashier_contact_id": "i",
    "manager_contact_id": "i", "shipping_datetime": "t",
}  # fmt: skip
ITEM = {
    "id": "i", "order_id": "i", "name": "c255", "product_id": "i", "sku_id": "i", "sku_code": "c255",
    "type": "c8", "service_id": "i", "service_variant_id": "i", "price": "d4", "quantity": "d3",
    "quantity_denominator": "i", "parent_id": "i", "stock_id": "i", "virtualstock_id": "i", "stock_unit_id": "i",
    "purchase_price": "d4", "total_discount": "d4", "tax_percent": "d4", "tax_included": "i",
}  # fmt: skip
LOG = {
    "id": "i", "order_id": "i", "contact_id": "i", "action_id": "c32", "datetime": "t", "before_state_id": "c16",
    "after_state_id": "c16", "text": "s",
}  # fmt: skip
CONTACT = {
    "id": "i", "name": "c255", "firstname": "c50", "middlename": "c50", "lastname": "c50", "title": "c50",
    "company": "c150", "jobtitle": "c50", "company_contact_id": "i", "is_company": "i", "is_user": "i",
    "is_staff": "i", "login": "c32", "last_datetime": "t", "sex": "c1", "birth_day": "i", "birth_month": "i",
    "birth_year": "i", "about": "s", "photo": "i", "create_datetime": "t", "create_app_id": "c32",
    "create_method": "c32", "create_contact_id": "i", "locale": "c8", "timezone": "c64",
}  # fmt: skip
CUSTOMER = {
    "contact_id": "i", "total_spent": "d4", "affiliate_bonus": "d4", "number_of_orders": "i",
    "last_order_id": "i", "source": "c255",
}  # fmt: skip
STOCK = {"id": "i", "low_count": "i", "critical_count": "i", "sort": "i", "name": "c255", "public": "i"}
PRODUCT_STOCK = {"product_id": "i", "sku_id": "i", "stock_id": "i", "count": "d3"}

TABLES = {
    "products": PRODUCT, "skus": SKU, "categories": CATEGORY, "images": IMAGE, "orders": ORDER, "order_items": ITEM,
    "order_log": LOG, "contacts": CONTACT, "customers": CUSTOMER, "stocks": STOCK, "product_stocks": PRODUCT_STOCK,
}  # fmt: skip

_DEFAULTS: dict[str, dict[str, Any]] = {
    "products": {
        "status": 1, "image_filename": "", "rating": 0, "price": 0, "compare_price": 0, "min_price": 0, "max_price": 0,
        "count_denominator": 1, "order_multiplicity_factor": 1, "stock_unit_id": 0, "base_unit_id": 0,
        "stock_base_ratio": 1, "order_count_min": 1, "order_count_step": 1, "base_price": 0, "min_base_price": 0,
        "max_base_price": 0, "rating_count": 0, "total_sales": 0, "sku_type": 0, "base_price_selectable": 0,
        "compare_price_selectable": 0, "purchase_price_selectable": 0, "sku_count": 0,
    },
    "skus": {
        "sku": "", "sort": 0, "name": "", "price": 0, "primary_price": 0, "purchase_price": 0, "compare_price": 0,
        "available": 1, "status": 1, "file_name": "", "file_size": 0, "virtual": 0,
    },
    "categories": {
        "left_key": 0, "right_key": 0, "depth": 0, "parent_id": 0, "type": 0, "count": 0, "include_sub_categories": 0,
        "status": 1,
    },
    "images": {"sort": 0, "width": 0, "height": 0, "size": 0, "filename": "", "original_filename": ""},
    "orders": {
        "state_id": "new", "total": 0, "rate": 1, "tax": 0, "shipping": 0, "discount": 0, "is_first": 0,
        "unsettled": 0, "comment": "",
    },
    "order_items": {
        "product_id": 0, "sku_id": 0, "sku_code": "", "name": "", "type": "product", "price": 0, "quantity": 1,
        "quantity_denominator": 1, "stock_unit_id": 0, "purchase_price": 0, "total_discount": 0, "tax_included": 0,
    },
    "order_log": {"before_state_id": "", "after_state_id": ""},
    "contacts": {
        "firstname": "", "middlename": "", "lastname": "", "title": "", "company": "", "jobtitle": "",
        "company_contact_id": 0, "is_company": 0, "is_user": 0, "is_staff": 0, "photo": 0, "locale": "", "timezone": "",
    },
    "customers": {"total_spent": 0, "affiliate_bonus": 0, "number_of_orders": 0},
    "stocks": {"low_count": 5, "critical_count": 2, "sort": 0, "public": 1},
    "product_stocks": {},
}  # fmt: skip

_OTHER_TABLES = """
CREATE TABLE IF NOT EXISTS image_files(image_id INTEGER PRIMARY KEY, body BLOB);
CREATE TABLE IF NOT EXISTS category_products(category_id INTEGER, product_id INTEGER, sort INTEGER,
    PRIMARY KEY(category_id, product_id));
CREATE INDEX IF NOT EXISTS category_products_product ON category_products(product_id);
CREATE TABLE IF NOT EXISTS tags(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, count INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS product_tags(product_id INTEGER, tag_id INTEGER, PRIMARY KEY(product_id, tag_id));
CREATE TABLE IF NOT EXISTS product_params(product_id INTEGER, name TEXT, value TEXT, PRIMARY KEY(product_id, name));
CREATE TABLE IF NOT EXISTS product_features(product_id INTEGER, code TEXT, value TEXT, PRIMARY KEY(product_id, code));
CREATE TABLE IF NOT EXISTS product_words(product_id INTEGER, word TEXT, weight REAL, PRIMARY KEY(product_id, word))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS product_words_word ON product_words(word);
CREATE TABLE IF NOT EXISTS unindexed(product_id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS sets(id TEXT, product_id INTEGER, PRIMARY KEY(id, product_id));
CREATE TABLE IF NOT EXISTS order_params(order_id INTEGER, name TEXT, value TEXT, PRIMARY KEY(order_id, name));
CREATE INDEX IF NOT EXISTS order_params_name ON order_params(name, value);
CREATE TABLE IF NOT EXISTS log_params(log_id INTEGER, name TEXT, value TEXT, PRIMARY KEY(log_id, name));
CREATE TABLE IF NOT EXISTS contact_data(contact_id INTEGER, field TEXT, ext TEXT DEFAULT '', sort INTEGER, value TEXT);
CREATE INDEX IF NOT EXISTS contact_data_contact ON contact_data(contact_id);
CREATE INDEX IF NOT EXISTS contact_data_value ON contact_data(field, value);
CREATE TABLE IF NOT EXISTS settings(name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE IF NOT EXISTS types(id INTEGER PRIMARY KEY AUTOINCREMENT, sort INTEGER, name TEXT);
CREATE TABLE IF NOT EXISTS users(contact_id INTEGER PRIMARY KEY, login TEXT UNIQUE, password TEXT);
CREATE TABLE IF NOT EXISTS rights(contact_id INTEGER, name TEXT, value INTEGER, PRIMARY KEY(contact_id, name));
CREATE TABLE IF NOT EXISTS sessions(id TEXT PRIMARY KEY, contact_id INTEGER);
CREATE TABLE IF NOT EXISTS auth_codes(code TEXT PRIMARY KEY, contact_id INTEGER, client_id TEXT, scope TEXT,
    expires REAL);
CREATE TABLE IF NOT EXISTS tokens(token TEXT PRIMARY KEY, contact_id INTEGER, client_id TEXT, scope TEXT,
    expires REAL, last_use_datetime TEXT, UNIQUE(contact_id, client_id));
CREATE INDEX IF NOT EXISTS skus_product ON skus(product_id);
CREATE INDEX IF NOT EXISTS images_product ON images(product_id);
CREATE INDEX IF NOT EXISTS product_stocks_sku ON product_stocks(sku_id);
CREATE INDEX IF NOT EXISTS product_stocks_product ON product_stocks(product_id);
CREATE INDEX IF NOT EXISTS products_created ON products(create_datetime, id);
CREATE INDEX IF NOT EXISTS products_edited ON products(edit_datetime);
CREATE INDEX IF NOT EXISTS orders_created ON orders(create_datetime);
CREATE INDEX IF NOT EXISTS orders_updated ON orders(update_datetime);
CREATE INDEX IF NOT EXISTS orders_contact ON orders(contact_id);
CREATE INDEX IF NOT EXISTS order_items_order ON order_items(order_id);
CREATE INDEX IF NOT EXISTS order_log_order ON order_log(order_id);
"""

_SQL_TYPES = {"i": "INTEGER", "d": "REAL", "s": "TEXT", "t": "TEXT", "c": "TEXT"}


def create(db: sqlite3.Connection) -> None:
    for table, columns in TABLES.items():
        db.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(_column(table, *c) for c in columns.items())})")
    db.executescript(_OTHER_TABLES)


def _column(table: str, name: str, kind: str) -> str:
    if name == "id":
        return '"id" INTEGER PRIMARY KEY AUTOINCREMENT'
    default = _DEFAULTS[table].get(name)
    return f'"{name}" {_SQL_TYPES[kind[0]]}' + (f" DEFAULT {default!r}" if default is not None else "")


def text(value: Any, kind: str) -> str | None:
    """A database value as the shop prints it: everything is a string, NULL stays (observed T1)."""
    if value is None:
        return None
    if kind[0] == "d":
        return f"{value:.{int(kind[1:])}f}"
    return str(value)


def printed(table: str, row: Mapping[str, Any] | sqlite3.Row) -> Row:
    return {name: text(row[name], kind) for name, kind in TABLES[table].items()}


def number(value: Any) -> int | float:
    """A float as PHP's JSON encoder prints it: no trailing `.0`."""
    value = float(value or 0)
    return int(value) if value.is_integer() else value


def placed(value: Any, places: int) -> float:
    """Rounded half away from zero, as MySQL rounds a decimal column."""
    quantum = Decimal(1).scaleb(-places)
    return float(Decimal(str(value)).quantize(quantum, rounding="ROUND_HALF_UP"))


def fitted(value: Any, kind: str) -> Any:
    """A value as a column keeps it: cut at its length, rounded to its places, `abc` as a number is 0."""
    if value is None:
        return None
    if kind[0] == "c":
        return str(value)[: int(kind[1:])]
    if kind[0] == "d":
        return placed(decimal(value), int(kind[1:]))
    if kind[0] == "i":
        return int(decimal(value))
    return str(value)


def decimal(value: Any) -> float:
    """A number the way the shop's models read it: `1234,56` is 1234.56, `abc` is 0."""
    if isinstance(value, bool | int | float):
        return float(value)
    head = ""
    for sign in str(value).strip().replace(",", "."):
        if sign.isdigit() or (sign == "." and "." not in head) or (sign in "+-" and not head):
            head += sign
        else:
            break
    try:
        return float(head)
    except ValueError:
        return 0.0


def columns(table: str, values: Mapping[str, Any]) -> Row:
    """Only what the table has, each value as the column would keep it; anything else is dropped silently."""
    kinds = TABLES[table]
    return {name: fitted(value, kinds[name]) for name, value in values.items() if name in kinds}


def insert(db: sqlite3.Connection, table: str, values: Mapping[str, Any]) -> int:
    row = columns(table, values)
    names = ", ".join(f'"{name}"' for name in row)
    cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    return int(cursor.lastrowid or 0)


def update(db: sqlite3.Connection, table: str, key: int, values: Mapping[str, Any], by: str = "id") -> None:
    row = columns(table, values)
    if row:
        names = ", ".join(f'"{name}" = ?' for name in row)
        db.execute(f'UPDATE {table} SET {names} WHERE "{by}" = ?', (*row.values(), key))


def marks(values: Iterable[Any]) -> str:
    return ", ".join("?" for _ in values)
