"""The script's own judgement of both shops: it has to see every difference, and only records that wait for their merchant are left out."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.sandbox.script import compare

OURS: dict[str, Any] = {
    "product_id": "1", "product_code": "A-1", "product": "Lamp", "short_description": "s", "full_description": "<p>&amp; \"x\"</p>",
    "page_title": "t", "meta_keywords": "k", "meta_description": "d", "base_price": "10.00", "price": "8.00", "list_price": "12.00",
    "amount": "3", "tracking": "B", "status": "A", "main_pair": {"detailed": {}}, "image_pairs": [], "parent_product_id": "0",
}  # fmt: skip
THEIRS: dict[str, Any] = {
    "id": "7", "name": "Lamp", "summary": "s", "description": "<p>&amp; &quot;x&quot;</p>", "meta_title": "t", "meta_keywords": "k",
    "meta_description": "d", "status": "1", "images": {"1": {}},
    "skus": {"9": {"id": "9", "sku": "A-1 ", "price": "10.0000", "compare_price": "12.0000", "count": "3", "stock": []}},
}  # fmt: skip


class Shop:
    def __init__(self, *rows: dict[str, Any], stocks: tuple[str, ...] = ()) -> None:
        self.rows, self._stocks = rows, list(stocks)

    def products(self) -> Iterator[dict[str, Any]]:
        yield from self.rows

    def stocks(self) -> list[str]:
        return self._stocks


class Parked:
    def __init__(self, store: str, record_id: str, reason: str, kind: str = "product") -> None:
        self.store, self.record_id, self.reason, self.kind = store, record_id, reason, kind


def judged(
    ours: list[dict[str, Any]], theirs: list[dict[str, Any]], *parked: Parked, stocks: tuple[str, ...] = ()
) -> tuple[int, list[str]]:
    left: Any = Shop(*ours)
    right: Any = Shop(*theirs, stocks=stocks)
    return compare.product_differences(left, right, compare.Aside.of(parked))


def test_equal_is_equal() -> None:
    assert judged([OURS], [THEIRS]) == (1, [])


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("product", "Lamp 2", "name"), ("full_description", "<p>y</p>", "description"), ("base_price", "10.01", "price"),
        ("list_price", "0.00", "compare_price"), ("amount", "4", "stock"), ("tracking", "D", "stock"), ("status", "H", "visible"),
        ("image_pairs", [{}], "images"), ("meta_keywords", "", "meta_keywords"),
    ],
)  # fmt: skip
def test_every_field_counts(field: str, value: object, name: str) -> None:
    _, found = judged([OURS | {field: value}], [THEIRS])
    assert [line.split(": ")[1] for line in found] == [name]


def test_a_product_of_one_shop_only_and_a_sku_twice_are_differences() -> None:
    assert judged([OURS], [])[1] == ["A-1: only in cscart"]
    assert judged([], [THEIRS])[1] == ["A-1: only in webasyst"]
    assert judged([OURS, OURS | {"product_id": "2"}], [THEIRS])[1] == ["A-1: twice in cscart"]
    assert judged([OURS, OURS | {"product_id": "2", "product_code": ""}], [THEIRS])[1] == ["product 2: no SKU in cscart"]


def test_what_waits_for_its_merchant_is_left_out_on_both_sides() -> None:
    double = [OURS, OURS | {"product_id": "2", "base_price": "1.00"}]
    aside = [Parked("cscart", "1", "DuplicateSku"), Parked("cscart", "2", "DuplicateSku")]
    assert judged(double, [THEIRS], *aside) == (0, [])
    assert judged([OURS], [THEIRS | {"id": "8"}], Parked("cscart", "1", "MissingRate"))[1] == []


def test_what_the_sync_itself_did_not_manage_stays_a_difference() -> None:
    assert judged([OURS | {"amount": "4"}], [THEIRS], Parked("cscart", "1", "NotKept"))[1] == ["A-1: stock: '4' != '3'"]


def test_of_several_stocks_the_first_is_compared() -> None:
    theirs = deepcopy(THEIRS)
    theirs["skus"]["9"] |= {"count": "10", "stock": {"1": "3", "2": "7"}}
    assert judged([OURS], [theirs], stocks=("1", "2"))[1] == []
    theirs["skus"]["9"]["stock"] = {"2": "7"}
    assert judged([OURS], [theirs], stocks=("1", "2"))[1] == ["A-1: stock: '3' != 'unlimited'"]


@pytest.mark.parametrize(("kept", "cents"), [("10.0050", "10.01"), ("0.0050", "0.01"), ("10.0049", "10.00"), (None, "0.00")])
def test_money_is_rounded_as_merchants_do(kept: object, cents: str) -> None:
    assert compare.number(kept) == cents


def test_four_byte_characters_and_quotes_are_as_cscart_keeps_them() -> None:
    assert judged([OURS | {"product": "Lamp ?"}], [THEIRS | {"name": "Lamp 😀"}])[1] == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"full_description": "<p>a</p>x<br />"}, {"description": "<p onclick=x>a</p><script>alert(1)</script>x<br>"}),
        ({"meta_keywords": "k" * 255}, {"meta_keywords": "k" * 300}),
        ({"product": "New\nlamp"}, {"name": " - New lamp "}),
        ({"status": "R"}, {"status": "-1"}),
        ({"amount": "-2"}, {"skus": {"9": THEIRS["skus"]["9"] | {"count": "-1.500"}}}),
    ],
)
def test_what_a_shop_makes_of_every_value_is_no_difference(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert judged([OURS | ours], [THEIRS | theirs])[1] == []


@pytest.mark.parametrize(("ours", "theirs"), [("<b>a</b>", "a"), ("a", "a<script>1</script>b"), ("5 &gt; 4", "5 &gt; 3")])
def test_markup_and_words_that_are_lost_are_a_difference(ours: str, theirs: str) -> None:
    assert len(judged([OURS | {"full_description": ours}], [THEIRS | {"description": theirs}])[1]) == 1


def test_an_edit_that_both_shops_have_forgotten_is_a_difference_although_they_are_equal() -> None:
    left: Any = Shop(OURS)
    right: Any = Shop(THEIRS)
    expected = {"A-1": {"price": "11.00", "name": "Lamp"}, "GONE": {}}
    _, found = compare.product_differences(left, right, compare.Aside(), expected)
    assert [line.partition(" was lost: ")[2] for line in found] == [
        "price is '10.00' in cscart", "price is '10.00' in webasyst", "it is not there", "it is not there",
    ]  # fmt: skip


def test_what_a_variation_shares_with_its_group_is_not_expected_of_it() -> None:
    left: Any = Shop(OURS | {"variation_group_id": "4"})
    right: Any = Shop(THEIRS)
    assert compare.product_differences(left, right, compare.Aside(), {"A-1": {"visible": "1"}}) == (1, [])
