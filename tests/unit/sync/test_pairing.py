"""Shops that belong together, and those that do not, told by the marks on their newest orders."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from storesync.console import texts
from storesync.domain.connection import Connection, CsCartSettings, WebasystSettings
from storesync.domain.findings import Weight
from storesync.domain.model import StoreName
from storesync.domain.orders import Order, OrderHead
from storesync.sync import pairing

OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST
NOW = datetime(2026, 3, 31, tzinfo=UTC)
CONNECTION = Connection("main", CsCartSettings("https://a.example.com/"), WebasystSettings("https://b.example.com/"))


class Shop:
    """`marks` by order id; `known` the ids that can be read."""

    def __init__(self, marks: dict[str, str] | None = None, known: tuple[str, ...] = (), parents: tuple[str, ...] = ()) -> None:
        self.marks, self.known, self.parents = marks or {}, known, parents
        self.asked: list[list[str]] = []
        self.since: datetime | None = None

    def now(self) -> datetime:
        return NOW

    def changed_orders(self, since: datetime) -> Any:
        self.since = since
        heads = tuple(OrderHead(number, "O", is_parent=number in self.parents) for number in self.marks)
        return iter([SimpleNamespace(items=heads)] if heads else [])

    def orders(self, ids: list[str]) -> list[Order]:
        self.asked.append(list(ids))
        here = {**self.marks, **dict.fromkeys(self.known, "")}
        return [Order(number, "O", "RUB", (), Decimal(0), marker=here[number]) for number in ids if number in here]


def told(cscart: Shop | None = None, webasyst: Shop | None = None, connection: Connection = CONNECTION) -> list[tuple]:
    shops = {OURS: cscart or Shop(), THEIRS: webasyst or Shop()}
    world: Any = SimpleNamespace(connection=connection, store=lambda name: shops[name])
    found = pairing.findings(world)
    for one in found:
        assert one.text % one.data and texts.catalogue("ru").gettext(one.text) != one.text
    return [(one.topic, one.weight, dict(one.data)) for one in found]


FINE = [("pairing", Weight.FINE, {})]


def test_shops_without_marks_may_belong_together() -> None:
    assert told() == FINE
    webasyst = Shop({"1": "", "2": "main:cscart", "3": "main:webasyst:9", "4": "main:cscart:x", "5": "a:b:c:d"})
    assert told(webasyst=webasyst) == FINE
    assert webasyst.since == NOW - pairing.REACH


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("https://a.example.com/", "https://a.example.com/", True),
        ("https://a.example.com/shop/", "https://a.example.com/shop", True),
        ("https://a.example.com/one/", "https://a.example.com/two/", False),
        ("https://a.example.com/", "https://b.example.com/", False),
    ],
)
def test_one_address_entered_twice_stops_it(ours: str, theirs: str, same: bool) -> None:
    connection = replace(CONNECTION, cscart=CsCartSettings(ours), webasyst=WebasystSettings(theirs))
    assert told(connection=connection) == ([("pairing", Weight.STOPS, {})] if same else FINE)


def test_marks_of_another_connection_are_counted_and_named() -> None:
    marks = {"1": "b:cscart:1", "2": "a:cscart:2", "3": "b:cscart:3", "4": "main:cscart:4"}
    assert told(Shop(known=("4",)), Shop(marks)) == [
        ("pairing", Weight.WARNS, {"shop": "Webasyst", "count": "1", "name": "a"}),
        ("pairing", Weight.WARNS, {"shop": "Webasyst", "count": "2", "name": "b"}),
    ]


@pytest.mark.parametrize(
    ("known", "missing"),
    [(("1", "2", "3", "4"), None), (("1", "2"), None), (("1",), "3"), ((), "4")],
)
def test_originals_that_are_mostly_missing_stop_it(known: tuple[str, ...], missing: str | None) -> None:
    marks = {str(10 + at): f"main:cscart:{at}" for at in range(1, 5)}
    cscart = Shop(known=known)
    stops = [("pairing", Weight.STOPS, {"shop": "Webasyst", "other": "CS-Cart", "missing": missing, "count": "4"})]
    assert told(cscart, Shop(marks)) == (stops if missing else FINE)
    assert cscart.asked == [["1", "2", "3", "4"]]


def test_both_shops_are_asked() -> None:
    assert told(Shop({"1": "main:webasyst:9"}), Shop()) == [
        ("pairing", Weight.STOPS, {"shop": "CS-Cart", "other": "Webasyst", "missing": "1", "count": "1"})
    ]


def test_only_the_twenty_newest_orders_are_read_and_no_parents() -> None:
    webasyst = Shop({str(at): "" for at in range(1, 41)}, parents=("40", "30"))
    assert told(webasyst=webasyst) == FINE
    assert webasyst.asked == [[str(at) for at in range(19, 40) if at != 30]]
