"""Each trap of the contract that is the server's doing, shown on the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Response, Server

BUYER = {"email": "a@b.example", "firstname": "Anna", "b_country": "RU", "s_country": "RU"}


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Shop:
    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.sandbox = CsCartSandbox(now=self.clock, **options)
        self.pushed: list[dict[str, Any]] = []
        self.sandbox.push = self.pushed.append
        self.server = Server(self.sandbox.app).start()
        self.session = requests.Session()
        self.session.auth = (self.sandbox.email, self.sandbox.key)

    def ask(self, method: str, path: str, **given: Any) -> requests.Response:
        return self.session.request(method, f"{self.server.url}/api/{path}", timeout=10, **given)

    def get(self, path: str, **params: Any) -> Any:
        return self.ask("GET", path, params=params).json()

    def put(self, path: str, **body: Any) -> requests.Response:
        return self.ask("PUT", path, json=body)

    def product(self, **fields: Any) -> str:
        body = {"product": "Lamp", "price": "100.00", "amount": 10, "category_ids": [1], "product_code": "L-1"} | fields
        return str(self.ask("POST", "products", json=body).json()["product_id"])

    def order(self, *ids: str, path: str = "stores/1/orders", **more: Any) -> requests.Response:
        products = {str(n): {"product_id": item, "amount": 1} for n, item in enumerate(ids, 1)}
        body = {"user_id": 0, "user_data": BUYER, "payment_id": 1, "shipping_id": 1, "products": products} | more
        return self.ask("POST", path, json=body)

    def codes(self, **params: Any) -> list[str]:
        return sorted(row["product_code"] for row in self.get("products", **params)["products"])

    def amount(self, product_id: str) -> str:
        return str(self.get(f"products/{product_id}")["amount"])


@pytest.fixture
def make() -> Iterator[Callable[..., Shop]]:
    made: list[Shop] = []

    def build(**options: Any) -> Shop:
        made.append(Shop(**options))
        return made[-1]

    yield build
    for shop in made:
        shop.server.stop()


@pytest.fixture
def shop(make: Callable[..., Shop]) -> Shop:
    return make()


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
    from tests.sandbox.cscart.images import png

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


def test_c14_posts_repeat_their_effect(shop: Shop) -> None:
    product = shop.product()
    assert shop.order(product).json()["order_id"] != shop.order(product).json()["order_id"]


def test_c15_a_time_range_without_period_is_ignored(shop: Shop) -> None:
    shop.product()
    late = {"time_from": 1_900_000_000}
    assert (shop.codes(**late), shop.codes(period="C", **late)) == (["L-1"], [])


def test_c16_lists_hide_parents_and_incomplete_orders(make: Callable[..., Shop]) -> None:
    shop = make(edition="MULTIVENDOR")
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


def test_c24_some_lists_repeat_their_last_page(shop: Shop) -> None:
    shop.product()
    assert shop.codes(page=9) == []
    for path, name in (("users?user_type=A", "users"), ("categories", "categories"), ("stores", "stores")):
        assert shop.get(path, page=9, items_per_page=2)[name]


def test_c25_and_c26_users_answer_oddly(shop: Shop) -> None:
    unknown = shop.ask("GET", "users/999")
    assert (unknown.status_code, unknown.json(), shop.ask("GET", "users").status_code) == (200, [], 400)


def test_c30_a_missing_right_is_refused_or_leads_astray(make: Callable[..., Shop]) -> None:
    shop = make()
    order = shop.order(shop.product()).json()["order_id"]
    shop.sandbox.rights = frozenset({"view_orders", "edit_order"})
    assert shop.ask("GET", "products").json() == {"message": "Forbidden", "status": 403}
    assert shop.put(f"orders/{order}", status="C").status_code == 200
    assert shop.get(f"orders/{order}")["status"] == "O"


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
    feature = shop.ask("POST", "features", json={"description": "Size", "feature_type": "S"}).json()["feature_id"]
    parent, child = shop.product(product="One"), shop.product(product="Two")
    body = {"product_ids": [parent, child], "features": [{"feature_id": feature}]}
    assert shop.ask("POST", "product_variations_groups", json=body).status_code == 201
    shop.put(f"products/{child}", product="Three", amount=3)
    found = shop.get(f"products/{child}")
    assert (found["product"], found["amount"], found["parent_product_id"]) == ("One", "3", parent)


def test_c35_c37_and_c42_an_order_shows_lines_by_item_in_no_order_and_secrets(shop: Shop) -> None:
    order = shop.sandbox.checkout({shop.product(): 1, shop.product(): 1}, BUYER)
    first, second = (shop.get(f"orders/{order}") for _ in range(2))
    assert list(first["products"]) == list(reversed(second["products"]))
    assert all(key == row["item_id"] for key, row in first["products"].items())
    assert (first["payment_info"]["card_number"], first["user_id"]) == ("4111111111111111", "0")


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


def test_c44_a_product_without_vendor_belongs_to_nobody(make: Callable[..., Shop]) -> None:
    shop = make(edition="MULTIVENDOR")
    assert shop.get(f"products/{shop.product()}")["company_id"] == "0"


def test_authentication_and_both_url_forms(make: Callable[..., Shop]) -> None:
    shop = make(rewriting=False)
    refused = requests.get(f"{shop.server.url}/api.php?_d=version", auth=("x", "y"), timeout=5)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="User email/API key"')
    page = shop.ask("GET", "version")
    assert (page.status_code, page.headers["Content-Type"][:9]) == (404, "text/html")
    plain = shop.session.get(f"{shop.server.url}/api.php?_d=version&ajax_custom=1", timeout=5)
    assert plain.json() == {"Version": "2.1"}


def test_seeded_orders_satisfy_the_totals_identity(shop: Shop) -> None:
    shop.sandbox.seed(150, 60, 3)
    for row in shop.get("orders", items_per_page=0, get_orders_data=1)["orders"]:
        added = row["subtotal"] - row["subtotal_discount"] + float(row["shipping_cost"]) + row["payment_surcharge"]
        assert abs(added + row["tax_subtotal"] - float(row["total"])) < 0.005
