"""The sandbox shop's tables, and the data a fresh installation brings."""

from __future__ import annotations

import json
import sqlite3

PRODUCT_COLUMNS = [
    "product_id",
    "product_code",
    "product_type",
    "status",
    "company_id",
    "list_price",
    "amount",
    "weight",
    "length",
    "width",
    "height",
    "shipping_freight",
    "low_avail_limit",
    "timestamp",
    "updated_timestamp",
    "usergroup_ids",
    "is_edp",
    "edp_shipping",
    "tracking",
    "free_shipping",
    "zero_price_action",
    "avail_since",
    "out_of_stock_actions",
    "localization",
    "min_qty",
    "max_qty",
    "qty_step",
    "list_qty_count",
    "tax_ids",
    "age_verification",
    "options_type",
    "exceptions_type",
    "details_layout",
    "box_length",
    "box_width",
    "box_height",
    "min_items_in_box",
    "max_items_in_box",
    "parent_product_id",
    "master_product_id",
    "variation_group_id",
]
DESCRIPTION_FIELDS = [
    "product",
    "short_description",
    "full_description",
    "promo_text",
    "meta_keywords",
    "meta_description",
    "search_words",
    "page_title",
]
LANGUAGES = ("ru", "en")

_TABLES = """
CREATE TABLE IF NOT EXISTS products (
  product_id INTEGER PRIMARY KEY AUTOINCREMENT, product_code TEXT DEFAULT '', code_fold TEXT DEFAULT '',
  product_type TEXT DEFAULT 'P', status TEXT DEFAULT 'A', company_id INTEGER DEFAULT 0,
  price INTEGER DEFAULT 0, list_price INTEGER DEFAULT 0, amount INTEGER DEFAULT 0, weight TEXT DEFAULT '0.000',
  length INTEGER DEFAULT 0, width INTEGER DEFAULT 0, height INTEGER DEFAULT 0, shipping_freight TEXT DEFAULT '0.00',
  low_avail_limit INTEGER DEFAULT 0, timestamp INTEGER, updated_timestamp INTEGER, usergroup_ids TEXT DEFAULT '0',
  is_edp TEXT DEFAULT 'N', edp_shipping TEXT DEFAULT 'N', tracking TEXT, free_shipping TEXT DEFAULT 'N',
  zero_price_action TEXT, avail_since INTEGER DEFAULT 0, out_of_stock_actions TEXT DEFAULT 'N',
  localization TEXT DEFAULT '', min_qty INTEGER, max_qty INTEGER, qty_step INTEGER, list_qty_count INTEGER,
  tax_ids TEXT DEFAULT '', age_verification TEXT DEFAULT 'N', options_type TEXT, exceptions_type TEXT,
  details_layout TEXT DEFAULT 'default', box_length INTEGER DEFAULT 0, box_width INTEGER DEFAULT 0,
  box_height INTEGER DEFAULT 0, min_items_in_box INTEGER DEFAULT 0, max_items_in_box INTEGER DEFAULT 0,
  parent_product_id INTEGER DEFAULT 0, master_product_id INTEGER DEFAULT 0, variation_group_id INTEGER DEFAULT 0,
  promotion_id INTEGER DEFAULT 0, seeded INTEGER DEFAULT 0);
CREATE INDEX IF NOT EXISTS products_seeded ON products (product_id) WHERE seeded > 0;
CREATE INDEX IF NOT EXISTS products_code ON products (rtrim(code_fold));
CREATE INDEX IF NOT EXISTS products_updated ON products (updated_timestamp, product_id);
CREATE TABLE IF NOT EXISTS product_descriptions (
  product_id INTEGER, lang_code TEXT, product TEXT DEFAULT '', short_description TEXT DEFAULT '',
  full_description TEXT DEFAULT '', promo_text TEXT DEFAULT '', meta_keywords TEXT DEFAULT '',
  meta_description TEXT DEFAULT '', search_words TEXT DEFAULT '', page_title TEXT DEFAULT '',
  PRIMARY KEY (product_id, lang_code)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS descriptions_name ON product_descriptions (lang_code, product COLLATE NOCASE, product_id);
CREATE TABLE IF NOT EXISTS product_prices (
  product_id INTEGER, lower_limit INTEGER, price INTEGER, usergroup_id INTEGER DEFAULT 0, type TEXT DEFAULT 'A');
CREATE INDEX IF NOT EXISTS prices_product ON product_prices (product_id);
CREATE TABLE IF NOT EXISTS promotions (
  promotion_id INTEGER PRIMARY KEY, name TEXT, percent INTEGER, status TEXT DEFAULT 'A',
  from_date INTEGER DEFAULT 0, to_date INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS seo_names (
  name TEXT PRIMARY KEY, type TEXT, object_id INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seo_objects ON seo_names (type, object_id);
CREATE TABLE IF NOT EXISTS categories (
  category_id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id INTEGER DEFAULT 0, id_path TEXT, company_id INTEGER,
  status TEXT DEFAULT 'A', position INTEGER DEFAULT 0, storefront_id INTEGER DEFAULT 0, timestamp INTEGER);
CREATE TABLE IF NOT EXISTS category_descriptions (
  category_id INTEGER, lang_code TEXT, category TEXT, PRIMARY KEY (category_id, lang_code)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS products_categories (
  product_id INTEGER, category_id INTEGER, link_type TEXT DEFAULT 'A',
  PRIMARY KEY (product_id, category_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS categories_products ON products_categories (category_id);
CREATE TABLE IF NOT EXISTS images (
  pair_id INTEGER PRIMARY KEY AUTOINCREMENT, image_id INTEGER, product_id INTEGER, type TEXT, position INTEGER DEFAULT 0,
  file TEXT, alt TEXT DEFAULT '', image_x INTEGER, image_y INTEGER, content BLOB);
CREATE INDEX IF NOT EXISTS images_product ON images (product_id);
CREATE INDEX IF NOT EXISTS images_file ON images (image_id);
CREATE TABLE IF NOT EXISTS variation_groups (
  id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT UNIQUE, features TEXT, created_at INTEGER, updated_at INTEGER);
CREATE INDEX IF NOT EXISTS products_group ON products (variation_group_id);
CREATE INDEX IF NOT EXISTS products_parent ON products (parent_product_id);
CREATE TABLE IF NOT EXISTS features (
  feature_id INTEGER PRIMARY KEY AUTOINCREMENT, feature_type TEXT, parent_id INTEGER DEFAULT 0, description TEXT,
  categories_path TEXT DEFAULT '', status TEXT DEFAULT 'A', position INTEGER DEFAULT 0, company_id INTEGER DEFAULT 1,
  purpose TEXT DEFAULT 'find_products', feature_code TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS feature_variants (
  variant_id INTEGER PRIMARY KEY AUTOINCREMENT, feature_id INTEGER, variant TEXT, position INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS feature_values (product_id INTEGER, feature_id INTEGER, variant_id INTEGER, value TEXT);
CREATE INDEX IF NOT EXISTS feature_values_product ON feature_values (product_id, feature_id);
CREATE TABLE IF NOT EXISTS companies (
  company_id INTEGER PRIMARY KEY AUTOINCREMENT, company TEXT, status TEXT DEFAULT 'A', email TEXT DEFAULT '',
  storefront TEXT DEFAULT '', lang_code TEXT DEFAULT 'ru', timestamp INTEGER);
CREATE TABLE IF NOT EXISTS users (
  user_id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT, user_type TEXT, status TEXT DEFAULT 'A', company_id INTEGER,
  is_root TEXT DEFAULT 'N', firstname TEXT DEFAULT '', lastname TEXT DEFAULT '', phone TEXT DEFAULT '',
  company TEXT DEFAULT '', url TEXT DEFAULT '', fax TEXT DEFAULT '', lang_code TEXT DEFAULT 'ru', timestamp INTEGER,
  last_login INTEGER DEFAULT 0, tax_exempt TEXT DEFAULT 'N', api_key TEXT DEFAULT '', password TEXT DEFAULT '',
  profile TEXT DEFAULT '{}');
CREATE INDEX IF NOT EXISTS users_email ON users (email);
CREATE TABLE IF NOT EXISTS payments (
  payment_id INTEGER PRIMARY KEY AUTOINCREMENT, payment TEXT, description TEXT DEFAULT '', status TEXT DEFAULT 'A',
  company_id INTEGER DEFAULT 1, processor_id INTEGER DEFAULT 0, processor TEXT DEFAULT '', p_surcharge TEXT DEFAULT '0.000',
  a_surcharge TEXT DEFAULT '0.000', position INTEGER DEFAULT 0, template TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS shippings (
  shipping_id INTEGER PRIMARY KEY AUTOINCREMENT, shipping TEXT, status TEXT DEFAULT 'A', company_id INTEGER DEFAULT 1,
  rate INTEGER, countries TEXT DEFAULT '', delivery_time TEXT DEFAULT '', position INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS taxes (
  tax_id INTEGER PRIMARY KEY AUTOINCREMENT, tax TEXT, status TEXT DEFAULT 'A', rate_type TEXT DEFAULT 'P',
  rate_value TEXT, price_includes_tax TEXT, priority INTEGER DEFAULT 0, regnumber TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS statuses (
  status_id INTEGER PRIMARY KEY AUTOINCREMENT, status TEXT, type TEXT, is_default TEXT DEFAULT 'N', position INTEGER,
  description TEXT, email_subj TEXT DEFAULT '', params TEXT);
CREATE TABLE IF NOT EXISTS orders (
  order_id INTEGER PRIMARY KEY AUTOINCREMENT, is_parent_order TEXT DEFAULT 'N', parent_order_id INTEGER DEFAULT 0,
  company_id INTEGER, storefront_id INTEGER DEFAULT 1, issuer_id INTEGER, user_id INTEGER DEFAULT 0,
  profile_id INTEGER DEFAULT 0, total INTEGER, subtotal INTEGER, discount INTEGER DEFAULT 0,
  subtotal_discount INTEGER DEFAULT 0, payment_surcharge INTEGER DEFAULT 0, shipping_ids TEXT DEFAULT '',
  shipping_cost INTEGER DEFAULT 0, timestamp INTEGER, updated_at INTEGER, status TEXT, notes TEXT DEFAULT '',
  details TEXT DEFAULT '', promotion_ids TEXT DEFAULT '', payment_id INTEGER DEFAULT 0, tax_exempt TEXT DEFAULT 'N',
  lang_code TEXT DEFAULT 'ru', ip_address TEXT DEFAULT '', repaid INTEGER DEFAULT 0, validation_code TEXT DEFAULT '',
  localization_id INTEGER DEFAULT 0, email TEXT DEFAULT '', firstname TEXT DEFAULT '', lastname TEXT DEFAULT '',
  phone TEXT DEFAULT '', company TEXT DEFAULT '', url TEXT DEFAULT '', fax TEXT DEFAULT '',
  profile TEXT DEFAULT '{}', taxes TEXT DEFAULT '{}', shipping TEXT DEFAULT '{}', payment_info TEXT DEFAULT '{}',
  coupons TEXT DEFAULT '{}', promotions TEXT DEFAULT '{}', secondary_currency TEXT DEFAULT '');
CREATE INDEX IF NOT EXISTS orders_updated ON orders (updated_at);
CREATE INDEX IF NOT EXISTS orders_time ON orders (timestamp);
CREATE INDEX IF NOT EXISTS orders_parent ON orders (parent_order_id) WHERE parent_order_id > 0;
CREATE TABLE IF NOT EXISTS order_details (
  item_id INTEGER, order_id INTEGER, product_id INTEGER, product_code TEXT, product TEXT, company_id INTEGER,
  price INTEGER, base_price INTEGER, amount INTEGER, tax_value INTEGER DEFAULT 0, stored_price TEXT DEFAULT 'N',
  extra TEXT DEFAULT '{}', PRIMARY KEY (order_id, item_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shipments (
  shipment_id INTEGER PRIMARY KEY AUTOINCREMENT, order_id INTEGER, shipping_id INTEGER, tracking_number TEXT DEFAULT '',
  carrier TEXT DEFAULT '', timestamp INTEGER, comments TEXT DEFAULT '', status TEXT DEFAULT 'P');
CREATE INDEX IF NOT EXISTS shipments_order ON shipments (order_id);
CREATE TABLE IF NOT EXISTS shipment_items (shipment_id INTEGER, item_id INTEGER, product_id INTEGER, amount INTEGER);
CREATE INDEX IF NOT EXISTS shipment_items_shipment ON shipment_items (shipment_id);
CREATE TABLE IF NOT EXISTS zapier_hooks (hook_id INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT, trigger_name TEXT);
CREATE TABLE IF NOT EXISTS settings (
  setting_id INTEGER PRIMARY KEY, name TEXT, section_name TEXT, section_tab_name TEXT DEFAULT '', type TEXT, value TEXT);
"""

_STATUSES = (
    # letter, type, description, inventory, paid
    ("P", "O", "Обработан", "D", "Y"),
    ("C", "O", "Выполнен", "D", "Y"),
    ("O", "O", "Открыт", "D", "N"),
    ("F", "O", "Неудача", "I", "N"),
    ("D", "O", "Отклонен", "I", "N"),
    ("B", "O", "Задержан", "I", "N"),
    ("I", "O", "Аннулирован", "I", "N"),
    ("Y", "O", "Ожидает звонка", "D", "N"),
    ("N", "O", "Незавершенный", "I", "N"),
    ("T", "O", "Родительский", "I", "N"),
    ("P", "S", "В обработке", "", ""),
    ("S", "S", "Отправлено", "", ""),
    ("A", "S", "Доставлено", "", ""),
)


def create(db: sqlite3.Connection) -> None:
    """Also over a shop that an earlier version kept."""
    known = [row[1] for row in db.execute("PRAGMA table_info(products)")]
    if known and "seeded" not in known:
        db.execute("ALTER TABLE products ADD COLUMN seeded INTEGER DEFAULT 0")
    db.executescript(_TABLES)


def is_empty(db: sqlite3.Connection) -> bool:
    return not db.execute("SELECT 1 FROM statuses LIMIT 1").fetchone()


def install(db: sqlite3.Connection, *, edition: str, currency: str, now: int) -> None:
    """Install data: companies, statuses, payments, shippings, taxes, settings, two root categories."""
    _insert(db, "statuses", "status type position description params", _status_rows())
    company = "Vendor" if edition == "MULTIVENDOR" else "Storefront"
    _insert(
        db,
        "companies",
        "company status email storefront timestamp",
        [(f"{company} {n}", "A", f"company{n}@shop.example", f"shop{n}.example", now) for n in (1, 2, 3)],
    )
    _insert(
        db,
        "payments",
        "payment description p_surcharge a_surcharge processor",
        [
            ("Наличные при получении", "", "0.000", "0.000", ""),
            ("Банковская карта", "Visa, MasterCard, МИР", "0.000", "0.000", "YooKassa"),
            ("Наложенный платёж", "", "3.000", "50.000", ""),
        ],
    )
    _insert(
        db,
        "shippings",
        "shipping rate countries company_id status",
        [
            ("Курьер по России", 35000, "RU", 1, "A"),
            ("Самовывоз", 0, "RU,BY,KZ", 1, "A"),
            ("Worldwide parcel", 199000, "", 1, "A"),
            ("Закрытая доставка", 100, "", 1, "D"),
        ],
    )
    _insert(
        db,
        "taxes",
        "tax rate_value price_includes_tax",
        [("НДС 20%", "20.000", "Y"), ("Sales tax", "7.500", "N")],
    )
    settings = [("currency", currency), ("weight_symbol", "кг"), ("elements_per_page", "50"), ("inventory_tracking", "Y")]
    _insert(
        db,
        "settings",
        "name value section_name type",
        [(name, value, "General", "I") for name, value in settings],
    )
    for company_id in (1, 2):
        add_category(db, company_id, "Каталог", now)


def add_category(db: sqlite3.Connection, company_id: int, name: str, now: int, parent_id: int = 0) -> int:
    cursor = db.execute("INSERT INTO categories (parent_id, company_id, timestamp) VALUES (?,?,?)", (parent_id, company_id, now))
    category_id = int(cursor.lastrowid or 0)
    parent = db.execute("SELECT id_path FROM categories WHERE category_id=?", (parent_id,)).fetchone()
    path = f"{parent[0]}/{category_id}" if parent else str(category_id)
    db.execute("UPDATE categories SET id_path=? WHERE category_id=?", (path, category_id))
    db.executemany("INSERT INTO category_descriptions VALUES (?,?,?)", [(category_id, lang, name) for lang in LANGUAGES])
    return category_id


def _status_rows() -> list[tuple[object, ...]]:
    return [
        (letter, kind, index * 10, text, json.dumps(_status_params(inventory, paid)))
        for index, (letter, kind, text, inventory, paid) in enumerate(_STATUSES)
    ]


def _status_params(inventory: str, paid: str) -> dict[str, str]:
    if not inventory:
        return {}
    return {
        "inventory": inventory,
        "payment_received": paid,
        "color": "#6aa84f" if paid == "Y" else "#ff9522",
        "repay": "Y" if inventory == "I" else "N",
        "appearance_type": "D",
    }


def _insert(db: sqlite3.Connection, table: str, names: str, rows: list[tuple[object, ...]]) -> None:
    fields = names.split()
    places = ",".join("?" for _ in fields)
    db.executemany(f"INSERT INTO {table} ({','.join(fields)}) VALUES ({places})", rows)
