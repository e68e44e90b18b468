"""The goods of a seed. What they say and show is made when it is read, from one number each, and stored when it is edited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.sandbox.cscart import php
from tests.sandbox.cscart.schema import LANGUAGES
from tests.sandbox.cscart.shop import Row, Shop
from tests.sandbox.cscart.texts import slug as slug_of

THINGS = (
    ("Чайник", "Kettle", "KTL"),
    ("Лампа настольная", "Desk lamp", "LMP"),
    ("Рюкзак", "Backpack", "BAG"),
    ("Футболка", "T-shirt", "TSH"),
    ("Наушники", "Headphones", "HDP"),
    ("Кресло", "Armchair", "ARM"),
    ("Ёлочная гирлянда", "Fairy lights", "ЁЛК"),
    ("Щётка", "Brush", "BRU"),
)
BRANDS = ("Aurora", "Север", "Nordic & Co", "Берёзка", "O'Neil", "Маяк")
COLOURS = (("Красный", "RED"), ("Синий", "BLU"), ("Чёрный", "BLK"), ("Белый", "WHT"))
SIZES = ("S", "M", "L", "XL")
BRAND, COLOUR, SIZE, STUFF = "Бренд", "Цвет", "Размер", "Материал"
IMAGES = 4  # image ids set aside for each product
_TEXTS = "product_id lang_code product short_description full_description promo_text meta_keywords meta_description search_words page_title"


def packed(base_id: int, thing: int, brand: int, colour: int = 0) -> int:
    """`base_id` is the parent's, `colour` counts from 1; never 0, which means stored."""
    return ((base_id * 8 + thing) * 8 + brand) * 8 + colour


def _unpacked(number: int) -> tuple[int, int, int, int]:
    return number >> 9, number >> 6 & 7, number >> 3 & 7, number & 7


def code(number: int) -> str:
    base_id, thing, _, colour = _unpacked(number)
    return f"{THINGS[thing][2]}-{base_id:06d}" + (f"-{COLOURS[colour - 1][1]}" if colour else "")


def name(number: int, lang: str) -> str:
    base_id, thing, brand, _ = _unpacked(number)
    russian, english, _ = THINGS[thing]
    return f"{russian} {BRANDS[brand]} {base_id}" if lang == LANGUAGES[0] else f"{BRANDS[brand]} {english} {base_id}"


def texts(row: Row, lang: str) -> Row:
    number, weight = row["seeded"], row["weight"]
    base_id, thing, brand, _ = _unpacked(number)
    maker, title = BRANDS[brand].replace("&", "&amp;"), name(number, lang)
    if lang != LANGUAGES[0]:
        full = f"<p>The <b>{maker}</b> with two years of warranty.</p><ul><li>weight {weight} kg</li></ul>"
        return _fields(title, "", full, "gift, home", f"Buy {title}", title, "")
    full = (
        f"<p>Товар <b>{maker}</b> с гарантией 2 года.</p>\n<ul><li>вес {weight} кг</li>"
        "<li>сделано в России</li></ul><p>Цвет может отличаться &lt;на экране&gt;.<br />Подробности у продавца.</p>"
    )
    short = f"<p>{maker}: надёжная вещь на каждый день.</p>"
    words = f"{THINGS[thing][2]}-{base_id:06d}"
    return _fields(title, short, full, "чайник, подарок, дом", f"Купить: {title}", f"{title} - цена и отзывы", words)


def _fields(title: str, short: str, full: str, keywords: str, meta: str, page: str, words: str) -> Row:
    return {
        "product": title,
        "short_description": short,
        "full_description": full,
        "promo_text": "",
        "meta_keywords": keywords,
        "meta_description": meta,
        "search_words": words,
        "page_title": page,
    }


def slug(number: int) -> str:
    base_id, thing, _, colour = _unpacked(number)
    return f"{slug_of(THINGS[thing][1])}-{base_id}" + (f"-{COLOURS[colour - 1][1].lower()}" if colour > 1 else "")


def among(shop: Shop, ids: Iterable[int]) -> dict[int, int]:
    """The seed numbers of those products that were never edited."""
    wanted = list(ids)
    found = shop.db.execute(f"SELECT product_id, seeded FROM products WHERE seeded>0 AND product_id IN ({php.marks(wanted)})", wanted)
    return {row[0]: row[1] for row in found}


def holder(shop: Shop, seo_name: str) -> bool:
    """Whether a product that is not stored goes by this name in the address bar."""
    numbers = [int(part) for part in seo_name.split("-") if part.isdigit()]
    candidates = [number + step for number in numbers[-1:] for step in range(len(COLOURS))]
    return seo_name in {slug(number) for number in among(shop, candidates).values()}


def image_count(product_id: int) -> int:
    """40 % have none, 40 % one, the rest two or three."""
    return (0, 0, 0, 0, 1, 1, 1, 1, 2, 3)[product_id * 2654435761 % 4294967296 * 10 >> 32]


def images(numbers: dict[int, int]) -> list[Row]:
    rows = []
    for product_id, number in numbers.items():
        for at in range(image_count(product_id)):
            image_id = product_id * IMAGES + at
            row = {"pair_id": image_id, "image_id": image_id, "product_id": product_id, "type": "A" if at else "M", "position": at}
            alt = name(number, LANGUAGES[0])
            rows.append(row | {"file": f"product_{image_id}.png", "alt": alt, "image_x": 16, "image_y": 16})
    return rows


def has_image(shop: Shop, image_id: int) -> bool:
    product_id, at = divmod(image_id, IMAGES)
    return at < image_count(product_id) and bool(among(shop, [product_id]))


def values(shop: Shop, numbers: dict[int, int]) -> list[Row]:
    """Feature values with their feature's and variant's names, as a join would show them."""
    if not numbers:
        return []
    features = {row["description"]: row for row in shop.rows("SELECT feature_id, feature_type, description, parent_id FROM features")}
    variants = {(row["feature_id"], row["variant"]): row["variant_id"] for row in shop.rows("SELECT * FROM feature_variants")}
    rows = []
    for product_id, number in numbers.items():
        _, _, brand, colour = _unpacked(number)
        chosen: list[tuple[str, str | None, str | None]] = [(BRAND, BRANDS[brand], None)]
        if colour:
            chosen.append((COLOUR, COLOURS[colour - 1][0], None))
        elif product_id % 10 < 3:
            chosen.append((STUFF, None, "хлопок, сталь"))
        for title, variant, value in chosen:
            feature = features[title]
            variant_id = variants.get((feature["feature_id"], variant))
            rows.append({**feature, "product_id": product_id, "variant_id": variant_id, "variant": variant, "value": value})
    return rows


def store(shop: Shop, ids: Iterable[int]) -> None:
    """From here on these products are rows like any others."""
    numbers = among(shop, ids)
    if not numbers:
        return
    marks = php.marks(numbers)
    rows = shop.rows(f"SELECT product_id, seeded, weight FROM products WHERE product_id IN ({marks})", numbers)
    _insert(shop, "product_descriptions", _TEXTS.split(), [_described(row, lang) for row in rows for lang in LANGUAGES])
    fields = "pair_id image_id product_id type position file alt image_x image_y".split()
    _insert(shop, "images", fields, images(numbers))
    _insert(shop, "feature_values", "product_id feature_id variant_id value".split(), values(shop, numbers))
    names: list[Row] = [{"name": slug(number), "type": "p", "object_id": product_id} for product_id, number in numbers.items()]
    _insert(shop, "seo_names", ["name", "type", "object_id"], names)
    shop.run(f"UPDATE products SET seeded=0 WHERE product_id IN ({marks})", *numbers)


def store_all(shop: Shop) -> None:
    """For the few questions that only stored texts can answer: sorting by name, searching."""
    ids = [row[0] for row in shop.db.execute("SELECT product_id FROM products WHERE seeded>0")]
    for at in range(0, len(ids), 500):
        store(shop, ids[at : at + 500])


def _described(row: Row, lang: str) -> Row:
    return {"product_id": row["product_id"], "lang_code": lang, **texts(row, lang)}


def _insert(shop: Shop, table: str, names: list[str], rows: list[Row]) -> None:
    places: list[tuple[Any, ...]] = [tuple(row[name] for name in names) for row in rows]
    shop.db.executemany(f"INSERT OR IGNORE INTO {table} ({','.join(names)}) VALUES ({php.marks(names)})", places)
