"""Cursors, leases, runs, connections and one-time values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from storesync.domain.connection import Connection, CsCartSettings, DeletionRule, Guard, Policy, StatusMap, WebasystSettings
from storesync.domain.journal import Run
from storesync.domain.model import Group, StoreName
from storesync.errors import ConfigurationError, LeaseLost, UnknownConnection
from storesync.state.items import Item

from tests.contract.conftest import Remembered
from tests.contract.racing import race

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_cursor_is_empty_until_it_is_saved(state: Remembered) -> None:
    streams = state.streams()
    assert streams.cursor("orders:cscart") == ""
    with streams.lease("orders:cscart", 60) as lease:
        streams.save_cursor("orders:cscart", "2026-03-01", lease)
        streams.save_cursor("orders:cscart", "2026-03-02", lease)
    assert (streams.cursor("orders:cscart"), streams.cursor("orders:webasyst")) == ("2026-03-02", "")


def test_a_lease_is_given_back_even_by_one_that_fails(state: Remembered) -> None:
    streams = state.streams()
    numbers = []
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), streams.lease("x", 60) as lease:
            numbers.append(lease.fence)
            raise ZeroDivisionError
    assert numbers[0] < numbers[1]
    with streams.lease("x", 60), pytest.raises(LeaseLost), state.streams().lease("x", 60):
        pytest.fail("two hold one lease")


def test_fault_58_a_lease_that_ran_out_is_known_to_its_holder_and_not_given_back_by_it(state: Remembered) -> None:
    with state.streams().lease("x", 60) as old:
        old.check()
        state.clock.ahead = 56
        with pytest.raises(LeaseLost):
            old.check()
        state.clock.ahead = 61
        with state.streams().lease("x", 60) as new:
            with pytest.raises(LeaseLost):
                old.extend(60)
            old.release()
            state.streams().save_cursor("c", "still mine", new)
    assert state.streams().cursor("c") == "still mine"


def test_a_lease_that_is_extended_lives_on(state: Remembered) -> None:
    with state.streams().lease("x", 60) as lease:
        lease.extend(60)
        state.clock.ahead = 50
        lease.extend(60)
        state.clock.ahead = 90
        lease.check()
        with pytest.raises(LeaseLost), state.streams().lease("x", 60):
            pytest.fail("two hold one lease")


def test_leases_of_records_are_forgotten_in_time_and_those_of_streams_are_not(memory: Remembered) -> None:
    streams = memory.streams()
    for name in ("orders:cscart", "order#cscart#5"):
        with streams.lease(name, 60) as lease:
            streams.save_cursor("x", name, lease)
            memory.links().save_customer(StoreName.CSCART, "1", name, lease)
        with pytest.raises(LeaseLost):
            streams.save_cursor("x", "late", lease)
    kept = {
        sk: stored.ttl for kind in ("cursor", "lease") for sk, stored in memory.table._partitions[f"{memory.connection}#{kind}"].items()
    }
    assert kept["orders:cscart"] is None
    assert kept["order#cscart#5"] is not None and 0 < kept["order#cscart#5"] - memory.clock() < 3 * 86_400


def test_the_newest_runs_come_first(state: Remembered) -> None:
    streams = state.streams()
    runs = [Run(f"r{at}", f"{kind}:cscart", AT + timedelta(minutes=at)) for at, kind in enumerate(("orders", "sweep", "orders", "sweep"))]
    for run in runs:
        streams.save_run(run)
    done = replace(runs[2], outcome="done", finished=AT + timedelta(hours=1), counts={"written": 3}, progress=5, expected=9)
    streams.save_run(done)
    assert streams.runs("orders:cscart") == [done, runs[0]]
    assert state.streams().runs("orders:cscart", 1) == [done]
    assert state.streams().runs() == [runs[3], done, runs[1], runs[0]]
    assert state.streams().runs(limit=2, since=AT + timedelta(minutes=1)) == [runs[3], done]
    assert streams.runs("orders:webasyst") == []


# -- connections


WHOLE = Connection(
    "shop-1",
    CsCartSettings("https://shop.example.com/", "a@example.com", "2", no_rewrite=True, currency="USD"),
    WebasystSettings("https://account.example.com/", "c" * 32, "EUR", stock_id="3"),
    paused=True,
    policies={Group.PRICE: Policy.TO_CSCART, Group.STOCK: Policy.OFF},
    preferred=StoreName.WEBASYST,
    stock_owner=None,
    categories={"5": "7"},
    rates={"USD": Decimal("1.0850")},
    statuses=StatusMap({"P": "process"}, {"new": ""}),
    orders_from=AT,
    created_at=AT,
    deletions=DeletionRule.HIDE,
    guard=Guard(Decimal("0.1"), 7, Decimal("0.25")),
    log_limit=5,
)


def test_a_connection_comes_back_as_it_was_saved(state: Remembered) -> None:
    saved = replace(WHOLE, id=state.connection)
    state.connections.save(saved)
    assert state.connections.get(state.connection) == saved
    assert saved in state.connections.list()
    state.connections.delete(state.connection)
    with pytest.raises(UnknownConnection):
        state.connections.get(state.connection)


@pytest.mark.parametrize("name", ["", "a#b", "UPPER", "../x", "-a", "x" * 41, "a b", "ключ"])
def test_a_name_that_could_reach_into_another_connection_is_refused(state: Remembered, name: str) -> None:
    with pytest.raises(ConfigurationError):
        state.connections.save(Connection(name))
    with pytest.raises(UnknownConnection):
        state.connections.get(name)


def test_fault_63_an_old_or_a_newer_document_still_reads(state: Remembered) -> None:
    name = state.connection
    documents = [
        {"id": name},
        {
            "id": name,
            "cscart": None,
            "policies": None,
            "guard": None,
            "rates": None,
            "stock_owner": "cscart",
            "preferred": "",
            "deletions": None,
        },
        {
            "id": name,
            "invented_later": {"x": 1},
            "cscart": {"new_field": 1},
            "policies": {"price": "two_way", "warranty": "to_cscart", "stock": "by_moon"},
            "deletions": "archive",
            "preferred": "third_store",
            "guard": {"share": "0.3", "new": 4},
            "orders_from": None,
        },
    ]
    for version, document in enumerate(documents):
        state.table.put(Item("connections", name, document, version), expect=version)
        found = state.connections.get(name)
        assert replace(found, policies={}) == replace(Connection(name), policies={})
        assert found.policy(Group.PRICE) is Policy.TWO_WAY


def test_two_that_change_a_connection_at_once_both_do(state: Remembered) -> None:
    state.connections.save(Connection(state.connection, created_at=AT))
    changes = [lambda c: replace(c, paused=True), lambda c: replace(c, log_limit=7), lambda c: replace(c, product_period=60)]
    race(*(lambda change=change: state.connections.change(state.connection, change) for change in changes))
    assert state.connections.get(state.connection) == Connection(
        state.connection, paused=True, log_limit=7, product_period=60, created_at=AT
    )
    with pytest.raises(UnknownConnection):
        state.connections.change(f"{state.connection}x", changes[0])


# -- one-time values


def test_a_one_time_value_is_taken_once(state: Remembered) -> None:
    once = state.one_time
    once.put(state.connection, "main", 600)
    with pytest.raises(LeaseLost):
        once.put(state.connection, "other", 600)
    results = race(*(lambda: once.take(state.connection) for _ in range(6)))
    assert sorted(map(str, results)) == ["None"] * 5 + ["main"]
    assert once.take(state.connection) is None
    assert once.take("") is None


def test_a_one_time_value_ends(state: Remembered) -> None:
    state.one_time.put(state.connection, "main", 600)
    state.clock.ahead = 601
    assert state.one_time.take(state.connection) is None
