"""Many rows in little time: generators straight into executemany, memory stays flat."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product as pairs
from typing import Any

from tests.sandbox.webasyst import schema
from tests.sandbox.webasyst.store import ADMIN_ID, Shop

_ADJECTIVES = ("Blue", "Red", "Small", "Large", "Soft", "Синяя", "Красная", "Тёплая", "Café", "Über")
_NOUNS = ("mug", "lamp", "shirt", "book", "cable", "кружка", "лампа", "футболка", "книга", "тарелка")
_NAMES = tuple(" ".join(pair) for pair in pairs(_ADJECTIVES, _NOUNS))
_SIZES = ("S", "M", "L")


def fill(shop: Shop, products: int, orders: int, number: int) -> None:
    """Products have one SKU, every tenth has three; SKU codes are `SKU-000001`, `SKU-000010-M`."""
    first_product = int(shop.value("SELECT IFNULL(MAX(id), 0) + 1 FROM products"))
    first_sku = int(shop.value("SELECT IFNULL(MAX(id), 0) + 1 FROM skus"))
    plan = list(_plan(number, products, first_sku))
    shop.db.execute("BEGIN")
    _insert_all(shop, "products", _products(shop, plan, first_product))
    _insert_all(shop, "skus", _skus(plan, first_product))
    _insert_all(shop, "product_stocks", _stock_rows(shop, plan, first_product))
    last = first_product + products - 1
    shop.run("INSERT INTO unindexed SELECT id FROM products WHERE id BETWEEN ? AND ?", first_product, last)
    if orders and plan:
        _fill_orders(shop, orders, plan, first_product, random.Random(number + 1))
    shop.db.execute("COMMIT")


def _plan(number: int, products: int, first_sku: int) -> Iterator[tuple[int, int, int]]:
    """First SKU id, price in units and count of each product."""
    chance, sku_id = random.Random(number), first_sku
    for index in range(1, products + 1):
        yield sku_id, chance.randrange(10, 5000), chance.randrange(0, 50)
        sku_id += 3 if index % 10 == 0 else 1


def _insert_all(shop: Shop, table: str, rows: Iterator[dict[str, Any]]) -> None:
    head = next(rows, None)
    if head is None:
        return
    names = list(head)
    columns = ", ".join(f'"{name}"' for name in names)
    sql = f"INSERT INTO {table} ({columns}) VALUES ({schema.marks(names)})"
    shop.db.execute(sql, tuple(head.values()))
    shop.db.executemany(sql, (tuple(row.values()) for row in rows))


def _sizes(index: int) -> tuple[str, ...]:
    return _SIZES if index % 10 == 0 else ("",)


def _products(shop: Shop, plan: list[tuple[int, int, int]], first: int) -> Iterator[dict[str, Any]]:
    stamp = shop.stamp()
    for index, (sku_id, price, count) in enumerate(plan, 1):
        sizes = len(_sizes(index))
        top = price + 100 * (sizes - 1)
        yield {
            "id": first + index - 1, "name": f"{_NAMES[index % len(_NAMES)]} {index}", "summary": f"About {index}",
            "contact_id": ADMIN_ID, "create_datetime": stamp, "type_id": 1, "sku_id": sku_id,
            "url": f"product-{first + index - 1}", "price": price, "currency": shop.currency, "min_price": price,
            "max_price": top, "count": count * sizes, "base_price": price, "min_base_price": price,
            "max_base_price": top, "sku_count": sizes,
        }  # fmt: skip


def _skus(plan: list[tuple[int, int, int]], first: int) -> Iterator[dict[str, Any]]:
    for index, (sku_id, price, count) in enumerate(plan, 1):
        for position, size in enumerate(_sizes(index)):
            code = f"SKU-{first + index - 1:06d}" + (f"-{size}" if size else "")
            amount = price + 100 * position
            yield {
                "id": sku_id + position, "product_id": first + index - 1, "sku": code, "sort": position + 1,
                "name": size, "price": amount, "primary_price": amount, "count": count,
            }  # fmt: skip


def _stock_rows(shop: Shop, plan: list[tuple[int, int, int]], first: int) -> Iterator[dict[str, Any]]:
    """The whole count lies in the first stock, the others hold 0."""
    stocks = [row["id"] for row in shop.rows("SELECT id FROM stocks ORDER BY sort")]
    for index, (sku_id, _, count) in enumerate(plan, 1):
        for position in range(len(_sizes(index))):
            for rank, stock_id in enumerate(stocks):
                have = 0 if rank else count
                yield {"product_id": first + index - 1, "sku_id": sku_id + position, "stock_id": stock_id, "count": have}


def _fill_orders(shop: Shop, orders: int, plan: list[tuple[int, int, int]], first: int, chance: random.Random) -> None:
    """One new contact per order; state `new`, one or two lines of single-SKU products."""
    order_id = int(shop.value("SELECT IFNULL(MAX(id), 0) + 1 FROM orders"))
    contact_id = int(shop.value("SELECT IFNULL(MAX(id), 0) + 1 FROM contacts"))
    lines = [[(chance.randrange(len(plan)), chance.randrange(1, 4)) for _ in range(1 + n % 2)] for n in range(orders)]
    stamp = shop.stamp()
    people = ((contact_id + n, f"Buyer {n}", f"Buyer {n}", stamp, "shop", "order", ADMIN_ID) for n in range(orders))
    shop.db.executemany(
        "INSERT INTO contacts(id, name, firstname, create_datetime, create_app_id, create_method, create_contact_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)", people,
    )  # fmt: skip
    emails = ((contact_id + n, f"buyer{n}@example.test") for n in range(orders))
    shop.db.executemany("INSERT INTO contact_data(contact_id, field, sort, value) VALUES (?, 'email', 0, ?)", emails)
    customers = ((contact_id + n, order_id + n) for n in range(orders))
    shop.db.executemany("INSERT INTO customers(contact_id, number_of_orders, last_order_id) VALUES (?, 1, ?)", customers)
    heads = ((order_id + n, contact_id + n, stamp, shop.currency, sum(plan[i][1] * q for i, q in lines[n])) for n in range(orders))
    sql = "INSERT INTO orders(id, contact_id, create_datetime, currency, total) VALUES (?, ?, ?, ?, ?)"
    shop.db.executemany(sql, heads)
    rows = ((order_id + n, *_line(plan, first, i, q)) for n in range(orders) for i, q in lines[n])
    sql = "INSERT INTO order_items(order_id, product_id, sku_id, sku_code, name, price, quantity) VALUES (?, ?, ?, ?, ?, ?, ?)"
    shop.db.executemany(sql, rows)
    params = ((order_id + n, "sales_channel", "storefront:shop") for n in range(orders))
    shop.db.executemany("INSERT INTO order_params(order_id, name, value) VALUES (?, ?, ?)", params)


def _line(plan: list[tuple[int, int, int]], first: int, index: int, quantity: int) -> tuple[Any, ...]:
    number = index + 1
    code = f"SKU-{first + index:06d}" + ("-S" if number % 10 == 0 else "")
    return first + index, plan[index][0], code, f"{_NAMES[number % len(_NAMES)]} {number}", plan[index][1], quantity
