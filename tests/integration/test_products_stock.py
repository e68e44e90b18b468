"""Counts that both shops move: each movement counts once, also where the pass that carried it was cut off in its middle."""

from decimal import Decimal

import pytest
from storesync.domain.model import StoreName

from tests.fakes.stores import Crash, Trouble
from tests.integration.product_scene import OURS, THEIRS, Scene, linked


def counts(scene: Scene) -> list[int | None]:
    return [scene.variant(store, "A").stock for store in StoreName]


def sold(scene: Scene, store: StoreName, pieces: int) -> None:
    scene.stores[store].move_stock(scene.variant(store, "A").id, -pieces)


def told(scene: Scene) -> list[str]:
    return [entry.new for entry in scene.history("A") if entry.rule == "doubtful"]


def cut_off(scene: Scene, store: StoreName, when: str) -> None:
    """The next pass dies right before or after it writes to the store, and the message comes back."""

    def die(label: str) -> None:
        if label.startswith(f"{when} {store} write write"):
            scene.stores[store].watch()
            raise Crash

    scene.stores[store].watch(die)
    with pytest.raises(Crash):
        scene.sweep()
    scene.clock.sleep(61)
    scene.state.queue.crash()


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


def test_what_a_pass_has_written_is_remembered_by_the_next_one_that_is_cut_off():
    scene = linked("A")
    sold(scene, THEIRS, 1)
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal(44))
    for trouble in (Trouble.FORBIDDEN, Trouble.LOST):
        scene.webasyst.faults.arm(trouble, "write")
    assert settled(scene) == [4, 4]
    assert scene.webasyst.faults.struck == {Trouble.FORBIDDEN: 1, Trouble.LOST: 1}
