"""The traps of writing to Webasyst's catalogue, each met by the real client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from urllib.parse import quote_plus

import pytest
from storesync.domain import prints
from storesync.domain.exchange import ImageSource, ProductWrite
from storesync.domain.model import Group, Listing, Variant, Visibility
from storesync.errors import NotKept, OutcomeUnknown, Rejected, UnsupportedValue

from tests.contract.shops import png
from tests.contract.webasyst_shop import Shop, made, opened, priced, product, stocked, written


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


@pytest.fixture
def stocks() -> Iterator[Shop]:
    with opened(stocks=2) as found:
        yield found


def test_fault_18_w17_a_new_sku_of_one_product_leaves_the_skus_of_others_alone(shop: Shop) -> None:
    first, second = made(shop, "A1", "A2"), made(shop, "B1")
    added = second.with_variants((*second.variants, product("B2").variants[0]))
    written(shop, second, added, Group.CONTENT)
    assert [item.sku for item in shop.read(first.id).variants] == ["A1", "A2"]
    assert [item.sku for item in shop.read(second.id).variants] == ["B1", "B2"]


def test_w18_a_write_to_one_sku_keeps_the_main_one_and_what_is_hidden(shop: Shop) -> None:
    found = made(shop, "A", "B", "C")
    hidden = found.variants[2].id
    shop.post("product.massUpdate", {"sku[0][id]": hidden, "sku[0][available]": 0, "sku[0][status]": 0})
    before = shop.read(found.id)
    written(shop, before, priced(before, "77.70"), Group.PRICE)
    row = shop.raw(found.id)
    assert row["sku_id"] == found.variants[0].id
    assert [(sku["available"], sku["status"]) for sku in row["skus"]] == [("1", "1"), ("1", "1"), ("0", "0")]


def test_w19_tags_params_and_features_survive_every_write(shop: Shop) -> None:
    found = made(shop, "A")
    shop.post("product.update", {"tags": "red,blue", "features[weight]": "2 kg"}, id=found.id)
    category = shop.post("category.add", {"name": "Own"})["id"]
    before = shop.read(found.id)
    listing = Listing(Visibility.HIDDEN, (str(category),), before.listing.type_id)
    after = replace(priced(before, "5"), listing=listing, content=replace(before.content, name="Other"))
    kept = written(shop, before, after, Group.CONTENT, Group.LISTING, Group.PRICE).product
    assert kept and kept.listing == listing
    row = shop.raw(found.id)
    assert (sorted(row["tags"].values() if isinstance(row["tags"], dict) else row["tags"]), row["params"]) == (
        ["blue", "red"],
        {"storesync_ref": "main:A"},
    )
    assert shop.get("product.getInfo", id=found.id)["features"]


@pytest.mark.parametrize("count", [None, 0, 7, -3, 1_000_000_000])
def test_fault_38_w20_a_stock_is_what_was_meant_also_unlimited(shop: Shop, count: int | None) -> None:
    found = made(shop, "A", "B")
    kept = written(shop, found, stocked(found, count, 4), Group.STOCK).product
    assert kept and [item.stock for item in kept.variants] == [count, 4]
    again = shop.store().create([product("C", stock=count)], {})[0].product
    assert again and again.variants[0].stock == count


def test_fault_38_w20_a_fraction_is_never_rounded_up(shop: Shop) -> None:
    assert shop.read(shop.product(count="1.7")["id"]).variants[0].stock == 1


def test_w21_every_stock_of_the_shop_has_a_number_and_the_other_ones_keep_theirs(stocks: Shop) -> None:
    found = made(stocks, "A")
    stocks.post("product.massUpdate", {"sku[0][id]": found.variants[0].id, "sku[0][stock][2]": 8})
    before = stocks.read(found.id)
    written(stocks, before, stocked(before, 6), Group.STOCK)
    sku = stocks.raw(found.id)["skus"][0]
    assert (sku["stock"], sku["count"]) == ({"1": "6.000", "2": "8.000"}, "14.000")


def test_w21_the_stock_that_the_owner_chose_is_the_one_that_is_read_and_written(stocks: Shop) -> None:
    found = made(stocks, "A")
    stocks.post("product.massUpdate", {"sku[0][id]": found.variants[0].id, "sku[0][stock][1]": 3, "sku[0][stock][2]": 8})
    before = stocks.store(stock_id="2").products([found.id])[0]
    assert before.variants[0].stock == 8
    written(stocks, before, stocked(before, 1), Group.STOCK, stock_id="2")
    assert stocks.raw(found.id)["skus"][0]["stock"] == {"1": "3.000", "2": "1.000"}


def test_w21_a_price_leaves_a_sister_with_a_plain_count_limited(stocks: Shop) -> None:
    found = made(stocks, "A", "B")
    stocks.post("product.massUpdate", {"sku[0][id]": found.variants[1].id, "sku[0][count]": 4})
    before = stocks.read(found.id)
    assert [bool(item.stocks) for item in before.variants] == [True, False]
    one = before.with_variants((replace(before.variants[0], price=Decimal(9)), before.variants[1]))
    kept = written(stocks, before, one, Group.PRICE).product
    assert kept and [item.stock for item in kept.variants] == [5, 4]


def test_fault_17_w22_rows_that_were_skipped_are_found_by_reading_back(shop: Shop) -> None:
    found = made(shop, "A")
    with shop.user(**{"backend": 1, "orders": 100, "customers": 1, "type.1": 1}):
        outcome = written(shop, found, priced(found, "1.23"), Group.PRICE)
        texts = written(shop, found, replace(found, content=replace(found.content, name="New")), Group.CONTENT)
    assert isinstance(outcome.error, NotKept) and isinstance(texts.error, NotKept)
    assert shop.read(found.id).variants[0].price == Decimal("10.50")


def test_w22_one_refused_row_leaves_the_others_written(shop: Shop) -> None:
    store = shop.store()
    outcomes = store.create([product(f"S{number}") for number in range(9)], {})
    before = [outcome.product for outcome in outcomes if outcome.product]
    app = shop.server.app
    spoilt = (quote_plus('"count": 77777').encode(), quote_plus('"count": "x"').encode())
    shop.server.app = lambda request: app(replace(request, body=request.body.replace(*spoilt)))
    after = [stocked(item, 77777 if at == 4 else 3) for at, item in enumerate(before)]
    writes = [
        ProductWrite(one, two, frozenset(prints.key(Group.STOCK, item.id) for item in two.variants))
        for one, two in zip(before, after, strict=True)
    ]
    refused = [at for at, outcome in enumerate(store.write(writes)) if isinstance(outcome.error, Rejected)]
    assert refused == [4]
    assert [shop.read(item.id).variants[0].stock for item in before] == [5 if at == 4 else 3 for at in range(9)]


def test_w23_prices_and_counts_of_a_product_follow_its_skus(shop: Shop) -> None:
    found = made(shop, "A", "B")
    after = found.with_variants(tuple(replace(item, price=Decimal(3 + at), stock=at) for at, item in enumerate(found.variants)))
    written(shop, found, after, Group.PRICE, Group.STOCK)
    row = shop.get("product.getInfo", id=found.id)
    assert (row["price"], row["min_price"], row["max_price"], row["count"]) == ("3.0000", "3.0000", "4.0000", "1.000")


def test_w24_prices_are_those_of_the_skus_in_the_products_currency(shop: Shop) -> None:
    found = shop.read(shop.product(price=10, currency="USD")["id"])
    assert (found.currency, found.variants[0].price) == ("USD", Decimal(10))
    written(shop, found, priced(found, "12.50"), Group.PRICE)
    row = shop.get("product.getInfo", id=found.id)
    assert (row["currency"], row["price"], row["skus"][0]["price"]) == ("USD", "1000.0000", 12.5)


def picture(number: int, **known: str) -> ImageSource:
    return ImageSource(data=b"" if known else png(number), filename=f"{number}.png", **known)


def test_w41_each_picture_is_sent_once_and_the_order_is_kept(shop: Shop) -> None:
    store, found = shop.store(), made(shop, "A")
    found = store.put_images(found, [picture(number) for number in (1, 2, 3, 4, 5)])
    was = [image.id for image in found.images]
    shop.asked()
    kept = [picture(0, id=item) for item in (was[4], was[0], was[1], was[2])]
    found = store.put_images(found, [kept[0], picture(9), *kept[1:]])
    sent = [call for call in shop.asked() if "images" in call and "search" not in call]
    assert [call.partition("?")[0].rpartition(".")[2] for call in sent] == ["add", "delete", "sort"]
    assert [image.id for image in found.images] == [was[4], "6", *was[:3]]


def test_w41_a_lost_answer_to_an_upload_makes_no_second_picture(shop: Shop) -> None:
    shop.fault("lose_answer", "images.add")
    found = shop.store().put_images(made(shop, "A"), [picture(1), picture(2)])
    assert len(found.images) == 2


def test_w41_an_upload_that_never_arrived_is_not_believed(shop: Shop) -> None:
    shop.fault("status", "images.add", status=500)
    with pytest.raises(OutcomeUnknown):
        shop.store().put_images(made(shop, "A"), [picture(1)])


def test_w41_the_main_pictures_address_is_right_after_sorting(shop: Shop) -> None:
    store, found = shop.store(), made(shop, "A")
    jpeg = b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\x04\x00\x04\x01\x01\x11\x00\xff\xd9"
    found = store.put_images(found, [picture(1), ImageSource(data=jpeg, filename="b.jpg")])
    first, second = (image.id for image in found.images)
    store.put_images(found, [picture(0, id=second), picture(0, id=first)])
    row = shop.raw(found.id)
    assert (row["image_id"], row["ext"]) == (second, "jpg")


def test_fault_36_w42_two_products_never_share_an_address(shop: Shop) -> None:
    made(shop, "A", slug="lamp")
    outcomes = shop.store().create([product("B", slug="lamp"), product("C", slug="ночник"), product("D", slug="ночник")], {})
    slugs = [outcome.product.content.slug for outcome in outcomes if outcome.product]
    assert (slugs[1], len({"lamp", *slugs})) == ("ночник", 4)


def test_w43_what_would_be_cut_in_silence_is_cut_or_refused_by_us(shop: Shop) -> None:
    store = shop.store()
    with pytest.raises(UnsupportedValue):
        store.fit(product("A" * 256))
    with pytest.raises(UnsupportedValue):
        store.fit(product("A", name=" "))
    with pytest.raises(UnsupportedValue):
        store.fit(product("A", summary="я" * 32_768))
    with pytest.raises(UnsupportedValue):
        store.fit(priced(product("A"), "100000000000"))
    fitted = store.fit(product(" A ", name="Two\nlines " + "n" * 300))
    kept = store.create([fitted], {})[0].product
    assert kept and (kept.content.name, kept.variants[0].sku) == (fitted.content.name, "A")


def test_a_bulk_rename_is_known_to_the_search_after_reindexing(shop: Shop) -> None:
    found = [made(shop, "Q1", name="Oldword one"), made(shop, "Q2", name="Oldword two")]
    for item in found:
        new = replace(item, content=replace(item.content, name=f"Newword {item.id}"))
        assert written(shop, item, new, Group.CONTENT).error is None
    shop.store().reindex([shop.read(item.id) for item in found])
    assert [row["id"] for row in shop.get("product.search", hash="search/query=Oldword")["products"]] == []
    assert len(shop.get("product.search", hash="search/query=Newword")["products"]) == 2


def test_a_hundred_writes_are_one_call_and_a_read_back(shop: Shop) -> None:
    store = shop.store()
    shop.shop.seed(90)
    before = store.products([str(number) for number in range(1, 91)])
    writes = [
        ProductWrite(item, priced(item, "9.99"), frozenset(prints.key(Group.PRICE, variant.id) for variant in item.variants))
        for item in before
    ]
    shop.asked()
    assert all(outcome.error is None for outcome in store.write(writes))
    assert [call.partition("?")[0] for call in shop.asked()] == ["shop.product.massUpdate", "shop.product.search"]


def test_texts_too_long_for_one_form_are_sent_in_several(shop: Shop) -> None:
    """PHP drops a form beyond its limit without a word (chapter 2)."""
    found = [made(shop, f"T{number}") for number in range(3)]
    texts = "<p>" + "текст " * 80_000 + "</p>"
    writes = [
        ProductWrite(item, replace(item, content=replace(item.content, description=texts)), frozenset({Group.CONTENT.value}))
        for item in found
    ]
    shop.asked()
    assert all(outcome.error is None for outcome in shop.store().write(writes))
    assert sum(call.startswith("shop.product.massUpdate") for call in shop.asked()) == 2


def test_a_variant_that_cannot_be_bought_is_read_and_written_so(shop: Shop) -> None:
    found = made(shop, "A", "B")
    off = found.with_variants((found.variants[0], replace(found.variants[1], available=False)))
    kept = written(shop, found, off, Group.IDENTITY).product
    assert kept and [item.available for item in kept.variants] == [True, False]
    assert isinstance(kept.variants[1], Variant)
