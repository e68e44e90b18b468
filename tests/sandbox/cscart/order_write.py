"""Placing orders, the same way for a shopper and for the API; and the rebuild that any edit means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.sandbox.cscart import cart, hooks, orders, php, statuses
from tests.sandbox.cscart.cart import Line, Totals
from tests.sandbox.cscart.shop import ApiError, Call, Row, Shop
from tests.sandbox.cscart.texts import stored

_CONTACT = ("email", "firstname", "lastname", "phone", "company", "url", "fax")
_MERGED_MONEY = ("total", "shipping_cost", "subtotal_discount", "payment_surcharge")
_NOTIFY = frozenset({"notify_user", "notify_department", "notify_vendor"})


@dataclass(frozen=True, slots=True)
class Placement:
    """An order about to be placed; `merged` overwrites the order's row and nothing else (contract 3.4)."""

    products: Any
    customer: Mapping[str, Any]
    user_id: int
    payment_id: int
    shipping_ids: Mapping[str, Any]
    company_id: int
    lang: str
    issuer_id: int = 0
    discount: int = 0
    merged: Mapping[str, Any] | None = None
    shopper: bool = False


def create(shop: Shop, call: Call) -> Row:
    body = call.body
    company_id = call.company_id or call.account.company_id
    if shop.ultimate and not company_id:
        raise ApiError(400, "Please select a storefront")
    for name in ("payment_id", "products"):
        if not php.truthy(body.get(name)):
            raise ApiError(400, f"Required field: {name}")
    placement = Placement(
        products=body["products"],
        customer=_customer(shop, body),
        user_id=php.to_int(body.get("user_id")),
        payment_id=php.to_int(body["payment_id"]),
        shipping_ids=_shipping_ids(body),
        company_id=company_id,
        lang=call.lang,
        issuer_id=call.account.user_id,
        merged=body,
    )
    return _answer(shop, place(shop, placement))


def _customer(shop: Shop, body: Mapping[str, Any]) -> Row:
    user_id = php.to_int(body.get("user_id"))
    given = body.get("user_data")
    user = shop.row("SELECT * FROM users WHERE user_id=?", user_id) if user_id else None
    if user is None and not isinstance(given, dict):
        raise ApiError(400, "Required field: user_data")
    known = {name: user[name] for name in _CONTACT} | json.loads(user["profile"]) if user else {}
    return known | (given if isinstance(given, dict) else {})


def _shipping_ids(body: Mapping[str, Any]) -> Row:
    given = body.get("shipping_ids") or body.get("shipping_id")
    return given if isinstance(given, dict) else {"0": given} if given else {}


def _answer(shop: Shop, order_id: int) -> Row:
    row = shop.row("SELECT * FROM orders WHERE order_id=?", order_id) or {}
    answer: Row = {"order_id": order_id, "order_data": orders.whole(shop, row)}
    if row["is_parent_order"] == "Y":
        children = shop.rows("SELECT * FROM orders WHERE parent_order_id=? ORDER BY order_id", (order_id,))
        answer["suborder_ids"] = [child["order_id"] for child in children]
        answer["suborders_data"] = [orders.whole(shop, child) for child in children]
    return answer


def place(shop: Shop, placement: Placement) -> int:
    """Several vendors in the cart make a parent and a child for each (contract 3.3)."""
    found = cart.lines(shop, placement.products, placement.lang)
    if not found:
        raise ApiError(400, "The cart is empty")
    if not shop.row("SELECT 1 FROM payments WHERE payment_id=? AND status='A'", placement.payment_id):
        raise ApiError(400, "Payment method not found")
    companies = list(dict.fromkeys(line.company_id for line in found))
    if shop.ultimate or len(companies) == 1:
        company_id = placement.company_id if shop.ultimate else companies[0]
        return _place_one(shop, placement, found, company_id)
    parent = store(shop, placement, totals_of(shop, placement, found), 0, parent=True)
    for company_id in companies:
        own = [line for line in found if line.company_id == company_id]
        _place_one(shop, placement, own, company_id, parent_id=parent)
    return parent


def _place_one(shop: Shop, placement: Placement, found: list[Line], company_id: int, parent_id: int = 0) -> int:
    totals = totals_of(shop, placement, found)
    order_id = store(shop, placement, totals, company_id, parent_id=parent_id)
    first = "P" if totals.total == 0 and shop.ultimate else "O"
    statuses.change(shop, order_id, first, placing=True)
    facts: Row = {} if placement.shopper else {"origin": "api"}
    hooks.push(shop, "order.placed", order_id=order_id, **facts)
    hooks.fire(shop, "new_order", order_id=order_id)
    return order_id


def totals_of(shop: Shop, placement: Placement, found: list[Line]) -> Totals:
    country = placement.customer.get("s_country") or placement.customer.get("b_country") or ""
    subtotal = sum(line.subtotal for line in found)
    order = {
        "payment_id": placement.payment_id,
        "shipping_ids": placement.shipping_ids,
        "country": country,
        "discount": min(placement.discount, subtotal),
    }
    return cart.totals(shop, found, order)


def store(shop: Shop, placement: Placement, totals: Totals, company_id: int, *, parent_id: int = 0, parent: bool = False) -> int:
    now = shop.time
    customer = {name: stored(name, value) for name, value in placement.customer.items() if not isinstance(value, dict)}
    row: Row = {
        "is_parent_order": "Y" if parent else "N",
        "parent_order_id": parent_id,
        "company_id": company_id,
        "storefront_id": company_id if shop.ultimate else 1,
        "issuer_id": placement.issuer_id or None,
        "user_id": placement.user_id,
        "payment_id": placement.payment_id,
        "timestamp": now,
        "updated_at": now,
        "status": "T" if parent else "N",
        "lang_code": placement.lang,
        "ip_address": "203.0.113.7" if placement.shopper else "",
        "secondary_currency": shop.currency,
        "payment_info": json.dumps(_payment_info(placement)),
        "profile": json.dumps(_profile(customer), ensure_ascii=False),
        **{name: customer.get(name, "") for name in _CONTACT},
        **_amounts(totals),
        **_merged(placement.merged or {}),
    }
    order_id = shop.insert("orders", row)
    write_lines(shop, order_id, totals.lines)
    return order_id


def _payment_info(placement: Placement) -> Row:
    """What must never be logged (trap 37)."""
    if not placement.shopper:
        return {}
    return {"card": "visa", "card_number": "4111111111111111", "cvv2": "123", "transaction_id": "f00dfeed"}


def _profile(customer: Row) -> Row:
    """Since 4.10 one address is asked for and mirrored into the other set."""
    sets = {prefix: {k: v for k, v in customer.items() if k.startswith(prefix)} for prefix in ("b_", "s_")}
    profile = sets["b_"] | sets["s_"]
    for here, other in (("b_", "s_"), ("s_", "b_")):
        if not sets[here]:
            profile |= {here + name.removeprefix(other): value for name, value in sets[other].items()}
    return profile


def _amounts(totals: Totals) -> Row:
    return {
        "total": totals.total,
        "subtotal": totals.subtotal,
        "subtotal_discount": totals.discount,
        "payment_surcharge": totals.surcharge,
        "shipping_ids": ",".join(str(item) for item in totals.shipping_ids),
        "shipping_cost": totals.shipping_cost,
        "shipping": json.dumps(totals.shipping, ensure_ascii=False),
        "taxes": json.dumps(totals.taxes, ensure_ascii=False),
    }


def _merged(body: Mapping[str, Any]) -> Row:
    merged: Row = {name: stored(name, body[name]) for name in ("notes", "details") if name in body}
    merged |= {name: php.to_cents(body[name]) for name in _MERGED_MONEY if name in body}
    if body.get("timestamp"):
        merged["timestamp"] = php.to_int(body["timestamp"])
    return merged


def write_lines(shop: Shop, order_id: int, lines: tuple[Line, ...]) -> None:
    shop.run("DELETE FROM order_details WHERE order_id=?", order_id)
    for line in lines:
        row = {
            "item_id": line.item_id,
            "order_id": order_id,
            "product_id": line.product_id,
            "product_code": line.code,
            "product": line.name,
            "company_id": line.company_id,
            "price": line.price,
            "base_price": line.base_price,
            "amount": line.amount,
            "tax_value": line.tax,
            "stored_price": "Y" if line.stored else "N",
            "extra": json.dumps(line.extra),
        }
        shop.insert("order_details", row)


def update(shop: Shop, call: Call) -> Row:
    """Status alone is cheap; any other key, and a missing right, rebuilds the order (trap 19, 1.3)."""
    only_status = "status" in call.body and not set(call.body) - _NOTIFY - {"status"}
    if only_status and call.account.may("change_order_status"):
        return dict(statuses.put_status(shop, call))
    order = orders.found(shop, call)
    placement, found = _cart_of(shop, call, order)
    if not found:
        raise ApiError(400, "The cart is empty")
    try:
        totals = totals_of(shop, placement, found)
    except ApiError as error:
        raise ApiError(400, *error.messages) from error
    letter = order["status"]
    order_id = order["order_id"]
    statuses.change(shop, order_id, "N", origin=call.account.user_id)
    changed = {name: value for name, value in _merged(call.body).items() if name in ("notes", "details", "timestamp")}
    who = {name: stored(name, placement.customer[name]) for name in _CONTACT if name in placement.customer}
    changed |= _amounts(totals) | who | {"profile": json.dumps(_profile(dict(placement.customer)), ensure_ascii=False)}
    changed |= {"payment_id": placement.payment_id, "updated_at": shop.time}
    shop.update("orders", changed, order_id=order_id)
    write_lines(shop, order_id, totals.lines)
    if not shop.odd.stuck:
        statuses.change(shop, order_id, letter, origin=call.account.user_id)
    hooks.push(shop, "order.updated", order_id=order_id, origin="api")
    return {"order_id": order_id}


def _cart_of(shop: Shop, call: Call, order: Row) -> tuple[Placement, list[Line]]:
    body = call.body
    kept = {name: order[name] for name in _CONTACT} | json.loads(order["profile"])
    given = body.get("user_data")
    discount = order["subtotal_discount"]
    if "subtotal_discount" in body and body.get("stored_subtotal_discount") == "Y":
        discount = php.to_cents(body["subtotal_discount"])
    old_ids = {str(index): item for index, item in enumerate(php.values(order["shipping_ids"]))}
    placement = Placement(
        products=body.get("products") or _current(shop, order["order_id"]),
        customer=kept | (given if isinstance(given, dict) else {}),
        user_id=order["user_id"],
        payment_id=php.to_int(body.get("payment_id") or order["payment_id"]),
        shipping_ids=_shipping_ids(body) or old_ids,
        company_id=order["company_id"],
        lang=order["lang_code"],
        discount=discount,
    )
    return placement, cart.lines(shop, placement.products, placement.lang, managed=True)


def _current(shop: Shop, order_id: int) -> Row:
    rows = shop.rows("SELECT * FROM order_details WHERE order_id=?", (order_id,))
    return {
        str(row["item_id"]): {
            "product_id": row["product_id"],
            "amount": row["amount"],
            "price": php.money(row["price"]),
            "stored_price": row["stored_price"],
        }
        for row in rows
    }


def delete(shop: Shop, call: Call) -> None:
    order = orders.found(shop, call)
    statuses.change(shop, order["order_id"], "N")
    for table in ("orders", "order_details"):
        shop.run(f"DELETE FROM {table} WHERE order_id=?", order["order_id"])
