"""Both sandbox shops behind HTTP, the real clients, and a state in memory: orders are placed, hinted at, and compared."""

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from storesync.cscart import store as cscart_store
from storesync.domain import statuses
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Connection, CsCartSettings, WebasystSettings
from storesync.domain.journal import Exchange
from storesync.domain.model import StoreName
from storesync.errors import Forbidden
from storesync.sync.leases import patient_lease
from storesync.sync.orders import RESUMED, apply_change
from storesync.sync.ports import World
from storesync.sync.products import ProductSync
from storesync.webasyst import store as webasyst_store

from tests.fakes.state import MemoryState
from tests.sandbox.cscart import CsCartSandbox, cart, order_write
from tests.sandbox.cscart.order_write import Placement
from tests.sandbox.faults import Fault
from tests.sandbox.httpd import Server
from tests.sandbox.script.shops import MARKER, CsCartShop, WebasystShop, values
from tests.sandbox.webasyst import WebasystSandbox

BUYER = {
    "email": "Anna.Smirnova@Example.com", "firstname": "Анна", "lastname": "Смирнова", "phone": "+7 900 000-00-01",
    "b_address": "ул. Ленина, 1", "b_city": "Казань", "b_state": "TA", "b_country": "RU", "b_zipcode": "420000",
    "s_address": "ул. Ленина, 1", "s_city": "Казань", "s_state": "TA", "s_country": "RU", "s_zipcode": "420000",
}  # fmt: skip


@dataclass
class Clock:
    """Real time, moved forward at will."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, 0.02))


@dataclass
class Images:
    def fetch(self, url: str) -> bytes:
        raise AssertionError("no order needs an image")


@dataclass
class Shops:
    """`calls` are the requests of the product's clients since they were last looked at."""

    cscart: CsCartSandbox
    webasyst: WebasystSandbox
    servers: dict[StoreName, Server]
    world: World
    state: MemoryState
    clock: Clock
    exchanges: list[Exchange] = field(default_factory=list)
    goods: list[str] = field(default_factory=list)
    sold_there: int = 0

    @property
    def ours(self) -> CsCartShop:
        return CsCartShop(self.servers[StoreName.CSCART].url + "/", self.cscart.email, self.cscart.key)

    @property
    def theirs(self) -> WebasystShop:
        return WebasystShop(self.servers[StoreName.WEBASYST].url + "/", self.webasyst.issue_token())

    # -- the connection

    def change(self, **settings: Any) -> None:
        self.world = replace(self.world, connection=replace(self.world.connection, **settings))

    def forget(self) -> None:
        """The state tables are lost."""
        self.state = MemoryState()
        state = self.state
        self.world = replace(self.world, links=state.links(), streams=state.streams(), journal=state.journal(), queue=state.queue)
        known_catalogues(self.world)

    def hint(self, store: StoreName, order_id: str, cause: Cause = Cause.HOOK) -> dict[str, int]:
        return apply_change(self.world, Change("main", Kind.ORDER, store, (order_id,), cause, f"{self.clock.now()}"))

    def held(self, store: StoreName, order_id: str) -> None:
        """A hint that meets a CS-Cart without access, and the order taken up again as the pull does it when there is access."""
        faults = self.servers[StoreName.CSCART].faults
        faults.add(Fault("status", ".*", times=None, status=403))
        with suppress(Forbidden):
            self.hint(store, order_id)
        faults.clear()
        (waiting,) = self.world.links.parked("order")
        apply_change(self.world, Change("main", Kind.ORDER, waiting.store, (waiting.record_id,), Cause.PULL, f"run{RESUMED}"))

    def calls(self) -> list[str]:
        seen = [f"{item.store} {item.method} {item.path.partition('?')[0]}" for item in self.exchanges]
        self.exchanges.clear()
        return seen

    def hinted_products(self) -> list[tuple[StoreName, tuple[str, ...]]]:
        """What waits in the queue for the products' worker; taken out."""
        found = [(change.store, change.ids) for change in self.state.queue.changes]
        self.state.queue.waiting.clear()
        return found

    def sync_products(self, store: StoreName | None = None, *ids: str) -> None:
        """As the worker would do it with the hints that wait, or with one of these."""
        for source, wanted in [(store, ids)] if store else self.hinted_products():
            with patient_lease(self.world, "products", 60) as lease:
                ProductSync(self.world, lease, Cause.ORDER).apply(source, wanted)

    def fail(self, store: StoreName, kind: str, route: str, *, after: int = 0, times: int | None = 1) -> None:
        self.servers[store].faults.add(Fault(kind, route, times=times, after=after))

    # -- shoppers

    def product(self, price: str = "40.15", amount: int = 100, **fields: Any) -> str:
        number = len(self.goods) + 1
        category = self.ours.first_category()
        made = self.ours.add(
            product=f"Lamp {number}", product_code=f"SKU-{number}", price=price, amount=amount, status="A", category_ids=[category],
            company_id=1, **fields,
        )  # fmt: skip
        self.goods.append(made)
        return made

    def place(self, lines: dict[str, int], notes: str = "", **buyer: str) -> str:
        return self.ours.place(lines, {**BUYER, **buyer}, notes)

    def mirrors(self, order_id: str, origin: StoreName = StoreName.CSCART) -> list[dict[str, Any]]:
        """Every order in Webasyst with our mark of that order."""
        mark = f"main:{origin}:{order_id}"
        found = self.theirs.orders()
        return [order for order in found if isinstance(order["params"], dict) and order["params"].get(MARKER) == mark]

    def mirror(self, order_id: str) -> dict[str, Any]:
        (found,) = self.mirrors(order_id)
        return found

    def stock(self, product_id: str) -> tuple[int, int]:
        """In CS-Cart and in Webasyst."""
        row = self.ours.call("GET", f"products/{product_id}")
        skus = {sku["sku"]: sku for item in self.theirs.products() for sku in values(item["skus"])}
        return int(row["amount"]), int(Decimal(skus[row["product_code"]]["count"]))

    def parked(self) -> list[tuple[str, str]]:
        return [(item.record_id, item.reason) for item in self.world.links.parked("order")]


def known_catalogues(world: World) -> None:
    """As after the first sweep, without which no product is matched."""
    for store in StoreName:
        world.streams.save_cursor(f"indexed:{store}", world.clock.now().isoformat())


def open_shops(**options: Any) -> Iterator[Shops]:
    """`options`: of the Webasyst sandbox, `cscart_currency`, and `settings` of the connection."""
    settings, currency = options.pop("settings", {}), options.pop("cscart_currency", "RUB")
    cscart, webasyst = CsCartSandbox(currency=currency), WebasystSandbox(**options)
    exchanges: list[Exchange] = []
    with Server(cscart.app) as first, Server(webasyst.app) as second:
        ours = CsCartSettings(
            url=first.url + "/", email=cscart.email, company_id="1", currency=currency, payment_id="1", shipping_id="1", no_rewrite=False
        )
        theirs = WebasystSettings(url=second.url + "/", currency="RUB", default_type="1")
        stores = {
            StoreName.CSCART: cscart_store.connect(ours, cscart.key, allow_private=True, log=exchanges.append),
            StoreName.WEBASYST: webasyst_store.connect(theirs, webasyst.issue_token(), allow_private=True, log=exchanges.append),
        }
        letters = {item.id: item.name for item in stores[StoreName.CSCART].info().statuses}
        table = statuses.propose(letters, [item.id for item in stores[StoreName.WEBASYST].info().statuses])
        connection = Connection("main", ours, theirs, statuses=table, **settings)
        state, clock = MemoryState(), Clock()
        world = World(connection, stores, state.links(), state.streams(), state.journal(), state.queue, Images(), clock)
        shops = Shops(cscart, webasyst, {StoreName.CSCART: first, StoreName.WEBASYST: second}, world, state, clock, exchanges)
        known_catalogues(world)
        shops.calls()
        yield shops


@dataclass
class Generator:
    """Orders as a shop's own checkout could have made them: every kind of discount, surcharge and tax."""

    shops: Shops
    draw: random.Random

    def order(self) -> str:
        shop = self.shops.cscart.shop
        chosen = self.draw.choices(self.shops.goods, k=self.draw.choice((1, 1, 2, 3, 6)))
        entries = {str(at): {"product_id": item, "amount": self.draw.choice((1, 1, 2, 3, 7))} for at, item in enumerate(chosen, 10_001)}
        lines = [replace(line, price=self._price(line.price)) for line in cart.lines(shop, entries, "ru", managed=True)]
        subtotal = sum(line.subtotal for line in lines)
        draft = Placement(
            products={},
            customer=self._buyer(),
            user_id=0,
            payment_id=self.draw.choice((1, 2, 3)),
            shipping_ids={"0": self.draw.choice((1, 2, 3))},
            company_id=1,
            lang="ru",
            discount=self._discount(subtotal),
            shopper=True,
        )
        totals = order_write.totals_of(shop, draft, lines)
        order_id = order_write.store(shop, draft, totals, 1)
        shop.update("orders", {"status": self.draw.choice("OPCI")}, order_id=order_id)
        return str(order_id)

    def _price(self, cents: int) -> int:
        """A discount of the line itself: none, in percent with an odd cent, or the whole price."""
        return self.draw.choice((cents, cents, cents * 9 // 10, cents * 667 // 1000, 0 if self.draw.random() < 0.1 else cents))

    def _discount(self, subtotal: int) -> int:
        percent = subtotal * self.draw.choice((5, 7, 10, 33)) // 100
        return min(self.draw.choice((0, 0, percent, percent, 50_00, 1, subtotal, subtotal * 2)), subtotal)

    def _buyer(self) -> dict[str, str]:
        number = self.draw.randint(1, 12)
        return {**BUYER, "email": f"Buyer{number}@Example.com", "phone": f"+7 900 000-00-{number:02d}"}
