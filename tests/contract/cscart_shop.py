"""A sandbox CS-Cart behind real HTTP: a bare hand on its API, and the client that is under test."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import requests
from storesync.cscart.store import CsCartStore, connect
from storesync.domain.connection import CsCartSettings
from storesync.domain.journal import Exchange
from storesync.domain.model import Content, Listing, Product, Variant
from storesync.domain.orders import Address, Customer, Line, Order

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Fault, Server

BUYER = {"email": "a@b.example", "firstname": "Anna", "b_country": "RU", "s_country": "RU"}


class Clock:
    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def __call__(self) -> float:
        return self.now

    def date(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)


class Shop:
    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.sandbox = CsCartSandbox(now=self.clock, **options)
        self.pushed: list[dict[str, Any]] = []
        self.sandbox.push = self.pushed.append
        self.server = Server(self.sandbox.app).start()
        self.session = requests.Session()
        self.session.auth = (self.sandbox.email, self.sandbox.key)
        self.exchanges: list[Exchange] = []

    # -- the client

    def settings(self, **fields: Any) -> CsCartSettings:
        fixed = {"no_rewrite": False, "currency": "RUB", "default_category": "1", "payment_id": "1", "shipping_id": "1", "company_id": "1"}
        return CsCartSettings(url=f"{self.server.url}/", email=self.sandbox.email, **{**fixed, **fields})

    def store(self, **fields: Any) -> CsCartStore:
        return connect(self.settings(**fields), self.sandbox.key, allow_private=True, log=self.exchanges.append)

    def fault(self, kind: str, route: str, **fields: Any) -> None:
        self.server.faults.add(Fault(kind, route, **fields))

    def calls(self) -> int:
        """Requests since the last time that this was asked."""
        with self.server._lock:
            made = sum(self.server.calls.values())
            self.server.calls.clear()
        return made

    # -- the bare hand

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        return self.session.request(method, f"{self.server.url}/api/{path}", timeout=10, **given)

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params).json()

    def put(self, path: str, **body: Any) -> requests.Response:
        return self.ask("PUT", path, json=body)

    def product(self, **fields: Any) -> str:
        body = {"product": "Lamp", "price": "100.00", "amount": 10, "category_ids": [1], "product_code": "L-1"} | fields
        return str(self.ask("POST", "products", json=body).json()["product_id"])

    def order(self, *ids: str, path: str = "stores/1/orders", **more: Any) -> requests.Response:
        products = {str(n): {"product_id": item, "amount": 1} for n, item in enumerate(ids, 1)}
        body = {"user_id": 0, "user_data": BUYER, "payment_id": 1, "shipping_id": 1, "products": products} | more
        return self.ask("POST", path, json=body)

    def placed(self, *ids: str, **more: Any) -> str:
        return str(self.order(*ids, **more).json()["order_id"])

    def group(self, *ids: str) -> None:
        """A group whose products differ by size and are shown as one."""
        feature = self.feature("Size", "group_variation_catalog_item")
        for product in ids:
            self.put(f"products/{product}", add_new_variant={feature: {"variant": f"Size {product}"}})
        body = {"product_ids": list(ids), "features": [{"feature_id": feature, "purpose": "group_variation_catalog_item"}]}
        assert self.ask("POST", "product_variations_groups", json=body).status_code == 201

    def feature(self, name: str, purpose: str) -> int:
        body = {"description": name, "feature_type": "S", "purpose": purpose}
        return int(self.ask("POST", "features", json=body).json()["feature_id"])

    def promote(self, *ids: str, percent: int = 10) -> None:
        self.sandbox.execute("INSERT OR IGNORE INTO promotions (promotion_id, name, percent) VALUES (9,'x',?)", percent)
        for product in ids:
            self.sandbox.execute("UPDATE products SET promotion_id=9 WHERE product_id=?", product)

    def codes(self, **params: Any) -> list[str]:
        return sorted(row["product_code"] for row in self.get("products", **params)["products"])

    def amount(self, product_id: str) -> str:
        return str(self.get(f"products/{product_id}")["amount"])


@contextmanager
def opened(**options: Any) -> Iterator[Shop]:
    shop = Shop(**options)
    try:
        yield shop
    finally:
        shop.server.stop()


def variant(sku: str = "L-1", price: str = "100", stock: int | None = 10, **fields: Any) -> Variant:
    return Variant("", sku, Decimal(price), stock=stock, **fields)


def product(*variants: Variant, name: str = "Lamp", **fields: Any) -> Product:
    texts = {key: fields.pop(key) for key in ("summary", "description", "slug") if key in fields}
    return Product("", Content(name, **texts), Listing(categories=("1",)), variants or (variant(),), "RUB", **fields)


def order(*lines: tuple[str, str, int], total: str = "", **fields: Any) -> Order:
    """Lines are (product id, price, quantity); the shop's own shipping costs 350."""
    made = tuple(Line("", item, item, f"S{item}", "Lamp", Decimal(price), quantity) for item, price, quantity in lines)
    place = Address("Anna", "Ivanova", "Lenina 1", "Moscow", "MOS", zip="101000", country="RU")
    given: dict[str, Any] = {
        "customer": Customer("", "Anna", "Ivanova", "anna@b.example", "+79001112233"),
        "shipping": Decimal(350),
        "billing_address": place,
        "shipping_address": place,
        "created_at": datetime.now(UTC),
        **fields,
    }
    draft = Order("", "new", "RUB", made, Decimal(0), **given)
    return replace(draft, total=Decimal(total) if total else draft.expected_total)
