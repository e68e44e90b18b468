"""Where a pass, a run and a wait end: the guard of a store, the allowance of damage, the time that is left, the lag that an alarm sees."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from storesync.domain import fields, prints
from storesync.domain.connection import Connection, CsCartSettings, Damage, Guard, WebasystSettings
from storesync.domain.journal import Action, Entry
from storesync.domain.links import Row
from storesync.domain.model import Group, Listing, Record, StoreName, Visibility
from storesync.errors import GuardTripped, LeaseLost
from storesync.sync.budget import LONGEST_SECONDS, MARGIN_SECONDS, Budget
from storesync.sync.damage import Allowance, of_entries
from storesync.sync.guards import KINDS, Held
from storesync.sync.health import Health
from storesync.sync.leases import PATIENCE_SECONDS, patient_lease

OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST
SHOWN, HIDDEN, DISABLED = (prints.listing_print(Listing(one)) for one in (Visibility.VISIBLE, Visibility.HIDDEN, Visibility.DISABLED))


# -- the guard


def held(before: dict[str, str], after: dict[str, str], guard: Guard | None = None, **row: Any) -> dict[str, int]:
    found = Held(guard or Guard(), OURS)
    found.add(Row(OURS, "1", "1", "9", prints=before, **row), Record("1", "1", (("1", "A"),), after))
    return {kind: found.counts[kind] for kind in KINDS if found.counts[kind]}


@pytest.mark.parametrize(
    ("before", "after", "zeroed"),
    [("5", "0", 1), ("0", "0", 0), ("~", "0", 0), ("-2", "0", 0), ("5", "1", 0), (None, "0", 0), ("5", "-1", 0), ("5", "~", 0)],
)
def test_a_count_that_falls_to_nothing_is_zeroed(before: str | None, after: str, zeroed: int) -> None:
    known = {"stock:1": before} if before is not None else {}
    assert held(known, {"stock:1": after}) == {"touched": 1, **({"zeroed": 1} if zeroed else {})}


@pytest.mark.parametrize(
    ("before", "after", "jumped"),
    [("10/0", "15/0", 0), ("10/0", "15.01/0", 1), ("10/0", "5/0", 0), ("10/0", "4.99/0", 1), ("0/0", "9/0", 0), ("", "9/0", 0), ("10/0", "x", 0),
     ("10/5", "10/50", 0), ("-10/0", "9/0", 0)],
)  # fmt: skip
def test_a_price_that_moves_by_more_than_half_has_jumped(before: str, after: str, jumped: int) -> None:
    assert held({"price:1": before}, {"price:1": after}).get("repriced", 0) == jumped


def test_how_far_a_price_may_jump_is_the_owners_to_say() -> None:
    assert "repriced" not in held({"price:1": "10/0"}, {"price:1": "29/0"}, Guard(price_jump=Decimal(2)))
    assert "repriced" in held({"price:1": "10/0"}, {"price:1": "12/0"}, Guard(price_jump=Decimal("0.1")))


@pytest.mark.parametrize(
    ("before", "after", "hidden"), [(SHOWN, HIDDEN, 1), (SHOWN, DISABLED, 1), (SHOWN, SHOWN, 0), (HIDDEN, DISABLED, 0), (HIDDEN, SHOWN, 0), (SHOWN, "", 0), ("", HIDDEN, 0)]
)  # fmt: skip
def test_a_product_that_was_shown_and_is_not_any_more_is_hidden(before: str, after: str, hidden: int) -> None:
    name = prints.key(Group.LISTING)
    assert held({name: before}, {name: after}).get("hidden", 0) == hidden


def test_of_several_variants_one_is_enough_and_what_is_set_aside_is_not_counted() -> None:
    before, after = {"stock:1": "5", "stock:2": "5", "price:1": "1/0"}, {"stock:1": "5", "stock:2": "0", "price:1": "9/0"}
    assert held(before, after) == {"touched": 1, "zeroed": 1, "repriced": 1}
    assert held(before, after, parked="NotKept") == {}


def test_ids_are_held_once_and_by_their_product() -> None:
    found = Held(Guard(), OURS, ("7",), {"touched": 3})
    row = Row(OURS, "2", "1", "9")
    for record in (Record("2", "1", ()), Record("1", "1", ()), Record("3", "", ())):
        found.add(row, record)
    found.miss(Row(OURS, "8", "8", "9"))
    assert (list(found.ids), found.counts["touched"], found.counts["missing"]) == (["7", "1", "3", "8"], 6, 1)


@pytest.mark.parametrize(
    ("counts", "size", "confirmed", "over"),
    [
        ({"zeroed": 50}, 100, None, {}),
        ({"zeroed": 51}, 100, None, {"zeroed": 51}),
        ({"zeroed": 300}, 1000, None, {}),
        ({"zeroed": 301}, 1000, None, {"zeroed": 301}),
        ({"zeroed": 301, "missing": 400, "touched": 10}, 1000, None, {"zeroed": 301, "missing": 400}),
        ({"zeroed": 301}, 1000, {"zeroed": 301}, {}),
        ({"zeroed": 302}, 1000, {"zeroed": 301}, {"zeroed": 302}),
        ({"zeroed": 301}, 1000, {"hidden": 999}, {"zeroed": 301}),
        ({"zeroed": 301}, 1000, {"zeroed": 10}, {"zeroed": 301}),
        ({kind: 51 for kind in KINDS}, 10, None, {kind: 51 for kind in KINDS}),
    ],
)
def test_more_than_the_share_and_the_number_is_asked_about(counts: dict, size: int, confirmed: dict | None, over: dict) -> None:
    found = Held(Guard(share=Decimal("0.3"), at_least=50), OURS, counts=counts)
    if not over:
        found.check(size, confirmed)
        return
    with pytest.raises(GuardTripped) as told:
        found.check(size, confirmed)
    assert [word for word in ("store=cscart", *(f"{kind}={count}" for kind, count in over.items())) if word not in str(told.value)] == []


# -- the allowance of damage


def entry(group: str, store: StoreName, old: dict | None, new: dict, action: Action = Action.PLANNED, **data: str) -> Entry:
    texts = ("" if old is None else fields.text(old), fields.text(new))
    return Entry("product", "A", action, store, "1", group, *texts, data={"pair": "1:2", **data})


def measured(*entries: Entry) -> dict[str, int]:
    return {name: count for name, count in of_entries(entries).items() if count}


def test_several_fields_of_one_record_are_one_write_in_each_shop() -> None:
    both = [entry("price", store, {"price": "1"}, {"price": "1"}) for store in StoreName]
    assert measured(*both, entry("content", OURS, {}, {})) == {"writes": 2}
    assert measured(entry("content", OURS, {}, {}), entry("content", OURS, {}, {}, pair="3:4")) == {"writes": 2}
    steps = [entry("status", THEIRS, {}, {}, key=f"s{at}") for at in (1, 1, 2)]
    assert measured(*steps) == {"writes": 2, "mails": 3}
    assert measured(entry("content", OURS, {}, {}, Action.WRITTEN)) == {}


@pytest.mark.parametrize(
    ("group", "store", "old", "new", "mails"),
    [
        ("order", THEIRS, None, {"total": "0"}, 1),
        ("order", THEIRS, {"total": "0"}, {"total": "0"}, 0),
        ("order", OURS, None, {"total": "0"}, 0),
        ("status", THEIRS, {}, {}, 1),
        ("status", OURS, {}, {}, 0),
        ("stock", OURS, {"stock": 0}, {"stock": 1}, 1),
        ("stock", OURS, {"stock": -1}, {"stock": None}, 1),
        ("stock", OURS, {"stock": 0}, {"stock": 0}, 0),
        ("stock", OURS, {"stock": 1}, {"stock": 2}, 0),
        ("stock", OURS, {"stock": None}, {"stock": 2}, 0),
        ("stock", THEIRS, {"stock": 0}, {"stock": 1}, 0),
        ("price", OURS, {"price": "1"}, {"price": "1"}, 0),
    ],
)
def test_mails_are_those_that_a_shop_would_send(group: str, store: StoreName, old: dict | None, new: dict, mails: int) -> None:
    assert measured(entry(group, store, old, new)).get("mails", 0) == mails


@pytest.mark.parametrize(
    ("group", "old", "new", "pieces", "money"),
    [
        ("price", {"price": "10"}, {"price": "12.5"}, "4", 10),
        ("price", {"price": "12.5"}, {"price": "10"}, "4", 10),
        ("price", {"price": "10"}, {"price": "10.01"}, "1", 1),
        ("price", {"price": "10"}, {"price": "13"}, "0", 3),
        ("price", {"price": "10"}, {"price": "13"}, "-5", 3),
        ("price", {"price": "10"}, {"price": "13"}, "", 3),
        ("price", None, {"price": "13"}, "9", 0),
        ("price", {"compare_price": "10"}, {"compare_price": "13"}, "9", 0),
        ("order", None, {"total": "99.10"}, "", 100),
        ("order", {"total": "90"}, {"total": "99"}, "", 9),
        ("order", {"status": "O"}, {"status": "P"}, "", 0),
        ("stock", {"stock": 3}, {"stock": 9}, "9", 0),
    ],
)
def test_money_is_what_moves_times_the_pieces_in_whole_units(group: str, old: dict | None, new: dict, pieces: str, money: int) -> None:
    assert measured(entry(group, THEIRS, old, new, pieces=pieces)).get("money", 0) == money


def test_amounts_are_added_up_before_they_are_rounded() -> None:
    cents = [entry("price", OURS, {"price": "1"}, {"price": "1.01"}, pair=str(at)) for at in range(3)]
    assert measured(*cents) == {"writes": 3, "money": 1}


def priced(pair: str, by: int = 1) -> list[Entry]:
    return [entry("price", OURS, {"price": "1"}, {"price": str(1 + by)}, pair=pair)]


def test_what_does_not_fit_ends_the_run_and_nothing_after_it_is_let_through() -> None:
    left = Allowance(Damage(writes=2, mails=0, money=10))
    assert [left.takes(priced("a", 4)), left.takes(priced("b", 6))] == [True, True]
    assert (left.sentence, left.takes(priced("c"))) == ("", False)
    assert left.sentence == "writes 2 of 2"
    assert not left.takes(())
    money = Allowance(Damage(writes=0, mails=0, money=10))
    assert [money.takes(priced("a", 4)), money.takes(priced("b", 7)), money.takes(priced("c", 1))] == [True, False, False]
    assert (money.sentence, money.spent["money"]) == ("money 4 of 10", 4)


def test_what_an_earlier_message_of_the_run_spent_counts() -> None:
    left = Allowance(Damage(writes=2), {"writes": 1})
    assert [left.takes(priced("a")), left.takes(priced("b"))] == [True, False]


def test_a_limit_that_is_reached_does_not_hold_up_what_costs_nothing_of_it() -> None:
    left = Allowance(Damage(writes=9, mails=1), {"mails": 5})
    assert left.takes(priced("a"))
    assert not left.takes([entry("status", THEIRS, {}, {}, key="s")])
    assert left.sentence == "mails 5 of 1"


def test_an_owner_who_asks_for_more_gets_at_least_the_next_record() -> None:
    asked = Allowance(Damage(writes=9, money=10), asked=True)
    assert [asked.takes(priced("a", 50)), asked.takes(priced("b", 1))] == [True, False]
    assert not Allowance(Damage(money=10), {"money": 1}, asked=True).takes(priced("a", 50))


# -- time


class Clock:
    def __init__(self) -> None:
        self.seconds, self.slept = 100.0, list[float]()

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@pytest.mark.parametrize(
    ("remaining", "left"), [(None, LONGEST_SECONDS), (300.0, LONGEST_SECONDS), (100.0, 100.0 - MARGIN_SECONDS), (MARGIN_SECONDS, 0.0)]
)
def test_work_ends_well_before_the_function_is_stopped(remaining: float | None, left: float) -> None:
    clock = Clock()
    budget = Budget.of(clock, remaining)
    assert budget.until == 100.0 + left
    assert budget.spent is (left == 0)
    clock.seconds += left
    assert budget.spent


class Streams:
    """The lease is somebody else's until `free`."""

    def __init__(self, clock: Clock, free: float) -> None:
        self.clock, self.free, self.asked, self.ended = clock, free, list[tuple[str, float]](), 0

    def lease(self, name: str, seconds: float) -> "Streams":
        self.asked.append((name, seconds))
        return self

    def __enter__(self) -> "Streams":
        if self.clock.seconds < self.free:
            raise LeaseLost("held")
        return self

    def __exit__(self, *_: object) -> None:
        self.ended += 1


def leasing(free: float) -> tuple[Streams, Any]:
    clock = Clock()
    streams = Streams(clock, free)
    return streams, SimpleNamespace(clock=clock, streams=streams)


def test_a_lease_is_waited_for_with_growing_pauses_and_given_back() -> None:
    streams, world = leasing(103.0)
    with patient_lease(world, "products", 60) as lease:
        assert lease is streams and streams.ended == 0
    assert (streams.asked[0], streams.ended) == (("products", 60), 1)
    assert [round(pause, 1) for pause in streams.clock.slept] == [0.1, 0.2, 0.4, 0.8, 1.6]
    with pytest.raises(ZeroDivisionError), patient_lease(world, "products", 60):
        raise ZeroDivisionError
    assert streams.ended == 2


def test_patience_for_a_lease_ends() -> None:
    streams, world = leasing(1e9)
    with pytest.raises(LeaseLost), patient_lease(world, "products", 60):
        pass
    assert PATIENCE_SECONDS <= streams.clock.seconds - 100 <= PATIENCE_SECONDS + 2.1
    assert max(streams.clock.slept) == 2.0


# -- lag


def test_the_worst_lag_of_all_connections_is_told_and_how_many_wait_for_their_owner() -> None:
    clock = Clock()
    ready = Connection("a", CsCartSettings("https://a.example.com/", "a@example.com"), WebasystSettings("https://b.example.com/"))
    cursors = {"products:cscart": 30, "products:webasyst": 90, "orders:cscart": 500}

    def world(name: str) -> Any:
        found = {stream: (clock.now() - timedelta(seconds=lag)).isoformat() for stream, lag in cursors.items()} if name == "a" else {}
        parked = lambda kind: iter(["x", "y"] if (name, kind) == ("b", "connection") else [])  # noqa: E731
        streams, links = SimpleNamespace(cursors=lambda: found), SimpleNamespace(parked=parked)
        return SimpleNamespace(connection=replace(ready, id=name), streams=streams, links=links)

    listed = [ready, replace(ready, id="b"), replace(ready, id="c", paused=True)]
    health = Health(SimpleNamespace(list=lambda: listed), world, clock)
    assert health.measures("product") == {"StreamLag": 90.0, "ReconnectNeeded": 1.0}
    assert health.measures("order") == {"StreamLag": 500.0, "ReconnectNeeded": 1.0}
    assert Health(SimpleNamespace(list=list), world, clock).measures("order") == {"StreamLag": 0.0, "ReconnectNeeded": 0.0}
