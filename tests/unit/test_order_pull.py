"""The pull of orders queues what moved, once, and nothing is lost whatever the clocks do."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from storesync.domain.changes import Cause, Kind
from storesync.domain.connection import Connection, CsCartSettings
from storesync.domain.links import Parked
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.domain.orders import Line
from storesync.errors import StoreError
from storesync.sync.order_pull import OrderPull
from storesync.sync.ports import World

from tests.fakes.state import MemoryState
from tests.fakes.stores import Pictures, Trouble
from tests.fakes.stores_cscart import MemoryCsCart
from tests.fakes.stores_webasyst import MemoryWebasyst

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
START = 1_800_000_000


class Clock:
    unix = float(START)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.unix, UTC)

    def monotonic(self) -> float:
        return self.unix

    def sleep(self, seconds: float) -> None:
        self.unix += seconds


class Shops:
    def __init__(self) -> None:
        self.clock = Clock()
        self.state = MemoryState(lambda: self.clock.unix)
        pictures = Pictures()
        self.cscart = MemoryCsCart(lambda: self.clock.unix, pictures)
        self.webasyst = MemoryWebasyst(lambda: self.clock.unix, pictures)
        connection = Connection("main", CsCartSettings(currency="RUB"))
        stores = {CSCART: self.cscart, WEBASYST: self.webasyst}
        self.world = World(
            connection, stores, self.state.links(), self.state.streams(), self.state.journal(), self.state.queue, pictures, self.clock
        )
        variant = Variant("", "S-1", Decimal("40.15"), stock=1000)
        product = Product("", Content("Lamp"), Listing(categories=("1",)), (variant,), "RUB")
        self.variants = {name: store.create([product], {"S-1": ""})[0].product.variants[0].id for name, store in stores.items()}

    def place(self) -> str:
        return self.cscart.place({self.variants[CSCART]: 1})

    def pull(self, store: StoreName = CSCART, after: float = 60) -> list[str]:
        """The orders that it queued."""
        self.clock.unix += after
        self.state.queue.waiting.clear()
        with self.state.streams().lease(f"orders:{store}", 60) as lease:
            OrderPull(self.world, store, f"run{self.clock.unix}").apply(lease)
        changes = self.state.queue.changes
        assert all(change.kind is Kind.ORDER and change.store is store for change in changes if change.cause is Cause.PULL)
        return [change.ids[0] for change in changes]


@pytest.fixture
def shops() -> Shops:
    return Shops()


def test_an_order_is_queued_when_it_moves_and_not_for_lying_in_the_overlap(shops: Shops) -> None:
    shops.pull()
    order = shops.place()
    assert shops.pull() == [order]
    assert [shops.pull() for _ in range(4)] == [[]] * 4
    shops.cscart.change_status(order, "P")
    assert shops.pull() == [order]
    assert shops.pull() == []


def test_what_was_seen_fresh_is_looked_at_once_more(shops: Shops) -> None:
    """A second change in the same second carries the same stamp."""
    shops.pull()
    order = shops.place()
    assert shops.pull(after=1) == [order]
    assert shops.pull(after=60) == [order]
    assert shops.pull(after=60) == []


def test_fault_56_an_order_that_shows_late_is_found(shops: Shops) -> None:
    shops.pull()
    order = int(shops.place())
    hidden = shops.cscart.orders_kept.pop(order)
    assert shops.pull(after=119) == []
    shops.cscart.orders_kept[order] = hidden
    assert shops.pull(after=60) == [str(order)]


@pytest.mark.parametrize("store", list(StoreName))
def test_fault_54_a_clock_that_is_set_back_hides_nothing(shops: Shops, store: StoreName) -> None:
    shop = shops.world.stores[store]
    shops.pull(store)
    shops.pull(store)
    shop.skew = -600
    placed = shops.place() if store is CSCART else shops.webasyst.take((_line(shops),))
    assert placed in shops.pull(store, after=700)
    shops.pull(store)
    assert shops.pull(store) == []


@pytest.mark.parametrize("hours", [-11, -1, 1, 14])
def test_fault_54_a_zone_that_changes_hides_nothing(shops: Shops, hours: int) -> None:
    shops.pull(WEBASYST)
    placed = shops.webasyst.take((_line(shops),))
    shops.webasyst.offset = hours * 3600
    later = shops.webasyst.take((_line(shops),))
    assert {placed, later} <= {*shops.pull(WEBASYST), *shops.pull(WEBASYST)}


def _line(shops: Shops) -> Line:
    return Line("", "1", shops.variants[WEBASYST], "S-1", "Lamp", Decimal("40.15"), 1)


def test_a_first_pull_reaches_as_far_back_as_the_owner_said(shops: Shops) -> None:
    order = shops.place()
    assert shops.pull(after=3000) == [order]
    shops = Shops()
    shops.place()
    assert shops.pull(after=3700) == []


def test_a_pull_that_fails_moves_no_cursor(shops: Shops) -> None:
    shops.pull()
    order = shops.place()
    shops.cscart.faults.arm(Trouble.FAULT, "changed_orders")
    with pytest.raises(StoreError):
        shops.pull(after=200)
    assert shops.pull(after=200) == [order]


@pytest.mark.parametrize(("reason", "after", "resumed"), [("CircuitOpen", 60, True), ("Forbidden", 60, False), ("Forbidden", 700, True)])
def test_orders_that_waited_for_the_connection_are_taken_up(shops: Shops, reason: str, after: float, resumed: bool) -> None:
    shops.state.links().park(Parked("order", CSCART, "7", reason, "", "", at=shops.clock.now()))
    shops.state.links().park(Parked("order", CSCART, "8", "TotalsDiffer", "", "", at=shops.clock.now()))
    assert shops.pull(after=after) == (["7"] if resumed else [])


def test_they_wait_on_while_the_other_shop_does_not_answer(shops: Shops) -> None:
    shops.state.links().park(Parked("order", CSCART, "7", "CircuitOpen", "", "", at=shops.clock.now()))
    shops.webasyst.faults.arm(Trouble.UNREACHABLE, "now")
    assert shops.pull() == []
    assert shops.pull() == ["7"]


def test_a_quiet_pull_writes_the_cursor_alone(shops: Shops) -> None:
    for _ in range(4):
        shops.pull()
    writes: list[str] = []
    shops.state.watch(writes.append)
    assert shops.pull() == []
    assert len([line for line in writes if line.startswith("before")]) == 3, "the lease, the cursor, the end of the lease"
