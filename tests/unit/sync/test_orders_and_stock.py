"""What an order takes of the stock of either shop, and which products are looked at for it."""

from datetime import timedelta

import pytest
from storesync.domain.changes import Cause
from storesync.domain.journal import Action

from tests.fakes.stores_faults import Trouble
from tests.integration.product_scene import OURS, THEIRS
from tests.unit.sync.orders_shop import OrdersShop, pieces, read

# -- stock


def test_a_mirrored_order_leaves_the_stock_of_webasyst_alone_whatever_becomes_of_it() -> None:
    shop = OrdersShop("create")
    order = shop.mirrored(CUP=2)
    assert shop.stock("CUP") == (7, 7)  # the product came over after the sale
    there = shop.mirror(order)
    assert (there.stock_taken, there.stock_suppressed) == (True, True)
    shop.cscart.change_status(order, "I")
    shop.hint(order)
    assert shop.stock("CUP") == (9, 7)
    assert shop.hinted()[-1] == (OURS, (shop.ours(order).lines[0].product_id,))


@pytest.mark.parametrize("action", ["delete", "refund"])
def test_what_webasyst_gives_back_for_a_mirror_is_taken_back_once_and_told(action: str) -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2, BOX=1)
    there = shop.mirror(order)
    before = (shop.variant(THEIRS, "CUP").stock, shop.variant(THEIRS, "BOX").stock)
    if action == "refund":
        shop.webasyst.act(there.id, "pay")
        shop.hint(there.id, THEIRS)
    assert shop.webasyst.act(there.id, action)
    assert shop.variant(THEIRS, "CUP").stock == (before[0] or 0) + 2
    assert shop.hint(there.id, THEIRS)["stock_undone"] == 2
    assert (shop.variant(THEIRS, "CUP").stock, shop.variant(THEIRS, "BOX").stock) == before
    told = {
        read(entry.old)["sku"]: (read(entry.old)["stock"], read(entry.new)["stock"])
        for entry in shop.told(order, Action.WRITTEN, group="stock")
    }
    assert told == {"CUP": ((before[0] or 0) + 2, before[0]), "BOX": ((before[1] or 0) + 1, before[1])}
    assert (shop.link(order).held, shop.link(order).owed) == ({}, {})
    shop.hint(order, cause=Cause.CONSOLE)
    assert (shop.variant(THEIRS, "CUP").stock, shop.variant(THEIRS, "BOX").stock) == before


def test_what_an_edit_in_webasyst_moves_of_a_stock_that_was_never_touched_is_set_right() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2)
    before = shop.variant(THEIRS, "CUP").stock
    shop.edit_there(order, CUP=5)
    assert shop.variant(THEIRS, "CUP").stock == (before or 0) - 3
    shop.hint(shop.mirror(order).id, THEIRS)
    assert shop.variant(THEIRS, "CUP").stock == before
    assert list(shop.link(order).held or {}) == [f"{shop.mirror(order).lines[0].product_id}/{shop.variant(THEIRS, 'CUP').id}"]
    assert list((shop.link(order).held or {}).values()) == [5]


def test_where_webasyst_owns_the_stock_a_sale_is_reserved_until_it_is_taken_there() -> None:
    shop = OrdersShop("processing", stock_owner=THEIRS)
    order = shop.mirrored(CUP=2)
    cup = shop.variant(THEIRS, "CUP").id
    assert shop.reserved() == {f"cscart:{order}": {cup: 2}}
    assert not shop.mirror(order).stock_suppressed
    shop.edit(order, CUP=3)
    shop.hint(order)
    assert shop.reserved() == {f"cscart:{order}": {cup: 3}}
    shop.webasyst.act(shop.mirror(order).id, "process")
    shop.hint(shop.mirror(order).id, THEIRS)
    assert shop.mirror(order).stock_taken
    assert shop.reserved().get(f"cscart:{order}", {}) == {}


@pytest.mark.parametrize("how", ["cancelled", "gone", "never counted"])
def test_a_reservation_ends_with_its_order(how: str) -> None:
    shop = OrdersShop("none" if how == "never counted" else "processing", stock_owner=THEIRS)
    order = shop.mirrored(CUP=2)
    if how == "cancelled":
        shop.cscart.change_status(order, "I")
        shop.hint(order)
    if how == "gone":
        shop.webasyst.orders_kept.pop(int(shop.mirror(order).id))
        shop.cscart.orders_kept.pop(int(order))
        shop.hint(order)
    expected = {shop.variant(THEIRS, "CUP").id: 2} if how == "gone" else {}
    assert shop.reserved().get(f"cscart:{order}", {}) == expected  # a link that knows both sides keeps it until the owner decides


def test_a_sale_is_reserved_while_its_mirror_cannot_be_made() -> None:
    shop = OrdersShop("processing", stock_owner=THEIRS)
    shop.mirrored(BOX=1, CUP=1)
    order = shop.buy(CUP=2)
    shop.webasyst.faults.arm(Trouble.REJECTED, "create_order")
    shop.hint(order)
    assert shop.mirrors(order) == []
    assert shop.reserved()[f"cscart:{order}"] == {shop.variant(THEIRS, "CUP").id: 2}
    shop.cscart.orders_kept.pop(int(order))
    shop.hint(order)
    assert shop.reserved().get(f"cscart:{order}", {}) == {}


def test_an_order_from_before_the_connection_takes_no_stock_in_webasyst() -> None:
    shop = OrdersShop("create", stock_owner=THEIRS)
    order = shop.buy(CUP=2)
    shop.change(created_at=shop.clock.now() + timedelta(hours=1), orders_from=shop.clock.now() - timedelta(days=1))
    shop.hint(order)
    assert shop.mirror(order).stock_suppressed
    assert shop.reserved().get(f"cscart:{order}", {}) == {}


# -- what is looked at


def test_the_products_of_a_changed_order_are_looked_at_once_per_change() -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=2, BOX=1)
    shop.hint(order)
    ids = tuple(sorted(line.product_id for line in shop.ours(order).lines))
    assert (OURS, ids) in shop.hinted()
    shop.hint(order)
    assert shop.hinted() == []
    shop.edit(order, CUP=3)
    shop.hint(order)
    assert (OURS, ids) in shop.hinted()


def test_an_order_that_is_read_late_for_the_first_time_moves_nobody() -> None:
    shop = OrdersShop()
    order = shop.buy(CUP=2)
    shop.later(hours=6, seconds=-4)
    shop.hint(order)
    assert shop.hinted() == []
    young = shop.buy(CUP=1)
    shop.later(hours=6, seconds=-10)
    shop.hint(young)
    assert shop.hinted() != []


def test_a_line_that_an_edit_took_out_has_its_product_looked_at() -> None:
    shop = OrdersShop()
    order = shop.mirrored(CUP=2, BOX=1)
    shop.hinted()
    box = next(line for line in shop.mirror(order).lines if line.sku == "BOX")
    lines = [line for line in shop.ours(order).lines if line.sku == "CUP"]
    shop.cscart.rebuild(order, lines)
    shop.hint(order)
    assert pieces(shop.mirror(order)) == {"CUP": 2}
    assert any(store is THEIRS and box.product_id in ids for store, ids in shop.hinted())
