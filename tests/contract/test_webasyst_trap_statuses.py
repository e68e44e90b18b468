"""The traps of Webasyst's statuses, stock and customers, each met by the real client."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import nullcontext
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from storesync.domain.model import Product
from storesync.domain.orders import Customer, Line, Order
from storesync.errors import NotKept

from tests.contract.webasyst_shop import Shop, goods, mirrored, opened, order


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


def stock(shop: Shop, found: Product) -> str | None:
    return shop.count(found.variants[0].id)


def test_w34_one_creation_and_one_action_are_announced_each(shop: Shop) -> None:
    told: list[str] = []
    shop.shop.notify = lambda action, about: told.append(action)
    kept = mirrored(shop, order(shop, (goods(shop), "5.00", 1), shipping_name=""))
    store = shop.store()
    store.set_status(store.set_status(kept, "process"), "process")
    assert [action for action in told if action != "edit"] == ["create", "process"]


class Deaf:
    """Answers the first writes of an order "ok" without having them done."""

    def __init__(self, client: Any, times: int) -> None:
        self.client, self.left = client, times

    def post(self, method: str, *args: Any, **options: Any) -> Any:
        if method == "shop.order.save" and self.left:
            self.left -= 1
            return {"status": "ok", "data": []}
        return self.client.post(method, *args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


@pytest.mark.parametrize(("times", "status"), [(1, "deleted"), (2, "new")])
def test_w31_no_order_is_cancelled_while_the_shop_believes_that_it_took_stock(shop: Shop, times: int, status: str) -> None:
    found, store = goods(shop), shop.store()
    kept = mirrored(shop, order(shop, (found, "5.00", 3)))
    store._orders.client = Deaf(store._orders.client, times)  # type: ignore[assignment]
    with nullcontext() if times == 1 else pytest.raises(NotKept):
        store.set_status(kept, "delete")
    assert next(iter(shop.store().orders([kept.id]))).status == status
    assert stock(shop, found) == "50.000"


@pytest.mark.parametrize(("times", "pieces"), [(1, 7), (2, 3)])
def test_w31_no_order_is_edited_while_the_shop_believes_that_it_took_stock(shop: Shop, times: int, pieces: int) -> None:
    found, store = goods(shop), shop.store()
    kept = mirrored(shop, order(shop, (found, "5.00", 3)))
    edited = order(shop, (found, "5.00", 7), contact=kept.customer.id, shipping_name="Other")
    store._orders.client = Deaf(store._orders.client, times)  # type: ignore[assignment]
    with nullcontext() if times == 1 else pytest.raises(NotKept):
        store.update_order(kept, edited, suppress_stock=True)
    there = next(iter(shop.store().orders([kept.id])))
    assert [line.quantity for line in there.lines] == [pieces]
    assert (there.shipping_name, there.total) == ("Other", edited.total) if times == 1 else (kept.shipping_name, kept.total)
    assert stock(shop, found) == "50.000"


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


def test_fault_23a_w37_an_action_whose_answer_was_lost_is_not_repeated(shop: Shop) -> None:
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
