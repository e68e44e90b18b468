"""Each trap of the contract that is the server's doing, shown on the sandbox: addresses and products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.contract.cscart_shop import BUYER, Shop, opened
from tests.sandbox.cscart.images import png
from tests.sandbox.httpd import Response, Server


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with opened(**getattr(request, "param", {})) as found:
        yield found


def test_c01_the_version_of_the_docs_is_not_found(shop: Shop) -> None:
    assert [shop.ask("GET", f"{v}products").status_code for v in ("2/", "2.0/", "2.1/", "")] == [404, 200, 200, 200]


def test_c02_json_without_its_content_type_is_garbage(shop: Shop) -> None:
    product = shop.product()
    assert shop.ask("PUT", f"products/{product}", data='{"amount": 3}').status_code == 405
    assert shop.ask("POST", "products", data="<a/>", headers={"Content-Type": "text/xml"}).status_code == 415


def test_c03_an_empty_write_is_an_error(shop: Shop) -> None:
    assert shop.put(f"products/{shop.product()}").status_code == 405


def test_c04_numbers_are_strings_and_empty_objects_are_lists(shop: Shop) -> None:
    shop.product()
    answer = shop.get("products")
    row = answer["products"][0]
    assert (row["product_id"], row["amount"], row["image_pairs"], answer["params"]["total_items"]) == ("1", "10", [], "1")


def test_c05_pcode_is_a_part_with_wildcards_and_filter_params_is_exact(shop: Shop) -> None:
    for code in ("A_1", "AB1", "XA_1", "a_1 "):
        shop.product(product_code=code)
    assert shop.codes(pcode="A_1") == ["AB1", "A_1", "XA_1", "a_1 "]
    assert shop.codes(**{"filter_params[product_code][]": "A_1"}) == ["A_1", "a_1 "]


def test_c06_a_sku_is_not_unique(shop: Shop) -> None:
    assert shop.product() != shop.product()


def test_c07_and_c08_the_price_shown_is_promoted_and_has_zeros(shop: Shop) -> None:
    product = shop.product(price="49.99")
    shop.sandbox.execute("INSERT INTO promotions (promotion_id, name, percent) VALUES (1,'x',10)")
    shop.sandbox.execute("UPDATE products SET promotion_id=1")
    row = shop.get("products")["products"][0]
    assert (row["price"], row["base_price"]) == ("44.99", "49.99")
    assert shop.get("products", get_discounts=0)["products"][0]["price"] == "49.99"
    assert shop.get(f"products/{product}")["price"] == "44.99"
    assert shop.get(f"2.0/products/{product}")["price"] == "49.990000"


def test_c09_images_are_deleted_before_a_download_that_fails(shop: Shop) -> None:
    picture = Server(lambda request: Response(200, png(7), (("Content-Type", "image/png"),))).start()
    product = shop.product(main_pair={"detailed": {"image_path": f"{picture.url}/a.png"}})
    before = shop.get(f"products/{product}")["main_pair"]
    assert requests.get(before["detailed"]["image_path"], timeout=5).content == png(7)
    picture.stop()
    answer = shop.put(f"products/{product}", main_pair={"detailed": {"image_path": f"{picture.url}/b.png"}})
    assert (answer.status_code, shop.get(f"products/{product}")["main_pair"]) == (200, [])


def test_c10_categories_and_wholesale_prices_are_replaced(shop: Shop) -> None:
    other = shop.ask("POST", "categories", json={"category": "New", "company_id": 1}).json()["category_id"]
    product = shop.product(category_ids=[1], prices=[{"lower_limit": 5, "price": 90}])
    shop.put(f"products/{product}", category_ids=[other], prices=[{"lower_limit": 9, "price": 80}])
    found = shop.get(f"products/{product}")
    assert (found["category_ids"], [row["lower_limit"] for row in found["prices"]]) == ([other], ["1", "9"])


def test_c11_a_product_without_category_is_invisible(shop: Shop) -> None:
    product = shop.product()
    shop.sandbox.execute("DELETE FROM products_categories")
    assert (shop.ask("GET", f"products/{product}").status_code, shop.codes()) == (404, [])


def test_c12_and_c13_an_order_moves_stock_but_no_stamp_and_amounts_overwrite(shop: Shop) -> None:
    product = shop.product()
    stamp = shop.get(f"products/{product}")["updated_timestamp"]
    shop.clock.now += 100
    shop.sandbox.checkout({product: 2}, BUYER)
    assert (shop.amount(product), shop.get(f"products/{product}")["updated_timestamp"]) == ("8", stamp)
    shop.put(f"products/{product}", amount=10)
    assert (shop.amount(product), shop.get(f"products/{product}")["updated_timestamp"] > stamp) == ("10", True)


def test_c15_a_time_range_without_period_is_ignored(shop: Shop) -> None:
    shop.product()
    late = {"time_from": 1_900_000_000}
    assert (shop.codes(**late), shop.codes(period="C", **late)) == (["L-1"], [])


def test_c24_some_lists_repeat_their_last_page(shop: Shop) -> None:
    shop.product()
    assert shop.codes(page=9) == []
    for path, name in (("users?user_type=A", "users"), ("categories", "categories"), ("stores", "stores")):
        assert shop.get(path, page=9, items_per_page=2)[name]


def test_c32_a_put_writes_one_language(shop: Shop) -> None:
    product = shop.product()
    shop.put(f"products/{product}", product="Lampe", lang_code="en")
    names = [shop.get(f"products/{product}", lang_code=lang)["product"] for lang in ("ru", "en")]
    assert names == ["Lamp", "Lampe"]


def test_c33_what_is_kept_is_not_what_was_sent(shop: Shop) -> None:
    shop.product(product="Лампа")
    text = "<p onclick='x()'>a<script>b</script>&nbsp;<br>"
    found = shop.get(f"products/{shop.product(product=' - Лампа 😀', full_description=text)}")
    assert (found["product"], found["seo_name"]) == ("Лампа ?", "lampa-ru")
    assert found["full_description"] == "<p>a\xa0<br /></p>"
    assert shop.get(f"products/{shop.product(product='Лампа')}")["seo_name"] == "lampa-2"


def test_c34_a_variation_keeps_its_parents_content(shop: Shop) -> None:
    parent, child = shop.product(product="One"), shop.product(product="Two")
    shop.group(parent, child)
    shop.put(f"products/{child}", product="Three", amount=3)
    found = shop.get(f"products/{child}")
    assert (found["product"], found["amount"], found["parent_product_id"]) == ("One", "3", parent)


def test_a_group_takes_only_what_differs_in_its_features_and_has_a_parent_for_each_fixed_value(shop: Shop) -> None:
    size, colour = (
        shop.feature(name, purpose) for name, purpose in (("Size", "group_variation_catalog_item"), ("Colour", "group_catalog_item"))
    )

    def made(*values: tuple[int, str]) -> str:
        return shop.product(add_new_variant={str(feature): {"variant": value} for feature, value in values})

    red_s, red_m, blue_s = made((colour, "red"), (size, "S")), made((colour, "red"), (size, "M")), made((colour, "blue"), (size, "S"))
    again, without = made((colour, "red"), (size, "S")), made((colour, "red"))
    features = [{"feature_id": colour, "purpose": "group_catalog_item"}, {"feature_id": size, "purpose": "group_variation_catalog_item"}]
    body = {"product_ids": [red_s, red_m, blue_s, again, without], "features": features}
    answer = shop.ask("POST", "product_variations_groups", json=body).json()
    assert answer["products_status"] == {red_s: 1, red_m: 1, blue_s: 1, again: 254, without: 255}
    assert [shop.get(f"products/{item}")["parent_product_id"] for item in (red_s, red_m, blue_s)] == ["0", red_s, "0"]
    blue_m = made((colour, "blue"), (size, "M"))
    shop.put(f"product_variations/{blue_m}", variation_group_id=answer["id"])
    assert shop.get(f"products/{blue_m}")["parent_product_id"] == blue_s


def test_c39_the_bundled_hook_is_unsigned_and_form_typed(shop: Shop) -> None:
    heard: list[tuple[str, bytes]] = []

    def listen(request: Any) -> Response:
        heard.append((request.headers["Content-Type"], request.body))
        return Response(200)

    with Server(listen) as ear:
        shop.ask("POST", "zapier_hooks", json={"hook_url": f"{ear.url}/x", "trigger_name": "new_order"})
        shop.order(shop.product())
    assert [kind for kind, _ in heard] == ["application/x-www-form-urlencoded"]
    assert b'"products": [' in heard[0][1]


def test_c40_a_deleted_product_leaves_no_trace(shop: Shop) -> None:
    product = shop.product()
    assert [shop.ask("DELETE", f"products/{product}").status_code for _ in range(2)] == [204, 404]


def test_c41_no_page_size_means_everything(shop: Shop) -> None:
    shop.sandbox.seed(120, 0, 1)
    assert len(shop.get("products", items_per_page=0)["products"]) == 120


@pytest.mark.parametrize("shop", [dict(edition="MULTIVENDOR")], indirect=True)
def test_c44_a_product_without_vendor_belongs_to_nobody(shop: Shop) -> None:
    assert shop.get(f"products/{shop.product()}")["company_id"] == "0"


@pytest.mark.parametrize("shop", [dict(rewriting=False)], indirect=True)
def test_authentication_and_both_url_forms(shop: Shop) -> None:
    refused = requests.get(f"{shop.server.url}/api.php?_d=version", auth=("x", "y"), timeout=5)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="User email/API key"')
    page = shop.ask("GET", "version")
    assert (page.status_code, page.headers["Content-Type"][:9]) == (404, "text/html")
    plain = shop.session.get(f"{shop.server.url}/api.php?_d=version&ajax_custom=1", timeout=5)
    assert plain.json() == {"Version": "2.1"}
