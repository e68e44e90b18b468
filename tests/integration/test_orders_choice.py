"""An owner who chooses a side of an order: that side is carried over by the rules there are, and nothing is written behind them."""

from collections.abc import Iterator

import pytest
from storesync.domain.changes import Kind
from storesync.domain.model import StoreName
from storesync.sync.order_choosing import OrderChoice
from storesync.sync.orders import apply_change

from tests.integration.order_scene import Shops, open_shops

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST


@pytest.fixture
def shops() -> Iterator[Shops]:
    yield from open_shops(settings={"order_edits_to_cscart": True})


def linked(shops: Shops) -> tuple[str, dict]:
    order_id = shops.place({shops.product(): 2})
    shops.hint(CSCART, order_id)
    return order_id, shops.mirror(order_id)


def choose(shops: Shops, winner: StoreName, store: StoreName, order_id: str) -> dict[str, int]:
    """With what the worker does next."""
    shops.state.queue.waiting.clear()
    told = OrderChoice(shops.world).run(winner, store, order_id)
    orders = [change for change in shops.state.queue.changes if change.kind is Kind.ORDER]
    for change in orders:
        apply_change(shops.world, change)
    return told


def quantity(shops: Shops, order_id: str) -> tuple[int, int]:
    here = next(iter(shops.ours.order(order_id)["products"].values()))
    return int(here["amount"]), int(float(next(iter(items(shops.mirror(order_id))))["quantity"]))


def items(order: dict) -> list[dict]:
    return list(order["items"].values()) if isinstance(order["items"], dict) else order["items"]


def edited_there(shops: Shops, order_id: str) -> None:
    """Five pieces in Webasyst, and nobody has told us."""
    there = shops.mirror(order_id)
    line = items(there)[0]
    form = {"id": there["id"], "shipping": there["shipping"], "discount": there["discount"]}
    form |= {f"items[0][{name}]": line[name] for name in ("product_id", "sku_id", "type", "price")}
    shops.theirs.call("POST", "shop.order.save", form={**form, "items[0][item_id]": line["id"], "items[0][quantity]": "5"})


@pytest.mark.parametrize(("winner", "pieces"), [(CSCART, (2, 2)), (WEBASYST, (5, 5))])
def test_the_chosen_side_is_carried_over(shops: Shops, winner: StoreName, pieces: tuple[int, int]) -> None:
    order_id, there = linked(shops)
    edited_there(shops, order_id)
    assert quantity(shops, order_id) == (2, 5)
    store, number = (CSCART, order_id) if winner is CSCART else (WEBASYST, there["id"])
    assert choose(shops, winner, store, number)["differing"] >= 1
    assert quantity(shops, order_id) == pieces
    assert shops.parked() == []
    assert shops.hint(CSCART, order_id) == {"unchanged": 1}


def test_cscarts_orders_are_only_rewritten_when_edits_may_flow(shops: Shops) -> None:
    shops.change(order_edits_to_cscart=False)
    order_id, _ = linked(shops)
    edited_there(shops, order_id)
    choose(shops, WEBASYST, CSCART, order_id)
    assert quantity(shops, order_id) == (2, 5)
    assert "do not flow to CS-Cart" in shops.world.journal.history("order", order_id)[0].rule


def test_of_the_statuses_the_chosen_one_counts_and_none_goes_back(shops: Shops) -> None:
    order_id, there = linked(shops)
    shops.ours.set_status(order_id, "C")
    choose(shops, WEBASYST, WEBASYST, there["id"])
    assert (shops.ours.order(order_id)["status"], shops.mirror(order_id)["state_id"]) == ("C", "new")
    choose(shops, CSCART, WEBASYST, there["id"])
    assert (shops.ours.order(order_id)["status"], shops.mirror(order_id)["state_id"]) == ("C", "completed")


def test_an_order_without_a_counterpart_has_no_sides(shops: Shops) -> None:
    assert choose(shops, CSCART, CSCART, "999") == {"unlinked": 1}
    order_id, _ = linked(shops)
    assert choose(shops, WEBASYST, CSCART, order_id) == {"differing": 0}
    assert quantity(shops, order_id) == (2, 2)
