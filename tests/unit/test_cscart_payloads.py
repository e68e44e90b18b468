"""CS-Cart's JSON in all the shapes that PHP gives it, and the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storesync.cscart import order_payloads, payloads
from storesync.domain import prints
from storesync.domain.model import Content, Listing, Product, Variant, Visibility
from storesync.errors import SyncError

PAIR = {"pair_id": "7", "detailed_id": "70", "position": "0", "detailed": {"image_path": "https://shop.example/images/detailed/0/a.png"}}
ROW: dict[str, Any] = {
    "product_id": "12", "product": "Chair", "product_code": " CH-1 ", "status": "A", "price": "40.00", "base_price": "49.990000",
    "list_price": "60.00", "amount": "5", "tracking": None, "category_ids": [3, 9], "main_category": 9, "timestamp": "1700000000",
    "updated_timestamp": "1700000100", "short_description": "", "full_description": "<p>x</p>", "main_pair": PAIR, "image_pairs": {"8": {**PAIR, "pair_id": "8"}},
    "parent_product_id": "0", "variation_group_id": None,
}  # fmt: skip
LINE = {"item_id": "2011", "product_id": "12", "product_code": "CH-1", "product": "Chair", "price": "49.99", "amount": "2", "extra": []}
ORDER: dict[str, Any] = {
    "order_id": "105", "is_parent_order": "N", "parent_order_id": "0", "company_id": "1", "user_id": "0", "status": "O", "timestamp": "1700000000",
    "updated_at": "1700000100", "total": "119.98", "shipping_cost": "15.00", "subtotal_discount": 0, "payment_surcharge": 0, "tax_subtotal": 5,
    "taxes": {"6": {"price_includes_tax": "N", "tax_subtotal": 5}, "7": {"price_includes_tax": "Y", "tax_subtotal": 9}},
    "products": {"2011": LINE}, "shipping": [{"shipping": "Courier", "rate": 10}, {"shipping": "Post", "rate": "5.00"}],
    "payment_method": {"payment": "Cash"}, "notes": "Ring twice [sync main:webasyst:7]", "email": "a@b.example", "b_country": "ru", "b_city": "Moscow",
}  # fmt: skip

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.text(max_size=8) | st.sampled_from(["1,5", "abc", "9e99", "-0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["0", "1", "detailed", "image_path", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def test_a_row_is_read() -> None:
    found = payloads.product([ROW], "RUB")
    assert (found.variants[0].price, found.variants[0].compare_price, found.variants[0].stock) == (Decimal("49.99"), Decimal("60.00"), 5)
    assert found.listing == Listing(Visibility.VISIBLE, ("9", "3"))
    assert [image.id for image in found.images] == ["7", "8"]
    assert found.edited_at == datetime(2023, 11, 14, 22, 15, tzinfo=UTC)


@pytest.mark.parametrize("name", ["image_pairs", "category_ids"])
def test_a_list_and_a_map_are_the_same_to_php(name: str) -> None:
    as_map = {**ROW, name: {str(at): item for at, item in enumerate([PAIR] if name == "image_pairs" else [3, 9])}}
    as_list = {**ROW, name: list(as_map[name].values())}
    assert prints.of(payloads.product([as_map], "RUB")) == prints.of(payloads.product([as_list], "RUB"))


def test_stock_that_is_not_tracked_is_unlimited_and_never_a_number() -> None:
    assert payloads.product([{**ROW, "tracking": "D"}], "RUB").variants[0].stock is None


def test_an_order_is_read_with_every_part_of_its_total() -> None:
    found = order_payloads.order(ORDER, "RUB")
    assert found.total == found.expected_total == Decimal("119.98")
    assert (found.tax, found.shipping, found.shipping_name) == (Decimal(5), Decimal("15.00"), "Courier, Post")
    assert (found.comment, found.marker, found.billing_address.country) == ("Ring twice", "main:webasyst:7", "RU")
    assert order_payloads.own_shipping(ORDER) == Decimal("15.00")


@pytest.mark.parametrize(
    ("ids", "payment", "found"), [((1, "1"), "2", ("1", "2")), ((1, 2), "0", ("", "")), ((0,), None, ("", "")), ((), 12, ("", "12"))]
)
def test_methods_are_known_by_their_ids_unless_several_ways_to_ship_were_taken(
    ids: tuple[object, ...], payment: object, found: tuple[str, str]
) -> None:
    row = {**ORDER, "shipping": [{"shipping_id": item} for item in ids], "payment_id": payment}
    read = order_payloads.order(row, "RUB")
    assert (read.shipping_id, read.payment_id) == found


@pytest.mark.parametrize("empty", [[], {}, None, ""])
def test_without_a_list_of_taxes_the_sum_of_them_counts(empty: object) -> None:
    assert order_payloads.order({**ORDER, "taxes": empty}, "RUB").tax == Decimal(5)


def test_lines_as_a_list_are_read_as_well() -> None:
    assert order_payloads.order({**ORDER, "products": [LINE]}, "RUB").lines == order_payloads.order(ORDER, "RUB").lines


@given(st.sampled_from(sorted(ROW)), anything)
def test_a_strange_field_of_a_product_is_read_or_refused(name: str, value: object) -> None:
    try:
        found = payloads.record({**ROW, name: json.loads(json.dumps(value))}, "RUB")
    except SyncError:
        return
    assert all(isinstance(one, str) for one in found.prints.values())


@given(st.sampled_from(sorted(ORDER)), anything)
def test_a_strange_field_of_an_order_is_read_or_refused(name: str, value: object) -> None:
    try:
        found = order_payloads.order({**ORDER, name: json.loads(json.dumps(value))}, "RUB")
    except SyncError:
        return
    assert isinstance(found.total, Decimal)


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)


@given(texts.map("Lamp {}".format), texts, texts)
def test_what_fits_fits_again(name: str, summary: str, keywords: str) -> None:
    wanted = Product(
        "",
        Content(name, summary, meta_keywords=keywords),
        Listing(),
        (Variant("", "A", Decimal("1.005")), Variant("", "B", Decimal(2))),
        "RUB",
    )
    once = payloads.fit(wanted)
    assert payloads.fit(once) == once
    assert all(ord(sign) < 0x10000 for sign in once.content.name + once.content.summary)


def test_a_note_keeps_its_mark_through_any_comment() -> None:
    for comment in ("", "x", "[sync other:cscart:1]", "😀", "a\nb ]["):
        row = {**ORDER, "notes": order_payloads.notes(comment, "main:webasyst:7")}
        assert order_payloads.marker(row) == "main:webasyst:7"


def test_nothing_of_a_buyer_is_emptied() -> None:
    before = order_payloads.order({**ORDER, "firstname": "Anna", "phone": "+7 900"}, "RUB")
    after = replace(before, customer=replace(before.customer, firstname="", phone="+7 901"))
    assert order_payloads.changed_data(after, before) == {"phone": "+7 901", "b_phone": "+7 901", "s_phone": "+7 901"}
