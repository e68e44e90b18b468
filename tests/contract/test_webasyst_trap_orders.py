"""The traps of Webasyst's orders and customers, each met by the real client."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storesync.domain.model import Product
from storesync.domain.order_translation import free_form
from storesync.domain.orders import Address
from storesync.errors import FilterIgnored, OutcomeUnknown, Rejected

from tests.contract.webasyst_shop import MARK, Shop, goods, mirrored, opened, order


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


def heads(shop: Shop, seconds: float) -> list[str]:
    pages = shop.store().changed_orders(shop.now - timedelta(seconds=seconds))
    return [head.id for page in pages for head in page.items]


def test_w14_orders_are_found_by_their_ids_and_by_their_stamps_alone(shop: Shop) -> None:
    found = goods(shop)
    for _ in range(3):
        shop.order(found.variants[0].id)
    assert [item.id for item in shop.store().orders(["3", "1", "1005", "x"])] == ["1", "3"]
    assert sorted(heads(shop, 60)) == ["1", "2", "3"]
    assert not any("id>" in call for call in shop.asked())


def test_w15_more_orders_than_fit_into_the_probe_are_all_listed_once(shop: Shop) -> None:
    shop.shop.seed(20, orders=150)
    shop.act(3, "process")
    found = heads(shop, 86_400 * 4000)
    assert sorted(found, key=int) == [str(number) for number in range(1, 151)]


def test_fault_52_w26_a_new_order_is_found_though_it_has_no_update_time(shop: Shop) -> None:
    found = goods(shop)
    shop.order(found.variants[0].id)
    shop.clock.forward(7200)
    new = str(shop.order(found.variants[0].id)["id"])
    shop.asked()
    assert heads(shop, 60) == [new]
    assert len(shop.asked()) == 2
    shop.clock.forward(7200)
    shop.act(1, "process")
    assert heads(shop, 60) == ["1"]


def test_fault_24_w30_an_order_is_made_once_with_all_that_it_had(shop: Shop) -> None:
    found = goods(shop)
    wanted = order(shop, (found, "33.33", 3), shipping=Decimal("300.50"), discount=Decimal("10.10"), comment="<b>Ring</b> & wait")
    kept = mirrored(shop, wanted)
    assert (kept.total, kept.shipping, kept.marker, kept.status) == (wanted.total, wanted.shipping, MARK, "new")
    assert (kept.shipping_name, kept.payment_name, kept.comment) == (wanted.shipping_name, wanted.payment_name, wanted.comment)
    assert kept.shipping_address == replace(wanted.shipping_address)
    assert (kept.customer.id, kept.customer.email) == (wanted.customer.id, "anna@example.test")
    assert [(line.sku, line.quantity, line.price) for line in kept.lines if line.sku] == [("A", 3, Decimal("33.33"))]
    assert [item.id for item in shop.store().find_order(MARK, wanted)] == [kept.id]


def test_w30_a_mark_is_not_the_beginning_of_another(shop: Shop) -> None:
    found = goods(shop)
    mirrored(shop, order(shop, (found, "1.00", 1)), MARK + "0")
    assert shop.store().find_order(MARK, order(shop, (found, "1.00", 1))) == []


def test_w30_orders_that_do_not_carry_the_mark_are_noticed(shop: Shop) -> None:
    found = goods(shop)
    shop.order(found.variants[0].id)
    app = shop.server.app
    shop.server.app = lambda request: app(replace(request, raw_query=request.raw_query.replace("params.", "strange.")))
    with pytest.raises(FilterIgnored):
        shop.store().find_order(MARK, order(shop, (found, "1.00", 1)))


@pytest.mark.parametrize("fault", ["lose_answer", "lose_answer_500"])
def test_fault_23c_w31_a_create_whose_answer_was_lost_is_found_by_the_mark(shop: Shop, fault: str) -> None:
    wanted = order(shop, (goods(shop), "5.00", 2))
    shop.fault(fault, "order.save")
    assert mirrored(shop, wanted).total == wanted.total
    assert shop.get("order.search")["count"] == 1


def test_w31_a_create_that_never_arrived_is_unknown_not_done(shop: Shop) -> None:
    wanted = order(shop, (goods(shop), "5.00", 2))
    shop.fault("status", "order.save", status=500)
    with pytest.raises(OutcomeUnknown):
        mirrored(shop, wanted)
    assert mirrored(shop, wanted).total == wanted.total
    assert shop.get("order.search")["count"] == 1


def test_fault_24_w31_a_refusal_is_no_success_though_it_is_answered_with_200(shop: Shop) -> None:
    with pytest.raises(Rejected):
        mirrored(shop, order(shop))


@pytest.mark.parametrize("after", [1, 2])
def test_fault_23b_w31_an_order_left_half_made_is_finished_by_an_update(shop: Shop, after: int) -> None:
    """The worker dies between the calls that give the shipping method its name."""
    wanted = order(shop, (goods(shop), "5.00", 2), shipping=Decimal(99), discount=Decimal("0.50"))
    shop.fault("status", "order.save", after=after, times=9, status=500)
    with pytest.raises(Exception):  # noqa: B017
        mirrored(shop, wanted)
    shop.server.faults.clear()
    half = shop.store().find_order(MARK, wanted)[0]
    kept = shop.store().update_order(half, wanted, suppress_stock=True)
    assert (kept.total, kept.shipping, kept.shipping_name, kept.stock_taken) == (wanted.total, wanted.shipping, "Почта", True)
    assert shop.get("order.search")["count"] == 1


def test_w32_prices_are_those_that_were_paid_and_free_form_lines_stand(shop: Shop) -> None:
    found = goods(shop)
    wanted = order(shop, (found, "1.99", 2), (found, "2.50", 1))
    wanted = replace(wanted, lines=(*wanted.lines, free_form("Payment surcharge", Decimal("3.33"))), total=wanted.total + Decimal("3.33"))
    kept = mirrored(shop, wanted)
    assert kept.total == wanted.total
    assert [(line.name, line.price) for line in kept.lines if line.is_free_form] == [("Payment surcharge", Decimal("3.33"))]


numbers = itertools.count(1)


lines_of_money = st.lists(st.tuples(st.integers(1, 999_999), st.integers(1, 12)), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=lines_of_money, share=st.integers(0, 100), odd=st.integers(0, 99), shipping=st.integers(0, 99_999))
def test_w33_totals_agree_to_the_cent_at_the_first_try(
    bought: tuple[Shop, Product, str], parts: list[tuple[int, int]], share: int, odd: int, shipping: int
) -> None:
    shop, found, contact = bought
    wanted = order(
        shop, *[(found, str(Decimal(cents) / 100), count) for cents, count in parts], contact=contact, shipping=Decimal(shipping) / 100
    )
    discount = min((wanted.subtotal * share / 100).quantize(Decimal("0.01")) + Decimal(odd) / 100, wanted.subtotal)
    wanted = replace(wanted, discount=discount, shipping_name="")
    wanted = replace(wanted, total=wanted.expected_total)
    kept = mirrored(shop, wanted, f"main:cscart:{next(numbers)}")
    assert (kept.total, kept.shipping) == (wanted.total, wanted.shipping)
    assert sum(line.amount for line in kept.lines if line.sku) == wanted.subtotal
    changed = replace(wanted, lines=wanted.lines[:1] * 2, discount=Decimal("0.01"), shipping=Decimal(1))
    changed = replace(changed, total=changed.expected_total)
    assert shop.store().update_order(kept, changed, suppress_stock=True).total == changed.total


@pytest.fixture
def bought(shop: Shop) -> tuple[Shop, Product, str]:
    return shop, goods(shop), shop.buyer()


def test_fault_24_w33_an_edit_keeps_shipping_its_name_and_the_discount(shop: Shop) -> None:
    found = goods(shop)
    kept = mirrored(shop, order(shop, (found, "40.15", 2), shipping=Decimal("300.50"), discount=Decimal("10.10")))
    wanted = order(
        shop, (found, "40.15", 5), shipping=Decimal("300.50"), discount=Decimal("10.10"), comment="Other", contact=kept.customer.id
    )
    wanted = replace(wanted, shipping_address=Address("Анна", "Смирнова", "Новая, 2", "Уфа", country="RU"))
    again = shop.store().update_order(kept, wanted, suppress_stock=True)
    assert (again.total, again.shipping, again.shipping_name, again.comment) == (wanted.total, wanted.shipping, "Почта", "Other")
    assert (again.shipping_address.city, again.shipping_address.zip) == ("Уфа", "")
    assert [line.id for line in again.lines if line.sku] == [line.id for line in kept.lines if line.sku]
