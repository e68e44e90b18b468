"""Reading orders: `shop.order.search/getInfo/log`, each with its own escaping and shapes (observed T4, T6)."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.sandbox.webasyst import contacts, schema, states
from tests.sandbox.webasyst.answers import escaped, escaped_compat, php_map
from tests.sandbox.webasyst.hashlang import Condition, Where, compare, compare_text, conditions, id_list, split_hash
from tests.sandbox.webasyst.phpform import as_int, as_text, truthy
from tests.sandbox.webasyst.product_search import paging
from tests.sandbox.webasyst.rights import get_order, required_query
from tests.sandbox.webasyst.schema import Row, number, printed
from tests.sandbox.webasyst.store import Call, Shop

USERPIC = "/wa-content/img/userpic.svg"
_SECRETS = ("auth_code", "auth_pin")
_DISPLAYED_ID = re.compile(r"#?100(\d+)")
_OWN_ORDERS = {1: "courier_contact_id", 2: "fulfillment_contact_id", 3: "cashier_contact_id", 10: "manager_contact_id"}


def search(call: Call) -> Row:
    """Without the `orders` right: an empty list with HTTP 200 (trap W29)."""
    offset, limit = paging(call)
    answer: Row = {"offset": offset, "limit": limit, "count": 0, "orders": []}
    right = call.user.right("orders")
    if not right:
        return answer
    where = _where(call)
    if right in _OWN_ORDERS:
        where.add(f"o.{_OWN_ORDERS[right]} = ?", call.user.contact_id)
    answer["count"] = call.shop.value(f"SELECT COUNT(*) FROM orders o{where.sql()}", *where.values)
    sql = f"SELECT o.* FROM orders o{where.sql()} ORDER BY {_order(call)}, o.id LIMIT ? OFFSET ?"
    found = call.shop.rows(sql, *where.values, limit, offset) if limit else []
    answer["orders"] = _views(call, found)
    return answer


def _where(call: Call) -> Where:
    kind, rest = split_hash(as_text(call.query.get("hash")), ("", "id", "search"))
    where = Where()
    if kind == "id":
        ids = id_list(rest)
        if rest.isdigit():
            call.shop.payment_polls.append(rest)
        where.add(f"o.id IN ({schema.marks(ids)})", *ids)
    elif kind == "search":
        for condition in conditions(rest, decode_again=False):
            _add(where, condition)
    return where


def _add(where: Where, condition: Condition) -> None:
    prefix, dot, column = condition.field.partition(".")
    if dot and prefix == "params":
        _add_param(where, column, condition)
    elif dot and prefix == "items" and column in schema.ITEM:
        _add_related(where, "SELECT order_id FROM order_items i", "order_items", column, condition, "i")
    elif dot and prefix == "address":
        names = f"shipping_address.{column}", f"billing_address.{column}"
        _add_value(where, "name IN (?, ?)", names, condition)
    elif dot and prefix in ("contact", "customer"):
        _add_contact(where, prefix, column, condition)
    elif condition.field in schema.ORDER:
        _add_column(where, condition)


def _add_column(where: Where, condition: Condition) -> None:
    column = f'o."{condition.field}"'
    if condition.value == "NULL":
        where.add(f"{column} IS {'NOT ' if condition.operator == '!=' else ''}NULL")
    else:
        value = _decoded_id(condition.value) if condition.field == "id" else condition.value
        compare(where, "orders", condition.field, Condition(condition.field, condition.operator, value), "o")


def _decoded_id(value: str) -> str:
    """With the display format `#100N`, `1005` is taken for order 5 (trap W14)."""
    found = _DISPLAYED_ID.fullmatch(value.strip())
    return str(int(found[1])) if found and found[1] != "0" else value


def _add_param(where: Where, name: str, condition: Condition) -> None:
    if condition.value in ("NULL", "EMPTY"):
        empty = "" if condition.value == "NULL" else " AND value <> ''"
        sql = f"(SELECT order_id FROM order_params WHERE name = ?{empty})"
        where.add(f"o.id {'IN' if condition.operator == '!=' else 'NOT IN'} {sql}", name)
    else:
        _add_value(where, "name = ?", (name,), condition)


def _add_value(where: Where, named: str, names: tuple[str, ...], condition: Condition) -> None:
    inner = Where()
    compare_text(inner, "value", condition)
    where.add(f"o.id IN (SELECT order_id FROM order_params WHERE {named} AND {inner.parts[0]})", *names, *inner.values)


def _add_related(where: Where, select: str, table: str, column: str, condition: Condition, alias: str) -> None:
    inner = Where()
    compare(inner, table, column, condition, alias)
    key = "contact_id" if "contact" in select else "id"
    where.add(f"o.{key} IN ({select} WHERE {inner.parts[0]})", *inner.values)


def _add_contact(where: Where, prefix: str, column: str, condition: Condition) -> None:
    table = "contacts" if prefix == "contact" else "customers"
    if column in schema.TABLES[table]:
        key = "id" if prefix == "contact" else "contact_id"
        _add_related(where, f"SELECT {key} AS contact_id FROM {table} k", table, column, condition, "k")


def _order(call: Call) -> str:
    """Only upper-case DESC counts (trap W15); within one second rows came in order of their ids."""
    name, _, direction = (as_text(call.query.get("sort")) or "create_datetime DESC").partition(" ")
    direction = "DESC" if direction == "DESC" else "ASC"
    if name == "updated":
        return f"IFNULL(o.update_datetime, o.create_datetime) {direction}"
    if name == "amount":
        return f"o.total * o.rate {direction}"
    if name == "state_id":
        listed = " ".join(f"WHEN '{state}' THEN {index}" for index, state in enumerate(states.STATES, 1))
        return f"CASE o.state_id {listed} ELSE 0 END {direction}"
    return f'o."{name if name in schema.ORDER else "create_datetime"}" {direction}'


def _views(call: Call, found: list[sqlite3.Row]) -> list[Row]:
    shop, ids = call.shop, [row["id"] for row in found]
    fields = [name for name in as_text(call.query.get("fields")).split(",") if name]
    escape = truthy(call.query.get("escape", "1"))
    items, params = _grouped(shop, "order_items", ids, "order_id, id"), params_of(shop, ids)
    people = contacts.by_ids(shop, {row["contact_id"] for row in found}) if fields else {}
    views = []
    for row in found:
        view: Row = printed("orders", row)
        view["items"] = [{**_item(item, escape), "sort": n} for n, item in enumerate(items[row["id"]])]
        view["params"] = php_map({n: v for n, v in params[row["id"]].items() if n not in (*_SECRETS, "entropy")})
        view["id_encoded"] = f"#100{row['id']}"
        for name in fields:
            _extend(call, view, row, name, people, escape)
        views.append(view)
    return views


def _extend(call: Call, view: Row, row: sqlite3.Row, name: str, people: dict[int, Row], escape: bool) -> None:
    if name in ("contact", "contact_full"):
        if name == "contact_full" or "contact" not in view:
            view["contact"] = _escaped_name(contacts.order_contact(people, row["contact_id"], name), escape)
    elif name == "state":
        view["state"] = states.state_view(row["state_id"], call.user.locale)
    elif name == "subtotal":
        view["subtotal"] = number(sum(float(item["price"]) * float(item["quantity"]) for item in view["items"]))
    elif name in ("sales_channel", "order_icon"):
        view["sales_channel"] = _channel(call, view["params"])
        view["order_icon"] = view["sales_channel"]["icon_url"]
    elif name == "shipping_info":
        view["shipping_info"] = _shipping_info(view)
    elif name == "products":
        for item in view["items"]:
            product = call.shop.by_id("products", as_int(item["product_id"]))
            item["product"] = printed("products", product) if product else None
        view["products"] = None
    elif name not in view:
        view[name] = None


def _escaped_name(contact: Row, escape: bool) -> Row:
    return {**contact, "name": escaped_compat(contact["name"])} if escape else contact


def _channel(call: Call, params: Any) -> Row:
    channel = dict(params).get("sales_channel", "other:") if params else "other:"
    icon = f"{call.base_url.rstrip('/')}{USERPIC}"
    kind = channel.partition(":")[0] if not channel.startswith("other") else "unknown"
    name = "Unknown channel" if kind == "unknown" else channel
    return {"id": channel, "type": kind, "name": name, "storefront": None, "icon_url": icon}


def _shipping_info(view: Row) -> Row:
    params = dict(view["params"]) if view["params"] else {}
    parts = ("street", "city", "region", "zip", "country", "lng", "lat")
    data = {part: params.get(f"shipping_address.{part}") for part in parts}
    url = "https://maps.google.com/maps?q=&z=15"
    where = {"with_street": "", "without_street": "", "map_url": url}
    return {"address": {"data": data, "value": [], "for_map": where}, "price": view["shipping"]}


def _item(row: sqlite3.Row, escape: bool) -> Row:
    view: Row = printed("order_items", row)
    return {**view, "name": escaped_compat(view["name"])} if escape else view


def _grouped(shop: Shop, table: str, ids: Iterable[int], order: str) -> dict[int, list[sqlite3.Row]]:
    groups: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in shop.in_ids(table, "order_id", ids, order):
        groups[row["order_id"]].append(row)
    return groups


def params_of(shop: Shop, ids: Iterable[int]) -> dict[int, dict[str, str]]:
    groups = _grouped(shop, "order_params", ids, "order_id, name")
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for order_id, rows in groups.items():
        found[order_id] = {row["name"]: row["value"] for row in rows}
    return found


def get_info(call: Call) -> Row:
    return order_view(call, as_int(required_query(call, "id")))


def order_view(call: Call, order_id: int) -> Row:
    """No right is asked for; item and contact names are escaped, always (trap W16)."""
    shop, order = call.shop, get_order(call, order_id)
    view: Row = printed("orders", order)
    params = params_of(shop, [order_id])[order_id]
    view["params"] = php_map({name: value for name, value in params.items() if name not in _SECRETS})
    view["contact"] = contacts.short(shop, order["contact_id"])
    view["contact"]["name"] = escaped(view["contact"]["name"])
    items = _grouped(shop, "order_items", [order_id], "id")[order_id]
    view["items"] = php_map({str(row["id"]): item_view(shop, row, escape=True) for row in items})
    view["items_total_discount"] = 0
    return view


def item_view(shop: Shop, row: sqlite3.Row, *, escape: bool = False) -> Row:
    view = _item(row, False)
    return {**view, "name": escaped(view["name"]) if escape else view["name"], **_pictures(shop, row)}


def _pictures(shop: Shop, item: sqlite3.Row) -> Row:
    product = shop.by_id("products", item["product_id"])
    sku = shop.by_id("skus", item["sku_id"])
    return {
        "image_id": schema.text(product["image_id"], "i") if product else None,
        "image_filename": product["image_filename"] if product else None,
        "sku_image_id": schema.text(sku["image_id"], "i") if sku else None,
        "ext": product["ext"] if product else None,
        "file_name": sku["file_name"] if sku else None,
        "file_size": schema.text(sku["file_size"], "i") if sku else None,
    }


def log(call: Call) -> list[Row]:
    """Newest first; there is no log over all orders."""
    order, shop = get_order(call, as_int(required_query(call, "id"))), call.shop
    rows = shop.rows("SELECT * FROM order_log WHERE order_id = ? ORDER BY id DESC", order["id"])
    return [_log_view(call, row) for row in rows]


def _log_view(call: Call, row: sqlite3.Row) -> Row:
    shop = call.shop
    who = shop.by_id("contacts", row["contact_id"])
    params = {p["name"]: p["value"] for p in shop.rows("SELECT * FROM log_params WHERE log_id = ?", row["id"])}
    name = " ".join(filter(None, (who["firstname"], who["middlename"], who["lastname"]))) if who else ""
    return {
        **printed("order_log", row),
        "contact_firstname": who["firstname"] if who else None,
        "contact_middlename": who["middlename"] if who else None,
        "contact_lastname": who["lastname"] if who else None,
        "contact_photo": "0",
        "contact_name": name,
        "params": php_map(params),
        "action_name": states.action_name(row["action_id"], call.user.locale),
        "log_record": states.LOG_RECORDS.get(row["action_id"], ""),
        "photo_url_40": f"{call.base_url.rstrip('/')}/wa-content/img/userpic50@2x.jpg",
    }


METHODS = {
    "shop.order.search": ("GET", search),
    "shop.order.getInfo": ("GET", get_info),
    "shop.order.log": ("GET", log),
}
