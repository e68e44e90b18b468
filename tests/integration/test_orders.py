"""Orders through both shops' APIs: one counterpart whatever happens, its lines and people, edits, and what is set aside."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from storesync.domain.changes import Cause
from storesync.domain.connection import MethodMap
from storesync.domain.model import StoreName
from storesync.errors import SyncError

from tests.integration.order_scene import BUYER, Shops, open_shops
from tests.sandbox.script.shops import values

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST


@pytest.fixture
def shops() -> Iterator[Shops]:
    yield from open_shops()


def mirrored(shops: Shops, *, amount: int = 2, notes: str = "Позвоните за час") -> tuple[str, dict]:
    order_id = shops.place({shops.product(): amount, shops.product("0.99"): 1}, notes)
    shops.hint(CSCART, order_id)
    return order_id, shops.mirror(order_id)


def delivered(shops: Shops, store: StoreName, order_id: str, tries: int = 6) -> None:
    """As the queue does it: what is raised comes back later."""
    for _ in range(tries):
        try:
            shops.hint(store, order_id)
            return
        except SyncError as error:
            assert error.retriable, error
            shops.clock.ahead += timedelta(seconds=31)
    raise AssertionError("never done")


# -- a new order


def test_a_new_order_arrives_whole(shops: Shops) -> None:
    order_id, there = mirrored(shops)
    here = shops.ours.order(order_id)
    assert Decimal(there["total"]) == Decimal(here["total"]) == Decimal("431.29")
    assert {item["sku_code"]: (item["price"], item["quantity"]) for item in there["items"]} == {
        "SKU-1": ("40.1500", "2.000"),
        "SKU-2": ("0.9900", "1.000"),
    }
    assert (there["params"]["shipping_name"], there["params"]["payment_name"]) == ("Курьер по России", "Наличные при получении")
    assert (there["params"]["shipping_address.city"], there["params"]["shipping_address.country"]) == ("Казань", "rus")
    assert (there["comment"], there["shipping"], there["currency"]) == ("Позвоните за час", "350.0000", "RUB")
    assert there["contact"]["email"][0] in (BUYER["email"], {"value": BUYER["email"]}) or BUYER["email"] in str(there["contact"]["email"])


def test_a_new_order_takes_few_calls(shops: Shops) -> None:
    mirrored(shops)
    order_id = shops.place({shops.goods[0]: 1})
    shops.calls()
    shops.hint(CSCART, order_id)
    calls = shops.calls()
    assert len(calls) <= 11, calls
    assert sum(call.startswith("cscart") for call in calls) == 1


def test_fault_57_an_echo_ends_after_one_read(shops: Shops) -> None:
    order_id, there = mirrored(shops)
    shops.calls()
    assert shops.hint(WEBASYST, there["id"]) == {"unchanged": 1}
    assert len(shops.calls()) == 1
    assert shops.hint(CSCART, order_id) == {"unchanged": 1}
    assert len(shops.calls()) == 1


def test_the_tables_of_methods_name_shipping_and_payment_in_webasyst(shops: Shops) -> None:
    shops.change(shippings=MethodMap({"1": "Courier to the door"}), payments=MethodMap({"1": "Cash"}))
    order_id = shops.place({shops.product(): 1})
    shops.hint(CSCART, order_id)
    params = shops.mirror(order_id)["params"]
    assert (params["shipping_name"], params["payment_name"]) == ("Courier to the door", "Cash")
    assert shops.hint(CSCART, order_id) == {"unchanged": 1}


def test_fault_23a_hints_of_both_shops_in_parallel_make_one_order(shops: Shops) -> None:
    product = shops.product()
    shops.hint(CSCART, shops.place({product: 1}))
    placed = [shops.place({product: 1}) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda order_id: delivered(shops, CSCART, order_id), placed * 4))
    assert [len(shops.mirrors(order_id)) for order_id in placed] == [1, 1, 1]
    theirs = [shops.mirror(order_id)["id"] for order_id in placed]
    shops.ours.set_status(placed[0], "P")
    with ThreadPoolExecutor(6) as pool:
        jobs = [(CSCART, item) for item in placed] * 2 + [(WEBASYST, item) for item in theirs] * 2
        list(pool.map(lambda job: delivered(shops, *job), jobs))
    assert shops.mirror(placed[0])["state_id"] == "processing"
    assert len({order["contact_id"] for order in shops.theirs.orders()}) == 1


@pytest.mark.parametrize("kind", ["lose_answer", "lose_answer_500", "reset", "truncate", "html", "empty"])
def test_an_answer_that_is_lost_anywhere_ends_in_one_exact_order(shops: Shops, kind: str) -> None:
    """The worker that comes next finds what the last one left, finishes it, and only then links it."""
    product = shops.product()
    shops.hint(CSCART, shops.place({product: 1}))
    for step in range(12):
        order_id = shops.place({product: 2}, f"Заказ {step}", email=f"b{step}@example.com")
        shops.fail(WEBASYST, kind, ".*", after=step)
        delivered(shops, CSCART, order_id)
        shops.servers[WEBASYST].faults.clear()
        there = shops.mirror(order_id)
        assert Decimal(there["total"]) == Decimal(shops.ours.order(order_id)["total"])
        assert there["params"]["shipping_name"] == "Курьер по России"
    assert shops.parked() == []
    assert len({order["contact_id"] for order in shops.theirs.orders()}) == len(shops.theirs.orders())


def test_fault_64_an_order_is_found_by_its_mark_when_the_state_is_lost(shops: Shops) -> None:
    order_id, _ = mirrored(shops)
    shops.ours.set_status(order_id, "P")
    shops.forget()
    shops.hint(CSCART, order_id)
    assert len(shops.mirrors(order_id)) == 1
    assert shops.mirror(order_id)["state_id"] == "processing"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"s_address": "ул. " + "Длинная " * 30, "s_address_2": "кв. 5, домофон не работает, звонить"}, {"shipping_address"}),
        ({"s_country": "XX", "b_country": "XX"}, set()),
        ({"s_state": "Нет такой", "b_state": "Нет такой"}, set()),
        ({name: "" for name in BUYER if name.startswith(("s_", "b_")) and "country" not in name}, set()),
    ],
    ids=["long", "country", "region", "pickup"],
)
def test_fault_47_no_order_is_lost_for_its_address(shops: Shops, given: dict[str, str], names: set[str]) -> None:
    order_id = shops.place({shops.product(): 1})
    profile = {name: value for name, value in (BUYER | given).items() if name.startswith(("s_", "b_"))}
    shops.cscart.shop.update("orders", {"profile": json.dumps(profile)}, order_id=int(order_id))
    shops.hint(CSCART, order_id)
    assert Decimal(shops.mirror(order_id)["total"]) == Decimal(shops.ours.order(order_id)["total"])
    told = [entry for entry in shops.world.journal.history("order", order_id) if "another form" in entry.rule]
    assert {name for entry in told for name in json.loads(entry.new)["changed"]} >= names
    assert bool(told) == bool(names)
    assert "Длинная" not in repr(told)


# -- what is not taken


def test_fault_51_other_companies_history_and_unfinished_orders_stay_where_they_are(shops: Shops) -> None:
    product = shops.product()
    other, unfinished, old = (shops.place({product: 1}) for _ in range(3))
    shop = shops.cscart.shop
    shop.update("orders", {"company_id": 2}, order_id=int(other))
    shop.update("orders", {"status": "N"}, order_id=int(unfinished))
    shop.update("orders", {"timestamp": int(shops.clock.now().timestamp()) - 86_400}, order_id=int(old))
    shops.change(created_at=datetime.now(UTC) - timedelta(hours=1))
    for order_id in (other, unfinished, old):
        shops.hint(CSCART, order_id)
    assert shops.theirs.orders() == []
    shops.change(orders_from=datetime(2020, 1, 1, tzinfo=UTC))
    shops.hint(CSCART, old)
    assert len(shops.mirrors(old)) == 1


def test_a_deleted_order_is_shown_and_nothing_else(shops: Shops) -> None:
    order_id, there = mirrored(shops)
    shops.ours.call("DELETE", f"orders/{order_id}")
    assert shops.hint(CSCART, order_id) == {"parked": 1}
    assert shops.parked() == [(order_id, "NotFound")]
    assert shops.mirror(order_id)["state_id"] == there["state_id"]
    shops.hint(CSCART, order_id)
    deleted = [entry for entry in shops.world.journal.history("order", order_id) if entry.action == "deleted"]
    assert len(deleted) == 1


def test_fault_48_a_line_without_a_counterpart_brings_its_product_first(shops: Shops) -> None:
    order_id = shops.place({shops.product(): 1})
    shops.hint(CSCART, order_id)
    assert [item["sku_code"] for item in shops.mirror(order_id)["items"]] == ["SKU-1"]


def test_fault_48_an_order_is_never_sent_without_a_line(shops: Shops) -> None:
    good, bad = shops.product(), shops.product()
    order_id = shops.place({good: 1, bad: 1})
    shops.ours.edit(bad, product_code="")
    shops.hint(CSCART, order_id)
    assert shops.mirrors(order_id) == []
    assert shops.parked() == [(order_id, "MissingLink")]
    shops.ours.edit(bad, product_code="SKU-NEW")
    shops.hint(CSCART, order_id, Cause.CONSOLE)
    assert len(shops.mirror(order_id)["items"]) == 2
    assert shops.parked() == []


# -- edits


def test_an_edit_in_cscart_is_carried(shops: Shops) -> None:
    order_id, _ = mirrored(shops)
    body = {"products": {"1": {"product_id": shops.goods[0], "amount": 5}}, "notes": "Иначе"}
    shops.ours.call("PUT", f"orders/{order_id}", body=body)
    shops.hint(CSCART, order_id)
    there = shops.mirror(order_id)
    assert Decimal(there["total"]) == Decimal(shops.ours.order(order_id)["total"])
    assert [(item["sku_code"], item["quantity"]) for item in there["items"]] == [("SKU-1", "5.000")]
    assert there["comment"] == "Иначе"
    (written,) = [entry for entry in shops.world.journal.history("order", order_id) if entry.action == "written"]
    assert "SKU-2" in written.old and "SKU-2" not in written.new and "Иначе" not in written.new


def test_products_of_a_changed_order_are_looked_at_once_per_change(shops: Shops) -> None:
    order_id, there = mirrored(shops)
    first, second = shops.goods
    assert shops.hinted_products() == [(CSCART, (first, second))]
    shops.hint(CSCART, order_id)
    shops.hint(WEBASYST, there["id"])
    assert shops.hinted_products() == []
    shops.ours.call("PUT", f"orders/{order_id}", body={"products": {"1": {"product_id": first, "amount": 1}}})
    shops.hint(CSCART, order_id)
    assert (CSCART, (first,)) in shops.hinted_products()


def test_an_edit_in_webasyst_is_shown_or_carried_as_the_owner_wants(shops: Shops) -> None:
    order_id, there = mirrored(shops)
    line = next(item for item in there["items"] if item["sku_code"] == "SKU-1")
    keep = {f"items[0][{name}]": line[name] for name in ("product_id", "sku_id", "price")}
    form = {"id": there["id"], "shipping": "350", "discount": "0", "items[0][item_id]": line["id"], **keep}
    shops.theirs.call("POST", "shop.order.save", form={**form, "items[0][quantity]": 1})
    shops.hint(WEBASYST, there["id"])
    before = shops.ours.order(order_id)
    assert len(values(before["products"])) == 2
    shops.change(order_edits_to_cscart=True)
    shops.theirs.call("POST", "shop.order.save", form={**form, "items[0][quantity]": 3})
    shops.hint(WEBASYST, there["id"])
    after = shops.ours.order(order_id)
    assert Decimal(after["total"]) == Decimal(shops.mirror(order_id)["total"]) == Decimal("470.45")
    assert shops.parked() == []


def test_a_repair_brings_right_what_nobody_saw_moving(shops: Shops) -> None:
    """An edit that was only shown, and a status that was left behind: the owner's repair settles both."""
    order_id, there = mirrored(shops)
    shops.theirs.call("POST", "shop.order.save", form={"id": there["id"], "shipping": "1", "discount": "0"})
    shops.hint(WEBASYST, there["id"])
    shops.ours.set_status(order_id, "C")
    shops.hint(CSCART, order_id)
    shops.ours.set_status(order_id, "P")
    shops.hint(CSCART, order_id)
    assert Decimal(shops.mirror(order_id)["total"]) != Decimal(shops.ours.order(order_id)["total"])
    shops.hint(CSCART, order_id, Cause.CONSOLE)
    assert Decimal(shops.mirror(order_id)["total"]) == Decimal(shops.ours.order(order_id)["total"])
    assert (shops.ours.order(order_id)["status"], shops.mirror(order_id)["state_id"]) == ("C", "completed")
    shops.calls()
    shops.hint(CSCART, order_id, Cause.CONSOLE)
    assert not [call for call in shops.calls() if "order.save" in call or "PUT" in call]
