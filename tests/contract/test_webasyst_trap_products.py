"""The traps of Webasyst's catalogue, each met by the real client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from storesync.domain.model import Group
from storesync.errors import FilterIgnored, Forbidden
from storesync.webasyst import products

from tests.contract.webasyst_shop import Shop, made, opened, written

CODES = ('A+B%20&/"к', "q'uo/te#1", "50%+&x|y", "Кириллица/7", "plain-1")


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


def ids(shop: Shop, since: datetime) -> list[str]:
    return [item.id for page in shop.store().changed(since) for item in page.items]


def ignoring(shop: Shop, column: str) -> None:
    """The shop does not know this column, as an older one would not."""
    app = shop.server.app
    shop.server.app = lambda request: app(replace(request, raw_query=request.raw_query.replace(column, "strange")))


@pytest.mark.parametrize("column", ["edit_datetime", "create_datetime"])
def test_fault_15_w12_a_filter_that_is_ignored_is_noticed_before_a_row_is_handed_out(shop: Shop, column: str) -> None:
    made(shop, "A")
    shop.clock.forward(7200)
    ignoring(shop, column)
    with pytest.raises(FilterIgnored):
        ids(shop, shop.now - timedelta(seconds=60))


@pytest.mark.parametrize("code", CODES)
def test_fault_31_w13_signs_in_a_sku_survive_both_decodings(shop: Shop, code: str) -> None:
    for each in CODES:
        shop.product(each)
    found = shop.store().find([code])
    assert [item.variants[0].sku for item in found] == [code]
    assert shop.store().find([code.lower() + "x"]) == []


def test_w15_pages_come_in_ascending_order_of_the_id(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "PAGE", 3)
    shop.shop.seed(10)
    pages = list(shop.store().scan())
    assert [[item.id for item in page.items] for page in pages] == [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"], ["10"]]
    assert [page.position for page in pages][-1] == "10"
    assert [item.id for page in shop.store().scan("9") for item in page.items] == ["10"]


@pytest.mark.parametrize("name", ["Tom &amp; Jerry", "a & b < c > \"d\" 'e'", "&amp;amp;"])
def test_fault_35_w16_a_name_does_not_grow_over_ten_round_trips(shop: Shop, name: str) -> None:
    found = made(shop, "A", name=name)
    for _ in range(10):
        outcome = written(shop, found, found, Group.CONTENT)
        assert outcome.product
        found = outcome.product
    assert found.content.name == name


def test_w25_all_that_carry_a_sku_are_shown(shop: Shop) -> None:
    first, second = made(shop, "DUP"), made(shop, "DUP")
    made(shop, "dup")
    assert {item.id for item in shop.store().find(["DUP"])} == {first.id, second.id}
    assert shop.store().find([""]) == []


def test_fault_52_w26_a_new_product_is_found_though_it_has_no_edit_time(shop: Shop) -> None:
    since = shop.now
    shop.clock.forward(30)
    new = made(shop, "A")
    assert shop.raw(new.id)["edit_datetime"] is None
    assert ids(shop, since) == [new.id]


def test_w27_a_sale_shows_in_a_scan_though_no_stamp_moved(shop: Shop) -> None:
    found = made(shop, "A")
    shop.clock.forward(3600)
    shop.act(shop.order(found.variants[0].id, 2)["id"], "process")
    assert ids(shop, shop.now - timedelta(seconds=60)) == []
    prints = [item.prints for page in shop.store().scan() for item in page.items]
    assert prints[0][f"stock:{found.variants[0].id}"] == "3"


@pytest.mark.parametrize(("zone", "moment"), [
    ("Europe/Moscow", "2026-06-01 12:00"), ("America/New_York", "2026-11-01 05:40"), ("America/New_York", "2026-11-01 06:10"),
    ("Europe/Berlin", "2026-03-29 00:59"), ("Asia/Kathmandu", "2028-02-29 23:50"),
])  # fmt: skip
def test_fault_54_w28_no_change_is_missed_in_any_zone_nor_when_the_clocks_change(zone: str, moment: str) -> None:
    with opened(zone=zone) as shop:
        shop.clock.time = datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()
        page = next(iter(shop.store().changed(shop.now)))
        assert (page.now, page.zone) == (shop.now, zone)
        since = shop.now
        for minutes in (1, 29, 31, 45):
            shop.clock.forward(minutes * 60)
            assert made(shop, f"S{minutes}").id in ids(shop, since)


def test_fault_16_w29_a_missing_right_is_forbidden_not_an_empty_shop(shop: Shop) -> None:
    made(shop, "A")
    shop.order(1)
    with shop.user(backend=1):
        store = shop.store()
        assert any("orders" in problem for problem in store.info().problems)
        with pytest.raises(Forbidden):
            list(store.changed_orders(shop.now - timedelta(days=1)))


def test_a_quiet_pull_is_three_calls_and_a_scan_one_per_page(shop: Shop) -> None:
    shop.shop.seed(30)
    shop.clock.forward(7200)
    assert ids(shop, shop.now - timedelta(seconds=300)) == []
    assert len(shop.asked()) == 3
    assert sum(len(page.items) for page in shop.store().scan()) == 30
    assert len(shop.asked()) == 2


def test_a_page_that_is_too_large_is_asked_for_in_parts(shop: Shop) -> None:
    shop.shop.seed(30)
    shop.fault("empty", "limit=1000", times=9, status=500)
    assert [item.id for page in shop.store().scan() for item in page.items] == [str(number) for number in range(1, 31)]


def test_w17_a_product_whose_last_sku_another_connector_took_is_set_aside_and_not_half_read(shop: Shop) -> None:
    good, robbed = made(shop, "A"), made(shop, "B")
    shop.post("product.update", {f"skus[{robbed.variants[0].id}][sku]": "B", f"skus[{robbed.variants[0].id}][price]": 1}, id=good.id)
    assert shop.get("product.search", hash=f"id/{robbed.id}", fields="skus,stock_counts")["products"][0]["skus"] == []
    (page,) = shop.store().scan()
    assert [item.id for item in page.items] == [good.id]
    assert list(page.unread) == [robbed.id]
