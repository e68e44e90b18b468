"""What is told of a decision and of a plan, what counts as a shop that is down, and what a shop believes to have taken for an order."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from storesync.domain import fields
from storesync.domain.changes import Cause
from storesync.domain.journal import Action, Entry
from storesync.domain.model import Content, Group, Listing, Product, StoreName, Variant
from storesync.domain.orders import Line, Order
from storesync.domain.planning import Decision
from storesync.errors import (
    CircuitOpen,
    ConfigurationError,
    NotKept,
    Rejected,
    ServerFault,
    StoreBusy,
    SyncError,
    Unauthorised,
    Unreachable,
)
from storesync.sync import damage, order_returns, plans, records, waiting

AT = datetime(2026, 3, 1, tzinfo=UTC)
THEIRS = StoreName.WEBASYST


@pytest.mark.parametrize(
    ("lost", "action", "told", "loser"),
    [
        (False, None, Action.WRITTEN, ""),
        (True, None, Action.CONFLICT, '{"price":"1"}'),
        (True, Action.PLANNED, Action.PLANNED, '{"price":"1"}'),
        (False, Action.REFUSED, Action.REFUSED, ""),
    ],
)
def test_a_decision_is_told_with_both_values_and_with_what_it_overruled(
    lost: bool, action: Action | None, told: Action, loser: str
) -> None:
    decision = Decision(THEIRS, "price:7", Group.PRICE, "MUG", {"price": "1"}, {"price": "2"}, "changed", lost)
    assert records.entry(decision, "9", Cause.HOOK, "run", AT, action) == Entry(
        "product",
        "MUG",
        told,
        "webasyst",
        "9",
        "price",
        '{"price":"1"}',
        '{"price":"2"}',
        "changed",
        "hook",
        "run",
        loser,
        AT,
        {"key": "price:7"},
    )


# -- the head of a preview


def planned(group: str, old: dict | None, new: dict, store: StoreName = THEIRS, **more: Any) -> Entry:
    texts = ("" if old is None else fields.text(old), fields.text(new))
    return Entry("plan", "A", Action.PLANNED, store, "9", group, *texts, data={"pair": "1|9"}, **more)


def kinds(*entries: Entry) -> dict[str, int]:
    return {name: count for name, count in plans.totals(entries).items() if count and name not in ("writes", "mails", "money")}


@pytest.mark.parametrize(
    ("group", "old", "new", "kind"),
    [
        ("price", {"price": "1"}, {"price": "2"}, {"prices_up": 1}),
        ("price", {"price": "2"}, {"price": "1"}, {"prices_down": 1}),
        ("price", {"price": "10"}, {"price": "9"}, {"prices_down": 1}),
        ("stock", {"stock": 1}, {"stock": 0}, {"stock_to_zero": 1}),
        ("stock", {"stock": 0}, {"stock": 1}, {"stock": 1}),
        ("stock", {"stock": 0}, {"stock": None}, {"stock": 1}),
        ("listing", {"visibility": "visible"}, {"visibility": "hidden"}, {"hidden": 1}),
    ],
)
def test_a_plan_counts_what_an_owner_is_afraid_of(group: str, old: dict, new: dict, kind: dict[str, int]) -> None:
    assert kinds(planned(group, old, new)) == {"written_webasyst": 1, **kind}


@pytest.mark.parametrize(
    ("group", "old", "new"),
    [
        ("listing", {"visibility": "hidden"}, {"visibility": "visible"}),
        ("listing", {"categories": ["1"]}, {"categories": ["2"]}),
        ("content", {"visibility": "visible"}, {"visibility": "hidden"}),
        ("identity", {"sku": "A"}, {"sku": "B"}),
    ],
)
def test_what_is_no_price_no_stock_and_no_hiding_is_counted_as_neither(group: str, old: dict, new: dict) -> None:
    assert not {"prices_up", "prices_down", "stock", "stock_to_zero", "hidden"} & kinds(planned(group, old, new)).keys()


def test_a_plan_counts_records_by_what_becomes_of_them() -> None:
    refused = replace(planned("", None, {}), action=Action.PARKED)
    lost = planned("content", {"name": "a"}, {"name": "b"}, StoreName.CSCART, loser="x")
    orders = [planned("order", None, {"total": "1"}), planned("order", {"total": "1"}, {"total": "2"}), planned("status", {}, {})]
    counted = kinds(refused, lost, planned("product", None, {}), planned("product", None, {}, StoreName.CSCART), *orders)
    assert {name: counted[name] for name in ("skipped", "conflicts", "written_cscart", "created_webasyst", "created_cscart")} == {
        "skipped": 1, "conflicts": 1, "written_cscart": 1, "created_webasyst": 1, "created_cscart": 1,
    }  # fmt: skip
    assert (counted["orders_created_webasyst"], counted["orders_edited"], counted["statuses"]) == (1, 1, 1)


def test_two_plans_are_the_same_when_they_write_the_same_values_to_the_same_fields() -> None:
    one = replace(planned("price", {"price": "1"}, {"price": "2"}), data={"key": "price:7"})
    assert plans.lines([one]) == plans.lines([replace(one, rule="other", at=AT)]) == {("webasyst", "price:7", one.old, one.new)}
    assert plans.lines([replace(one, data={})]) == {("webasyst", "price", one.old, one.new)}
    assert plans.lines([replace(one, action=Action.PARKED)]) == frozenset()


def test_a_product_to_come_is_told_whole() -> None:
    made = Product("", Content("Mug"), Listing(categories=("1",)), (Variant("", "A", Decimal("10.50"), stock=None),), "RUB")
    whole = plans._whole(made, 2)
    assert fields.read(fields.text(whole)) == whole
    assert {"sku": "A", "price": "10.50", "compare_price": "0", "stock": None} in whole["variants"]


# -- a shop that is down


@pytest.mark.parametrize(
    ("error", "receives", "down"),
    [
        (Unreachable("x"), 1, True),
        (CircuitOpen("x"), 1, True),
        (ConfigurationError(["x"]), 1, True),
        (Unauthorised("x"), 1, True),
        (ServerFault("x"), 1, False),
        (ServerFault("x"), waiting.PATIENCE - 1, False),
        (ServerFault("x"), waiting.PATIENCE, True),
        (StoreBusy("x"), waiting.PATIENCE, True),
        (Rejected("x"), 1, True),
        (SyncError("x"), 99, False),
        (NotKept("x"), 99, False),
    ],
)
def test_a_shop_that_answers_badly_three_times_counts_as_down(error: SyncError, receives: int, down: bool) -> None:
    assert waiting.has_to_wait(error, receives) is down


# -- what a shop believes


def order(*lines: tuple[str, str, int], taken: bool = True) -> Order:
    made = tuple(Line("", product, variant, variant, "x", Decimal(1), count) for product, variant, count in lines)
    return Order("7", "new", "RUB", made, Decimal(1), stock_taken=taken)


def test_pieces_that_a_shop_took_are_known_by_product_and_sku() -> None:
    assert order_returns.believed(order(("5", "50", 2), ("6", "60", 1), ("5", "50", 1))) == {"5/50": 3, "6/60": 1}
    assert order_returns.believed(order(("5", "50", 2), taken=False)) == {}
    assert order_returns.believed(order(("", "", 9))) == {}


@pytest.mark.parametrize(
    ("held", "now", "stock", "owed"),
    [
        ({"5/50": 2}, {}, 12, {"5/50": (10, -2)}),
        ({}, {"5/50": 2}, 8, {"5/50": (10, 2)}),
        ({"5/50": 2}, {"5/50": 3}, 9, {"5/50": (10, 1)}),
        ({"5/50": 2}, {"5/50": 2}, 9, {}),
        ({"5/50": 2}, {}, None, {}),
        ({"5/51": 2}, {}, 12, {}),
    ],
)
def test_what_a_shop_gave_back_or_took_by_itself_is_owed(held: dict, now: dict, stock: int | None, owed: dict) -> None:
    variant = Variant("50", "A", Decimal(1), stock=stock)
    product = Product("5", Content("x"), Listing(), (variant,), "RUB")
    assert order_returns._owed(order_returns._moved(held, now), {"5/50": (product, variant)}) == owed


def test_lines_that_are_not_planned_are_passed_over_and_fields_of_one_record_are_one_write() -> None:
    done = replace(planned("content", {"name": "a"}, {"name": "b"}), action=Action.WRITTEN)
    price, stock = (
        replace(planned(group, {group: 1}, {group: 1}), data={"pair": "1|9", "key": f"{group}:7"}) for group in ("price", "stock")
    )
    assert damage.of_entries([done, price, stock])["writes"] == 1
