"""Orders in the words of the other store: the same total, to the cent."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storesync.domain import order_translation as translation
from storesync.domain.connection import Connection
from storesync.domain.orders import Line, Order
from storesync.errors import TotalsDiffer

CONNECTION = Connection("main")
cents = st.integers(0, 5_000_000).map(lambda value: Decimal(value) / 100)
lines = st.lists(st.builds(lambda price, quantity: (price, quantity), cents, st.integers(1, 9)), min_size=1, max_size=6)


def order(items, discount=Decimal(0), shipping=Decimal(0), surcharge=Decimal(0), tax=Decimal(0)) -> Order:
    made = tuple(Line(str(at), str(at), str(at), f"S{at}", "x", price, quantity) for at, (price, quantity) in enumerate(items))
    draft = Order("7", "O", "RUB", made, Decimal(0), shipping, discount, surcharge, tax)
    return replace(draft, total=draft.expected_total)


def mirrored(source: Order, connection: Connection = CONNECTION) -> Order:
    return translation.to_webasyst(connection, source, lambda line: ("p" + line.id, "v" + line.id), "5")


@given(lines, st.integers(0, 100), cents, cents, cents)
def test_the_mirrored_order_has_the_same_total(items, percent, shipping, surcharge, tax):
    source = order(items, shipping=shipping, surcharge=surcharge, tax=tax)
    source = order(items, (source.subtotal * percent / 100).quantize(Decimal("0.01")), shipping, surcharge, tax)
    for switch in (True, False):
        there = mirrored(source, replace(CONNECTION, order_discounts=switch))
        assert there.expected_total == there.total == source.total
        assert there.discount <= there.subtotal and there.shipping >= 0


def test_lines_keep_what_was_really_paid():
    found = mirrored(order([(Decimal("40.15"), 2)], Decimal("10.10"), Decimal("300.50")))
    assert [(line.variant_id, line.price, line.quantity) for line in found.lines] == [("v0", Decimal("40.15"), 2)]
    assert (found.discount, found.shipping, found.expected_total) == (Decimal("10.10"), Decimal("300.50"), Decimal("370.70"))


def test_an_order_that_does_not_add_up_is_refused():
    with pytest.raises(TotalsDiffer):
        mirrored(replace(order([(Decimal(10), 1)]), total=Decimal("9.50")))


def test_a_mark_is_unique_to_connection_store_and_order():
    assert translation.marker("main", "cscart", "7") == "main:cscart:7"
