"""Shops to hold the Store port against: each implementation, with what the shop's own people and a bad line can do to it."""

import re
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import requests
from storesync.cscart import store as cscart_store
from storesync.domain.connection import CsCartSettings, WebasystSettings
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.domain.orders import Address, Customer, Line, Order
from storesync.sync.ports import Store
from storesync.webasyst import store as webasyst_store
from storesync.webasyst.forms import encode

from tests.fakes.stores import Pictures, Trouble
from tests.fakes.stores_cscart import MemoryCsCart
from tests.fakes.stores_webasyst import MemoryWebasyst
from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Fault, Request, Response, Server
from tests.sandbox.webasyst import WebasystSandbox

HOME = Address("Anna", "Bee", "Main street 1", "Moscow", "MOS", "Moscow", "101000", "RU", "79001234567")
BUYER = Customer("", "Anna", "Bee", "Anna.Bee@example.test", "79001234567")


class Clock:
    """Whole seconds, ours at first."""

    def __init__(self) -> None:
        self.seconds = float(int(time.time()))

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Shop:
    """`lose`: the next call of that kind is carried out and its answer lost. `skip`: the next write says ok and does nothing.

    `ignore_filters`: from now on every list comes whole. `sell`: a shopper's order of one variant, its id. `picture`: an address.
    """

    store: Store
    clock: Clock
    category: str
    lose: Callable[[str], None]
    ignore_filters: Callable[[], None]
    sell: Callable[[str, int], str]
    picture: Callable[[int], str]
    skip: Callable[[str], None]
    recount: Callable[[str, int], None] = lambda variant_id, stock: None
    pictures: dict[str, bytes] = field(default_factory=dict)

    @property
    def is_cscart(self) -> bool:
        return self.store.name is StoreName.CSCART

    def product(self, sku: str = "A-1", *more: str, **content: str) -> Product:
        """As an engine would ask for it; every further SKU is another variant."""
        variants = tuple(
            Variant("", item, Decimal("10.50") + at, name=f"Size {at}", compare_price=Decimal("20.00"), stock=50)
            for at, item in enumerate((sku, *more))
        )
        texts = Content(**{"name": f"Lamp {sku}", "summary": "Short", "description": "<p>Long</p>", "meta_title": "Lamp"} | content)
        listing = Listing(categories=(self.category,) if self.category else ())
        return Product("", self.store.fit(Product("", texts, listing, variants, "RUB")).content, listing, variants, "RUB")

    def made(self, *skus: str, **content: str) -> Product:
        """A product that exists there."""
        outcome = self.store.create([self.product(*skus, **content)], {skus[0]: "mark"})[0]
        assert outcome.error is None and outcome.product is not None
        return outcome.product

    def read(self, product_id: str) -> Product:
        return next(iter(self.store.products([product_id])))

    def order(self, product: Product, quantity: int = 2, **parts: Any) -> Order:
        """An order as an engine would have it mirrored, with a price that is not the catalogue's."""
        variant = product.variants[0]
        line = Line("", product.id, variant.id, variant.sku, product.content.name, Decimal("7.77"), quantity)
        shipping = self.shipping()
        found = Order("", "", "RUB", (line,), Decimal(0), shipping, customer=self._buyer(), billing_address=HOME, shipping_address=HOME)
        found = replace(found, shipping_name="Courier", payment_name="Cash", comment="Ring twice", **parts)
        return replace(found, total=found.expected_total)

    def shipping(self) -> Decimal:
        """What can be had: CS-Cart reckons shipping by its own rates."""
        if not self.is_cscart:
            return Decimal("99.90")
        made = self.made(f"rate-{self.clock.seconds}-{id(object())}")
        order = next(iter(self.store.orders([self.sell(made.variants[0].id, 1)])))
        return order.shipping

    def _buyer(self) -> Customer:
        if self.is_cscart:
            return BUYER
        found = self.store.find_customer(BUYER)
        like = Order("", "", "RUB", (), Decimal(0), shipping_address=HOME)
        return found[0] if found else self.store.create_customer(BUYER, like)


def png(number: int) -> bytes:
    side = 4 + number % 50
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    scan = (b"\0" + bytes([number % 256, 0, 0]) * side) * side
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(scan)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


# -- in memory


def _memory(store: MemoryCsCart | MemoryWebasyst, clock: Clock) -> Shop:
    def sell(variant_id: str, quantity: int) -> str:
        if isinstance(store, MemoryCsCart):
            return store.place({variant_id: quantity}, BUYER, address=HOME)
        return store.sell({variant_id: quantity}, BUYER)

    def picture(number: int) -> str:
        url = f"https://pictures.example/{number}.png"
        store.pictures[url] = png(number)
        return url

    silent = {"silent": True} if isinstance(store, MemoryCsCart) else {}
    return Shop(
        store,
        clock,
        "1",
        lose=lambda operation: store.faults.arm(Trouble.LOST, operation),
        ignore_filters=lambda: store.faults.arm(Trouble.IGNORED, times=1_000_000),
        sell=sell,
        picture=picture,
        skip=lambda operation: store.faults.arm(Trouble.SKIPPED, operation),
        recount=lambda variant_id, stock: store.edit_variant(variant_id, stock=stock, **silent),
        pictures=store.pictures,
    )


@contextmanager
def memory_cscart() -> Iterator[Shop]:
    clock = Clock()
    yield _memory(MemoryCsCart(clock, Pictures(), page=3), clock)


@contextmanager
def memory_webasyst() -> Iterator[Shop]:
    clock = Clock()
    store = MemoryWebasyst(clock, Pictures(), page=3)
    store.offset = 10_800
    yield _memory(store, clock)


# -- the real clients against the sandboxes

PICTURE_PATH = "/picture/"


def _pictures(request: Request) -> Response:
    number = int(request.path.rpartition("/")[2].partition(".")[0])
    return Response(200, png(number), (("Content-Type", "image/png"),))


def _forgetful(server: Server, filters: tuple[str, ...]) -> None:
    """The shop leaves out these parameters of every query, as one with an add-on, or an older one, does."""
    app = server.app

    def answer(request: Request) -> Response:
        kept = [part for part in request.raw_query.split("&") if not part.startswith(filters)]
        return app(replace(request, raw_query="&".join(kept)))

    server.app = answer


def _skipping(server: Server, route: str, says: Callable[[Request], object]) -> Callable[[str], None]:
    """The next request to the route is answered as ever, and nothing is done."""

    def arm(operation: str) -> None:
        app = server.app

        def answer(request: Request) -> Response:
            if not re.search(route, request.route):
                return app(request)
            server.app = app
            return Response.of_json(says(request))

        server.app = answer

    return arm


ROUTES = {
    StoreName.CSCART: {"create": "POST .*products$", "write": "PUT .*products/", "create_order": "POST .*orders$", "set_status": "PUT .*orders"},
    StoreName.WEBASYST: {
        "create": "POST .*product.add", "write": "POST .*massUpdate", "create_order": "POST .*order.save", "set_status": "POST .*order.action",
    },
}  # fmt: skip


def _lose(server: Server, store: StoreName) -> Callable[[str], None]:
    return lambda operation: server.faults.add(Fault("lose_answer", ROUTES[store][operation]))


@contextmanager
def sandbox_cscart() -> Iterator[Shop]:
    clock = Clock()
    sandbox = CsCartSandbox(now=clock)
    with Server(sandbox.app) as server, Server(_pictures) as web:
        settings = CsCartSettings(
            f"{server.url}/", sandbox.email, "1", no_rewrite=False, currency="RUB", default_category="1", payment_id="1", shipping_id="1"
        )
        store = cscart_store.connect(settings, sandbox.key, allow_private=True)
        yield Shop(
            store,
            clock,
            "1",
            lose=_lose(server, StoreName.CSCART),
            ignore_filters=lambda: _forgetful(server, ("updated_in_hours", "updated_at", "pid", "filter_params")),
            sell=lambda variant_id, quantity: str(sandbox.checkout({int(variant_id): quantity}, _person())),
            picture=lambda number: f"{web.url}{PICTURE_PATH}{number}.png",
            skip=_skipping(server, "PUT .*products/", lambda request: {"product_id": request.path.rpartition("/")[2]}),
            recount=lambda variant_id, stock: _sql(sandbox, variant_id, stock),
        )


def _sql(sandbox: CsCartSandbox, variant_id: str, stock: int) -> None:
    sandbox.execute("UPDATE products SET amount=? WHERE product_id=?", stock, int(variant_id))


def _person() -> dict[str, str]:
    fields = {
        "firstname": "Anna",
        "lastname": "Bee",
        "address": HOME.street,
        "city": HOME.city,
        "state": "MOS",
        "country": "RU",
        "zipcode": HOME.zip,
    }
    contact = {"email": BUYER.email, "firstname": "Anna", "lastname": "Bee", "phone": BUYER.phone}
    return contact | {prefix + name: value for prefix in ("b_", "s_") for name, value in fields.items()}


@contextmanager
def sandbox_webasyst() -> Iterator[Shop]:
    clock = Clock()
    sandbox = WebasystSandbox(now=clock)
    with Server(sandbox.app) as server, Server(_pictures) as web:
        token = sandbox.issue_token()
        settings = WebasystSettings(f"{server.url}/", currency="RUB", default_type="1")
        store = webasyst_store.connect(settings, token, allow_private=True)

        def call(method: str, form: dict[str, Any]) -> Any:
            """As the shop's own people do it: the product's client refuses some of it."""
            url = f"{server.url}/api.php/{method}"
            return requests.post(url, data=encode(form), headers={"Authorization": f"Bearer {token}"}, timeout=10).json()

        def sell(variant_id: str, quantity: int) -> str:
            contact = {"firstname": "Anna", "email": BUYER.email}
            answer = call("shop.order.add", {"contact": contact, "items": [{"sku_id": variant_id, "quantity": quantity}]})
            return str(answer["id"])

        yield Shop(
            store,
            clock,
            "",
            lose=_lose(server, StoreName.WEBASYST),
            ignore_filters=lambda: _forgetful(server, ("hash",)),
            sell=sell,
            picture=lambda number: f"{web.url}{PICTURE_PATH}{number}.png",
            skip=_skipping(server, "massUpdate", lambda request: "ok"),
            recount=lambda variant_id, stock: call("shop.product.massUpdate", {"sku": [{"id": variant_id, "count": stock}]}),
        )


WEBASYST_ONLY = ("memory-webasyst", "webasyst")
SHOPS = {
    "memory-cscart": memory_cscart,
    "memory-webasyst": memory_webasyst,
    "cscart": sandbox_cscart,
    "webasyst": sandbox_webasyst,
}
__all__ = ["BUYER", "HOME", "SHOPS", "WEBASYST_ONLY", "Shop", "png"]
