"""The traps of CS-Cart's catalogue, each met by the real client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from storesync.domain import prints
from storesync.domain.exchange import ProductWrite
from storesync.domain.model import Group, Product, Variant, Visibility
from storesync.errors import DuplicateSku, FilterIgnored, NotKept, UnsupportedValue

from tests.contract.cscart_shop import BUYER, Shop, opened, product, variant


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


def changed(current: Product, desired: Product) -> ProductWrite:
    before, after = prints.of(current), prints.of(desired)
    return ProductWrite(current, desired, frozenset(name for name in after if before.get(name) != after[name] and name != Group.MEDIA))


def priced(current: Product, price: str) -> Product:
    return current.with_variants(tuple(replace(item, price=Decimal(price)) for item in current.variants))


def test_fault_31_c05_a_sku_is_found_exactly_whatever_signs_it_has(shop: Shop) -> None:
    for code in ("A_1", "AB1", "XA_1", "a_1 ", "ЁЛК-1", "ЕЛК-1", "50%+&=/'"):
        shop.product(product_code=code)
    found = shop.store().find(["A_1", "ЁЛК-1", "50%+&=/'"])
    assert sorted(item.variants[0].sku for item in found) == ["50%+&=/'", "A_1", "ЁЛК-1"]


def test_c05_no_sku_finds_nothing(shop: Shop) -> None:
    shop.product(product_code="")
    assert shop.store().find(["", "  "]) == []
    assert shop.calls() == 1


def test_fault_15_c05_a_filter_that_is_ignored_is_noticed_before_the_catalogue_is_read(shop: Shop) -> None:
    shop.sandbox.seed(400, 0, 1)
    shop.sandbox.odd.ignored = {"filter_params"}
    with pytest.raises(FilterIgnored):
        shop.store().find(["A"])


def test_c06_two_products_with_one_sku_are_both_found(shop: Shop) -> None:
    ids = {shop.product(), shop.product()}
    assert {item.id for item in shop.store().find(["L-1"])} == ids


def test_fault_42_c07_a_promotion_is_never_taken_for_the_price(shop: Shop) -> None:
    ids = [shop.product(price="49.99", product_code=code) for code in ("A", "B")]
    shop.promote(*ids)
    store = shop.store()
    scanned = next(store.scan()).items[0].prints
    assert {item.variants[0].price for item in store.products(ids)} == {Decimal("49.99")}
    assert scanned[prints.key(Group.PRICE, ids[0])] == "49.99/0"


def test_c07_a_row_without_a_base_price_is_asked_for_alone(shop: Shop) -> None:
    ids = [shop.product(price="49.99", product_code=code) for code in ("A", "B")]
    shop.promote(ids[0])
    shop.sandbox.odd.without_base_price = True
    shop.sandbox.odd.ignored = {"get_discounts"}
    store = shop.store()
    assert [item.variants[0].price for item in store.products(ids)] == [Decimal("49.99")] * 2
    assert next(store.scan()).items[0].prints[prints.key(Group.PRICE, ids[0])] == "49.99/0"


def test_fault_42_c08_zeros_behind_a_price_make_no_difference(shop: Shop) -> None:
    found = shop.product(price="49.99")
    before = shop.store().products([found])[0]
    shop.sandbox.odd.without_base_price = True
    assert prints.of(shop.store().products([found])[0]) == prints.of(before)


def test_c10_a_write_of_something_else_leaves_categories_and_wholesale_prices(shop: Shop) -> None:
    second = shop.ask("POST", "categories", json={"category": "New", "company_id": 1}).json()["category_id"]
    found = shop.product(category_ids=[1, second], prices=[{"lower_limit": 5, "price": 90}])
    current = shop.store().products([found])[0]
    shop.store().write([changed(current, priced(current, "120"))])
    after = shop.get(f"products/{found}")
    assert (after["category_ids"], [row["lower_limit"] for row in after["prices"]]) == ([1, second], ["1", "5"])


def test_fault_26_c11_a_new_product_has_a_category_and_one_without_is_not_made_again(shop: Shop) -> None:
    made = shop.store().create([replace(product(), listing=replace(product().listing, categories=()))], {})[0]
    assert made.product is not None
    assert made.product.listing.categories == ("1",)
    shop.sandbox.execute("DELETE FROM products_categories")
    assert shop.store().products([made.product.id]) == []


def test_c12_stock_that_an_order_moved_shows_in_a_scan(shop: Shop) -> None:
    found = shop.product()
    shop.clock.now += 3600
    shop.sandbox.checkout({found: 2}, BUYER)
    store = shop.store()
    assert [len(page.items) for page in store.changed(shop.clock.date() - timedelta(seconds=60))] == [0]
    assert next(store.scan()).items[0].prints[prints.key(Group.STOCK, found)] == "8"


def test_c13_a_sale_between_read_and_write_is_shown_in_what_was_kept(shop: Shop) -> None:
    found = shop.product()
    current = shop.store().products([found])[0]
    shop.sandbox.checkout({found: 2}, BUYER)
    desired = current.with_variants((replace(current.variants[0], stock=7),))
    outcome = shop.store().write([changed(current, desired)])[0]
    assert outcome.error is None
    assert outcome.product is not None
    assert outcome.product.variants[0].stock == 7


@pytest.mark.parametrize("fault", ["lose_answer", "lose_answer_500"])
def test_c14_a_create_whose_answer_was_lost_makes_one_product(shop: Shop, fault: str) -> None:
    shop.fault(fault, "POST /api/products")
    made = shop.store().create([product(variant("A")), product(variant("B"))], {})
    assert [item.product is not None and item.product.variants[0].sku for item in made] == ["A", "B"]
    assert shop.codes() == ["A", "B"]


def test_c27_a_write_that_says_ok_and_keeps_nothing_is_an_error(shop: Shop) -> None:
    current = shop.store().products([shop.product()])[0]
    shop.sandbox.odd.deaf = True
    outcome = shop.store().write([changed(current, priced(current, "120"))])[0]
    assert isinstance(outcome.error, NotKept)
    assert outcome.product is not None
    assert outcome.product.variants[0].price == Decimal(100)


def test_c32_texts_are_read_and_written_in_the_chosen_language(shop: Shop) -> None:
    found = shop.product()
    store = shop.store(language="en")
    current = store.products([found])[0]
    store.write([changed(current, replace(current, content=replace(current.content, name="Lampe")))])
    assert [shop.get(f"products/{found}", lang_code=lang)["product"] for lang in ("ru", "en")] == ["Lamp", "Lampe"]
    assert store.products([found])[0].content.name == "Lampe"


def test_c33_what_the_shop_will_keep_is_known_before_and_does_not_grow(shop: Shop) -> None:
    store = shop.store()
    wanted = store.fit(product(name=" - Лампа 😀 ", description="<p onclick='x()'>a<script>b</script>&nbsp;<br>"))
    current = store.create([wanted], {})[0].product
    assert current is not None
    assert current.content.name == wanted.content.name
    for _ in range(3):
        again = store.write([ProductWrite(current, current, frozenset({Group.CONTENT.value}))])[0].product
        assert again is not None
        assert prints.of(again) == prints.of(current)


@pytest.mark.parametrize(
    "item",
    [
        variant("x" * 65),
        variant("SKU😀"),
        variant(stock=8_388_608),
        variant(stock=-(10**9)),
        variant(price="10000000000"),
        variant(compare_price=Decimal(10) ** 10),
        variant(price="0.0049"),
    ],
)
def test_c33_what_would_become_another_value_is_refused(shop: Shop, item: Variant) -> None:
    with pytest.raises(UnsupportedValue):
        shop.store().fit(product(item))


@pytest.mark.parametrize("name", ["", " ", " - ", "\n"])
def test_a_product_without_a_name_is_refused_before_it_is_sent(shop: Shop, name: str) -> None:
    with pytest.raises(UnsupportedValue):
        shop.store().fit(product(name=name))


def test_c34_shared_fields_go_to_the_parent_and_own_fields_to_the_variation(shop: Shop) -> None:
    ids = [shop.product(product_code=code) for code in ("A", "B", "C")]
    shop.group(*ids)
    store = shop.store()
    current = store.products([ids[1]])[0]
    assert (current.id, [item.id for item in current.variants]) == (ids[0], ids)
    wanted = [replace(item, price=Decimal(100 + at), stock=at) for at, item in enumerate(current.variants)]
    desired = replace(current.with_variants(tuple(wanted)), content=replace(current.content, name="Group"))
    shop.calls()
    kept = store.write([changed(current, desired)])[0]
    assert shop.calls() == 4
    assert (kept.error, kept.product) == (None, desired if kept.product is None else replace(desired, edited_at=kept.product.edited_at))
    assert {shop.get(f"products/{item}")["product"] for item in ids} == {"Group"}


def test_c34_a_group_that_is_hidden_is_hidden_in_all_its_variations(shop: Shop) -> None:
    ids = [shop.product(product_code=code) for code in ("A", "B")]
    shop.group(*ids)
    current = shop.store().products(ids)[0]
    desired = replace(current, listing=replace(current.listing, visibility=Visibility.HIDDEN))
    assert shop.store().write([changed(current, desired)])[0].error is None
    assert [shop.get(f"products/{item}")["status"] for item in ids] == ["H", "H"]


def test_a_product_with_several_variants_becomes_one_group(shop: Shop) -> None:
    store = shop.store()
    several = product(variant("A", name="Red"), variant("B", "120", name="Red"), variant("C", stock=None, available=False))
    made = store.create([several, product(variant("D"))], {})
    assert [item.error for item in made] == [None, None]
    grouped = made[0].product
    assert grouped is not None
    assert [(item.sku, item.price, item.stock, item.available) for item in grouped.variants] == [
        ("A", Decimal(100), 10, True),
        ("B", Decimal(120), 10, True),
        ("C", Decimal(100), None, False),
    ]
    assert store.products([grouped.variants[2].id]) == [grouped]


def test_a_variant_is_added_to_a_product_and_to_a_group(shop: Shop) -> None:
    store = shop.store()
    current = store.create([product(variant("A"))], {})[0].product
    for sku in ("B", "C"):
        assert current is not None
        outcome = store.write([ProductWrite(current, current.with_variants((*current.variants, variant(sku))), frozenset())])[0]
        assert outcome.error is None
        current = outcome.product
    assert current is not None
    assert [item.sku for item in current.variants] == ["A", "B", "C"]
    assert len(shop.get("product_variations_groups")["groups"]) == 1


def test_a_new_variant_never_takes_another_products_sku(shop: Shop) -> None:
    shop.product(product_code="B", product="Another")
    store = shop.store()
    current = store.products([shop.product(product_code="A")])[0]
    outcome = store.write([ProductWrite(current, current.with_variants((*current.variants, variant("B"))), frozenset())])[0]
    assert isinstance(outcome.error, DuplicateSku)
    assert shop.codes() == ["A", "B"]


def test_a_variation_left_behind_by_a_broken_try_is_taken_up(shop: Shop) -> None:
    store = shop.store()
    current = store.products([shop.product(product_code="A")])[0]
    wanted = ProductWrite(current, current.with_variants((*current.variants, variant("B"))), frozenset())
    shop.fault("status", "POST /api/product_variations_groups", status=400)
    assert store.write([wanted])[0].error is not None
    assert store.write([wanted])[0].error is None
    assert shop.codes() == ["A", "B"]


def test_a_variation_left_behind_is_taken_up_by_a_product_that_is_renamed_meanwhile(shop: Shop) -> None:
    store = shop.store()
    current = store.products([shop.product(product_code="A")])[0]
    desired = current.with_variants((*current.variants, variant("B")))
    shop.fault("status", "POST /api/product_variations_groups", status=400)
    assert store.write([ProductWrite(current, desired, frozenset())])[0].error is not None
    renamed = replace(desired, content=replace(desired.content, name="Cup"))
    assert store.write([ProductWrite(current, renamed, frozenset({"content"}))])[0].error is None
    assert shop.codes() == ["A", "B"]


def test_c40_a_deleted_product_is_left_out(shop: Shop) -> None:
    ids = [shop.product(), shop.product()]
    shop.ask("DELETE", f"products/{ids[0]}")
    assert [item.id for item in shop.store().products(ids)] == ids[1:]


def test_c44_a_new_product_belongs_to_the_chosen_vendor() -> None:
    with opened(edition="MULTIVENDOR") as shop:
        made = shop.store(company_id="2", scope="vendors").create([product()], {})[0].product
        assert made is not None
        assert shop.get(f"products/{made.id}")["company_id"] == "2"
