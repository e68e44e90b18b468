"""The traps of CS-Cart's addresses, keys, rights and answers, each met by the real client."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from storesync import bootstrap
from storesync.cscart.hooks import TRIGGERS
from storesync.cscart.store import connect, probed
from storesync.domain.connection import Connection
from storesync.domain.exchange import ProductWrite
from storesync.domain.model import StoreName
from storesync.errors import Forbidden, NotAnApi, NotFound, Redirected, ServerFault, StoreError, Unauthorised, UnsupportedValue

from tests.contract.cscart_shop import Shop, opened, product, variant
from tests.fakes.tables import MemoryTable
from tests.sandbox.httpd import Response, Server

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


def test_c01_only_versions_that_exist_are_asked_for(shop: Shop) -> None:
    shop.sandbox.odd.without_base_price = True
    shop.store().products([shop.product()])
    assert not [exchange.path for exchange in shop.exchanges if "/api/2/" in exchange.path]
    assert {exchange.status for exchange in shop.exchanges} == {200}


def test_c02_bodies_are_announced_as_json(shop: Shop) -> None:
    made = shop.store().create([product()], {})[0]
    assert made.error is None


def test_c03_a_write_without_a_change_is_not_sent(shop: Shop) -> None:
    current = shop.store().products([shop.product()])[0]
    shop.calls()
    assert shop.store().write([ProductWrite(current, current, frozenset())])[0].product == current
    assert shop.calls() == 1


def test_fault_27_c04_strings_lists_for_maps_and_maps_for_lists_are_read(shop: Shop) -> None:
    found = shop.store().products([shop.product(price="49.99")])[0]
    assert (found.variants[0].price, found.variants[0].stock, found.images) == (Decimal("49.99"), 10, ())


def test_both_forms_of_an_address_are_found_out_and_kept() -> None:
    with opened(rewriting=False) as shop:
        assert probed(shop.settings(no_rewrite=None), shop.sandbox.key, allow_private=True).no_rewrite is True
        store = shop.store(no_rewrite=None)
        made = store.create([product()], {})[0].product
        assert made is not None
        assert [item.id for item in store.find(["L-1"])] == [made.id]
    with opened() as shop:
        assert probed(shop.settings(no_rewrite=None), shop.sandbox.key, allow_private=True).no_rewrite is False


def test_the_form_of_the_address_is_kept_with_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as shop:
        found = shop.product()
        shop.sandbox.rewriting = False
        kept = {"main": Connection("main", cscart=shop.settings(no_rewrite=None))}

        def change(name: str, edit: Callable[[Connection], Connection]) -> None:
            kept[name] = edit(kept[name])

        monkeypatch.setattr(bootstrap, "settings", lambda: SimpleNamespace(allow_private_addresses=True))
        monkeypatch.setattr(bootstrap, "secrets", lambda: SimpleNamespace(need=lambda *_: shop.sandbox.key))
        monkeypatch.setattr(bootstrap, "connections", lambda: SimpleNamespace(change=change))
        monkeypatch.setattr(bootstrap, "state_table", MemoryTable)
        asked = []
        for _ in range(2):
            store = bootstrap.LazyStores(kept["main"], SimpleNamespace(note=None))[StoreName.CSCART]  # type: ignore[arg-type]
            assert [product.id for product in store.products([found])] == [found]
            asked.append(shop.server.call_counts()["GET /api/version"])
        assert (kept["main"].cscart.no_rewrite, asked[0]) == (True, asked[1])


def test_both_forms_are_tried_once_however_many_ask_at_the_same_time(shop: Shop) -> None:
    store = shop.store(no_rewrite=None)
    asking = [threading.Thread(target=store.find, args=([f"S{number}"],)) for number in range(6)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert shop.calls() == 7


def test_a_page_in_answer_to_a_probe_is_not_asked_for_again() -> None:
    with opened(rewriting=False) as shop:
        shop.store(no_rewrite=None).find(["A"])
        assert shop.calls() == 3


def test_an_address_without_a_shop_is_said_to_be_one() -> None:
    page = Response(404, b"<html>not found</html>", (("Content-Type", "text/html"),))
    with opened() as shop, Server(lambda request: page) as other, pytest.raises(NotAnApi) as told:
        probed(replace(shop.settings(), url=f"{other.url}/"), shop.sandbox.key, allow_private=True)
    assert "address" in told.value.advice


def test_an_address_that_redirects_is_said_to_do_so(shop: Shop) -> None:
    shop.fault("redirect", ".*", times=None, status=301, location="https://shop.example/api/version")
    with pytest.raises(Redirected):
        probed(shop.settings(), shop.sandbox.key, allow_private=True)


@pytest.mark.parametrize(("key", "status"), [("wrong" * 6, Unauthorised), ("A", Unauthorised)])
def test_c29_a_key_that_is_not_valid_any_more_asks_to_connect_again(shop: Shop, key: str, status: type[StoreError]) -> None:
    with pytest.raises(status) as told:
        next(connect(shop.settings(), key, allow_private=True).scan())
    assert "Connect the shop again" in told.value.advice
    assert key not in str(told.value)


def test_c28_a_page_is_not_an_answer_and_a_notice_before_the_json_is_tried_again(shop: Shop) -> None:
    found = shop.product()
    shop.fault("notice", "GET .*products", times=1)
    assert [item.id for item in shop.store().products([found])] == [found]
    shop.fault("html", "GET .*products", times=None, status=200)
    with pytest.raises(NotAnApi):
        shop.store().products([found])


@pytest.mark.parametrize("kind", ["html", "empty", "garbage", "truncate", "reset", "status"])
def test_c28_a_broken_answer_is_tried_again(shop: Shop, kind: str) -> None:
    found = shop.product()
    shop.fault(kind, "GET .*products", times=1, status=503)
    assert [item.id for item in shop.store().products([found])] == [found]


def test_c28_an_error_page_is_never_kept_as_an_answer(shop: Shop) -> None:
    shop.fault("html", "GET .*products", times=None, status=500)
    with pytest.raises((ServerFault, NotAnApi)):
        shop.store().products(["1"])


def test_c30_missing_rights_are_told_before_anything_is_done() -> None:
    with opened(rights={"view_orders", "edit_order", "view_payments"}) as shop:
        problems = shop.store().info().problems
        assert set(problems) == {f"missing right: {name}" for name in ("statuses", "shippings", "products", "categories", "users")}
        with pytest.raises(Forbidden):
            next(shop.store().scan())


def test_c30_a_status_that_is_not_ours_to_change_is_seen_to_be_unchanged(shop: Shop) -> None:
    placed = shop.store().orders([shop.placed(shop.product())])[0]
    shop.sandbox.rights = frozenset({"view_orders", "edit_order"})
    assert shop.store().set_status(placed, "C").status == "O"


def test_an_unknown_storefront_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        next(shop.store(company_id="77").scan())


def test_a_storefront_and_a_vendor_see_their_own_goods_only() -> None:
    with opened() as shop:
        second = shop.ask("POST", "categories", json={"category": "Two", "company_id": 2}).json()["category_id"]
        ids = [shop.product(product_code="A"), shop.product(product_code="A", company_id=2, category_ids=[second])]
        for company, own in zip(("1", "2"), ids, strict=True):
            assert [item.id for item in shop.store(company_id=company).find(["A"])] == [own]
        assert len(next(shop.store(company_id="").scan()).items) == 2
    with opened(edition="MULTIVENDOR") as shop:
        ids = [shop.product(product_code="A", company_id=vendor) for vendor in (1, 2)]
        for vendor, own in zip(("1", "2"), ids, strict=True):
            assert [item.id for item in next(shop.store(company_id=vendor, scope="vendors").scan()).items] == [own]


def test_c39_bundled_hooks_are_registered_once_and_replaced_with_their_secret(shop: Shop) -> None:
    store = shop.store()
    url = "https://api.example/webhooks/main/cscart/first-secret"
    for _ in range(2):
        assert sorted(hook.trigger for hook in store.register_hooks(url)) == sorted(TRIGGERS)
    other = shop.ask("POST", "zapier_hooks", json={"hook_url": "https://zapier.example/x", "trigger_name": "new_user"}).json()["hook_id"]
    second = url.replace("first", "second")
    store.register_hooks(second)
    assert {hook.url for hook in store.hooks()} == {second, "https://zapier.example/x"}
    store.remove_hooks(url)
    assert [hook.id for hook in store.hooks()] == [str(other)]
    with pytest.raises(UnsupportedValue):
        store.register_hooks("https://api.example/webhooks/main/cscart/" + "x" * 255)


def test_c39_the_secret_in_a_hooks_address_stays_out_of_the_request_log(shop: Shop) -> None:
    shop.store().register_hooks("https://api.example/webhooks/main/cscart/first-secret")
    assert "first-secret" not in "".join(exchange.sent + exchange.received for exchange in shop.exchanges)


def test_keys_and_e_mails_stay_out_of_the_request_log(shop: Shop) -> None:
    shop.store().create([product(variant("A"))], {})
    logged = "".join(exchange.path + exchange.sent + exchange.received for exchange in shop.exchanges)
    assert shop.sandbox.key not in logged
    assert shop.sandbox.email not in logged


def test_c45_no_code_of_the_shop_is_kept_here() -> None:
    """Its sources are unlicensed copies wherever they are public: the only PHP here is our own add-on and the stage it is tested on."""
    found = {
        path.relative_to(ROOT).parts[:3]
        for kind in ("*.php", "*.tpl")
        for top in ("functions", "shared", "tests")
        for path in (ROOT / top).rglob(kind)
    }
    assert found == {("functions", "console", "cscart_addon"), ("tests", "integration", "cscart_addon_shop.php")}
