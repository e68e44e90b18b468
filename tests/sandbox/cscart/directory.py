"""The shop's small dictionaries: statuses, payments, shippings, storefronts, users and categories."""

from __future__ import annotations

from typing import Any

from tests.sandbox.cscart import php
from tests.sandbox.cscart.schema import add_category
from tests.sandbox.cscart.shop import ApiError, Call, Handler, Page, Row, Shop


def listed(name: str, table: str, where: str = "1", *, clamped: bool = True, shape: Any = php.columns) -> Handler:
    def index(shop: Shop, call: Call) -> Row:
        page = Page.of(call, int(shop.value(f"SELECT count(*) FROM {table} WHERE {where}")), clamped=clamped)
        return {name: [shape(row) for row in shop.rows(f"SELECT * FROM {table} WHERE {where}{page.limit}")], "params": page.params(call)}

    return index


payments = listed("payments", "payments")
shippings = listed("shippings", "shippings")
stores = listed("stores", "companies")
categories = listed(
    "categories",
    "(SELECT c.*, d.category FROM categories c JOIN category_descriptions d ON d.category_id=c.category_id AND d.lang_code='ru')",
)


def create_category(shop: Shop, call: Call) -> Row:
    if not call.body.get("category"):
        raise ApiError(400, "Required field: category")
    company = php.to_int(call.body.get("company_id", 1)) or 1
    return {"category_id": add_category(shop.db, company, str(call.body["category"]), shop.time, php.to_int(call.body.get("parent_id", 0)))}


def users(shop: Shop, call: Call) -> Row:
    if "user_type" not in call.params:
        raise ApiError(400, "Required field: user_type")
    where, args = "user_type=? AND email LIKE ?", (call.params["user_type"], f"%{call.params.get('email', '')}%")
    page = Page.of(call, int(shop.value(f"SELECT count(*) FROM users WHERE {where}", *args)), clamped=True, default=10)
    shown = [
        php.columns({name: row[name] for name in row if name not in ("api_key", "password", "profile")})
        for row in shop.rows(f"SELECT * FROM users WHERE {where}{page.limit}", args)
    ]
    return {"users": shown, "params": page.params(call)}


def user(shop: Shop, call: Call) -> Any:
    """An unknown id answers 200 with an empty list (trap 25)."""
    row = shop.row("SELECT user_id, email, firstname, lastname, phone, status FROM users WHERE user_id=?", call.number)
    return php.columns(row) if row else []
