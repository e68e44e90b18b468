"""Lists that change between two pages: whatever stays is seen, and a scan costs no more than a call per 250 rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storesync.cscart.decode import Json
from storesync.cscart.pages import Answered, Key, Stretch, walk, window
from storesync.errors import FilterIgnored

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class List:
    """A shop's list in order of id; `meanwhile` happens after each page."""

    def __init__(self, ids: list[int]) -> None:
        self.ids, self.calls = ids, 0
        self.meanwhile: list[list[int]] = []

    def ask(self, page: int, size: int) -> Answered:
        shown = sorted(self.ids)[(page - 1) * size : page * size]
        total = len(self.ids)
        if self.calls < len(self.meanwhile):
            self._happen(self.meanwhile[self.calls])
        self.calls += 1
        return Answered({"rows": [{"id": item} for item in shown], "params": {"total_items": str(total)}}, NOON)

    def _happen(self, ids: list[int]) -> None:
        """An id that is there goes, one that is not there comes."""
        for item in ids:
            if item in self.ids:
                self.ids.remove(item)
            else:
                self.ids.append(item)

    def walk(self, seen: int = 0, last: Key = ()) -> list[Stretch]:
        return list(walk(self.ask, "rows", _key, seen, last))


def _key(row: Json) -> Key:
    return (int(str(row["id"])),)


def _ids(stretches: list[Stretch]) -> list[int]:
    return [int(str(row["id"])) for stretch in stretches for row in stretch.rows]


@pytest.mark.parametrize("count", [0, 1, 249, 250, 300, 301, 1000, 10_000, 100_000])
def test_each_row_is_seen_once_and_a_call_brings_250_on_average(count: int) -> None:
    found = List(list(range(count)))
    assert _ids(found.walk()) == list(range(count))
    assert found.calls <= max(1, -(-count // 250))


def test_a_page_begins_on_a_row_that_was_seen() -> None:
    for seen in range(1, 20_000, 7):
        page, size = window(seen)
        assert (page - 1) * size < seen < page * size


@given(
    st.integers(0, 1500),
    st.lists(st.lists(st.one_of(st.integers(0, 2000), st.integers(0, 300)), max_size=200), max_size=6),
)
def test_fault_55_rows_that_stay_are_seen_whatever_comes_and_goes(count: int, meanwhile: list[list[int]]) -> None:
    found = List(list(range(count)))
    found.meanwhile = meanwhile
    seen = _ids(found.walk())
    touched = {item for ids in meanwhile for item in ids}
    assert set(range(count)) - touched <= set(seen)
    assert seen == sorted(set(seen))


def test_a_scan_goes_on_where_it_stopped_although_rows_before_it_went_away() -> None:
    found = List(list(range(2000)))
    first = next(walk(found.ask, "rows", _key))
    found.ids = [item for item in found.ids if item > 280]
    assert _ids(found.walk(first.seen, first.last)) == list(range(300, 2000))


def test_fault_20_a_list_that_ends_before_where_we_were_is_at_its_end() -> None:
    assert _ids(List(list(range(10))).walk(5000, (4999,))) == []


def test_a_list_in_another_order_is_refused() -> None:
    with pytest.raises(FilterIgnored):
        list(walk(lambda page, size: Answered({"rows": [{"id": 2}, {"id": 1}], "params": {}}, NOON), "rows", _key))


def test_a_shop_that_lists_fewer_rows_than_it_counts_is_refused() -> None:
    def capped(page: int, size: int) -> Answered:
        return Answered({"rows": [{"id": item} for item in range((page - 1) * 100, page * 100)], "params": {"total_items": 500}}, NOON)

    with pytest.raises(FilterIgnored):
        list(walk(capped, "rows", _key))
