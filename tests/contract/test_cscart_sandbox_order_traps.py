"""Each trap of the contract that is the server's doing, shown on the sandbox: orders and people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.cscart_shop import BUYER, Shop, opened


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with opened(**getattr(request, "param", {})) as found:
        yield found


def test_c14_posts_repeat_their_effect(shop: Shop) -> None:
    product = shop.product()
    assert shop.order(product).json()["order_id"] != shop.order(product).json()["order_id"]


@pytest.mark.parametrize("shop", [dict(edition="MULTIVENDOR")], indirect=True)
def test_c16_lists_hide_parents_and_incomplete_orders(shop: Shop) -> None:
    ids = [shop.product(company_id=vendor, product_code=f"V{vendor}") for vendor in (1, 2)]
    answer = shop.order(*ids, path="orders").json()
    assert shop.get(f"orders/{answer['order_id']}")["status"] == "T"
    assert len(answer["suborder_ids"]) == 2
    shop.sandbox.execute("UPDATE orders SET status='N' WHERE order_id=?", answer["suborder_ids"][0])
    listed = [int(row["order_id"]) for row in shop.get("orders")["orders"]]
    assert listed == answer["suborder_ids"][1:]


def test_c17_and_c31_letters_mean_what_this_shop_says(shop: Shop) -> None:
    shop.ask("POST", "statuses", json={"description": "Custom"})
    found = {row["status"]: row for row in shop.get("statuses")["statuses"]}
    assert found["I"]["description"] == "Аннулирован"
    assert found["A"]["description"] == "Custom"
    assert not {"N", "T"} & set(found)


def test_c18_a_status_put_always_says_ok(shop: Shop) -> None:
    product = shop.product(amount=1)
    order = shop.order(product).json()["order_id"]
    assert shop.put("orders/999", status="C").status_code == 200
    assert shop.put(f"orders/{order}", status="?").status_code == 200
    assert shop.get(f"orders/{order}")["status"] == "O"
    shop.put(f"orders/{order}", status="I")
    shop.put(f"products/{product}", amount=0)
    shop.put(f"orders/{order}", status="P")
    assert (shop.get(f"orders/{order}")["status"], shop.amount(product)) == ("B", "0")


def test_c19_and_c38_any_other_key_rebuilds_the_order(shop: Shop) -> None:
    product = shop.product()
    order = shop.order(product).json()["order_id"]
    shop.put(f"products/{product}", price=150)
    shop.clock.now += 60
    shop.pushed.clear()
    shop.put(f"orders/{order}", notes="x")
    found = shop.get(f"orders/{order}")
    moves = [(e["data"]["status_from"], e["data"]["status_to"]) for e in shop.pushed if e["type"] == "order.status"]
    assert (found["total"], found["status"], found["updated_at"]) == ("500.00", "O", str(int(shop.clock.now)))
    assert (moves, shop.amount(product)) == ([("O", "N"), ("N", "O")], "9")


def test_c20_the_first_line_of_a_list_is_lost(shop: Shop) -> None:
    ids = [shop.product(), shop.product()]
    lines = [{"product_id": item, "amount": 1} for item in ids]
    found = shop.order(products=lines).json()["order_data"]["products"]
    assert [row["product_id"] for row in found.values()] == ids[1:]


def test_c21_prices_of_a_new_order_are_the_catalogues(shop: Shop) -> None:
    product = shop.product()
    line = {"product_id": product, "amount": 1, "price": "1.00", "stored_price": "Y"}
    answer = shop.order(products={"1": line}).json()
    item = next(iter(answer["order_data"]["products"]))
    assert answer["order_data"]["subtotal"] == 100
    shop.put(f"orders/{answer['order_id']}", products={item: line})
    assert shop.get(f"orders/{answer['order_id']}")["subtotal"] == 1


def test_c22_and_c23_an_order_needs_a_store_and_a_shipping_that_reaches(shop: Shop) -> None:
    product = shop.product()
    assert shop.order(product, path="orders").status_code == 400
    assert shop.order(product, user_data=BUYER | {"s_country": "US"}).status_code == 403


def test_c25_and_c26_users_answer_oddly(shop: Shop) -> None:
    unknown = shop.ask("GET", "users/999")
    assert (unknown.status_code, unknown.json(), shop.ask("GET", "users").status_code) == (200, [], 400)


def test_c30_a_missing_right_is_refused_or_leads_astray(shop: Shop) -> None:
    order = shop.order(shop.product()).json()["order_id"]
    shop.sandbox.rights = frozenset({"view_orders", "edit_order"})
    assert shop.ask("GET", "products").json() == {"message": "Forbidden", "status": 403}
    assert shop.put(f"orders/{order}", status="C").status_code == 200
    assert shop.get(f"orders/{order}")["status"] == "O"


def test_c35_c37_and_c42_an_order_shows_lines_by_item_in_no_order_and_secrets(shop: Shop) -> None:
    order = shop.sandbox.checkout({shop.product(): 1, shop.product(): 1}, BUYER)
    first, second = (shop.get(f"orders/{order}") for _ in range(2))
    assert list(first["products"]) == list(reversed(second["products"]))
    assert all(key == row["item_id"] for key, row in first["products"].items())
    assert (first["payment_info"]["card_number"], first["user_id"]) == ("4111111111111111", "0")


def test_seeded_orders_satisfy_the_totals_identity(shop: Shop) -> None:
    shop.sandbox.seed(150, 60, 3)
    for row in shop.get("orders", items_per_page=0, get_orders_data=1)["orders"]:
        added = row["subtotal"] - row["subtotal_discount"] + float(row["shipping_cost"]) + row["payment_surcharge"]
        assert abs(added + row["tax_subtotal"] - float(row["total"])) < 0.005
