"""Traps W30 to W46 of the sandbox shop: orders, workflow, contacts, images, notifications."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.webasyst_client import Hand, read
from tests.sandbox.httpd import Response


@pytest.fixture
def hand() -> Hand:
    return Hand()


def saved(hand: Hand, **more: Any) -> Any:
    form = {"contact_id": 1, "items[0][product_id]": 1, "items[0][sku_id]": 1, "items[0][quantity]": 2, "items[0][price]": 40}
    return hand.post("order.save", {**form, "shipping": 300, "discount": 10, **more})


def test_w30_order_save_gives_no_id_and_repeats_make_duplicates(hand: Hand) -> None:
    hand.product()
    for _ in range(2):
        assert saved(hand, **{"params[marker]": "M1"}) == {"status": "ok", "data": []}
    assert hand.get("order.search", hash="search/params.marker=M1")["count"] == 2


def test_w31_a_failed_order_stays_behind_and_ok_may_mean_nothing(hand: Hand) -> None:
    hand.product()
    answer = hand.post_raw("shop.order.add", {"contact_id": 999, "items[0][sku_id]": 1})
    assert answer.status == 500
    assert len(hand.get("order.getInfo", id=1)["items"]) == 1
    assert hand.post("order.save", {"contact_id": 1, "items[0][quantity]": 1})["status"] == "ok"
    assert hand.get("order.getInfo", id=2)["total"] == "0.0000"


def test_w32_order_add_takes_catalogue_prices_and_drops_unknown_skus(hand: Hand) -> None:
    hand.product()
    order = hand.order(1, **{"items[0][price]": 1, "items[1][sku_id]": 999, "shipping": 50, "discount": 3})
    assert (order["total"], order["shipping"], len(order["items"])) == ("10.0000", "0.0000", 1)
    assert hand.order(999)["items"] == []


def test_w33_an_edit_without_shipping_resets_it_and_save_item_the_discount_too(hand: Hand) -> None:
    hand.product()
    saved(hand)
    hand.post("order.save", {"id": 1, "comment": "x"})
    order = hand.get("order.getInfo", id=1)
    assert (order["shipping"], order["discount"], order["total"]) == ("0.0000", "10.0000", "70.0000")
    hand.post("order.save", {"id": 1, "shipping": 300})
    hand.post("order.saveItem", {"item_id": 1, "quantity": 2})
    order = hand.get("order.getInfo", id=1)
    assert (order["shipping"], order["discount"]) == ("0.0000", "0.0000")


def test_w34_creation_and_actions_notify(hand: Hand) -> None:
    sent: list[tuple[str, Any]] = []
    hand.shop.notify = lambda action, order: sent.append((action, order["id"]))
    hand.product()
    hand.act(hand.order(1)["id"], "process")
    saved(hand)
    assert sent == [("create", "1"), ("process", "1"), ("create", "2")]


@pytest.mark.parametrize(
    ("setting", "after_create", "after_process"),
    [("create", "3.000", "3.000"), ("processing", "5.000", "3.000"), ("none", "5.000", "5.000")],
)
def test_w35_mirrored_orders_take_stock_when_the_setting_says(setting: str, after_create: str, after_process: str) -> None:
    hand = Hand(stock_counting_action=setting)
    hand.product()
    hand.order(1, 2)
    assert hand.count(1) == after_create
    hand.act(1, "process")
    assert hand.count(1) == after_process
    assert hand.get("settings.get")["stock_counting_action"] == setting


def test_w35_the_reduced_flag_keeps_stock_alone_but_gives_back_what_was_never_taken(hand: Hand) -> None:
    hand.product()
    hand.order(1, 2, **{"params[reduced]": 1})
    hand.act(1, "process")
    assert hand.count(1) == "5.000"
    hand.act(1, "delete")
    assert hand.count(1) == "7.000"


def test_w36_the_dedicated_methods_check_nothing(hand: Hand) -> None:
    hand.product()
    hand.order(1)
    hand.act(1, "complete")
    with hand.user(backend=1):
        assert hand.post("order.ship", {"id": 1})["after_state_id"] == "shipped"


def test_w37_an_action_can_refuse_with_null_and_http_200(hand: Hand) -> None:
    hand.product()
    hand.order(1)
    hand.act(1, "pay")
    hand.shop.refused_actions.add("refund")
    answer = hand.post_raw("shop.order.action", {"id": 1, "action": "refund", "refund": 1})
    assert (answer.status, answer.body) == (200, b"null")
    assert hand.get("order.getInfo", id=1)["state_id"] == "paid"


def test_w38_the_edit_action_is_an_empty_500(hand: Hand) -> None:
    hand.product()
    hand.order(1)
    answer = hand.post_raw("shop.order.action", {"id": 1, "action": "edit"})
    assert (answer.status, answer.body) == (500, b"")
    assert hand.get("order.getInfo", id=1)["update_datetime"] is None


def test_w39_an_order_may_be_in_a_state_of_the_shops_own(hand: Hand) -> None:
    hand.product()
    hand.order(1)
    hand.shop.shop.run("UPDATE orders SET state_id = 'assembly' WHERE id = 1")
    assert hand.get("order.search", fields="state")["orders"][0]["state_id"] == "assembly"
    assert hand.get("order.actions", id=1) == []


def test_w40_contacts_multiply_and_those_without_orders_are_hidden(hand: Hand) -> None:
    hand.product()
    ids = {hand.order(1, **{"contact[email]": "a@example.test"})["contact_id"] for _ in range(2)}
    assert len(ids) == 2
    hand.post("customer.add", {"data[firstname]": "B", "data[email]": "b@example.test"})
    assert hand.get("customer.search", hash="search/email=b@example.test")["count"] == 0
    assert hand.get("customer.search", hash="search/app.show_contacts=all&email=b@example.test")["count"] == 1


PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x02\x00\x00\x00\x03\x08\x02\x00\x00\x00"


def upload(hand: Hand, body: bytes, product_id: Any = 1) -> Response:
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + body + b"\r\n--b--\r\n"
    query = {"product_id": product_id}
    kind = "multipart/form-data; boundary=b"
    return hand.send("POST", "shop.product.images.add", query, part, Authorization=hand.token, Content_Type=kind)


def test_w41_images_are_never_deduplicated_and_the_unlisted_are_deleted(hand: Hand) -> None:
    hand.product()
    first, second = read(upload(hand, PNG)), read(upload(hand, PNG))
    assert first["id"] != second["id"]
    assert hand.edited(1) is None
    assert hand.fetch(first["url_big"]) == PNG
    hand.post("product.images.update", {"images[0][id]": second["id"]}, product_id=1)
    assert [image["id"] for image in hand.get("product.images.getList", product_id=1)] == [second["id"]]
    assert upload(hand, b"no image").status == 500


def test_w42_the_url_defaults_to_the_id_and_may_repeat(hand: Hand) -> None:
    assert hand.product()["url"] == "1"
    assert [hand.product(url="same")["url"] for _ in range(2)] == ["same", "same"]


def test_w43_long_values_are_cut_in_silence(hand: Hand) -> None:
    product = hand.product("S" * 300, name="Н" * 300)
    assert (len(product["name"]), len(product["skus"][0]["sku"])) == (255, 255)


def test_w44_a_hash_with_one_order_id_asks_the_payment_plugin(hand: Hand) -> None:
    hand.product()
    hand.order(1)
    for text in ("id/1", "id/1,0", "search/params.x=1"):
        hand.get("order.search", hash=text)
    assert hand.shop.payment_polls == ["1"]


def test_w45_callback_and_format_turn_failures_into_200_and_http_into_301(hand: Hand) -> None:
    answer = hand.send("GET", "shop.product.search", {"callback": "cb"}, Authorization="bad")
    assert answer.status == 200
    assert answer.body.startswith(b'cb({"error":"invalid_token"')
    assert hand.send("GET", "shop.product.search", {"format": "yaml"}).status == 200
    secure = Hand(public_url="https://shop.test/", https_only=True)
    moved = secure.post_raw("shop.product.add", {"name": "x"})
    assert (moved.status, dict(moved.headers)["Location"]) == (301, "https://shop.test/api.php/shop.product.add")


def test_w46_the_notification_holds_up_the_request_and_carries_secrets(hand: Hand) -> None:
    seen: list[dict[str, Any]] = []
    hand.shop.notify = lambda action, order: seen.append(order)
    hand.product()
    made = hand.order(1)
    assert len(seen) == 1
    assert seen[0]["params"]["auth_code"]
    assert "auth_code" not in made["params"]
