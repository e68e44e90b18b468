"""The sandbox's page over HTTP, between two sandbox shops that nothing keeps equal but the test."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Server
from tests.sandbox.page import Page
from tests.sandbox.script.compare import mark_of, values
from tests.sandbox.script.shops import CsCartShop, WebasystShop
from tests.sandbox.webasyst import WebasystSandbox

NASTY = "\"><script>alert(1)</script> & 'x'"


@dataclass
class Stage:
    url: str
    page: Page
    cscart: CsCartShop
    webasyst: WebasystShop

    def shown(self, path: str = "/", **headers: str) -> str:
        answer = requests.get(self.url + path, headers=headers, timeout=10)
        assert answer.status_code == 200
        return answer.text

    def send(self, path: str, **form: object) -> str:
        """What the page says afterwards."""
        answer = requests.post(self.url + path, data=form, timeout=10)
        found = re.search(r'<p class="said[^>]*>([^<]*)</p>', answer.text)
        return html.unescape(found[1]) if found else ""

    def goods(self, sku: str, store: str) -> dict[str, object]:
        item = next(pair for pair in self.page.watch.view(now=True).goods if pair.key == sku).side(store)
        return {
            "store": store, "product_id": item.product_id, "sku_id": item.sku_id, "name": item.name, "was_name": item.name,
            "price": item.price, "was_price": item.price, "stock": item.stock, "was_stock": item.stock,
        }  # fmt: skip


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    cscart, webasyst = CsCartSandbox(), WebasystSandbox()
    with Server(cscart.app) as ours, Server(webasyst.app) as theirs:
        cscart.public_url, webasyst.public_url = ours.url, theirs.url
        cscart.seed(6, 2, 1)
        left, right = CsCartShop(ours.url + "/", cscart.email, cscart.key), WebasystShop(theirs.url + "/", webasyst.issue_token())
        right.add("Kettle", [{"sku": "KETTLE", "price": "10.00", "count": 3}])
        left.add(product="Kettle", product_code="KETTLE", price="10.00", amount=3, status="A", category_ids=[1], company_id=1)
        page = Page(left, right, "main", ("http://127.0.0.1:1/console", "word"))
        page.watch.pause = 0.0
        with Server(page) as server:
            yield Stage(server.url, page, left, right)


def test_both_shops_are_shown_row_against_row(stage: Stage) -> None:
    shown = stage.shown("/?q=kettle")
    assert shown.count('value="10.00"') == 4  # in each shop the field and what it was
    assert 'class="middle same"' in shown
    assert "http://127.0.0.1:1/console" in shown


def test_it_speaks_russian_to_those_who_want_it(stage: Stage) -> None:
    assert "Два магазина рядом" in stage.shown(**{"Accept-Language": "ru-RU,ru;q=0.9"})
    assert "Two shops" in stage.shown(**{"Accept-Language": "de"})
    assert "Два магазина рядом" in stage.shown("/?lang=ru")


@pytest.mark.parametrize("store", ["cscart", "webasyst"])
def test_an_edit_is_written_in_the_shop_where_it_was_made_and_only_there(stage: Stage, store: str) -> None:
    before = stage.goods("KETTLE", "webasyst" if store == "cscart" else "cscart")
    assert (
        stage.send("/product", **stage.goods("KETTLE", store) | {"name": f"Kettle {store} & Co", "price": "12,5", "stock": "7"}) == "Saved."
    )
    after = stage.goods("KETTLE", store)
    assert (after["name"], after["price"], after["stock"]) == (f"Kettle {store} & Co", "12.50", 7)
    assert stage.goods("KETTLE", "webasyst" if store == "cscart" else "cscart") == before


def test_what_follows_in_the_other_shop_is_told_as_arrived(stage: Stage) -> None:
    for store in ("cscart", "webasyst"):
        stage.send("/product", **stage.goods("KETTLE", store) | {"price": "99.00"})
    newest, earlier = list(stage.page.watch.arrivals)[:2]
    assert (newest.store, newest.field, newest.new, newest.arrived) == ("webasyst", "price", "99.00", True)
    assert (earlier.store, earlier.field, earlier.new, earlier.arrived) == ("cscart", "price", "99.00", False)
    assert "arrived in Webasyst" in re.sub(r"\s+", " ", stage.shown())


@pytest.mark.parametrize("store", ["cscart", "webasyst"])
def test_a_new_product_appears_in_its_shop_with_its_name_as_typed(stage: Stage, store: str) -> None:
    form = {"store": store, "name": f"Lamp {store}", "sku": f"LAMP-{store}", "price": "5.00", "stock": "1"}
    assert stage.send("/add", **form) == "The product is added."
    assert stage.goods(f"LAMP-{store}", store)["name"] == f"Lamp {store}"


def test_markup_in_a_name_stays_text(stage: Stage) -> None:
    stage.send("/add", store="webasyst", name=NASTY, sku="NASTY", price="5.00", stock="1")
    assert "<script>alert" not in stage.shown("/?q=NASTY")


def test_an_order_is_placed_and_moved(stage: Stage) -> None:
    kettle = stage.goods("KETTLE", "cscart")["sku_id"]
    before = set(stage.cscart.order_ids())
    assert (
        stage.send("/order", product0=kettle, amount0="2", product1="", amount1="1", buyer="Anna O'Neil", email="a@example.com")
        == "The order is placed."
    )
    (order_id,) = set(stage.cscart.order_ids()) - before
    assert [int(line["amount"]) for line in values(stage.cscart.order(order_id)["products"])] == [2]
    assert stage.send("/status", store="cscart", order_id=order_id, status="C") == "The status is changed."
    assert stage.cscart.order(order_id)["status"] == "C"


def test_webasyst_is_asked_only_for_what_it_offers(stage: Stage) -> None:
    contact = {"contact[name]": "Anna", "contact[email]": "b@example.com"}
    sku = stage.goods("KETTLE", "webasyst")["sku_id"]
    stage.webasyst.call("POST", "shop.order.add", form={**contact, "items[0][sku_id]": sku, "items[0][quantity]": 1})
    order_id = str(stage.webasyst.orders()[-1]["id"])
    assert stage.send("/status", store="webasyst", order_id=order_id, status="delete") == "The status is changed."
    assert stage.send("/status", store="webasyst", order_id=order_id, status="ship").startswith("The shop does not offer that")
    assert not mark_of(stage.webasyst.orders()[-1])


@pytest.mark.parametrize(
    ("path", "form", "field"),
    [
        ("/add", {"store": "cscart", "name": "", "sku": "A", "price": "1", "stock": "1"}, "Name"),
        ("/add", {"store": "cscart", "name": "A", "sku": "", "price": "1", "stock": "1"}, "SKU"),
        ("/add", {"store": "cscart", "name": "A", "sku": "A", "price": "NaN", "stock": "1"}, "Price"),
        ("/add", {"store": "webasyst", "name": "A", "sku": "A", "price": "-1", "stock": "1"}, "Price"),
        ("/add", {"store": "webasyst", "name": "A", "sku": "A", "price": "1", "stock": "1.5"}, "In stock"),
        ("/order", {"email": "a@example.com"}, "products"),
        ("/order", {"product0": "1", "amount0": "0", "email": "a@example.com"}, "Amount"),
        ("/order", {"product0": "1", "amount0": "1", "email": "nobody"}, "E-mail"),
        ("/status", {"store": "cscart", "order_id": "1", "status": ""}, "Status"),
    ],
)
def test_what_cannot_be_meant_is_named(stage: Stage, path: str, form: dict[str, str], field: str) -> None:
    assert stage.send(path, **form) == f"Check this field: {field}."


def test_a_refusal_of_the_shop_is_shown(stage: Stage) -> None:
    assert stage.send("/status", store="webasyst", order_id="999999", status="ship").startswith("The shop refused: Webasyst")


def test_a_shop_that_does_not_answer_is_named_and_the_other_is_still_shown(stage: Stage) -> None:
    url, stage.webasyst.url = stage.webasyst.url, "http://127.0.0.1:9/"
    try:
        stage.page.watch.view(now=True)
        shown = stage.shown("/?q=kettle")
    finally:
        stage.webasyst.url = url
    assert "Webasyst does not answer" in shown
    assert shown.count("KETTLE") > 1


def test_other_sites_and_other_names_reach_nothing(stage: Stage) -> None:
    form = {"store": "cscart", "order_id": "1", "status": "C"}
    assert requests.post(f"{stage.url}/status", data=form, headers={"Sec-Fetch-Site": "cross-site"}, timeout=10).status_code == 403
    assert requests.get(stage.url, headers={"Host": "evil.example"}, timeout=10).status_code == 403
    assert requests.get(f"{stage.url}/../words.py", timeout=10).status_code == 404
