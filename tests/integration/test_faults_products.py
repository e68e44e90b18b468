"""Faults of the catalogue that are survived by more than one part at once: each test is named after its number in tests/faults.md."""

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.journal import Action
from storesync.domain.model import Category, Listing, StoreName
from storesync.errors import SyncError, Unauthorised

from tests.fakes.stores import Trouble
from tests.integration.product_scene import OURS, THEIRS, Scene, linked, skus

HOSTILE = (
    "Я" * 300,
    "Mug <script>alert(1)</script> <b>unclosed",
    "Tea &amp;amp; &lt;b&gt; &nbsp; \u00a0 cup",
    "nul \x00 and bell \x07",
    "\u202egnp.exe \u200b\u200f mixed",
    "mug \U0001f600 \U00020000",
    '=HYPERLINK("http://x";"y")',
    " - spaced   name - \r\n second line",
    "%s %d %(name)s {0} ${x} {{7*7}}",
    "'; DROP TABLE products; --",
)


def told(scene: Scene, work: Any) -> None:
    """As the queue does it: what is raised comes back later."""
    try:
        work()
    except SyncError:
        scene.state.queue.crash()


# -- a store that refuses


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("stream", ["pull", "sweep"])
def test_fault_13_a_token_that_is_revoked_in_the_middle_stops_the_pass_and_moves_no_cursor(store: StoreName, stream: str) -> None:
    scene = linked(*(f"A-{at}" for at in range(9)))
    scene.stores[store].page = 3
    before = {name: scene.state.streams().cursor(f"{name}:{store}") for name in ("products", "top", "size")}
    for at in range(9):
        scene.stores[store].edit_variant(scene.variant(store, f"A-{at}").id, price=Decimal("12.00"))  # type: ignore[attr-defined]
    scene.stores[store].faults.arm(Trouble.UNAUTHORISED, "changed", times=10**6, after=1 if stream == "pull" else 0)
    scene.stores[store].faults.arm(Trouble.UNAUTHORISED, "scan", times=10**6, after=1)
    assert getattr(scene, stream)() == 0
    (parked,) = scene.state.links().parked("connection")
    assert (parked.store, parked.reason, parked.advice) == (store, "Unauthorised", Unauthorised.advice)
    assert {name: scene.state.streams().cursor(f"{name}:{store}") for name in before} == before
    scene.stores[store].faults.clear()
    scene.sweep()
    assert {scene.variant(store.other, f"A-{at}").price for at in range(9)} == {Decimal("12.00")}


@pytest.mark.parametrize("trouble", [Trouble.FORBIDDEN, Trouble.UNAUTHORISED])
def test_fault_14_a_store_that_refuses_is_asked_a_few_times_a_minute_and_no_more(trouble: Trouble) -> None:
    scene = linked("A", "B")
    scene.webasyst.faults.arm(trouble, times=10**6)
    calls: list[str] = []
    scene.webasyst.watch(lambda label: calls.append(label) if label.startswith("before") else None)
    for minute in range(60):
        scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal(10 + minute))
        scene.clock.sleep(60)
        scene.tick("product")
        told(scene, scene.work)
    assert 0 < len(calls) <= 60 * 4
    scene.webasyst.faults.clear()
    scene.pull()
    scene.sweep()
    assert scene.variant(THEIRS, "A").price == scene.variant(OURS, "A").price


# -- identity


def test_fault_26_a_product_that_became_invisible_is_not_made_a_second_time() -> None:
    """Without a category CS-Cart shows it no more, in lists and by id (C11); its counterpart lives on and is edited."""
    scene = linked("A", "B")
    key = int(scene.product(OURS, "A").id)
    shelf, rows = scene.cscart.shelf.pop(key), {row: at for row, at in scene.cscart.rows.items() if at == key}
    for row in rows:
        del scene.cscart.rows[row]
    scene.webasyst.edit_variant(scene.variant(THEIRS, "A").id, price=Decimal("12.00"))
    for _ in range(3):
        scene.pull()
        scene.sweep()
    assert skus(scene, OURS) == ["B"]
    scene.cscart.shelf[key] = shelf
    scene.cscart.rows |= rows
    scene.cscart.touch(key)
    scene.sweep()
    scene.sweep()
    assert skus(scene, OURS) == ["A", "B"]
    assert scene.variant(OURS, "A").price == scene.variant(THEIRS, "A").price
    assert scene.sweep() == 0


@pytest.mark.parametrize("store", StoreName)
def test_fault_32_a_deletion_is_asked_about_once_and_never_loops(store: StoreName) -> None:
    scene = linked("A", "B")
    scene.stores[store].remove(scene.product(store, "A").id)  # type: ignore[attr-defined]
    scene.sweep()
    assert [scene.sweep() for _ in range(4)] == [0] * 4
    assert [entry.action for entry in scene.history("A")].count(Action.DELETED) == 1
    assert skus(scene, store) == ["B"]
    assert len(scene.parked()) <= 1


@pytest.mark.parametrize("store", StoreName)
def test_fault_33_another_main_variant_changes_no_link(store: StoreName) -> None:
    scene = Scene()
    scene.add(store, "A-1", "A-2", "A-3")
    scene.sweep()
    scene.sweep()
    twins = {sku: scene.variant(store.other, sku).id for sku in ("A-1", "A-2", "A-3")}
    shop, product = scene.stores[store], scene.product(store, "A-1")
    shop.shelf[int(product.id)] = product.with_variants((product.variants[1], product.variants[0], product.variants[2]))
    shop.edit_variant(scene.variant(store, "A-3").id, price=Decimal("33.00"))  # type: ignore[attr-defined]
    scene.sweep()
    assert {sku: scene.variant(store.other, sku).id for sku in twins} == twins
    assert scene.variant(store.other, "A-3").price == Decimal("33.00")
    assert scene.variant(store.other, "A-1").price == Decimal("10.00")
    assert scene.sweep() == 0


@pytest.mark.parametrize("store", StoreName)
def test_fault_33_a_variant_that_was_removed_takes_no_other_with_it(store: StoreName) -> None:
    scene = Scene()
    scene.add(store, "A-1", "A-2", "A-3")
    scene.sweep()
    scene.sweep()
    product = scene.product(store, "A-1")
    if store is OURS:
        del scene.cscart.rows[int(scene.variant(OURS, "A-2").id)]
    kept = product.with_variants(tuple(item for item in product.variants if item.sku != "A-2"))
    scene.stores[store].shelf[int(product.id)] = kept
    scene.sweep()
    scene.sweep()
    assert skus(scene, store) == ["A-1", "A-3"]
    assert skus(scene, store.other) == ["A-1", "A-2", "A-3"]
    scene.stores[store].edit_variant(scene.variant(store, "A-3").id, price=Decimal("33.00"))  # type: ignore[attr-defined]
    scene.sweep()
    assert scene.variant(store.other, "A-3").price == Decimal("33.00")
    assert scene.sweep() == 0


# -- values


@pytest.mark.parametrize("store", StoreName)
def test_fault_34_a_category_that_was_removed_gives_way_to_the_default_one(store: StoreName) -> None:
    """In the shop that is written to. What it was sent to instead is told with the write."""
    scene = linked("A")
    del scene.stores[store.other].known_categories["2"]
    product = scene.product(store, "A")
    scene.stores[store].edit(product.id, listing=replace(product.listing, categories=("2",)))  # type: ignore[attr-defined]
    made = scene.add(store, "B")
    scene.stores[store].edit(made, listing=Listing(categories=("2",)))  # type: ignore[attr-defined]
    scene.clock.sleep(3600)
    scene.sweep()
    scene.sweep()
    for sku in ("A", "B"):
        assert scene.product(store.other, sku).listing.categories == ("1",)
    assert scene.sweep() == 0
    assert scene.product(store, "A").listing.categories == ("2",)


def test_fault_34_categories_that_name_each_other_as_parents_have_a_path_all_the_same() -> None:
    from storesync.webasyst.products import _flatten

    tree = [{"id": "1", "name": "A", "parent_id": "2", "categories": [{"id": "2", "name": "B", "parent_id": "1", "categories": []}]}]
    assert list(_flatten(tree, "")) == [Category("1", "A", "2", "/A"), Category("2", "B", "1", "/A/B")]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("store", StoreName)
def test_fault_35_hostile_names_and_texts_do_not_grow_over_ten_round_trips(store: StoreName, name: str) -> None:
    """Each trip is an edit of the price, once here and once there, with all texts compared."""
    scene = Scene()
    made = scene.add(store, "A")
    content = scene.product(store, "A").content
    texts = replace(content, name=f"{content.name} {name}", description=f"<p>{name}</p>", meta_title=name, summary=name)
    scene.stores[store].edit(made, content=texts)  # type: ignore[attr-defined]
    scene.sweep()
    scene.sweep()
    first = {side: scene.product(side, "A").content for side in StoreName}
    for trip in range(10):
        edited = tuple(StoreName)[trip % 2]
        scene.stores[edited].edit_variant(scene.variant(edited, "A").id, price=Decimal(20 + trip))  # type: ignore[attr-defined]
        assert scene.sweep() == 1
        assert {side: scene.product(side, "A").content for side in StoreName} == first
    assert scene.sweep() == 0


@pytest.mark.parametrize("store", StoreName)
def test_fault_36_a_slug_that_a_shop_changes_makes_no_endless_difference(store: StoreName) -> None:
    scene = linked("A", "B")
    product = scene.product(store, "A")
    for slug in ("кружка", "b", "", "mug-a-1"):
        scene.stores[store].edit(product.id, content=replace(product.content, slug=slug))  # type: ignore[attr-defined]
        assert (scene.pull(), scene.sweep()) == (0, 0)


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("price", ["0", "0.005", "0.01", "9999999999.99", "1e10", "99999999999", "-1", "49.990000"])
def test_fault_42_an_odd_price_goes_over_as_it_is_or_not_at_all(store: StoreName, price: str) -> None:
    scene = linked("A", "B")
    scene.stores[store].edit_variant(scene.variant(store, "A").id, price=Decimal(price))  # type: ignore[attr-defined]
    scene.sweep()
    scene.sweep()
    here, there = (scene.variant(side, "A").price for side in (store, store.other))
    same = there == here.quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert same or (scene.parked() == {"A": "UnsupportedValue"} and there == Decimal("10.00"))
    assert same or Decimal(price) < 0
    assert scene.sweep() == 0
    assert {scene.variant(side, "B").price for side in StoreName} == {Decimal("10.00")}


# -- messages and schedules


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=10), timedelta(days=30)])
def test_fault_57_the_same_message_has_one_effect_whenever_it_comes_again(later: timedelta) -> None:
    scene = linked("A")
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal("12.00"))
    change = Change("main", Kind.PRODUCT, OURS, (scene.product(OURS, "A").id,), Cause.HOOK, "seen")
    scene.ask(change)
    assert scene.variant(THEIRS, "A").price == Decimal("12.00")
    scene.webasyst.edit_variant(scene.variant(THEIRS, "A").id, price=Decimal("13.00"))
    scene.sweep()
    scene.clock.sleep(later.total_seconds())
    before = scene.writes
    for _ in range(10):
        scene.state.queue.waiting.append((change.group, change.to_message()))
        scene.work()
    assert scene.writes == before
    assert {scene.variant(side, "A").price for side in StoreName} == {Decimal("13.00")}


@pytest.mark.parametrize("late", [60, 3 * 3600, 26 * 3600])
def test_fault_62_a_schedule_that_comes_late_covers_the_whole_gap(late: int) -> None:
    scene = linked("A", "B")
    scene.pull()
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal("12.00"))
    scene.clock.sleep(late)
    scene.webasyst.edit(scene.product(THEIRS, "B").id, content=replace(scene.product(THEIRS, "B").content, name="Bowl"))
    scene.pull()
    assert (scene.variant(THEIRS, "A").price, scene.product(OURS, "B").content.name) == (Decimal("12.00"), "Bowl")


def test_fault_62_a_schedule_that_goes_off_twice_starts_each_stream_once() -> None:
    scene = linked("A")
    scene.clock.sleep(4_000)
    scene.tick("product")
    once = len(scene.state.queue.changes)
    scene.tick("product")
    assert once > 0
    assert len(scene.state.queue.changes) == once
