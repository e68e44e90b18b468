"""The journal: history by record, what happened lately, what a run did, and the request log within its limit."""

import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from storesync.domain.journal import Action, Entry, Exchange
from storesync.state.items import Item

from tests.contract.conftest import Remembered
from tests.contract.racing import race


@pytest.fixture
def now(state: Remembered) -> datetime:
    return datetime.fromtimestamp(state.clock(), UTC)


def entry(subject: str, new: str = "2", **fields: Any) -> Entry:
    return Entry("product", subject, Action.WRITTEN, "webasyst", "7", "price", "1", new, **fields)


def exchange(path: str, at: datetime, bytes_: int = 100) -> Exchange:
    """With an answer that packs as badly as it can."""
    noise = Random(path).randbytes(bytes_ * 3 // 4)
    return Exchange("cscart", "GET", path, 200, 0.125, received=b64encode(noise).decode(), at=at)


# -- entries


def test_the_history_of_a_record_is_its_own_and_the_newest_first(state: Remembered, now: datetime) -> None:
    journal = state.journal()
    written = [entry(" SKU#1 ", str(at), at=now - timedelta(days=2 - at), data={"cent": "0.01"}, run="r1", cause="pull") for at in range(3)]
    journal.write([*written, entry("SKU#1", at=now), replace(entry(" SKU#1 ", at=now), kind="order")])
    assert state.journal().history("product", " SKU#1 ") == written[::-1]
    assert state.journal().history("product", " SKU#1 ", 2) == written[:0:-1]
    assert state.journal().history("product", "SKU") == []


def test_what_happened_lately_reaches_across_days(state: Remembered, now: datetime) -> None:
    written = [entry(str(at), at=now - timedelta(hours=20 * at)) for at in range(6)]
    state.journal().write(written[::-1])
    assert state.journal().recent() == written
    assert state.journal().recent(3) == written[:3]
    assert state.journal().recent(days=1) == [found for found in written if found.at and found.at.date() == now.date()]
    assert state.journal().recent(2, before=written[3].at) == written[4:]
    assert state.journal(days=1).recent() == [found for found in written if found.at and (now.date() - found.at.date()).days <= 1]


def test_images_before_and_after_are_kept_whole_however_long(state: Remembered, now: datetime) -> None:
    long = replace(entry("SKU", at=now, run="r1"), old='{"d":"' + '\\"' * 60_000 + '"}', new="🦆" * 120_000 + "\ud83d\u0000")
    state.journal().write([entry("SKU", at=now - timedelta(seconds=1)), long])
    assert state.journal().history("product", "SKU", 1) == [long]
    assert state.journal().recent(1) == [long]
    assert list(state.journal().of_run("r1")) == [long]


def test_a_run_can_be_told_from_start_to_end(state: Remembered, now: datetime) -> None:
    started = now - timedelta(days=1)
    mine = [entry(str(at), at=started + timedelta(minutes=7 * at), run="mine") for at in range(230)]
    for at in range(0, 230, 40):
        state.journal().write([*mine[at : at + 40], entry("x", at=started + timedelta(minutes=at), run="other"), entry("y", at=started)])
    assert list(state.journal().of_run("mine")) == mine
    assert list(state.journal().of_run("none")) == []


def test_entries_of_one_moment_are_all_kept_in_order(state: Remembered, now: datetime) -> None:
    same = [entry("SKU", str(at), at=now, run="r") for at in range(120)]
    state.journal().write(same)
    race(*(lambda n=n: state.journal().write([entry("T", str(n), at=now)]) for n in range(5)))
    assert list(state.journal().of_run("r")) == same
    assert {found.new for found in state.journal().history("product", "T")} == {"0", "1", "2", "3", "4"}


def test_what_is_written_together_costs_one_item_and_one_for_each_record(memory: Remembered, now: datetime) -> None:
    writes: list[str] = []
    memory.records.writes.hook = writes.append
    memory.journal().write([replace(entry("order 5", str(at), at=now), kind="order") for at in range(4)])
    assert len(writes) // 2 == 2
    writes.clear()
    memory.journal().write([entry(f"SKU-{at}", at=now, run="r") for at in range(50)])
    assert len(writes) // 2 == 1 + 1 + 50


def test_a_long_value_does_not_share_its_pack(state: Remembered, now: datetime) -> None:
    texts = [replace(entry(str(at), at=now, run="r"), old="x" * 20_000) for at in range(6)]
    state.journal().write(texts)
    assert list(state.journal().of_run("r")) == texts
    assert state.journal().recent(4) == texts[:1:-1]
    assert [state.journal().history("product", str(at)) for at in range(6)] == [[text] for text in texts]


def test_an_old_or_a_newer_entry_still_reads(state: Remembered, now: datetime) -> None:
    day, sk = now.date().isoformat(), f"{now.date().isoformat()}T00:00:00.000000#000000#x"
    stored = {"kind": "order", "subject": "5", "action": "parked", "mood": "sad"}
    state.records.put(Item(f"{state.connection}#day#{day}", sk, stored))
    assert state.journal().recent() == [Entry("order", "5", Action.PARKED)]


# -- the request log


def test_requests_are_kept_the_newest_first(state: Remembered, now: datetime) -> None:
    journal = state.journal()
    noted = [exchange(f"products/{at}", now - timedelta(hours=3 * (19 - at))) for at in range(20)]
    for at in range(0, 20, 7):
        for found in noted[at : at + 7]:
            journal.note(found)
        journal.flush()
    journal.flush()
    assert state.journal().requests() == noted[::-1]
    assert state.journal().requests(3) == noted[:-4:-1]
    assert state.journal().requests(2, before=noted[10].at) == [noted[9], noted[8]]
    assert state.journal().requests(day=now.date().isoformat()) == [
        found for found in noted[::-1] if found.at and found.at.date() == now.date()
    ]


def test_a_log_that_is_off_keeps_nothing(state: Remembered, now: datetime) -> None:
    journal = state.journal(log_requests=False)
    journal.note(exchange("x", now))
    journal.flush()
    assert (journal.requests(), journal.used()) == ([], 0)


def test_fault_71_past_its_limit_the_oldest_requests_go(state: Remembered, now: datetime) -> None:
    journal = state.journal(log_limit=20_000)
    for at in range(60):
        journal.note(exchange(f"products/{at}", now - timedelta(hours=59 - at), 900))
        journal.flush()
        assert journal.used() <= 20_000
    kept = [int(found.path.split("/")[1]) for found in state.journal().requests(None)]
    assert kept == list(range(59, 59 - len(kept), -1)), "the newest, without a gap"
    assert len(kept) >= 15


def test_fault_71_a_storm_costs_a_bounded_number_of_calls_for_each_pass(memory: Remembered) -> None:
    now = datetime.fromtimestamp(memory.clock(), UTC)
    journal = memory.journal(log_limit=100_000_000)
    for at in range(300):
        journal.note(exchange(str(at), now, 30_000))
        journal.flush()
    small = memory.journal(log_limit=200_000)
    for at in range(80):
        writes: list[str] = []
        memory.records.writes.hook = writes.append
        small.note(exchange(f"late/{at}", now + timedelta(seconds=1), 3_000))
        small.flush()
        assert len(writes) // 2 <= 9
    assert small.used() <= 200_000
    assert small.requests(1)[0].path == "late/79"


def test_the_figure_is_what_is_stored(state: Remembered, now: datetime) -> None:
    race(*(lambda n=n: _log(state.journal(log_limit=30_000), n, now) for n in range(5)))
    stored = [item for item in state.records.query(f"{state.connection}#requests#{now.date().isoformat()}")]
    assert state.journal().used() == sum(len(_text(item).encode()) for item in stored)
    assert 0 < state.journal().used() <= 30_000 + 5 * 5_000


def _log(journal: Any, writer: int, now: datetime) -> None:
    for at in range(10):
        journal.note(exchange(f"{writer}/{at}", now, 2_000))
        journal.flush()


def _text(item: Item) -> str:
    from storesync.state.items import encoded

    return encoded(item.data)


def test_answers_that_say_the_same_again_take_little_room(state: Remembered, now: datetime) -> None:
    journal = state.journal()
    answer = json.dumps([{"product_id": str(at), "product_code": f"SKU-{at}", "price": "9.99", "amount": "5"} for at in range(200)])
    for at in range(10):
        journal.note(replace(exchange(str(at), now), received=answer))
    journal.flush()
    assert journal.used() < 10 * len(answer) / 4
    assert [found.received for found in journal.requests()] == [answer] * 10


def test_more_than_the_log_can_hold_is_cut_to_the_newest(state: Remembered, now: datetime) -> None:
    journal = state.journal(log_limit=150_000)
    for at in range(100):
        journal.note(exchange(str(at), now, 10_000))
    journal.flush()
    assert journal.used() <= 150_000
    assert [found.path for found in journal.requests(None)][:5] == ["99", "98", "97", "96", "95"]
    nothing = state.journal(log_limit=10)
    nothing.note(exchange("x", now))
    nothing.flush()
    assert nothing.requests(1)[0].path == "99"


def test_what_outlives_its_days_is_not_counted(state: Remembered, now: datetime) -> None:
    journal = state.journal(days=3)
    journal.note(exchange("x", now))
    journal.flush()
    assert journal.used() > 0
    state.clock.ahead = 4 * 86_400
    assert (journal.used(), journal.requests()) == (0, [])
