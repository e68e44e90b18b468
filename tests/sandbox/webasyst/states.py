"""The factory workflow: states, the actions each offers, their names (contract 4.4, observed R11)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from tests.sandbox.webasyst.schema import Row

STATES = (
    "new", "processing", "auth", "paid", "fulfilling", "shipped", "completed", "pos", "pickup", "refunded", "deleted",
)  # fmt: skip
TARGETS = {
    "process": "processing", "pay": "paid", "capture": "paid", "cancel": "refunded", "fulfilling": "fulfilling",
    "ship": "shipped", "complete": "completed", "pickup": "completed", "refund": "refunded", "delete": "deleted",
}  # fmt: skip
_ACTIONS = {
    "process": ("button", False, "#22d13d", "Process", "В обработку"),
    "pay": ("button", True, "#f3c200", "Paid", "Оплачен"),
    "fulfilling": ("button", True, "#aaa", "Start fulfillment", "На сборку"),
    "ship": ("button", True, "#1a9afe", "Sent", "Отправлен"),
    "complete": ("button", False, "#7256ee", "Mark as Completed", "Выполнен"),
    "refund": ("button", True, "#ed2509", "Refund", "Возврат"),
    "comment": ("link_bottom", True, "#aaa", "Add comment", "Добавить комментарий"),
    "edit": ("link_top", True, "#aaa", "Edit order", "Редактировать заказ"),
    "editshippingdetails": ("link_top", True, "#aaa", "Edit shipping details", "Изменить параметры доставки"),
    "message": ("link_top", True, "#aaa", "Contact customer", "Написать клиенту"),
    "delete": ("button", True, "#aaaaaa", "Delete", "Удалить"),
    "restore": ("button", False, "#22d13d", "Restore", "Восстановить"),
    "sendpin": ("link_top", True, "#aaa", "Resend PIN", "Отправить ПИН"),
    "pickup": ("button", True, "#7256ee", "Picked up", "Выдан"),
    "capture": ("button", False, "#22d13d", "Capture", "Списать"),
    "cancel": ("button", False, "#ed2509", "Cancel", "Отменить"),
}
_OTHER_NAMES = {"create": ("Create", "Создать"), "editcode": ("Edit codes", "Изменить коды")}
LOG_RECORDS = {
    "create": "Order was placed", "process": "Order was confirmed and accepted for processing", "pay": "Order was paid",
    "ship": "Order was shipped", "complete": "Order was marked as completed", "refund": "Order was refunded",
    "delete": "Order was deleted", "restore": "Order was re-opened", "comment": "Comment was added",
    "edit": "Order was edited", "fulfilling": "Order is being fulfilled",
}  # fmt: skip
ALL_ACTIONS = (
    "process", "pay", "initpay", "fulfilling", "ship", "refund", "edit", "editcode", "editshippingdetails", "delete",
    "restore", "complete", "message", "comment", "settle", "cancel", "capture", "pickup", "sendpin",
)  # fmt: skip
_NEVER_OFFERED = ("initpay", "editcode")


@cache
def observed(name: str) -> Any:
    """Parts of answers that were taken over as the real shop gave them."""
    return json.loads((Path(__file__).parent / "observed.json").read_text(encoding="utf-8"))[name]


def offered(state_id: str) -> list[str]:
    """Actions a state offers; some need plugins that no plain shop has."""
    found = next((state for state in observed("settings")["order_states"] if state["id"] == state_id), None)
    return [action for action in (found or {"available_actions": []})["available_actions"] if action not in _NEVER_OFFERED]


def action_name(action_id: str, locale: str) -> str:
    english, russian = _OTHER_NAMES.get(action_id) or _ACTIONS.get(action_id, (0, 0, 0, "", ""))[3:]
    return str(russian if locale == "ru_RU" else english)


def action_view(action_id: str, locale: str) -> Row:
    kind, data_required, color, *_ = _ACTIONS[action_id]
    return {
        "id": action_id, "type": kind, "is_custom": False, "name": action_name(action_id, locale),
        "data_required": data_required, "color": color,
    }  # fmt: skip


def state_view(state_id: str, locale: str) -> Row:
    found = next((state for state in observed("settings")["order_states"] if state["id"] == state_id), None)
    if not found:
        return {"id": state_id, "name": state_id, "style": None, "icon": None}
    return {"id": state_id, "name": found["name"], "style": found["options"]["style"], "icon": found["options"]["icon"]}
