"""Generated orders through both shops' APIs: equal to the cent, and never twice."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from storesync.domain.model import StoreName

from tests.integration.order_scene import Generator, Shops, open_shops
from tests.sandbox.script.shops import values

CENT = Decimal("0.01")


@pytest.fixture
def shops() -> Iterator[Shops]:
    yield from open_shops()


def money(value: object) -> Decimal:
    return Decimal(str(value)).quantize(CENT)


def stocked(shops: Shops) -> None:
    for at, price in enumerate(("40.15", "0.99", "300.50", "19999.90", "7.77", "333.33")):
        shops.product(price, tax_ids=[(at % 3)] if at % 3 else [])


@pytest.mark.parametrize("discounts", [True, False])
def test_fault_43_generated_orders_agree_to_the_cent(shops: Shops, discounts: bool, request: pytest.FixtureRequest) -> None:
    """`--generated-orders 250` sends 500 in all, in about a minute."""
    stocked(shops)
    shops.change(order_discounts=discounts)
    generator = Generator(shops, random.Random(discounts))
    placed = [generator.order() for _ in range(request.config.getoption("--generated-orders"))]
    for order_id in placed:
        shops.hint(StoreName.CSCART, order_id)
    assert shops.parked() == []
    for order_id in placed:
        here, there = shops.ours.order(order_id), shops.mirror(order_id)
        assert money(there["total"]) == money(here["total"])
        assert discounts or not money(there["discount"])
        assert pieces(values(here["products"]), "product_code", "amount") == pieces(there["items"], "sku_code", "quantity")


def pieces(lines: list[dict[str, Any]], code: str, count: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in lines:
        if line[code]:
            found[line[code]] = found.get(line[code], 0) + int(Decimal(str(line[count])))
    return found


def test_fault_44_an_order_in_another_currency_keeps_its_amounts() -> None:
    for shops in open_shops(cscart_currency="USD"):
        shops.change(rates={"USD>RUB": Decimal(80)})
        stocked(shops)
        generator = Generator(shops, random.Random(9))
        for order_id in [generator.order() for _ in range(12)]:
            shops.hint(StoreName.CSCART, order_id)
            here, there = shops.ours.order(order_id), shops.mirror(order_id)
            assert (there["currency"], money(there["total"])) == ("USD", money(here["total"]))
        assert shops.parked() == []


def test_fault_44_an_order_in_a_currency_that_webasyst_does_not_know_is_set_aside() -> None:
    for shops in open_shops(cscart_currency="KZT"):
        shops.change(rates={"KZT>RUB": Decimal("0.2")})
        order_id = shops.place({shops.product(): 1})
        shops.hint(StoreName.CSCART, order_id)
        assert (shops.parked(), shops.theirs.orders()) == ([(order_id, "MissingRate")], [])
