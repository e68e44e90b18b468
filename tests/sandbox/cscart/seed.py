"""A shop's worth of data from a seed, made row by row."""

from __future__ import annotations

import random
from typing import Any

from tests.sandbox.cscart import order_write, php
from tests.sandbox.cscart.schema import LANGUAGES, add_category
from tests.sandbox.cscart.shop import Shop
from tests.sandbox.cscart.texts import folded, slug

_WORDS = ("Кружка", "Лампа", "Стол", "Chair", "Рюкзак", "Чайник", "Notebook", "Плед", "Ваза", "Clock", "Нож", "Зонт")
_KINDS = ("«Север»", "Classic", "Компакт", "Pro & Co", "для дома", "XL", "детский", "из дуба", "2000", "Light")
_CATEGORIES = ("Дом", "Кухня", "Офис", "Дети", "Сад", "Gifts")
_NAMES = (("Анна", "Смирнова"), ("Иван", "Петров"), ("Olga", "Ivanova"), ("Пётр", "Ёлкин"), ("John", "Smith"))
_CITIES = (("Москва", "MOS", "101000"), ("Казань", "TA", "420000"), ("Пермь", "PER", "614000"))


def fill(shop: Shop, products: int, orders: int, seed: int) -> None:
    dice = random.Random(seed)
    root = int(shop.value("SELECT min(category_id) FROM categories"))
    categories = [add_category(shop.db, 1, name, shop.time, root) for name in _CATEGORIES]
    for at in range(products):
        _product(shop, dice, at, seed, categories)
    _users(shop, dice)
    for at in range(orders):
        _order(shop, dice, at)


def _product(shop: Shop, dice: random.Random, at: int, seed: int, categories: list[int]) -> None:
    name = f"{dice.choice(_WORDS)} {dice.choice(_KINDS)} {at + 1}"
    code = f"SKU-{seed}-{at + 1:05d}"
    age = shop.time - dice.randint(86_400, 20_000_000)
    price = dice.randint(500, 2_000_000)
    row = {
        "product_code": code, "code_fold": folded(code), "company_id": 1, "price": price, "amount": dice.randint(0, 200),
        "list_price": price + dice.randint(100, 50_000) if dice.random() < 0.3 else 0, "timestamp": age, "updated_timestamp": age,
        "status": "A" if dice.random() < 0.92 else dice.choice("DH"), "tracking": "B",
    }  # fmt: skip
    product_id = shop.insert("products", row)
    texts = {
        "product": name,
        "short_description": f"{name}: коротко" if dice.random() < 0.7 else "",
        "full_description": f"<p>{name}. <b>Описание</b> товара &amp; уход.</p>",
        "page_title": name[:60],
        "meta_keywords": "товар, подарок" if dice.random() < 0.5 else "",
        "meta_description": f"Купить {name}" if dice.random() < 0.5 else "",
    }
    for lang in LANGUAGES:
        shop.insert("product_descriptions", {"product_id": product_id, "lang_code": lang} | texts)
    shop.insert("products_categories", {"product_id": product_id, "category_id": dice.choice(categories), "link_type": "M"})
    shop.insert("seo_names", {"name": f"{slug(name)}-{product_id}", "type": "p", "object_id": product_id})
    for place in range(dice.choice((0, 1, 1, 2)) if dice.random() < 0.3 else 0):
        image_id = product_id * 10 + place
        image = {
            "image_id": image_id,
            "product_id": product_id,
            "type": "M" if place == 0 else "A",
            "position": place,
            "file": f"{image_id}.png",
        }
        shop.insert("images", image | {"image_x": 8, "image_y": 8})


def _users(shop: Shop, dice: random.Random) -> None:
    for at, (first, last) in enumerate(_NAMES):
        shop.insert(
            "users",
            {
                "email": f"user{at}@mail.example",
                "user_type": "C",
                "company_id": 1,
                "firstname": first,
                "lastname": last,
                "phone": f"+7900{at:07d}",
                "timestamp": shop.time,
            },
        )


def _buyer(dice: random.Random) -> dict[str, Any]:
    at = dice.randrange(len(_NAMES))
    (first, last), (city, state, zipcode) = _NAMES[at], dice.choice(_CITIES)
    place = {
        "firstname": first,
        "lastname": last,
        "address": f"ул. Мира, {dice.randint(1, 90)}",
        "city": city,
        "state": state,
        "country": "RU",
        "zipcode": zipcode,
    }
    buyer = {f"{kind}_{name}": value for kind in "bs" for name, value in place.items()}
    return {"email": f"user{at}@mail.example", "firstname": first, "lastname": last, "phone": f"+7900{at:07d}", **buyer}


def _order(shop: Shop, dice: random.Random, at: int) -> None:
    stocked = [
        row["product_id"]
        for row in shop.rows("SELECT product_id FROM products WHERE amount>3 AND status='A' ORDER BY product_id LIMIT 500")
    ]
    if not stocked:
        return
    chosen = dice.sample(stocked, min(len(stocked), dice.randint(1, 4)))
    products = {str(item): {"product_id": item, "amount": dice.randint(1, 3)} for item in chosen}
    body = {
        "user_id": 0,
        "user_data": _buyer(dice),
        "payment_id": 1,
        "shipping_id": dice.choice((1, 2)),
        "products": products,
        "notes": dice.choice(("", "Позвоните", "Call me & wait")),
    }
    order_id = order_write.place(shop, 1, body, **_extras(dice))
    age = shop.time - dice.randint(60, 30 * 86_400)
    shop.update("orders", {"timestamp": age, "updated_at": age}, order_id=order_id)
    letter = dice.choice("OOPPCCIFD")
    if letter != "O":
        order_write.move(shop, order_id, letter)
        shop.update("orders", {"updated_at": age}, order_id=order_id)


def _extras(dice: random.Random) -> dict[str, Any]:
    extras: dict[str, Any] = {}
    if dice.random() < 0.4:
        extras["discount"] = dice.randint(1, 400)
    if dice.random() < 0.2:
        extras["surcharge"] = dice.randint(1, 9_000)
    if dice.random() < 0.3:
        tax, included = php.money(dice.randint(1, 30_000)), dice.choice("YN")
        extras["taxes"] = {
            "1": {
                "description": "НДС",
                "rate_type": "P",
                "rate_value": "20.000",
                "price_includes_tax": included,
                "tax_subtotal": float(tax),
            }
        }
    return extras
