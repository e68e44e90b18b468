"""One order on its way: statuses step by step, what is none of ours, and what is set aside until it can go on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from storesync.domain.changes import Cause
from storesync.domain.journal import Action
from storesync.domain.model import StoreName
from storesync.errors import CircuitOpen, Forbidden

from tests.fakes.stores_faults import INSTEAD, Trouble
from tests.integration.product_scene import OURS, THEIRS
from tests.unit.sync.orders_shop import BUYER, OrdersShop, pieces, read

# -- statuses


@pytest.mark.parametrize(("letter", "state"), [("P", "processing"), ("S", "shipped"), ("C", "completed"), ("I", "deleted")])
def test_a_letter_takes_the_mirror_along_and_both_are_remembered(letter: str, state: str) -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    assert (shop.link(order).cscart_status, shop.link(order).webasyst_status) == ("O", "new")
    shop.cscart.change_status(order, letter)
    assert shop.hint(order)["status_webasyst"] >= 1
    assert shop.mirror(order).status == state
    link = shop.link(order)
    assert (link.cscart_status, link.webasyst_status, link.refused) == (letter, state, "")
    last = shop.told(order, Action.WRITTEN, group="status")[-1]
    assert (last.store, last.record_id, read(last.new)) == (THEIRS, shop.mirror(order).id, {"status": state})
    before = shop.writes
    assert shop.hint(order) == {"unchanged": 1}
    assert shop.writes == before


@pytest.mark.parametrize(("actions", "letter"), [(("process",), "P"), (("process", "ship"), "S"), (("complete",), "C"), (("delete",), "I")])
def test_a_move_in_webasyst_moves_the_letter(actions: tuple[str, ...], letter: str) -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    there = shop.mirror(order)
    for action in actions:
        assert shop.webasyst.act(there.id, action)
    assert shop.hint(there.id, THEIRS)["status_cscart"] == 1
    assert shop.ours(order).status == letter
    (told,) = shop.told(order, Action.WRITTEN, group="status")
    assert (told.store, told.record_id, read(told.old), read(told.new)) == (OURS, order, {"status": "O"}, {"status": letter})


def test_of_moves_on_both_sides_the_further_one_counts() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.cscart.change_status(order, "P")
    shop.webasyst.act(shop.mirror(order).id, "complete")
    shop.hint(order)
    assert (shop.ours(order).status, shop.mirror(order).status) == ("C", "completed")


def test_a_step_back_is_told_once_and_left() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.cscart.change_status(order, "C")
    shop.hint(order)
    shop.cscart.change_status(order, "O")
    assert shop.hint(order)["status_left"] == 1
    assert shop.mirror(order).status == "completed"
    (told,) = shop.told(order, Action.CONFLICT, group="status")
    assert (told.store, read(told.old), read(told.new)) == ("", {"cscart": "O"}, {"webasyst": "completed"})
    assert "status_left" not in shop.hint(order)
    assert shop.aside() == []


def test_a_status_that_the_shop_does_not_take_is_set_aside_and_not_asked_for_again_until_something_moves() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.cscart.change_status(order, "P")
    shop.webasyst.faults.arm(Trouble.SKIPPED, "set_status")
    assert shop.hint(order)["parked"] == 1
    assert shop.aside() == [(OURS, order, "NotKept")]
    assert shop.link(order).refused == "P/new"
    before = shop.writes
    shop.hint(order)
    assert (shop.writes, shop.mirror(order).status) == (before, "new")
    shop.cscart.change_status(order, "C")
    shop.hint(order)
    assert shop.mirror(order).status == "completed"
    assert (shop.aside(), shop.link(order).refused, shop.link(order).parked) == ([], "", "")


def test_the_owner_may_have_a_refused_status_asked_for_again() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.cscart.change_status(order, "P")
    shop.webasyst.faults.arm(Trouble.SKIPPED, "set_status")
    shop.hint(order)
    shop.hint(order, cause=Cause.CONSOLE)
    assert (shop.mirror(order).status, shop.aside()) == ("processing", [])


def test_a_letter_that_the_table_does_not_know_is_set_aside_with_the_order_made() -> None:
    shop = OrdersShop()
    shop.change(statuses=type(shop.connection.statuses)({"P": "process"}, {}))
    order = shop.buy(CUP=2)
    assert shop.hint(order)["parked"] == 1
    assert shop.aside() == [(OURS, order, "UnmappedStatus")]
    assert shop.link(order).webasyst_id == shop.mirror(order).id
    (told,) = shop.told(order, Action.PARKED)
    assert (told.store, told.record_id) == ("", order)


def test_an_order_that_is_edited_in_cscart_waits_for_the_end_of_that() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.cscart.change_status(order, "N")
    before = shop.writes
    shop.webasyst.act(shop.mirror(order).id, "process")
    assert shop.hint(shop.mirror(order).id, THEIRS)["incomplete"] == 1
    assert shop.writes == before
    assert shop.hint(order)["skipped_incomplete"] == 1
    shop.cscart.change_status(order, "O")
    shop.hint(shop.mirror(order).id, THEIRS)
    assert shop.ours(order).status == "P"


# -- what is not ours, and what waits


def test_orders_that_are_none_of_ours_stay_where_they_are() -> None:
    shop = OrdersShop()
    shop.change(cscart=replace(shop.connection.cscart, company_id="1"))
    assert shop.hint(shop.buy(CUP=1, company_id="2"))["skipped_other_company"] == 1
    parent, (child,) = shop.cscart.split({"1": {shop.variant(OURS, "CUP").id: 1}}, BUYER)
    assert shop.hint(parent) == {"skipped_parent": 1}
    assert shop.hint(child)["created_webasyst"] == 1
    assert shop.hint(shop.buy(CUP=1, marker="other:webasyst:7"))["skipped_of_another_connection"] == 1
    old = shop.buy(CUP=1)
    shop.change(orders_from=shop.clock.now() + timedelta(seconds=1))
    assert shop.hint(old)["skipped_before_start"] == 1
    there = shop.sell(CUP=1)
    assert shop.hint(there, THEIRS)["skipped_not_wanted"] == 1
    assert len(shop.webasyst.orders_kept) == 2
    assert len(shop.cscart.orders_kept) == 5
    assert shop.aside() == []


def test_an_order_that_neither_shop_nor_state_knows_is_nobodys_business() -> None:
    assert OrdersShop().hint("77") == {"gone": 1}


@pytest.mark.parametrize("store", [OURS, THEIRS])
def test_an_order_that_was_deleted_is_shown_and_its_counterpart_stays(store: StoreName) -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    there = shop.mirror(order)
    shop.stores[store].orders_kept.pop(int(order if store is OURS else there.id))
    assert shop.hint(order if store is OURS else there.id, store)["parked"] == 1
    assert shop.aside() == [(OURS, order, "NotFound")]
    (told,) = shop.told(order, Action.DELETED)
    assert f"store={store}" in told.rule
    assert shop.told(order, Action.PARKED) == []
    assert len(shop.stores[store.other].orders_kept) == 1
    shop.hint(order if store is OURS else there.id, store)
    assert len(shop.told(order, Action.DELETED)) == 1


def test_an_order_that_met_a_shop_without_access_waits_and_is_taken_up_again() -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=2)
    shop.webasyst.faults.arm(Trouble.FORBIDDEN, times=99)
    with pytest.raises(Forbidden):
        shop.hint(order)
    assert shop.aside() == [(OURS, order, "Forbidden")]
    shop.webasyst.faults.clear()
    assert shop.hint(order, resumed=True)["created_webasyst"] == 1
    assert shop.aside() == []


def test_a_shop_that_is_down_for_long_costs_no_message_and_its_order_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.edit(order, CUP=3)
    monkeypatch.setitem(INSTEAD, Trouble.UNREACHABLE, CircuitOpen)
    shop.webasyst.faults.arm(Trouble.UNREACHABLE, times=99)
    assert shop.hint(order) == {"held": 1}
    assert shop.hint(shop.mirror(order).id, THEIRS) == {"held": 1}
    assert shop.aside() == [(OURS, order, "CircuitOpen")]
    shop.webasyst.faults.clear()
    shop.hint(order, resumed=True)
    assert (pieces(shop.mirror(order)), shop.aside()) == ({"CUP": 3}, [])
