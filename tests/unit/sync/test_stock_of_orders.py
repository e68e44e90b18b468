"""What an order takes off the stock, in numbers: who leaves Webasyst's alone, what is still to come, how many orders one pull may queue."""

import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from storesync.domain.connection import Connection, Damage, DeletionRule, StatusMap
from storesync.domain.model import Content, Group, Listing, Product, StoreName, Variant, Visibility
from storesync.domain.orders import Line, Order
from storesync.sync import halts, order_room, removal
from storesync.sync.order_room import OrderRoom
from storesync.sync.order_stock import pending, pieces, suppresses
from storesync.sync.reservations import reserved

OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST
BORN = datetime(2026, 3, 1, tzinfo=UTC)
TABLE = StatusMap({"O": "", "P": "process", "C": "complete", "I": "delete"}, {"new": "O"})
OWNED = Connection("main", stock_owner=THEIRS, statuses=TABLE, created_at=BORN)


def line(variant: str, quantity: int | Decimal = 1) -> Line:
    return Line("", "5", variant, variant and "SKU", "x", Decimal(1), quantity)


def order(status: str, *lines: Line, **fields: Any) -> Order:
    return Order("7", status, "RUB", lines or (line("70", 2), line("71")), Decimal(3), **fields)


# -- who leaves the stock alone


@pytest.mark.parametrize(
    ("owner", "origin", "age", "alone"),
    [
        (THEIRS, OURS, 1, False),
        (THEIRS, OURS, 0, False),
        (THEIRS, OURS, -1, True),
        (THEIRS, OURS, None, False),
        (OURS, OURS, 1, True),
        (None, OURS, 1, True),
        (OURS, THEIRS, 1, False),
        (OURS, THEIRS, -1, False),
    ],
)
def test_a_mirrored_order_leaves_stock_alone_unless_webasyst_owns_it_and_it_is_new(
    owner: StoreName | None, origin: StoreName, age: int | None, alone: bool
) -> None:
    placed = None if age is None else BORN + timedelta(seconds=age)
    assert suppresses(replace(OWNED, stock_owner=owner), origin, order("O", created_at=placed)) is alone


def test_without_a_birthday_no_order_is_older() -> None:
    assert not suppresses(replace(OWNED, created_at=None), OURS, order("O", created_at=BORN - timedelta(days=9)))


# -- what is still to come


@pytest.mark.parametrize(
    ("letter", "state", "counting", "fields", "open_"),
    [
        ("O", "new", "create", {}, True),
        ("O", "new", "processing", {}, True),
        ("O", "new", "none", {}, False),
        ("O", "new", "create", {"stock_taken": True}, False),
        ("O", "new", "create", {"stock_suppressed": True}, False),
        ("I", "new", "create", {}, False),
        ("O", "deleted", "create", {}, False),
        ("O", "refunded", "create", {}, False),
        ("O", "completed", "create", {}, False),
        ("C", "packed", "create", {}, False),
        ("C", "processing", "create", {}, True),
        ("P", "packed", "create", {}, True),
    ],
)
def test_pieces_are_reserved_while_webasyst_will_still_take_them(letter: str, state: str, counting: str, fields: dict, open_: bool) -> None:
    both = {OURS: order(letter), THEIRS: order(state, **fields)}
    assert pending(OWNED, both, counting) == ({"70": 2, "71": 1} if open_ else {})


def test_pieces_of_a_sku_are_added_up_and_a_part_of_one_is_a_whole_one() -> None:
    lines = (line("70", 2), line("71", Decimal("0.2")), line("70", Decimal("1.5")), line("", 9), line("72", 0), line("73", Decimal(-1)))
    assert pieces(lines) == {"70": 4, "71": 1}
    assert pieces(()) == {}


@pytest.mark.parametrize(("owner", "found"), [(THEIRS, {"70": 3, "71": 1}), (OURS, {}), (None, {})])
def test_reservations_of_all_orders_are_added_up_where_webasyst_owns_the_stock(owner: StoreName | None, found: dict) -> None:
    kept = {"cscart:1": {"70": 2}, "cscart:2": {"70": 1, "71": 1}}
    world: Any = SimpleNamespace(connection=replace(OWNED, stock_owner=owner), links=SimpleNamespace(reservations=lambda: kept))
    assert dict(reserved(world)) == found


# -- room for orders


class Cursors(dict[str, str]):
    def cursor(self, name: str) -> str:
        return self.get(name, "")

    def save_cursor(self, name: str, value: str, lease: object = None) -> None:
        self[name] = value


class Pull:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, damage: Damage, *, halted: bool = False) -> None:
        self.cursors, self.halted = Cursors(), halted
        self.world: Any = SimpleNamespace(streams=self.cursors, connection=replace(OWNED, damage=damage))
        monkeypatch.setattr(halts, "is_halted", lambda world, what: self.halted and what == "orders:cscart")
        monkeypatch.setattr(halts, "lift", lambda world, what: setattr(self, "halted", False))
        monkeypatch.setattr(order_room, "PER_SHEET", 3)

    def room(self, store: StoreName = OURS, *, asked: bool = False) -> OrderRoom:
        return OrderRoom(self.world, store, asked=asked)

    def waiting(self) -> list[str]:
        """Up to the first empty sheet: what lies behind it is of an earlier day."""
        sheets = itertools.takewhile(bool, (self.cursors[name] for name in sorted(self.cursors)))
        return [one for sheet in sheets for one in json.loads(sheet)]


IDS = [str(number) for number in range(1, 11)]


@pytest.mark.parametrize(
    ("damage", "store", "fits"),
    [
        (Damage(writes=4, mails=0), OURS, 4),
        (Damage(writes=4, mails=6), OURS, 3),
        (Damage(writes=2, mails=9), OURS, 2),
        (Damage(writes=0, mails=7), OURS, 3),
        (Damage(writes=0, mails=1), OURS, 1),
        (Damage(writes=0, mails=0), OURS, 10),
        (Damage(writes=4, mails=2), THEIRS, 4),
        (Damage(writes=0, mails=2), THEIRS, 10),
    ],
)
def test_each_order_counts_as_a_write_and_two_mails(monkeypatch: pytest.MonkeyPatch, damage: Damage, store: StoreName, fits: int) -> None:
    room = Pull(monkeypatch, damage).room(store)
    assert room.take(IDS[:2]) + room.take([]) + room.take(IDS[2:]) == IDS[:fits]
    assert (room.queued, list(room.left)) == (fits, IDS[fits:])


def test_what_does_not_fit_waits_until_the_owner_asks_and_nothing_of_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    pull = Pull(monkeypatch, Damage(writes=4, mails=0))
    first = pull.room()
    assert (first.earlier(), first.take(IDS), first.close(None)) == ([], IDS[:4], True)  # type: ignore[arg-type]
    assert pull.waiting() == IDS[4:]
    pull.halted = True
    second = pull.room()
    assert (second.take(["5", "11"]), second.queued, second.close(None)) == ([], 0, True)  # type: ignore[arg-type]
    assert pull.waiting() == [*IDS[4:], "11"]
    third = pull.room(asked=True)
    assert (third.earlier(), third.take(["12"]), third.close(None)) == (IDS[4:8], [], True)  # type: ignore[arg-type]
    assert pull.waiting() == ["9", "10", "11", "12"]
    last = pull.room(asked=True)
    assert (last.earlier(), last.close(None)) == (["9", "10", "11", "12"], False)  # type: ignore[arg-type]
    assert (pull.waiting(), pull.halted) == ([], False)


def test_a_pull_that_met_nothing_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pull = Pull(monkeypatch, Damage(writes=4))
    for room in (pull.room(), pull.room(asked=True)):
        room.take([])
        assert not room.close(None)  # type: ignore[arg-type]
    fits = pull.room()
    fits.take(IDS[:2])
    assert (fits.close(None), pull.cursors) == (False, {})  # type: ignore[arg-type]


# -- deletions


def product(*variants: Variant, visibility: Visibility = Visibility.VISIBLE) -> Product:
    return Product("9", Content("Mug"), Listing(visibility), variants or (variant("1"), variant("2")), "RUB")


def variant(variant_id: str, **fields: Any) -> Variant:
    return Variant(variant_id, f" S{variant_id} ", Decimal(10), **{"stock": 5, **fields})


def decided(rule: DeletionRule, found: Product, *gone: str) -> list[tuple]:
    made = removal._decisions(rule, THEIRS, found, set(gone))
    assert {(item.target, item.rule) for item in made} <= {(THEIRS, removal.RULE)}
    return [(item.key, item.group, item.subject, dict(item.old), dict(item.new)) for item in made]


def test_a_deleted_product_is_hidden_or_its_stock_is_zeroed_as_the_owner_chose() -> None:
    assert decided(DeletionRule.HIDE, product(), "1", "2") == [
        ("listing", Group.LISTING, "S1", {"visibility": "visible"}, {"visibility": "hidden"})
    ]
    assert decided(DeletionRule.HIDE, product(visibility=Visibility.DISABLED), "1", "2") == []
    assert decided(DeletionRule.ZERO_STOCK, product(), "1", "2") == [
        ("stock:1", Group.STOCK, "S1", {"stock": 5}, {"stock": 0}), ("stock:2", Group.STOCK, "S2", {"stock": 5}, {"stock": 0}),
    ]  # fmt: skip
    assert decided(DeletionRule.ZERO_STOCK, product(variant("1", stock=0), variant("2", stock=None)), "1", "2") == [
        ("stock:2", Group.STOCK, "S2", {"stock": None}, {"stock": 0})
    ]


def test_of_a_product_that_stays_only_the_deleted_variant_is_touched() -> None:
    assert decided(DeletionRule.HIDE, product(), "2") == [("identity:2", Group.IDENTITY, "S2", {"available": True}, {"available": False})]
    assert decided(DeletionRule.HIDE, product(variant("1"), variant("2", available=False)), "2") == []
    assert decided(DeletionRule.ZERO_STOCK, product(), "2") == [("stock:2", Group.STOCK, "S2", {"stock": 5}, {"stock": 0})]
    assert decided(DeletionRule.HIDE, product()) == decided(DeletionRule.ZERO_STOCK, product()) == []


def test_what_was_decided_is_what_is_desired() -> None:
    whole = product()
    hidden = removal._desired(whole, removal._decisions(DeletionRule.HIDE, THEIRS, whole, {"1", "2"}))
    assert hidden == replace(whole, listing=Listing(Visibility.HIDDEN))
    zeroed = removal._desired(whole, removal._decisions(DeletionRule.ZERO_STOCK, THEIRS, whole, {"2"}))
    assert zeroed == whole.with_variants((whole.variants[0], replace(whole.variants[1], stock=0)))
