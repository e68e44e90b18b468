"""One order gets one counterpart, whatever becomes of the answer, and it is told as it was."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.journal import Action
from storesync.errors import OutcomeUnknown, ServerFault, StoreError

from tests.fakes.stores_faults import Trouble
from tests.integration.product_scene import OURS, THEIRS
from tests.unit.sync.orders_shop import OrdersShop, pieces, read


def test_a_new_order_is_made_linked_and_told_under_its_number_there() -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=2, BOX=1)
    assert shop.hint(order)["created_webasyst"] == 1
    there = shop.mirror(order)
    assert (pieces(there), there.total, there.shipping) == ({"CUP": 2, "BOX": 1}, Decimal("332.50"), Decimal("300.00"))
    assert there.shipping_name == "Courier"
    link = shop.link(order)
    assert (link.cscart_id, link.webasyst_id, link.origin, link.intended_at, link.parked, link.differs) == (
        order,
        there.id,
        OURS,
        None,
        "",
        False,
    )
    (made,) = shop.told(order, Action.CREATED)
    assert (made.store, made.record_id, made.group, made.old, made.rule, made.loser) == (THEIRS, there.id, "order", "", "new in cscart", "")
    assert read(made.new)["total"] == "332.50"


def test_an_order_whose_link_is_lost_is_found_by_its_mark_and_brought_up_to_date() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    shop.edit(order, CUP=3)
    shop.forget()
    assert "created_webasyst" not in shop.hint(order)
    there = shop.mirror(order)
    assert (pieces(there), there.total) == ({"CUP": 3}, Decimal("330.00"))
    assert shop.link(order).webasyst_id == there.id
    (found,) = shop.told(order, Action.LINKED)
    assert (found.rule, found.record_id) == ("found by our mark", there.id)
    assert shop.told(order, Action.CREATED, Action.CONFLICT) == []


def test_of_several_orders_with_our_mark_the_oldest_by_number_is_kept_and_the_others_are_named() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    first = shop.mirror(order)
    twins = [shop.webasyst.take(first.lines, marker=first.marker, shipping=first.shipping) for _ in range(2)]
    number = "1000"  # in the order of the alphabet it would be the first
    shop.webasyst.orders_kept[1000] = replace(shop.webasyst.orders_kept.pop(int(twins[1])), id=number)
    shop.webasyst.order_stamps[1000] = shop.webasyst.order_stamps.pop(int(twins[1]))
    shop.forget()
    shop.hint(order)
    assert shop.link(order).webasyst_id == first.id
    (told,) = [entry for entry in shop.told(order, Action.CONFLICT) if entry.loser]
    assert (told.loser, told.store, told.rule) == (f"{twins[0]}, 1000", THEIRS, "several orders carry our mark; the oldest is kept")


@pytest.mark.parametrize("trouble", [Trouble.UNREACHABLE, Trouble.BUSY, Trouble.REJECTED])
def test_an_order_that_was_certainly_not_made_is_made_at_the_next_hint(trouble: Trouble) -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=1)
    shop.webasyst.faults.arm(trouble, "create_order")
    if trouble is Trouble.REJECTED:
        assert shop.hint(order)["parked"] == 1
        assert shop.aside() == [(OURS, order, "Rejected")]
    else:
        with pytest.raises(StoreError):
            shop.hint(order)
    assert shop.mirrors(order) == []
    assert shop.link(order).intended_at is None
    assert shop.hint(order)["created_webasyst"] == 1
    assert len(shop.mirrors(order)) == 1
    assert shop.aside() == []


def test_an_order_that_may_still_arrive_is_not_made_again_before_half_a_minute() -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=1)
    shop.webasyst.faults.arm(Trouble.FAULT, "create_order")
    with pytest.raises(ServerFault):
        shop.hint(order)
    assert shop.link(order).intended_at == shop.clock.now()
    shop.later(seconds=24)  # a hint waits five more
    with pytest.raises(OutcomeUnknown) as found:
        shop.hint(order)
    assert (found.value.data["store"], found.value.data["order"]) == (THEIRS, order)
    assert shop.mirrors(order) == []
    assert shop.hint(order)["created_webasyst"] == 1
    assert len(shop.mirrors(order)) == 1
    assert shop.link(order).intended_at is None


def test_an_order_that_was_made_though_the_answer_was_lost_is_taken_up_at_once() -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=1)
    shop.webasyst.faults.arm(Trouble.LOST, "create_order")
    with pytest.raises(OutcomeUnknown):
        shop.hint(order)
    assert shop.hint(order).get("created_webasyst", 0) == 0
    assert shop.link(order).webasyst_id == shop.mirror(order).id
    assert shop.aside() == []


def test_a_place_that_the_shop_kept_in_another_form_is_told_by_the_names_of_its_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=1, comment="Ring twice")
    seen = shop.webasyst.order_seen
    monkeypatch.setattr(shop.webasyst, "order_seen", lambda key: replace(seen(key), comment="Ring"))
    assert shop.hint(order)["kept_otherwise"] == 1
    (told,) = shop.told(order, Action.CONFLICT)
    assert (told.store, told.group, read(told.new)) == (THEIRS, "order", {"changed": ["comment"]})
    assert "Ring" not in told.new + told.old + told.rule
