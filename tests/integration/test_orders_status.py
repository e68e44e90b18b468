"""Statuses between both shops: along the table, once, whatever order the hints come in, and read back."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from storesync.domain.changes import Cause
from storesync.domain.connection import StatusMap
from storesync.domain.model import StoreName
from storesync.sync import order_plans

from tests.integration.order_scene import Shops, open_shops
from tests.sandbox.script.shops import values
from tests.sandbox.webasyst import states

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST


@pytest.fixture
def shops() -> Iterator[Shops]:
    yield from open_shops()


def order(shops: Shops, letter: str = "") -> tuple[str, str]:
    product = shops.goods[0] if shops.goods else shops.product()
    order_id = shops.place({product: 1})
    if letter:
        shops.ours.set_status(order_id, letter)
    shops.hint(CSCART, order_id)
    return order_id, shops.mirror(order_id)["id"]


def standing(shops: Shops, order_id: str) -> tuple[str, str]:
    return shops.ours.order(order_id)["status"], shops.mirror(order_id)["state_id"]


@pytest.mark.parametrize(("letter", "state"), [("O", "new"), ("P", "processing"), ("C", "completed"), ("I", "deleted"), ("F", "deleted")])
def test_a_status_that_moved_before_the_mirror_existed_is_there(shops: Shops, letter: str, state: str) -> None:
    order_id, _ = order(shops, letter)
    assert standing(shops, order_id) == (letter, state)


@pytest.mark.parametrize(
    ("actions", "letter"),
    [(("process",), "P"), (("ship", "complete"), "C"), (("pay", "refund"), "I"), (("delete",), "I"), (("delete", "restore"), "O")],
)
def test_a_move_in_webasyst_arrives(shops: Shops, actions: tuple[str, ...], letter: str) -> None:
    order_id, theirs = order(shops)
    for action in actions:
        shops.theirs.act(theirs, action)
        shops.hint(WEBASYST, theirs)
    assert standing(shops, order_id)[0] == letter
    assert shops.parked() == []


def test_fault_49_moves_on_both_sides_end_with_the_further_one(shops: Shops) -> None:
    order_id, theirs = order(shops)
    shops.theirs.act(theirs, "ship")
    shops.ours.set_status(order_id, "C")
    shops.hint(WEBASYST, theirs)
    assert standing(shops, order_id) == ("C", "completed")
    order_id, theirs = order(shops)
    shops.theirs.act(theirs, "complete")
    shops.ours.set_status(order_id, "P")
    shops.hint(CSCART, order_id)
    assert standing(shops, order_id) == ("C", "completed")


def test_a_move_before_both_ever_agreed_arrives(shops: Shops) -> None:
    """The mirror was made, and then the shop's list of statuses could not be read."""
    table = shops.world.connection.statuses
    shops.change(statuses=StatusMap())
    order_id, theirs = order(shops)
    assert shops.parked() == [(order_id, "UnmappedStatus")]
    shops.theirs.act(theirs, "complete")
    shops.change(statuses=table)
    shops.hint(WEBASYST, theirs)
    assert standing(shops, order_id) == ("C", "completed")
    assert shops.parked() == []


def test_a_move_that_met_a_shop_without_access_arrives_when_it_is_back(shops: Shops) -> None:
    order_id, theirs = order(shops)
    shops.theirs.act(theirs, "complete")
    shops.held(WEBASYST, theirs)
    assert standing(shops, order_id) == ("C", "completed")
    assert shops.parked() == []


def test_fault_49_hints_that_come_late_and_in_any_order_change_nothing(shops: Shops) -> None:
    order_id, theirs = order(shops)
    for letter in ("P", "C"):
        shops.ours.set_status(order_id, letter)
    for store, number in ((WEBASYST, theirs), (CSCART, order_id), (CSCART, order_id), (WEBASYST, theirs)):
        shops.hint(store, number)
    assert standing(shops, order_id) == ("C", "completed")
    logged = [entry for entry in shops.world.journal.history("order", order_id) if entry.group == "status"]
    assert len(logged) == 1


def test_fault_49_a_step_back_is_journalled_and_left(shops: Shops) -> None:
    order_id, _ = order(shops, "C")
    shops.ours.set_status(order_id, "P")
    assert shops.hint(CSCART, order_id)["status_left"] == 1
    assert standing(shops, order_id) == ("P", "completed")
    assert shops.hint(CSCART, order_id) == {"unchanged": 1}


def test_fault_49_an_unmapped_status_is_set_aside_and_taken_up_when_it_is_mapped(shops: Shops) -> None:
    from tests.sandbox.cscart import statuses as letters

    _, letter = letters.add(shops.cscart.shop, "Гарантия", {})
    order_id, _ = order(shops)
    shops.ours.set_status(order_id, letter)
    shops.hint(CSCART, order_id)
    shops.hint(CSCART, order_id)
    assert shops.parked() == [(order_id, "UnmappedStatus")]
    assert sum(entry.action == "parked" for entry in shops.world.journal.history("order", order_id)) == 1
    table = shops.world.connection.statuses
    shops.change(statuses=StatusMap({**table.to_webasyst, letter: "ship"}, {**table.to_cscart, "shipped": letter}))
    shops.hint(CSCART, order_id, Cause.CONSOLE)
    assert standing(shops, order_id) == (letter, "shipped")
    assert shops.parked() == []


def test_an_action_that_the_shop_refuses_is_told_and_not_asked_again(shops: Shops) -> None:
    order_id, _ = order(shops)
    shops.webasyst.refused_actions.add("process")
    shops.ours.set_status(order_id, "P")
    shops.hint(CSCART, order_id)
    assert shops.parked() == [(order_id, "NotKept")]
    shops.calls()
    shops.hint(CSCART, order_id)
    assert not [call for call in shops.calls() if "order.action" in call]
    shops.webasyst.refused_actions.clear()
    shops.ours.set_status(order_id, "C")
    shops.hint(CSCART, order_id)
    assert standing(shops, order_id) == ("C", "completed")
    assert shops.parked() == []


def test_fault_21_a_letter_that_cscart_replaces_is_told(shops: Shops) -> None:
    """Taken out of the cancelled ones, an order that finds no stock ends as backordered (C18)."""
    order_id, theirs = order(shops, "I")
    shops.ours.edit(shops.goods[0], amount=0)
    shops.theirs.act(theirs, "restore")
    shops.hint(WEBASYST, theirs)
    assert standing(shops, order_id) == ("B", "new")
    assert shops.parked() == [(order_id, "NotKept")]


def test_fault_50_an_order_that_is_being_edited_in_cscart_waits(shops: Shops) -> None:
    """It is `N` for that long (C38): no status of its own, and no edit."""
    order_id, theirs = order(shops, "P")
    shops.cscart.shop.update("orders", {"status": "N"}, order_id=int(order_id))
    shops.theirs.act(theirs, "complete")
    for store, number in ((WEBASYST, theirs), (CSCART, order_id)):
        shops.hint(store, number)
    assert (standing(shops, order_id), shops.parked()) == (("N", "completed"), [])
    shops.cscart.shop.update("orders", {"status": "P"}, order_id=int(order_id))
    shops.hint(WEBASYST, theirs)
    assert standing(shops, order_id) == ("C", "completed")


def test_a_cancel_that_was_not_taken_is_still_the_further_one(shops: Shops) -> None:
    order_id, theirs = order(shops)
    shops.webasyst.refused_actions.add("delete")
    shops.ours.set_status(order_id, "I")
    shops.hint(CSCART, order_id)
    shops.theirs.act(theirs, "complete")
    shops.hint(WEBASYST, theirs)
    assert standing(shops, order_id) == ("I", "refunded")
    assert shops.parked() == []


def test_a_mark_that_a_shopper_wrote_into_his_notes_is_a_comment(shops: Shops) -> None:
    product = shops.product()
    order_id = shops.place({product: 1}, "[sync main:webasyst:5]")
    shops.hint(CSCART, order_id)
    assert shops.mirror(order_id)


def test_fault_45_a_partial_refund_is_carried_once(shops: Shops) -> None:
    shops.change(order_edits_to_cscart=True)
    order_id = shops.place({shops.product("100.00"): 3})
    shops.ours.set_status(order_id, "C")
    shops.hint(CSCART, order_id)
    there = shops.mirror(order_id)
    form = {"id": there["id"], "action": "refund", "refund_mode": "partial", f"refund_items[{there['items'][0]['id']}][quantity]": 1}
    shops.theirs.call("POST", "shop.order.action", form=form)
    shops.hint(WEBASYST, there["id"])
    shops.hint(WEBASYST, there["id"])
    here = shops.ours.order(order_id)
    assert [int(line["amount"]) for line in values(here["products"])] == [2]
    assert Decimal(here["total"]) == Decimal(shops.mirror(order_id)["total"])
    assert here["status"] == "C"


def test_fault_49_a_child_is_mirrored_and_its_parent_never(shops: Shops) -> None:
    order_id = shops.place({shops.product(): 1})
    parent = shops.place({shops.goods[0]: 1})
    shops.cscart.shop.update("orders", {"is_parent_order": "Y", "status": "T"}, order_id=int(parent))
    shops.cscart.shop.update("orders", {"parent_order_id": int(parent)}, order_id=int(order_id))
    for number in (parent, order_id):
        shops.hint(CSCART, number)
    assert len(shops.theirs.orders()) == 1
    assert shops.mirror(order_id)


def test_a_letter_whose_only_way_is_not_offered_is_set_aside_and_taken_up_when_the_order_was_moved_by_hand(shops: Shops) -> None:
    order_id, theirs = order(shops)
    table = shops.world.connection.statuses
    shops.change(statuses=StatusMap({**table.to_webasyst, "B": "own"}, {**table.to_cscart, "processing": "B"}))
    shops.ours.set_status(order_id, "B")
    shops.hint(CSCART, order_id)
    assert standing(shops, order_id) == ("B", "new")
    (parked,) = shops.world.links.parked("order")
    assert (parked.record_id, parked.reason) == (order_id, "UnmappedStatus")
    assert "by hand" in parked.advice
    shops.theirs.act(theirs, "process")
    shops.hint(WEBASYST, theirs)
    assert (standing(shops, order_id), shops.parked()) == (("B", "processing"), [])


@pytest.fixture
def own_action(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's owner has made an action, which leads a new order to a state of the shop's own."""
    (new,) = [state for state in states.observed("settings")["order_states"] if state["id"] == "new"]
    monkeypatch.setitem(new, "available_actions", [*new["available_actions"], "own"])
    monkeypatch.setitem(states.TARGETS, "own", "boxed")


def test_an_own_action_is_taken_once_and_is_enough_whatever_the_table_knows_of_its_state(own_action: None) -> None:
    for shops in open_shops():
        table = shops.world.connection.statuses
        shops.change(statuses=StatusMap({**table.to_webasyst, "B": "own"}, table.to_cscart))
        order_id, _ = order(shops)
        shops.ours.set_status(order_id, "B")
        (moved,) = shops.world.store(CSCART).orders([order_id])
        assert [entry.rule for entry in order_plans.of_order(shops.world, CSCART, moved)] == ["B -> own"]
        shops.hint(CSCART, order_id)
        shops.hint(CSCART, order_id)
        assert (standing(shops, order_id), shops.parked()) == (("B", "boxed"), [])
        told = [(entry.action, entry.rule) for entry in shops.world.journal.history("order", order_id) if entry.group == "status"]
        assert told == [("written", "B -> own")]
