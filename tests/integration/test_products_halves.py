"""A group of CS-Cart that is refused for good when a part of it exists: nothing is made twice, and nothing is forgotten."""

from decimal import Decimal

import pytest
from storesync.domain.model import StoreName

from tests.fakes.stores import Trouble
from tests.integration.product_scene import OURS, THEIRS, linked


@pytest.mark.parametrize("times", [1, 10**6])
@pytest.mark.parametrize("edited", [None, OURS, THEIRS])
def test_a_group_that_is_refused_for_good_when_its_variations_exist_is_finished_and_not_linked_in_pieces(
    edited: StoreName | None, times: int
) -> None:
    scene = linked("A")
    scene.add(THEIRS, "B-1", "B-2", images=["https://pictures.example/b.png"])
    scene.cscart.faults.arm(Trouble.REJECTED, "extend", after=1, times=times)
    scene.sweep()
    if edited:
        scene.stores[edited].edit_variant(scene.variant(edited, "B-1").id, price=Decimal("13.00"))
    for _ in range(2):
        scene.pull()
        scene.sweep()
    if times > 1:
        assert len(scene.products(OURS)) == 3
        assert scene.parked() == {"B-1": "Rejected"}
        assert scene.state.links().claims(OURS, [scene.variant(OURS, sku).id for sku in ("B-1", "B-2")]) == {}
        scene.cscart.faults.clear()
        scene.again(THEIRS, scene.product(THEIRS, "B-1").id)
    scene.pull()
    scene.sweep()
    made = scene.product(OURS, "B-1")
    assert ([item.sku for item in made.variants], len(made.images), len(scene.products(OURS))) == (["B-1", "B-2"], 1, 2)
    assert {scene.variant(store, "B-1").price for store in scene.stores} == {Decimal("13.00" if edited else "10.00")}
    assert (scene.parked(), scene.sweep()) == ({}, 0)


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("times", [1, 2])
def test_a_group_that_was_made_in_part_while_the_shop_said_ok_is_finished_and_no_variant_forgotten(after: int, times: int) -> None:
    scene = linked("A")
    scene.add(THEIRS, "B-1", "B-2", "B-3", images=["https://pictures.example/b.png"])
    scene.cscart.faults.arm(Trouble.SKIPPED, "extend", after=after, times=times)
    scene.sweep()
    for _ in range(3):
        scene.pull()
        scene.sweep()
    made = scene.product(OURS, "B-1")
    assert (sorted(item.sku for item in made.variants), len(made.images), len(scene.products(OURS))) == (["B-1", "B-2", "B-3"], 1, 2)
    assert (scene.parked(), scene.sweep()) == ({}, 0)
