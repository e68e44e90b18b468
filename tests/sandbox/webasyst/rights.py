"""The checks that many methods share: required parameters (falsy means missing) and rights on product types."""

from __future__ import annotations

import sqlite3
from typing import Any

from tests.sandbox.webasyst.answers import denied, missing, not_found
from tests.sandbox.webasyst.phpform import truthy
from tests.sandbox.webasyst.store import Call


def required_query(call: Call, name: str) -> Any:
    if not truthy(call.query.get(name)):
        raise missing(name)
    return call.query[name]


def required_form(call: Call, name: str) -> Any:
    if not truthy(call.form.get(name)):
        raise missing(name)
    return call.form[name]


def check_type_right(call: Call, type_id: Any, status: int = 403) -> None:
    if not call.user.right(f"type.{type_id}"):
        raise denied(status=status)


def get_product(call: Call, product_id: int) -> sqlite3.Row:
    product = call.shop.by_id("products", product_id)
    if not product:
        raise not_found("Product")
    return product


def get_order(call: Call, order_id: int) -> sqlite3.Row:
    order = call.shop.by_id("orders", order_id)
    if not order:
        raise not_found("Order")
    return order
