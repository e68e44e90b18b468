"""The traps of CS-Cart's lists, and what they may cost, met by the real client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import islice

import pytest
from storesync.domain import prints
from storesync.domain.exchange import ProductWrite
from storesync.domain.model import Group
from storesync.domain.orders import Customer
from storesync.errors import FilterIgnored

from tests.contract.cscart_shop import Shop, opened, product, variant


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


@pytest.fixture(scope="module")
def large() -> Iterator[Shop]:
    with opened() as found:
        found.sandbox.seed(1000, 0, 7)
        yield found


def test_a_quiet_product_pull_is_one_call_and_tells_the_clock(large: Shop) -> None:
    large.calls()
    pages = list(large.store().changed(large.clock.date() - timedelta(seconds=300)))
    assert ([len(page.items) for page in pages], large.calls()) == ([0], 1)
    assert pages[0].now is not None
    assert abs((pages[0].now - large.clock.date()).total_seconds()) < 2


def test_a_quiet_order_pull_is_one_call_and_tells_the_clock(large: Shop) -> None:
    large.calls()
    pages = list(large.store().changed_orders(large.clock.date() - timedelta(seconds=300)))
    assert ([len(page.items) for page in pages], large.calls()) == ([0], 1)
    assert pages[0].now is not None


def test_a_scan_is_a_call_for_each_250_products(large: Shop) -> None:
    large.calls()
    rows = [record.id for page in large.store().scan() for record in page.items]
    assert (rows, large.calls()) == ([str(number) for number in range(1, 1001)], 4)


def test_a_scan_goes_on_behind_the_row_it_had_reached(large: Shop) -> None:
    store = large.store()
    first = next(store.scan())
    rest = [record.id for page in store.scan(first.position) for record in page.items]
    assert rest == [str(number) for number in range(len(first.items) + 1, 1001)]


def test_a_scan_that_is_shifted_misses_nothing(shop: Shop) -> None:
    shop.sandbox.seed(700, 0, 3)
    pages = shop.store().scan()
    seen = {record.id for page in islice(pages, 1) for record in page.items}
    for number in range(1, 200):
        shop.ask("DELETE", f"products/{number}")
    seen |= {record.id for page in pages for record in page.items}
    assert seen == {str(number) for number in range(1, 701)}


def test_a_hundred_products_are_one_call_and_two_more_for_the_groups_among_them(large: Shop) -> None:
    rows = large.get("products", items_per_page=0, sort_by="null")["products"]
    alone = [row["product_id"] for row in rows if not row["variation_group_id"]][:100]
    mixed = [row["product_id"] for row in rows][300:400]
    store = large.store()
    large.calls()
    assert (len(store.products(alone)), large.calls()) == (100, 1)
    found = store.products(mixed)
    assert large.calls() == 3
    assert {item.id for one in found for item in one.variants} >= set(mixed)
    assert all(len(one.variants) > 1 for one in found if any(row["parent_product_id"] == one.id for row in rows))


def test_a_list_row_tells_as_much_as_the_whole_product(large: Shop) -> None:
    """Prints of a scan and of a whole product are the same, texts and images among them, so nothing is read twice."""
    store = large.store()
    scanned = {record.id: record.prints for record in next(store.scan()).items}
    whole: dict[str, str] = {}
    for one in store.products(list(scanned)[:100]):
        whole |= {f"{one.id}/{name}": value for name, value in prints.of(one).items() if name in scanned.get(one.id, {})}
    assert len(whole) > 400
    assert not {name for name, value in whole.items() if scanned[name.partition("/")[0]][name.partition("/")[2]] != value}


def test_writes_are_a_put_for_each_changed_row_and_one_reading_for_a_hundred(shop: Shop) -> None:
    shop.sandbox.seed(150, 0, 5)
    store = shop.store()
    rows = shop.get("products", items_per_page=0, sort_by="null")["products"]
    current = store.products([row["product_id"] for row in rows if not row["variation_group_id"]][:100])
    desired = [one.with_variants((replace(one.variants[0], price=Decimal("12.34")),)) for one in current]
    writes = [
        ProductWrite(one, other, frozenset({prints.key(Group.PRICE, one.id)} if number < 30 else ()))
        for number, (one, other) in enumerate(zip(current, desired, strict=True))
    ]
    shop.calls()
    outcomes = store.write(writes)
    assert ({outcome.error for outcome in outcomes}, shop.calls()) == ({None}, 31)


def test_a_look_up_of_fifty_skus_is_one_call(shop: Shop) -> None:
    shop.store().create([product(variant(f"S{number}")) for number in range(50)], {})
    shop.calls()
    assert (len(shop.store().find([f"S{number}" for number in range(50)])), shop.calls()) == (50, 1)


def test_long_skus_are_looked_up_in_addresses_that_a_web_server_takes(shop: Shop) -> None:
    skus = [f"{number:02d}" + "Щ" * 62 for number in range(40)]
    shop.store().create([product(variant(sku)) for sku in skus], {})
    shop.calls()
    assert len(shop.store().find(skus)) == 40
    assert shop.calls() == 4


@pytest.mark.parametrize("ahead", [-600, 600])
def test_fault_54_a_server_whose_clock_is_off_misses_nothing(shop: Shop, ahead: int) -> None:
    shop.clock.now += ahead
    found = shop.product()
    shop.clock.now += 20
    pages = list(shop.store().changed(shop.clock.date() - timedelta(seconds=60)))
    assert [record.id for page in pages for record in page.items] == [found]


def test_fault_53_many_rows_of_one_second_are_all_read(shop: Shop) -> None:
    shop.sandbox.seed(800, 0, 3)
    shop.sandbox.execute("UPDATE products SET updated_timestamp=?", shop.sandbox.shop.time)
    pages = list(shop.store().changed(shop.clock.date() - timedelta(seconds=30)))
    assert len({record.id for page in pages for record in page.items}) == 800


def test_fault_55_a_row_that_is_saved_while_paging_hides_no_other(shop: Shop) -> None:
    shop.sandbox.seed(700, 0, 3)
    shop.sandbox.execute("UPDATE products SET updated_timestamp=?-700+product_id", shop.sandbox.shop.time)
    shop.clock.now += 60
    pages = shop.store().changed(shop.clock.date() - timedelta(seconds=3600))
    seen = {record.id for page in islice(pages, 1) for record in page.items}
    for number in range(1, 150):
        shop.put(f"products/{number}", amount=3)
    seen |= {record.id for page in pages for record in page.items}
    assert seen == {str(number) for number in range(1, 701)}


def test_fault_15_c15_a_filter_of_time_that_is_ignored_is_noticed_before_a_row_is_handed_out(large: Shop) -> None:
    large.sandbox.odd.ignored = {"updated_in_hours"}
    try:
        with pytest.raises(FilterIgnored):
            next(large.store().changed(large.clock.date() - timedelta(seconds=300)))
    finally:
        large.sandbox.odd.ignored = set()


def test_fault_20_c24_lists_that_repeat_their_last_page_come_to_an_end(shop: Shop) -> None:
    for number in range(120):
        shop.ask("POST", "users", json={"email": f"u{number}@b.example", "user_type": "C", "company_id": 1, "phone": "5"})
    for number in range(260):
        shop.ask("POST", "categories", json={"category": f"C{number}", "company_id": 1})
    store = shop.store()
    shop.calls()
    assert len(store.find_customer(Customer(phone="5"))) == 120
    assert shop.calls() == 3
    assert len({category.id for category in store.categories()}) == 262
    assert shop.calls() == 2


def test_c25_and_c26_customers_are_asked_for_by_type_and_compared(shop: Shop) -> None:
    shop.ask("POST", "users", json={"email": "x.a@b.example", "user_type": "C", "company_id": 1})
    assert shop.store().find_customer(Customer(email="a@b.example")) == []


def test_c41_no_list_is_asked_for_everything_at_once(large: Shop) -> None:
    large.exchanges.clear()
    store = large.store()
    list(store.scan())
    store.info()
    store.categories()
    store.find(["A"])
    assert large.exchanges
    assert not [exchange.path for exchange in large.exchanges if "items_per_page=0" in exchange.path]


def test_many_changed_orders_are_read_to_the_end(shop: Shop) -> None:
    item = shop.product(amount=10_000)
    placed = {shop.placed(item) for _ in range(45)}
    pages = list(shop.store().changed_orders(shop.clock.date() - timedelta(seconds=60)))
    assert {head.id for page in pages for head in page.items} == placed


def test_few_changed_orders_tell_when_they_were_edited_in_one_call(shop: Shop) -> None:
    shop.placed(shop.product())
    shop.calls()
    heads = [head for page in shop.store().changed_orders(shop.clock.date() - timedelta(seconds=60)) for head in page.items]
    assert ([head.stamp for head in heads], shop.calls()) == ([shop.clock.date()], 1)
