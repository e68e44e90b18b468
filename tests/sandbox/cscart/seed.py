"""A shop full of goods and past orders, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from tests.sandbox.cscart import php, seed_orders, seeded
from tests.sandbox.cscart.schema import add_category
from tests.sandbox.cscart.seeded import BRAND, BRANDS, COLOUR, COLOURS, SIZE, SIZES, STUFF, THINGS
from tests.sandbox.cscart.shop import Row, Shop
from tests.sandbox.cscart.texts import folded, slug

_DAY = 86_400
_GROUPS_SHARE = 0.09
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
    "tracking free_shipping tax_ids parent_product_id variation_group_id promotion_id product_type seeded"
).split()


def fill(shop: Shop, products: int, orders: int, number: int) -> None:
    draw = random.Random(number)
    categories = _categories(shop)
    features = _features(shop)
    _promotions(shop)
    first = int(shop.value("SELECT coalesce(max(product_id),0)+1 FROM products"))
    plans = _plans(shop, draw, products, first)
    for batch in _batches(plans):
        _many(shop, "products", _PRODUCT, batch)
        _links(shop, batch, categories)
        _groups(shop, batch, features)
    last = int(shop.value("SELECT coalesce(max(product_id),0) FROM products"))
    _reserve(shop, (last + 1) * seeded.IMAGES)
    shop.listed += 1
    seed_orders.fill(shop, draw, orders)


def _batches(plans: Iterator[Row], size: int = 5000) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for plan in plans:
        batch.append(plan)
        if len(batch) >= size:
            yield batch
            batch = []
    yield batch


def _many(shop: Shop, table: str, names: list[str], rows: list[Row]) -> None:
    places: Iterator[tuple[Any, ...]] = (tuple(row[name] for name in names) for row in rows)
    shop.db.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({php.marks(names)})", places)


def _reserve(shop: Shop, image_id: int) -> None:
    """Pictures that are not stored have their ids set aside."""
    shop.run("DELETE FROM sqlite_sequence WHERE name='images'")
    highest = int(shop.value("SELECT coalesce(max(pair_id),0) FROM images"))
    shop.insert("sqlite_sequence", {"name": "images", "seq": max(image_id, highest)})


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


def _features(shop: Shop) -> dict[str, int]:
    wanted = (
        (BRAND, "E", "organize_catalog", BRANDS),
        (COLOUR, "S", "group_variation_catalog_item", tuple(name for name, _ in COLOURS)),
        (SIZE, "S", "group_variation_catalog_item", SIZES),
        (STUFF, "T", "describe_product", ()),
    )
    found: dict[str, int] = {}
    for name, kind, purpose, variants in wanted:
        feature_id = shop.value("SELECT feature_id FROM features WHERE description=?", name)
        if feature_id is None:
            feature_id = shop.insert("features", {"feature_type": kind, "description": name, "purpose": purpose})
            for item in variants:
                shop.insert("feature_variants", {"feature_id": feature_id, "variant": item})
        found[name] = feature_id
    return found


def _promotions(shop: Shop) -> None:
    rows = [(1, "Скидка недели", 10, shop.time - _DAY, 0), (2, "Распродажа", 25, shop.time - _DAY, shop.time + 30 * _DAY)]
    shop.db.executemany("INSERT OR IGNORE INTO promotions (promotion_id, name, percent, from_date, to_date) VALUES (?,?,?,?,?)", rows)


def _plans(shop: Shop, draw: random.Random, count: int, first: int) -> Iterator[Row]:
    """Products in the order of their ids; a group's members follow its parent."""
    product_id, last = first, first + count
    group_id = int(shop.value("SELECT coalesce(max(id),0) FROM variation_groups"))
    while product_id < last:
        plan = _plan(shop, draw, product_id)
        size = min(draw.randint(2, 4), last - product_id) if draw.random() < _GROUPS_SHARE else 1
        if size < 2:
            yield plan
            product_id += 1
            continue
        group_id += 1
        for index in range(size):
            yield _member(draw, plan, product_id + index, group_id, index + 1)
        product_id += size


def _plan(shop: Shop, draw: random.Random, product_id: int) -> Row:
    dice = draw.getrandbits(160)
    rolls = [dice >> shift & 1023 for shift in range(0, 160, 10)]
    number = seeded.packed(product_id, rolls[0] % len(THINGS), rolls[1] % len(BRANDS))
    code = seeded.code(number)
    fine = rolls[2] * 1024 + rolls[3]
    price = 9_900 + fine * 4 + rolls[4] % 4 if rolls[5] < 716 else (1 + fine % 9_999) * 100
    born = shop.time - (40 + rolls[6] % 860) * _DAY
    return {
        "product_id": product_id,
        "product_code": code,
        "code_fold": folded(code),
        "status": "A" if rolls[7] < 962 else "D" if rolls[7] < 1003 else "H",
        "company_id": 1 if shop.ultimate else 1 + rolls[8] % 3,
        "price": price,
        "list_price": price + (1 + rolls[9] % 200) * 1000 if rolls[9] < 307 else 0,
        "amount": 1 + rolls[10] % 250 if rolls[11] < 901 else 0 if rolls[11] < 983 else 1,
        "weight": f"{(50 + rolls[12] * 11) / 1000:.3f}",
        "timestamp": born,
        "updated_timestamp": born + rolls[13] * 38 * _DAY // 1024,
        "tracking": None if rolls[14] < 1003 else "D",
        "free_shipping": "Y" if rolls[14] % 33 == 0 else "N",
        "tax_ids": "" if rolls[15] < 717 else "1" if rolls[15] < 973 else "2",
        "parent_product_id": 0,
        "variation_group_id": 0,
        "promotion_id": {22: 1, 23: 1, 24: 2}.get((rolls[4] >> 2) % 25, 0),
        "product_type": "P",
        "seeded": number,
        "base": product_id,
    }


def _member(draw: random.Random, parent: Row, product_id: int, group_id: int, colour: int) -> Row:
    number = parent["seeded"] + colour
    code = seeded.code(number)
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
        "seeded": number,
    }


def _links(shop: Shop, plans: list[Row], categories: list[int]) -> None:
    """One category each, a second one for a fifth; a group's members share theirs."""
    rows = []
    for plan in plans:
        at = plan["base"] * 2654435761 % 4294967296
        rows.append((plan["product_id"], categories[at % len(categories)], "M"))
        if at >> 8 & 255 < 51 and len(categories) > 1:
            rows.append((plan["product_id"], categories[(at + 1) % len(categories)], "A"))
    shop.db.executemany("INSERT INTO products_categories (product_id, category_id, link_type) VALUES (?,?,?)", rows)


def _groups(shop: Shop, plans: list[Row], features: dict[str, int]) -> None:
    listed = {plan["variation_group_id"]: plan["base"] for plan in plans if plan["variation_group_id"]}
    rows = [(group, f"PV-{parent:08X}", str(features[COLOUR]), shop.time, shop.time) for group, parent in listed.items()]
    shop.db.executemany("INSERT OR IGNORE INTO variation_groups (id, code, features, created_at, updated_at) VALUES (?,?,?,?,?)", rows)
