"""One order's body between the shops: edited where it was not edited, exact to the cent, and told as it was."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.changes import Cause
from storesync.domain.journal import Action
from storesync.errors import Unreachable

from tests.fakes.stores_faults import Trouble
from tests.integration.product_scene import OURS, THEIRS
from tests.unit.sync.orders_shop import OrdersShop, pieces, read

# -- edited


def test_an_edit_in_cscart_is_carried_once_with_old_and_new_shown() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.edit(order, CUP=4)
    assert shop.hint(order)["updated_webasyst"] == 1
    there = shop.mirror(order)
    assert (pieces(there), there.total) == ({"CUP": 4}, Decimal("340.00"))
    (told,) = shop.told(order, Action.WRITTEN)
    assert (told.store, told.record_id, told.group, told.rule) == (THEIRS, there.id, "order", "edited in cscart")
    assert (read(told.old)["total"], read(told.new)["total"]) == ("320.00", "340.00")
    before = shop.writes
    assert shop.hint(order) == {"unchanged": 1}
    assert shop.hint(there.id, THEIRS) == {"unchanged": 1}
    assert shop.writes == before


def test_an_edit_in_webasyst_is_shown_once_where_edits_do_not_flow() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.edit_there(order, CUP=3)
    shop.hint(shop.mirror(order).id, THEIRS)
    assert pieces(shop.ours(order)) == {"CUP": 2}
    (told,) = shop.told(order, Action.CONFLICT)
    assert (told.store, told.rule) == (THEIRS, "edited in webasyst, and edits do not flow to CS-Cart")
    assert (read(told.old)["lines"][0]["quantity"], read(told.new)["lines"][0]["quantity"]) == ("2", "3")
    shop.hint(shop.mirror(order).id, THEIRS)
    shop.hint(order)
    assert len(shop.told(order, Action.CONFLICT)) == 1
    assert pieces(shop.mirror(order)) == {"CUP": 3}


def test_an_edit_in_webasyst_is_carried_where_the_owner_wants_it() -> None:
    shop = OrdersShop(order_edits_to_cscart=True)
    order = shop.mirrored(CUP=2)
    shop.edit_there(order, CUP=3)
    assert shop.hint(shop.mirror(order).id, THEIRS)["updated_cscart"] == 1
    assert (pieces(shop.ours(order)), shop.ours(order).total) == ({"CUP": 3}, Decimal("330.00"))
    (told,) = shop.told(order, Action.WRITTEN)
    assert (told.store, told.record_id, told.rule, told.loser) == (OURS, order, "edited in webasyst", "")


def test_edited_on_both_sides_the_order_is_what_it_is_where_it_was_placed() -> None:
    shop = OrdersShop(order_edits_to_cscart=True)
    order = shop.mirrored(CUP=2)
    shop.edit(order, CUP=4)
    shop.edit_there(order, CUP=3)
    shop.hint(shop.mirror(order).id, THEIRS)
    assert (pieces(shop.ours(order)), pieces(shop.mirror(order))) == ({"CUP": 4}, {"CUP": 4})
    (told,) = shop.told(order, Action.CONFLICT)
    assert (told.store, told.rule) == (THEIRS, "edited in cscart")
    assert read(told.loser)["lines"][0]["quantity"] == "3"


def test_the_same_edit_made_by_hand_on_both_sides_is_not_written() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.edit(order, CUP=4)
    shop.edit_there(order, CUP=4)
    before = shop.writes
    shop.hint(order)
    assert shop.told(order, Action.WRITTEN, Action.CONFLICT) == []
    assert shop.hint(order) == {"unchanged": 1}
    assert shop.webasyst.writes - before <= 2  # what the edit moved of a stock that the order never touched is set right


def test_the_owner_may_have_a_mirror_repaired_that_nobody_saw_moving() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.edit_there(order, CUP=3)
    shop.hint(shop.mirror(order).id, THEIRS)
    assert shop.hint(order) == {"unchanged": 1}
    assert shop.hint(order, cause=Cause.CONSOLE)["updated_webasyst"] == 1
    assert pieces(shop.mirror(order)) == {"CUP": 2}
    (told,) = shop.told(order, Action.WRITTEN)
    assert told.rule == "repaired"
    before = shop.writes
    shop.hint(order, cause=Cause.CONSOLE)
    assert (shop.writes - before, len(shop.told(order, Action.WRITTEN))) == (0, 1)


# -- exact


def test_a_discount_that_the_shop_spreads_by_a_cent_is_brought_right() -> None:
    shop = OrdersShop()
    shop.webasyst.exact = False
    order = shop.mirrored(CUP=3, BOX=2, discount=Decimal("10.01"))
    assert shop.mirror(order).total == shop.ours(order).total == Decimal("344.99")
    assert shop.aside() == []


def stubborn(shop: OrdersShop, monkeypatch: pytest.MonkeyPatch, by: str = "7") -> list[int]:
    """The shop makes every total dearer; how often it was written is counted."""
    seen, writes = shop.webasyst.order_seen, []
    monkeypatch.setattr(shop.webasyst, "order_seen", lambda key: replace(found := seen(key), total=found.total + Decimal(by)))
    update = shop.webasyst.update_order

    def counted(current, desired, *, suppress_stock):  # type: ignore[no-untyped-def]
        writes.append(1)
        return update(current, desired, suppress_stock=suppress_stock)

    monkeypatch.setattr(shop.webasyst, "update_order", counted)
    return writes


def test_a_total_that_cannot_be_had_is_set_aside_with_both_amounts_after_three_corrections(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=2)
    writes = stubborn(shop, monkeypatch)
    assert shop.hint(order)["parked"] == 1
    assert len(writes) == 3
    assert shop.aside() == [(OURS, order, "TotalsDiffer")]
    (told,) = shop.told(order, Action.PARKED)
    assert "320.00 != 327.00" in told.rule
    assert (shop.link(order).differs, shop.link(order).parked) == (True, "TotalsDiffer")
    assert shop.link(order).is_linked


def test_money_that_differs_stays_shown_until_it_agrees_and_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=2)
    with monkeypatch.context() as patch:
        stubborn(shop, patch)
        shop.hint(order)
        shop.clock.sleep(60)
        shop.hint(order)
        shop.cscart.change_status(order, "P")
        shop.hint(order)
        assert shop.aside() == [(OURS, order, "TotalsDiffer")]
        assert len(shop.told(order, Action.PARKED)) == 1
        assert shop.mirror(order).status == "processing"
    shop.edit(order, CUP=3)
    shop.hint(order)
    assert shop.aside() == []
    assert (shop.link(order).differs, shop.link(order).parked) == (False, "")
    assert shop.mirror(order).total == shop.ours(order).total


def test_an_order_from_webasyst_arrives_with_its_price_and_total() -> None:
    shop = OrdersShop(orders_to_cscart=True)
    shop.mirrored(CUP=1)
    shop.webasyst.edit_variant(shop.variant(THEIRS, "CUP").id, price=Decimal("11.00"))
    placed = shop.webasyst.sell({shop.variant(THEIRS, "CUP").id: 2}, shipping=Decimal("300.00"))
    assert shop.hint(placed, THEIRS)["created_cscart"] == 1
    link = shop.link(placed, THEIRS)
    assert (link.origin, link.webasyst_id) == (THEIRS, placed)
    assert shop.ours(link.cscart_id).total == Decimal("322.00")
    assert shop.ours(link.cscart_id).marker == f"main:webasyst:{placed}"


def test_an_order_from_webasyst_that_cscart_reckons_otherwise_is_tried_once_and_set_aside() -> None:
    shop = OrdersShop(orders_to_cscart=True)
    shop.mirrored(CUP=1)
    placed = shop.webasyst.sell({shop.variant(THEIRS, "CUP").id: 2}, shipping=Decimal("250.00"))
    before = shop.cscart.writes
    assert shop.hint(placed, THEIRS)["parked"] == 1
    assert shop.aside() == [(THEIRS, placed, "TotalsDiffer")]
    assert shop.cscart.writes - before <= 4  # made, set right once by the client, its status
    (told,) = shop.told(placed, Action.PARKED)
    assert "270.00 != 320.00" in told.rule


def test_a_hint_while_the_shop_is_down_leaves_everything_as_it_was() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.edit(order, CUP=3)
    shop.webasyst.faults.arm(Trouble.UNREACHABLE, "update_order")
    with pytest.raises(Unreachable):
        shop.hint(order)
    assert pieces(shop.mirror(order)) == {"CUP": 2}
    shop.hint(order)
    assert pieces(shop.mirror(order)) == {"CUP": 3}
    assert shop.stock("CUP")[0] == 6


def test_texts_that_the_shop_drops_are_sent_once_more_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = OrdersShop()
    seen = shop.webasyst.order_seen
    monkeypatch.setattr(shop.webasyst, "order_seen", lambda key: replace(seen(key), payment_name=""))
    order = shop.buy(CUP=1)
    assert shop.hint(order)["updated_webasyst"] == 1
    assert shop.aside() == []
