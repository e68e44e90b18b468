"""What Webasyst gives back for a mirrored order whose write was cut off: nothing that it never took, and what nobody can tell is said."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName
from storesync.errors import StoreError
from storesync.sync.orders import apply_change

from tests.integration.order_scene import Shops, open_shops
from tests.integration.test_orders_stock import edited, known, mirrored

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST


@pytest.fixture
def default() -> Iterator[Shops]:
    yield from open_shops()


def test_a_mirror_that_is_cancelled_before_anybody_saw_it_gives_nothing_back(default: Shops) -> None:
    product = known(default)
    order_id = default.place({product: 2})
    default.fail(WEBASYST, "status", "order.search", after=1, times=9)
    with pytest.raises(StoreError):
        default.hint(CSCART, order_id)
    default.servers[WEBASYST].faults.clear()
    default.theirs.act(default.mirror(order_id)["id"], "delete")
    default.clock.ahead += timedelta(seconds=31)
    default.hint(CSCART, order_id)
    default.sync_products()
    assert default.stock(product) == (100, 100)


@pytest.mark.parametrize(("calls", "doubts"), [(0, ['{"pieces_in_doubt": 2}']), (1, [])], ids=["flag still set", "flag lifted"])
def test_a_cancel_that_meets_our_own_write_is_told_from_it_by_the_flag(default: Shops, calls: int, doubts: list[str]) -> None:
    """With the flag lifted nothing came back. With the flag as it was the shop gave back what it never took."""
    product, order_id = mirrored(default)
    edited(default, order_id, 5)
    default.fail(WEBASYST, "status", "order.save", after=calls, times=9)
    with pytest.raises(StoreError):
        default.hint(CSCART, order_id)
    default.servers[WEBASYST].faults.clear()
    default.theirs.act(default.mirror(order_id)["id"], "delete")
    default.hint(CSCART, order_id)
    default.sync_products()
    assert default.ours.order(order_id)["status"] == "I"
    assert default.stock(product) == (100, 100)
    assert doubtful(default) == doubts


@pytest.mark.parametrize(("call", "flag"), [("order.save", "1"), ("order.action", "0")], ids=["flag still set", "flag lifted"])
def test_a_cancel_by_hand_is_told_from_our_own_that_was_cut_off(default: Shops, call: str, flag: str) -> None:
    """Both shops cancel one order at once: the state is the one that we were about to set."""
    product, order_id = mirrored(default)
    default.ours.set_status(order_id, "I")
    default.fail(WEBASYST, "status", call, times=9)
    with suppress(StoreError):
        default.hint(CSCART, order_id)
    default.servers[WEBASYST].faults.clear()
    mirror = default.mirror(order_id)
    assert (mirror["state_id"], mirror["params"]["reduced"]) == ("new", flag)
    default.theirs.act(mirror["id"], "delete")
    default.hint(CSCART, order_id)
    default.sync_products()
    assert default.stock(product) == (100, 100)
    assert doubtful(default) == ([] if flag == "0" else ['{"pieces_in_doubt": 2}'])


def test_an_order_that_is_taken_up_again_after_our_own_cut_off_cancel_takes_nothing(default: Shops) -> None:
    product, order_id = mirrored(default)
    default.ours.set_status(order_id, "I")
    default.fail(WEBASYST, "status", "order.search", after=3, times=9)
    with pytest.raises(StoreError):
        default.hint(CSCART, order_id)
    default.servers[WEBASYST].faults.clear()
    assert default.mirror(order_id)["state_id"] == "deleted"
    default.theirs.act(default.mirror(order_id)["id"], "restore")
    default.hint(CSCART, order_id)
    default.sync_products()
    assert default.stock(product) == (100, 100)


def doubtful(shops: Shops) -> list[str]:
    return [entry.new for entry in shops.world.journal.history("product", "SKU-1") if entry.rule == "doubtful"]


def test_a_hint_whose_work_ended_in_its_middle_is_worked_on_again(default: Shops) -> None:
    """The counts were set right and that was written down, but the status was not carried yet."""
    product, order_id = mirrored(default)
    number = default.mirror(order_id)["id"]
    default.theirs.act(number, "delete")
    change = Change("main", Kind.ORDER, WEBASYST, (number,), Cause.HOOK, "h1", sent=default.clock.now().isoformat())
    default.clock.ahead += timedelta(seconds=5)
    default.fail(CSCART, "status", "PUT.*orders", times=9)
    with pytest.raises(StoreError):
        apply_change(default.world, change)
    default.servers[CSCART].faults.clear()
    apply_change(default.world, change)
    default.sync_products()
    assert default.ours.order(order_id)["status"] == "I"
    assert default.stock(product) == (100, 100)
