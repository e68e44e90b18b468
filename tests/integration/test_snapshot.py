"""A snapshot of both shops fills sandboxes that read the same, and in which the sync plans the same; nobody in it can be recognised."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from storesync.cscart import store as cscart_store
from storesync.domain import prints
from storesync.domain.model import StoreName
from storesync.domain.order_comparison import body_print
from storesync.sync import snapshot
from storesync.sync.budget import Budget
from storesync.sync.order_plans import of_order
from storesync.sync.ports import World
from storesync.webasyst import store as webasyst_store

from tests.fakes.state import MemoryState
from tests.integration.order_scene import BUYER, Generator, Shops, open_shops
from tests.integration.test_proof import Drawer
from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.cscart import loading as cscart_loading
from tests.sandbox.httpd import Server
from tests.sandbox.script.snapshots import BadSnapshot, Loaded, read
from tests.sandbox.webasyst import WebasystSandbox
from tests.sandbox.webasyst import loading as webasyst_loading


@pytest.fixture(scope="module")
def shops() -> Iterator[Shops]:
    """Goods of both shops, some of them linked, and orders that were mirrored; then somebody edits some of it."""
    opened = open_shops()
    shops = next(opened)
    for number in range(4):
        shops.product(price=f"{20 + number}.50", amount=50 + number, full_description=f"<p>Lamp {number}</p>")
    shops.theirs.add(
        "Only here", [{"sku": "W-1", "name": "S", "price": "9.9", "count": 3}, {"sku": "W-2", "name": "M", "price": "10.9", "count": 4}]
    )
    shops.sync_products(StoreName.CSCART, *shops.goods[:3])
    generator = Generator(shops, Random(5))
    shops.goods[:] = shops.goods[:3]
    placed = [generator.order() for _ in range(8)]
    for order_id in placed[:6]:
        shops.hint(StoreName.CSCART, order_id)
    shops.ours.edit(shops.goods[0], price="77.10")
    shops.ours.set_status(placed[0], "C")
    yield shops
    opened.close()


@pytest.fixture(scope="module")
def file(shops: Shops, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("snapshot") / "shops.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(snapshot.whole(shops.world))
    return path


@pytest.fixture(scope="module")
def copy(shops: Shops, file: Path) -> Iterator[World]:
    """Other sandboxes, filled from the file."""
    loaded = read(file)
    cscart, webasyst = CsCartSandbox(currency=loaded.info(StoreName.CSCART)["currency"] or "RUB"), WebasystSandbox(stocks=0)
    cscart_loading.fill(cscart.shop, loaded.shop(StoreName.CSCART))
    webasyst_loading.fill(webasyst.shop, loaded.shop(StoreName.WEBASYST))
    with Server(cscart.app) as first, Server(webasyst.app) as second:
        here = shops.world.connection
        ours = replace(here.cscart, url=first.url + "/", email=cscart.email)
        connection = loaded.connection(replace(here, cscart=ours, webasyst=replace(here.webasyst, url=second.url + "/")))
        stores: dict[StoreName, Any] = {
            StoreName.CSCART: cscart_store.connect(connection.cscart, cscart.key, allow_private=True),
            StoreName.WEBASYST: webasyst_store.connect(connection.webasyst, webasyst.issue_token(), allow_private=True),
        }
        state = MemoryState()
        loaded.remember(state.links())
        yield replace(
            shops.world, connection=connection, stores=stores, links=state.links(), streams=state.streams(), journal=state.journal()
        )


def products(world: World, store: StoreName) -> dict[str, Any]:
    ids = [record.product_id for page in world.store(store).scan() for record in page.items]
    return {item.id: prints.of(replace(item, images=())) for item in world.store(store).products(ids)}


def orders(world: World, store: StoreName) -> dict[str, Any]:
    since = world.clock.now().replace(year=2020)
    ids = [head.id for page in world.store(store).changed_orders(since) for head in page.items]
    return {order.id: order for order in world.store(store).orders(ids)}


@pytest.mark.parametrize("store", StoreName)
def test_a_filled_sandbox_shows_the_same_goods(shops: Shops, copy: World, store: StoreName) -> None:
    assert products(copy, store) == products(shops.world, store)
    assert products(copy, store)


@pytest.mark.parametrize("store", StoreName)
def test_a_filled_sandbox_shows_the_same_orders_of_other_people(shops: Shops, copy: World, store: StoreName) -> None:
    real, again = orders(shops.world, store), orders(copy, store)
    assert real.keys() == again.keys()
    for key, order in real.items():
        facts = [
            (one.status, one.total, one.shipping, one.discount, one.surcharge, one.tax, one.marker, one.payment_id)
            for one in (order, again[key])
        ]
        assert facts[0] == facts[1], key
        assert [(line.sku, line.price, line.quantity) for line in order.lines] == [
            (line.sku, line.price, line.quantity) for line in again[key].lines
        ]
        assert order.customer.email not in (again[key].customer.email, "") or not order.customer.email


def test_what_was_agreed_is_agreed_and_what_moved_is_planned_alike(shops: Shops, copy: World) -> None:
    moved = []
    for world in (shops.world, copy):
        rows = {row.id: row for row in world.links.range(StoreName.CSCART, "", "")}
        assert rows
        now = products(world, StoreName.CSCART)
        changed = {
            (row.id, name)
            for row in rows.values()
            for name, kept in row.prints.items()
            if now[row.product_id].get(name) not in (kept, None)
        }
        plans = [of_order(world, StoreName.CSCART, order) for order in orders(world, StoreName.CSCART).values()]
        moved.append(
            (
                {item for item in changed if item[1] != "media"},
                [[(one.action, one.group, one.rule, one.new) for one in plan] for plan in plans],
            )
        )
    assert moved[0] == moved[1]
    assert moved[0][0]
    assert any(moved[0][1])


def test_linked_orders_that_were_quiet_are_quiet(copy: World) -> None:
    links = list(copy.links.orders_of(StoreName.CSCART))
    found = {store: orders(copy, store) for store in StoreName}
    assert len(links) >= 6
    quiet = [
        link for link in links if all(link.print_in(store) == body_print(found[store][link.id_in(store)], store) for store in StoreName)
    ]
    assert quiet == links


def test_nobody_and_no_secret_is_in_the_file(shops: Shops, file: Path) -> None:
    text = gzip.decompress(file.read_bytes()).decode()
    for hidden in (
        "Anna",
        "Smirnova",
        "Анна",
        "Смирнова",
        "example.com",
        "900 000",
        "Ленина",
        shops.cscart.key,
        shops.cscart.email,
        "127.0.0.1",
    ):
        assert hidden.casefold() not in text.casefold(), hidden
    assert BUYER["s_country"] in text


def test_one_person_is_one_stand_in_and_no_two_snapshots_name_him_alike(shops: Shops, file: Path) -> None:
    loaded = read(file)
    mails: dict[str, set[str]] = {}
    for store in StoreName:
        for order in loaded.of("order", store):
            real = next(iter(shops.world.store(store).orders([order["id"]])))
            mails.setdefault(real.customer.email_key, set()).add(order["customer"]["email"])
    assert all(len(found) == 1 for found in mails.values())
    assert len({next(iter(found)) for found in mails.values()}) == len(mails)
    again = [json.loads(line) for line in snapshot.whole(shops.world)]
    assert {one["data"]["customer"]["email"] for one in again if one["kind"] == "order"}.isdisjoint(set().union(*mails.values()))


def test_the_worker_makes_it_in_many_messages(shops: Shops, tmp_path: Path) -> None:
    sheets, world = Drawer(), shops.world
    counts = snapshot.Snapshot(world, sheets, Budget(world.clock, 0.0)).run()
    while "continued" in counts:
        counts = snapshot.Snapshot(world, sheets, Budget(world.clock, 0.0)).run(sheets.get("snapshot")["id"])
    path = tmp_path / "whole.jsonl.gz"
    path.write_bytes(snapshot.packed(sheets))
    whole = Loaded(tuple(json.loads(line) for line in snapshot.whole(world)))
    kinds = [[(one["kind"], one.get("store")) for one in found.documents] for found in (read(path), whole)]
    assert kinds[0] == kinds[1]
    assert "key" not in sheets.get("snapshot") or not sheets.get("snapshot")["key"]
    shops.state.queue.waiting.clear()


def test_a_file_that_is_cut_off_is_refused(file: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.gz"
    part.write_bytes(file.read_bytes()[:-200])
    with pytest.raises(BadSnapshot):
        read(part)
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    part.write_bytes(gzip.compress(b"".join(lines[:-1])))
    with pytest.raises(BadSnapshot):
        read(part)
    assert Decimal(len(lines)) == read(file).documents[-1]["data"]["documents"] + 1
