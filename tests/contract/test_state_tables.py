"""What both kinds of table promise: conditions, fences, transactions, limits."""

from collections.abc import Callable
from typing import Any

import pytest
from storesync.errors import LeaseLost, StateUnavailable, TooLarge
from storesync.state.items import ITEM_BYTES, TRANSACTION, Fence, Item

from tests.contract.conftest import Remembered
from tests.contract.racing import race


@pytest.fixture
def pk(state: Remembered) -> str:
    return f"{state.connection}#things"


def test_what_was_put_is_read_back_whole(state: Remembered, pk: str) -> None:
    data = {"имя": "☕", "half": "\ud83d", "list": [1, None, "é"]}
    state.table.put(Item(pk, "a", data, ttl=2_000_000_000, owner="me", members=frozenset({"x", "ü"})))
    assert state.table.get(pk, "a") == Item(pk, "a", data, 1, 2_000_000_000, "me", frozenset({"x", "ü"}))
    assert state.table.get(pk, "b") is None


def test_a_version_is_written_over_once(state: Remembered, pk: str) -> None:
    state.table.put(Item(pk, "a", 1), expect=0)
    state.table.put(Item(pk, "a", 2, version=1), expect=1)
    for item, expect in ((Item(pk, "a", 3), 0), (Item(pk, "a", 3, version=1), 1), (Item(pk, "b", 3, version=4), 4)):
        with pytest.raises(LeaseLost):
            state.table.put(item, expect=expect)
    assert state.table.get(pk, "a") == Item(pk, "a", 2, 2)
    assert state.table.get(pk, "b") is None


def test_of_two_that_race_for_a_version_one_is_refused(state: Remembered, pk: str) -> None:
    state.table.put(Item(pk, "a", 0))
    for version in range(1, 9):
        results = race(*(lambda n=n, v=version: state.table.put(Item(pk, "a", n, v), expect=v) for n in (1, 2)))
        assert sorted(type(result).__name__ for result in results) == ["LeaseLost", "NoneType"]


def test_what_has_an_owner_is_written_by_nobody_else(state: Remembered, pk: str) -> None:
    state.table.put(Item(pk, "a", 1, owner="me"))
    state.table.put(Item(pk, "a", 2, owner="me"))
    with pytest.raises(LeaseLost):
        state.table.put(Item(pk, "a", 3, owner="you"))
    assert state.table.get(pk, "a").data == 2


def test_members_are_added_by_all_and_lost_by_none(state: Remembered, pk: str) -> None:
    race(*(lambda n=n: state.table.transact([(Item(pk, "a", "x", members=frozenset({str(n)})), None)]) for n in range(8)))
    assert state.table.get(pk, "a").members == {str(n) for n in range(8)}


def test_members_alone_make_no_item_yet_are_there_when_it_comes(state: Remembered, pk: str) -> None:
    state.table.transact([(Item(pk, "a", members=frozenset({"early"})), None), (Item(pk, "b", 1), 0)])
    assert state.table.get(pk, "a") is None
    state.table.put(Item(pk, "a", "late"), expect=0)
    assert state.table.get(pk, "a") == Item(pk, "a", "late", 1, members=frozenset({"early"}))


def test_a_query_takes_what_lies_behind_the_first_up_to_the_last(state: Remembered, pk: str) -> None:
    state.table.put_all(Item(pk, name, name) for name in ("a", "a1", "b", "c", "d"))
    state.table.put(Item(f"{pk}more", "b", 1))

    def found(**asked: Any) -> str:
        return " ".join(item.sk for item in state.table.query(pk, **asked))

    assert found() == "a a1 b c d"
    assert (found(after="a", until="c"), found(after="c"), found(until="a1")) == ("a1 b c", "d", "a a1")
    assert (found(prefix="a"), found(newest_first=True, limit=2), found(after="c", until="c")) == ("a a1", "d c", "")


def test_hundreds_of_items_go_in_and_out(state: Remembered, pk: str) -> None:
    state.table.put_all(Item(pk, f"{n:04d}", "x" * 3000) for n in range(620))
    assert sum(1 for _ in state.table.query(pk)) == 620
    assert len(state.table.get_many([(pk, f"{n:04d}") for n in range(700)] * 2)) == 620
    state.table.delete_all([(pk, f"{n:04d}") for n in range(60)])
    assert sum(1 for _ in state.table.query(pk)) == 560
    state.table.add(pk, "counter", 1)
    state.table.empty(pk)
    assert not list(state.table.query(pk))
    assert state.table.numbers(pk) == {}


def test_a_transaction_is_all_or_nothing_and_tells_what_was_refused(state: Remembered, pk: str) -> None:
    state.table.put(Item(pk, "b", 1))
    writes = [(Item(pk, "a", 1), 0), (Item(pk, "b", 1), 0), (Item(pk, "c", 1), None), (Item(pk, "d", 1, version=3), 3)]
    with pytest.raises(LeaseLost) as told:
        state.table.transact(writes)
    assert told.value.data["refused"] == (1, 3)
    assert [item.sk for item in state.table.query(pk)] == ["b"]


def test_a_whole_transaction_fits(state: Remembered, pk: str) -> None:
    number = state.table.take_lease(pk, "lease", 60, "me")
    state.table.transact([(Item(pk, str(n), n), 0) for n in range(TRANSACTION)], Fence(pk, "lease", number))
    state.table.erase([(pk, str(n)) for n in range(TRANSACTION)], Fence(pk, "lease", number))
    assert not list(state.table.query(pk))


def test_an_item_too_large_is_refused_before_anything_is_written(state: Remembered, pk: str) -> None:
    large = Item(pk, "b", "x" * ITEM_BYTES)
    attempts: list[Callable[[], None]] = [
        lambda: state.table.put(large),
        lambda: state.table.put_all([Item(pk, "a", 1), large]),
        lambda: state.table.transact([(Item(pk, "a", 1), None), (large, None)]),
        lambda: state.table.put(Item(pk, "", 1)),
        lambda: state.table.put(Item(pk, "я" * 513, 1)),
    ]
    for attempt in attempts:
        with pytest.raises(TooLarge):
            attempt()
    assert not list(state.table.query(pk))


def test_counters_count_whoever_counts(state: Remembered, pk: str) -> None:
    race(*(lambda: [state.table.add(pk, "day", 5) for _ in range(5)] for _ in range(4)))
    assert state.table.add(pk, "day", -1) == 99
    state.table.add(pk, "old", 7, ttl=int(state.clock()) + 10)
    assert state.table.numbers(pk) == {"day": 99, "old": 7}
    state.clock.ahead = 11
    assert state.table.numbers(pk) == {"day": 99}


def test_fault_58_a_lease_passes_on_when_it_is_free_or_has_run_out(state: Remembered, pk: str) -> None:
    first = state.table.take_lease(pk, "lease", 30, "me")
    with pytest.raises(LeaseLost):
        state.table.take_lease(pk, "lease", 30, "you")
    assert state.table.take_lease(pk, "lease", 30, "me") == first + 1, "a call sent again finds its own lease"
    state.clock.ahead = 31
    assert state.table.take_lease(pk, "lease", 30, "you") == first + 2
    assert not state.table.holds(Fence(pk, "lease", first + 1))
    with pytest.raises(LeaseLost):
        state.table.move_lease(pk, "lease", first + 1, state.clock() + 60)


def test_fault_58_a_lease_that_was_deleted_gives_out_no_old_number(state: Remembered, pk: str) -> None:
    first = state.table.take_lease(pk, "lease", 30, "me")
    state.table.empty(pk)
    state.clock.ahead = 2
    assert state.table.take_lease(pk, "lease", 30, "you") > first


@pytest.mark.parametrize("end", ["run out", "given back", "taken over"])
def test_fault_58_nothing_is_written_with_an_old_number(state: Remembered, pk: str, end: str) -> None:
    state.table.put(Item(pk, "kept", 1))
    number = state.table.take_lease(pk, "lease", 30, "me")
    fence = Fence(pk, "lease", number)
    state.table.transact([(Item(pk, "a", 1), None)], fence)
    if end == "given back":
        state.table.move_lease(pk, "lease", number, 0)
    else:
        state.clock.ahead = 31
    if end == "taken over":
        state.table.take_lease(pk, "lease", 30, "you")
    for attempt in (lambda: state.table.transact([(Item(pk, "a", 2), None)], fence), lambda: state.table.erase([(pk, "kept")], fence)):
        with pytest.raises(LeaseLost) as told:
            attempt()
        assert told.value.data["refused"] == ()
    assert [item.data for item in state.table.query(pk)] == [1, 1]


def test_of_several_that_race_for_a_lease_one_gets_it(state: Remembered, pk: str) -> None:
    results = race(*(lambda n=n: state.table.take_lease(pk, "lease", 30, str(n)) for n in range(6)))
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, LeaseLost) for result in results) == 5


def test_fault_60_a_query_may_miss_the_last_write_while_a_get_does_not(memory: Remembered) -> None:
    memory.table.put(Item("p", "a", "old"))
    memory.table.lagging = True
    memory.table.put(Item("p", "a", "new", version=1))
    memory.table.put(Item("p", "b", "new"))
    assert [item.data for item in memory.table.query("p")] == ["old"]
    assert memory.table.get("p", "a").data == "new"
    memory.table.settle()
    assert [item.data for item in memory.table.query("p")] == ["new", "new"]


def test_a_table_that_does_not_answer_is_an_error_of_the_tree(dynamodb: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    from storesync.state.tables import Table

    table = Table("missing", "eu-central-1")
    for attempt in (lambda: table.get("p", "a"), lambda: table.put(Item("p", "a", 1)), lambda: list(table.query("p"))):
        with pytest.raises(StateUnavailable) as told:
            attempt()
        assert told.value.retriable
        assert told.value.data["code"] == "ResourceNotFoundException"
