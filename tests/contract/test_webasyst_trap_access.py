"""The traps of Webasyst's OAuth and transport, each met by the real client."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from storesync.domain.model import Group
from storesync.errors import (
    NotAnApi,
    NotFound,
    OutcomeUnknown,
    Redirected,
    Rejected,
    ServerFault,
    StoreError,
    Unauthorised,
    UnsupportedValue,
)
from storesync.webasyst import client, forms, oauth

from tests.contract.webasyst_shop import Shop, opened, order, priced, product, written
from tests.sandbox.httpd import Response


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


def approved(shop: Shop, address: str) -> str:
    """What the browser is sent to when the owner signs in and approves."""
    browser = requests.Session()
    browser.post(address, data={"wa_auth_login": 1, "login": "admin", "password": "admin"}, timeout=10)
    browser.get(address, timeout=10)
    form = {"_csrf": browser.cookies.get("_csrf"), "approve": 1}
    return browser.post(address, data=form, allow_redirects=False, timeout=10).headers["Location"]


def consent(shop: Shop, client_id: str, state: str = "S1") -> str:
    return oauth.authorize_url(f"{shop.server.url}/", client_id, f"https://host.test/cb?state={state}")


def test_w01_our_state_comes_back_because_it_is_in_the_address(shop: Shop) -> None:
    back = parse_qs(urlsplit(approved(shop, consent(shop, "c1", "A&b=1 %"))).query)
    assert back["code"]
    back = parse_qs(urlsplit(approved(shop, consent(shop, "c1", "XYZ"))).query)
    assert back["state"] == ["XYZ"]


def test_fault_66_w02_our_client_id_is_as_long_as_may_be_and_its_code_is_taken(shop: Shop) -> None:
    ours = oauth.new_client_id()
    assert len(ours) == 32
    code = parse_qs(urlsplit(approved(shop, consent(shop, ours))).query)["code"][0]
    assert len(oauth.exchange(f"{shop.server.url}/", ours, code, allow_private=True)) == 32


def test_w03_every_connection_has_a_client_id_of_its_own() -> None:
    assert len({oauth.new_client_id() for _ in range(100)}) == 100


def test_fault_06_w04_a_refused_code_is_an_error_though_it_is_answered_with_200(shop: Shop) -> None:
    with pytest.raises(Unauthorised) as raised:
        oauth.exchange(f"{shop.server.url}/", oauth.new_client_id(), "0" * 32, allow_private=True)
    assert (raised.value.status, raised.value.code) == (200, "invalid_grant")
    assert "0" * 32 not in str(raised.value)


def test_w05_a_revoked_token_is_dead(shop: Shop) -> None:
    store = shop.store()
    oauth.revoke(f"{shop.server.url}/", shop.token, allow_private=True)
    with pytest.raises(Unauthorised):
        store.now()


def test_fault_06_w06_an_error_in_the_body_is_a_failure_whatever_the_status(shop: Shop) -> None:
    shop.product()
    with pytest.raises(Rejected) as raised:
        shop.store().client.get("shop.product.search", {"limit": 1001})
    assert (raised.value.status, raised.value.code) == (200, "invalid_param")


@pytest.mark.parametrize("locale", ["en_US", "ru_RU"])
def test_fault_28_w07_the_language_of_the_texts_decides_nothing(locale: str) -> None:
    with opened(locale=locale) as shop:
        store = shop.store()
        with pytest.raises(Rejected) as raised:
            store.client.get("shop.product.search", {"limit": -1})
        assert raised.value.code == "invalid_param"
        assert store.orders(["404"]) == []


def test_w08_everything_is_sent_as_a_form(shop: Shop) -> None:
    made = shop.store().create([product("A", "B", summary="Кратко & «ёмко»")], {})[0].product
    assert made and made.content.summary == "Кратко & «ёмко»"
    assert not any(exchange.sent.startswith("{") for exchange in shop.exchanges if exchange.write)


def test_w09_ids_go_where_each_method_looks_for_them(shop: Shop) -> None:
    before = shop.read(shop.product()["id"])
    after = before.with_variants((*before.variants, product("B").variants[0]))
    kept = written(shop, before, after, Group.CONTENT).product
    assert kept and [item.sku for item in kept.variants] == ["A", "B"]
    assert shop.get("product.search", limit=0)["count"] == 1


def test_fault_19_w10_a_form_of_a_thousand_fields_is_never_sent(shop: Shop) -> None:
    with pytest.raises(UnsupportedValue):
        forms.encode({"items": [{"a": 1, "b": 2} for _ in range(451)]})
    assert len(forms.encode({"items": [{"a": 1, "b": 2} for _ in range(450)]})) == forms.MOST_FIELDS


def test_faults_19_48_w10_a_hundred_lines_fit_and_a_thousand_are_refused_before_anything_is_written(shop: Shop) -> None:
    found = shop.read(shop.product(count=9999)["id"])
    contact = shop.buyer()
    made = shop.store().create_order(order(shop, *[(found, "1.10", 1)] * 100, contact=contact), "main:cscart:1", suppress_stock=True)
    assert len(made.lines) == 100
    with pytest.raises(UnsupportedValue):
        shop.store().create_order(order(shop, *[(found, "1.10", 1)] * 1000, contact=contact), "main:cscart:2", suppress_stock=True)
    assert shop.store().find_order("main:cscart:2", made) == []


def test_fault_27_w11_strings_lists_for_maps_and_huge_numbers_are_read(shop: Shop) -> None:
    assert shop.store().categories() == []
    info = shop.store().info()
    assert (info.stock_ids, info.problems, info.types) == ((), (), {"1": "Default product type"})
    found = shop.read(shop.product(price="199.90")["id"])
    assert (str(found.variants[0].price), found.variants[0].stock, found.images) == ("199.9000", 5, ())


def test_w45_a_redirect_is_not_followed_and_loses_no_write() -> None:
    with opened(https_only=True, public_url="https://shop.test/") as shop, pytest.raises(Redirected):
        shop.store().create([product("A")], {})


def test_w45_callback_is_never_sent(shop: Shop) -> None:
    assert forms.encode({"name": "x", "callback": "f"}) == (("name", "x"),)


def test_a_host_that_strips_the_header_gets_the_token_as_a_parameter(shop: Shop) -> None:
    app = shop.server.app

    def strip(request: object) -> Response:
        del request.headers["Authorization"]  # type: ignore[attr-defined]
        return app(request)  # type: ignore[arg-type]

    shop.server.app = strip
    store = shop.store()
    assert store.products(["1"]) == []
    made = store.create([product("A")], {})[0]
    assert made.error is None
    assert len(next(iter(store.scan())).items) == 1
    assert not any(shop.token in f"{exchange.path} {exchange.sent}" for exchange in shop.exchanges)


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [("empty", 200, ServerFault), ("empty", 500, ServerFault), ("html", 200, NotAnApi), ("html", 404, NotFound)],
)
def test_pages_and_empty_answers_are_never_taken_for_data(shop: Shop, kind: str, status: int, error: type[StoreError]) -> None:
    shop.fault(kind, "settings.get", times=9, status=status)
    with pytest.raises(error):
        shop.store().now()


def test_faults_18_22_what_the_traps_forbid_cannot_be_said(shop: Shop) -> None:
    here = shop.store().client
    unsafe = ("saveItem", "process", "ship", "complete", "delete", "comment", "add", "addSale", "setShippingAddress", "contactSave")
    forbidden = {f"shop.order.{name}" for name in unsafe} | {
        "shop.product.images.update",
        "shop.product.delete",
        "shop.product.skus.delete",
    }
    assert not forbidden & (client.READS | client.WRITES)
    for method in forbidden:
        with pytest.raises(UnsupportedValue):
            here.post(method, {"id": 1})
    for form in ({"skus": [{"sku": "A"}]}, {"skus": {"1": {"price": 1}}}, {"id": 2}, {"price": 1}, {"count": 1}, {"edit_datetime": "x"}):
        with pytest.raises(UnsupportedValue):
            here.post("shop.product.update", form, {"id": 1})
    for method, form in (("shop.order.action", {"id": 1, "action": "edit"}), ("shop.order.save", {"customer": {"email": "a@b.c"}})):
        with pytest.raises(UnsupportedValue):
            here.post(method, form)
    assert shop.asked() == []


def test_a_lost_answer_to_a_price_is_asked_again(shop: Shop) -> None:
    before = shop.read(shop.product()["id"])
    shop.fault("lose_answer", "massUpdate")
    assert written(shop, before, priced(before, "12.34"), Group.PRICE).error is None


def test_a_create_whose_answer_was_lost_is_found_and_not_made_twice(shop: Shop) -> None:
    shop.fault("lose_answer", "product.add")
    made = shop.store().create([product("A", "B")], {"A": "mark"})[0]
    assert made.error is None and made.product
    assert shop.get("product.search", limit=0)["count"] == 1


def test_a_create_that_never_arrived_says_so(shop: Shop) -> None:
    shop.fault("status", "product.add", status=500)
    made = shop.store().create([product("A")], {})[0]
    assert isinstance(made.error, OutcomeUnknown)
    assert shop.get("product.search", limit=0)["count"] == 0
