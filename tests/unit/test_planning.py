"""The three-way comparison: what flows where, on values alone."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import prints
from storesync.domain.connection import Connection, CsCartSettings, Policy, WebasystSettings
from storesync.domain.model import Content, Group, Listing, Product, StoreName, Variant
from storesync.domain.planning import Pair, Side, plan
from storesync.errors import MissingRate

CONNECTION = Connection("main", CsCartSettings(currency="RUB"), WebasystSettings(currency="RUB"))
FITS = {store: lambda product: product for store in StoreName}
OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST


def product(variant_id: str, name: str = "Mug", price: str = "10.00", stock: int | None = 5) -> Product:
    return Product(variant_id, Content(name), Listing(), (Variant(variant_id, "MUG", Decimal(price), stock=stock),), "RUB")


def planned(ours: Product, theirs: Product, kept_ours: Product | None, kept_theirs: Product | None, connection: Connection = CONNECTION):
    sides = [Side(now, prints.of(kept) if kept else {}) for now, kept in ((ours, kept_ours), (theirs, kept_theirs))]
    return plan(connection, Pair(*sides, variants={ours.variants[0].id: theirs.variants[0].id}), FITS)


def test_what_did_not_change_is_not_written():
    assert planned(product("1"), product("2"), product("1"), product("2")).decisions == ()


def test_an_equal_change_on_both_sides_writes_nothing():
    assert planned(product("1", "Cup"), product("2", "Cup"), product("1"), product("2")).decisions == ()


@pytest.mark.parametrize(("ours", "theirs", "target"), [("Cup", "Mug", THEIRS), ("Mug", "Cup", OURS)])
def test_a_change_on_one_side_flows_to_the_other(ours, theirs, target):
    found = planned(product("1", ours), product("2", theirs), product("1"), product("2"))
    assert [(item.target, item.new.split(" | ")[0]) for item in found.decisions] == [(target, "Cup")]
    assert found.desired[target].content.name == "Cup"


def test_different_changes_on_both_sides_follow_the_preferred_store_and_keep_the_loser():
    found = planned(product("1", price="11.00"), product("2", price="12.00"), product("1"), product("2"))
    (decision,) = found.decisions
    assert (decision.target, decision.rule) == (THEIRS, "both changed")
    assert decision.loser.startswith("12")


def test_one_way_policy_puts_the_owners_value_back():
    connection = replace(CONNECTION, policies={Group.PRICE: Policy.TO_WEBASYST})
    found = planned(product("1"), product("2", price="12.00"), product("1"), product("2"), connection)
    assert found.desired[THEIRS].variants[0].price == Decimal("10.00")


def test_a_group_that_is_off_never_flows():
    connection = replace(CONNECTION, policies={Group.PRICE: Policy.OFF})
    assert planned(product("1", price="11.00"), product("2"), product("1"), product("2"), connection).decisions == ()


def test_sales_on_both_sides_are_both_counted():
    found = planned(product("1", stock=4), product("2", stock=3), product("1"), product("2"))
    assert {store: found.desired[store].variants[0].stock for store in StoreName} == {OURS: 2, THEIRS: 2}


def test_an_oversold_variant_is_reported_and_never_written_below_zero():
    found = planned(product("1", stock=1), product("2", stock=1), product("1", stock=3), product("2", stock=3))
    last = planned(product("1", stock=0), product("2", stock=0), product("1", stock=1), product("2", stock=1))
    assert found.desired[OURS].variants[0].stock == 0
    assert {item.rule for item in found.decisions} == {"oversold"}
    assert last.decisions == ()


def test_unlimited_stock_is_a_value_of_its_own():
    found = planned(product("1", stock=None), product("2", stock=5), product("1", stock=5), product("2", stock=5))
    assert found.desired[THEIRS].variants[0].stock is None


def test_a_missing_rate_stops_the_record():
    theirs = replace(product("2"), currency="USD")
    with pytest.raises(MissingRate):
        planned(product("1", price="11.00"), theirs, product("1"), theirs)


def test_prices_are_converted_by_the_connections_rate():
    connection = replace(CONNECTION, rates={"RUB>USD": Decimal("0.0125")})
    theirs = replace(product("2", price="0.13"), currency="USD")
    found = planned(product("1", price="80.00"), theirs, product("1"), theirs, connection)
    assert found.desired[THEIRS].variants[0].price == Decimal("1.00")


def test_a_price_written_with_more_zeros_is_the_same_price():
    assert prints.of(product("1", price="49.990000")) == prints.of(product("1", price="49.99"))
