"""Counts that Webasyst moves for an order which never took any are set right once: whatever is sold, and wherever a worker dies, meanwhile."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storesync.domain.changes import Cause
from storesync.domain.links import OrderLink
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.sync import order_returns
from storesync.sync.leases import patient_lease
from storesync.sync.order_work import OrderWork
from storesync.sync.ports import World

from tests.fakes.state import MemoryState
from tests.fakes.stores import Crash, Pictures
from tests.fakes.stores_cscart import MemoryCsCart
from tests.fakes.stores_webasyst import MemoryWebasyst
from tests.sandbox.simulator.clock import VirtualClock
from tests.sandbox.simulator.setting import drawn

CSCART, WEBASYST = StoreName
STOCK = 100


class Scene:
    """A mirrored order of three pieces of A and one of B, kept off the stock of a hundred each. `sold` is by others, of A."""

    def __init__(self) -> None:
        self.clock, self.sold = VirtualClock(), 0
        self.state = MemoryState(self.clock.unix)
        self.shop = MemoryWebasyst(self.clock.unix, sleep=self.clock.sleep)
        variants = tuple(Variant("", sku, Decimal(5), stock=STOCK) for sku in "AB")
        self.shop.add(Product("", Content("Mug"), Listing(categories=("1",)), variants, "RUB"))
        (product,) = self.shop.shelf.values()
        self.ids = [variant.id for variant in product.variants]
        self.order = self.shop.sell({self.ids[0]: 3, self.ids[1]: 1}, stock_suppressed=True)
        kept = self.shop.orders_kept[int(self.order)]
        self.shop.orders_kept[int(self.order)] = replace(kept, stock_taken=True)
        stores: Any = {CSCART: MemoryCsCart(self.clock.unix), WEBASYST: self.shop}
        state, connection = self.state, drawn(Random(2)).connection
        parts = (state.links(), state.streams(), state.journal(), state.queue, Pictures(), self.clock)
        self.world = World(connection, stores, *parts)
        held = order_returns.believed(self.shop.order_seen(int(self.order)))
        self.world.links.save_order(OrderLink(CSCART, "1", self.order, held=held))
        self.clock.sleep(60)

    def sell(self, pieces: int) -> None:
        self.shop.move_stock(self.ids[0], -pieces)
        self.sold += pieces

    def edit(self, pieces: int) -> None:
        """By hand, of a living order."""
        kept = self.shop.orders_kept[int(self.order)]
        if kept.status == "new" and pieces:
            lines = tuple(replace(line, quantity=pieces) if line.variant_id == self.ids[0] else line for line in kept.lines)
            self.shop.save_order(self.order, lines)

    def undo(self) -> list[str]:
        """One pass; what is said of pieces in doubt."""
        with patient_lease(self.world, "order", 60) as lease:
            work = OrderWork(self.world, lease, CSCART, "1", Cause.HOOK, link=self.world.links.order(CSCART, "1"))
            order_returns.undo(work, self.shop.order_seen(int(self.order)))
            work.save()
            return [entry.new for entry in work.entries if entry.rule == "doubtful"]

    def dies(self, at: int) -> None:
        """In one pass, at the n-th moment before or after a write; none if there are fewer."""
        left = at

        def hook(label: str) -> None:
            nonlocal left
            left -= any(f" {what} " in label for what in ("write", "transact", "take", "move"))
            if left < 0:
                raise Crash(label)

        self._watch(hook)
        try:
            self.undo()
        except Crash:
            self.clock.sleep(200)
        finally:
            self._watch(lambda label: None)

    def _watch(self, hook: Callable[[str], None]) -> None:
        self.shop.watch(hook)
        self.state.watch(hook)

    def counts(self) -> list[int | None]:
        (product,) = self.shop.shelf.values()
        return [variant.stock for variant in product.variants]


def acted(scene: Scene, step: tuple[str, int]) -> None:
    what, number = step
    if what in ("delete", "restore"):
        scene.shop.act(scene.order, what)
    else:
        {"sell": scene.sell, "edit": scene.edit, "dies": scene.dies}[what](number)
    scene.clock.sleep(3)


STEPS = st.one_of(
    st.tuples(st.sampled_from(("delete", "restore")), st.just(0)),
    st.tuples(st.just("sell"), st.integers(-4, 4)),
    st.tuples(st.just("edit"), st.integers(1, 6)),
    st.tuples(st.just("dies"), st.integers(0, 14)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=9))
def test_the_counts_are_what_was_sold_by_others(steps: list[tuple[str, int]]) -> None:
    scene = Scene()
    for step in steps:
        acted(scene, step)
    assert scene.undo() == []
    assert scene.counts() == [STOCK - scene.sold, STOCK]
    assert scene.undo() == []
    assert scene.counts() == [STOCK - scene.sold, STOCK]


@pytest.mark.parametrize("sold", [-3, -2, 2, 3])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_sale_while_a_worker_is_dead_is_not_taken_for_our_write(moment: str, sold: int) -> None:
    scene = Scene()
    scene.shop.act(scene.order, "delete")

    def hook(label: str) -> None:
        if label.startswith(f"{moment} webasyst write"):
            raise Crash(label)

    scene.shop.watch(hook)
    with pytest.raises(Crash):
        scene.undo()
    scene.shop.watch()
    scene.sell(sold)
    scene.clock.sleep(200)
    assert scene.undo() == []
    assert scene.counts() == [STOCK - sold, STOCK]
