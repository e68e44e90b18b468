"""Orders placed in Webasyst: taken into CS-Cart if the owner wants it, with their totals verified."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from storesync.domain.connection import MethodMap, StatusMap
from storesync.domain.model import StoreName
from storesync.domain.orders import Customer
from storesync.sync.customers import CustomerSync

from tests.integration.order_scene import Shops, open_shops
from tests.sandbox.script.shops import values

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST


@pytest.fixture
def shops() -> Iterator[Shops]:
    for shops in open_shops(settings={"orders_to_cscart": True}):
        shops.product("40.15")
        shops.product("0.99")
        shops.sync_products(CSCART, *shops.goods)
        yield shops


def placed(shops: Shops, *, discount: str = "0", shipping: str = "350", price: str = "40.15", quantity: str = "2", **more: Any) -> str:
    skus = {sku["sku"]: sku for item in shops.theirs.products() for sku in values(item["skus"])}
    contact = shops.theirs.call("POST", "shop.customer.add", form={"data[firstname]": "Иван", "data[email]": "ivan@example.com"})[
        "contact_id"
    ]
    sku = skus["SKU-1"]
    form = {
        "contact_id": contact, "currency": "RUB", "discount": discount, "shipping": shipping, "comment": "из Webasyst",
        "items[0][product_id]": sku["product_id"], "items[0][sku_id]": sku["id"], "items[0][type]": "product",
        "items[0][quantity]": quantity, "items[0][price]": price,
        "shipping_address[city]": "Казань", "shipping_address[street]": "ул. Баумана, 1", "shipping_address[country]": "rus", **more,
    }  # fmt: skip
    shops.theirs.call("POST", "shop.order.save", form=form)
    return str(max(int(order["id"]) for order in shops.theirs.orders()))


def mirrors(shops: Shops, number: str) -> list[dict[str, Any]]:
    orders = [shops.ours.order(order_id) for order_id in shops.ours.order_ids()]
    return [order for order in orders if f"main:webasyst:{number}" in order["notes"]]


def test_by_default_they_stay_there(shops: Shops) -> None:
    shops.change(orders_to_cscart=False)
    assert shops.hint(WEBASYST, placed(shops))["skipped_not_wanted"] == 1
    assert shops.ours.order_ids() == []


@pytest.mark.parametrize(
    ("discount", "price", "quantity"), [("0", "40.15", "2"), ("10.10", "40.15", "2"), ("0", "33.33", "3"), ("7.07", "19.99", "7")]
)
def test_they_arrive_with_their_own_prices_and_total(shops: Shops, discount: str, price: str, quantity: str) -> None:
    number = placed(shops, discount=discount, price=price, quantity=quantity)
    shops.hint(WEBASYST, number)
    shops.hint(WEBASYST, number)
    (here,) = mirrors(shops, number)
    there = next(order for order in shops.theirs.orders() if order["id"] == number)
    assert shops.parked() == []
    assert Decimal(here["total"]) == Decimal(there["total"])
    assert (here["email"], here["s_city"]) == ("ivan@example.com", "Казань")


def test_they_get_the_methods_of_the_tables_and_keep_their_own_names_there(shops: Shops) -> None:
    shops.change(payments=MethodMap({}, {"7": "2"}), shippings=MethodMap({}, {"9": "1"}))
    number = placed(shops, **{"params[payment_id]": "7", "params[payment_name]": "Invoice"})
    shops.hint(WEBASYST, number)
    (here,) = mirrors(shops, number)
    assert (here["payment_id"], shops.parked()) == ("2", [])
    shops.ours.call("PUT", f"orders/{here['order_id']}", body={"notes": "edited " + here["notes"], "products": here["products"]})
    shops.hint(CSCART, here["order_id"])
    there = next(order for order in shops.theirs.orders() if order["id"] == number)
    assert there["params"]["payment_name"] == "Invoice"


def off_by_its_shipping(shops: Shops, number: str) -> bool:
    (parked,) = shops.world.links.parked("order")
    return (parked.reason, parked.record_id) == ("TotalsDiffer", number) and "shipping=123.45 != 350.00" in parked.detail


def test_fault_23_a_total_that_cannot_be_had_is_set_aside_with_the_difference(shops: Shops) -> None:
    number = placed(shops, shipping="123.45", price="33.33")
    shops.hint(WEBASYST, number)
    assert off_by_its_shipping(shops, number)
    (here,) = mirrors(shops, number)
    for letter in ("P", "C"):
        shops.ours.set_status(here["order_id"], letter)
        shops.hint(CSCART, here["order_id"])
        assert off_by_its_shipping(shops, number), "what else moves does not make the money agree"


def test_a_total_that_differs_is_shown_again_when_another_reason_is_over(shops: Shops) -> None:
    number = placed(shops, shipping="123.45", price="33.33")
    shops.hint(WEBASYST, number)
    (here,) = mirrors(shops, number)
    shops.ours.set_status(here["order_id"], "C")
    shops.held(CSCART, here["order_id"])
    assert off_by_its_shipping(shops, number)
    assert next(order for order in shops.theirs.orders() if order["id"] == number)["state_id"] == "completed"
    table = shops.world.connection.statuses
    shops.change(statuses=StatusMap())
    shops.ours.set_status(here["order_id"], "I")
    shops.hint(CSCART, here["order_id"])
    assert shops.parked() == [(number, "UnmappedStatus")]
    shops.change(statuses=table)
    shops.hint(CSCART, here["order_id"])
    assert off_by_its_shipping(shops, number)


@pytest.mark.parametrize(
    "more",
    [
        {"items[0][quantity]": "1.5"},
        {"items[0][quantity]": "0"},
        {
            "items[1][name]": "Подарок",
            "items[1][price]": "5",
            "items[1][product_id]": "0",
            "items[1][sku_id]": "0",
            "items[1][quantity]": "1",
        },
    ],
)
def test_fault_48_what_cscart_cannot_hold_is_set_aside_whole(shops: Shops, more: dict[str, str]) -> None:
    number = placed(shops, **more)
    shops.hint(WEBASYST, number)
    assert shops.parked() == [(number, "UnsupportedValue")]
    assert shops.ours.order_ids() == []


def test_fault_47_an_address_that_nothing_ships_to_stops_no_other_order(shops: Shops) -> None:
    far, near = (placed(shops, **{"shipping_address[country]": country}) for country in ("usa", "rus"))
    shops.hint(WEBASYST, far)
    shops.hint(WEBASYST, near)
    assert shops.parked() == [(far, "UnsupportedValue")]
    assert (len(mirrors(shops, far)), len(mirrors(shops, near))) == (0, 1)


def test_fault_46_an_order_without_a_contact_is_a_guests(shops: Shops) -> None:
    """Sold over the counter, or its contact was deleted."""
    number = placed(shops)
    found = shops.world.store(WEBASYST).orders([number])[0]
    for nobody in ("", "0"):
        assert CustomerSync(shops.world).user(replace(found, customer=Customer(nobody))) == ""


def test_statuses_and_edits_flow_both_ways(shops: Shops) -> None:
    number = placed(shops)
    shops.hint(WEBASYST, number)
    (here,) = mirrors(shops, number)
    shops.theirs.act(number, "process")
    shops.hint(WEBASYST, number)
    assert mirrors(shops, number)[0]["status"] == "P"
    shops.ours.set_status(here["order_id"], "C")
    shops.hint(CSCART, here["order_id"])
    there = next(order for order in shops.theirs.orders() if order["id"] == number)
    assert there["state_id"] == "completed"


def test_another_connections_orders_are_nobodys_business(shops: Shops) -> None:
    number = placed(shops, **{"params[storesync_ref]": "other:cscart:77"})
    assert shops.hint(WEBASYST, number)["skipped_of_another_connection"] == 1
    assert shops.ours.order_ids() == []


@pytest.mark.parametrize("owner", [CSCART, WEBASYST, None])
def test_fault_41_a_sale_there_is_taken_off_once_whoever_keeps_the_stock(shops: Shops, owner: StoreName | None) -> None:
    shops.change(stock_owner=owner)
    number = placed(shops)
    shops.theirs.act(number, "process")
    shops.hint(WEBASYST, number)
    for _ in range(3):
        shops.sync_products()
        for store in StoreName:
            shops.sync_products(store, shops.goods[0] if store is CSCART else _there(shops))
    assert shops.stock(shops.goods[0]) == (98, 98)


def _there(shops: Shops) -> str:
    return next(str(item["id"]) for item in shops.theirs.products() for sku in values(item["skus"]) if sku["sku"] == "SKU-1")
