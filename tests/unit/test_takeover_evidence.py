"""Which orders of two shops are one: by evidence, and never called certain where another order is as likely."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.orders import Customer, Line, Order
from storesync.sync.takeover import Trace, evidence, is_strong, is_worth_showing, propose, trace

DAY = "2026-03-01T10:00:00+00:00"
OURS = Trace("104", "1200.00 RUB", DAY, "ann", "lines")
THEIRS = Trace("7", "1200.00 RUB", "2026-03-01T18:00:00+00:00", "ann", "lines", ("104",))


def pairs(*found: dict[str, object]) -> list[tuple[object, object, object]]:
    return [(one["cscart"], one["webasyst"], one["certain"]) for one in found]


def test_a_mirror_is_certain_by_its_number_and_total() -> None:
    assert evidence(OURS, THEIRS) == ("number", "total", "email", "lines", "date")
    assert pairs(*propose([OURS], [THEIRS])) == [("104", "7", True)]


@pytest.mark.parametrize(
    ("theirs", "strong", "shown"),
    [
        (replace(THEIRS, email="", lines="", at=""), True, True),
        (replace(THEIRS, numbers=()), True, True),
        (replace(THEIRS, numbers=(), at="2026-03-20T10:00:00+00:00"), False, True),
        (replace(THEIRS, numbers=(), email="bob"), False, True),
        (replace(THEIRS, numbers=(), email="bob", lines="other"), False, False),
        (replace(THEIRS, total="1.00 RUB", email="bob", lines="other"), False, True),
        (replace(THEIRS, total="1.00 RUB", email="bob", lines="other", at=""), False, False),
        (replace(THEIRS, total="1200.00 USD", email="bob", numbers=(), lines="other"), False, False),
    ],
)
def test_how_much_evidence_says_what(theirs: Trace, strong: bool, shown: bool) -> None:
    found = evidence(OURS, theirs)
    assert (is_strong(found), is_worth_showing(found)) == (strong, shown)


def test_two_equal_orders_of_one_buyer_are_never_called_certain() -> None:
    """The same goods twice in one hour, and no number in either comment."""
    ours = [OURS, replace(OURS, id="105")]
    theirs = [replace(THEIRS, numbers=()), replace(THEIRS, id="8", numbers=())]
    found = pairs(*propose(ours, theirs))
    assert len(found) == 4
    assert not any(certain for _, _, certain in found)


def test_one_number_on_two_orders_leaves_both_to_the_owner() -> None:
    assert pairs(*propose([OURS], [THEIRS, replace(THEIRS, id="8")])) == [("104", "7", False), ("104", "8", False)]


def test_a_number_settles_what_the_total_leaves_open() -> None:
    """The buyer placed the same order twice, and each mirror names its own."""
    twin = replace(THEIRS, id="8", numbers=("105",))
    assert pairs(*propose([OURS, replace(OURS, id="105")], [THEIRS, twin])) == [("104", "7", True), ("105", "8", True)]


def test_one_that_is_settled_leaves_its_twin_to_the_other() -> None:
    theirs = [THEIRS, replace(THEIRS, id="8", numbers=())]
    assert pairs(*propose([OURS, replace(OURS, id="105")], theirs)) == [("104", "7", True), ("105", "8", True)]


@pytest.mark.parametrize(
    ("comment", "numbers"),
    [
        ("CS-Cart order #104", ("104",)),
        ("№104, call 8-900-123", ("104",)),
        ("104.50 rub", ()),
        ("id:104;", ("104",)),
        ("A104 104b", ()),
        ("", ()),
    ],
)
def test_a_number_is_one_that_stands_alone(comment: str, numbers: tuple[str, ...]) -> None:
    line = Line("1", "1", "1", " SKU ", "x", Decimal(10), 2)
    order = Order("1", "O", "RUB", (line,), Decimal(20), customer=Customer(email=" Ann@Example.test "), comment=comment)
    found = trace(order)
    assert found.numbers == numbers
    assert "ann" not in found.email.lower()
    assert found.email == trace(replace(order, customer=Customer(email="ann@example.TEST"))).email
