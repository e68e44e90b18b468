"""The shop's own HTTP notification, as a hook: the whole order object per workflow action (contract 7)."""

from __future__ import annotations

from typing import Any

from tests.sandbox.webasyst import contacts
from tests.sandbox.webasyst.orders import params_of
from tests.sandbox.webasyst.schema import printed
from tests.sandbox.webasyst.store import Shop


def collect(shop: Shop, action_id: str, order_id: int) -> None:
    """Kept until the request is through; the payload contains secrets such as `auth_code`, as the real one does."""
    shop.pending_notifications.append((action_id, payload(shop, order_id)))


def payload(shop: Shop, order_id: int) -> dict[str, Any]:
    order = shop.by_id("orders", order_id)
    assert order
    items = shop.rows("SELECT * FROM order_items WHERE order_id = ? ORDER BY id", order_id)
    return {
        **printed("orders", order),
        "id_encoded": f"#100{order_id}",
        "params": dict(params_of(shop, [order_id])[order_id]),
        "contact": contacts.short(shop, order["contact_id"]),
        "items": {str(row["id"]): printed("order_items", row) for row in items},
    }
