"""Both shops in memory, as unkind as the real ones, the real engine and the real state over tables in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Connection, CsCartSettings, WebasystSettings
from storesync.domain.journal import Entry, Run
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.sync.ports import World
from storesync.sync.ticker import Ticker
from storesync.sync.worker import Worker

from tests.fakes.state import MemoryState
from tests.fakes.stores import MemoryStore, Pictures
from tests.fakes.stores_cscart import MemoryCsCart
from tests.fakes.stores_webasyst import MemoryWebasyst
from tests.sandbox.simulator.clock import VirtualClock

CONNECTION = Connection(
    "main",
    CsCartSettings(url="https://shop.example/", email="sync@shop.example", currency="RUB", default_category="1"),
    WebasystSettings(url="https://account.example/", currency="RUB", default_category="1", default_type="1"),
    categories={"1": "1", "2": "2"},
)
OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST


@dataclass
class Scene:
    connection: Connection = CONNECTION
    remaining: float | None = None
    clock: VirtualClock = field(default_factory=VirtualClock)
    pictures: Pictures = field(default_factory=Pictures)
    results: list[dict[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        shared: dict[str, Any] = {"pictures": self.pictures, "sleep": self.clock.sleep, "currency": "RUB"}
        self.cscart, self.webasyst = MemoryCsCart(self.clock.unix, **shared), MemoryWebasyst(self.clock.unix, **shared)
        self.stores: dict[StoreName, MemoryStore] = {OURS: self.cscart, THEIRS: self.webasyst}
        self.state = MemoryState(self.clock.unix)
        self.state.connections.save(self.connection)

    @property
    def world(self) -> World:
        state = self.state
        return World(self.connection, self.stores, state.links(), state.streams(), state.journal(), state.queue, self.pictures, self.clock)

    def change(self, **settings: Any) -> None:
        self.connection = replace(self.connection, **settings)
        self.state.connections.save(self.connection)

    # -- shops

    def add(
        self, store: StoreName, *skus: str, price: str = "10.00", stock: int | None = 5, images: Sequence[str] = (), **texts: str
    ) -> str:
        """The new product's id; its images are addresses of pictures."""
        variants = tuple(Variant("", sku, Decimal(price), name=sku, stock=stock) for sku in skus)
        content = replace(Content(f"Mug {skus[0]}", description="<p>A mug</p>"), **texts)
        made = self.stores[store].add(Product("", content, Listing(categories=("1",)), variants, "RUB"))
        if images:
            self.picture(*images)
            self.stores[store].set_images(made, images)
        return made

    def picture(self, *addresses: str) -> None:
        for address in addresses:
            self.pictures.setdefault(address, address.encode())

    def variant(self, store: StoreName, sku: str) -> Variant:
        (found,) = self.variants(store, sku)
        return found

    def variants(self, store: StoreName, sku: str) -> list[Variant]:
        return [item for product in self.products(store) for item in product.variants if item.sku.strip() == sku]

    def product(self, store: StoreName, sku: str) -> Product:
        (found,) = [product for product in self.products(store) if any(item.sku.strip() == sku for item in product.variants)]
        return found

    def products(self, store: StoreName) -> list[Product]:
        return self.stores[store].products([str(key) for key in self.stores[store].shelf])

    @property
    def writes(self) -> int:
        return sum(store.writes for store in self.stores.values())

    # -- passes

    def pull(self) -> int:
        """What the schedules start until all is done; returns the writes to both shops."""
        before = self.writes
        self.clock.sleep(310)
        self.tick("product")
        self.work()
        return self.writes - before

    def sweep(self) -> int:
        before = self.writes
        self.clock.sleep(3700)
        self.tick("product")
        self.work()
        return self.writes - before

    def tick(self, kind: str) -> None:
        self._ticker().tick(kind, lambda: 60_000)

    def _ticker(self) -> Ticker:
        return Ticker(self.state.connections, lambda _: self.world, self.state.queue, self.clock)

    def work(self, most: int = 500, until: Callable[[], bool] = lambda: False) -> None:
        """Every message that waits, each to a worker of its own."""
        for _ in range(most):
            if (change := self.state.queue.receive()) is None:
                return
            self.clock.sleep(0.001)
            self.results.append(Worker(lambda _: self.world).apply(change, self.remaining))
            self.state.queue.done(change)
            if until():
                return
        raise AssertionError("messages make messages without end")

    def ask(self, change: Change) -> dict[str, int]:
        self.state.queue.send([change])
        self.work()
        return self.results[-1]

    def again(self, store: StoreName, product_id: str) -> dict[str, int]:
        """The owner asks in the console for one product."""
        return self.ask(Change("main", Kind.PRODUCT, store, (product_id,), Cause.CONSOLE, self.clock.now().isoformat()))

    # -- what was told

    def runs(self, stream: str) -> list[Run]:
        return self.state.streams().runs(stream)

    def history(self, sku: str) -> list[Entry]:
        return self.state.journal().history("product", sku)

    def parked(self) -> dict[str, str]:
        return {item.label: item.reason for item in self.state.links().parked("product")}


def linked(*skus: str) -> Scene:
    """Each SKU a product of its own, on both sides and agreed."""
    made = Scene()
    for sku in skus:
        made.add(OURS, sku)
    made.sweep()
    made.sweep()
    return made


def skus(scene: Scene, store: StoreName) -> list[str]:
    return sorted(item.sku for product in scene.products(store) for item in product.variants)
