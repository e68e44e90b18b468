"""The scripted day is the same day whatever ids the shops gave their products, and a small shop has something left to order."""

from collections import defaultdict
from random import Random
from typing import Any

import pytest

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Server
from tests.sandbox.script.day import Day
from tests.sandbox.script.shops import CsCartShop, WebasystShop
from tests.sandbox.webasyst import WebasystSandbox

EDITS, ORDERS = 8, 2


def played(order: int, size: int = 12) -> tuple[dict[str, int], list[str], set[str]]:
    """What was done in two shops that hold the same products, made in Webasyst in an order drawn from `order`."""
    cscart, webasyst = CsCartSandbox(), WebasystSandbox()
    cscart.seed(size, 4, 7)
    with Server(cscart.app) as first, Server(webasyst.app) as second:
        ours = CsCartShop(first.url + "/", cscart.email, cscart.key)
        theirs = WebasystShop(second.url + "/", webasyst.issue_token())
        products: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in ours.products():
            products[str(row.get("variation_group_id") or row["product_code"])].append(row)
        for rows in Random(order).sample(list(products.values()), len(products)):
            skus = [
                {"sku": row["product_code"], "name": row["product_code"], "price": row["price"], "count": row["amount"]} for row in rows
            ]
            theirs.add(str(rows[0]["product"]), skus)
        day = Day(ours, theirs, 7)
        return day.play(EDITS, ORDERS), day.problems, set(day.expected)


@pytest.mark.parametrize("order", [1, 2])
def test_a_small_shop_has_its_orders_whatever_was_made_first(order: int) -> None:
    done, problems, edited = played(order)
    assert problems == []
    assert done["ordered in cscart"] == ORDERS
    assert edited == played(0)[2]


def test_a_shop_with_nothing_left_to_order_gets_something() -> None:
    done, problems, _ = played(0, size=1)
    assert problems == []
    assert done["ordered in cscart"] == ORDERS
