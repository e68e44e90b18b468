"""Statuses move along a table, forward, and never in a circle; both workflows are walked path by path."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from storesync.domain import statuses
from storesync.domain.connection import StatusMap
from storesync.domain.model import StoreName
from storesync.domain.statuses import Standing, Step
from storesync.errors import UnmappedStatus

LETTERS = {
    "O": "Open", "P": "Processed", "C": "Complete", "I": "Cancelled", "F": "Failed", "D": "Declined", "B": "Backordered", "S": "Shipped",
}  # fmt: skip
OFFERED = {
    "new": ("process", "pay", "fulfilling", "ship", "complete", "comment", "edit", "delete"),
    "processing": ("pay", "fulfilling", "ship", "complete", "comment", "edit", "delete"),
    "auth": ("capture", "cancel", "comment"),
    "paid": ("fulfilling", "ship", "complete", "refund", "comment"),
    "fulfilling": ("ship", "complete", "comment", "delete"),
    "shipped": ("complete", "comment", "delete"),
    "completed": ("comment", "refund"),
    "pos": ("complete", "comment", "delete"),
    "pickup": ("pickup", "comment", "delete"),
    "refunded": ("message",),
    "deleted": ("restore", "message"),
}
TABLE = statuses.propose(LETTERS, OFFERED)


def step(kept: Standing | None, now: Standing, table: StatusMap = TABLE, offered: dict = OFFERED) -> Step:
    return statuses.step(table, kept, now, offered)


@dataclass
class Shops:
    """An order in both shops, and the engine's loop over single steps."""

    letter: str
    state: str
    table: StatusMap = TABLE
    offered: dict = field(default_factory=lambda: OFFERED)
    before_last: str = "new"
    kept: Standing | None = None
    taken: list[str] = field(default_factory=list)

    @property
    def now(self) -> Standing:
        return Standing(self.letter, self.state)

    def act(self, action: str) -> None:
        assert action in self.offered[self.state]
        after = self.before_last if action == "restore" else statuses.RESULTS.get(action, self.state)
        self.before_last, self.state = self.state, after

    def sync(self) -> None:
        """As the engine does it: what we move ourselves is no movement of that side."""
        for _ in range(4):
            found = step(self.kept, self.now, self.table, self.offered)
            if found.target is None:
                break
            self.taken.append(found.value)
            if found.target is StoreName.CSCART:
                self.letter = found.value
                self.kept = Standing(self.letter, self.kept.state if self.kept else self.state)
            else:
                self.act(found.value)
                self.kept = Standing(self.kept.letter if self.kept else "", self.state)
        assert step(self.kept, self.now, self.table, self.offered).target is None, f"never comes to rest: {self.taken}"
        self.kept = self.now


def walks(depth: int, here: str = "new") -> Iterator[tuple[str, ...]]:
    yield ()
    if depth:
        for action in OFFERED[here]:
            after = statuses.RESULTS.get(action)
            if after and after != here:
                yield from ((action, *rest) for rest in walks(depth - 1, after))


def test_every_path_of_the_webasyst_workflow_arrives_and_stays() -> None:
    paths = {path for path in walks(5) if path}
    assert len(paths) > 60
    for path in paths:
        shops = Shops("O", "new")
        shops.sync()
        for action in path:
            shops.act(action)
            shops.sync()
            assert statuses.agree(TABLE, shops.now), (path, shops.now)
        assert shops.letter == statuses.letter_for(TABLE, shops.state)
        assert not set(shops.taken) - set(LETTERS), "Webasyst moved by itself"


def test_every_path_of_letters_arrives_or_stays_where_it_was() -> None:
    ladder = ["O", "P", "S", "C", "I"]
    for first in ladder:
        for second in ladder:
            for third in ladder:
                shops = Shops("O", "new")
                for letter in (first, second, third):
                    before = shops.state
                    shops.letter = letter
                    try:
                        shops.sync()
                    except UnmappedStatus:
                        assert before in statuses.CANCELLED
                        shops.kept = shops.now
                    assert shops.letter == letter, "CS-Cart's own move was undone"
                    assert before in statuses.CANCELLED or statuses.RANKS[shops.state] >= statuses.RANKS[before]


def test_a_fresh_mirror_takes_the_letters_action() -> None:
    for letter, action in (("P", "process"), ("C", "complete"), ("S", "ship"), ("I", "delete")):
        assert step(Standing("", "new"), Standing(letter, "new")).value == action
    assert step(Standing("", "new"), Standing("B", "new")) == Step()


def test_a_state_change_becomes_a_letter() -> None:
    assert step(Standing("O", "new"), Standing("O", "processing")) == Step(StoreName.CSCART, "P", "processing -> P")


def test_statuses_that_agree_move_nothing() -> None:
    assert step(Standing("O", "new"), Standing("P", "paid")) == Step()


def test_a_paid_order_is_refunded_where_it_cannot_be_deleted() -> None:
    assert step(Standing("C", "completed"), Standing("I", "completed")).value == "refund"


def test_when_both_moved_the_further_one_wins() -> None:
    assert step(Standing("O", "new"), Standing("P", "completed")).target is StoreName.CSCART
    assert step(Standing("O", "new"), Standing("C", "processing")).target is StoreName.WEBASYST
    assert step(Standing("P", "processing"), Standing("I", "shipped")) == Step(StoreName.WEBASYST, "delete", "I -> delete")
    assert step(Standing("P", "processing"), Standing("C", "deleted")) == Step(StoreName.CSCART, "I", "deleted -> I")


@pytest.mark.parametrize("now", [Standing("Z", "new"), Standing("O", "strange")])
def test_an_unmapped_status_is_never_guessed(now: Standing) -> None:
    with pytest.raises(UnmappedStatus):
        step(Standing("O", "new"), now)


def test_a_step_back_is_left_and_said_so() -> None:
    back = step(Standing("C", "completed"), Standing("P", "completed"))
    assert (back.target, back.rule) == (None, "P would take completed back")
    back = step(Standing("C", "completed"), Standing("C", "shipped"))
    assert (back.target, back.rule) == (None, "shipped would take C back")


def test_a_step_back_is_taken_where_the_table_says_so() -> None:
    table = StatusMap(TABLE.to_webasyst, {**TABLE.to_cscart, "shipped": "<S"})
    assert step(Standing("C", "completed"), Standing("C", "shipped"), table).value == "S"
    own = {**OFFERED, "completed": (*OFFERED["completed"], "reopen")}
    table = StatusMap({**TABLE.to_webasyst, "P": "process,reopen"}, TABLE.to_cscart)
    assert step(Standing("C", "completed"), Standing("P", "completed"), table, own).value == "reopen"


def test_a_refunded_order_that_lives_again_in_cscart_is_set_aside() -> None:
    with pytest.raises(UnmappedStatus):
        step(Standing("I", "refunded"), Standing("P", "refunded"))


def test_a_deleted_order_is_restored_from_either_side() -> None:
    shops = Shops("I", "deleted", before_last="new", kept=Standing("I", "deleted"))
    shops.letter = "P"
    shops.sync()
    assert (shops.taken, shops.state) == (["restore", "process"], "processing")
    shops = Shops("I", "deleted", before_last="processing", kept=Standing("I", "deleted"))
    shops.act("restore")
    shops.sync()
    assert (shops.letter, shops.state) == ("P", "processing")


def test_a_status_is_reached_over_others_only_if_the_table_says_so() -> None:
    strict = {**OFFERED, "new": ("process", "delete"), "processing": ("ship",), "shipped": ("complete",)}
    with pytest.raises(UnmappedStatus):
        Shops("C", "new", offered=strict, kept=Standing("O", "new")).sync()
    table = StatusMap({**TABLE.to_webasyst, "C": "process>ship>complete"}, TABLE.to_cscart)
    shops = Shops("C", "new", table, strict, kept=Standing("O", "new"))
    shops.sync()
    assert (shops.taken, shops.state) == (["process", "ship", "complete"], "completed")


def test_own_letters_and_states_follow_the_table() -> None:
    table = StatusMap({**TABLE.to_webasyst, "A": "assemble"}, {**TABLE.to_cscart, "assembly": "A"})
    own = {**OFFERED, "new": (*OFFERED["new"], "assemble"), "assembly": ("ship",)}
    assert step(Standing("O", "new"), Standing("A", "new"), table, own) == Step(StoreName.WEBASYST, "assemble", "A -> assemble", final=True)
    assert step(Standing("O", "new"), Standing("A", "assembly"), table, own) == Step()
    assert step(Standing("O", "new"), Standing("O", "assembly"), table, own).value == "A"


def test_a_proposal_leaves_out_what_nobody_can_know() -> None:
    table = statuses.propose({"O": "Open", "G": "Гарантия", "H": "Отправлен", "K": "Отменён магазином"}, [*OFFERED, "warehouse"])
    assert table.to_webasyst == {"O": "restore", "H": "ship", "K": "delete,refund"}
    assert table.to_cscart == {"new": "O", "pos": "O", "auth": "O", "shipped": "H"}


def test_the_proposed_table_has_no_circle_and_nothing_unknown() -> None:
    assert statuses.problems(TABLE) == []
    assert statuses.unknown(TABLE, LETTERS, OFFERED) == []


def test_a_table_that_plays_ping_pong_is_refused() -> None:
    assert statuses.problems(StatusMap({"P": "ship", "C": "process"}, {"shipped": "C", "processing": "P"}))
    assert statuses.problems(StatusMap({"P": "pay,ship", "C": "process", "S": "ship"}, {"shipped": "C", "processing": "S"})) != []


def test_words_that_the_shops_do_not_have_are_told() -> None:
    table = StatusMap({"Z": "teleport"}, {"limbo": "O", "new": "Q"})
    assert statuses.unknown(table, ["O"], {"new": ("process",)}) == [
        "CS-Cart has no status Z", "Webasyst has no state limbo", "CS-Cart has no status Q", "no state of Webasyst offers the action teleport",
    ]  # fmt: skip
