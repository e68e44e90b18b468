"""Somebody else's client of CS-Cart's API, from a registry, against the sandbox: what it was written for is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cscart
import pytest

from tests.contract.cscart_shop import Shop, opened


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with opened() as found:
        found.sandbox.seed(30, 5, 1)
        yield found


@pytest.fixture
def client(shop: Shop) -> Any:
    return cscart.Client(f"{shop.server.url}/api/", shop.sandbox.email, shop.sandbox.key)


@pytest.mark.parametrize(
    ("ask", "name", "key", "given"),
    [
        (cscart.Client.get_categories, "categories", "category_id", {}),
        (cscart.Client.get_orders, "orders", "order_id", {}),
        (cscart.Client.get_payment_methods, "payments", "payment_id", {}),
        (cscart.Client.get_product_features, "features", "feature_id", {}),
        (cscart.Client.get_products, "products", "product_id", {"items_per_page": 5, "sort_by": "price"}),
        (cscart.Client.get_settings, "settings", "setting_id", {}),
        (cscart.Client.get_shipping_methods, "shippings", "shipping_id", {}),
        (cscart.Client.get_stores, "stores", "company_id", {}),
        (cscart.Client.get_taxes, "taxes", "tax_id", {}),
        (cscart.Client.get_users, "users", "user_id", {"user_type": "A"}),
    ],
)
def test_lists_and_single_records(client: Any, ask: Callable[..., Any], name: str, key: str, given: dict[str, Any]) -> None:
    listed = ask(client, params=given).json()
    assert int(listed["params"]["total_items"]) >= len(listed[name]) > 0
    number = listed[name][0][key]
    assert str(ask(client, int(number)).json()[key]) == number


def test_products_of_a_category_and_features_of_a_product(client: Any) -> None:
    everything = client.get_products().json()["products"]
    category = everything[0]["category_ids"][0]
    products = client.get_products(category_id=category, params={"subcats": "N"}).json()["products"]
    assert 0 < len(products) < len(everything)
    assert all(category in row["category_ids"] for row in products)
    assert client.get_product_features(product_id=int(products[0]["product_id"])).json()["features"]
