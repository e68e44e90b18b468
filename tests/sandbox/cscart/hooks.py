"""What the shop tells others: the bundled web hooks, and a companion add-on's thin pushes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import requests

from tests.sandbox.cscart import php
from tests.sandbox.cscart.shop import ApiError, Call, Row, Shop

TRIGGERS = frozenset({"new_order", "order_paid", "new_product", "new_shipment", "new_call_request", "new_user", "new_vendor"})
_TIMEOUT = (10, 90)


def index(shop: Shop, call: Call) -> Row:
    return {"hooks": [_shown(row) for row in shop.rows("SELECT * FROM zapier_hooks ORDER BY hook_id")], "params": {}}


def get(shop: Shop, call: Call) -> Row:
    """The filter of this route is broken: whatever id is asked, the first hook comes back."""
    row = shop.row("SELECT * FROM zapier_hooks ORDER BY hook_id LIMIT 1")
    if row is None:
        raise ApiError(404)
    return _shown(row)


def create(shop: Shop, call: Call) -> Row:
    url, trigger = str(call.body.get("hook_url") or ""), call.body.get("trigger_name")
    if not url or trigger not in TRIGGERS:
        raise ApiError(400, "Required field: hook_url" if not url else "Required field: trigger_name")
    return {"hook_id": shop.insert("zapier_hooks", {"url": url[:255], "trigger_name": trigger})}


def delete(shop: Shop, call: Call) -> None:
    if not shop.run("DELETE FROM zapier_hooks WHERE hook_id=?", call.number):
        raise ApiError(404)


def _shown(row: Row) -> Row:
    return php.columns({"hook_id": row["hook_id"], "hook_url": row["url"], "trigger_name": row["trigger_name"]})


def fire(shop: Shop, trigger: str, **subject: int) -> None:
    """Notes the hook's addresses; the payload is made when it is sent, as the object then is."""
    for row in shop.rows("SELECT url FROM zapier_hooks WHERE trigger_name=? ORDER BY hook_id", (trigger,)):
        shop.effects.append({"hook": row["url"], "trigger": trigger, **subject})


def push(shop: Shop, kind: str, **facts: Any) -> None:
    """A companion add-on's thin message: ids and letters, nothing personal."""
    shop.effects.append({"type": kind, "timestamp": shop.time, "data": facts})


def send(effects: list[Row], payload: Callable[[Row], Any], companion: Callable[[Row], None] | None, shop_url: str) -> None:
    """Synchronous, unsigned, never repeated; a receiver's failure is nobody's business here."""
    for effect in effects:
        if "hook" not in effect:
            if companion is not None:
                companion({**effect, "id": uuid.uuid4().hex, "data": {**effect["data"], "shop": shop_url}})
            continue
        body = payload(effect)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        with suppress(requests.RequestException), requests.Session() as session:
            session.trust_env = False
            session.post(effect["hook"], data=php.dumps(body), headers=headers, timeout=_TIMEOUT)
