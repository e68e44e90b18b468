"""What the Store port promises about orders and customers, held against the stores in memory and against both clients over HTTP."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from storesync.domain.model import Product
from storesync.domain.orders import Customer, Line, Order
from storesync.errors import OutcomeUnknown, UnmappedStatus

from tests.contract.shops import BUYER, WEBASYST_ONLY, Shop

MARK = "main:other:105"


def changed(shop: Shop, since: datetime) -> list[str]:
    return [head.id for page in shop.store.changed_orders(since) for head in page.items]


def moment(shop: Shop) -> datetime:
    return datetime.fromtimestamp(int(shop.clock()), UTC)


def read(shop: Shop, order_id: str) -> Order:
    return next(iter(shop.store.orders([order_id])))


def lines(order: Order) -> list[tuple[str, int, Decimal]]:
    return sorted((line.sku, int(line.quantity), line.price) for line in order.lines if not line.is_free_form)


def forward(shop: Shop) -> tuple[str, str]:
    """A status to set, and what the order's status is then."""
    return ("P", "P") if shop.is_cscart else ("process", "processing")


def stock(shop: Shop, product: Product) -> int | None:
    return next(iter(shop.store.products([product.id]))).variants[0].stock


# -- reading


def test_a_shoppers_order_adds_up(shop: Shop) -> None:
    product = shop.made("A-1")
    order = read(shop, shop.sell(product.variants[0].id, 2))
    assert order.expected_total == order.total.quantize(Decimal("0.01"))
    assert lines(order) == [("A-1", 2, product.variants[0].price)]
    assert order.marker == "" and not order.is_parent and not order.incomplete
    assert order.customer.email_key == BUYER.email_key
    assert order.created_at == moment(shop)


def test_orders_are_read_by_id_and_missing_ones_left_out(shop: Shop) -> None:
    product = shop.made("A-1")
    made = [shop.sell(product.variants[0].id, 1) for _ in range(3)]
    found = shop.store.orders([made[2], "987654", made[0], made[2]])
    assert sorted(order.id for order in found) == sorted([made[0], made[2]])


def test_new_and_changed_orders_are_listed(shop: Shop) -> None:
    product = shop.made("A-1")
    old, moved = (shop.sell(product.variants[0].id, 1) for _ in range(2))
    shop.clock.seconds += 7200
    since = moment(shop)
    new = [shop.sell(product.variants[0].id, 1) for _ in range(4)]
    shop.store.set_status(read(shop, moved), forward(shop)[0])
    found = changed(shop, since)
    assert len(found) == len(set(found))
    assert set(found) == {moved, *new}
    assert old not in found


def test_a_head_tells_the_status(shop: Shop) -> None:
    product = shop.made("A-1")
    order_id = shop.sell(product.variants[0].id, 1)
    head = next(head for page in shop.store.changed_orders(moment(shop) - timedelta(hours=1)) for head in page.items)
    assert (head.id, head.status) == (order_id, read(shop, order_id).status)
    assert not head.is_parent


# -- creating


def test_an_order_is_created_as_asked_and_found_by_its_mark(shop: Shop) -> None:
    product = shop.made("A-1")
    wanted = shop.order(product, discount=Decimal("1.54"))
    kept = shop.store.create_order(wanted, MARK, suppress_stock=False)
    assert kept.total.quantize(Decimal("0.01")) == wanted.total
    assert lines(kept) == [("A-1", 2, Decimal("7.77"))]
    assert (kept.marker, kept.comment, kept.shipping) == (MARK, "Ring twice", wanted.shipping)
    assert kept.shipping_address.city == "Moscow" and kept.shipping_address.country == "RU"
    assert [order.id for order in shop.store.find_order(MARK, wanted)] == [kept.id]
    assert kept == read(shop, kept.id)


def test_another_mark_finds_nothing(shop: Shop) -> None:
    product = shop.made("A-1")
    wanted = shop.order(product)
    shop.store.create_order(wanted, MARK, suppress_stock=False)
    for mark in ("main:other:10", "main:other:1055", "main2:other:105"):
        assert shop.store.find_order(mark, wanted) == []


def test_a_lost_answer_leaves_one_order_with_the_mark(shop: Shop) -> None:
    product = shop.made("A-1")
    wanted = shop.order(product)
    shop.lose("create_order")
    with suppress(OutcomeUnknown):
        assert shop.store.create_order(wanted, MARK, suppress_stock=False).marker == MARK
    found = shop.store.find_order(MARK, wanted)
    assert len(found) == 1
    finished = shop.store.update_order(found[0], wanted, suppress_stock=False)
    assert finished.total.quantize(Decimal("0.01")) == wanted.total


def test_two_lines_of_one_product_stay_two_pieces(shop: Shop) -> None:
    product = shop.made("A-1", "A-2")
    wanted = shop.order(product)
    second = product.variants[1]
    extra = Line("", product.id, second.id, second.sku, "Lamp", Decimal("0.01"), 3)
    wanted = replace(wanted, lines=(*wanted.lines, extra))
    wanted = replace(wanted, total=wanted.expected_total)
    kept = shop.store.create_order(wanted, MARK, suppress_stock=False)
    assert lines(kept) == [("A-1", 2, Decimal("7.77")), ("A-2", 3, Decimal("0.01"))]
    assert kept.total.quantize(Decimal("0.01")) == wanted.total


@pytest.mark.parametrize("shop", WEBASYST_ONLY, indirect=True)
def test_a_mirrored_order_can_be_kept_off_the_stock(shop: Shop) -> None:
    """For good: through processing, shipping, an edit and cancelling (X3, X4). CS-Cart cannot do that."""
    product = shop.made("A-1")
    kept = shop.store.create_order(shop.order(product), MARK, suppress_stock=True)
    for action in ("process", "ship"):
        kept = shop.store.set_status(kept, action)
        assert stock(shop, product) == 50
    more = replace(kept, lines=tuple(replace(line, quantity=5) for line in kept.lines))
    more = replace(more, total=more.expected_total)
    kept = shop.store.update_order(kept, more, suppress_stock=True)
    assert stock(shop, product) == 50
    shop.store.set_status(kept, "delete")
    assert stock(shop, product) == 50


def test_a_shoppers_order_takes_stock_once(shop: Shop) -> None:
    product = shop.made("A-1")
    order = read(shop, shop.sell(product.variants[0].id, 2))
    for _ in range(2):
        order = shop.store.set_status(order, forward(shop)[0])
    assert stock(shop, product) == 48
    order = shop.store.set_status(order, "I" if shop.is_cscart else "delete")
    assert stock(shop, product) == 50


# -- changing


def test_lines_and_discount_are_brought_to_what_is_wanted(shop: Shop) -> None:
    product = shop.made("A-1")
    wanted = shop.order(product)
    kept = shop.store.create_order(wanted, MARK, suppress_stock=False)
    edited = replace(wanted, lines=(replace(wanted.lines[0], quantity=4),), discount=Decimal("2.08"))
    edited = replace(edited, total=edited.expected_total)
    for _ in range(2):
        kept = shop.store.update_order(kept, edited, suppress_stock=False)
        assert lines(kept) == [("A-1", 4, Decimal("7.77"))]
        assert kept.total.quantize(Decimal("0.01")) == edited.total
        assert kept.marker == MARK and kept == read(shop, kept.id)


def test_a_status_is_set_and_read_back(shop: Shop) -> None:
    product = shop.made("A-1")
    order = read(shop, shop.sell(product.variants[0].id, 1))
    target, status = forward(shop)
    after = shop.store.set_status(order, target)
    assert after.status == status == read(shop, order.id).status


def test_a_status_that_is_not_to_be_had_leaves_the_order_as_it_is(shop: Shop) -> None:
    product = shop.made("A-1")
    order = read(shop, shop.sell(product.variants[0].id, 1))
    with suppress(UnmappedStatus):
        assert shop.store.set_status(order, "Q" if shop.is_cscart else "restore").status == order.status
    assert read(shop, order.id).status == order.status


def test_a_status_whose_answer_was_lost_is_set_once(shop: Shop) -> None:
    product = shop.made("A-1")
    order = read(shop, shop.sell(product.variants[0].id, 2))
    shop.lose("set_status")
    with suppress(OutcomeUnknown):
        assert shop.store.set_status(order, forward(shop)[0]).status == forward(shop)[1]
    assert read(shop, order.id).status == forward(shop)[1]
    assert stock(shop, product) == 48


# -- customers


def test_a_customer_is_found_by_email_whatever_its_case(shop: Shop) -> None:
    if shop.is_cscart:
        assert shop.store.find_customer(BUYER) == []
        assert shop.store.create_customer(BUYER, Order("", "", "RUB", (), Decimal(0))).email == BUYER.email
        return
    like = Order("", "", "RUB", (), Decimal(0))
    made = shop.store.create_customer(BUYER, like)
    shop.store.create_customer(Customer("", "Eve", "Other", "anna.bee@example.test.invalid", "1"), like)
    found = shop.store.find_customer(replace(BUYER, email="ANNA.bee@EXAMPLE.test"))
    assert [item.id for item in found] == [made.id]


@pytest.mark.parametrize("shop", WEBASYST_ONLY, indirect=True)
def test_a_customer_without_email_is_found_by_phone(shop: Shop) -> None:
    """In CS-Cart a guest has no record."""
    made = shop.store.create_customer(Customer("", "Ann", "Bee", "", "+7 (900) 765-43-21"), Order("", "", "RUB", (), Decimal(0)))
    assert [item.id for item in shop.store.find_customer(Customer(phone="79007654321"))] == [made.id]
    assert shop.store.find_customer(Customer(phone="79007654")) == []
    assert shop.store.find_customer(Customer()) == []
