"""The CS-Cart side of the store port: composes products and orders, and answers what the shop says of itself."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from ..domain.connection import CsCartSettings
from ..domain.exchange import ImageSource, Methods, Outcome, Page, ProductWrite, Status, StoreInfo
from ..domain.journal import Exchange
from ..domain.model import Category, Product, Record, StoreName
from ..errors import Forbidden, NotFound
from ..http import Breaker, Transport
from . import images as image_pairs
from . import payloads
from .catalogue import Catalogue
from .client import STORE, CsCartClient, classify, clock, probe
from .decode import Json, mapping, text
from .products import Products

if TYPE_CHECKING:
    from ..domain.orders import Customer, Order, OrderHead
    from .hooks import Hook
    from .order_writes import OrderWrites
    from .orders import Orders


class CsCartStore:
    """What only orders or hooks need is loaded with the first of them."""

    name = StoreName.CSCART

    def __init__(self, client: CsCartClient) -> None:
        self.client = client
        self._catalogue = Catalogue(client)
        self._products = Products(client, self._catalogue)

    @cached_property
    def _orders(self) -> Orders:
        from .orders import Orders

        return Orders(self.client)

    @cached_property
    def _order_writes(self) -> OrderWrites:
        from .order_writes import OrderWrites

        return OrderWrites(self.client, self._orders)

    @cached_property
    def _lists(self) -> tuple[dict[str, list[Json]], tuple[str, ...]]:
        """Statuses and methods, and the rights that were missing to see them."""
        problems: list[str] = []
        return {name: self._list(name, problems) for name in ("statuses", "payments", "shippings")}, tuple(problems)

    @cached_property
    def _info(self) -> StoreInfo:
        lists, problems = self._lists
        companies = self._list("stores", []) or self._list("vendors", [])
        return StoreInfo(
            now=self.now(),
            identity=self.client.settings.url,
            version=text(self.client.get("version").get("Version")),
            currency=self.client.settings.currency,
            currencies={},
            statuses=tuple(
                Status(text(row.get("status")), text(row.get("description")), text(mapping(row.get("params")).get("color")))
                for row in lists["statuses"]
            ),
            companies={text(row.get("company_id")): text(row.get("company")) for row in companies},
            problems=(*problems, *self._unseen()),
        )

    def _list(self, name: str, problems: list[str]) -> list[Json]:
        try:
            return self.client.all(name, name, {"type": "O"} if name == "statuses" else {})
        except Forbidden:
            problems.append(f"missing right: {name}")
        except NotFound:
            pass
        return []

    def _unseen(self) -> list[str]:
        """Rights without which nothing can be synchronised: one row of each list is asked for (1.3)."""
        wanted = {"products": {}, "orders": {}, "categories": {}, "users": {"user_type": "C"}}
        calls = [self.client.get_call(name, {**query, "items_per_page": 1}) for name, query in wanted.items()]
        return [
            f"missing right: {name}" for name, answer in zip(wanted, self.client.many(calls), strict=True) if isinstance(answer, Forbidden)
        ]

    def info(self) -> StoreInfo:
        return self._info

    def hooks(self) -> list[Hook]:
        from .hooks import listed

        return listed(self.client)

    def register_hooks(self, url: str) -> list[Hook]:
        """Has the shop's bundled add-on send to this address, and to no other address of ours. Raises NotFound where the add-on is missing."""
        from .hooks import register

        return register(self.client, url)

    def remove_hooks(self, url: str) -> None:
        from .hooks import remove

        remove(self.client, url)

    def now(self) -> datetime:
        """The server's clock, from the Date header of the cheapest call."""
        return clock(self.client.transport.send(self.client.get_call("version")))

    def scan(self, after: str = "") -> Iterator[Page[Record]]:
        return self._catalogue.scan(after)

    def changed(self, since: datetime) -> Iterator[Page[Record]]:
        return self._catalogue.changed(since)

    def products(self, ids: Collection[str]) -> list[Product]:
        return self._catalogue.read(ids)

    def find(self, skus: Collection[str], created_since: datetime | None = None) -> list[Product]:
        return self._catalogue.find(skus)

    def create(self, products: Sequence[Product], marker: Mapping[str, str]) -> list[Outcome]:
        return self._products.create(products)

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        return self._products.write(writes)

    def reindex(self, products: Sequence[Product]) -> None:
        """The shop's search reads its tables: there is no index to renew."""

    def fit(self, product: Product) -> Product:
        return payloads.fit(product)

    def put_images(self, product: Product, images: Sequence[ImageSource]) -> Product:
        return image_pairs.put(self.client, self._catalogue, product, images)

    def categories(self) -> list[Category]:
        rows = self.client.all("categories", "categories")
        names = {text(row.get("category_id")): text(row.get("category")) for row in rows}
        return [
            Category(
                text(row.get("category_id")),
                text(row.get("category")),
                text(row.get("parent_id")),
                "/" + "/".join(names.get(part, part) for part in text(row.get("id_path")).split("/") if part),
            )
            for row in rows
        ]

    def methods(self) -> Methods:
        lists, _ = self._lists
        return Methods(
            {text(row.get("shipping_id")): text(row.get("shipping")) for row in lists["shippings"]},
            {text(row.get("payment_id")): text(row.get("payment")) for row in lists["payments"]},
        )

    def changed_orders(self, since: datetime) -> Iterator[Page[OrderHead]]:
        return self._orders.changed(since)

    def orders(self, ids: Collection[str]) -> list[Order]:
        return self._orders.read(ids)

    def find_order(self, marker: str, like: Order) -> list[Order]:
        return self._orders.find(marker, like)

    def create_order(self, order: Order, marker: str, *, suppress_stock: bool) -> Order:
        return self._order_writes.create(order, marker)

    def update_order(self, current: Order, desired: Order, *, suppress_stock: bool) -> Order:
        return self._order_writes.update(current, desired)

    def set_status(self, order: Order, target: str) -> Order:
        return self._order_writes.set_status(order, target)

    def find_customer(self, customer: Customer) -> list[Customer]:
        return self._orders.find_customer(customer)

    def create_customer(self, customer: Customer, order: Order) -> Customer:
        """Orders from Webasyst are a guest's here: no user is made for them (chapter 4)."""
        return customer


def _transport(
    settings: CsCartSettings, key: str, *, allow_private: bool, log: Callable[[Exchange], None] | None, breaker: Breaker | None
) -> Transport:
    token = base64.b64encode(f"{settings.email}:{key}".encode()).decode()
    return Transport(
        STORE,
        classify,
        headers=lambda: {"Authorization": f"Basic {token}"},
        secrets=(key, token, settings.email),
        allow_private=allow_private,
        log=log,
        breaker=breaker,
    )


def connect(
    settings: CsCartSettings,
    key: str,
    *,
    allow_private: bool = False,
    log: Callable[[Exchange], None] | None = None,
    breaker: Breaker | None = None,
) -> CsCartStore:
    """Never with an empty key: that would be a storefront token (1.2)."""
    return CsCartStore(CsCartClient(settings, _transport(settings, key, allow_private=allow_private, log=log, breaker=breaker)))


def probed(settings: CsCartSettings, key: str, *, allow_private: bool = False) -> CsCartSettings:
    return probe(settings, _transport(settings, key, allow_private=allow_private, log=None, breaker=None))
