"""A shop full of goods and past orders, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tests.sandbox.cscart import php, seed_orders
from tests.sandbox.cscart.schema import LANGUAGES, add_category
from tests.sandbox.cscart.shop import Row, Shop
from tests.sandbox.cscart.texts import folded, slug

_DAY = 86_400
_SHARE_GROUPED = 0.2
_THINGS = (
    ("Чайник", "Kettle", "KTL"),
    ("Лампа настольная", "Desk lamp", "LMP"),
    ("Рюкзак", "Backpack", "BAG"),
    ("Футболка", "T-shirt", "TSH"),
    ("Наушники", "Headphones", "HDP"),
    ("Кресло", "Armchair", "ARM"),
    ("Ёлочная гирлянда", "Fairy lights", "ЁЛК"),
    ("Щётка", "Brush", "BRU"),
)
_BRANDS = ("Aurora", "Север", "Nordic & Co", "Берёзка", "O'Neil", "Маяк")
_COLOURS = (("Красный", "RED"), ("Синий", "BLU"), ("Чёрный", "BLK"), ("Белый", "WHT"))
_SIZES = ("S", "M", "L", "XL")
_CATEGORIES = (
    ("Кухня", "Kitchen", 0),
    ("Электроника", "Electronics", 0),
    ("Одежда", "Clothes", 0),
    ("Чайники и посуда", "Kettles & dishes", 1),
    ("Свет", "Light", 2),
    ("Звук", "Sound", 2),
    ("Сумки", "Bags", 3),
)
_PRODUCT = (
    "product_id product_code code_fold status company_id price list_price amount weight timestamp updated_timestamp "
    "tracking free_shipping is_edp tax_ids parent_product_id variation_group_id promotion_id product_type"
).split()
_TEXTS = ("product_id lang_code product short_description full_description meta_keywords meta_description page_title search_words").split()


def fill(shop: Shop, products: int, orders: int, number: int) -> None:
    draw = random.Random(number)
    categories = _categories(shop)
    features = _features(shop)
    _promotions(shop)
    first = int(shop.value("SELECT coalesce(max(product_id),0)+1 FROM products"))
    plans = list(_plans(shop, draw, products, first, features))
    _many(shop, "products", _PRODUCT, (tuple(plan[name] for name in _PRODUCT) for plan in plans))
    _many(shop, "product_descriptions", _TEXTS, (row for plan in plans for row in _texts(plan)))
    _links(shop, draw, plans, categories)
    _groups(shop, plans, features)
    _values(shop, draw, plans, features)
    _images(shop, draw, plans)
    seo = "INSERT OR IGNORE INTO seo_names (name, type, object_id) VALUES (?,'p',?)"
    shop.db.executemany(seo, ((plan["slug"], plan["product_id"]) for plan in plans))
    seed_orders.fill(shop, draw, orders)


def _many(shop: Shop, table: str, names: list[str], rows: Iterator[tuple[Any, ...]]) -> None:
    shop.db.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({php.marks(names)})", rows)


def _categories(shop: Shop) -> list[int]:
    """Roots of the tree hang below the installed catalogue."""
    known = shop.rows("SELECT category_id FROM categories WHERE company_id=1 ORDER BY category_id")
    if len(known) > 1:
        return [row["category_id"] for row in known]
    ids = [known[0]["category_id"]]
    for russian, english, parent in _CATEGORIES:
        category_id = add_category(shop.db, 1, russian, shop.time, ids[parent])
        english_row = {"category": english}
        shop.update("category_descriptions", english_row, category_id=category_id, lang_code="en")
        name = slug(russian)
        shop.run("INSERT OR IGNORE INTO seo_names (name, type, object_id) VALUES (?,'c',?)", name, category_id)
        ids.append(category_id)
    return ids


def _features(shop: Shop) -> dict[str, dict[str, int]]:
    """Feature ids under "", variant ids under their names."""
    wanted = (
        ("Бренд", "E", "organize_catalog", _BRANDS),
        ("Цвет", "S", "group_catalog_item", tuple(name for name, _ in _COLOURS)),
        ("Размер", "S", "group_variation_catalog_item", _SIZES),
        ("Материал", "T", "describe_product", ()),
    )
    found: dict[str, dict[str, int]] = {}
    for name, kind, purpose, variants in wanted:
        feature_id = shop.value("SELECT feature_id FROM features WHERE description=?", name)
        if feature_id is None:
            feature_id = shop.insert("features", {"feature_type": kind, "description": name, "purpose": purpose})
            for item in variants:
                shop.insert("feature_variants", {"feature_id": feature_id, "variant": item})
        rows = shop.rows("SELECT variant_id, variant FROM feature_variants WHERE feature_id=?", (feature_id,))
        found[name] = {"": feature_id} | {row["variant"]: row["variant_id"] for row in rows}
    return found


def _promotions(shop: Shop) -> None:
    rows = [(1, "Скидка недели", 10, shop.time - _DAY, 0), (2, "Распродажа", 25, shop.time - _DAY, shop.time + 30 * _DAY)]
    shop.db.executemany("INSERT OR IGNORE INTO promotions (promotion_id, name, percent, from_date, to_date) VALUES (?,?,?,?,?)", rows)


def _plans(shop: Shop, draw: random.Random, count: int, first: int, features: Any) -> Iterator[Row]:
    """Products in the order of their ids; a group's members follow its parent."""
    product_id, last = first, first + count
    group_id = int(shop.value("SELECT coalesce(max(id),0) FROM variation_groups"))
    while product_id < last:
        plan = _plan(shop, draw, product_id)
        size = min(draw.randint(2, 4), last - product_id)
        if draw.random() >= _SHARE_GROUPED / 2.2 or size < 2:
            yield plan
            product_id += 1
            continue
        group_id += 1
        for index, (colour, suffix) in enumerate(_COLOURS[:size]):
            yield _member(draw, plan, product_id + index, group_id, colour, suffix)
        product_id += size


def _plan(shop: Shop, draw: random.Random, product_id: int) -> Row:
    thing = draw.choice(_THINGS)
    brand = draw.choice(_BRANDS)
    code = f"{thing[2]}-{product_id:06d}"
    price = draw.randint(9_900, 4_999_999) if draw.random() < 0.7 else draw.randint(1, 9_999) * 100
    born = shop.time - draw.randint(40, 900) * _DAY
    return {
        "product_id": product_id,
        "product_code": code,
        "code_fold": folded(code),
        "status": draw.choices("ADH", (94, 4, 2))[0],
        "company_id": 1 if shop.ultimate else draw.randint(1, 3),
        "price": price,
        "list_price": price + draw.randint(1, 200) * 1000 if draw.random() < 0.3 else 0,
        "amount": draw.choices((draw.randint(1, 250), 0, 1), (88, 8, 4))[0],
        "weight": f"{draw.randint(50, 12_000) / 1000:.3f}",
        "timestamp": born,
        "updated_timestamp": born + draw.randint(0, 39 * _DAY),
        "tracking": None if draw.random() < 0.98 else "D",
        "free_shipping": "Y" if draw.random() < 0.03 else "N",
        "is_edp": "N",
        "tax_ids": draw.choices(("", "1", "2"), (70, 25, 5))[0],
        "parent_product_id": 0,
        "variation_group_id": 0,
        "promotion_id": draw.choices((0, 1, 2), (88, 8, 4))[0],
        "product_type": "P",
        "names": (f"{thing[0]} {brand} {product_id}", f"{brand} {thing[1]} {product_id}"),
        "brand": brand,
        "slug": f"{slug(thing[1])}-{product_id}",
        "parent": product_id,
        "colour": "",
    }


def _member(draw: random.Random, parent: Row, product_id: int, group_id: int, colour: str, suffix: str) -> Row:
    code = f"{parent['product_code']}-{suffix}"
    is_parent = product_id == parent["product_id"]
    return parent | {
        "product_id": product_id,
        "product_code": code,
        "code_fold": folded(code),
        "price": parent["price"] + (0 if is_parent else draw.choice((0, 0, 5_000, 12_550))),
        "amount": draw.randint(0, 60),
        "parent_product_id": 0 if is_parent else parent["product_id"],
        "product_type": "P" if is_parent else "V",
        "variation_group_id": group_id,
        "colour": colour,
        "slug": parent["slug"] if is_parent else f"{parent['slug']}-{suffix.lower()}",
    }


def _texts(plan: Row) -> Iterator[tuple[Any, ...]]:
    russian, english = plan["names"]
    brand = plan["brand"].replace("&", "&amp;")
    short = f"<p>{brand}: надёжная вещь на каждый день.</p>"
    full = (
        f"<p>Товар <b>{brand}</b> с гарантией 2 года.</p>\n<ul><li>вес {plan['weight']} кг</li>"
        "<li>сделано в России</li></ul><p>Цвет может отличаться &lt;на экране&gt;.<br />Подробности у продавца.</p>"
    )
    seo = ("чайник, подарок, дом", f"Купить: {russian}", f"{russian} - цена и отзывы", plan["product_code"])
    yield (plan["product_id"], LANGUAGES[0], russian, short, full, *seo)
    english_full = f"<p>The <b>{brand}</b> with two years of warranty.</p><ul><li>weight {plan['weight']} kg</li></ul>"
    yield (plan["product_id"], LANGUAGES[1], english, "", english_full, "gift, home", f"Buy {english}", english, "")


def _links(shop: Shop, draw: random.Random, plans: list[Row], categories: list[int]) -> None:
    rows, chosen = [], dict[int, list[int]]()
    for plan in plans:
        parent = plan["parent"]
        if parent not in chosen:
            chosen[parent] = draw.sample(categories, min(len(categories), 2 if draw.random() < 0.2 else 1))
        rows += [(plan["product_id"], item, "A" if at else "M") for at, item in enumerate(chosen[parent])]
    shop.db.executemany("INSERT INTO products_categories (product_id, category_id, link_type) VALUES (?,?,?)", rows)


def _groups(shop: Shop, plans: list[Row], features: Any) -> None:
    listed = {plan["variation_group_id"]: plan["parent"] for plan in plans if plan["variation_group_id"]}
    feature_id = str(features["Цвет"][""])
    rows = [(group, f"PV-{parent:08X}", feature_id, shop.time, shop.time) for group, parent in listed.items()]
    shop.db.executemany("INSERT INTO variation_groups (id, code, features, created_at, updated_at) VALUES (?,?,?,?,?)", rows)


def _values(shop: Shop, draw: random.Random, plans: list[Row], features: Any) -> None:
    brands, colours, stuff = features["Бренд"], features["Цвет"], features["Материал"][""]
    rows: list[tuple[Any, ...]] = []
    for plan in plans:
        rows.append((plan["product_id"], brands[""], brands[plan["brand"]], None))
        if plan["colour"]:
            rows.append((plan["product_id"], colours[""], colours[plan["colour"]], None))
        elif draw.random() < 0.3:
            rows.append((plan["product_id"], stuff, None, "хлопок, сталь"))
    shop.db.executemany("INSERT INTO feature_values (product_id, feature_id, variant_id, value) VALUES (?,?,?,?)", rows)


def _images(shop: Shop, draw: random.Random, plans: list[Row]) -> None:
    image_id = int(shop.value("SELECT coalesce(max(image_id),0) FROM images"))
    rows: list[tuple[Any, ...]] = []
    for plan in plans:
        for at in range(draw.choices((0, 1, 2, 3), (40, 40, 15, 5))[0]):
            image_id += 1
            kind = "A" if at else "M"
            rows.append((image_id, plan["product_id"], kind, at, f"product_{image_id}.png", plan["names"][0], 16, 16))
    shop.db.executemany(
        "INSERT INTO images (image_id, product_id, type, position, file, alt, image_x, image_y) VALUES (?,?,?,?,?,?,?,?)",
        rows,
    )
