"""Faults of orders and of pairs of shops that are survived by more than one part at once: named after their numbers in tests/faults.md."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from storesync.domain.connection import Policy
from storesync.domain.findings import Weight
from storesync.domain.model import Group, StoreName
from storesync.errors import SyncError
from storesync.sync import pairing

from tests.integration.order_scene import Shops, open_shops
from tests.sandbox.script.shops import values

CSCART, WEBASYST = StoreName


@pytest.fixture
def shops() -> Iterator[Shops]:
    yield from open_shops(settings={"order_edits_to_cscart": True})


def test_fault_23a_of_four_workers_at_one_order_one_processes_it_and_stock_goes_once() -> None:
    policies = {group: Policy.TWO_WAY for group in Group} | {Group.STOCK: Policy.TO_CSCART}
    for shops in open_shops(settings={"stock_owner": WEBASYST, "policies": policies}, stock_counting_action="processing"):
        product = shops.product()
        shops.sync_products(CSCART, product)
        order_id = shops.place({product: 2})
        shops.hint(CSCART, order_id)
        theirs = shops.mirror(order_id)["id"]
        shops.ours.set_status(order_id, "P")

        def work(store: StoreName, record: str, shops: Shops = shops) -> None:
            for _ in range(5):
                try:
                    shops.hint(store, record)
                    return
                except SyncError as error:
                    assert error.retriable

        shops.calls()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, (CSCART, WEBASYST) * 2, (order_id, theirs) * 2))
        assert shops.mirror(order_id)["state_id"] == "processing"
        assert sum("order.action" in call for call in shops.calls()) == 1
        assert shops.stock(product)[1] == 98


def refund(shops: Shops, order_id: str, pieces: int) -> None:
    there = shops.mirror(order_id)
    theirs, item = there["id"], there["items"][0]["id"]
    form = {"id": theirs, "action": "refund", "refund_mode": "partial", f"refund_items[{item}][quantity]": pieces}
    shops.theirs.call("POST", "shop.order.action", form=form)


def test_fault_45_two_partial_refunds_are_carried_once_each(shops: Shops) -> None:
    order_id = shops.place({shops.product("100.00"): 5})
    shops.ours.set_status(order_id, "C")
    shops.hint(CSCART, order_id)
    theirs = shops.mirror(order_id)["id"]
    for left in (4, 2):
        refund(shops, order_id, 1 if left == 4 else 2)
        for _ in range(3):
            shops.hint(WEBASYST, theirs)
            shops.hint(CSCART, order_id)
        here = shops.ours.order(order_id)
        assert [int(line["amount"]) for line in values(here["products"])] == [left]
        assert Decimal(here["total"]) == Decimal(shops.mirror(order_id)["total"])


def test_fault_45_an_order_that_is_cancelled_after_it_was_shipped_is_cancelled_once(shops: Shops) -> None:
    product = shops.product()
    order_id = shops.place({product: 3})
    shops.hint(CSCART, order_id)
    theirs = shops.mirror(order_id)["id"]
    shops.theirs.act(theirs, "ship")
    shops.hint(WEBASYST, theirs)
    shops.ours.set_status(order_id, "I")
    before = shops.ours.call("GET", f"products/{product}")["amount"]
    shops.calls()
    for _ in range(3):
        shops.hint(CSCART, order_id)
        shops.hint(WEBASYST, theirs)
    assert shops.ours.order(order_id)["status"] == "I"
    assert shops.mirror(order_id)["state_id"] in ("deleted", "refunded", "shipped")
    assert sum("order.action" in call for call in shops.calls()) <= 1
    assert shops.ours.call("GET", f"products/{product}")["amount"] == before


@pytest.mark.parametrize("later", [timedelta(), timedelta(minutes=10), timedelta(days=30)])
def test_fault_57_an_order_hint_has_one_effect_whenever_it_comes_again(shops: Shops, later: timedelta) -> None:
    order_id = shops.place({shops.product(): 1})
    shops.hint(CSCART, order_id)
    shops.clock.ahead += later
    shops.calls()
    for _ in range(10):
        shops.hint(CSCART, order_id)
    assert len(shops.mirrors(order_id)) == 1
    assert not any(" POST " in call or " PUT " in call for call in shops.calls())


# -- the wrong pair


def told(shops: Shops) -> list[tuple[Weight, str]]:
    return [(found.weight, found.data.get("name", "")) for found in pairing.findings(shops.world)]


def test_fault_72_shops_that_belong_together_and_shops_without_orders_are_fine(shops: Shops) -> None:
    assert told(shops) == [(Weight.FINE, "")]
    for _ in range(3):
        shops.hint(CSCART, shops.place({shops.goods[0] if shops.goods else shops.product(): 1}))
    assert told(shops) == [(Weight.FINE, "")]


def test_fault_72_a_webasyst_that_was_paired_with_another_cscart_is_noticed(shops: Shops) -> None:
    for _ in range(3):
        shops.hint(CSCART, shops.place({shops.goods[0] if shops.goods else shops.product(): 1}))
    for other in open_shops():
        stores = {CSCART: other.world.store(CSCART), WEBASYST: shops.world.store(WEBASYST)}
        mixed = replace(shops, world=replace(shops.world, stores=stores))
        assert told(mixed) == [(Weight.STOPS, "")]


def test_fault_72_a_webasyst_that_another_connection_uses_is_noticed(shops: Shops) -> None:
    shops.hint(CSCART, shops.place({shops.product(): 1}))
    shops.change(id="second")
    assert told(shops) == [(Weight.WARNS, "main")]


def test_fault_72_a_shop_paired_with_itself_is_noticed(shops: Shops) -> None:
    shops.change(webasyst=replace(shops.world.connection.webasyst, url=shops.world.connection.cscart.url))
    assert told(shops) == [(Weight.STOPS, "")]
