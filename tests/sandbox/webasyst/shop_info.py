"""Settings, rights, types, stocks, features, tags: what a client asks at the handshake (contract 1.7)."""

from __future__ import annotations

import copy
from typing import Any

from tests.sandbox.webasyst import states
from tests.sandbox.webasyst.answers import ApiError, php_map
from tests.sandbox.webasyst.phpform import as_int, as_text
from tests.sandbox.webasyst.schema import Row, number, printed
from tests.sandbox.webasyst.store import ADMIN_RIGHT, Call

_FIXED_RIGHTS = (
    "backend", "orders", "customers", "products", "services", "setscategories", "importexport", "marketing",
    "setup_marketing", "reports", "pages", "design", "settings",
)  # fmt: skip
_STATE_NAMES = {
    "new": "Новый", "processing": "Подтвержден", "auth": "Платеж авторизован", "paid": "Оплачен",
    "fulfilling": "На сборке", "shipped": "Отправлен", "completed": "Выполнен", "pos": "POS", "pickup": "К выдаче",
    "refunded": "Возврат", "deleted": "Удален",
}  # fmt: skip


def settings(call: Call) -> Row:
    shop = call.shop
    view: Row = copy.deepcopy(states.observed("settings"))
    person = shop.by_id("contacts", call.user.contact_id)
    offset = shop.local_time().utcoffset()
    view["default_currency"] = shop.currency
    view["currencies"] = {code: _currency(view["currencies"], code, rate, shop.currency) for code, rate in shop.currencies.items()}
    view |= {
        "server_time": shop.stamp(), "server_timezone": shop.zone.key,
        "server_timezone_shift": str(int(offset.total_seconds())) if offset is not None else "0",
        "stock_counting_action": shop.stock_counting_action,
    }  # fmt: skip
    view["user_info"] = {**view["user_info"], "id": call.user.contact_id, "name": person["name"] if person else ""}
    if call.user.locale == "ru_RU":
        for state in view["order_states"]:
            state["name"] = _STATE_NAMES.get(state["id"], state["name"])
    return view


def _currency(known: Row, code: str, rate: float, primary: str) -> Row:
    base = known.get(code) or {**known["USD"], "code": code, "sign": code, "title": code, "sign_html": code}
    return {**base, "rate": number(rate), "is_primary": code == primary}


def rights(call: Call) -> Any:
    """An administrator gets 2^63-1 everywhere; others their own values, as strings, or 0."""
    types = [f"type.{row['id']}" for row in call.shop.rows("SELECT id FROM types ORDER BY sort, id")]
    names = [*_FIXED_RIGHTS, *types, *(f"workflow_actions.{action}" for action in states.ALL_ACTIONS)]
    if call.user.is_admin:
        return dict.fromkeys(names, ADMIN_RIGHT)
    listed = [*names, *(name for name in call.user.rights if name.endswith(".all"))]
    return php_map({name: str(value) if (value := call.user.rights.get(name, 0)) else 0 for name in listed})


def types(call: Call) -> list[Row]:
    found = []
    for row in call.shop.rows("SELECT * FROM types ORDER BY sort, id"):
        if call.user.right(f"type.{row['id']}"):
            count = call.shop.value("SELECT COUNT(*) FROM products WHERE type_id = ?", row["id"])
            own = {"id": str(row["id"]), "sort": str(row["sort"]), "name": row["name"], "count": str(count)}
            found.append({**states.observed("type"), **own})
    return found


def stocks(call: Call) -> list[Row]:
    return [printed("stocks", row) for row in call.shop.rows("SELECT * FROM stocks ORDER BY sort, id")]


def tags(call: Call) -> Any:
    """The most used ones, as an object with numeric keys in an order of its own (trap W11)."""
    limit = as_int(call.query.get("limit", "100"))
    if limit > 1000:
        raise ApiError("invalid_param", "A “limit” parameter value must not exceed 1000.")
    sql = (
        "SELECT t.id, t.name, COUNT(*) AS used FROM tags t JOIN product_tags p ON p.tag_id = t.id"
        " GROUP BY t.id ORDER BY used DESC, t.id DESC LIMIT ?"
    )
    ranked = {str(n): row for n, row in enumerate(call.shop.rows(sql, limit))}
    views = {key: _tag(row["id"], row["name"], row["used"]) for key, row in ranked.items()}
    return php_map(dict(sorted(views.items(), key=lambda pair: pair[1]["name"])))


def _tag(tag_id: int, name: str, used: int) -> Row:
    shape = {"size": 115, "opacity": "100.00", "uri_name": name}
    return {"id": str(tag_id), "name": name, "count": str(used), **shape}


def stock_info(call: Call) -> Row:
    row = call.shop.by_id("stocks", as_int(call.query.get("id")))
    if not row:
        raise ApiError("invalid_param", "Stock not found.", 404)
    return printed("stocks", row)


def _observed(name: str) -> Any:
    def answer(call: Call) -> Any:
        return states.observed(name)

    return answer


def regions(call: Call) -> Any:
    country = as_text(call.query.get("country"))
    known = states.observed("regions")
    return {country: known[country]} if country in known else ([] if country else known)


def webasyst_info(call: Call) -> Row:
    return {**states.observed("webasyst"), "backend_url": f"{call.base_url}webasyst/"}


def coupons(call: Call) -> Row:
    return {"offset": as_int(call.query.get("offset")), "limit": 100, "count": 0, "coupons": []}


def sets(call: Call) -> list[Row]:
    total = call.shop.value("SELECT COUNT(*) FROM products")
    return [{**one, "count": str(total if one["type"] == "1" else 0)} for one in states.observed("sets")]


def nothing(call: Call) -> list[Any]:
    return []


METHODS: dict[str, tuple[str, Any]] = {
    "shop.settings.get": ("GET", settings),
    "shop.settings.getRegions": ("GET", regions),
    "shop.settings.getContactFields": ("GET", _observed("contact_fields")),
    "shop.settings.getShippingTypes": ("GET", _observed("shipping_types")),
    "shop.settings.getPaymentTypes": ("GET", _observed("payment_types")),
    "shop.settings.getStockUnits": ("GET", _observed("stock_units")),
    "shop.rights": ("GET", rights),
    "shop.type.getList": ("GET", types),
    "shop.stock.getList": ("GET", stocks),
    "shop.stock.getInfo": ("GET", stock_info),
    "shop.feature.getList": ("GET", _observed("features")),
    "shop.tag.getList": ("GET", tags),
    "shop.set.getList": ("GET", sets),
    "shop.coupon.getList": ("GET", coupons),
    "shop.saleschannel.list": ("GET", nothing),
    "shop.product.getServices": ("POST", nothing),
    "webasyst.getInfo": ("GET", webasyst_info),
}
