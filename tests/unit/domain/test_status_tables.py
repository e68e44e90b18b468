"""Which tables an owner may save: whatever a shop's workflow and whatever was lost, an order under a saved table comes to rest."""

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storesync.domain import statuses
from storesync.domain.connection import StatusMap
from storesync.domain.model import StoreName
from storesync.domain.statuses import Standing
from storesync.errors import UnmappedStatus
from storesync.sync.order_statuses import expected

# A workflow with actions and states of the shop's own, some of which lead back.
OWN = {"pack": "packed", "unpack": "processing", "send": "sent", "fetch": "packed", "restore": "processing"}
OFFERED: Mapping[str, tuple[str, ...]] = {
    "new": ("process", "ship", "pack", "complete", "delete"), "processing": ("pack", "ship", "complete", "delete"),
    "packed": ("unpack", "send", "complete"), "sent": ("complete", "pack", "fetch"), "shipped": ("complete", "delete"),
    "completed": ("refund", "pack"), "refunded": (), "deleted": ("restore",),
}  # fmt: skip
LETTERS = "ABC"
ACTIONS = tuple(dict.fromkeys(action for offered in OFFERED.values() for action in offered))
ENTRIES = st.one_of(
    st.just(""),
    st.sampled_from(ACTIONS),
    st.builds(lambda sign, ways: sign.join(ways), st.sampled_from(",>"), st.lists(st.sampled_from(ACTIONS), min_size=2, max_size=3)),
)
RETURNS = st.sampled_from(["", *LETTERS, *(f"<{letter}" for letter in LETTERS)])
TABLES = st.builds(
    StatusMap, st.fixed_dictionaries(dict.fromkeys(LETTERS, ENTRIES)), st.fixed_dictionaries(dict.fromkeys(OFFERED, RETURNS))
)


def starts() -> Iterator[tuple[Standing | None, Standing]]:
    """What was agreed, and where both sides are now: every pair, and those of which nobody knows what was agreed."""
    known = [Standing(letter, state) for letter in LETTERS for state in OFFERED]
    yield from ((kept, now) for kept in (None, *known) for now in known)


def moves(table: StatusMap, kept: Standing | None, now: Standing, *, is_remembered: bool) -> int:
    """How often the engine moves the order until it rests; without a memory every answer is lost, and with it that a way has ended."""
    for count in range(12):
        try:
            step = statuses.step(table, kept, now, OFFERED)
        except UnmappedStatus:
            return count
        if step.target is None:
            return count
        before, now = now, moved(now, step)
        kept = expected(kept, step, before, now) if is_remembered else kept
    raise AssertionError(f"never comes to rest: {table}, from {kept} at {now}")


def moved(now: Standing, step: statuses.Step) -> Standing:
    if step.target is StoreName.CSCART:
        return Standing(step.value, now.state)
    return Standing(now.letter, statuses.RESULTS.get(step.value) or OWN[step.value])


@given(table=TABLES)
@settings(max_examples=60, deadline=None)
def test_under_a_table_that_may_be_saved_every_order_comes_to_rest(table: StatusMap) -> None:
    if statuses.problems(table):
        return
    for kept, now in starts():
        assert moves(table, kept, now, is_remembered=True) <= 4
        if not any(len(way) > 1 and way[-1] in OWN for letter in LETTERS for way in statuses.routes(table, letter)):
            moves(table, kept, now, is_remembered=False)


BACK = {"processing": "A", "shipped": "A", "completed": "A", "packed": "B", "sent": "B", "deleted": "C"}
RESTLESS = ["pack,unpack", "send>fetch", "delete>restore", "complete>process", "process,pack,unpack", "ship>pack>restore"]


@pytest.mark.parametrize("entry", RESTLESS)
def test_fault_70_an_entry_that_could_take_an_order_there_and_back_is_refused(entry: str) -> None:
    assert statuses.problems(StatusMap({"C": entry}, BACK)) == [f"status C could go there and back: {entry}"]


SHARING = [
    {"A": "process", "B": "process", "C": "process"},
    {"A": "complete", "B": "process,complete", "C": "delete,refund"},
    {"A": "process,restore>process", "B": "process>ship", "C": "process>pack"},
]


@pytest.mark.parametrize("to_webasyst", SHARING)
def test_letters_that_share_a_state_rest_there_and_are_not_refused(to_webasyst: dict[str, str]) -> None:
    """The letter that was set stays, though the state it led to is called another one on the way back."""
    table = StatusMap(to_webasyst, BACK)
    assert statuses.problems(table) == []
    for letter in "AB":
        kept, now = Standing("C", "new"), Standing(letter, "new")
        while (step := statuses.step(table, kept, now, OFFERED)).target:
            kept, now = expected(kept, step, now, moved(now, step)) or kept, moved(now, step)
        assert now.letter == letter


def test_fault_70_letters_that_share_a_state_and_come_back_as_a_third_one_that_leads_to_them_are_a_circle() -> None:
    table = StatusMap({"A": "process", "B": "process", "C": "complete"}, {"processing": "C", "completed": "B"})
    assert statuses.problems(table) == ["status C goes round in a circle: C -> B -> C"]
