"""Whether a count was written when nobody saw the answer: proved by stamps where they can, and else fewer pieces, and said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from storesync.domain import prints
from storesync.domain.model import Content, Group, Listing, Product, StoreName, Variant
from storesync.domain.planning import Decision, Pair, Side
from storesync.sync import evidence
from storesync.sync.evidence import Verdict
from storesync.sync.intentions import Belief, Ended, Intention, belief, ended, intended

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EARLIER, DURING, LATER = NOON - timedelta(hours=1), NOON + timedelta(seconds=4), NOON + timedelta(hours=1)
MADE, NOT_MADE = Verdict(True), Verdict(False)
FEWER = {45: Verdict(False, sure=False), 55: Verdict(True, sure=False)}  # written down, or up, from 50


def product(stock: int | None, stamp: datetime | None, price: str = "10") -> Product:
    variant = Variant("7", "MUG", Decimal(price), stock=stock, edited_at=stamp)
    return Product("7", Content("Mug"), Listing(), (variant,), "RUB", edited_at=stamp)


def noted(new: int, stamp: datetime | None = EARLIER, *, price: str = "10") -> dict[str, object]:
    """A pass is about to write the count `new` instead of 50 in both stores, and perhaps a price with it."""
    sides = {store: product(50, stamp) for store in StoreName}
    pair = Pair(Side(sides[CSCART]), Side(sides[WEBASYST]), {"7": "7"})
    desired = {store: product(new, stamp, price) for store in StoreName}
    groups = {Group.STOCK: {"stock": new}, Group.PRICE: {"price": price}}
    decisions = [
        Decision(store, prints.key(group, "7"), group, "MUG", {}, value, "both moved")
        for store in StoreName
        for group, value in groups.items()
        if group is Group.STOCK or price != "10"
    ]
    return intended(Intention(pair, decisions, desired, None, {}), True, NOON.isoformat(), Belief())


def judged(note: dict[str, object], store: StoreName, now: Product, ahead: timedelta | None = timedelta()) -> Verdict:
    return evidence.judged(note, store, "stock:7", now, lambda _: ahead)


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("count", [45, 50, 42])
def test_a_stamp_that_stayed_proves_that_nothing_was_written(store: StoreName, count: int) -> None:
    assert judged(noted(45), store, product(count, EARLIER)) == NOT_MADE
    assert judged(noted(45, None), store, product(count, None)) == NOT_MADE


@pytest.mark.parametrize("count", [45, 50, 42])
def test_a_stamp_of_the_write_proves_it_where_a_recount_moves_none(count: int) -> None:
    assert judged(noted(45), WEBASYST, product(count, DURING)) == MADE
    ahead = timedelta(minutes=10)
    assert judged(noted(45), WEBASYST, product(count, DURING + ahead), ahead) == MADE


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("new", [45, 55])
def test_what_nobody_can_tell_is_said_and_leaves_fewer_pieces(store: StoreName, new: int) -> None:
    assert judged(noted(new), store, product(42, LATER, price="11")) == FEWER[new]


@pytest.mark.parametrize("store", StoreName)
def test_a_count_to_the_piece_is_believed_in_an_edited_row_and_the_pieces_that_may_be_missing_are_said(store: StoreName) -> None:
    """As a return of the write's own size may have met it."""
    assert judged(noted(45), store, product(45, LATER, price="11")) == MADE
    assert judged(noted(45), store, product(50, LATER, price="11")) == FEWER[45]
    assert judged(noted(55), store, product(55, LATER, price="11")) == FEWER[55]
    assert judged(noted(55), store, product(50, LATER, price="11")) == NOT_MADE


def test_in_cscart_a_recount_moves_the_stamp_as_a_write_does() -> None:
    assert judged(noted(45), CSCART, product(45, DURING)) == MADE
    assert judged(noted(45), CSCART, product(42, DURING)) == FEWER[45]
    assert judged(noted(45), CSCART, product(50, DURING)) == FEWER[45]


@pytest.mark.parametrize("store", StoreName)
def test_a_stamp_of_the_very_second_proves_nothing(store: StoreName) -> None:
    assert judged(noted(45, NOON), store, product(45, NOON)) == MADE
    assert judged(noted(45, NOON), store, product(50, NOON)) == NOT_MADE
    assert judged(noted(45, NOON), store, product(42, NOON)) == FEWER[45]
    assert judged(noted(45), store, product(42, EARLIER), ahead=None) == FEWER[45]


@pytest.mark.parametrize("store", StoreName)
def test_a_clock_that_was_put_forward_since_proves_nothing(store: StoreName) -> None:
    jumped, note = timedelta(minutes=10), noted(45, NOON) | {"ahead": {store.value: 0.0}}
    assert judged(note, store, product(45, NOON), jumped) == MADE
    assert judged(note, store, product(42, NOON), jumped) == FEWER[45]


@pytest.mark.parametrize("store", StoreName)
def test_what_was_written_in_the_same_call_tells_of_the_count(store: StoreName) -> None:
    assert judged(noted(45, price="11"), store, product(42, LATER, price="11")) == MADE


def test_what_was_read_right_after_a_lost_answer_settles_it_for_good() -> None:
    note = noted(45)
    found = ended(note, Ended({CSCART}, {WEBASYST: product(50, EARLIER)}), lambda _: timedelta())
    pair = Pair(Side(product(45, LATER)), Side(product(42, LATER, price="11")), {"7": "7"})
    believed = belief(found, pair, lambda _: timedelta())
    assert {store: believed.kept[store]["stock:7"] for store in StoreName} == {CSCART: "45", WEBASYST: "50"}
    assert (believed.agreed, believed.doubts) == ({"7": 45}, {})


def test_texts_that_a_store_has_cleaned_are_what_it_kept_when_the_other_store_failed_after_it() -> None:
    ours, theirs, sent, cleaned = (replace(product(50, EARLIER), content=Content(name)) for name in ("Mug", "Cup<i>", "Cup<i>", "Cup"))
    pair = Pair(Side(ours), Side(theirs), {"7": "7"})
    decision = Decision(CSCART, "content", Group.CONTENT, "MUG", {}, {"name": "Cup<i>"}, "changed")
    note = intended(Intention(pair, [decision], {CSCART: sent, WEBASYST: theirs}, None, {}), True, NOON.isoformat(), Belief())
    found = belief(ended(note, Ended({CSCART}, {CSCART: cleaned}), lambda _: None), replace(pair, cscart=Side(cleaned)), lambda _: None)
    assert found.kept == {CSCART: {"content": prints.of(cleaned)["content"]}, WEBASYST: {"content": prints.of(theirs)["content"]}}


def test_a_note_of_an_earlier_version_is_understood() -> None:
    old = {"writes": {"cscart": {"stock:7": ["50", "45", "stock:7", "45"]}}, "agreed": {"7": 45}, "media": "", "added": {}}
    for count, kept in ((45, "45"), (44, "45"), (50, "50")):
        pair = Pair(Side(product(count, LATER)), Side(product(45, EARLIER)), {"7": "7"})
        assert belief(old, pair, lambda _: timedelta()).kept[CSCART]["stock:7"] == kept


def test_a_doubt_is_kept_until_it_is_told() -> None:
    pair = Pair(Side(product(45, EARLIER)), Side(product(42, LATER, price="11")), {"7": "7"})
    found = belief(noted(45), pair, lambda _: timedelta())
    assert found.doubts == {"MUG": 5}
    again = intended(
        Intention(pair, [], {store: product(42, LATER) for store in StoreName}, None, {}), True, NOON.isoformat(), found.since(pair)
    )
    assert belief(again, replace(pair), lambda _: timedelta()).doubts == {"MUG": 5}
