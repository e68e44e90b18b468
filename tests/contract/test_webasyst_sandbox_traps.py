"""Traps W01 to W29 of the sandbox shop: OAuth, transport, search, products, stamps, rights."""

from __future__ import annotations

import json
import re
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.contract.webasyst_client import Hand, read
from tests.sandbox.httpd import Response

REDIRECT = "http://client.test/callback?tenant=7"


@pytest.fixture
def hand() -> Hand:
    return Hand()


def approve(hand: Hand, client_id: str, scope: str = "shop", **more: str) -> str:
    """Logs in, approves and gives the Location of the last answer."""
    query = {"client_id": client_id, "client_name": "Sync", "response_type": "code", "scope": scope}
    raw = urlencode({**query, "redirect_uri": REDIRECT, **more})
    first = hand.send("GET", "auth", raw)
    session = cookie(first, "PHPSESSID")
    login = urlencode({"wa_auth_login": 1, "login": "admin", "password": "admin"}).encode()
    form = "application/x-www-form-urlencoded"
    entered = hand.send("POST", "auth", raw, login, Cookie=f"PHPSESSID={session}", Content_Type=form)
    csrf = cookie(entered, "_csrf")
    jar = f"PHPSESSID={session}; _csrf={csrf}"
    body = urlencode({"_csrf": csrf, "approve": 1}).encode()
    decided = hand.send("POST", "auth", raw, body, Cookie=jar, Content_Type=form)
    assert decided.status == 302
    return dict(decided.headers)["Location"]


def cookie(answer: Response, name: str) -> str:
    jars = [SimpleCookie(value) for key, value in answer.headers if key == "Set-Cookie"]
    return next(jar[name].value for jar in jars if name in jar)


def code_in(location: str) -> str:
    return parse_qs(urlsplit(location).query)["code"][0]


def exchange(hand: Hand, code: str, client_id: str) -> dict[str, Any]:
    form = {"code": code, "client_id": client_id, "grant_type": "authorization_code"}
    answer: dict[str, Any] = read(hand.post_raw("token", form))
    return answer


def test_w01_state_is_never_echoed(hand: Hand) -> None:
    location = approve(hand, "client", state="S1")
    assert location.startswith(REDIRECT + "&code=")
    assert "S1" not in location


def test_w02_a_client_id_above_32_characters_fails_at_the_exchange(hand: Hand) -> None:
    client_id = "c" * 33
    assert exchange(hand, code_in(approve(hand, client_id)), client_id)["error"] == "invalid_grant"


def test_w03_the_same_client_and_user_share_a_token_whose_scope_is_overwritten(hand: Hand) -> None:
    first = exchange(hand, code_in(approve(hand, "one")), "one")["access_token"]
    second = exchange(hand, code_in(approve(hand, "one", scope="webasyst")), "one")["access_token"]
    assert first == second
    hand.token = first
    assert hand.get("product.search") == {"error": "access_denied"}


def test_w04_token_errors_are_http_200_and_text_html(hand: Hand) -> None:
    answer = hand.post_raw("token", {"code": "x", "client_id": "x", "grant_type": "authorization_code"})
    assert (answer.status, read(answer)["error"]) == (200, "invalid_grant")
    assert dict(answer.headers)["Content-Type"].startswith("text/html")


def test_w05_revoke_with_the_header_alone_revokes_nothing(hand: Hand) -> None:
    answer = hand.post_raw("revoke", {})
    assert (answer.status, read(answer)) == (200, {"access_token": ""})
    assert "count" in hand.get("product.search")
    hand.post_raw("revoke", {"access_token": hand.token})
    assert hand.get("product.search")["error"] == "invalid_token"


def test_w06_errors_come_with_http_200(hand: Hand) -> None:
    answer = hand.send("GET", "shop.product.search", {"limit": 1001}, Authorization=hand.token)
    assert (answer.status, read(answer)["error"]) == (200, "invalid_param")


def test_w07_texts_follow_the_language_of_the_user() -> None:
    english, russian = Hand(), Hand(locale="ru_RU")
    texts = {hand.get("product.getInfo", id=9)["error_description"] for hand in (english, russian)}
    assert texts == {"Product not found.", "Товар не найден."}


def test_w08_json_bodies_are_ignored(hand: Hand) -> None:
    body = json.dumps({"name": "J", "skus": [{"price": 1}]}).encode()
    answer = hand.send("POST", "shop.product.add", "", body, Authorization=hand.token, Content_Type="application/json")
    assert (answer.status, read(answer)["error"]) == (400, "invalid_param")


def test_w09_the_id_of_an_update_counts_in_the_query_only(hand: Hand) -> None:
    product = hand.product()
    assert hand.post("product.update", {"id": product["id"], "name": "x"})["error"] == "invalid_param"
    assert hand.post("product.delete", {}, id=product["id"])["error"] == "invalid_param"


def test_w10_fields_after_the_thousandth_vanish_without_an_error(hand: Hand) -> None:
    ids = [hand.product(f"N{index}", count=1)["sku_id"] for index in range(3)]
    form: dict[str, Any] = {f"sku[{n}][id]": ids[0] for n in range(998)}
    form |= {"sku[998][id]": ids[1], "sku[998][count]": 7, "sku[999][id]": ids[2], "sku[999][count]": 7}
    assert hand.post("product.massUpdate", form) == "ok"
    assert [hand.count(sku_id) for sku_id in ids[1:]] == ["7.000", "1.000"]


def test_w11_numbers_are_strings_maps_are_lists_when_empty_and_lists_are_objects(hand: Hand) -> None:
    product = hand.product(price="199.90")
    assert (product["id"], product["price"], product["features"]) == ("1", "199.9000", [])
    assert product["skus"][0]["price"] == 199.9
    order = hand.order(product["sku_id"])
    assert list(order["items"]) == ["1"]
    assert isinstance(hand.get("order.search")["orders"][0]["items"], list)


def test_w12_an_unknown_filter_gives_everything(hand: Hand) -> None:
    hand.product("A")
    hand.product("B")
    assert hand.get("product.search", hash="search/sku=A")["count"] == 2
    assert hand.get("product.search", hash="search/update_datetime>=2099-01-01")["count"] == 2
    hand.order(1)
    assert hand.get("order.search", hash="search/nosuch=1")["count"] == 1


def test_w13_the_product_hash_is_decoded_twice(hand: Hand) -> None:
    hand.product("A", name="a+b 50%25")
    assert hand.get("product.search", hash="search/name=a+b 50%25")["count"] == 0
    assert hand.get("product.search", hash="search/name=a%2Bb 50%2525")["count"] == 1


def test_w14_a_long_order_id_in_a_search_is_taken_for_a_display_number(hand: Hand) -> None:
    hand.product()
    for _ in range(6):
        hand.order(1)
    found = hand.get("order.search", hash="search/id>1005")["orders"]
    assert [order["id"] for order in found] == ["6"]


def test_w15_sort_directions_are_lower_case_for_products_and_upper_case_for_orders(hand: Hand) -> None:
    for code in "AB":
        hand.product(code)
        hand.order(1)

    def first(method: str, rows: str, **query: str) -> str:
        return str(hand.get(method, **query)[rows][0]["id"])

    assert first("product.search", "products", sort="id", order="desc") == "2"
    assert first("product.search", "products", sort="id", order="DESC") == "1"
    assert first("order.search", "orders", sort="id DESC") == "2"
    assert first("order.search", "orders", sort="id desc") == "1"


def test_w16_names_are_escaped_unless_switched_off_and_in_order_info_always(hand: Hand) -> None:
    hand.product(name="A & B")
    order = hand.order(1)
    assert hand.get("product.search")["products"][0]["name"] == "A &amp; B"
    assert hand.get("product.search", escape=0)["products"][0]["name"] == "A & B"
    assert order["items"]["1"]["name"] == "A &amp; B"


def test_w17_list_numbered_skus_steal_the_sku_of_another_product(hand: Hand) -> None:
    hand.product("VICTIM")
    thief = hand.product("THIEF")
    form = {"skus[0][sku]": "X", "skus[0][price]": 1, "skus[1][sku]": "Y", "skus[1][price]": 2}
    kept = hand.post("product.update", form, id=thief["id"])
    assert {sku["id"]: sku["sku"] for sku in kept["skus"]} == {"2": "THIEF", "3": "X", "1": "Y"}
    assert hand.get("product.getInfo", id=1)["skus"] == []


def test_w18_a_partial_update_switches_the_main_sku_and_unhides_it(hand: Hand) -> None:
    second = {"skus[1][sku]": "B", "skus[1][price]": 20, "skus[1][stock][0]": 1}
    product = hand.product("A", **second)
    hand.post("product.skus.update", {"available": 0, "status": 0}, id=2)
    kept = hand.post("product.update", {"skus[2][price]": 21}, id=product["id"])
    assert (kept["sku_id"], kept["price"], len(kept["skus"])) == ("2", "21.0000", 2)
    assert {sku["available"] + sku["status"] for sku in kept["skus"]} == {"11"}


def test_w19_tags_categories_and_params_are_replaced_as_a_whole(hand: Hand) -> None:
    categories = [hand.post("category.add", {"name": name})["id"] for name in ("One", "Two")]
    hand.product(tags="a,b", **{"params[x]": 1, "params[y]": 2, "categories[0]": categories[0]})
    hand.post("product.update", {"tags": "c", "params[z]": 3, "categories[0]": categories[1]}, id=1)
    kept = hand.get("product.search", fields="tags,params,category_ids")["products"][0]
    assert (list(kept["tags"].values()), kept["params"], kept["category_ids"]) == (["c"], {"z": "3"}, [categories[1]])


@pytest.mark.parametrize("count", ["", "abc", "1,5"])
def test_w20_an_unreadable_stock_is_unlimited(hand: Hand, count: str) -> None:
    assert hand.product(count=count)["skus"][0]["count"] is None


def test_w20_a_missing_stock_of_a_new_sku_makes_it_unlimited() -> None:
    hand = Hand(stocks=2)
    form = {"name": "x", "type_id": 1, "skus[0][sku]": "A", "skus[0][stock][1]": 4}
    assert hand.post("product.add", form)["skus"][0]["count"] is None


def test_w21_count_and_stock_contradict_each_other() -> None:
    hand = Hand(stocks=2)
    form = {"name": "x", "type_id": 1, "skus[0][stock][1]": 4, "skus[0][stock][2]": 6}
    assert hand.post("product.add", form)["count"] == "10.000"
    plain = hand.post("product.skus.update", {"stock[0]": 9}, id=1)
    assert (plain["count"], plain["stock"]) == ("9.000", {"1": "4.000", "2": "6.000"})
    hand.post("product.massUpdate", {"sku[0][id]": 1, "sku[0][count]": 20})
    assert hand.get("product.skus.getInfo", id=1)["stock"] == []


def test_w22_mass_update_says_ok_for_rows_that_it_skipped(hand: Hand) -> None:
    hand.product()
    assert hand.post("product.massUpdate", {"sku[0][id]": 999, "sku[0][count]": 1}) == "ok"
    with hand.user(**{"backend": 1, "type.all": 2}):
        assert hand.post("product.massUpdate", {"sku[0][id]": 1, "sku[0][count]": 1}) == "ok"
    assert hand.count(1) == "5.000"


def test_w23_price_and_count_of_the_product_disagree_with_its_sku(hand: Hand) -> None:
    hand.product()
    changed = hand.post("product.update", {"count": 77, "price": 99}, id=1)
    assert (changed["count"], changed["price"]) == ("77.000", "99.0000")
    assert (changed["skus"][0]["count"], changed["skus"][0]["price"]) == ("5.000", 10)


def test_w24_product_prices_are_in_the_currency_of_the_shop_sku_prices_in_that_of_the_product(hand: Hand) -> None:
    product = hand.product(currency="USD")
    assert (product["price"], product["skus"][0]["price"], product["skus"][0]["primary_price"]) == ("800.0000", 10, 800)


def test_w25_sku_codes_may_repeat_and_may_be_empty(hand: Hand) -> None:
    codes = [hand.product(code)["skus"][0]["sku"] for code in ("A", "A", "a", "")]
    assert codes == ["A", "A", "a", ""]


def test_w26_new_rows_have_no_modification_time(hand: Hand) -> None:
    assert hand.product()["edit_datetime"] is None
    assert hand.order(1)["update_datetime"] is None
    assert hand.get("product.search", hash="search/edit_datetime>=2000-01-01")["count"] == 0
    assert hand.get("order.search", hash="search/update_datetime>=2000-01-01")["count"] == 0


def test_w27_stock_and_sku_edits_leave_no_trace_in_the_stamp(hand: Hand) -> None:
    hand.product()
    hand.post("product.skus.update", {"price": 11, "stock[0]": 9}, id=1)
    hand.post("product.skus.add", {"sku": "B", "price": 1}, product_id=1)
    hand.act(hand.order(1)["id"], "process")
    assert hand.count(1) == "8.000"
    assert hand.edited(1) is None


def test_w28_times_are_local_to_the_server_without_an_offset() -> None:
    east, west = Hand(zone="Asia/Vladivostok"), Hand(zone="America/New_York")
    stamps = [hand.product()["create_datetime"] for hand in (east, west)]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", stamp) for stamp in stamps)
    assert stamps[0] > stamps[1]
    assert east.get("settings.get")["server_timezone_shift"] == "36000"


def test_w29_a_missing_right_looks_like_an_empty_shop(hand: Hand) -> None:
    hand.product()
    hand.order(1)
    with hand.user(backend=1):
        assert hand.get("order.search") == {"offset": 0, "limit": 100, "count": 0, "orders": []}
        assert hand.get("customer.search")["customers"] == []
        assert hand.get("order.getInfo", id=1)["id"] == "1"
