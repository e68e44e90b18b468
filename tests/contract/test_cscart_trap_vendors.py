"""Orders that CS-Cart splits among vendors: a parent that nobody lists, and a child for each vendor (trap 16)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.contract.cscart_shop import BUYER, Shop, opened, order

MARK = "main:webasyst:7"


@pytest.fixture
def vendors() -> Iterator[Shop]:
    with opened(edition="MULTIVENDOR") as found:
        yield found


def heads(shop: Shop, **settings: str) -> list[str]:
    pages = shop.store(**settings).changed_orders(shop.clock.date() - timedelta(seconds=60))
    return [head.id for page in pages for head in page.items]


def test_c16_children_are_listed_and_their_parent_is_told_apart(vendors: Shop) -> None:
    ids = [vendors.product(company_id=vendor, product_code=f"V{vendor}") for vendor in (1, 2)]
    answer = vendors.order(*ids, path="orders").json()
    children = [str(item) for item in answer["suborder_ids"]]
    assert heads(vendors, company_id="") == children
    assert heads(vendors, company_id="2", scope="vendors") == children[1:]
    assert [found.is_parent for found in vendors.store().orders([str(answer["order_id"]), *children])] == [True, False, False]


def test_c16_an_order_that_is_split_among_vendors_is_found_once_by_its_parent(vendors: Shop) -> None:
    ids = [vendors.product(company_id=vendor, product_code=f"V{vendor}") for vendor in (1, 2)]
    wanted = order(*((item, "100", 1) for item in ids))
    parent = vendors.order(*ids, path="orders", notes=f"[sync {MARK}]", user_data={**BUYER, "email": "anna@b.example"}).json()["order_id"]
    found = vendors.store(company_id="").find_order(MARK, wanted)
    assert [(item.id, item.is_parent) for item in found] == [(str(parent), True)]


def test_c16_a_new_order_that_the_shop_splits_among_vendors_is_its_parent(vendors: Shop) -> None:
    ids = [vendors.product(company_id=vendor, product_code=f"V{vendor}", price="150") for vendor in (1, 2)]
    wanted = order(*((item, "100", 1) for item in ids))
    store = vendors.store(company_id="")
    made = store.create_order(wanted, MARK, suppress_stock=False)
    assert (made.is_parent, made.marker) == (True, MARK)
    assert [found.id for found in store.find_order(MARK, wanted)] == [made.id]
