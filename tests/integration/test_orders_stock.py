"""What an order took is taken once: both owners, every way of counting, through edits, cancels, refunds and sales in both shops."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from storesync.domain.connection import Policy
from storesync.domain.model import Group, StoreName
from storesync.errors import StoreError
from storesync.sync.reservations import reserved

from tests.integration.order_scene import Shops, open_shops
from tests.sandbox.script.shops import values

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
COUNTING = ("none", "create", "processing")


def opened(owner: StoreName, counting: str, **settings: object) -> Iterator[Shops]:
    policy = Policy.TO_WEBASYST if owner is CSCART else Policy.TO_CSCART
    policies = {group: Policy.TWO_WAY for group in Group} | {Group.STOCK: policy}
    yield from open_shops(stock_counting_action=counting, settings={"stock_owner": owner, "policies": policies, **settings})


@pytest.fixture
def shops(request: pytest.FixtureRequest) -> Iterator[Shops]:
    yield from opened(*request.param)


def everywhere(owner: StoreName) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("shops", [(owner, counting) for counting in COUNTING], indirect=True, ids=COUNTING)


def edited(shops: Shops, order_id: str, amount: int) -> None:
    shops.ours.call("PUT", f"orders/{order_id}", body={"products": {"1": {"product_id": shops.goods[0], "amount": amount}}})


def available(shops: Shops) -> int:
    """What Webasyst, as the owner, still has to sell."""
    product = shops.goods[0]
    skus = {sku["sku"]: sku for item in shops.theirs.products() for sku in values(item["skus"])}
    return shops.stock(product)[1] - reserved(shops.world).get(str(skus["SKU-1"]["id"]), 0)


def known(shops: Shops) -> str:
    """A product that both shops hold, a hundred pieces of it."""
    product = shops.product()
    shops.sync_products(CSCART, product)
    assert shops.stock(product) == (100, 100)
    return product


def mirrored(shops: Shops, pieces: int = 2) -> tuple[str, str]:
    """A known product, and an order of it in CS-Cart that has its mirror and whose pieces are off both shops' counts."""
    product = known(shops)
    order_id = shops.place({product: pieces})
    shops.hint(CSCART, order_id)
    shops.sync_products()
    return product, order_id


@everywhere(CSCART)
def test_a_mirrored_order_leaves_webasyst_alone_and_the_count_follows(shops: Shops) -> None:
    product = known(shops)
    order_id = shops.place({product: 2})
    for step, left in ((None, 98), ("P", 98), (5, 95), ("C", 95), ("I", 100)):
        if isinstance(step, int):
            edited(shops, order_id, step)
        elif step:
            shops.ours.set_status(order_id, step)
        before = shops.stock(product)[1]
        shops.hint(CSCART, order_id)
        assert shops.stock(product) == (left, before), f"Webasyst's stock moved by itself at {step}"
        shops.sync_products()
        assert shops.stock(product) == (left, left)
    assert shops.mirror(order_id)["state_id"] in ("deleted", "refunded")


@everywhere(CSCART)
def test_fault_41_what_is_sold_in_both_shops_at_once_is_taken_once_each(shops: Shops) -> None:
    """Sales while the other shop's are still under way; the owner's count is what both end on."""
    product = known(shops)
    first, second = shops.place({product: 1}), shops.place({product: 2})
    shops.hint(CSCART, second)
    third = shops.place({product: 3})
    shops.sync_products()
    shops.hint(CSCART, first)
    shops.ours.set_status(third, "P")
    shops.hint(CSCART, third)
    shops.hint(CSCART, first)
    shops.sync_products()
    assert shops.stock(product) == (94, 94)


@everywhere(WEBASYST)
def test_fault_41_the_owner_webasyst_takes_each_order_once_and_the_rest_is_reserved(shops: Shops) -> None:
    product = known(shops)
    counts = shops.webasyst.shop.stock_counting_action != "none"
    order_id = shops.place({product: 2})
    for step, left in ((None, 98), (3, 97), ("P", 97), (5, 95), ("C", 95), ("I", 100)):
        if isinstance(step, int):
            edited(shops, order_id, step)
        elif step:
            shops.ours.set_status(order_id, step)
        shops.hint(CSCART, order_id)
        assert available(shops) == (left if counts else 100), step
    assert reserved(shops.world) == {}


@everywhere(WEBASYST)
def test_an_order_that_is_moved_in_webasyst_frees_its_reservation(shops: Shops) -> None:
    product = known(shops)
    counts = shops.webasyst.shop.stock_counting_action != "none"
    order_id = shops.place({product: 2})
    shops.hint(CSCART, order_id)
    there = shops.mirror(order_id)["id"]
    for action, left in (("process", 98), ("complete", 98), ("refund", 100)):
        shops.theirs.act(there, action)
        shops.hint(WEBASYST, there)
        assert available(shops) == (left if counts else 100), action
    assert shops.ours.order(order_id)["status"] == "I"


@pytest.mark.parametrize("shops", [(WEBASYST, "processing")], indirect=True)
def test_a_sale_is_reserved_before_its_mirror_exists(shops: Shops) -> None:
    product = known(shops)
    order_id = shops.place({product: 2})
    shops.fail(WEBASYST, "status", "order.save", times=None)
    with pytest.raises(StoreError):
        shops.hint(CSCART, order_id)
    assert shops.mirrors(order_id) == []
    assert available(shops) == 98


@pytest.fixture
def default() -> Iterator[Shops]:
    """As a connection is made: CS-Cart owns the stock, and what Webasyst sells by itself counts as well."""
    yield from open_shops()


def sold_in_webasyst(shops: Shops, number: str, action: str) -> None:
    shops.theirs.act(number, action)
    shops.hint(WEBASYST, number)


@pytest.mark.parametrize("early", [False, True], ids=["order first", "products first"])
@pytest.mark.parametrize(
    "actions", [("delete",), ("process", "delete"), ("complete", "refund"), ("delete", "restore"), ("delete", "restore", "process")]
)
def test_what_webasyst_gives_back_for_a_mirrored_order_is_no_stock(default: Shops, actions: tuple[str, ...], early: bool) -> None:
    """Cancelled by its own people the shop returns pieces that it never took (X4); CS-Cart's own return is the only one that counts."""
    product, order_id = mirrored(default)
    assert default.stock(product) == (98, 98)
    number = default.mirror(order_id)["id"]
    for action in actions:
        default.theirs.act(number, action)
        if early:
            default.sync_products(WEBASYST, next(iter(default.theirs.products()))["id"])
        default.hint(WEBASYST, number)
    default.sync_products()
    default.hint(WEBASYST, number)
    default.sync_products()
    left = 98 if default.ours.order(order_id)["status"] in "OPC" else 100
    assert default.stock(product) == (left, left)
    assert left == (98 if actions[-1] in ("restore", "process") else 100)


@pytest.mark.parametrize("carried", [False, True])
def test_what_an_edit_in_webasyst_gives_back_is_no_stock(default: Shops, carried: bool) -> None:
    default.change(order_edits_to_cscart=carried)
    product, order_id = mirrored(default, 5)
    there = default.mirror(order_id)
    line = there["items"][0]
    form = {f"items[0][{name}]": line[name] for name in ("product_id", "sku_id", "price")}
    form |= {"id": there["id"], "shipping": there["shipping"], "discount": "0", "items[0][item_id]": line["id"], "items[0][quantity]": "2"}
    default.theirs.call("POST", "shop.order.save", form=form)
    default.hint(WEBASYST, there["id"])
    default.sync_products()
    left = 98 if carried else 95
    assert default.stock(product) == (left, left)


def test_a_correction_of_stock_that_was_cut_off_is_made_once(default: Shops) -> None:
    product, order_id = mirrored(default)
    number = default.mirror(order_id)["id"]
    default.theirs.act(number, "delete")
    default.fail(WEBASYST, "lose_answer", "massUpdate|product.update|skus.update")
    for _ in range(3):
        try:
            default.hint(WEBASYST, number)
        except StoreError as error:
            assert error.retriable
    default.sync_products()
    assert default.stock(product) == (100, 100)


@pytest.mark.parametrize("edit", [False, True])
@pytest.mark.parametrize("step", range(6))
def test_our_own_change_that_was_cut_off_is_not_taken_for_theirs(default: Shops, edit: bool, step: int) -> None:
    product, order_id = mirrored(default)
    if edit:
        edited(default, order_id, 5)
    else:
        default.ours.set_status(order_id, "I")
    default.fail(WEBASYST, "lose_answer_500", ".*", after=step)
    for _ in range(3):
        try:
            default.hint(CSCART, order_id)
        except StoreError as error:
            assert error.retriable
        default.clock.ahead += timedelta(seconds=31)
    default.servers[WEBASYST].faults.clear()
    default.hint(CSCART, order_id)
    default.sync_products()
    left = 95 if edit else 100
    assert default.stock(product) == (left, left)


@pytest.mark.parametrize("shops", [(WEBASYST, "create"), (WEBASYST, "processing")], indirect=True)
def test_fault_51_history_takes_no_stock(shops: Shops) -> None:
    """Imported on purpose, orders from before the connection were subtracted long ago."""
    product = known(shops)
    order_id = shops.place({product: 2})
    shops.ours.set_status(order_id, "C")
    shops.change(created_at=shops.clock.now() + timedelta(hours=1), orders_from=shops.clock.now() - timedelta(days=1))
    before = shops.stock(product)[1]
    shops.hint(CSCART, order_id)
    assert shops.mirror(order_id)["state_id"] == "completed"
    assert (shops.stock(product)[1], available(shops)) == (before, before)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "shops",
    [(owner, counting) for owner in StoreName for counting in ("create", "processing")],
    indirect=True,
    ids=lambda given: "-".join(given),
)
def test_fault_41_a_race_of_sales_in_both_shops_ends_in_one_true_count(shops: Shops, seed: int) -> None:
    """Shoppers in both shops, hints in any order and twice, products compared in between; orders move, are edited and cancelled."""
    draw, product = random.Random(seed), known(shops)
    owner = shops.world.connection.stock_owner
    open_orders: dict[str, int] = {}
    for _ in range(14):
        match draw.choice(("sell", "sell", "sell there", "process", "edit", "cancel", "look", "hint")):
            case "sell":
                amount = draw.randint(1, 3)
                open_orders[shops.place({product: amount})] = amount
            case "sell there" if owner is WEBASYST:
                sold_there(shops)
            case "process" if open_orders:
                shops.ours.set_status(draw.choice(list(open_orders)), "P")
            case "edit" if open_orders:
                order_id = draw.choice(list(open_orders))
                open_orders[order_id] = draw.randint(1, 4)
                edited(shops, order_id, open_orders[order_id])
            case "cancel" if open_orders:
                shops.ours.set_status(order_id := draw.choice(list(open_orders)), "I")
                del open_orders[order_id]
            case "look":
                shops.sync_products(draw.choice((CSCART, WEBASYST)), "1")
            case _:
                for order_id in draw.sample(shops.ours.order_ids(), len(shops.ours.order_ids())):
                    shops.hint(CSCART, order_id)
                    shops.hint(CSCART, order_id)
    for order_id in shops.ours.order_ids():
        shops.hint(CSCART, order_id)
    shops.sync_products()
    left = 100 - sum(open_orders.values()) - shops.sold_there
    here, there = shops.stock(product)
    assert here == left
    assert (there if owner is CSCART else available(shops)) == left


def sold_there(shops: Shops) -> None:
    """An order of Webasyst's own, taken off its stock at once."""
    sku = next(sku for item in shops.theirs.products() for sku in values(item["skus"]))
    form = {"contact_id": 1, "items[0][sku_id]": sku["id"], "items[0][quantity]": 1}
    made = shops.theirs.call("POST", "shop.order.add", form=form)
    shops.theirs.act(made["id"], "process")
    shops.hint(WEBASYST, made["id"])
    shops.sold_there += 1


@pytest.mark.parametrize("owner", [CSCART, None])
def test_where_stock_flows_from_webasyst_alone_a_sale_in_cscart_is_not_undone(default: Shops, owner: StoreName | None) -> None:
    """Webasyst's count is what CS-Cart gets, so the mirrored order has to be off it, or still to come off."""
    default.change(stock_owner=owner, policies={**default.world.connection.policies, Group.STOCK: Policy.TO_CSCART})
    product, _ = mirrored(default)
    for _ in range(2):
        for store in StoreName:
            default.sync_products(store, product if store is CSCART else next(iter(default.theirs.products()))["id"])
    assert default.stock(product)[0] == 98
