"""Counts that both shops move: each movement counts once, also where the pass that carried it was cut off in its middle."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import prints
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.exchange import ProductWrite
from storesync.domain.model import Group, StoreName, Variant
from storesync.sync.leases import patient_lease
from storesync.sync.pending import Pending

from tests.fakes.stores import Crash, Trouble
from tests.integration.product_scene import OURS, THEIRS, Scene, linked


def counts(scene: Scene) -> list[int | None]:
    return [scene.variant(store, "A").stock for store in StoreName]


def sold(scene: Scene, store: StoreName, pieces: int) -> None:
    scene.stores[store].move_stock(scene.variant(store, "A").id, -pieces)


def told(scene: Scene) -> list[str]:
    return [entry.new for entry in scene.history("A") if entry.rule == "doubtful"]


def cut_off(scene: Scene, store: StoreName, when: str, operation: str = "write") -> None:
    """The next pass dies right before or after it writes to the store, and the message comes back."""

    def die(label: str) -> None:
        if label.startswith(f"{when} {store} write {operation}"):
            scene.stores[store].watch()
            raise Crash

    scene.stores[store].watch(die)
    with pytest.raises(Crash):
        scene.sweep()
    scene.clock.sleep(61)
    scene.state.queue.crash()


def listed(scene: Scene, sku: str) -> None:
    """As a sweep of CS-Cart does it before the pass that was cut off comes again."""
    scene.state.links().index(OURS, [scene.cscart.record(int(scene.variant(OURS, sku).id))])


def settled(scene: Scene) -> list[int | None]:
    scene.work()
    for _ in range(3):
        scene.sweep()
    assert scene.sweep() == 0
    return counts(scene)


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("trouble", [Trouble.LOST, Trouble.FAULT])
@pytest.mark.parametrize("pieces", [0, 1, -1])
def test_a_lost_answer_that_meets_a_sale_or_a_return_of_its_size(store, trouble, pieces):
    scene = linked("A")
    scene.clock.sleep(60)
    sold(scene, store.other, 1)
    scene.stores[store].faults.arm(trouble, "write")
    scene.clock.sleep(3700)
    scene.tick("product")
    scene.work(until=lambda: bool(scene.stores[store].faults.struck))
    sold(scene, store, pieces)
    assert settled(scene) == [4 - pieces] * 2
    assert told(scene) == []


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("pieces", [0, 1, -1, 3])
def test_a_pass_that_died_before_its_write_swallows_no_sale(store, pieces):
    scene = linked("A")
    sold(scene, store.other, 1)
    cut_off(scene, store, "before")
    sold(scene, store, pieces)
    assert settled(scene) == [4 - pieces] * 2


@pytest.mark.parametrize("pieces", [0, 1, -1, 3])
def test_a_pass_that_died_after_its_write_takes_nothing_twice(pieces):
    """In CS-Cart the sale could be a recount, which moves the stamp as the write does: fewer pieces are shown, and it is said."""
    for store in StoreName:
        scene = linked("A")
        sold(scene, store.other, 1)
        cut_off(scene, store, "after")
        sold(scene, store, pieces)
        doubtful = store is OURS and pieces
        assert settled(scene) == [4 - pieces - bool(doubtful)] * 2
        assert told(scene) == ['{"pieces_in_doubt":1}'] * bool(doubtful)


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("known", [True, False])
def test_a_variant_that_moves_before_the_pass_that_was_cut_off_has_put_it_into_its_group(store, known):
    scene = Scene()
    made = scene.add(THEIRS, "B") if known else scene.add(THEIRS, "B", "A")
    if known:
        scene.sweep()
        scene.webasyst.add_variant(made, Variant("", "A", Decimal(10), name="A", stock=5))
    cut_off(scene, OURS, "after", "extend A")
    sold(scene, store, 2)
    scene.stores[store].edit_variant(scene.variant(store, "A").id, price=Decimal(12))
    scene.work()
    assert store is OURS or (counts(scene), scene.variant(OURS, "A").price) == ([3, 3], Decimal(12))
    assert settled(scene) == [3, 3]
    assert [(scene.variant(name, "A").price, len(scene.product(name, "A").variants)) for name in StoreName] == [(Decimal(12), 2)] * 2


def test_a_product_that_gains_a_variant_before_its_own_creation_is_linked_is_not_taken_for_a_part_of_itself():
    scene = Scene()
    scene.add(OURS, "A")
    cut_off(scene, THEIRS, "after", "create")
    scene.webasyst.add_variant(scene.product(THEIRS, "A").id, Variant("", "B", Decimal(10), name="B", stock=5))
    cut_off(scene, OURS, "after", "extend group")
    sold(scene, OURS, 1)
    assert settled(scene) == [4, 4]


def test_a_group_that_was_cut_off_is_finished_also_when_it_has_to_have_another_variant_by_then():
    scene = Scene()
    made = scene.add(THEIRS, "A", "B")
    cut_off(scene, OURS, "after", "extend B")
    listed(scene, "B")
    scene.webasyst.add_variant(made, Variant("", "C", Decimal(10), name="C", stock=5))
    assert settled(scene) == [5, 5]
    assert {sku: len(scene.product(OURS, sku).variants) for sku in "ABC"} == dict.fromkeys("ABC", 3)


def test_a_variation_that_was_cut_off_is_no_sign_of_products_that_are_cut_differently():
    scene = Scene()
    scene.add(THEIRS, "A", "B")
    main = scene.add(OURS, "A")
    cut_off(scene, OURS, "after", "extend B")
    listed(scene, "B")
    scene.ask(Change("main", Kind.PRODUCT, OURS, (main,), Cause.HOOK, "h1"))
    assert len(scene.product(OURS, "B").variants) == 2
    assert settled(scene) == [5, 5]


def test_what_a_pass_has_written_is_remembered_by_the_next_one_that_is_cut_off():
    scene = linked("A")
    sold(scene, THEIRS, 1)
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal(44))
    for trouble in (Trouble.FORBIDDEN, Trouble.LOST):
        scene.webasyst.faults.arm(trouble, "write")
    assert settled(scene) == [4, 4]
    assert scene.webasyst.faults.struck == {Trouble.FORBIDDEN: 1, Trouble.LOST: 1}


def test_what_a_cut_off_pass_has_written_outlives_a_look_from_the_side_that_was_being_made():
    scene = Scene()
    scene.add(THEIRS, "A", images=["https://pictures.example/a.png"])
    cut_off(scene, OURS, "after", "create")
    sold(scene, OURS, 1)
    scene.cscart.faults.arm(Trouble.FORBIDDEN, "put_images")
    scene.clock.sleep(60)
    scene.work(until=lambda: bool(scene.cscart.faults.struck))
    scene.ask(Change("main", Kind.PRODUCT, OURS, (scene.product(OURS, "A").id,), Cause.HOOK, "h1"))
    assert settled(scene) == [4, 4]


def test_what_a_row_tells_of_a_cut_off_pass_is_noted_before_another_write_of_ours():
    scene = linked("A")
    sold(scene, OURS, 1)
    cut_off(scene, THEIRS, "before")
    with patient_lease(scene.world, "products", 60) as lease:
        pending = Pending(scene.world, lease)
        pending.load()
        pending.witness(THEIRS, scene.products(THEIRS))
    product = scene.product(THEIRS, "A")
    fewer = product.with_variants((replace(product.variants[0], stock=2),))
    scene.webasyst.write([ProductWrite(product, fewer, frozenset({prints.key(Group.STOCK, product.variants[0].id)}))])
    assert settled(scene) == [1, 1]


@pytest.mark.parametrize("store", StoreName)
def test_a_count_that_one_shop_did_not_take_still_has_to_go_there(store):
    scene = linked("A")
    sold(scene, OURS, 3)
    sold(scene, THEIRS, 1)
    scene.stores[store].faults.arm(Trouble.SKIPPED, "write")
    assert settled(scene) == [1, 1]
    assert scene.stores[store].faults.struck == {Trouble.SKIPPED: 1}
