"""Workflow actions: the checked `order.action`, the unchecked dedicated methods, stock and paid dates (R10-R15)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from tests.sandbox.webasyst import contacts, notices, order_stock, states
from tests.sandbox.webasyst.answers import ApiError, Fatal, denied, escaped
from tests.sandbox.webasyst.phpform import as_int, as_text, truthy
from tests.sandbox.webasyst.refunds import refund_partially
from tests.sandbox.webasyst.rights import get_order, required_form, required_query
from tests.sandbox.webasyst.schema import Row
from tests.sandbox.webasyst.store import Call, Shop

_PAID = ("paid_year", "paid_quarter", "paid_month", "paid_date", "paid_datetime")


def action(call: Call) -> Row | None:
    """`edit` is a fatal error (trap W38); a refusal to run is null with HTTP 200 (trap W37)."""
    order = get_order(call, as_int(required_form(call, "id")))
    action_id = as_text(required_form(call, "action"))
    if not call.user.right(f"workflow_actions.{action_id}"):
        raise denied("Action not available to user.")
    if not is_offered(call, order, action_id):
        raise ApiError("invalid_param", "Available action not found for the specified order.", 404)
    if action_id == "edit":
        raise Fatal
    if action_id in call.shop.refused_actions:
        return None
    return {**_result(run(call, action_id, order["id"])), "order_id": order["id"]}


def is_offered(call: Call, order: sqlite3.Row, action_id: str) -> bool:
    if action_id == "message":
        return action_id in states.offered(order["state_id"]) and _reachable(call.shop, order["contact_id"])
    return action_id in states.offered(order["state_id"])


def _reachable(shop: Shop, contact_id: int) -> bool:
    return bool(contacts.value_of(shop, contact_id, "email") or contacts.value_of(shop, contact_id, "phone"))


def actions(call: Call) -> list[Row]:
    order = get_order(call, as_int(required_query(call, "id")))
    found = []
    for action_id in states.offered(order["state_id"]):
        if call.user.right(f"workflow_actions.{action_id}") and is_offered(call, order, action_id):
            view = states.action_view(action_id, call.user.locale)
            if action_id == "message":
                view["options"] = _message_options(call.shop, order["contact_id"])
            found.append(view)
    return found


def _message_options(shop: Shop, contact_id: int) -> Row:
    phone = contacts.value_of(shop, contact_id, "phone")
    return {
        "contact_phone": phone, "contact_phone_formatted": contacts.formatted_phone(phone),
        "contact_email": contacts.value_of(shop, contact_id, "email"), "order_source": "",
        "senders": [{"transport": "sms", "source": None, "sender": None}] if phone else [],
    }  # fmt: skip


def unchecked(action_id: str) -> Callable[[Call], Row]:
    """The dedicated methods ask neither for the state nor for a right (trap W36)."""

    def execute(call: Call) -> Row:
        raw = required_form(call, "id")
        order = get_order(call, as_int(raw))
        return {**_result(run(call, action_id, order["id"])), "order_id": as_text(raw)}

    return execute


def _result(outcome: Row) -> Row:
    return {name: value for name, value in outcome.items() if name != "log_params"}


def run(call: Call, action_id: str, order_id: int) -> Row:
    """Writes the log row, the new state and stamp, then moves stock; stamps are one second coarse."""
    shop = call.shop
    order = shop.by_id("orders", order_id)
    assert order
    outcome = _EXECUTE.get(action_id, _nothing)(call, order)
    after = outcome.pop("state", None) or states.TARGETS.get(action_id, order["state_id"])
    if action_id == "pay" and order["state_id"] == "pickup":
        after = "pickup"
    update = {**outcome.get("update", {}), "update_datetime": shop.stamp()}
    for name, value in update.get("params", {}).items():
        order_stock.set_param(shop, order_id, name, value)
    shop.update("orders", order_id, {**{n: v for n, v in update.items() if n != "params"}, "state_id": after})
    log_id = shop.insert("order_log", {
        "order_id": order_id, "contact_id": call.user.contact_id, "action_id": action_id, "datetime": shop.stamp(),
        "before_state_id": order["state_id"], "after_state_id": after, "text": outcome.get("text"),
    })  # fmt: skip
    _log_params(shop, log_id, outcome)
    _after(shop, action_id, order, log_id)
    notices.collect(shop, action_id, order_id)
    outcome |= {"action_id": action_id, "before_state_id": order["state_id"], "after_state_id": after, "id": log_id}
    return {**outcome, "update": update}


def _log_params(shop: Shop, log_id: int, outcome: Row) -> None:
    for name, value in (outcome.get("params") or {}).items():
        text = "" if value is None or isinstance(value, dict) else str(value)
        shop.run("INSERT OR REPLACE INTO log_params(log_id, name, value) VALUES (?, ?, ?)", log_id, name, text)


def _nothing(call: Call, order: sqlite3.Row) -> Row:
    return {}


def _pay(call: Call, order: sqlite3.Row) -> Row:
    return {"text": escaped(as_text(call.form.get("text"))), **_complete(call, order, always=True)}


def _complete(call: Call, order: sqlite3.Row, *, always: bool = False) -> Row:
    """The paid date is now; a client cannot set it."""
    if order["paid_year"]:
        return {"update": {}} if always else {}
    moment = call.shop.local_time()
    update: Row = {
        "paid_year": f"{moment:%Y}", "paid_quarter": (moment.month - 1) // 3 + 1, "paid_month": str(moment.month),
        "paid_date": f"{moment:%Y-%m-%d}", "paid_datetime": f"{moment:%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip
    sql = "SELECT 1 FROM orders WHERE contact_id = ? AND paid_date IS NOT NULL LIMIT 1"
    if not call.shop.value(sql, order["contact_id"]):
        update["is_first"] = 1
    return {"update": update}


def _ship(call: Call, order: sqlite3.Row) -> Row:
    """`text` is not kept; a tracking number becomes the text (R15)."""
    if "tracking_number" not in call.form:
        return {}
    number = as_text(call.form["tracking_number"])
    params = {"tracking_number": number}
    if not number:
        return {"update": {"params": params}}
    return {"text": f"Tracking number: {escaped(number)}", "params": params, "update": {"params": dict(params)}}


def _fulfil(call: Call, order: sqlite3.Row) -> Row:
    contact_id = as_int(call.form.get("fulfillment_contact_id"))
    if not contact_id:
        return {"text": "Responsible for the fulfillment: None"}
    name = contacts.short(call.shop, contact_id)["name"]
    update = {"fulfillment_contact_id": contact_id, "params": {"fulfillment_contact_id": contact_id}}
    return {"text": f"Responsible for the fulfillment: {escaped(name)}", "update": update}


def _comment(call: Call, order: sqlite3.Row) -> Row:
    return {"text": escaped(as_text(call.form.get("text")))}


def _delete(call: Call, order: sqlite3.Row) -> Row:
    text = as_text(call.form.get("text")).strip()
    return {"text": escaped(text)} if text else {}


def _refund(call: Call, order: sqlite3.Row) -> Row:
    text = as_text(call.form.get("text")).strip()
    outcome: Row = {"text": escaped(text)} if text else {}
    if call.form.get("refund_mode") == "partial":
        return {**outcome, "params": refund_partially(call, order), "state": order["state_id"]}
    return {**outcome, "params": {"auth_edit": None}}


def _restore(call: Call, order: sqlite3.Row) -> Row:
    """Back to the state before the last change, with the paid date that the deletion put aside."""
    shop = call.shop
    sql = "SELECT * FROM order_log WHERE order_id = ? AND before_state_id <> after_state_id ORDER BY id DESC LIMIT 1"
    last = shop.row(sql, order["id"])
    params = {p["name"]: p["value"] for p in shop.rows("SELECT * FROM log_params WHERE log_id = ?", last["id"] if last else 0)}
    outcome: Row = {"state": last["before_state_id"] if last else "new"}
    if truthy(params.get("paid_date")):
        year, month, _ = params["paid_date"].split("-")
        outcome["update"] = {
            "paid_year": year, "paid_quarter": (int(month) - 1) // 3 + 1, "paid_month": str(int(month)),
            "paid_date": params["paid_date"], "paid_datetime": params.get("paid_datetime"),
        }  # fmt: skip
    return outcome


_EXECUTE: dict[str, Callable[[Call, sqlite3.Row], Row]] = {
    "pay": _pay, "complete": _complete, "ship": _ship, "editshippingdetails": _ship, "fulfilling": _fulfil,
    "comment": _comment, "delete": _delete, "refund": _refund, "restore": _restore, "capture": _pay,
    "pickup": _complete,
}  # fmt: skip


def _after(shop: Shop, action_id: str, order: sqlite3.Row, log_id: int) -> None:
    order_id, counting = order["id"], shop.stock_counting_action
    if counting != "none":
        if action_id == "ship" or (counting == "processing" and _writes_off(action_id, order)):
            order_stock.reduce(shop, order_id)
        elif action_id in ("delete", "refund") and order["state_id"] != "refunded" and _left(shop, order_id):
            order_stock.give_back(shop, order_id)
        elif action_id == "restore" and as_int(order_stock.param(shop, order_id, "reduce_times")):
            order_stock.reduce(shop, order_id)
    if action_id in ("delete", "refund") and order["paid_date"] and _left(shop, order_id):
        for name in ("paid_date", "paid_datetime"):
            sql = "INSERT OR REPLACE INTO log_params(log_id, name, value) VALUES (?, ?, ?)"
            if action_id == "delete":
                shop.run(sql, log_id, name, order[name])
        shop.update("orders", order_id, {**dict.fromkeys(_PAID), "auth_date": None})
    contacts.recount_spent(shop, order["contact_id"])
    order_stock.recount_sales(shop, order_id)


def _writes_off(action_id: str, order: sqlite3.Row) -> bool:
    return action_id in ("process", "pay", "pickup") or (action_id == "complete" and order["state_id"] == "new")


def _left(shop: Shop, order_id: int) -> bool:
    """A partial refund keeps the state, and so its stock and paid date."""
    return shop.value("SELECT state_id FROM orders WHERE id = ?", order_id) in ("deleted", "refunded")


METHODS: dict[str, tuple[str, Any]] = {
    "shop.order.action": ("POST", action),
    "shop.order.actions": ("GET", actions),
    **{f"shop.order.{name}": ("POST", unchecked(name)) for name in ("process", "ship", "complete", "delete", "comment")},
}
