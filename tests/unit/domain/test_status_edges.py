"""How far along an order is, and what that decides, for tables that owners wrote themselves."""

import pytest
from storesync.domain import statuses
from storesync.domain.connection import StatusMap
from storesync.domain.model import StoreName
from storesync.domain.statuses import Standing, Step
from storesync.errors import UnmappedStatus

OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST
TABLE = StatusMap(
    {"O": "restore", "P": "process", "C": "complete", "I": "delete,refund", "B": "", "X": "own-action", "S": "ship", "R": "restore"},
    {"new": "O", "processing": "P", "shipped": "S", "completed": "C", "deleted": "I", "packed": "P", "lost": "Z", "paid": ""},
)
OFFERED = {"new": ("process", "ship", "complete", "delete"), "processing": ("ship", "complete", "delete"), "deleted": ("restore",)}


def step(kept: Standing | None, letter: str, state: str, table: StatusMap = TABLE, offered: dict = OFFERED) -> Step:
    return statuses.step(table, kept, Standing(letter, state), offered)


RANKS = [("O", 0), ("P", 3), ("S", 7), ("C", 8), ("I", 10), ("X", -1), ("Z", -1), ("B", -1)]


@pytest.mark.parametrize(("letter", "rank"), RANKS)
def test_a_letter_is_as_far_as_what_it_leads_to_or_else_as_the_first_state_that_leads_to_it(letter: str, rank: int) -> None:
    assert statuses.letter_rank(TABLE, letter) == rank


def test_the_table_may_know_a_letter_by_its_states_alone() -> None:
    known = StatusMap({}, {"processing": "P", "completed": "P", "refunded": "<I"})
    assert [statuses.letter_rank(known, letter) for letter in "PIO"] == [3, 9, -1]


@pytest.mark.parametrize(("state", "rank"), [("new", 0), ("completed", 8), ("packed", 3), ("lost", -1), ("unheard-of", -1)])
def test_an_own_state_is_as_far_as_its_letter(state: str, rank: int) -> None:
    assert statuses.state_rank(TABLE, state) == rank


@pytest.mark.parametrize(("letter", "cancels"), [("I", True), ("C", False), ("B", False), ("X", False), ("unknown", False), ("O", False)])
def test_a_letter_cancels_when_all_that_it_leads_to_is_a_cancelled_state(letter: str, cancels: bool) -> None:
    assert statuses.cancels(TABLE, letter) is cancels
    assert statuses.cancels(StatusMap({"M": "refund,complete"}, {}), "M") is False


CLOSED = [
    ("O", "completed", True), ("O", "deleted", True), ("O", "refunded", True), ("C", "processing", False), ("C", "packed", True),
    ("I", "packed", True), ("P", "packed", False), ("X", "packed", False), ("unknown", "packed", False),
]  # fmt: skip


@pytest.mark.parametrize(("letter", "state", "closes"), CLOSED)
def test_the_state_says_whether_an_order_is_closed_and_an_own_one_leaves_it_to_the_letter(letter: str, state: str, closes: bool) -> None:
    assert statuses.closes(TABLE, Standing(letter, state)) is closes


STEPS = [
    # nobody knows what was: the further one counts
    (None, "P", "new", Step(THEIRS, "process", "P -> process")),
    (None, "O", "processing", Step(OURS, "P", "processing -> P")),
    (None, "P", "processing", Step()),
    (None, "B", "processing", Step()),
    (Standing("P", "processing"), "B", "processing", Step()),
    (Standing("B", "new"), "B", "processing", Step(OURS, "P", "processing -> P")),
    # as far as each other on both sides: Webasyst's word stays
    (Standing("O", "new"), "P", "packed", Step()),
    (None, "Z", "unheard-of2", UnmappedStatus),
    # a table that leads nowhere
    (Standing("O", "processing"), "I", "processing", Step(THEIRS, "delete", "I -> delete")),
    (Standing("O", "packed"), "C", "packed", UnmappedStatus),
    # the shop's own action is the only way, and is not offered: nobody knows how far the letter is
    (Standing("O", "new"), "X", "new", UnmappedStatus),
    (Standing("O", "packed"), "X", "packed", UnmappedStatus),
    # an order that lives need not be restored
    (Standing("O", "new"), "R", "new", Step(rule="R would take new back")),
    (Standing("I", "deleted"), "R", "deleted", Step(THEIRS, "restore", "R -> restore")),
    (Standing("O", "new"), "O", "paid", Step()),
    # back
    (Standing("C", "completed"), "P", "completed", Step(rule="P would take completed back")),
    (Standing("S", "shipped"), "S", "processing", Step(rule="processing would take S back")),
    (Standing("I", "deleted"), "I", "processing", Step(OURS, "P", "processing -> P")),
    (Standing("I", "deleted"), "P", "deleted", UnmappedStatus),
]


@pytest.mark.parametrize(("kept", "letter", "state", "wanted"), STEPS)
def test_a_step_at_the_edges_of_a_table(kept: Standing | None, letter: str, state: str, wanted: Step | type[Exception]) -> None:
    if isinstance(wanted, Step):
        assert step(kept, letter, state) == wanted
    else:
        with pytest.raises(wanted):
            step(kept, letter, state)


def test_what_is_offered_of_several_ways_and_actions_is_taken_from_the_furthest_on() -> None:
    table = StatusMap({"P": "pay>process,ship>complete"}, {})
    kept = Standing("O", "new")
    assert step(kept, "P", "new", table, {"new": ("pay", "process", "complete")}).value == "process"
    assert step(kept, "P", "new", table, {"new": ("pay", "complete")}).value == "pay"
    assert step(kept, "P", "new", table, {"new": ("ship", "complete")}).value == "complete"


def test_an_own_action_that_ends_the_way_is_the_last_step() -> None:
    table = StatusMap({"X": "own", "Y": "own>ship", "Z": "ship>own", "S": "ship"}, {})
    offered = {"new": ("own", "ship"), "boxed": ("own",)}
    found = {
        (letter, state): (taken.value, taken.final)
        for letter, state in (("X", "new"), ("Y", "new"), ("Y", "boxed"), ("Z", "new"), ("S", "new"))
        for taken in [step(Standing("O", state), letter, state, table, offered)]
    }
    assert found == {
        ("X", "new"): ("own", True), ("Y", "new"): ("ship", False), ("Y", "boxed"): ("own", False), ("Z", "new"): ("own", True),
        ("S", "new"): ("ship", False),
    }  # fmt: skip


def test_a_letter_as_far_as_the_state_takes_nothing_back_and_is_not_sent() -> None:
    """Both mean paid; no action leads there from itself."""
    table = StatusMap({"P": "pay"}, {"paid": "Q"})
    assert step(Standing("O", "paid"), "P", "paid", table, {"paid": ("ship",)}) == Step()
    same = StatusMap({"P": "own"}, {"packed": "P", "boxed": "P"})
    assert step(Standing("O", "boxed"), "P", "boxed", same, {}) == Step()


def test_a_state_as_far_as_the_letter_may_change_it() -> None:
    table = StatusMap({"P": "process"}, {"new": "O", "processing": "Q", "auth": "Q"})
    assert step(Standing("P", "processing"), "P", "auth", table) == Step(rule="auth would take P back")
    level = StatusMap({"P": "ship"}, {"shipped": "Q", "processing": "P"})
    assert step(Standing("P", "new"), "P", "shipped", level) == Step()


PROPOSED = [
    ("Being packed now", "fulfilling"),
    ("Отправлен", "ship"),
    ("Возврат денег", "refund,delete"),
    ("Customer cancelled", "delete,refund"),
]


@pytest.mark.parametrize(("name", "action"), PROPOSED)
def test_a_letter_of_the_shops_own_is_understood_by_its_name(name: str, action: str) -> None:
    found = statuses.propose({"O": "Open", "W": name}, list(statuses.RANKS))
    assert found.to_webasyst["W"] == action
    own = {"fulfilling": ("fulfilling", "W"), "ship": ("shipped", "W")}.get(action)
    if own:
        assert found.to_cscart[own[0]] == own[1]
    else:
        assert "W" not in found.to_cscart.values()


def test_a_circle_is_told_from_where_it_begins() -> None:
    table = StatusMap({"A": "process", "B": "ship", "C": "complete"}, {"processing": "B", "shipped": "A", "completed": "C"})
    assert statuses.problems(table) == ["status A goes round in a circle: A -> B -> A"]
    led = StatusMap({"C": "complete", **table.to_webasyst}, {**table.to_cscart, "completed": "A"})
    assert statuses.problems(led) == ["status A goes round in a circle: A -> B -> A"]


def test_words_that_neither_shop_has_are_told_once_each() -> None:
    table = StatusMap({"O": "own", "Q": "own,process"}, {"new": "<R", "gone": "R", "paid": ""})
    assert statuses.unknown(table, ["O"], {"new": ("process",), "paid": ()}) == [
        "CS-Cart has no status Q", "Webasyst has no state gone", "CS-Cart has no status R", "no state of Webasyst offers the action own",
    ]  # fmt: skip
