"""The traps of CS-Cart's orders, each met by the real client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from storesync.domain.orders import Customer, Line, Order
from storesync.errors import FilterIgnored, NotFound, Rejected, TotalsDiffer, UnmappedStatus, UnsupportedValue

from tests.contract.cscart_shop import BUYER, Shop, opened, order

MARK = "main:webasyst:7"


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


def heads(shop: Shop, seconds: int = 60, **settings: str) -> list[str]:
    pages = shop.store(**settings).changed_orders(shop.clock.date() - timedelta(seconds=seconds))
    return [head.id for page in pages for head in page.items]


@pytest.mark.parametrize("fault", ["lose_answer", "lose_answer_500"])
@pytest.mark.parametrize("buyer", [Customer(email="a@b.example"), Customer(phone="+7 900 111-22-33"), Customer(firstname="Anna")])
def test_c14_an_order_whose_answer_was_lost_is_found_by_our_mark(shop: Shop, fault: str, buyer: Customer) -> None:
    product = shop.product()
    wanted = order((product, "100", 1), customer=buyer)
    shop.placed(product)
    shop.fault(fault, "POST .*orders")
    made = shop.store().create_order(wanted, MARK, suppress_stock=False)
    assert made.marker == MARK
    assert len(shop.get("orders")["orders"]) == 2


def test_c14_the_mark_is_found_behind_many_orders_of_the_same_buyer(shop: Shop) -> None:
    product = shop.product(amount=1000)
    made = shop.store().create_order(order((product, "100", 1)), MARK, suppress_stock=False)
    for _ in range(45):
        shop.placed(product, user_data={**BUYER, "email": "anna@b.example"})
    assert [found.id for found in shop.store().find_order(MARK, order((product, "100", 1)))] == [made.id]
    assert shop.store().find_order(MARK + "0", order((product, "100", 1))) == []


def test_c15_a_window_that_is_ignored_is_noticed_before_an_order_is_handed_out(shop: Shop) -> None:
    shop.placed(shop.product())
    shop.clock.now += 7200
    assert heads(shop) == []
    shop.sandbox.odd.ignored = {"updated_at_from"}
    with pytest.raises(FilterIgnored):
        heads(shop)


def test_c17_and_c31_letters_are_what_this_shop_says(shop: Shop) -> None:
    shop.ask("POST", "statuses", json={"description": "Custom"})
    found = {status.id: status.name for status in shop.store().info().statuses}
    assert (found["I"], found["A"], "N" in found) == ("Аннулирован", "Custom", False)


def test_fault_21_c18_a_status_is_read_again_whatever_the_answer_said(shop: Shop) -> None:
    product = shop.product(amount=1)
    store = shop.store()
    found = store.orders([shop.placed(product)])[0]
    assert store.set_status(found, "P").status == "P"
    store.set_status(found, "I")
    shop.put(f"products/{product}", amount=0)
    assert store.set_status(found, "P").status == "B"
    with pytest.raises(UnmappedStatus):
        store.set_status(found, "Z")


def test_c18_a_letter_of_the_shops_own_is_looked_up_once(shop: Shop) -> None:
    shop.ask("POST", "statuses", json={"description": "Custom"})
    store = shop.store()
    found = store.orders([shop.placed(shop.product())])[0]
    shop.calls()
    assert [store.set_status(found, letter).status for letter in ("A", "Y")] == ["A", "Y"]
    assert shop.calls() == 5


def test_fault_22_c18b_and_c19_a_status_goes_alone(shop: Shop) -> None:
    product = shop.product()
    store = shop.store()
    found = store.orders([shop.placed(product)])[0]
    shop.put(f"products/{product}", price=150)
    shop.pushed.clear()
    assert store.set_status(found, "P").total == found.total
    moves = [(event["data"]["status_from"], event["data"]["status_to"]) for event in shop.pushed if event["type"] == "order.status"]
    assert moves == [("O", "P")]


def test_fault_22_c19_an_edit_keeps_prices_ids_stock_and_status(shop: Shop) -> None:
    first, second = shop.product(product_code="A"), shop.product(product_code="B")
    store = shop.store()
    found = store.set_status(store.orders([shop.placed(first, second)])[0], "P")
    for item in (first, second):
        shop.put(f"products/{item}", price=999)
    lines = (replace(found.lines[0], quantity=3), found.lines[1])
    wanted = replace(found, lines=lines, discount=Decimal("25.50"), comment="Call first 😀")
    wanted = replace(wanted, total=wanted.expected_total)
    kept = store.update_order(found, wanted, suppress_stock=False)
    assert (kept.total, kept.discount, kept.status, kept.comment) == (wanted.total, Decimal("25.50"), "P", "Call first ?")
    assert [(line.id, line.price, line.quantity) for line in kept.lines] == [(line.id, line.price, line.quantity) for line in lines]
    assert {shop.amount(first), shop.amount(second)} == {"7", "9"}


def test_c19_an_edit_that_ends_in_another_total_is_taken_back(shop: Shop) -> None:
    """The order's payment got dearer meanwhile: the shop adds that to whatever it rewrites."""
    store = shop.store()
    found = store.orders([shop.placed(shop.product())])[0]
    shop.sandbox.execute("UPDATE payments SET a_surcharge='5.000' WHERE payment_id=1")
    wanted = replace(found, lines=(replace(found.lines[0], quantity=2),), total=found.total + 100)
    with pytest.raises(TotalsDiffer):
        store.update_order(found, wanted, suppress_stock=False)
    after = store.orders([found.id])[0]
    assert (after.lines, after.status) == (found.lines, found.status)


def test_c19_an_edit_of_the_shipping_cost_is_not_sent(shop: Shop) -> None:
    store = shop.store()
    found = store.orders([shop.placed(shop.product())])[0]
    shop.pushed.clear()
    with pytest.raises(TotalsDiffer):
        store.update_order(found, replace(found, shipping=Decimal(1), total=found.subtotal + 1), suppress_stock=False)
    assert shop.pushed == []


def test_c19_an_edit_that_does_not_add_up_is_not_sent(shop: Shop) -> None:
    store = shop.store()
    found = store.orders([shop.placed(shop.product())])[0]
    shop.calls()
    with pytest.raises(TotalsDiffer):
        store.update_order(found, replace(found, total=found.total + 1), suppress_stock=False)
    assert shop.calls() == 0


def test_fault_23_c20_no_line_is_lost_and_one_product_may_stand_twice(shop: Shop) -> None:
    first, second = shop.product(product_code="A"), shop.product(product_code="B")
    wanted = order((first, "100", 2), (second, "100", 1), (first, "90", 1))
    made = shop.store().create_order(wanted, MARK, suppress_stock=False)
    assert sorted((line.product_id, line.price, line.quantity) for line in made.lines) == sorted(
        (line.product_id, line.price, line.quantity) for line in wanted.lines
    )
    assert made.total == wanted.total


def test_fault_23_c21_prices_are_those_of_the_order_not_of_the_catalogue(shop: Shop) -> None:
    product = shop.product(price="150")
    shop.promote(product)
    wanted = order((product, "77.77", 3), discount=Decimal("10.01"), comment="At noon")
    made = shop.store().create_order(wanted, MARK, suppress_stock=False)
    assert (made.total, made.discount, made.comment, made.marker) == (wanted.total, Decimal("10.01"), "At noon", MARK)


def test_c21_a_shipping_cost_of_its_own_is_kept_where_the_prices_are_the_catalogues(shop: Shop) -> None:
    wanted = order((shop.product(), "100", 2), shipping=Decimal(99), discount=Decimal("0.01"))
    shop.calls()
    store = shop.store()
    made = store.create_order(wanted, MARK, suppress_stock=False)
    assert shop.calls() == 1
    assert (made.total, made.shipping, made.discount) == (Decimal("298.99"), Decimal(99), Decimal("0.01"))
    assert store.orders([made.id]) == [made]


def test_c21_a_total_that_cannot_be_had_is_returned_as_it_is(shop: Shop) -> None:
    """The caller sets such an order aside, with both amounts; it is linked, so it is never made twice."""
    wanted = order((shop.product(), "90", 1), shipping=Decimal(99))
    made = shop.store().create_order(wanted, MARK, suppress_stock=False)
    assert (made.total, made.expected_total, wanted.total) == (Decimal(440), Decimal(440), Decimal(189))


def free_line(wanted: Order) -> Order:
    return replace(wanted, lines=(*wanted.lines, Line("", "", "", "", "Gift wrap", Decimal(50), 1)))


@pytest.mark.parametrize("spoil", [free_line, lambda it: replace(it, lines=()), lambda it: replace(it, lines=(replace(it.lines[0], quantity=Decimal("1.5")),))])  # fmt: skip
def test_a_line_that_the_shop_cannot_hold_keeps_the_order_back(shop: Shop, spoil: object) -> None:
    assert callable(spoil)
    with pytest.raises(UnsupportedValue):
        shop.store().create_order(spoil(order((shop.product(), "100", 1))), MARK, suppress_stock=False)
    assert shop.get("orders")["orders"] == []


def test_c22_an_order_is_made_under_its_storefront(shop: Shop) -> None:
    made = shop.store().create_order(order((shop.product(), "100", 1)), MARK, suppress_stock=False)
    assert made.company_id == "1"
    with pytest.raises(Rejected):
        shop.store(company_id="").create_order(order((shop.product(), "100", 1)), MARK, suppress_stock=False)


def test_fault_23_c23_a_shipping_that_does_not_reach_is_said(shop: Shop) -> None:
    wanted = order((shop.product(), "100", 1))
    abroad = replace(wanted.shipping_address, country="US")
    with pytest.raises(UnsupportedValue, match="status=403"):
        shop.store().create_order(replace(wanted, billing_address=abroad, shipping_address=abroad), MARK, suppress_stock=False)


def test_c35_lines_are_in_the_order_of_their_ids(shop: Shop) -> None:
    placed = str(shop.sandbox.checkout([(shop.product(), 1), (shop.product(), 2)], BUYER))
    assert shop.store().orders([placed]) == shop.store().orders([placed])


def test_c36_amounts_are_in_the_currency_that_the_owner_named(shop: Shop) -> None:
    placed = shop.placed(shop.product())
    assert shop.store(currency="EUR").orders([placed])[0].currency == "EUR"


def test_c37_cards_and_addresses_stay_out_of_the_request_log(shop: Shop) -> None:
    placed = str(shop.sandbox.checkout({shop.product(): 1}, {**BUYER, "s_address": "Secret lane 5", "phone": "+7 900 555"}))
    assert shop.store().orders([placed])[0].customer.phone == "+7 900 555"
    logged = "".join(exchange.received + exchange.sent + exchange.path for exchange in shop.exchanges)
    assert logged
    assert not [word for word in ("4111", "123.", "Secret lane", "900 555", "a@b.example", "203.0.113") if word in logged]


def test_fault_50_c38_an_order_that_is_being_edited_is_not_taken_for_deleted(shop: Shop) -> None:
    placed = shop.placed(shop.product())
    shop.sandbox.execute("UPDATE orders SET status='N'")
    assert [found.incomplete for found in shop.store().orders([placed])] == [True]


def test_c38_an_order_that_stays_unfinished_after_our_edit_gets_its_status_back(shop: Shop) -> None:
    store = shop.store()
    found = store.orders([shop.placed(shop.product())])[0]
    shop.sandbox.odd.stuck = True
    wanted = replace(found, lines=(replace(found.lines[0], quantity=2),), total=found.total + found.lines[0].price)
    assert store.update_order(found, wanted, suppress_stock=False).status == "O"
    shop.sandbox.execute("UPDATE orders SET status='N'")
    shop.fault("status", "PUT .*orders", times=1, status=400)
    with pytest.raises(Rejected):
        store.update_order(found, wanted, suppress_stock=False)
    assert shop.get(f"orders/{found.id}")["status"] == "O"


def test_c40_a_deleted_order_is_left_out(shop: Shop) -> None:
    placed = [shop.placed(shop.product()) for _ in range(2)]
    shop.ask("DELETE", f"orders/{placed[0]}")
    assert [found.id for found in shop.store().orders(placed)] == placed[1:]


def test_c42_a_guest_is_nobodys_account(shop: Shop) -> None:
    assert shop.store().orders([shop.placed(shop.product())])[0].customer.id == ""


@pytest.mark.parametrize(("filled", "wanted"), [(("", "s_", "b_"), "main"), (("s_", "b_"), "s_"), (("b_",), "b_")])
def test_c43_name_and_phone_come_from_the_first_set_that_has_them(shop: Shop, filled: tuple[str, ...], wanted: str) -> None:
    people = {"email": "a@b.example", "s_country": "RU"}
    for prefix in filled:
        people |= {f"{prefix}firstname": prefix or "main", f"{prefix}phone": prefix or "main"}
    placed = str(shop.sandbox.checkout({shop.product(): 1}, people))
    found = shop.store().orders([placed])[0].customer
    assert (found.firstname, found.phone) == (wanted, wanted)


def test_an_order_shows_every_part_of_its_total(shop: Shop) -> None:
    """Tax on top, a surcharge, an order discount and a shipping method: the identity holds to the cent."""
    taxed = shop.product(product_code="T", price="33.33", tax_ids=[2])
    plain = shop.product(product_code="P", price="10", tax_ids=[1])
    placed = str(shop.sandbox.checkout([(taxed, 3), (plain, 1)], BUYER, payment_id=3, discount="7.77"))
    found = shop.store().orders([placed])[0]
    assert (found.tax, found.discount, found.shipping_name) == (Decimal("7.50"), Decimal("7.77"), "Курьер по России")
    assert found.surcharge > 0
    assert found.total == found.expected_total


def test_fault_33_options_are_told_in_the_name_of_the_line(shop: Shop) -> None:
    placed = shop.placed(shop.product())
    chosen = '{"product_options_value": [{"option_name": "Colour", "variant_name": "Red"}, {"option_name": "Size", "variant_name": "M"}]}'
    shop.sandbox.execute("UPDATE order_details SET extra=?", chosen)
    assert shop.store().orders([placed])[0].lines[0].name == "Lamp (Colour: Red, Size: M)"


def test_a_buyer_is_found_by_e_mail_in_any_case_and_by_phone(shop: Shop) -> None:
    person = {"email": "Buyer@B.example", "user_type": "C", "company_id": 1, "phone": "+7 (900) 1"}
    made = str(shop.ask("POST", "users", json=person).json()["user_id"])
    shop.ask("POST", "users", json={**person, "email": "x.buyer@b.example", "phone": "+7 (900) 12"})
    store = shop.store()
    assert [found.id for found in store.find_customer(Customer(email="buyer@b.EXAMPLE"))] == [made]
    assert [found.id for found in store.find_customer(Customer(phone="+7 (900) 1"))] == [made]
    assert store.find_customer(Customer(firstname="Anna")) == []


def test_an_order_that_was_never_there_is_left_out_not_an_error(shop: Shop) -> None:
    assert shop.store().orders(["999"]) == []
    with pytest.raises(NotFound):
        shop.store().client.get("orders/999")
