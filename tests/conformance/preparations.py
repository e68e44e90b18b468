"""State of the recorded shop that no exchange shows: tokens, users, settings, calls made off the record."""

from __future__ import annotations

from collections.abc import Callable
from email.message import Message
from typing import Any
from urllib.parse import urlencode

from tests.conformance import seeded_shop
from tests.sandbox.faults import Request
from tests.sandbox.webasyst import WebasystSandbox
from tests.sandbox.webasyst.store import digest

Step = Callable[[WebasystSandbox], None]

ADMIN_TOKEN = "1ab0fa6e" * 4
LIMITED_TOKEN = "2ab0fa6e" * 4


def call(sandbox: WebasystSandbox, method: str, form: dict[str, Any], **query: Any) -> None:
    headers = Message()
    headers["Host"] = "127.0.0.1:8100"
    headers["User-Agent"] = "cscart-sync-lab/0.1"
    headers["Authorization"] = ADMIN_TOKEN
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    answer = sandbox.app(Request("POST", f"/api.php/shop.{method}", urlencode(query), headers, urlencode(form).encode()))
    assert answer.status == 200, answer.body


def calling(method: str, form: dict[str, Any], **query: Any) -> Step:
    return lambda sandbox: call(sandbox, method, form, **query)


def sql(text: str, *values: Any) -> Step:
    return lambda sandbox: sandbox.shop.run(text, *values)


def _empty_shop(sandbox: WebasystSandbox) -> None:
    sandbox.shop.run("UPDATE users SET password = ?", digest("admin-lab-pass"))


def _issue_tokens(sandbox: WebasystSandbox) -> None:
    sandbox.tokens.issue(1, "lab", "shop,webasyst", ADMIN_TOKEN)
    expired = sandbox.tokens.issue(1, "expired", "shop", "e0000000000000000000000000000001")
    sandbox.tokens.expire(expired, 0.0)
    sandbox.tokens.issue(1, "revoked", "shop", "f0000000000000000000000000000001")


def _hand_made_shop(sandbox: WebasystSandbox) -> None:
    _empty_shop(sandbox)
    _issue_tokens(sandbox)


def _limited_user(sandbox: WebasystSandbox) -> None:
    row = {"name": "Limited", "firstname": "Limited", "is_user": 1, "locale": "en_US"}
    sandbox.tokens.issue(sandbox.shop.insert("contacts", row), "limited", "shop", LIMITED_TOKEN)


def _limited_id(sandbox: WebasystSandbox) -> int:
    return int(sandbox.shop.value("SELECT contact_id FROM tokens WHERE token = ?", LIMITED_TOKEN))


def _limited_rights(**rights: int) -> Step:
    return lambda sandbox: sandbox.users.grant(_limited_id(sandbox), rights)


def _seeded_shop(sandbox: WebasystSandbox) -> None:
    _hand_made_shop(sandbox)
    seeded_shop.fill(sandbox, call)


GROUPS: dict[int, Step] = {
    1: _empty_shop,
    81: _hand_made_shop,
    361: _seeded_shop,
    399: _seeded_shop,
    427: _seeded_shop,
    461: _seeded_shop,
}

_STEAL_BACK = "UPDATE skus SET product_id = 1, sku = 'MUG-001', price = 199.9, primary_price = 199.9, status = 1 WHERE id = 1"
_TWO_STOCKS = "INSERT INTO stocks(id, name, sort) VALUES (?, ?, ?), (?, ?, ?)"
_LOCALE = "UPDATE contacts SET locale = ? WHERE id = 1"
_OLD_STAMPS = "UPDATE products SET edit_datetime = '2020-01-01 00:00:00'"
_PROCESSED_ORDERS = 9


def _orders_of_one_contact(sandbox: WebasystSandbox) -> None:
    form = {"contact[firstname]": "Bench", "items[0][sku_id]": 1, "items[0][quantity]": 2}
    call(sandbox, "order.add", form)
    for _ in range(_PROCESSED_ORDERS - 1):
        call(sandbox, "order.add", {"contact_id": 17, "items[0][sku_id]": 1})
    call(sandbox, "order.process", {"id": 18})


def _mixed_orders(sandbox: WebasystSandbox) -> None:
    for _ in range(2):
        call(sandbox, "order.add", {"contact_id": 3, "items[0][sku_id]": 3})
    call(sandbox, "order.process", {"id": 33})
    call(sandbox, "order.action", {"id": 34, "action": "pay"})


def _names_to_escape(sandbox: WebasystSandbox) -> None:
    texts = {"summary": "s<i>&", "skus[19][sku]": 'q"<&', "skus[19][name]": "n<i>&"}
    form = {"contact[firstname]": "A<b>&B", "comment": "c<b>&", "items[0][sku_id]": 19}
    call(sandbox, "order.add", form)
    call(sandbox, "product.update", texts, id=17)


def _one_product_in_two_stocks(sandbox: WebasystSandbox) -> None:
    sandbox.shop.run(_TWO_STOCKS, 91, "A", 1, 92, "B", 2)
    sandbox.shop.run("UPDATE sqlite_sequence SET seq = 203 WHERE name = 'products'")
    sandbox.shop.run("UPDATE sqlite_sequence SET seq = 244 WHERE name = 'skus'")
    stocks = {"skus[0][stock][91]": 1, "skus[0][stock][92]": 5}
    call(sandbox, "product.add", {"name": "ms", "type_id": 1, "skus[0][sku]": "ms", "skus[0][price]": 1, **stocks})


def _order_for_limited_user(sandbox: WebasystSandbox) -> None:
    _limited_user(sandbox)
    sandbox.users.grant(_limited_id(sandbox), {"backend": 1})
    sandbox.shop.run("DELETE FROM stocks")
    for table, last in (("orders", 48), ("order_items", 81)):
        sandbox.shop.run("UPDATE sqlite_sequence SET seq = ? WHERE name = ?", last, table)
    call(sandbox, "order.add", {"contact_id": 2, "items[0][sku_id]": 14})


def _set_database_down(sandbox: WebasystSandbox, down: bool) -> None:
    sandbox.database_down = down


STEPS: dict[int, list[Step]] = {
    21: [sql("UPDATE auth_codes SET expires = 0")],
    32: [_issue_tokens],
    120: [calling("product.add", {"name": "Victim A", "type_id": 1, "skus[0][sku]": "VIC-A", "skus[0][price]": 1, "skus[0][stock][0]": 1})],
    121: [sql(_STEAL_BACK), sql("UPDATE skus SET available = 0, status = 0 WHERE id = 5")],
    183: [sql(_OLD_STAMPS)],
    198: [sql(_TWO_STOCKS, 1, "Склад", 1, 2, "Store 2", 2)],
    210: [sql(_OLD_STAMPS), sql("UPDATE skus SET sku = 'TS-M', price = 1090, primary_price = 1090 WHERE id = 3")],
    271: [sql("UPDATE orders SET create_datetime = '2026-11-23 12:04:06' WHERE id = 15")],
    310: [sql(_LOCALE, "ru_RU")],
    313: [sql(_LOCALE, "en_US")],
    340: [_limited_user],
    341: [_limited_rights(backend=1)],
    352: [lambda sandbox: sandbox.users.disable(_limited_id(sandbox))],
    355: [_orders_of_one_contact],
    358: [lambda sandbox: _set_database_down(sandbox, True)],
    360: [
        lambda sandbox: _set_database_down(sandbox, False),
        calling("product.add", {"name": "BigDesc", "type_id": 1, "description": "д" * 70000, "skus[0][price]": 1}),
    ],
    376: [
        calling("product.update", {"summary": "inc 2026-11-23 12:08:46"}, id=5),
        calling("product.add", {"name": "inc new", "type_id": 1, "skus[0][price]": 1}),
    ],
    378: [calling("product.delete", {"id": 201})],
    379: [lambda sandbox: sandbox.shop.set_setting("stock_counting_action", "create")],
    381: [
        lambda sandbox: sandbox.shop.set_setting("stock_counting_action", "processing"),
        calling("order.add", {"contact_id": 3, "items[0][sku_id]": 7, "items[0][quantity]": 3}),
    ],
    404: [sql("UPDATE skus SET available = 0, status = 0 WHERE id = 2")],
    408: [_mixed_orders],
    411: [_names_to_escape],
    416: [_one_product_in_two_stocks],
    421: [_order_for_limited_user],
    426: [sql("INSERT INTO sessions(id, contact_id) VALUES ('ce4377f4d4568878f7404acb190d0e84', 1)")],
}
