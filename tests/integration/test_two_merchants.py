"""Two merchants in one stack, with equal SKUs, order numbers and letters: nothing of one reaches the other, and one that is broken slows nobody."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from statistics import mean
from typing import Any

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Connection
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.domain.orders import Customer
from storesync.errors import Unauthentic, UnknownConnection
from storesync.state.connections import PARTITION
from storesync.state.items import Item
from storesync.sync.health import Health
from storesync.sync.hooks import Hooks
from storesync.sync.ports import World
from storesync.sync.ticker import Ticker
from storesync.sync.worker import Worker

from tests.bench import merchants
from tests.fakes.state import MemorySecrets, MemoryState
from tests.fakes.stores import MemoryStore, Pictures, Trouble
from tests.fakes.stores_cscart import MemoryCsCart
from tests.fakes.stores_webasyst import MemoryWebasyst
from tests.integration.minutes import worked
from tests.sandbox.simulator.clock import VirtualClock
from tests.sandbox.simulator.deliveries import FreeQueue
from tests.sandbox.simulator.setting import drawn
from tests.unit.test_hooks import KEY, PATH, Shop

CSCART, WEBASYST = StoreName
NAMES = ("one", "two", "one-two")  # one's name begins another's
PRICES = {"one": Decimal("11.00"), "two": Decimal("22.00"), "one-two": Decimal("33.00")}


@dataclass
class Town:
    """Each merchant has two shops; tables, queue and workers are everybody's."""

    clock: VirtualClock = field(default_factory=VirtualClock)

    def __post_init__(self) -> None:
        self.state = MemoryState(self.clock.unix)
        self.queue = FreeQueue(self.clock.unix, Random(1).choice)
        usual = drawn(Random(1)).connection
        self.connections = {name: replace(Connection(name), **{key: getattr(usual, key) for key in COPIED}) for name in NAMES}
        self.shops: dict[str, dict[StoreName, MemoryStore]] = {}
        for name, connection in self.connections.items():
            self.state.connections.save(connection)
            given: dict[str, Any] = {"pictures": Pictures(), "sleep": self.clock.sleep, "currency": "RUB"}
            self.shops[name] = {CSCART: MemoryCsCart(self.clock.unix, **given), WEBASYST: MemoryWebasyst(self.clock.unix, **given)}
            variant = Variant("", "SAME-SKU", PRICES[name], name="x", stock=10)
            self.shops[name][CSCART].add(Product("", Content(f"Mug of {name}"), Listing(categories=("1",)), (variant,), "RUB"))  # type: ignore[attr-defined]
        self.ticker = Ticker(self.state.connections, self.world, self.queue, self.clock)

    def world(self, name: str) -> World:
        state = self.state
        parts = (state.links(name), state.streams(name), state.journal(name), self.queue, Pictures(), self.clock)
        return World(self.state.connections.get(name), self.shops[name], *parts)

    def minutes(self, number: int) -> None:
        for _ in range(number):
            for kind in ("product", "order"):
                self.ticker.tick(kind, lambda: 60_000)
            worked(self.queue, self.clock, Worker(self.world))

    def variant(self, name: str, store: StoreName) -> Variant:
        (found,) = [item for product in self.shops[name][store].shelf.values() for item in product.variants]
        return found

    def buy(self, name: str, pieces: int) -> str:
        shop: Any = self.shops[name][CSCART]
        return str(shop.place({self.variant(name, CSCART).id: pieces}))

    def mirrors(self, name: str) -> list[str]:
        return [order.marker for order in self.shops[name][WEBASYST].orders_kept.values()]

    def lag(self, name: str) -> float:
        """Seconds, the worst of all streams."""
        one = type("One", (), {"list": lambda _: [self.connections[name]]})()
        return max(Health(one, self.world, self.clock, self.ticker.looked).measures(kind)["StreamLag"] for kind in ("product", "order"))


COPIED = ("cscart", "webasyst", "categories", "statuses", "orders_update_time")


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    town.minutes(8)
    yield town


# -- nothing of one is seen or touched by another


def test_equal_skus_and_order_numbers_stay_with_their_merchant(town: Town) -> None:
    numbers = {name: town.buy(name, at) for at, name in enumerate(NAMES, 1)}
    assert len(set(numbers.values())) == 1, "the numbers are to be equal"
    town.minutes(8)
    number = numbers["one"]
    for at, name in enumerate(NAMES, 1):
        assert town.mirrors(name) == [f"{name}:cscart:{number}"]
        assert [town.variant(name, store).price for store in StoreName] == [PRICES[name]] * 2
        assert [town.variant(name, store).stock for store in StoreName] == [10 - at] * 2
        (order,) = town.shops[name][WEBASYST].orders_kept.values()
        assert [line.price * line.quantity for line in order.lines] == [PRICES[name] * at]


def test_a_move_of_one_moves_no_order_of_another(town: Town) -> None:
    numbers = {name: town.buy(name, 1) for name in NAMES}
    town.minutes(8)
    shop: Any = town.shops["two"][CSCART]
    shop.change_status(numbers["two"], "C")
    town.shops["one"][CSCART].edit_variant(town.variant("one", CSCART).id, price=Decimal("99.00"))  # type: ignore[attr-defined]
    town.minutes(8)
    states = {name: next(iter(town.shops[name][WEBASYST].orders_kept.values())).status for name in NAMES}
    assert states == {"one": "new", "two": "completed", "one-two": "new"}
    assert {name: town.variant(name, WEBASYST).price for name in NAMES} == PRICES | {"one": Decimal("99.00")}


def test_what_is_remembered_of_one_is_not_shown_to_another(town: Town) -> None:
    """History, what is set aside, runs, links and sheets, read as the console's pages read them."""
    number = {town.buy(name, 1) for name in NAMES}.pop()
    town.minutes(8)
    for name in NAMES:
        world = town.world(name)
        others = {other for other in NAMES if other != name}
        entries = [*world.journal.history("product", "SAME-SKU"), *world.journal.history("order", number), *world.journal.recent(500)]
        assert entries
        assert not any(str(PRICES[other].normalize()) in f"{entry.old}{entry.new}" for entry in entries for other in others)
        runs = {run.id for run in world.streams.runs(limit=50)}
        assert runs
        assert not any(runs & {run.id for run in town.world(other).streams.runs(limit=50)} for other in others)
        link = world.links.order(CSCART, number)
        assert link is not None
        assert link.webasyst_id == str(next(iter(town.shops[name][WEBASYST].orders_kept)))


def test_every_item_of_the_tables_belongs_to_one_connection(town: Town) -> None:
    town.minutes(3)
    for table in (town.state.state, town.state.records):
        for pk in table._partitions:
            assert pk == PARTITION or pk.partition("#")[0] in NAMES, pk


def test_undoing_or_trying_again_by_an_id_of_another_does_nothing(town: Town) -> None:
    """The console's forms send ids: those of another connection are nobody's here."""
    town.buy("two", 1)
    town.minutes(8)
    before = {name: (town.variant(name, WEBASYST), town.mirrors(name)) for name in NAMES}
    foreign = town.world("two").streams.runs(limit=1)[0].id
    for ids in (("undo", foreign), ("apply", foreign), ("preview", foreign)):
        town.queue.send([Change("one", Kind.STREAM, CSCART, ids, Cause.CONSOLE, ids[0])])
    town.queue.send([Change("one", Kind.ORDER, CSCART, ("1",), Cause.CONSOLE, "again")])
    town.minutes(8)
    assert {name: (town.variant(name, WEBASYST), town.mirrors(name)) for name in NAMES} == before


def test_a_hint_with_one_merchants_secret_moves_nothing_of_another() -> None:
    """Neither signed nor by the path, and an unknown name is not told from a wrong secret by what is queued."""
    sender = Shop()
    sender.secrets[("two", "webhook_secret")] = "another secret"
    sender.secrets[("two", "hook_path")] = "another-path"
    hooks = Hooks(sender.secrets, sender, lambda: sender.now)
    body = b'{"type":"order.status","data":{"order_id":1}}'
    signed = sender.sign(body, KEY.encode())
    for name in ("two", "three", "one#two", "../one", ""):
        with pytest.raises((Unauthentic, UnknownConnection)):
            hooks.accept(name, "cscart", "", signed, body)
        with pytest.raises((Unauthentic, UnknownConnection)):
            hooks.accept(name, "cscart", PATH, {}, b'{"order_id":1}')
    assert sender.queued == []


def test_a_secret_of_one_is_not_a_secret_of_another() -> None:
    secrets = MemorySecrets()
    secrets.put("one", "cscart_key", "k")
    assert (secrets.get("two", "cscart_key"), secrets.get("one", "webasyst_token")) == ("", "")


# -- a broken one slows nobody


BROKEN = [Trouble.UNREACHABLE, Trouble.FAULT, Trouble.UNAUTHORISED, Trouble.SLOW, Trouble.BUSY]


@pytest.mark.parametrize("trouble", BROKEN)
def test_a_broken_merchant_does_not_move_the_lag_of_another(town: Town, trouble: Trouble) -> None:
    for store in StoreName:
        town.shops["two"][store].faults.arm(trouble, times=10**6)
    for minute in range(30):
        for name in NAMES:
            shop: Any = town.shops[name][CSCART]
            shop.edit_variant(town.variant(name, CSCART).id, price=PRICES[name] + minute)
            if minute % 10 == 0:
                town.buy(name, 1)
        town.minutes(1)
        assert max(town.lag(name) for name in ("one", "one-two")) <= 2 * 300 + 60
    town.minutes(6)
    for name in ("one", "one-two"):
        assert town.variant(name, WEBASYST).price == PRICES[name] + 29
        assert len(town.mirrors(name)) == 3
    assert {change.connection for group, body in town.queue.dead if (change := _read(body))} <= {"two"}


def _edits(slow: float) -> list[float]:
    """Lags of nine small merchants' edits on the template's workers, beside one whose shops take `slow` seconds for every call: orders
    are placed and told there all the time, and its owner asks all that can be asked."""
    town = merchants.Town()
    for number in range(1, merchants.SMALL + 1):
        town.add(f"small-{number}", 5)
    town.add("slow", 5)
    town.run(600)
    start = town.clock.seconds
    shop: Any = town.worlds["slow"].stores[CSCART]
    placed = [shop.place({"1": 1}, Customer("", "Ann", "Bee", f"ann{at}@example.test"), address=merchants.HOME) for at in range(40)]
    town.clock.seconds = start
    for store in town.worlds["slow"].stores.values():
        store.watch(lambda label: town.clock.sleep(slow * label.startswith("before")))  # type: ignore[attr-defined]
    stamp = town.clock.now().isoformat()
    town.queue.send([Change("slow", Kind.ORDER, CSCART, (str(order),), Cause.HOOK, stamp, sent=stamp) for order in placed])
    town.queue.send([Change("slow", Kind.LOOK, CSCART, (name,), Cause.CONSOLE, stamp) for name in ("survey", "proof", "takeover", "hooks")])
    town.queue.send([Change("slow", Kind.PRODUCT, store, ("1",), Cause.HOOK, stamp) for store in StoreName])
    town.clock.seconds = start
    town.edit(Random(16))
    town.run(merchants.SECONDS)
    return [edit.lag for edit in town.edits if edit.lag is not None]


def test_a_slow_merchant_holds_too_few_workers_to_move_the_lag_of_the_others() -> None:
    quick, beside = _edits(0.0), _edits(20.0)
    assert len(quick) == len(beside) == merchants.EDITS
    assert mean(beside) < 1.2 * mean(quick)
    assert max(beside) < max(quick) + 1


def test_the_groups_of_one_connection_are_fewer_than_the_workers() -> None:
    """Whatever it is that its shops, its pulls and its owner have queued."""
    looks = ("survey", "preview", "proof", "repair", "takeover", "adopt", "snapshot", "choose", "choose_order", "hooks", "product", "order")
    streams = ("products", "sweep", "orders", "preview", "apply", "undo", "reindex")
    names = {Kind.LOOK: looks, Kind.STREAM: streams}
    groups = {
        Change("one", kind, store, (record,), cause, "x").group
        for kind in Kind
        for store in StoreName
        for cause in Cause
        for record in names.get(kind, tuple(map(str, range(300))))
    }
    assert len(groups) <= merchants.Town().workers - 2


def _read(body: str) -> Change:
    return Change.from_message(json.loads(body))


@pytest.mark.parametrize(
    "document", [{}, {"id": 7}, {"id": "two", "cscart": "text"}, {"id": "two", "statuses": [1]}, {"id": "two", "rates": {"a": "b"}}, []]
)
def test_settings_that_cannot_be_read_stop_nobody_else(town: Town, document: object) -> None:
    kept = town.state.state.get(PARTITION, "two")
    assert kept is not None
    town.state.state.put(Item(PARTITION, "two", document, kept.version), expect=kept.version)
    town.shops["one"][CSCART].edit_variant(town.variant("one", CSCART).id, price=Decimal("99.00"))  # type: ignore[attr-defined]
    town.minutes(8)
    assert town.variant("one", WEBASYST).price == Decimal("99.00")
    assert town.lag("one") <= 660
