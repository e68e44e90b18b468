"""Past orders and the people who placed them; history, so it takes no stock."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from tests.sandbox.cscart import cart, order_write, php
from tests.sandbox.cscart.cart import Line
from tests.sandbox.cscart.order_write import Placement
from tests.sandbox.cscart.shop import Row, Shop

_DAY = 86_400
_NAMES = (
    ("Анна", "Смирнова"),
    ("Пётр", "Щукин"),
    ("Ольга", "Ёлкина"),
    ("Иван", "Петров-Водкин"),
    ("John", "O'Connor"),
    ("Müller", "Straße"),
)
_PLACES = (
    ("Москва", "MOS", "101000", "ул. Ленина, д. 1, кв. 5"),
    ("Санкт-Петербург", "SPE", "190000", "Невский пр., 28"),
    ("Казань", "TA", "420000", "ул. Баумана, 7/2"),
)
_STATUSES = ("P", "C", "O", "F", "D", "B", "I", "N")
_WEIGHTS = (22, 34, 20, 3, 3, 3, 12, 3)
_NOTES = ("", "", "", "Позвоните за час", "Подъезд 2, домофон 15\nне звонить ночью", "<b>хрупкое</b> & 'важное'")


def fill(shop: Shop, draw: random.Random, count: int) -> None:
    if not count:
        return
    users = _users(shop, draw, max(2, count // 5))
    goods = [row["product_id"] for row in shop.rows("SELECT product_id FROM products WHERE status='A' AND price>0")]
    for _ in range(count if goods else 0):
        _order(shop, draw, users, goods)


def _users(shop: Shop, draw: random.Random, count: int) -> list[Row]:
    found = []
    start = int(shop.value("SELECT coalesce(max(user_id),0)+1 FROM users"))
    for number in range(start, start + count):
        person = _person(draw, number)
        contact = {name: person[name] for name in ("firstname", "lastname", "email", "phone")}
        profile = json.dumps({k: v for k, v in person.items() if k[:2] in ("b_", "s_")}, ensure_ascii=False)
        row = {"user_type": "C", "company_id": 1, "timestamp": shop.time - draw.randint(1, 400) * _DAY, "profile": profile}
        found.append(person | {"user_id": shop.insert("users", contact | row)})
    return found


def _person(draw: random.Random, number: int) -> Row:
    first, last = draw.choice(_NAMES)
    city, state, index, street = draw.choice(_PLACES)
    phone = f"+7 (9{draw.randint(10, 99)}) {draw.randint(100, 999)}-{draw.randint(10, 99)}-{draw.randint(10, 99)}"
    person: Row = {"email": f"Buyer{number}@Example.com", "firstname": first, "lastname": last, "phone": phone}
    address = {"address": street, "city": city, "state": state, "zipcode": index, "country": "RU"}
    names = {"firstname": first, "lastname": last, "phone": phone}
    shapes = {"both": ("b_", "s_"), "billing": ("b_",), "shipping": ("s_",)}
    for prefix in shapes[draw.choice(("both", "both", "billing", "shipping"))]:
        person |= {prefix + name: value for name, value in {**address, **names}.items()}
    if draw.random() < 0.1:
        # Seen in the field: the main contact is empty and only an address set names the buyer (trap 43).
        person |= {"firstname": "", "lastname": "", "phone": ""}
    return person


def _order(shop: Shop, draw: random.Random, users: list[Row], goods: list[int]) -> None:
    buyer = draw.choice(users) if draw.random() < 0.5 else _person(draw, 100_000 + draw.randint(1, 10**6)) | {"user_id": 0}
    lines = _lines(shop, draw, goods)
    placement = Placement(
        products={},
        customer=buyer,
        user_id=buyer["user_id"],
        payment_id=draw.choices((1, 2, 3), (50, 35, 15))[0],
        shipping_ids={"0": draw.choices((1, 2, 3), (60, 30, 10))[0]},
        company_id=1,
        lang=draw.choices(("ru", "en"), (90, 10))[0],
        discount=_discount(draw, lines),
        merged={"notes": draw.choice(_NOTES), "details": draw.choice(("", "", "проверить оплату"))},
        shopper=True,
    )
    placed = shop.time - draw.randint(60, 180 * _DAY)
    letter = draw.choices(_STATUSES, _WEIGHTS)[0]
    companies = list(dict.fromkeys(line.company_id for line in lines))
    if shop.ultimate or len(companies) == 1:
        _store(shop, draw, placement, lines, 1 if shop.ultimate else companies[0], placed, letter)
        return
    placement = replace(placement, discount=0)
    totals = order_write.totals_of(shop, placement, lines)
    parent = order_write.store(shop, placement, totals, 0, parent=True)
    shop.update("orders", {"timestamp": placed, "updated_at": placed}, order_id=parent)
    for company_id in companies:
        own = [line for line in lines if line.company_id == company_id]
        _store(shop, draw, placement, own, company_id, placed, letter, parent)


def _lines(shop: Shop, draw: random.Random, goods: list[int]) -> list[Line]:
    count = draw.choices((1, 2, 3, 5, 12), (45, 25, 18, 10, 2))[0]
    chosen = draw.sample(goods, min(count, len(goods)))
    wanted = {str(item): {"product_id": item, "amount": draw.choices((1, 2, 5), (75, 20, 5))[0]} for item in chosen}
    lines = cart.lines(shop, wanted, "ru", managed=True)
    if draw.random() < 0.1:
        lines[0] = replace(lines[0], price=lines[0].price * 9 // 10)
    return lines


def _discount(draw: random.Random, lines: list[Line]) -> int:
    subtotal = sum(line.subtotal for line in lines)
    return draw.choices((0, subtotal // 10, min(subtotal, 50_000)), (80, 10, 10))[0]


def _store(
    shop: Shop,
    draw: random.Random,
    placement: Placement,
    lines: list[Line],
    company_id: int,
    placed: int,
    letter: str,
    parent_id: int = 0,
) -> None:
    totals = order_write.totals_of(shop, placement, lines)
    order_id = order_write.store(shop, placement, totals, company_id, parent_id=parent_id)
    touched = min(shop.time, placed + draw.choice((0, 0, 3_600, 2 * _DAY)))
    values: dict[str, Any] = {"timestamp": placed, "updated_at": touched, "status": letter}
    coupons = {"WELCOME": {"promotion_id": "3"}} if placement.discount and draw.random() < 0.5 else {}
    shop.update("orders", values | {"coupons": php.dumps(coupons).decode()}, order_id=order_id)
