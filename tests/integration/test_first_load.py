"""The first load of both catalogues is killed at twenty random moments, and goes on each time where it was: nothing is made twice."""

import random
from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.sync import waiting

from tests.integration.product_scene import Scene, skus
from tests.sandbox.simulator.setting import drawn
from tests.sandbox.simulator.stack import Stack, Trick

KILLS = 20
SKUS = 78 + 12 * 3


def filled(seed: int) -> Stack:
    """Each shop has goods of its own, some with several SKUs, and some that both have already."""
    stack = Stack(replace(drawn(random.Random(seed)), page=20), random.Random(seed))
    for number in range(1, 91):
        several = 3 if number % 7 == 0 else 1
        variants = tuple(Variant("", f"S-{number}-{at}", Decimal(number), str(at), stock=number) for at in range(several))
        product = Product("", Content(f"Mug {number}"), Listing(categories=("1",)), variants, "RUB")
        for store in StoreName:
            if number % 3 == 0 or (number % 3 == 1) is (store is StoreName.CSCART):
                stack.stores[store].add(product)
    return stack


def killing(stack: Stack, after: int, kills: list[str]) -> Trick:
    """Ends the worker at its so-manieth call or write, before or after it."""
    left = iter(range(after))

    def trick(label: str) -> bool:
        if next(left, None) is not None:
            return False
        kills.append(label)
        stack.crash()
        return True

    return trick


@pytest.mark.parametrize("seed", range(3))
def test_fault_59_a_first_load_that_is_killed_twenty_times_makes_everything_once(seed: int) -> None:
    stack, draw = filled(seed), random.Random(seed)
    kills: list[str] = []
    for _ in range(40 * KILLS):
        stack.clock.sleep(60)
        stack.tick()
        stack.deliver(*([killing(stack, draw.randint(0, 80), kills)] if len(kills) < KILLS else []))
    for _ in range(4):
        stack.clock.sleep(3700)
        stack.tick()
        stack.drain()
        stack.retry_parked()
        stack.drain()
    assert len(kills) == KILLS
    for store in StoreName:
        skus = Counter(sku for page in stack.stores[store].scan() for record in page.items for _, sku in record.variants)
        assert set(skus.values()) == {1}
        assert len(skus) == SKUS


@pytest.mark.parametrize("store", StoreName)
def test_a_hint_from_before_the_catalogues_are_read_does_not_stand_in_the_way_of_reading_them(store: StoreName) -> None:
    scene = Scene()
    made = scene.add(store, "A")
    scene.state.queue.send([Change("main", Kind.PRODUCT, store, (made,), Cause.HOOK, "saved just after the hook was set")])
    scene.sweep()
    assert skus(scene, store.other) == ["A"]
    scene.stores[store].edit_variant(scene.variant(store, "A").id, price=Decimal(7))
    scene.pull()
    assert waiting.count(scene.world.streams.cursors()) == 0
    assert scene.variant(store.other, "A").price == 7
