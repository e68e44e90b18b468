"""The Webasyst side of the store port: composes products and orders, and answers what the shop says of itself."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from ..domain.connection import WebasystSettings
from ..domain.exchange import ImageSource, Methods, Outcome, Page, ProductWrite, Status, StoreInfo
from ..domain.journal import Exchange
from ..domain.model import Category, Product, Record, StoreName
from ..errors import Forbidden, NotFound, Rejected
from ..http import Breaker, Transport
from . import payloads
from .client import STORE, WebasystClient, classify
from .clock import ShopClock, clock
from .decode import Json, mapping, number, rows, text
from .images import put_images
from .product_writes import ProductWriter
from .products import Products

if TYPE_CHECKING:
    from ..domain.orders import Customer, Order, OrderHead
    from .customers import Customers
    from .orders import Orders

MARKER = "storesync_ref"
_NEEDED = (
    ("orders", 100, "the orders of all customers"),
    ("customers", 1, "customers"),
    ("type.all", 2, "full rights on all product types"),
)


class WebasystStore:
    """Settings of the shop are read anew by each pull (`now`, `changed`, `changed_orders`): its clock, its zone and its states may change.

    What only orders need is loaded with the first of them.
    """

    name = StoreName.WEBASYST

    def __init__(self, client: WebasystClient, settings: WebasystSettings, *, marker_key: str = MARKER) -> None:
        self.client, self.settings, self.marker_key = client, settings, marker_key
        self._seen: tuple[Json, ShopClock] | None = None

    def _fresh(self) -> tuple[Json, ShopClock]:
        shop = mapping(self.client.get("shop.settings.get"))
        self._seen = shop, clock(shop)
        return self._seen

    def _clock(self) -> ShopClock:
        return (self._seen or self._fresh())[1]

    @cached_property
    def _stocks(self) -> tuple[str, ...]:
        return tuple(text(row.get("id")) for row in rows(self.client.get("shop.stock.getList")))

    @cached_property
    def _types(self) -> dict[str, str]:
        return {text(row.get("id")): text(row.get("name")) for row in rows(self.client.get("shop.type.getList"))}

    @cached_property
    def _products(self) -> Products:
        return Products(self.client, self._clock, lambda: self._stocks, self.settings.stock_id)

    @cached_property
    def _writer(self) -> ProductWriter:
        return ProductWriter(self.client, self._products, self.marker_key, self._default_type)

    @cached_property
    def _orders(self) -> Orders:
        from .orders import Orders

        return Orders(self.client, self._clock, self.marker_key)

    @cached_property
    def _customers(self) -> Customers:
        from .customers import Customers

        return Customers(self.client)

    def _default_type(self) -> str:
        return self.settings.default_type or next(iter(self._types), "")

    @cached_property
    def _info(self) -> StoreInfo:
        shop, here = self._seen or self._fresh()
        return StoreInfo(
            now=here.now,
            zone=here.name,
            version=text(shop.get("version")),
            identity=self.client.url,
            currency=text(shop.get("default_currency")),
            currencies={code: number(mapping(row).get("rate")) for code, row in mapping(shop.get("currencies")).items()},
            statuses=tuple(_state(row) for row in rows(shop.get("order_states"))),
            stock_ids=self._stocks,
            types=self._types,
            stock_counting=text(shop.get("stock_counting_action")),
            problems=self._problems(),
        )

    def _problems(self) -> tuple[str, ...]:
        """A missing right shows as an empty list with 200 (W29), so rights are looked at, not tried out."""
        rights = mapping(self.client.get("shop.rights"))
        if number(rights.get("backend")) >= 2:
            return ()
        return tuple(f"missing right: {what}" for name, least, what in _NEEDED if number(rights.get(name)) < least)

    def _check_rights(self) -> None:
        """Raises Forbidden when a right was lost, before an empty list is believed."""
        if problems := self._problems():
            raise Forbidden("; ".join(problems), store=STORE)

    def info(self) -> StoreInfo:
        return self._info

    def now(self) -> datetime:
        """The account's own clock."""
        return self._fresh()[1].now

    def scan(self, after: str = "") -> Iterator[Page[Record]]:
        return self._products.scan(after)

    def changed(self, since: datetime) -> Iterator[Page[Record]]:
        """Where the shop's zone is known from an earlier look, its settings are asked for beside the lists."""
        if self._seen is None:
            self._fresh()
            return self._products.changed(since)
        return self._products.changed(since, self._fresh)

    def products(self, ids: Collection[str]) -> list[Product]:
        return self._products.read(ids)

    def find(self, skus: Collection[str], created_since: datetime | None = None) -> list[Product]:
        return self._products.find(skus, created_since)

    def create(self, products: Sequence[Product], marker: Mapping[str, str]) -> list[Outcome]:
        return self._writer.create(products, marker)

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        return self._writer.write(writes)

    def reindex(self, products: Sequence[Product]) -> None:
        self._writer.reindex(products)

    def fit(self, product: Product) -> Product:
        return payloads.fitted(product)

    def put_images(self, product: Product, images: Sequence[ImageSource]) -> Product:
        return put_images(self.client, self._products, product, images)

    def categories(self) -> list[Category]:
        return self._products.categories()

    def methods(self) -> Methods:
        return Methods(self._methods("shop.settings.getShippingTypes"), self._methods("shop.settings.getPaymentTypes"))

    def _methods(self, question: str) -> dict[str, str]:
        """Empty in a shop too old to be asked."""
        try:
            listed = rows(mapping(self.client.get(question)).get("methods"))
        except (Rejected, NotFound, Forbidden):
            return {}
        return {text(row.get("id")): text(row.get("name")) for row in listed}

    def changed_orders(self, since: datetime) -> Iterator[Page[OrderHead]]:
        self._fresh()
        return self._orders.changed(since, self._check_rights)

    def orders(self, ids: Collection[str]) -> list[Order]:
        return self._orders.read(ids)

    def find_order(self, marker: str, like: Order) -> list[Order]:
        return self._orders.find(marker)

    def create_order(self, order: Order, marker: str, *, suppress_stock: bool) -> Order:
        return self._orders.create(order, marker, suppress_stock=suppress_stock)

    def update_order(self, current: Order, desired: Order, *, suppress_stock: bool) -> Order:
        """Whether it is kept off the stock was settled when the order was made, so `suppress_stock` does not matter here."""
        return self._orders.update(current, desired)

    def set_status(self, order: Order, target: str) -> Order:
        return self._orders.set_status(order, target)

    def find_customer(self, customer: Customer) -> list[Customer]:
        return self._customers.find(customer)

    def create_customer(self, customer: Customer, order: Order) -> Customer:
        return self._customers.create(customer, order)


def _state(row: Json) -> Status:
    style = mapping(mapping(row.get("options")).get("style"))
    actions = row.get("available_actions")
    names = actions.keys() if isinstance(actions, Mapping) and not any(str(key).isdigit() for key in actions) else _values(actions)
    return Status(text(row.get("id")), text(row.get("name")), text(style.get("color")), tuple(str(item) for item in names))


def _values(found: object) -> list[str]:
    items = found.values() if isinstance(found, Mapping) else found if isinstance(found, list) else ()
    return [text(item.get("id")) if isinstance(item, Mapping) else text(item) for item in items]


def connect(
    settings: WebasystSettings,
    token: str,
    *,
    allow_private: bool = False,
    log: Callable[[Exchange], None] | None = None,
    breaker: Breaker | None = None,
) -> WebasystStore:
    transport = Transport(
        STORE,
        classify,
        headers=lambda: {"Authorization": f"Bearer {token}"},
        secrets=(token, settings.client_id),
        allow_private=allow_private,
        log=log,
        breaker=breaker,
    )
    return WebasystStore(WebasystClient(settings.url, transport, token), settings)
