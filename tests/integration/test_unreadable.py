"""A shop shows a value that is none: that record is set aside with a sentence, what stands beside it goes on, and once it is mended it is taken up."""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.exchange import Page, Unreadable
from storesync.domain.journal import Entry
from storesync.domain.model import Product, Record, StoreName
from storesync.http import Answer, Call
from storesync.sync import plans
from storesync.sync.order_pull import OrderPull
from storesync.sync.orders import apply_change
from storesync.sync.worker import Worker

from tests.contract.shops import SHOPS, Shop
from tests.fuzzing import InTurn
from tests.integration.order_scene import Shops, open_shops
from tests.integration.product_scene import OURS, THEIRS, Scene, linked

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
Edit = Callable[[Any], object]


@dataclass
class Editing(InTurn):
    """A transport that edits what a shop answered, as an add-on of the shop may do."""

    transport: Any
    edit: Edit

    def send(self, call: Call) -> Answer:
        return self._edited(self.transport.send(call))

    def map(self, calls: Collection[Call]) -> list[Any]:
        return [self._edited(item) if isinstance(item, Answer) else item for item in self.transport.map(calls)]

    def _edited(self, answer: Answer) -> Answer:
        body = json.loads(answer.body)
        return replace(answer, body=json.dumps(body).encode()) if self.edit(body) else answer


def without_number(sku: str) -> Edit:
    """The count of this SKU is no number, wherever it is shown."""

    def edit(body: Any) -> bool:
        if isinstance(body, dict):
            mine = sku in (body.get("product_code"), body.get("sku"))
            body.update({name: "many" for name in ("amount", "count") if mine and name in body})
            return any([mine, *map(edit, body.values())])
        return isinstance(body, list) and any([*map(edit, body)])

    return edit


# -- the clients


@pytest.fixture(params=["cscart", "webasyst"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with SHOPS[request.param]() as found:
        yield found


def test_fault_38_a_row_without_a_number_does_not_hold_up_the_list(shop: Shop) -> None:
    good, bad, last = shop.made("A"), shop.made("B"), shop.made("C")
    client = shop.store.client  # type: ignore[attr-defined]
    client.transport = Editing(client.transport, without_number("B"))
    for pages in (list(shop.store.scan()), list(shop.store.changed(SINCE))):
        assert {record.id for page in pages for record in page.items} >= {good.id, last.id}
        assert {row_id for page in pages for row_id in page.unread} == {bad.id}
    with pytest.raises(Unreadable) as told:
        shop.store.products([good.id, bad.id])
    assert told.value.ids == (bad.id,)
    assert [item.id for item in shop.store.products([good.id, last.id])] == [good.id, last.id]


# -- products


@dataclass
class Unread:
    """A store of which some products cannot be read."""

    store: Any
    ids: set[str] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def scan(self, after: str = "") -> Iterator[Page[Record]]:
        return map(self._page, self.store.scan(after))

    def changed(self, since: datetime) -> Iterator[Page[Record]]:
        return map(self._page, self.store.changed(since))

    def products(self, ids: Collection[str]) -> list[Product]:
        return self._checked(self.store.products(ids))

    def find(self, skus: Collection[str], created_since: datetime | None = None) -> list[Product]:
        return self._checked(self.store.find(skus, created_since))

    def _page(self, page: Page[Record]) -> Page[Record]:
        bad = {item.id: Unreadable(self.store.name, [item.id]) for item in page.items if item.id in self.ids}
        return replace(page, items=tuple(item for item in page.items if item.id not in bad), unread=bad)

    def _checked(self, found: list[Product]) -> list[Product]:
        if bad := [item.id for item in found if item.id in self.ids]:
            raise Unreadable(self.store.name, bad)
        return found


def hidden(scene: Scene, store: StoreName, *skus: str) -> Unread:
    found = Unread(scene.stores[store], {scene.product(store, sku).id for sku in skus})
    scene.stores[store] = found  # type: ignore[assignment]
    return found


def stocks(scene: Scene, store: StoreName) -> dict[str, int | None]:
    return {item.sku: item.stock for product in scene.stores[store].shelf.values() for item in product.variants}


def sell_down(scene: Scene, store: StoreName) -> None:
    for product in list(scene.stores[store].shelf.values()):
        scene.stores[store].edit_variant(product.variants[0].id, stock=2)  # type: ignore[attr-defined]


@pytest.mark.parametrize("edited", StoreName)
@pytest.mark.parametrize("store", StoreName)
def test_fault_38_one_unreadable_product_is_set_aside_and_the_others_go_over(store: StoreName, edited: StoreName) -> None:
    """Whichever shop shows it, and whichever one is edited."""
    scene = linked("A", "B", "C")
    shop = hidden(scene, store, "B")
    sell_down(scene, edited)
    scene.pull()
    scene.sweep()
    assert stocks(scene, edited.other) == {"A": 2, "B": 5, "C": 2}
    assert scene.parked() == {"B": "Unreadable"}
    told = len(scene.history("B"))
    assert (scene.pull(), scene.sweep(), len(scene.history("B"))) == (0, 0, told)
    shop.ids.clear()
    scene.pull()
    scene.sweep()
    assert scene.parked() == {}
    assert stocks(scene, edited.other) == {"A": 2, "B": 2, "C": 2}


@pytest.mark.parametrize("store", StoreName)
def test_fault_38_an_unreadable_product_is_neither_deleted_nor_made_twice(store: StoreName) -> None:
    """Before it was ever linked, and for the mass-change guard, which counts what is missing."""
    scene = Scene()
    for sku in "AB":
        scene.add(store, sku)
    shop = hidden(scene, store, "B")
    scene.sweep()
    scene.sweep()
    assert stocks(scene, store.other) == {"A": 5}
    shop.ids = set(map(str, shop.shelf))
    scene.sweep()
    assert [entry.action for entry in scene.history("A")].count("deleted") == 0
    shop.ids.clear()
    scene.sweep()
    scene.sweep()
    assert stocks(scene, store.other) == {"A": 5, "B": 5}
    assert scene.parked() == {}


def test_a_record_that_no_code_was_written_for_holds_up_none_of_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    ids = [scene.add(OURS, sku) for sku in "ABC"]
    scene.sweep()
    honest = plans.of_update

    def defect(update: plans.Update) -> list[Entry]:
        if update.match.source.id == ids[1]:
            raise IndexError("tuple index out of range")
        return honest(update)

    monkeypatch.setattr(plans, "of_update", defect)
    sell_down(scene, OURS)
    change = Change("main", Kind.PRODUCT, OURS, tuple(ids), Cause.PULL, "seen", run="a pass")
    worker = Worker(lambda _: scene.world)
    with pytest.raises(IndexError):
        worker.apply(change)
    assert worker.apply(change, receives=3) == {"apart": 3}
    while one := scene.state.queue.receive():
        with suppress(IndexError):
            worker.apply(one)
        worker.apply(one, receives=3)
        scene.state.queue.done(one)
    assert stocks(scene, THEIRS) == {"A": 2, "B": 5, "C": 2}
    assert scene.parked() == {"B": "Unreadable"}
    monkeypatch.undo()
    scene.sweep()
    assert stocks(scene, THEIRS) == {"A": 2, "B": 2, "C": 2}
    assert scene.parked() == {}


# -- orders


@pytest.fixture
def shops() -> Iterator[Shops]:
    yield from open_shops()


def pull(shops: Shops) -> dict[str, int]:
    with shops.world.streams.lease("orders", 60) as lease:
        return OrderPull(shops.world, OURS, shops.clock.now().isoformat()).apply(lease)


def test_fault_48_an_unreadable_order_is_set_aside_and_the_others_arrive(shops: Shops) -> None:
    lamp = shops.product()
    bad, good = shops.place({lamp: 1}), shops.place({lamp: 2})
    client = shops.world.store(OURS).client  # type: ignore[attr-defined]
    honest = client.transport

    def edit(body: Any) -> bool:
        here = isinstance(body, dict) and body.get("order_id") == bad
        body.update({"total": "a lot"} if here else {})
        return here

    client.transport = Editing(honest, edit)
    assert pull(shops)["seen"] == 2
    shops.hint(OURS, good)
    assert shops.hint(OURS, bad) == {"held": 1}
    assert shops.parked() == [(bad, "Unreadable")]
    assert (len(shops.mirrors(good)), len(shops.mirrors(bad))) == (1, 0)
    client.transport = honest
    shops.state.queue.waiting.clear()
    shops.clock.ahead += timedelta(minutes=11)
    pull(shops)
    for change in shops.state.queue.changes:
        apply_change(shops.world, change)
    assert len(shops.mirrors(bad)) == 1
    assert shops.parked() == []
