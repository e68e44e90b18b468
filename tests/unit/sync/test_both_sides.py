"""Both sides of an order, as the console shows them and as a proof compares them."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from storesync.domain.comparison import Difference
from storesync.domain.connection import Connection, StatusMap
from storesync.domain.links import OrderLink
from storesync.domain.model import StoreName
from storesync.domain.orders import Customer, Line, Order
from storesync.sync import comparing
from storesync.sync.budget import Budget
from storesync.sync.proof import ORDERS, Proof, differences

OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST
CONNECTION = Connection("main", statuses=StatusMap({"O": "", "P": "process"}, {"new": "O", "processing": "P"}))


def line(sku: str, quantity: int, name: str = "") -> Line:
    return Line("", "", "7", sku, name or sku, Decimal("10.00"), quantity)


CSCART = Order(
    "105", "O", "RUB", (line("MUG", 2), line("CUP", 1)), Decimal("30.50"), Decimal("0.50"), customer=Customer("3", email="A@example.com"),
    shipping_name="Post", payment_name="Card", tracking="T1",
)  # fmt: skip
WEBASYST = replace(CSCART, id="9", status="new", discount=Decimal(1), customer=Customer("8", email=" a@EXAMPLE.com"), shipping_name="DHL")


class World:
    """Links and orders as given; what is not there is not read."""

    def __init__(self, *orders: Order | None, links: list[OrderLink] | None = None, connection: Connection = CONNECTION) -> None:
        self.connection, self.asked = connection, dict[StoreName, list[list[str]]]()
        self.known = links if links is not None else [OrderLink(OURS, "105", "9")]
        self.shops = {
            store: {order.id: order for order in orders if order and (order.id == "105") is (store is OURS)} for store in StoreName
        }
        self.links = SimpleNamespace(
            order=self._link, orders_of=lambda origin, after: iter(self._of(origin, after)), of_product=lambda *_: {}
        )
        self.queue = SimpleNamespace(send=lambda changes: self.sent.extend(changes))
        self.sent: list[Any] = []

    def _link(self, store: StoreName, order_id: str) -> OrderLink | None:
        return next((link for link in self.known if link.id_in(store) == order_id), None)

    def _of(self, origin: StoreName, after: str) -> list[OrderLink]:
        found = sorted((link for link in self.known if link.origin is origin), key=lambda link: int(link.id_in(origin)))
        return [link for link in found if not after or int(link.id_in(origin)) > int(after)]

    def store(self, name: StoreName) -> Any:
        def orders(ids: list[str]) -> list[Order]:
            self.asked.setdefault(name, []).append(list(ids))
            return [self.shops[name][one] for one in ids if one in self.shops[name]]

        return SimpleNamespace(orders=orders, scan=lambda position: iter(()), fit=lambda product: product)


def shown(*orders: Order | None, store: StoreName = OURS, order_id: str = "105", **world: Any) -> dict[str, Any]:
    return comparing.order(World(*orders, **world), store, order_id)  # type: ignore[arg-type]


def lines(found: dict[str, Any]) -> dict[str, tuple]:
    return {f"{one['group']} {one['of']} {one['field']}": (one["cscart"], one["webasyst"], one["same"]) for one in found["lines"]}


def test_an_order_that_agrees_is_shown_field_by_field() -> None:
    found = shown(CSCART, WEBASYST)
    assert found["here"] == {"cscart": True, "webasyst": True}
    assert lines(found) == {
        "status  status": ("O", "new", True),
        "order  currency": ("RUB", "RUB", True),
        "order  total": ("30.5", "30.5", True),
        "order  shipping": ("0.5", "0.5", True),
        "order  discount": ("0", "1", True),
        "order  shipping_name": ("Post", "DHL", True),
        "order  payment_name": ("Card", "Card", True),
        "order  tracking": ("T1", "T1", True),
        "lines MUG quantity": ("2", "2", True),
        "lines CUP quantity": ("1", "1", True),
        "people  customer": ("", "", True),
    }
    assert shown(CSCART, WEBASYST, store=THEIRS, order_id="9") == found | {"here": {"webasyst": True, "cscart": True}}


@pytest.mark.parametrize(
    ("changed", "field", "told"),
    [
        ({"total": Decimal(31)}, "order  total", ("30.5", "31", False)),
        ({"shipping": Decimal(1)}, "order  shipping", ("0.5", "1", False)),
        ({"status": "processing"}, "status  status", ("O", "processing", False)),
        ({"lines": (line("MUG", 3), line("CUP", 1))}, "lines MUG quantity", ("2", "3", False)),
        ({"lines": (line("MUG", 2),)}, "lines CUP quantity", ("1", "", False)),
        ({"lines": (*WEBASYST.lines, line("", 4, "Gift"))}, "lines Gift quantity", ("", "4", False)),
        ({"lines": (line("MUG", 1), line("CUP", 1), line("MUG", 1))}, "lines MUG quantity", ("2", "2", True)),
        ({"lines": (*WEBASYST.lines, replace(line("", 1, "Tax"), variant_id=""))}, "lines Tax quantity", None),
        ({"customer": Customer("8", email="b@example.com")}, "people  customer", ("", "", False)),
    ],
)
def test_what_differs_is_marked(changed: dict, field: str, told: tuple | None) -> None:
    assert lines(shown(CSCART, replace(WEBASYST, **changed))).get(field) == told


def test_a_side_that_is_not_there_is_empty_and_nothing_agrees() -> None:
    for orders, links in (((CSCART, None), None), ((CSCART, WEBASYST), [])):
        found = shown(*orders, links=links)
        assert found["here"] == {"cscart": True, "webasyst": False}
        assert {(there, same) for _, there, same in lines(found).values()} == {("", False)}
        assert "people  customer" not in lines(found)
    gone = shown(None, WEBASYST)
    assert gone["here"] == {"cscart": False, "webasyst": True} and lines(gone)["lines MUG quantity"] == ("", "2", False)


def test_a_long_text_is_cut_for_the_page() -> None:
    assert comparing._cut("x" * 300) == "x" * 300
    assert comparing._cut("x" * 301) == "x" * 300 + "…"
    long = replace(CSCART, lines=(line("x" * 400, 1),))
    assert lines(shown(long, WEBASYST))[f"lines {'x' * 400} quantity"][0] == "1"


# -- a proof


class Drawer(dict[str, dict[str, Any]]):
    def get(self, name: str) -> dict[str, Any]:  # type: ignore[override]
        return dict(super().get(name, {}))

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None:
        self[name] = dict(sheet)


class Clock:
    def __init__(self) -> None:
        from datetime import UTC, datetime

        self.at, self.seconds = datetime(2026, 3, 1, tzinfo=UTC), 0.0

    def now(self) -> Any:
        return self.at

    def monotonic(self) -> float:
        return self.seconds


def proved(world: World, spent: bool = False) -> tuple[dict[str, Any], list[Difference], int]:
    """Message by message; how many it took."""
    drawer, clock = Drawer(), Clock()
    world.clock = clock  # type: ignore[attr-defined]
    counts, messages, proof_id = {"continued": 1}, 0, ""
    while "continued" in counts:
        counts = Proof(world, drawer, Budget(clock, 0.0 if spent else 1.0)).run(proof_id)  # type: ignore[arg-type]
        messages += 1
        proof_id = world.sent[-1].ids[1] if world.sent else proof_id
    (newest,) = drawer["proofs"]["proofs"]
    return newest, list(differences(drawer, newest["id"])), messages


def test_a_proof_compares_every_order_that_has_both_sides() -> None:
    newest, found, _ = proved(World(CSCART, WEBASYST))
    assert (newest["agree"], newest["orders"], newest["aside"], newest["differences"], found) == (True, 1, 0, 0, [])
    newest, found, _ = proved(World(CSCART, replace(WEBASYST, total=Decimal(31))))
    assert (newest["agree"], newest["orders"], newest["differences"]) == (False, 1, 1)
    assert found == [Difference("order", "105", "total", "30.50", "31.00")]


@pytest.mark.parametrize(
    ("orders", "there"), [((CSCART,), ("here", "missing")), ((WEBASYST,), ("missing", "here")), ((), ("missing", "missing"))]
)
def test_an_order_that_one_shop_lost_is_a_difference(orders: tuple, there: tuple) -> None:
    newest, found, _ = proved(World(*orders))
    assert (newest["agree"], newest["orders"]) == (False, 1)
    assert found == [Difference("order", "105", "presence", *there)]


def test_what_is_not_mirrored_or_set_aside_is_counted_and_not_read() -> None:
    links = [OrderLink(OURS, "105", "9", parked="TotalsDiffer"), OrderLink(OURS, "106"), OrderLink(THEIRS, "", "10")]
    world = World(CSCART, WEBASYST, links=links)
    newest, found, _ = proved(world)
    assert (newest["agree"], newest["orders"], newest["aside"], found) == (True, 0, 3, [])
    assert [ids for several in world.asked.values() for ids in several if ids] == []


def test_a_proof_that_runs_out_of_time_goes_on_where_it_was_and_reads_each_order_once() -> None:
    links = [OrderLink(OURS, str(at), str(at + 500)) for at in range(1, 2 * ORDERS + 2)]
    links += [OrderLink(THEIRS, str(at + 900), str(at)) for at in range(1, ORDERS + 2)]
    for spent in (False, True):
        world = World(links=links)
        newest, found, messages = proved(world, spent)
        assert (newest["orders"], len(found), newest["differences"]) == (len(links), len(links), len(links))
        assert sorted(int(one) for ids in world.asked[OURS] for one in ids) == sorted(int(link.cscart_id) for link in links)
        assert max(len(ids) for ids in world.asked[OURS]) == ORDERS
        assert (messages > 1) is spent
