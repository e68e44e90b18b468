"""Orders in the words of the other store, exactly: which line costs what, and what is not carried over."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import order_translation as translation
from storesync.domain.connection import Connection, CsCartSettings, MethodMap
from storesync.domain.order_translation import ROUNDING, TAX, cents, corrected, free_form, net, shares, split
from storesync.domain.orders import Address, Customer, Line, Order
from storesync.errors import TotalsDiffer

CONNECTION = Connection("main", CsCartSettings(currency="RUB"))
HOME, OFFICE = Address(street="Lenina 5"), Address(street="Mira 1")


def line(price: str, quantity: int | Decimal = 1, sku: str = "MUG") -> Line:
    return Line("1", "5", "50", sku, sku, Decimal(price), quantity)


def order(*lines: Line, **fields) -> Order:
    made = Order("7", "O", "RUB", lines or (line("10", 2),), Decimal(0), customer=Customer("3"), **fields)
    return replace(made, total=made.expected_total)


def there(source: Order) -> Order:
    return translation.to_webasyst(CONNECTION, source, lambda line: ("p" + line.product_id, "v" + line.variant_id), "5")


def here(source: Order) -> Order:
    return translation.to_cscart(CONNECTION, source, lambda line: ("p" + line.product_id, "v" + line.variant_id), "8")


def test_a_free_form_line_is_one_piece_of_nothing_in_stock() -> None:
    assert free_form("Tax", Decimal(3)) == Line("", "", "", "", "Tax", Decimal(3), 1)


def test_ids_of_the_other_store_do_not_travel() -> None:
    found = there(order(line("10"), Line("9", "", "", "", "Gift", Decimal(1), 1)))
    assert (found.id, found.customer.id) == ("", "5")
    assert [(item.id, item.product_id, item.variant_id) for item in found.lines] == [("", "p5", "v50"), ("", "", "")]
    back = here(replace(order(), marker="m"))
    assert (back.id, back.customer.id, back.marker) == ("", "8", "m")
    assert [(item.id, item.product_id, item.variant_id) for item in back.lines] == [("", "p5", "v50")]


@pytest.mark.parametrize(
    ("billing", "shipping", "sent"), [(HOME, OFFICE, OFFICE), (HOME, Address(), HOME), (Address(), OFFICE, OFFICE), (Address(), Address(), Address())]
)  # fmt: skip
def test_an_order_without_an_address_to_ship_to_is_shipped_to_the_buyer(billing: Address, shipping: Address, sent: Address) -> None:
    found = there(order(billing_address=billing, shipping_address=shipping))
    assert (found.shipping_address, found.billing_address) == (sent, billing)


def test_ways_to_ship_and_to_pay_keep_their_own_name_without_a_row_in_the_table() -> None:
    source = order(shipping_id="1", payment_id="2", shipping_name="Post", payment_name="Card")
    assert (there(source).shipping_name, there(source).payment_name) == ("Post", "Card")
    named = replace(CONNECTION, shippings=MethodMap({"1": "DHL"}), payments=MethodMap({"2": "Cash"}))
    found = translation.to_webasyst(named, source, lambda line: ("p", "v"), "5")
    assert (found.shipping_name, found.payment_name, found.shipping_id, found.payment_id) == ("DHL", "Cash", "", "")


def test_a_guest_has_no_id_in_cscart() -> None:
    assert translation.to_cscart(CONNECTION, order(), lambda line: ("p", "v")).customer.id == ""


@pytest.mark.parametrize(
    ("off", "lines", "discount"),
    [("0", [("MUG", "10")], "0"), ("0.01", [("MUG", "10"), (ROUNDING, "0.01")], "0"), ("-0.01", [("MUG", "10")], "0.01")],
)
def test_a_cent_that_cscart_is_off_by_is_a_line_or_a_discount(off: str, lines: list, discount: str) -> None:
    source = order(line("10", 2))
    found = there(replace(source, total=source.total + Decimal(off)))
    assert [(item.name, str(item.price)) for item in found.lines] == lines
    assert (found.discount, found.total) == (Decimal(discount), source.total + Decimal(off))


def test_more_than_two_cents_are_refused() -> None:
    source = order()
    for off in ("0.02", "-0.02"):
        there(replace(source, total=source.total + Decimal(off)))
    for off in ("0.03", "-0.03"):
        with pytest.raises(TotalsDiffer):
            there(replace(source, total=source.total + Decimal(off)))


def test_a_whole_number_of_pieces_is_a_whole_number_in_cscart() -> None:
    (found,) = here(order(line("10", Decimal("2.000")))).lines
    assert (found.quantity, type(found.quantity)) == (2, int)


# -- cents


@pytest.mark.parametrize(
    ("amounts", "discount", "left"),
    [
        ([100, 100, 100], 100, [67, 67, 66]),
        ([1, 1, 98], 50, [1, 0, 49]),
        ([10, 20, 30], 7, [9, 18, 26]),
        ([30, 20, 10], 7, [26, 18, 9]),
        ([5, 3, 2], 3, [4, 2, 1]),
        ([2, 3, 5], 3, [1, 2, 4]),
        ([0, 0], 0, [0, 0]),
        ([7], 7, [0]),
    ],
)
def test_a_discount_is_spread_in_proportion_and_the_largest_remainder_gets_the_cent(
    amounts: list[int], discount: int, left: list[int]
) -> None:
    found = shares(amounts, discount)
    assert sum(found) == sum(amounts) - discount
    assert found == left


@pytest.mark.parametrize(
    ("quantity", "amount", "parts"),
    [
        (3, 100, [("0.33", 2), ("0.34", 1)]),
        (3, 99, [("0.33", 3)]),
        (1, 5, [("0.05", 1)]),
        (Decimal("2.5"), 100, [("0.4", Decimal("2.5"))]),
        (Decimal("3.0"), 100, [("0.33", 2), ("0.34", 1)]),
        (0, 100, [("10", 0)]),
    ],
)
def test_a_line_is_cut_so_that_its_pieces_make_the_amount(quantity: int | Decimal, amount: int, parts: list) -> None:
    assert [(str(item.price), item.quantity) for item in split(line("10", quantity), amount)] == parts


@pytest.mark.parametrize(("amount", "told"), [("0.005", "0.01"), ("0.015", "0.02"), ("0.025", "0.03"), ("2.674", "2.67"), ("1", "1.00")])
def test_half_a_cent_is_rounded_up(amount: str, told: str) -> None:
    assert cents(Decimal(amount)) == told


def test_an_amount_of_half_a_cent_counts_as_a_cent_when_a_discount_is_spread() -> None:
    odd = order(line("0.005"), line("0.025"), line("9.97"))
    found = net(replace(odd, discount=Decimal(1), total=Decimal("9.00")))
    assert sum(item.amount for item in found.lines) == Decimal("9.01")


def test_every_line_keeps_its_own_part_of_the_discount() -> None:
    found = net(order(line("10", sku="A"), line("30", sku="B"), discount=Decimal(4)))
    assert [(item.sku, str(item.price)) for item in found.lines] == [("A", "9"), ("B", "27")]
    assert found.discount == 0


# -- a total that Shop-Script made otherwise


def sent(discount: str = "1", *more: Line) -> Order:
    return order(line("10", 2), line("3", 1, "CUP"), *more, discount=Decimal(discount))


def kept(wanted: Order, off: str = "0", tax: str = "0") -> Order:
    return replace(wanted, total=wanted.total + Decimal(off), tax=Decimal(tax))


def test_an_exact_total_is_left_alone_however_often_it_was_tried() -> None:
    for tries in (0, 1, 2):
        assert corrected(sent(), kept(sent()), tries) == sent()


def test_cents_that_are_missing_come_back_as_a_line_first_and_within_the_lines_then() -> None:
    for off in ("-0.01", "-0.03"):
        wanted = sent()
        once = corrected(wanted, kept(wanted, off), 0)
        assert once.lines == (*wanted.lines, free_form(ROUNDING, -Decimal(off)))
        assert corrected(wanted, kept(wanted, off), 1) == net(wanted)


def test_cents_too_many_go_into_the_lines_at_once() -> None:
    assert corrected(sent(), kept(sent(), "0.01"), 0) == net(sent())


@pytest.mark.parametrize("off", ["-0.04", "0.04", "-5"])
def test_more_than_a_cent_for_each_piece_is_not_hidden(off: str) -> None:
    assert corrected(sent(), kept(sent(), off), 0) == sent()
    assert corrected(sent(), kept(sent(), off), 1) == sent()


def test_without_a_discount_nothing_was_spread_so_nothing_is_corrected() -> None:
    assert corrected(sent("0"), kept(sent("0"), "-0.01"), 0) == sent("0")


def taxed(tax: str = "2", discount: str = "1") -> Order:
    return sent(discount, free_form(TAX, Decimal(tax)))


@pytest.mark.parametrize(
    ("theirs", "left"),
    [("0", "2"), ("2", None), ("0.5", "1.5"), ("2.01", "2"), ("-1", "2")],
)
def test_a_tax_that_shop_script_adds_by_itself_is_taken_off_our_line(theirs: str, left: str | None) -> None:
    found = corrected(taxed(), kept(taxed(), theirs if theirs != "0" else "0", theirs), 0)
    prices = [str(item.price) for item in found.lines if item.name == TAX]
    assert prices == ([left] if left else [])
    assert [item.sku for item in found.lines if item.sku] == ["MUG", "CUP"]


def test_the_tax_line_stays_where_the_discount_would_be_more_than_the_lines_without_it() -> None:
    for discount, stays in (("23", False), ("23.01", True), ("25", True)):
        wanted = taxed("2", discount)
        found = corrected(wanted, kept(wanted, "2", "2"), 0)
        assert any(item.name == TAX for item in found.lines) is stays


def test_the_first_try_after_a_tax_was_taken_off_is_spent_on_that_alone() -> None:
    """Only then is it known what the spreading of the discount did."""
    wanted = taxed()
    less = corrected(wanted, kept(wanted, "1.99", "2"), 0)
    assert less.lines == wanted.lines[:2]
    first = corrected(wanted, kept(wanted, "-0.01", "2"), 1)
    assert first.lines == (*wanted.lines[:2], free_form(ROUNDING, Decimal("0.01")))
    assert corrected(wanted, kept(wanted, "-0.01", "2"), 2) == net(less)
