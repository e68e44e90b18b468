"""The companion add-on's PHP, run by the real interpreter, against the real webhook handler behind a small HTTP server."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shutil
import socket
import subprocess
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from storesync import bootstrap
from storesync.domain.changes import Change, Kind
from storesync.sync import addon
from storesync.sync.hooks import Hooks

from tests.sandbox.faults import Request
from tests.sandbox.httpd import Response, Server
from tests.sandbox.local.front import Front
from tests.sandbox.local.template import Template

ROOT = Path(__file__).parents[2]
ADDON = ROOT / "functions" / "console" / "cscart_addon"
SHOP = Path(__file__).with_name("cscart_addon_shop.php")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PHP = shutil.which("php")

pytestmark = pytest.mark.skipif(PHP is None and not os.environ.get("CI"), reason="no php on this machine: apt-get install php-cli")


class Ear:
    """The webhook function: what it queued, and what it refused."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.statuses: list[int] = []
        self.tamper = False
        self.hooks = Hooks(SimpleNamespace(get=lambda connection, name: SECRET if name == "webhook_secret" else ""), self)
        path = ROOT / "functions" / "order_webhook" / "app.py"
        spec = importlib.util.spec_from_file_location("order_webhook_app", path)
        assert spec
        assert spec.loader
        self.app = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.app)
        self.front = Front(Template(ROOT / "template.yaml", "storesync", {}, {}), self.invoke)

    def send(self, changes: Sequence[Change]) -> None:
        self.changes += changes

    def invoke(self, _: str, event: Any) -> Any:
        return self.app.handler(event, SimpleNamespace(aws_request_id="1", function_name="order_webhook"))

    def serve(self, request: Request) -> Response:
        if self.tamper:
            request = Request(request.method, request.path, request.raw_query, request.headers, request.body.replace(b"105", b"106"))
        answer = self.front(request)
        self.statuses.append(answer.status)
        return answer

    def heard(self) -> list[tuple[Kind, tuple[str, ...]]]:
        return [(change.kind, change.ids) for change in self.changes]


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ear]:
    found = Ear()
    monkeypatch.setattr(bootstrap, "hooks", lambda: found.hooks)
    yield found


@pytest.fixture
def endpoint(ear: Ear) -> Iterator[str]:
    with Server(ear.serve) as server:
        yield addon.address(server.url, "main")


class Shop:
    """The add-on as the merchant gets it: out of the zip, its settings out of its own manifest."""

    def __init__(self, folder: Path, endpoint: str, **settings: str) -> None:
        packed = addon.archive(ADDON, endpoint=endpoint, secret=SECRET, sync_email="sync@shop.example")
        zipfile.ZipFile(io.BytesIO(packed)).extractall(folder)
        self.folder, self.temp = folder / "app" / "addons" / addon.NAME, folder / "tmp"
        self.temp.mkdir()
        items = ElementTree.parse(self.folder / "addon.xml").iterfind(".//item[default_value]")
        self.settings = {item.get("id", ""): item.findtext("default_value", "") for item in items} | settings

    def page(self, *calls: tuple[str, list[Any]], options: Sequence[str] = (), **environment: str) -> tuple[float, str]:
        """Shows a page on which hooks fire. Returns the seconds that it took in all, and when the visitor had it."""
        assert PHP, "php is missing: apt-get install php-cli"
        began = time.monotonic()
        arguments = [str(SHOP), str(self.folder), json.dumps(self.settings), json.dumps(calls)]
        given = {"PATH": os.environ["PATH"], "TMPDIR": str(self.temp), **environment}
        done = subprocess.run([PHP, *options, *arguments], capture_output=True, text=True, timeout=30, env=given, check=False)
        assert (done.returncode, done.stdout) == (0, "the page"), done.stdout + done.stderr
        return time.monotonic() - began, done.stderr


@pytest.fixture
def shop(tmp_path: Path, endpoint: str) -> Shop:
    return Shop(tmp_path, endpoint)


def status(order_id: int, to: str, since: str, placing: bool = False) -> tuple[str, list[Any]]:
    return "change_order_status_post", [order_id, to, since, [], placing]


def test_a_signed_hint_is_accepted_and_reduced_to_an_id(shop: Shop, ear: Ear) -> None:
    _, told = shop.page(status(105, "P", "O"))
    assert (ear.statuses, ear.heard()) == ([200], [(Kind.ORDER, ("105",))])
    assert told.startswith("page after 0.0")


def test_without_curl_it_is_sent_as_well(shop: Shop, ear: Ear) -> None:
    shop.page(status(105, "P", "O"), options=["-d", "disable_functions=curl_init"])
    assert ear.heard() == [(Kind.ORDER, ("105",))]


def test_a_body_that_was_changed_on_the_way_is_refused(shop: Shop, ear: Ear) -> None:
    ear.tamper = True
    shop.page(status(105, "P", "O"))
    assert (ear.statuses, ear.changes) == ([401], [])


def test_another_secret_is_refused(tmp_path: Path, endpoint: str, ear: Ear) -> None:
    Shop(tmp_path, endpoint, secret="whsec_AAAA").page(status(105, "P", "O"))
    assert (ear.statuses, ear.changes) == ([401], [])


def test_every_kind_of_change_is_told(shop: Shop, ear: Ear) -> None:
    shop.page(
        ("place_order_post", [{}, {}, "save", None, 0, 1]),
        status(2, "O", "N", placing=True),
        ("update_order_details_post", [{}, {"order_id": "3"}]),
        ("create_shipment_post", [{}, {"order_id": 4}]),
        ("delete_order", [5]),
        ("update_product_post", [{"product": "Chair"}, 11, "en", True]),
        ("update_product_amount_post", ["12", -1, [], "-"]),
        ("delete_product_post", [13, True]),
        ("tools_change_status", [{"table": "products", "id": "14"}, True]),
        ("tools_change_status", [{"table": "orders", "id": "9"}, True]),
    )
    orders = [ids[0] for kind, ids in ear.heard() if kind is Kind.ORDER]
    products = sorted(one for kind, ids in ear.heard() if kind is Kind.PRODUCT for one in ids)
    assert (orders, products) == (["1", "2", "3", "4", "5"], ["11", "12", "13", "14"])


def test_several_changes_of_one_record_are_one_message_and_many_products_go_together(shop: Shop, ear: Ear) -> None:
    sold = [("update_product_amount_post", [number]) for number in range(1, 251)]
    shop.page(status(7, "O", "N", placing=True), ("place_order_post", [{}, {}, "", None, 0, 7]), *sold, *sold)
    assert [len(ids) for _, ids in ear.heard()] == [1, 100, 100, 50]


def test_an_edit_that_passes_through_unfinished_is_no_change_of_status(shop: Shop, ear: Ear) -> None:
    shop.page(status(7, "N", "P"), status(7, "P", "N"))
    assert ear.heard() == []


def test_what_the_synchroniser_writes_itself_is_not_told(shop: Shop, ear: Ear) -> None:
    shop.page(status(7, "P", "O"), API_USER="Sync@shop.example")
    assert ear.heard() == []
    shop.page(status(7, "P", "O"), API_USER="other@shop.example")
    assert len(ear.heard()) == 1


def test_the_owner_may_switch_a_kind_off(tmp_path: Path, endpoint: str, ear: Ear) -> None:
    Shop(tmp_path, endpoint, products="N").page(status(7, "P", "O"), ("update_product_post", [{}, 1]))
    assert [kind for kind, _ in ear.heard()] == [Kind.ORDER]


def test_the_shop_is_not_blocked_when_nobody_listens(tmp_path: Path) -> None:
    """The page is out before the first byte is sent; an endpoint that accepts and then says nothing costs two seconds, once a minute."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shop = Shop(tmp_path, addon.address(f"http://127.0.0.1:{silent.getsockname()[1]}", "main"))
        calls = [status(number, "P", "O") for number in range(1, 20)]
        took, told = shop.page(*calls)
        assert told.startswith("page after 0.0")
        assert took < 4
        took, told = shop.page(*calls)
        assert (took < 1, told) == (True, "")


def test_a_closed_port_costs_nothing(tmp_path: Path) -> None:
    took, _ = Shop(tmp_path, "http://127.0.0.1:1/webhooks/main/cscart").page(status(1, "P", "O"))
    assert took < 1


@pytest.mark.parametrize("arguments", [[], [None], ["x"], [[]], [{}], [-1], [0], ["1e3x"]])
def test_strange_arguments_do_no_harm(shop: Shop, arguments: list[Any]) -> None:
    hooks = ["place_order_post", "change_order_status_post", "update_order_details_post", "create_shipment_post", "delete_order"]
    shop.page(*[(hook, arguments) for hook in [*hooks, "update_product_post", "tools_change_status"]])


def test_a_shop_that_is_broken_elsewhere_still_shows_its_page(shop: Shop) -> None:
    shop.page(status(1, "P", "O"), BROKEN="1")


def test_the_archive_is_the_same_for_the_same_settings_and_escapes_them() -> None:
    given = {"endpoint": "https://x.example/?a=1&b=<2>", "secret": 'a"b&c', "sync_email": "sync@shop.example"}
    packed = addon.archive(ADDON, **given)
    assert packed == addon.archive(ADDON, **given)
    with zipfile.ZipFile(io.BytesIO(packed)) as bundle:
        manifest = ElementTree.fromstring(bundle.read("app/addons/storesync_hints/addon.xml"))
        assert bundle.testzip() is None
        assert {name.partition("/")[0] for name in bundle.namelist()} == {"app", "var"}
    found = {item.get("id"): item.findtext("default_value") for item in manifest.iterfind(".//item")}
    assert {name: found[name] for name in given} == given
