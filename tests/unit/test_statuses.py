"""Statuses move along a table, forward, and never in a circle."""

import pytest
from storesync.domain import statuses
from storesync.domain.connection import StatusMap
from storesync.domain.model import StoreName
from storesync.domain.statuses import Standing, Step
from storesync.errors import UnmappedStatus

LETTERS = {"O": "Open", "P": "Processed", "C": "Complete", "I": "Cancelled", "S": "Shipped"}
STATES = ["new", "processing", "paid", "shipped", "completed", "refunded", "deleted"]
TABLE = statuses.propose(LETTERS, STATES)
OFFERED = {
    "new": ["process", "complete", "delete"],
    "processing": ["ship", "complete", "delete"],
    "completed": ["refund"],
    "paid": ["refund"],
}


def step(kept: Standing | None, now: Standing) -> Step:
    return statuses.step(TABLE, kept, now, OFFERED)


def test_a_fresh_mirror_takes_the_letters_action():
    assert step(None, Standing("P", "new")).value == "process"


def test_a_letter_change_becomes_an_action():
    assert step(Standing("P", "processing"), Standing("C", "processing")) == Step(StoreName.WEBASYST, "complete", "C -> complete")


def test_a_state_change_becomes_a_letter():
    assert step(Standing("O", "new"), Standing("O", "processing")) == Step(StoreName.CSCART, "P", "processing -> P")


def test_statuses_that_agree_move_nothing():
    assert step(Standing("O", "new"), Standing("P", "paid")) == Step()


def test_a_paid_order_is_refunded_where_it_cannot_be_deleted():
    assert step(Standing("C", "completed"), Standing("I", "completed")).value == "refund"


def test_when_both_moved_the_further_one_wins():
    assert step(Standing("O", "new"), Standing("P", "completed")).target is StoreName.CSCART
    assert step(Standing("O", "new"), Standing("C", "processing")).target is StoreName.WEBASYST


@pytest.mark.parametrize("now", [Standing("Z", "new"), Standing("O", "strange")])
def test_an_unmapped_status_is_never_guessed(now):
    with pytest.raises(UnmappedStatus):
        step(Standing("O", "new"), now)


def test_a_transition_that_the_shop_does_not_offer_is_refused():
    with pytest.raises(UnmappedStatus):
        step(Standing("C", "completed"), Standing("P", "completed"))


def test_the_proposed_table_has_no_circle():
    assert statuses.problems(TABLE) == []


def test_a_table_that_plays_ping_pong_is_refused():
    table = StatusMap({"P": "ship", "C": "process"}, {"shipped": "C", "processing": "P"})
    assert statuses.problems(table)
