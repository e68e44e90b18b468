"""Products in the words of the other store: categories, currencies, what stays as the counterpart has it."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import translation
from storesync.domain.connection import Connection, CsCartSettings, WebasystSettings
from storesync.domain.model import Content, Listing, Product, StoreName, Variant, Visibility
from storesync.errors import MissingRate

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
MUG = Variant("1", " MUG ", Decimal("10.50"), compare_price=Decimal(12), stock=5, stocks=(("1", 5),))
PRODUCT = Product("9", Content("Mug", slug="mug"), Listing(categories=("1", "3", "2")), (MUG,), "RUB")

LINKED = Connection(
    "main",
    CsCartSettings(currency="RUB", default_category="9"),
    WebasystSettings(currency="USD", default_category="99", default_type="2"),
    categories={"1": "11", "2": "12", "3": "12"},
    rates={"RUB>USD": Decimal("0.0125")},
)


@pytest.mark.parametrize(
    ("source", "target", "current", "found"),
    [
        (("1", "2"), WEBASYST, (), ("11", "12")),
        (("2", "3"), WEBASYST, (), ("12",)),
        (("7",), WEBASYST, (), ("99",)),
        ((), WEBASYST, ("44",), ("44",)),
        (("7",), WEBASYST, ("11", "44"), ("11", "44")),
        (("1",), WEBASYST, ("12", "44"), ("11", "44")),
        (("1",), WEBASYST, ("44", "11"), ("44", "11")),
        (("12",), CSCART, (), ("2",)),
        (("12",), CSCART, ("3",), ("3",)),
        (("12", "11"), CSCART, ("7",), ("2", "1", "7")),
        (("77",), CSCART, (), ("9",)),
    ],
)
def test_categories_go_by_the_table_and_what_it_does_not_speak_of_stays(
    source: tuple, target: StoreName, current: tuple, found: tuple
) -> None:
    assert translation.categories(LINKED, source, target, current) == found


def test_without_a_default_there_may_be_no_category() -> None:
    assert translation.categories(Connection("main"), ("7",), WEBASYST) == ()


@pytest.mark.parametrize(
    ("amount", "source", "target", "found"),
    [("100", "RUB", "USD", "1.25"), ("1", "USD", "RUB", "80.00"), ("0.60", "RUB", "USD", "0.01"), ("10", "RUB", "USD", "0.13"), ("9.99", "RUB", "USD", "0.12"), ("1.005", "RUB", "RUB", "1.005"), ("3", "", "USD", "3")],
)  # fmt: skip
def test_amounts_are_converted_to_the_cent(amount: str, source: str, target: str, found: str) -> None:
    assert str(translation.money(LINKED, Decimal(amount), source, target)) == found


def test_an_amount_is_never_passed_on_unconverted() -> None:
    with pytest.raises(MissingRate):
        translation.money(LINKED, Decimal(1), "EUR", "RUB")


def test_a_product_in_the_words_of_the_other_store() -> None:
    made = translation.product(LINKED, replace(PRODUCT, listing=Listing(Visibility.HIDDEN, ("1",), "5")), WEBASYST)
    assert (made.currency, made.listing) == ("USD", Listing(Visibility.HIDDEN, ("11",), "2"))
    assert (made.variants[0].price, made.variants[0].compare_price, made.variants[0].stocks) == (Decimal("0.13"), Decimal("0.15"), ())
    there = replace(PRODUCT, currency="RUB", listing=Listing(categories=("44",), type_id="8"))
    kept = translation.product(LINKED, PRODUCT, WEBASYST, there)
    assert (kept.currency, kept.listing, kept.variants[0].price) == ("RUB", Listing(categories=("11", "12", "44"), type_id="8"), MUG.price)
    back = translation.product(LINKED, replace(PRODUCT, currency="USD"), CSCART)
    assert (back.currency, back.listing.type_id, back.variants[0].price) == ("RUB", "", Decimal("840.00"))
    bare = translation.product(Connection("main"), PRODUCT, WEBASYST)
    assert (bare.currency, bare.variants[0].price) == ("RUB", MUG.price)
