"""What the Store port promises about reading and creating products, held against the stores in memory and both clients over HTTP."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from storesync.domain import prints
from storesync.domain.model import Group
from storesync.errors import FilterIgnored, OutcomeUnknown, UnsupportedValue

from tests.contract.products import changed, key, moment, rows, values, with_variant, write_of
from tests.contract.shops import Shop

# -- the store itself


def test_it_tells_its_own_time(shop: Shop) -> None:
    shop.clock.seconds += 5000
    assert abs((shop.store.now() - moment(shop)).total_seconds()) <= 1
    assert shop.store.info().now.tzinfo is not None


def test_it_knows_its_statuses(shop: Shop) -> None:
    known = {status.id: status for status in shop.store.info().statuses}
    if shop.is_cscart:
        assert {"O", "P", "C", "I"} <= known.keys() and "N" not in known
    else:
        assert {"process", "ship", "complete", "delete"} <= set(known["new"].actions)
        assert known["deleted"].actions and "ship" not in known["deleted"].actions


def test_it_knows_how_it_ships_and_is_paid(shop: Shop) -> None:
    """By ids of its own; a shop without a way to be paid has none."""
    found = shop.store.methods()
    assert found.shippings and all(name and int(item) > 0 for item, name in {**found.shippings, **found.payments}.items())
    assert found.payments or not shop.is_cscart


# -- reading


def test_a_scan_is_complete_and_in_order(shop: Shop) -> None:
    made = {shop.made(f"A-{number}").id for number in range(8)}
    found = [int(row.id) for row in rows(shop)]
    assert found == sorted(set(found))
    assert {str(number) for number in found} == made


def test_a_scan_goes_on_behind_a_page(shop: Shop) -> None:
    for number in range(8):
        shop.made(f"A-{number}")
    whole = [row.id for row in rows(shop)]
    first = next(iter(shop.store.scan()))
    assert [row.id for row in first.items] + [row.id for row in rows(shop, first.position)] == whole
    assert first.total == len(whole)


def test_fault_55_a_scan_loses_nothing_to_a_row_that_goes_meanwhile(shop: Shop) -> None:
    for number in range(8):
        shop.made(f"A-{number}")
    whole = [row.id for row in rows(shop)]
    pages = shop.store.scan()
    seen = [row.id for row in next(pages).items]
    shop.made("A-later")
    seen += [row.id for page in pages for row in page.items]
    assert set(whole) <= set(seen)


def test_an_empty_shop_has_no_rows(shop: Shop) -> None:
    assert rows(shop) == []
    assert changed(shop, moment(shop) - timedelta(days=1)) == set()


def test_a_listed_row_prints_as_the_product_does(shop: Shop) -> None:
    shop.made("A-1")
    group = shop.made("B-1", "B-2", "B-3")
    listed: dict[str, str] = {}
    for row in rows(shop):
        if row.product_id == group.id:
            listed |= row.prints
    assert listed == prints.of(shop.read(group.id))


def test_new_and_edited_products_are_changed(shop: Shop) -> None:
    old = shop.made("A-old")
    edited = shop.made("A-edited")
    shop.clock.seconds += 7200
    since = moment(shop)
    new = shop.made("A-new")
    write = write_of(edited, Group.CONTENT.value, content=replace(edited.content, name="Renamed"))
    assert shop.store.write([write])[0].error is None
    assert changed(shop, since) >= {new.id, edited.id}
    assert old.id not in changed(shop, since)


def test_stock_that_a_sale_took_moves_no_stamp(shop: Shop) -> None:
    """Why sweeps are needed at all."""
    product = shop.made("A-1")
    shop.clock.seconds += 7200
    shop.recount(product.variants[0].id, 3) if shop.is_cscart else shop.sell(product.variants[0].id, 1)
    assert changed(shop, moment(shop)) == set()


def test_an_ignored_filter_is_noticed_before_a_row_is_handed_out(shop: Shop) -> None:
    for number in range(4):
        shop.made(f"A-{number}")
    last = shop.made("A-last")
    shop.clock.seconds += 7200
    shop.ignore_filters()
    with pytest.raises(FilterIgnored):
        next(iter(shop.store.changed(moment(shop))))
    with pytest.raises(FilterIgnored):
        shop.store.products([last.id])
    with suppress(FilterIgnored):
        assert [item.variants[0].sku for item in shop.store.find(["A-1"], moment(shop))] == ["A-1"]


def test_products_are_read_by_the_ids_of_their_rows(shop: Shop) -> None:
    single, group = shop.made("A-1"), shop.made("B-1", "B-2")
    ids = {row.id for row in rows(shop)}
    found = shop.store.products([*sorted(ids), "987654"])
    assert sorted(item.id for item in found) == sorted([single.id, group.id])
    whole = next(item for item in found if item.id == group.id)
    assert sorted(item.sku for item in whole.variants) == ["B-1", "B-2"]
    assert whole.variants[0].sku == "B-1"


@pytest.mark.parametrize("sku", ["A-1", "50%_off", "a+b&c/d", "Кружка №1", 'it\'s "x"', "A|B", "A,B", "#1"])
def test_a_sku_is_found_exactly(shop: Shop, sku: str) -> None:
    shop.made("other")
    wanted = shop.made(sku)
    since = moment(shop) - timedelta(minutes=1)
    assert [item.id for item in shop.store.find([f" {sku} "], since)] == [wanted.id]
    assert shop.store.find([sku.swapcase()], since) == [] or sku.swapcase() == sku
    assert shop.store.find([sku[:-1]], since) == []


def test_a_search_finds_what_was_created_since(shop: Shop) -> None:
    wanted = {shop.made(f"A-{number}").id for number in range(5)}
    found = shop.store.find([f"A-{number}" for number in range(9)], moment(shop) - timedelta(minutes=1))
    assert {item.id for item in found} == wanted


# -- creating


def test_created_products_are_kept_as_fitted(shop: Shop) -> None:
    wanted = [shop.product("A-1"), shop.product("A-2", name=" - Ünïted  Lamp"), shop.product("B-1", "B-2", "B-3")]
    outcomes = shop.store.create(wanted, {"A-1": "m1", "A-2": "m2", "B-1": "m3"})
    assert [outcome.error for outcome in outcomes] == [None, None, None]
    for product, outcome in zip(wanted, outcomes, strict=True):
        assert outcome.product == shop.read(outcome.product.id)  # type: ignore[union-attr]
        fitted, kept = shop.store.fit(product), outcome.product
        assert kept is not None
        assert prints.content_value(kept.content) == prints.content_value(fitted.content)
        assert [values(item) for item in kept.variants] == [values(item) for item in fitted.variants]
        assert kept.listing.visibility is fitted.listing.visibility


def test_fault_38_unlimited_stock_is_not_a_number(shop: Shop) -> None:
    product = with_variant(shop.product("A-1"), stock=None)
    kept = shop.store.create([product], {})[0].product
    assert kept is not None and kept.variants[0].stock is None
    limited = write_of(kept, key(Group.STOCK, kept), variants=(replace(kept.variants[0], stock=4),))
    assert shop.store.write([limited])[0].product.variants[0].stock == 4  # type: ignore[union-attr]


def test_a_lost_answer_leaves_one_product_that_can_be_found(shop: Shop) -> None:
    shop.lose("create")
    outcomes = shop.store.create([shop.product("A-1"), shop.product("A-2")], {"A-1": "m1", "A-2": "m2"})
    for outcome in outcomes:
        assert outcome.product is not None or isinstance(outcome.error, OutcomeUnknown)
    found = shop.store.find(["A-1", "A-2"], moment(shop) - timedelta(minutes=1))
    assert sorted(item.variants[0].sku for item in found) == ["A-1", "A-2"]
    assert len(rows(shop)) == 2


def test_fitting_twice_changes_nothing(shop: Shop) -> None:
    product = shop.product("A-1", name="-- Лампа \U0001f600 " + "x" * 300, description="<b>x" + "\U0001f600")
    product = with_variant(product, price=Decimal("10.12345"), compare_price=Decimal("0.005"))
    fitted = shop.store.fit(product)
    assert shop.store.fit(fitted) == fitted


def test_what_fits_is_what_is_kept(shop: Shop) -> None:
    product = shop.product("A-1")
    long = replace(product.content, name=" - Лампа \U0001f600 " + "x" * 300, meta_title="t" * 300)
    product = with_variant(replace(product, content=long), price=Decimal("10.005"))
    kept = shop.store.create([product], {})[0].product
    fitted = shop.store.fit(product)
    assert kept is not None
    assert (kept.content.name, kept.content.meta_title) == (fitted.content.name, fitted.content.meta_title)
    assert kept.variants[0].price == fitted.variants[0].price


def test_fault_42_a_negative_price_never_becomes_a_positive_one(shop: Shop) -> None:
    wanted = shop.product("A-1")
    wanted = wanted.with_variants((replace(wanted.variants[0], price=Decimal(-1)),))
    try:
        assert shop.store.fit(wanted).variants[0].price == Decimal(-1)
    except UnsupportedValue:
        assert shop.is_cscart


def test_fault_31_a_sku_that_would_be_cut_is_refused(shop: Shop) -> None:
    with pytest.raises(UnsupportedValue):
        shop.store.fit(shop.product("A-1") and with_variant(shop.product("A-1"), sku="x" * 256))
