"""Hints have a budget of damage, too: an import that went wrong, told of product by product, is not carried over as a whole."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Damage, Guard
from storesync.domain.model import Visibility
from storesync.sync import halts
from storesync.sync.within import HINTED

from tests.integration.product_scene import OURS, THEIRS, Scene, linked
from tests.integration.test_damage import go_on, stopped

MOST, ALL = 3, 8


@pytest.fixture
def scene() -> Scene:
    made = linked(*(f"A-{at}" for at in range(ALL)))
    made.change(guard=Guard(share=Decimal(0), at_least=MOST))
    return made


def told(scene: Scene, at: int) -> None:
    """The shop's hint about one product, a while after the one before."""
    scene.clock.sleep(20)
    scene.ask(Change("main", Kind.PRODUCT, OURS, (scene.product(OURS, f"A-{at}").id,), Cause.HOOK, f"hint {at} {scene.clock.seconds}"))


def zero(scene: Scene, at: int) -> None:
    scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, stock=0)


def reprice(scene: Scene, at: int) -> None:
    scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, price=Decimal("1.00"))


def hide(scene: Scene, at: int) -> None:
    product = scene.product(OURS, f"A-{at}")
    key = int(product.id)
    scene.cscart.shelf[key] = replace(product, listing=replace(product.listing, visibility=Visibility.DISABLED))
    scene.cscart.touch(key)


def restock(scene: Scene, at: int) -> None:
    scene.webasyst.edit_variant(scene.variant(THEIRS, f"A-{at}").id, stock=7)


def carried(scene: Scene) -> int:
    return sum(
        variant.stock == 0 or variant.price == 1 or product.listing.visibility is not Visibility.VISIBLE
        for product in scene.products(THEIRS)
        for variant in product.variants
    )


@pytest.mark.parametrize(("edit", "kind"), [(zero, "zeroed"), (reprice, "repriced"), (hide, "hidden")])
def test_hints_that_together_do_what_the_guard_asks_about_stop_and_go_on_when_they_may(scene: Scene, edit, kind: str) -> None:
    for at in range(ALL):
        edit(scene, at)
        told(scene, at)
    assert carried(scene) == MOST
    run = stopped(scene, "products:cscart")
    assert (run.error, run.counts[kind]) == (f"budget {kind} {MOST} of {MOST}", MOST)
    assert scene.pull() == 0
    scene.change(guard=Guard())
    go_on(scene, "products:cscart")
    assert (carried(scene), halts.halted(scene.world)) == (ALL, {})
    assert [scene.pull(), scene.sweep(), scene.pull()] == [0, 0, 0]


def test_one_hint_about_many_products_is_no_way_around(scene: Scene) -> None:
    for at in range(ALL):
        zero(scene, at)
    ids = tuple(scene.product(OURS, f"A-{at}").id for at in range(ALL))
    scene.ask(Change("main", Kind.PRODUCT, OURS, ids, Cause.HOOK, "hint"))
    assert carried(scene) == MOST


def test_what_people_do_over_a_day_is_no_storm(scene: Scene) -> None:
    for at in range(ALL):
        zero(scene, at)
        told(scene, at)
        scene.clock.sleep(1500)
    assert (carried(scene), halts.halted(scene.world)) == (ALL, {})


def test_mails_that_a_shop_would_send_are_counted_over_hints() -> None:
    scene = linked(*(f"A-{at}" for at in range(4)))
    for at in range(4):
        zero(scene, at)
    scene.sweep()
    scene.change(damage=Damage(mails=2))
    for at in range(4):
        restock(scene, at)
        told(scene, at)
    assert sum(variant.stock == 7 for product in scene.products(OURS) for variant in product.variants) == 2


def test_an_edit_that_risks_nothing_is_not_counted(scene: Scene) -> None:
    for at in range(ALL):
        scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, price=Decimal("11.00"), stock=4)
        told(scene, at)
    assert all(variant.price == 11 for product in scene.products(THEIRS) for variant in product.variants)
    assert scene.world.streams.cursor(HINTED) == ""
