"""A sandbox Shop-Script behind real HTTP: a bare hand on its API, and the client that is under test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from storesync.domain import prints
from storesync.domain.connection import WebasystSettings
from storesync.domain.exchange import Outcome, ProductWrite
from storesync.domain.journal import Exchange
from storesync.domain.model import Content, Group, Listing, Product, Variant
from storesync.domain.orders import Address, Customer, Line, Order
from storesync.webasyst.store import WebasystStore, connect

from tests.contract.webasyst_client import Hand
from tests.sandbox.httpd import Fault, Server

MARK = "main:cscart:5001"
HOME = Address("Анна", "Смирнова", "ул. Ленина, 1", "Казань", "16", "", "420000", "RU")


class Shop(Hand):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.server = Server(self.shop.app).start()
        self.exchanges: list[Exchange] = []

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.time, UTC)

    def store(self, **settings: Any) -> WebasystStore:
        found = WebasystSettings(url=f"{self.server.url}/", currency="RUB", **settings)
        return connect(found, self.token, allow_private=True, log=self.exchanges.append)

    def fault(self, kind: str, route: str, **fields: Any) -> None:
        self.server.faults.add(Fault(kind, route, **fields))

    def asked(self) -> list[str]:
        """Methods and queries since the last time that this was asked."""
        paths = [exchange.path.partition("api.php/")[2] for exchange in self.exchanges]
        self.exchanges.clear()
        return paths

    def read(self, product_id: Any) -> Product:
        return self.store().products([str(product_id)])[0]

    def raw(self, product_id: Any) -> dict[str, Any]:
        """As the shop lists it, with SKUs in a list."""
        query = {"hash": f"id/{product_id}", "fields": "skus,stock_counts,categories,tags,params,images", "escape": 0}
        row: dict[str, Any] = self.get("product.search", **query)["products"][0]
        return row | {"skus": list(row["skus"].values())}

    def buyer(self) -> str:
        return (
            self.store()
            .create_customer(
                Customer("", "Анна", "Смирнова", "anna@example.test", "+7 900 000-00-01"), Order("", "", "RUB", (), Decimal(0))
            )
            .id
        )


@contextmanager
def opened(**options: Any) -> Iterator[Shop]:
    shop = Shop(**options)
    try:
        yield shop
    finally:
        shop.server.stop()
        shop.shop.close()


def product(*skus: str, name: str = "Lamp", stock: int | None = 5, **content: str) -> Product:
    variants = tuple(Variant("", sku, Decimal("10.50"), stock=stock) for sku in skus)
    return Product("", Content(name, **content), Listing(), variants, "RUB")


def written(shop: Shop, before: Product, after: Product, *groups: Group, **settings: Any) -> Outcome:
    """One write of these groups, of all variants where the group is a variant's."""
    changes = {
        prints.key(group, variant.id) if group in (Group.PRICE, Group.STOCK, Group.IDENTITY) else prints.key(group)
        for group in groups
        for variant in after.variants
        if variant.id or group not in (Group.PRICE, Group.STOCK, Group.IDENTITY)
    }
    return shop.store(**settings).write([ProductWrite(before, after, frozenset(changes))])[0]


def stocked(found: Product, *counts: int | None) -> Product:
    return found.with_variants(tuple(replace(item, stock=count) for item, count in zip(found.variants, counts, strict=True)))


def priced(found: Product, price: str) -> Product:
    return found.with_variants(tuple(replace(item, price=Decimal(price)) for item in found.variants))


def order(shop: Shop, *lines: tuple[Product, str, int], contact: str = "", **parts: Any) -> Order:
    """(product, price, quantity) for the main SKU each."""
    items = tuple(
        Line("", found.id, found.variants[0].id, found.variants[0].sku, found.content.name, Decimal(price), quantity)
        for found, price, quantity in lines
    )
    made = Order(
        "", "", "RUB", items, Decimal(0), customer=Customer(id=contact or shop.buyer()), shipping_address=HOME, billing_address=HOME
    )
    made = replace(made, **{"shipping_name": "Почта", "payment_name": "Карта", "comment": "Звонить", **parts})
    return replace(made, total=made.expected_total)


def made(shop: Shop, *skus: str, **content: str) -> Product:
    outcome = shop.store().create([product(*skus, **content)], {skus[0]: f"main:{skus[0]}"})[0]
    assert outcome.product and outcome.error is None
    return outcome.product


def goods(shop: Shop, code: str = "A", price: str = "40.15", count: int = 50) -> Product:
    return shop.read(shop.product(code, price, count)["id"])


def mirrored(shop: Shop, wanted: Order, mark: str = MARK, *, suppress_stock: bool = True) -> Order:
    return shop.store().create_order(wanted, mark, suppress_stock=suppress_stock)
