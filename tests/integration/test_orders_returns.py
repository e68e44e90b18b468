"""What Webasyst gives back for a mirrored order whose write was cut off: nothing that it never took, and what nobody can tell is said."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName
from storesync.errors import StoreError
from storesync.sync.orders import apply_change

from tests.integration.order_scene import Shops, open_shops
from tests.integration.test_orders_stock import edited, known

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


@pytest.mark.parametrize(("calls", "left"), [(0, 100), (1, 98)], ids=["flag still set", "flag lifted"])
def test_a_cancel_that_meets_our_own_write_sells_too_few_rather_than_too_many(default: Shops, calls: int, left: int) -> None:
    """With the flag lifted nothing came back, but nobody can see that afterwards."""
    product = known(default)
    order_id = default.place({product: 2})
    default.hint(CSCART, order_id)
    default.sync_products()
    edited(default, order_id, 5)
    default.fail(WEBASYST, "status", "order.save", after=calls, times=9)
    with pytest.raises(StoreError):
        default.hint(CSCART, order_id)
    default.servers[WEBASYST].faults.clear()
    default.theirs.act(default.mirror(order_id)["id"], "delete")
    default.hint(CSCART, order_id)
    default.sync_products()
    told = [entry.new for entry in default.world.journal.history("product", "SKU-1") if entry.rule == "doubtful"]
    assert (default.ours.order(order_id)["status"], told) == ("I", ['{"pieces_in_doubt": 2}'])
    assert default.stock(product) == (left, left)


def test_a_hint_whose_work_ended_in_its_middle_is_worked_on_again(default: Shops) -> None:
    """The counts were set right and that was written down, but the status was not carried yet."""
    product = known(default)
    order_id = default.place({product: 2})
    default.hint(CSCART, order_id)
    default.sync_products()
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
