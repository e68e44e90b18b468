"""When two orders are the same, where they differ, and what the journal may say of it."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import order_comparison as comparison
from storesync.domain.model import StoreName
from storesync.domain.orders import Address, Customer, Line, Order

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
HOME = Address(street="Lenina 5", city="Perm", region="PER", zip="614000", country="RU")
BUYER = Customer("3", "Ivan", "Petrov", "Ivan@Example.com", "+79001234567")
LINES = (Line("1", "5", "50", "MUG", "Mug", Decimal("10.50"), 2), Line("2", "6", "60", " CUP ", "Cup", Decimal("3"), 1))
ORDER = Order(
    "7", "O", "RUB", LINES, Decimal("24.00"), Decimal("1"), Decimal("1"), customer=BUYER, billing_address=HOME, shipping_address=HOME,
    shipping_name="Post", payment_name="Card", comment="ring twice",
)  # fmt: skip


def free(name: str, price: str) -> Line:
    return Line("", "", "", "", name, Decimal(price), 1)


SAME = [
    {"lines": LINES[::-1]},
    {"status": "P"},
    {"shipping_name": "Courier"},
    {"lines": (replace(LINES[0], price=Decimal("10.5000")), LINES[1])},
    {"comment": " ring twice\r\n"},
    {"shipping_address": replace(HOME, firstname="Anna")},
]
OTHER = [
    {"lines": (replace(LINES[0], quantity=3), LINES[1])},
    {"lines": (replace(LINES[0], price=Decimal("10.51")), LINES[1])},
    {"lines": (replace(LINES[0], sku="BIG"), LINES[1])},
    {"lines": LINES[:1]},
    {"total": Decimal("24.01")},
    {"shipping": Decimal("1.01")},
    {"discount": Decimal("1.01")},
    {"comment": "ring thrice"},
    {"billing_address": replace(HOME, street="x")},
    {"shipping_address": replace(HOME, city="x")},
    {"shipping_address": replace(HOME, region="x")},
    {"shipping_address": replace(HOME, zip="x")},
    {"shipping_address": replace(HOME, country="x")},
]


@pytest.mark.parametrize("changed", SAME)
@pytest.mark.parametrize("store", list(StoreName))
def test_what_no_one_edited_prints_the_same(changed: dict, store: StoreName) -> None:
    assert comparison.body_print(replace(ORDER, **changed), store) == comparison.body_print(ORDER, store)


@pytest.mark.parametrize("changed", OTHER)
@pytest.mark.parametrize("store", list(StoreName))
def test_what_was_edited_prints_otherwise(changed: dict, store: StoreName) -> None:
    assert comparison.body_print(replace(ORDER, **changed), store) != comparison.body_print(ORDER, store)


@pytest.mark.parametrize("changed", [{"email": "x@example.com"}, {"phone": "1"}, {"firstname": "x"}, {"lastname": "x"}])
def test_the_buyer_is_part_of_an_order_in_cscart_alone(changed: dict) -> None:
    other = replace(ORDER, customer=replace(BUYER, **changed))
    assert comparison.body_print(other, CSCART) != comparison.body_print(ORDER, CSCART)
    assert comparison.body_print(other, WEBASYST) == comparison.body_print(ORDER, WEBASYST)


def test_lines_without_a_sku_are_told_apart_by_their_name_and_only_they() -> None:
    gift, wrap = (replace(ORDER, lines=(*LINES, free(name, "1"))) for name in ("Gift", "Wrap"))
    assert comparison.body_print(gift, CSCART) != comparison.body_print(wrap, CSCART)
    renamed = replace(ORDER, lines=(replace(LINES[0], name="New name"), LINES[1]))
    assert comparison.body_print(renamed, CSCART) == comparison.body_print(ORDER, CSCART)
    assert ("CUP", "", "1", "3") in comparison.body_value(ORDER, CSCART)[0]


# -- money


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, {}),
        ({"lines": (*LINES[::-1], free("Gift", "5"))}, {}),
        ({"lines": (replace(LINES[0], quantity=1), LINES[1], replace(LINES[0], quantity=1))}, {}),
        ({"total": Decimal("24.01")}, {"total": "24.00 != 24.01"}),
        ({"shipping": Decimal("0.99")}, {"shipping": "1.00 != 0.99"}),
        ({"lines": LINES[:1]}, {"line_CUP": "1 for 3.00 != none"}),
        ({"lines": (*LINES, replace(LINES[0], variant_id="70", sku=""))}, {"line_70": "none != 2 for 21.00"}),
        ({"lines": (replace(LINES[0], price=Decimal("10.49")), LINES[1])}, {"line_MUG": "2 for 21.00 != 2 for 20.98"}),
        ({"lines": (replace(LINES[0], quantity=3), LINES[1])}, {"line_MUG": "2 for 21.00 != 3 for 31.50"}),
    ],
)
def test_what_is_off_is_told_to_the_cent(changed: dict, told: dict[str, str]) -> None:
    assert comparison.differences(ORDER, replace(ORDER, **changed)) == told


def test_pieces_and_money_of_a_line_that_was_cut_are_added_up() -> None:
    cut = (*LINES, replace(LINES[0], price=Decimal("10.49"), quantity=3))
    assert comparison.differences(replace(ORDER, lines=cut), ORDER) == {"line_MUG": "5 for 52.47 != 2 for 21.00"}


# -- texts that a shop changed

TEXTS = {
    "shipping_name": "Courier", "payment_name": "Cash", "comment": "x",
    "shipping_address": replace(HOME, street="x"), "billing_address": replace(HOME, city="x"),
}  # fmt: skip
EMPTY = {name: Address() if name.endswith("address") else " " for name in TEXTS}


@pytest.mark.parametrize("name", list(TEXTS))
def test_a_text_that_was_dropped_or_changed_is_named(name: str) -> None:
    emptied, changed = replace(ORDER, **{name: EMPTY[name]}), replace(ORDER, **{name: TEXTS[name]})
    assert (comparison.dropped(ORDER, emptied), comparison.otherwise(ORDER, emptied)) == ((name,), (name,))
    assert (comparison.dropped(ORDER, changed), comparison.otherwise(ORDER, changed)) == ((), (name,))
    assert (comparison.dropped(emptied, ORDER), comparison.otherwise(emptied, ORDER)) == ((), ())


def test_a_region_may_change_its_spelling_and_nothing_else_of_a_place() -> None:
    assert comparison.otherwise(ORDER, replace(ORDER, shipping_address=replace(HOME, region="Пермский край"))) == ()
    for field in ("street", "city", "zip", "country"):
        assert comparison.otherwise(ORDER, replace(ORDER, shipping_address=replace(HOME, **{field: "x"}))) == ("shipping_address",)


# -- what the journal shows


def test_a_new_order_is_shown_without_people_places_and_words() -> None:
    old, new = comparison.change(None, replace(ORDER, lines=(*LINES, free("Gift «5»", "5"))))
    assert old == ""
    assert json.loads(new) == {
        "lines": [
            {"sku": "Gift «5»", "quantity": "1", "price": "5"},
            {"sku": "CUP", "quantity": "1", "price": "3"},
            {"sku": "MUG", "quantity": "2", "price": "10.5"},
        ],
        "shipping": "1.00", "discount": "1.00", "total": "24.00", "currency": "RUB", "status": "O",
    }  # fmt: skip
    assert "«5»" in new and ": " not in new


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({}, ({}, {})),
        ({"total": Decimal(25)}, ({"total": "24.00"}, {"total": "25.00"})),
        ({"discount": Decimal(2)}, ({"discount": "1.00"}, {"discount": "2.00"})),
        ({"currency": "USD", "status": "P"}, ({"currency": "RUB", "status": "O"}, {"currency": "USD", "status": "P"})),
        ({"comment": "x"}, ({}, {"changed": ["comment"]})),
        ({"customer": replace(BUYER, lastname="x")}, ({}, {"changed": ["buyer"]})),
        ({"billing_address": replace(HOME, zip="x")}, ({}, {"changed": ["billing_address"]})),
        ({"shipping_address": replace(HOME, zip="x")}, ({}, {"changed": ["shipping_address"]})),
        ({"shipping": Decimal(2), "comment": "x"}, ({"shipping": "1.00"}, {"shipping": "2.00", "changed": ["comment"]})),
    ],
)
def test_of_a_changed_order_only_what_changed_is_shown_and_of_people_only_the_names(changed: dict, shown: tuple) -> None:
    old, new = comparison.change(ORDER, replace(ORDER, **changed))
    assert (json.loads(old), json.loads(new)) == shown
