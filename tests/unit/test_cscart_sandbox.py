"""The sandbox shop itself: goods made on demand are the same before and after they are stored, and after a new start."""

from __future__ import annotations

import base64
import json
import sqlite3
import time
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.cscart import CsCartSandbox, schema, seeded
from tests.sandbox.faults import Request
from tests.sandbox.httpd import Response


def listed(shop: CsCartSandbox, query: str = "sort_by=null&items_per_page=0", path: str = "products") -> list[dict[str, Any]]:
    headers = Message()
    headers["Authorization"] = "Basic " + base64.b64encode(f"{shop.email}:{shop.key}".encode()).decode()
    headers["Host"] = "shop.example"
    answer: Response = shop.app(Request("GET", f"/api/{path}", query, headers))
    assert answer.status == 200
    return list(json.loads(answer.body)["products"])


QUERY = "sort_by=null&items_per_page=0&extend[]=description&extend[]=full_description&extend[]=meta_data&extend[]=page_title&lang_code=en"


def test_goods_are_the_same_before_and_after_they_are_stored() -> None:
    shop = CsCartSandbox()
    shop.seed(120, 0, 4)
    before = listed(shop, QUERY)
    assert shop.execute("SELECT count(*) AS n FROM product_descriptions") == [{"n": 0}]
    seeded.store_all(shop.shop)
    assert shop.execute("SELECT count(*) AS n FROM product_descriptions") == [{"n": 240}]
    assert listed(shop, QUERY) == before


def test_the_same_seed_makes_the_same_shop_and_another_makes_another() -> None:
    shops = [CsCartSandbox(now=lambda: 1_800_000_000.0) for _ in range(3)]
    for shop, number in zip(shops, (1, 1, 2), strict=True):
        shop.seed(50, 5, number)
    first, again, other = (listed(shop, QUERY) for shop in shops)
    assert first == again
    assert first != other


def test_pictures_that_are_not_stored_are_served_and_no_others() -> None:
    shop = CsCartSandbox(public_url="http://shop.example")
    shop.seed(40, 0, 1)
    urls = [row["main_pair"]["detailed"]["image_path"] for row in listed(shop) if row["main_pair"]]
    assert len(urls) > 10
    bodies = {shop.app(Request("GET", url.removeprefix("http://shop.example"))).body for url in urls}
    assert len(bodies) == len(urls)
    assert shop.app(Request("GET", "/images/detailed/0/product_999999.png")).status == 404


def test_a_shop_is_kept_between_starts(tmp_path: Path) -> None:
    path = str(tmp_path / "shop.sqlite")
    shop = CsCartSandbox(path)
    shop.seed(30, 3, 1)
    before = listed(shop, QUERY)
    shop.close()
    again = CsCartSandbox(path)
    assert listed(again, QUERY) == before
    again.seed(10, 0, 2)
    assert len(listed(again)) == 40


def test_a_shop_of_an_earlier_version_opens(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite"
    db = sqlite3.connect(path)
    schema.create(db)
    db.executescript("DROP INDEX products_seeded; ALTER TABLE products DROP COLUMN seeded;")
    db.close()
    assert listed(CsCartSandbox(str(path))) == []


def test_a_hundred_thousand_goods_are_there_at_once_and_their_last_page_costs_no_more_than_the_first() -> None:
    shop = CsCartSandbox()
    shop.seed(100_000, 0, 1)
    shop.execute("SELECT 1")
    page = "sort_by=null&items_per_page=250&page="
    listed(shop, page + "1")
    took = []
    for number in ("2", "400"):
        began = time.perf_counter()
        assert len(listed(shop, page + number)) == 250
        took.append(time.perf_counter() - began)
    assert took[1] < 5 * took[0] + 0.05


@pytest.mark.parametrize("number", [seeded.packed(1, 0, 0), seeded.packed(123_456, 7, 5, 4)])
def test_a_seed_number_is_not_what_stands_for_stored(number: int) -> None:
    assert number > 0
    assert seeded.code(number)
