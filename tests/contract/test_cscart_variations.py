"""Variation groups that the merchant made, with features of his own, and new variants from the other shop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.exchange import Outcome, ProductWrite
from storesync.errors import NotKept, Rejected, UnsupportedValue

from tests.contract.cscart_shop import Shop, opened, product, variant

AS_ONE, SEPARATE = "group_variation_catalog_item", "group_catalog_item"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


class Merchant:
    """Shirts in two colours, shown as two products, each in sizes."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.colour, self.size = str(shop.feature("Colour", SEPARATE)), str(shop.feature("Size", AS_ONE))
        goods = [("red", "S"), ("red", "M"), ("blue", "S")]
        self.ids = [self.shirt(colour, size) for colour, size in goods]
        features = [{"feature_id": self.colour, "purpose": SEPARATE}, {"feature_id": self.size, "purpose": AS_ONE}]
        shop.ask("POST", "product_variations_groups", json={"product_ids": self.ids, "features": features})

    def shirt(self, colour: str, size: str) -> str:
        values = {self.colour: {"variant": colour}, self.size: {"variant": size}}
        return self.shop.product(product=f"Shirt {colour}", product_code=f"{colour}-{size}", add_new_variant=values)

    def gain(self, product_id: str, sku: str, name: str = "") -> Outcome:
        store = self.shop.store()
        current = store.products([product_id])[0]
        return store.write([ProductWrite(current, current.with_variants((*current.variants, variant(sku, name=name))), frozenset())])[0]


def test_products_that_are_shown_apart_are_products_of_their_own(shop: Shop) -> None:
    merchant = Merchant(shop)
    found = {item.id: [one.sku for one in item.variants] for item in shop.store().products(merchant.ids)}
    assert found == {merchant.ids[0]: ["red-S", "red-M"], merchant.ids[2]: ["blue-S"]}


def test_a_new_variant_goes_beside_its_own_product_in_the_merchants_group(shop: Shop) -> None:
    merchant = Merchant(shop)
    outcome = merchant.gain(merchant.ids[2], "blue-XL", "XL")
    assert outcome.error is None
    assert outcome.product is not None
    assert [item.sku for item in outcome.product.variants] == ["blue-S", "blue-XL"]
    made = shop.get(f"products/{outcome.product.variants[1].id}")
    assert (made["parent_product_id"], made["variation_features"][merchant.size]["variant"]) == (merchant.ids[2], "XL")
    assert len(shop.get("product_variations_groups")["groups"]) == 1


def test_a_variant_that_the_shop_leaves_out_of_the_group_is_seen_to_be_missing(shop: Shop) -> None:
    merchant = Merchant(shop)
    outcome = merchant.gain(merchant.ids[0], "red-other", "M")
    assert isinstance(outcome.error, NotKept)
    assert outcome.product is not None
    assert [item.sku for item in outcome.product.variants] == ["red-S", "red-M"]


def test_where_every_variation_is_a_product_of_its_own_no_variant_can_be_added(shop: Shop) -> None:
    colour = str(shop.feature("Colour", SEPARATE))
    ids = [shop.product(product_code=name, add_new_variant={colour: {"variant": name}}) for name in ("red", "blue")]
    shop.ask("POST", "product_variations_groups", json={"product_ids": ids, "features": [{"feature_id": colour, "purpose": SEPARATE}]})
    store = shop.store()
    current = store.products([ids[0]])[0]
    outcome = store.write([ProductWrite(current, current.with_variants((*current.variants, variant("green"))), frozenset())])[0]
    assert isinstance(outcome.error, UnsupportedValue)
    assert shop.codes() == ["blue", "red"]


def test_a_new_product_whose_variations_the_shop_left_apart_is_not_taken_for_whole(shop: Shop) -> None:
    shop.sandbox.odd.loose = True
    made = shop.store().create([product(variant("A"), variant("B"))], {})[0]
    assert isinstance(made.error, NotKept)
    assert made.product is not None
    assert [item.sku for item in made.product.variants] == ["A"]


# -- groups that a list has told of are asked for beside their products


def test_a_group_that_was_listed_is_read_whole_by_two_calls_at_a_time(shop: Shop) -> None:
    merchant, store = Merchant(shop), shop.store()
    unlisted = store.products([merchant.ids[1]])
    list(store.scan())
    shop.calls()
    assert store.products([merchant.ids[1]]) == unlisted
    assert shop.calls() == 3


def test_a_variation_that_left_its_group_since_it_was_listed_brings_no_other_along(shop: Shop) -> None:
    merchant, store = Merchant(shop), shop.store()
    list(store.scan())
    shop.ask("POST", f"product_variations/{merchant.ids[1]}/detach_product_variation")
    assert [item.variants[0].sku for item in store.products([merchant.ids[1]])] == ["red-M"]
    assert len(store.products([merchant.ids[1]])[0].variants) == 1


def test_a_product_that_joined_a_group_since_it_was_listed_brings_the_group(shop: Shop) -> None:
    first, second = shop.product(product_code="A"), shop.product(product_code="B")
    store = shop.store()
    list(store.scan())
    shop.group(first, second)
    assert [[item.sku for item in one.variants] for one in store.products([second])] == [["A", "B"]]


# -- what is written is read back a hundred rows at a time, while the rest is written


def test_each_of_many_rows_is_read_back_after_its_own_write(shop: Shop) -> None:
    ids = [shop.product(product_code=f"S{number}") for number in range(130)]
    store = shop.store()
    writes = [
        ProductWrite(item, replace(item, content=replace(item.content, summary=f"new {item.id}")), frozenset({"content"}))
        for item in store.products(ids)
    ]
    shop.calls()
    outcomes = store.write(writes)
    assert [outcome.error for outcome in outcomes] == [None] * 130
    assert [outcome.product.content.summary for outcome in outcomes if outcome.product] == [f"new {one}" for one in ids]
    assert shop.calls() == 132


def test_one_row_that_is_refused_is_told_and_holds_up_no_other(shop: Shop) -> None:
    ids = [shop.product(product_code=f"S{number}") for number in range(3)]
    store = shop.store()
    writes = [
        ProductWrite(item, replace(item, content=replace(item.content, summary="new")), frozenset({"content"}))
        for item in store.products(ids)
    ]
    shop.fault("status", f"PUT /api/products/{ids[1]}", status=400)
    first, second, third = store.write(writes)
    assert (first.error, third.error) == (None, None)
    assert isinstance(second.error, Rejected)
    assert [outcome.product.content.summary for outcome in (first, second, third) if outcome.product] == ["new", "", "new"]


def test_two_writes_of_one_product_are_read_back_together(shop: Shop) -> None:
    """As it is where the other shop keeps its variations as two products."""
    red, blue = shop.product(product_code="red"), shop.product(product_code="blue")
    shop.group(red, blue)
    store = shop.store()
    current = store.products([red])[0]

    def priced(at: int, price: str) -> ProductWrite:
        variants = [replace(item, price=Decimal(price)) if item is current.variants[at] else item for item in current.variants]
        return ProductWrite(current, current.with_variants(tuple(variants)), frozenset({f"price:{current.variants[at].id}"}))

    outcomes = store.write([priced(0, "11.00"), priced(1, "12.00")])
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert [[item.price for item in outcome.product.variants] for outcome in outcomes if outcome.product] == [
        [Decimal("11.00"), Decimal("12.00")]
    ] * 2


def test_a_product_of_more_rows_than_one_call_brings_is_read_back_whole(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storesync.cscart.products.BATCH", 2)
    ids = [shop.product(product_code=name) for name in "ABC"]
    shop.group(*ids)
    store = shop.store()
    current = store.products(ids)[0]
    cheaper = tuple(replace(item, price=Decimal("9.00")) for item in current.variants)
    shop.calls()
    (outcome,) = store.write(
        [ProductWrite(current, current.with_variants(cheaper), frozenset(f"price:{item.id}" for item in current.variants))]
    )
    assert shop.calls() == 5
    assert outcome.error is None
    assert outcome.product is not None
    assert [item.price for item in outcome.product.variants] == [Decimal("9.00")] * 3
