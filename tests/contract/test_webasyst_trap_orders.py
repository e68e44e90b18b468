"""The traps of Webasyst's orders and customers, each met by the real client."""

from __future__ import annotations

import importlib.util
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storesync.domain.model import Product
from storesync.domain.order_translation import free_form
from storesync.domain.orders import Address, Customer, Line, Order
from storesync.errors import FilterIgnored, OutcomeUnknown, Rejected

from tests.contract.webasyst_shop import Shop, opened, order

MARK = "main:cscart:5001"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


def goods(shop: Shop, code: str = "A", price: str = "40.15", count: int = 50) -> Product:
    return shop.read(shop.product(code, price, count)["id"])


def mirrored(shop: Shop, wanted: Order, mark: str = MARK, *, suppress_stock: bool = True) -> Order:
    return shop.store().create_order(wanted, mark, suppress_stock=suppress_stock)


def heads(shop: Shop, seconds: float) -> list[str]:
    pages = shop.store().changed_orders(shop.now - timedelta(seconds=seconds))
    return [head.id for page in pages for head in page.items]


def stock(shop: Shop, found: Product) -> str | None:
    return shop.count(found.variants[0].id)


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


def test_w26_a_new_order_is_found_though_it_has_no_update_time(shop: Shop) -> None:
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


def test_w30_an_order_is_made_once_with_all_that_it_had(shop: Shop) -> None:
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
def test_w31_a_create_whose_answer_was_lost_is_found_by_the_mark(shop: Shop, fault: str) -> None:
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


def test_w31_a_refusal_is_no_success_though_it_is_answered_with_200(shop: Shop) -> None:
    with pytest.raises(Rejected):
        mirrored(shop, order(shop))


@pytest.mark.parametrize("after", [1, 2])
def test_w31_an_order_left_half_made_is_finished_by_an_update(shop: Shop, after: int) -> None:
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


def test_w33_an_edit_keeps_shipping_its_name_and_the_discount(shop: Shop) -> None:
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


def test_w34_one_creation_and_one_action_are_announced_each(shop: Shop) -> None:
    told: list[str] = []
    shop.shop.notify = lambda action, about: told.append(action)
    kept = mirrored(shop, order(shop, (goods(shop), "5.00", 1), shipping_name=""))
    store = shop.store()
    store.set_status(store.set_status(kept, "process"), "process")
    assert [action for action in told if action != "edit"] == ["create", "process"]


@pytest.mark.parametrize("counting", ["none", "create", "processing"])
@pytest.mark.parametrize(
    "way", [("process", "ship", "complete", "refund"), ("pay", "refund"), ("process", "delete", "restore", "ship"), ("delete",)]
)
def test_w35_an_order_that_is_kept_off_the_stock_never_moves_it(counting: str, way: tuple[str, ...]) -> None:
    with opened(stock_counting_action=counting) as shop:
        found, store = goods(shop), shop.store()
        kept = mirrored(shop, order(shop, (found, "5.00", 3)))
        for action in way:
            before = kept.status
            kept = store.set_status(kept, action)
            assert kept.status != before
            assert stock(shop, found) == "50.000"
        edited = order(shop, (found, "5.00", 7), contact=kept.customer.id)
        assert store.update_order(kept, edited, suppress_stock=True).stock_taken
        assert stock(shop, found) == "50.000"


@pytest.mark.parametrize(("counting", "taken"), [("none", "50.000"), ("create", "47.000"), ("processing", "47.000")])
def test_w35_an_order_that_the_shop_may_count_takes_its_stock_once_and_gives_it_back(counting: str, taken: str) -> None:
    with opened(stock_counting_action=counting) as shop:
        found, store = goods(shop), shop.store()
        kept = mirrored(shop, order(shop, (found, "5.00", 3)), suppress_stock=False)
        kept = store.set_status(kept, "process")
        assert stock(shop, found) == taken
        store.set_status(kept, "delete")
        assert stock(shop, found) == "50.000"


def test_w36_a_status_never_goes_where_the_workflow_does_not_lead(shop: Shop) -> None:
    store = shop.store()
    kept = mirrored(shop, order(shop, (goods(shop), "5.00", 1)))
    for action in ("ship", "complete"):
        kept = store.set_status(kept, action)
    assert store.set_status(kept, "ship").status == "completed"


def test_w37_an_action_that_was_refused_leaves_the_state_as_it_was(shop: Shop) -> None:
    kept = mirrored(shop, order(shop, (goods(shop), "5.00", 1)))
    shop.shop.refused_actions.add("process")
    assert shop.store().set_status(kept, "process").status == "new"


def test_w37_an_action_whose_answer_was_lost_is_not_repeated(shop: Shop) -> None:
    found = goods(shop)
    kept = mirrored(shop, order(shop, (found, "5.00", 1)), suppress_stock=False)
    shop.fault("lose_answer", "order.action")
    assert shop.store().set_status(kept, "process").status == "processing"
    assert stock(shop, found) == "49.000"
    assert [entry["action_id"] for entry in shop.get("order.log", id=kept.id)].count("process") == 1


def test_w37_an_order_that_somebody_moved_meanwhile_is_left_alone(shop: Shop) -> None:
    kept = mirrored(shop, order(shop, (goods(shop), "5.00", 1)))
    shop.act(kept.id, "ship")
    assert shop.store().set_status(kept, "process").status == "shipped"


def test_w38_an_edit_goes_by_order_save_alone(shop: Shop) -> None:
    found = goods(shop)
    kept = mirrored(shop, order(shop, (found, "5.00", 1)))
    shop.asked()
    shop.store().update_order(kept, order(shop, (found, "6.00", 1), contact=kept.customer.id), suppress_stock=True)
    assert {call for call in shop.asked() if call.startswith("shop.order") and "search" not in call} == {"shop.order.save"}


def test_w39_the_shops_own_states_and_actions_are_read_from_it(shop: Shop) -> None:
    states = {status.id: status for status in shop.store().info().statuses}
    assert "process" in states["new"].actions and "refund" in states["completed"].actions
    kept = mirrored(shop, order(shop, (goods(shop), "5.00", 1)))
    shop.shop.shop.run("UPDATE orders SET state_id = 'packing' WHERE id = ?", int(kept.id))
    assert shop.store().orders([kept.id])[0].status == "packing"


@pytest.mark.parametrize("again", [
    Customer(email="anna@example.test"), Customer(email=" ANNA@Example.TEST "), Customer(phone="+7 (900) 000-00-01"), Customer(phone="8 900 000 00 01"),
])  # fmt: skip
def test_w40_a_buyer_is_found_again_though_never_ordered(shop: Shop, again: Customer) -> None:
    contact = shop.buyer()
    assert [item.id for item in shop.store().find_customer(again)] == [contact]
    assert [item.id for item in shop.store().find_customer(Customer(id=contact))] == [contact]
    assert shop.store().find_customer(Customer(email="nna@example.test")) == []
    assert shop.store().find_customer(Customer(id="999")) == shop.store().find_customer(Customer()) == []


def test_w40_a_contact_whose_answer_was_lost_is_not_made_twice(shop: Shop) -> None:
    shop.fault("lose_answer", "customer.add")
    contact = shop.buyer()
    assert [item.id for item in shop.store().find_customer(Customer(email="anna@example.test"))] == [contact]


def test_w40_an_odd_email_does_not_lose_the_order(shop: Shop) -> None:
    made = shop.store().create_customer(Customer(firstname="Анна", email="not an address"), Order("", "", "RUB", (), Decimal(0)))
    assert made.id
    assert mirrored(shop, order(shop, (goods(shop), "5.00", 1), contact=made.id)).customer.id == made.id


def test_w44_reading_an_order_never_asks_the_payment_plugin(shop: Shop) -> None:
    kept = mirrored(shop, order(shop, (goods(shop), "5.00", 1)))
    store = shop.store()
    assert store.set_status(store.orders([kept.id])[0], "process").status == "processing"
    assert shop.shop.payment_polls == []


def test_services_and_parts_of_a_piece_are_read_with_their_money(shop: Shop) -> None:
    found = goods(shop)
    made = str(shop.order(found.variants[0].id, "1.5")["id"])
    shop.shop.shop.insert(
        "order_items",
        {"order_id": int(made), "type": "service", "name": "Gift wrap", "product_id": 1, "sku_id": 1, "price": 5, "quantity": 1},
    )
    lines = shop.store().orders([made])[0].lines
    assert [(line.sku, line.quantity) for line in lines] == [("A", Decimal("1.5")), ("", 1)]
    assert isinstance(lines[1], Line) and lines[1].is_free_form


def _handler() -> ModuleType:
    path = Path(__file__).parents[2] / "functions/order_webhook/app.py"
    spec = importlib.util.spec_from_file_location("order_webhook_app", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_w46_the_notification_is_answered_with_exactly_200_and_json() -> None:
    answer = _handler()._answer(200, {})
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {})
    assert answer["headers"]["content-type"] == "application/json"
