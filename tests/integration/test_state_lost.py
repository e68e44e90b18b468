"""The tables are lost, or put back to how they were the day before: both shops stay as they are, nothing is made twice, and edits go on flowing."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from storesync.domain.model import StoreName

from tests.fakes.state import MemoryState
from tests.integration.product_scene import linked
from tests.sandbox.simulator import peace
from tests.sandbox.simulator.oracle import Oracle
from tests.sandbox.simulator.shoppers import Shoppers
from tests.sandbox.simulator.stories import settled

CSCART, WEBASYST = StoreName
DAY = 86_400
Disaster = Callable[[Shoppers, MemoryState], None]


def lost(people: Shoppers, _: MemoryState) -> None:
    people.stack.forget()


def restored(people: Shoppers, yesterday: MemoryState) -> None:
    """Both tables, as of the day before; the queue and the secrets live on."""
    stack = people.stack
    stack.state.state, stack.state.records = yesterday.state, yesterday.records
    stack.state.connections.table = yesterday.state
    stack._connect()


def state_restored(people: Shoppers, yesterday: MemoryState) -> None:
    """The state alone: the journal knows what happened since."""
    kept = people.stack.state.records
    restored(people, yesterday)
    people.stack.state.records = kept
    people.stack.watch()


DISASTERS: dict[str, Disaster] = {"lost": lost, "restored": restored, "state restored": state_restored}


def begun(preferred: StoreName, seed: int, both_ways: bool) -> Shoppers:
    people = settled(preferred, orders_to_cscart=both_ways, orders_update_time=7 * DAY)
    people.random.seed(seed)
    return people


def day(people: Shoppers) -> None:
    """What merchants and shoppers do in both shops until tomorrow, and the sync with them."""
    for _ in range(8):
        for store in StoreName:
            people.edit(store)
        people.buy()
        people.handle()
        peace.passes(people.stack, DAY / 8)
    peace.restore(people.stack)
    assert Oracle(people).check().faults == []


def shown(people: Shoppers) -> dict[str, Any]:
    """Everything in both shops but their stamps."""
    return {
        store: ({**shop.shelf}, {key: replace(order, updated_at=None) for key, order in shop.orders_kept.items()}, len(shop.contacts))
        for store, shop in people.stack.stores.items()
    }


WAYS = [(CSCART, True, 0), (WEBASYST, True, 1), (CSCART, False, 1), (WEBASYST, False, 0)]


@pytest.mark.parametrize("disaster", DISASTERS)
@pytest.mark.parametrize(("preferred", "both_ways", "seed"), WAYS)
def test_fault_64_after_the_tables_are_lost_nothing_is_written_where_the_shops_agree(
    preferred: StoreName, both_ways: bool, seed: int, disaster: str
) -> None:
    people = begun(preferred, seed, both_ways)
    stack = people.stack
    yesterday = copy.deepcopy(stack.state)
    day(people)
    before, writes = shown(people), stack.writes
    DISASTERS[disaster](people, yesterday)
    for seconds in (310, peace.SWEEP_SECONDS, 310, peace.SWEEP_SECONDS):
        peace.passes(stack, seconds)
    assert shown(people) == before
    differing = [item for item in stack.state.links().parked("order") if item.reason == "TotalsDiffer"]
    assert stack.writes - writes <= len(differing)  # CS-Cart's own shipping rates: one try each, which it turns down
    assert Oracle(people).check().faults == []
    for store in StoreName:
        for _ in range(3):
            people.edit(store)
    people.buy()
    people.handle()
    peace.restore(stack)
    assert Oracle(people).check().faults == []


# -- a long rest that lost nothing


@pytest.mark.parametrize(("ours", "theirs", "both"), [(3, 4, 2), (5, 4, 4), (2, 8, 5), (3, 3, 3)])
def test_after_a_long_rest_sales_of_both_shops_still_count(ours: int, theirs: int, both: int) -> None:
    """But for those that left the same number in both: these cannot be told from what was carried over and forgotten."""
    scene = linked("A", "B")
    scene.clock.sleep(DAY)
    scene.cscart.edit_variant(scene.variant(CSCART, "A").id, stock=ours)
    scene.webasyst.edit_variant(scene.variant(WEBASYST, "A").id, stock=theirs)
    scene.sweep()
    scene.sweep()
    assert [scene.variant(store, "A").stock for store in StoreName] == [both, both]


def test_after_one_sweep_equal_sales_in_both_shops_are_two_again() -> None:
    scene = linked("A", "B")
    scene.clock.sleep(DAY)
    scene.sweep()
    for store in StoreName:
        scene.stores[store].edit_variant(scene.variant(store, "A").id, stock=4)  # type: ignore[attr-defined]
    scene.sweep()
    assert [scene.variant(store, "A").stock for store in StoreName] == [3, 3]
