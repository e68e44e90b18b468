"""The three-way comparison: what flows where, on values alone."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import prints, translation
from storesync.domain.connection import Connection, CsCartSettings, Policy, WebasystSettings
from storesync.domain.model import Content, Group, Listing, Product, StoreName, Variant, Visibility
from storesync.domain.planning import Pair, Side, plan
from storesync.errors import MissingRate, UnsupportedValue

CONNECTION = Connection("main", CsCartSettings(currency="RUB"), WebasystSettings(currency="RUB"))
FITS = {store: lambda product: product for store in StoreName}
OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST
LISTED = replace(CONNECTION, categories={"1": "11", "2": "12", "3": "12"})
LONG = "long text " * 40


def product(variant_id: str, name: str = "Mug", price: str = "10.00", stock: int | None = 5, **fields) -> Product:
    content = Content(name, description=fields.get("description", ""))
    listing = fields.get("listing", Listing())
    return Product(variant_id, content, listing, (Variant(variant_id, fields.get("sku", "MUG"), Decimal(price), stock=stock),), "RUB")


def planned(ours: Product, theirs: Product, kept_ours: Product | None, kept_theirs: Product | None, connection=CONNECTION, **pair):
    sides = [Side(now, prints.of(kept) if kept else {}) for now, kept in ((ours, kept_ours), (theirs, kept_theirs))]
    return plan(connection, Pair(*sides, variants={ours.variants[0].id: theirs.variants[0].id}, **pair), FITS)


def written(found) -> list[tuple]:
    return [(item.target, item.group.value, dict(item.new), item.rule) for item in found.decisions]


def listed(*categories: str, visibility: Visibility = Visibility.VISIBLE) -> Listing:
    return Listing(visibility, categories)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({}, {}, []),
        ({"name": "Cup"}, {"name": "Cup"}, []),
        ({"name": "Cup"}, {}, [(THEIRS, "content", {"name": "Cup"}, "changed")]),
        ({}, {"name": "Cup"}, [(OURS, "content", {"name": "Cup"}, "changed")]),
        ({"price": "11"}, {}, [(THEIRS, "price", {"price": "11"}, "changed")]),
        ({}, {"price": "12"}, [(OURS, "price", {"price": "12"}, "changed")]),
        ({"price": "10.000"}, {}, []),
        ({"sku": "CUP"}, {}, [(THEIRS, "identity", {"sku": "CUP"}, "changed")]),
        ({"stock": 4}, {}, [(THEIRS, "stock", {"stock": 4}, "changed")]),
        ({"stock": 4}, {"stock": 3}, [(OURS, "stock", {"stock": 2}, "both moved"), (THEIRS, "stock", {"stock": 2}, "both moved")]),
        ({"stock": 0}, {"stock": 0}, []),
        ({"stock": None}, {}, [(THEIRS, "stock", {"stock": None}, "changed")]),
        ({}, {"stock": None}, [(OURS, "stock", {"stock": None}, "changed")]),
        ({"stock": 1}, {"stock": None}, [(THEIRS, "stock", {"stock": 1}, "both changed")]),
        ({"price": "11"}, {"price": "12"}, [(THEIRS, "price", {"price": "11"}, "both changed")]),
        (
            {"name": "Cup", "price": "11"},
            {"stock": 3},
            [
                (THEIRS, "content", {"name": "Cup"}, "changed"),
                (THEIRS, "price", {"price": "11"}, "changed"),
                (OURS, "stock", {"stock": 3}, "changed"),
            ],
        ),
        ({"name": "Cup \r\n"}, {"name": " Cup\n"}, []),
    ],
)
def test_what_changed_on_one_side_flows_and_what_changed_on_both_is_settled_by_rule(ours, theirs, expected):
    assert written(planned(product("1", **ours), product("2", **theirs), product("1"), product("2"))) == expected


def test_the_desired_product_is_the_one_that_is_written():
    found = planned(product("1", price="11.00"), product("2"), product("1"), product("2"))
    assert found.desired[THEIRS].variants[0].price == Decimal("11")
    assert found.changes(THEIRS) == {"price:2"}
    assert not found.changes(OURS)


def test_a_conflict_keeps_the_loser_whole():
    found = planned(product("1", price="11.00"), product("2", price="12.00"), product("1"), product("2"))
    (decision,) = found.decisions
    assert decision.lost
    assert decision.old == {"price": "12"}


@pytest.mark.parametrize(
    ("policy", "ours", "theirs", "expected"),
    [
        (Policy.TO_WEBASYST, "10", "12", [(THEIRS, "price", {"price": "10"}, "owner")]),
        (Policy.TO_WEBASYST, "11", "10", [(THEIRS, "price", {"price": "11"}, "owner")]),
        (Policy.TO_CSCART, "11", "10", [(OURS, "price", {"price": "10"}, "owner")]),
        (Policy.OFF, "11", "12", []),
    ],
)
def test_the_owner_of_a_group_has_the_last_word_on_it(policy, ours, theirs, expected):
    connection = replace(CONNECTION, policies={Group.PRICE: policy})
    found = planned(product("1", price=ours), product("2", price=theirs), product("1"), product("2"), connection)
    assert written(found) == expected
    assert [item.lost for item in found.decisions] == [item.old["price"] != "10" for item in found.decisions]


@pytest.mark.parametrize(("preferred", "target", "price"), [(OURS, THEIRS, "11"), (THEIRS, OURS, "12")])
def test_on_the_first_link_the_preferred_store_wins(preferred, target, price):
    connection = replace(CONNECTION, preferred=preferred)
    found = planned(product("1", price="11"), product("2", price="12"), None, None, connection)
    assert written(found) == [(target, "price", {"price": price}, "first link")]


def test_of_stock_the_owner_wins_on_the_first_link():
    connection = replace(CONNECTION, preferred=THEIRS, stock_owner=OURS)
    assert written(planned(product("1", stock=3), product("2", stock=7), None, None, connection)) == [
        (THEIRS, "stock", {"stock": 3}, "first link")
    ]


def test_equal_products_are_linked_without_a_write():
    assert planned(product("1"), product("2"), None, None).decisions == ()


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("<p>Tea &amp; coffee</p>", "<p>Tea & coffee</p>"),
        ("<p>Tea<script>alert(1)</script></p>", "<p>Tea</p>"),
        ("<p>Tea", "<p>Tea</p>"),
        ("<p>Tea \U0001f600</p>", "<p>Tea ?</p>"),
        ("<p onclick=x>Tea</p>\n\n<b>hot</b>", "<p>Tea</p><b>hot</b>"),
        (LONG, LONG[:255]),
        ("Tea\u200f \x00cup", "Tea cup"),
    ],
)
def test_texts_that_differ_only_by_what_shops_do_to_them_are_linked_without_a_write(ours, theirs):
    assert planned(product("1", description=ours), product("2", description=theirs), None, None).decisions == ()
    assert planned(product("1", description=theirs), product("2", description=ours), None, None).decisions == ()


def test_a_text_that_somebody_went_on_writing_is_not_the_same_text():
    ours, theirs = product("1", description=LONG), product("2", description=LONG + "and more")
    assert written(planned(ours, theirs, None, None)) == [(THEIRS, "content", {"description": LONG}, "first link")]


def test_an_edit_of_markup_alone_flows_all_the_same():
    kept = (product("1", description="Tea"), product("2", description="Tea"))
    found = planned(product("1", description="<b>Tea</b>"), kept[1], *kept)
    assert written(found) == [(THEIRS, "content", {"description": "<b>Tea</b>"}, "changed")]


@pytest.mark.parametrize(
    ("ours", "theirs", "kept_theirs", "expected"),
    [
        (listed("1"), listed("11"), listed("11"), []),
        (listed("2"), listed("11"), listed("11"), [(THEIRS, "listing", {"categories": ["12"]}, "changed")]),
        (listed("2"), listed("11", "99"), listed("11", "99"), [(THEIRS, "listing", {"categories": ["12", "99"]}, "changed")]),
        (listed("7"), listed("11"), listed("11"), []),
        (listed("1"), listed("12"), listed("11"), [(OURS, "listing", {"categories": ["2"]}, "changed")]),
        (
            listed("1", visibility=Visibility.HIDDEN),
            listed("11"),
            listed("11"),
            [(THEIRS, "listing", {"visibility": "hidden"}, "changed")],
        ),
    ],
)
def test_categories_follow_the_table_and_leave_the_others_alone(ours, theirs, kept_theirs, expected):
    kept = product("1", listing=listed("1")), product("2", listing=kept_theirs)
    assert written(planned(product("1", listing=ours), product("2", listing=theirs), *kept, LISTED)) == expected


def test_two_categories_that_mean_one_do_not_push_each_other_about():
    kept = product("1", listing=listed("3")), product("2", listing=listed("12"))
    moved = product("2", listing=listed("12", visibility=Visibility.HIDDEN))
    assert written(planned(kept[0], moved, *kept, LISTED)) == [(OURS, "listing", {"visibility": "hidden"}, "changed")]


def test_fault_39_an_oversold_variant_is_reported_and_never_written_below_zero():
    found = planned(product("1", stock=1), product("2", stock=1), product("1", stock=3), product("2", stock=3))
    assert found.desired[OURS].variants[0].stock == 0
    assert {item.rule for item in found.decisions} == {"oversold"}
    assert found.oversold == {"MUG": 1}


def test_an_oversold_last_unit_is_told_even_where_nothing_has_to_be_written():
    found = planned(product("1", stock=0), product("2", stock=0), product("1", stock=1), product("2", stock=1))
    assert (found.decisions, found.oversold) == ((), {"MUG": 1})


def test_a_count_that_a_pass_had_settled_on_is_not_merged_twice():
    kept = product("1", stock=9), product("2", stock=9)
    found = planned(product("1", stock=9), product("2", stock=8), *kept, agreed={"1": 9})
    assert written(found) == [(OURS, "stock", {"stock": 8}, "both moved")]


def test_the_owner_that_sees_all_sales_counts_alone():
    connection = replace(CONNECTION, stock_owner=OURS, orders_to_cscart=True)
    found = planned(product("1", stock=4), product("2", stock=4), product("1"), product("2"), connection)
    assert found.decisions == ()
    found = planned(product("1", stock=4), product("2", stock=3), product("1"), product("2"), connection)
    assert written(found) == [(THEIRS, "stock", {"stock": 4}, "owner")]


@pytest.mark.parametrize(("count", "held", "expected"), [(7, 2, 5), (1, 2, 0), (None, 2, None)])
def test_what_webasyst_still_will_take_for_orders_is_not_offered_by_cscart(count, held, expected):
    connection = replace(CONNECTION, stock_owner=THEIRS)
    kept = product("1", stock=99), product("2", stock=99)
    found = planned(product("1", stock=99), product("2", stock=count), *kept, connection, reserved={"2": held})
    assert written(found) == [(OURS, "stock", {"stock": expected}, "owner")]


def test_what_was_being_made_holds_the_values_of_its_source():
    connection = replace(CONNECTION, preferred=THEIRS)
    made = planned(product("1", name="New name"), product("2"), None, None, connection, made_from=OURS)
    assert written(made) == [(THEIRS, "content", {"name": "New name"}, "created")]


def test_a_single_variant_that_cannot_be_ordered_does_not_touch_the_other_side():
    theirs = product("2")
    off = theirs.with_variants((replace(theirs.variants[0], available=False),))
    assert planned(product("1"), off, product("1"), product("2")).decisions == ()


def test_products_that_are_cut_differently_share_only_their_variants():
    found = planned(product("1", name="Cup", price="11"), product("2"), product("1"), product("2"), whole=False)
    assert written(found) == [(THEIRS, "price", {"price": "11"}, "changed")]


def test_fault_42_a_rate_converts_and_rounds_without_coming_back():
    connection = replace(CONNECTION, rates={"USD>RUB": Decimal("91.2345")})
    ours = replace(product("1", price="912.35"), currency="RUB")
    theirs = replace(product("2", price="10.00"), currency="USD")
    assert planned(ours, theirs, None, None, connection).decisions == ()
    dearer = replace(product("2", price="11.00"), currency="USD")
    assert written(planned(ours, dearer, ours, theirs, connection)) == [(OURS, "price", {"price": "1003.58"}, "changed")]


def test_fault_42_a_rate_that_leaves_nothing_of_a_price_stops_the_record():
    connection = replace(CONNECTION, rates={"USD>RUB": Decimal("91.2345")})
    with pytest.raises(UnsupportedValue):
        translation.product(connection, replace(product("1", price="0.40"), currency="RUB"), THEIRS, replace(product("2"), currency="USD"))
    assert translation.money(connection, Decimal(0), "RUB", "USD") == 0


@pytest.mark.parametrize("rates", [{"RUB>USD": Decimal(0)}, {"USD>RUB": Decimal(0)}, {"EUR>USD": Decimal(2)}])
def test_fault_44_a_rate_of_nothing_is_no_rate(rates):
    with pytest.raises(MissingRate):
        translation.rate(Connection("main", rates=rates), "RUB", "USD")


def test_fault_44_a_missing_rate_stops_the_record():
    theirs = replace(product("2"), currency="USD")
    with pytest.raises(MissingRate):
        planned(product("1"), theirs, None, None)
