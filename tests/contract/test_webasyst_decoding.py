"""What PHP may answer, read without surprise; and the shop's clock, whatever zone it is set to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storesync.domain.orders import Line
from storesync.errors import ServerFault
from storesync.webasyst import clock, decode, discounts, forms

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(9223372036854775807),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
ZONES = ("Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo", "UTC")


@settings(max_examples=40)
@given(value=anything)
def test_fault_27_any_answer_is_read_as_something_or_is_a_fault_of_the_server(value: Any) -> None:
    assert all(isinstance(row, dict) for row in decode.rows(value))
    assert isinstance(decode.text(value), str)
    assert all(isinstance(key, str) for key in decode.mapping(value))
    for read in (decode.number, decode.count):
        try:
            found = read(value)
        except ServerFault:
            continue
        assert found is None or Decimal(found).is_finite()


@pytest.mark.parametrize(("kept", "read"), [("15.000", 15), (None, None), ("", None), (0, 0), ("-3.000", -3), ("1,5", 1), ("-0.5", -1)])
def test_a_count_is_a_whole_number_or_unlimited(kept: object, read: int | None) -> None:
    assert decode.count(kept) == read


@settings(max_examples=300)
@given(
    zone=st.sampled_from(ZONES),
    since=st.integers(1_546_300_800, 1_925_000_000),
    later=st.integers(0, 3 * 86_400),
)
def test_fault_54_a_filter_lets_through_all_that_happened_since(zone: str, since: int, later: int) -> None:
    start = datetime.fromtimestamp(since, UTC)
    here = clock.ShopClock(start, ZoneInfo(zone), zone)
    stamp = (start + timedelta(seconds=later)).astimezone(here.zone).strftime("%Y-%m-%d %H:%M:%S")
    assert stamp >= here.local(start)
    read = here.moment(stamp)
    assert read is not None and read >= here.floor(start)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "+03:00"])
def test_a_zone_without_a_known_name_is_taken_by_its_shift(name: str) -> None:
    found = clock.clock({"server_time": "2026-11-01 15:00:00", "server_timezone": name, "server_timezone_shift": "10800"})
    assert found.now == datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert found.moment("2026-11-01 15:00:00") == datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_the_hour_that_comes_twice_is_told_apart_by_the_shift() -> None:
    summer, winter = (
        clock.clock({"server_time": "2026-11-01 01:30:00", "server_timezone": "America/New_York", "server_timezone_shift": shift}).now
        for shift in ("-14400", "-18000")
    )
    assert winter - summer == timedelta(hours=1)


@given(
    prices=st.lists(st.tuples(st.integers(0, 99_999), st.integers(1, 15)), min_size=1, max_size=7),
    part=st.fractions(0, 1, max_denominator=999),
)
def test_a_discount_is_laid_on_the_lines_whole_per_piece_and_to_the_cent(prices: list[tuple[int, int]], part: Any) -> None:
    lines = [Line("", "1", "1", "A", "Lamp", Decimal(cents) / 100, pieces) for cents, pieces in prices]
    whole = sum(cents * pieces for cents, pieces in prices)
    discount = Decimal(int(whole * part)) / 100
    sent, shares = discounts.laid_on(lines, discount)
    assert sum((line.amount for line in sent), Decimal(0)) - sum(shares) == Decimal(whole) / 100 - discount
    assert all(0 <= share <= line.amount and share * 100 % line.quantity == 0 for line, share in zip(sent, shares, strict=True))
    assert tuple(lines) == sent[: len(lines)]
    assert len(sent) <= len(lines) + 1


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        ({"a": [1, None, True]}, (("a[0]", "1"), ("a[1]", ""), ("a[2]", "1"))),
        ({"a": {"5": {"b": "x"}}, "c": Decimal("1.50")}, (("a[5][b]", "x"), ("c", "1.50"))),
        ({"a": ()}, ()),
    ],
)
def test_forms_are_written_in_brackets(value: dict[str, object], pairs: forms.Form) -> None:
    assert forms.encode(value) == pairs
