"""The shop of the later recordings: 200 products, 240 SKUs, 32 orders, made by the rules its rows show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.conformance.exchanges import png
from tests.sandbox.webasyst import WebasystSandbox

Call = Callable[..., None]

_ADJECTIVES = ("Красная", "Синяя", "Зелёная", "Большая", "Малая", "Ручной работы", "Premium", "Café", "Über", "日本製")
_NOUNS = ("кружка", "рюкзак", "книга", "футболка", "носки", "кабель USB-C", "тарелка", "Ёлка", "наушники", "лампа")
_ODD_CODES = {114: "", 111: "SEED-0110-S", 112: "SEED-01", 113: "seed-0001", 115: "АРТ/ 12 3"}
_SIZES = (("S", "S"), ("M", "M / Размер"), ("L", "L"))
_CATEGORIES = (("Одежда", 0), ("Футболки", 1), ("Посуда", 0), ("Книги", 0), ("Техника", 0), ("Разное", 0))
_PEOPLE = (
    ("Иван", "Петров"), ("Анна", "Ким"), ("John", "O'Brien"), ("Müller", "Jürgen"), ("Ольга", "Ёжикова"), ("Пётр", "Шестой"),
)  # fmt: skip
_STATES = (
    (), ("process",), ("process", "pay"), ("process", "ship"), ("process", "complete"), ("process", "pay", "ship", "complete"),
    ("delete",), ("process", "fulfilling"), ("process", "pay", "refund"), (),
)  # fmt: skip
_SECONDS = {1: 51, 11: 52, 48: 53, 96: 54, 131: 55, 176: 56}
_IMAGE_SIZES = {2: 4482}
_DESCRIPTION = "<p>Описание <b>товара {0}</b> &mdash; HTML, «ёлочки», 100% &amp; больше</p><ul><li>один</li><li>два</li></ul>"


def fill(sandbox: WebasystSandbox, call: Call) -> None:
    for name, parent in _CATEGORIES:
        call(sandbox, "category.add", {"name": name, "parent_id": parent, "status": 1})
    for number in range(1, 201):
        call(sandbox, "product.add", _product(number))
        if number <= 10:
            _add_image(sandbox, number)
    for number in range(1, 201, 9):
        call(sandbox, "product.update", {"summary": f"обновлено {number - 1}"}, id=number)
    _stamp_products(sandbox)
    for number, (first, last) in enumerate(_PEOPLE, 1):
        call(sandbox, "customer.add", _person(number, first, last))
    for number in range(1, 33):
        _add_order(sandbox, call, number)


def _price(number: int) -> float:
    return 10 + 37 * number % 5000 + 0.25 * (number % 4)


def _product(number: int) -> dict[str, Any]:
    name = f"{_ADJECTIVES[number % 10]} {_NOUNS[number % 10]} №{number}"
    name += " «кавычки» & <тег>" if number % 17 == 0 else ""
    name += " 👕🎁" if number % 23 == 0 else ""
    form: dict[str, Any] = {
        "name": name, "summary": f"Кратко о товаре {number}", "description": _DESCRIPTION.format(number), "type_id": 1,
        "currency": "USD" if number % 40 == 0 else "RUB", "status": 0 if number % 29 == 0 else 1,
        "categories[0]": number % 6 + 1,
    }  # fmt: skip
    skus = _variants(number) if number % 10 == 0 else [_single(number)]
    return form | {f"skus[{index}][{key}]": value for index, sku in enumerate(skus) for key, value in sku.items()}


def _single(number: int) -> dict[str, Any]:
    count: int | None = number % 50 + 1
    if number % 7 == 0:
        count = 0
    if number % 15 == 0:
        count = None
    sku: dict[str, Any] = {"sku": _ODD_CODES.get(number, f"SEED-{number:04d}"), "price": _price(number)}
    if count is not None:
        sku["stock][0"] = count
    return sku | ({"purchase_price": round(_price(number) / 2, 2)} if count and count > 0 else {})


def _variants(number: int) -> list[dict[str, Any]]:
    counts: list[int | None] = [number % 13, 0, None if number % 20 == 0 else 5]
    found = []
    for position, ((size, name), count) in enumerate(zip(_SIZES, counts, strict=True)):
        sku: dict[str, Any] = {"sku": f"SEED-{number:04d}-{size}", "name": name, "price": _price(number) + 100 * position}
        sku |= {"compare_price": sku["price"] + 50} if size == "M" else {}
        found.append(sku | ({} if count is None else {"stock][0": count}))
    return found


def _add_image(sandbox: WebasystSandbox, number: int) -> None:
    shop, body = sandbox.shop, png(60, 40, _IMAGE_SIZES.get(number, 1896))
    image_id = shop.insert("images", {
        "product_id": number, "upload_datetime": shop.stamp(), "sort": 0, "width": 60, "height": 40, "size": len(body),
        "original_filename": f"seed{number}.png", "ext": "png",
    })  # fmt: skip
    shop.run("INSERT INTO image_files(image_id, body) VALUES (?, ?)", image_id, body)
    shop.update("products", number, {"image_id": image_id, "ext": "png"})


def _stamp_products(sandbox: WebasystSandbox) -> None:
    """Default order is by creation: which product was made in which second shows in the recorded pages."""
    run = sandbox.shop.run
    for first, second in _SECONDS.items():
        run("UPDATE products SET create_datetime = ? WHERE id >= ?", f"2026-11-23 12:07:{second}", first)
    run("UPDATE products SET edit_datetime = create_datetime")
    run("UPDATE products SET edit_datetime = '2026-11-23 12:07:56' WHERE id % 9 = 1")


def _person(number: int, first: str, last: str) -> dict[str, Any]:
    return {
        "data[firstname]": first, "data[lastname]": last, "data[email]": f"customer{number}@example.test",
        "data[phone]": f"+7900000{number:04d}", "data[address.shipping][country]": "rus",
        "data[address.shipping][region]": "77", "data[address.shipping][city]": "Москва",
        "data[address.shipping][street]": f"ул. Тестовая, {number}", "data[address.shipping][zip]": f"10100{number - 1}",
    }  # fmt: skip


def _add_order(sandbox: WebasystSandbox, call: Call, number: int) -> None:
    form: dict[str, Any] = {
        "params[cscart_order_id]": 7000 + number, "params[shipping_name]": "Курьер" if number % 2 else "СДЭК",
        "params[payment_name]": "Наличные", "comment": f"Заказ {number} <b>html</b>" if number % 4 == 0 else "",
    }  # fmt: skip
    if number % 5 == 0:
        guest = {"firstname": f"Гость {number}", "email": f"guest{number}@example.test", "phone": f"+7901000{number:04d}"}
        form |= {f"contact[{name}]": value for name, value in guest.items()}
    else:
        form["contact_id"] = number % 6 + 2
    for position in range(number % 3 + 1):
        product = (11 * number + 29 * position) % 200 + 1
        sql = "SELECT id FROM skus WHERE product_id = ? ORDER BY sort LIMIT 1 OFFSET ?"
        form[f"items[{position}][sku_id]"] = sandbox.shop.value(sql, product, position if product % 10 == 0 else 0)
        form[f"items[{position}][quantity]"] = position + 1
    call(sandbox, "order.add", form)
    for action in _STATES[(number - 1) % 10]:
        call(sandbox, "order.action", {"id": number, "action": action})
