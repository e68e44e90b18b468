"""Contacts and customers: never merged, e-mails not unique, phones kept as digits (contract 5, trap W40)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from typing import Any

from tests.sandbox.webasyst import schema
from tests.sandbox.webasyst.hashlang import Condition, Where, compare, compare_text, conditions, id_list
from tests.sandbox.webasyst.phpform import Values, as_int, as_text
from tests.sandbox.webasyst.rights import get_order
from tests.sandbox.webasyst.schema import Row, printed
from tests.sandbox.webasyst.store import Call, Shop

_USERPIC = "/wa-content/img/userpic.svg"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_ADDRESS = re.compile(r"address(?:\.(\w+))?")
_PLAIN = ("firstname", "middlename", "lastname", "title", "company", "jobtitle", "is_company", "locale", "timezone")


def create(shop: Shop, data: Values, method: str, creator: int) -> int:
    values = {name: as_text(data[name]) for name in _PLAIN if name in data}
    values |= {"name": _full_name(data), "create_datetime": shop.stamp()}
    values |= {"create_app_id": "shop", "create_method": method, "create_contact_id": str(creator)}
    contact_id = shop.insert("contacts", values)
    save_fields(shop, contact_id, data)
    return contact_id


def _full_name(data: Values) -> str:
    parts = [as_text(data.get(name)).strip() for name in ("firstname", "middlename", "lastname")]
    return " ".join(filter(None, parts)) or as_text(data.get("name")) or as_text(data.get("company"))


def change(shop: Shop, contact_id: int, data: Values) -> None:
    row = shop.by_id("contacts", contact_id)
    if row:
        values: Row = {name: as_text(data[name]) for name in _PLAIN if name in data}
        values["name"] = _full_name({**dict(row), **values}) or row["name"]
        shop.update("contacts", contact_id, values)
        save_fields(shop, contact_id, data)


def save_fields(shop: Shop, contact_id: int, data: Values) -> None:
    for name, value in data.items():
        address = _ADDRESS.fullmatch(name)
        if address and isinstance(value, dict):
            _save_address(shop, contact_id, address[1] or "", value)
        elif name in ("email", "phone"):
            text = as_text(value)
            text = re.sub(r"\D", "", text) if name == "phone" else text
            shop.run("DELETE FROM contact_data WHERE contact_id = ? AND field = ?", contact_id, name)
            if text:
                _put(shop, contact_id, name, "", text)


def _save_address(shop: Shop, contact_id: int, ext: str, parts: Values) -> None:
    sql = "DELETE FROM contact_data WHERE contact_id = ? AND ext = ? AND field LIKE 'address:%'"
    shop.run(sql, contact_id, ext)
    for part in ("street", "city", "region", "zip", "country", "lng", "lat"):
        if part in parts:
            _put(shop, contact_id, f"address:{part}", ext, as_text(parts[part]))


def _put(shop: Shop, contact_id: int, field: str, ext: str, value: str) -> None:
    sql = "INSERT INTO contact_data(contact_id, field, ext, sort, value) VALUES (?, ?, ?, 0, ?)"
    shop.run(sql, contact_id, field, ext, value)


def value_of(shop: Shop, contact_id: int, field: str) -> str:
    sql = "SELECT value FROM contact_data WHERE contact_id = ? AND field = ? LIMIT 1"
    return shop.value(sql, contact_id, field) or ""


def address_of(shop: Shop, contact_id: int, ext: str) -> dict[str, str]:
    sql = "SELECT field, value FROM contact_data WHERE contact_id = ? AND ext = ? AND field LIKE 'address:%'"
    return {row["field"].partition(":")[2]: row["value"] for row in shop.rows(sql, contact_id, ext)}


def short(shop: Shop, contact_id: int) -> Row:
    """The contact inside order.getInfo; a missing one gets a made-up name."""
    row = shop.by_id("contacts", contact_id)
    return {
        "id": str(contact_id), "name": row["name"] if row else f"(deleted contact {contact_id})",
        "email": value_of(shop, contact_id, "email"), "phone": value_of(shop, contact_id, "phone"),
        "registered": bool(row and row["login"]), "photo_50x50": _USERPIC,
    }  # fmt: skip


def by_ids(shop: Shop, ids: Iterable[int]) -> dict[int, Row]:
    return {row["id"]: {**printed("contacts", row), **_lists(shop, row["id"])} for row in shop.in_ids("contacts", "id", ids)}


def order_contact(people: dict[int, Row], contact_id: int, field: str) -> Row:
    person = people.get(contact_id)
    if not person:
        return {"id": str(contact_id), "name": f"(deleted contact {contact_id})"}
    if field == "contact":
        return {name: person[name] for name in ("id", "name", "photo", "is_user", "is_company")}
    names = ("id", "name", "photo", "firstname", "middlename", "lastname", "is_user", "company", "is_company")
    extra = {name: person[name] or "" for name in ("phone", "address", "email")}
    return {**{name: person[name] for name in names}, **extra, "photo_url_40": _USERPIC, "photo_url_96": _USERPIC}


def _lists(shop: Shop, contact_id: int) -> Row:
    rows = shop.rows("SELECT * FROM contact_data WHERE contact_id = ? ORDER BY rowid", contact_id)
    emails = [row["value"] for row in rows if row["field"] == "email"]
    phones = [
        {"value": row["value"], "ext": "", "status": None, "formatted": formatted_phone(row["value"])}
        for row in rows
        if row["field"] == "phone"
    ]
    addresses: dict[str, Row] = {}
    for row in rows:
        if row["field"].startswith("address:"):
            one = addresses.setdefault(row["ext"], {"data": {}, "ext": row["ext"], "status": None})
            one["data"][row["field"].partition(":")[2]] = row["value"]
    return {"email": emails, "phone": phones or False, "address": list(addresses.values()) or False}


def formatted_phone(digits: str) -> str:
    found = re.fullmatch(r"7(\d{3})(\d{3})(\d\d)(\d\d)", digits)
    return f"+7 ({found[1]}) {found[2]}-{found[3]}-{found[4]}" if found else digits


def add(call: Call) -> Row:
    """Failures are HTTP 200 with `contact_id: null`; the same e-mail twice is fine (K1)."""
    data = call.form.get("data")
    data = data if isinstance(data, dict) else {}
    errors = _problems(call.shop, data) if not as_text(call.form.get("skip_validation")) else {}
    if errors:
        return {"contact_id": None, "errors": errors}
    return {"contact_id": create(call.shop, data, "api_stub", call.user.contact_id)}


def _problems(shop: Shop, data: Values) -> Row:
    if not any(as_text(data.get(name)).strip() for name in ("firstname", "lastname", "middlename", "name", "company")):
        return {"name": "At least one of these fields must be filled in."}
    email = as_text(data.get("email"))
    if email and not _EMAIL.fullmatch(email):
        return {"email": ["Invalid email address"]}
    sql = "SELECT 1 FROM contact_data d JOIN contacts c ON c.id=d.contact_id AND c.is_user=1 WHERE field='email' AND value=?"
    if email and shop.value(sql, email):
        return {"email": ["User with the same email is already registered"]}
    return {}


def search(call: Call) -> Row:
    """`search/` sees only contacts that have ordered; `id/` and no hash see everyone, staff included (K2)."""
    offset = as_int(call.query.get("offset", "0"))
    limit = as_int(call.query.get("limit", "100"))
    sort = as_text(call.query.get("sort")) or "name ASC"
    answer: Row = {"offset": offset, "limit": limit, "sort": sort}
    where = _where(as_text(call.query.get("hash")))
    if not call.user.right("customers") or where is None:
        return {**answer, "count": 0, "customers": []}
    sql = f"FROM contacts c LEFT JOIN customers k ON k.contact_id = c.id{where.sql()}"
    answer["count"] = call.shop.value(f"SELECT COUNT(*) {sql}", *where.values)
    columns = ", ".join(f'k."{name}" AS "k_{name}"' for name in schema.CUSTOMER)
    order = f"ORDER BY {_order(sort)} LIMIT ? OFFSET ?"
    rows = call.shop.rows(f"SELECT c.*, {columns} {sql} {order}", *where.values, limit, offset)
    answer["customers"] = [_customer(call, row) for row in rows]
    return answer


def _order(sort: str) -> str:
    name, _, direction = sort.partition(" ")
    name = name if name in schema.CONTACT else "name"
    if name == "name":
        return f"ci(TRIM(c.lastname || ' ' || c.firstname)) {'DESC' if direction == 'DESC' else 'ASC'}, c.id"
    key = f'ci(c."{name}")' if schema.CONTACT[name][0] in "cs" else f'c."{name}"'
    return f"{key} {'DESC' if direction == 'DESC' else 'ASC'}, c.id"


def _where(text: str) -> Where | None:
    where = Where()
    kind, _, rest = text.strip("/").partition("/")
    if kind == "id":
        ids = id_list(rest)
        where.add(f"c.id IN ({schema.marks(ids)})", *ids)
    elif kind == "search":
        listed = conditions(rest, decode_again=False)
        if not any(one.field == "app.show_contacts" and one.value == "all" for one in listed):
            where.add("k.contact_id IS NOT NULL")
        for condition in listed:
            _add(where, condition)
    elif kind not in ("", "all"):
        return None
    return where


def _add(where: Where, condition: Condition) -> None:
    if condition.field in ("email", "phone") or condition.field.startswith("address:"):
        inner = Where()
        compare_text(inner, "value", condition)
        sql = f"c.id IN (SELECT contact_id FROM contact_data WHERE field = ? AND {inner.parts[0]})"
        where.add(sql, condition.field, *inner.values)
    elif condition.field in schema.CONTACT:
        compare(where, "contacts", condition.field, condition, "c")


def _customer(call: Call, row: sqlite3.Row) -> Row:
    view: Row = printed("contacts", row)
    for name, kind in schema.CUSTOMER.items():
        view[name] = schema.text(row[f"k_{name}"], kind)
    view["_online_status"] = "online" if row["id"] == call.user.contact_id else "offline"
    view |= {"photo_url_40": _USERPIC, "photo_url_96": _USERPIC, **_lists(call.shop, row["id"])}
    if row["create_method"] == "order/backend":
        form = {"email_confirmed": "", "phone_confirmed": "", "contact_type": "person"}
        view |= {name: [{"value": value, "ext": "", "status": None}] for name, value in form.items()}
    return {**view, "im": False, "url": False, "socialnetwork": False}


def contact_save(call: Call) -> Row:
    """Changes the contact, not the order's address, and no stamp of the order."""
    order = get_order(call, as_int(call.form.get("order_id")))
    data = call.form.get("contact")
    change(call.shop, order["contact_id"], data if isinstance(data, dict) else {})
    return {"status": "ok"}


def count_order(shop: Shop, contact_id: int, order_id: int) -> None:
    """Makes the contact a customer and counts its orders."""
    shop.run("INSERT INTO customers(contact_id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM customers WHERE contact_id = ?)",
             contact_id, contact_id)  # fmt: skip
    sql = "UPDATE customers SET number_of_orders = number_of_orders + 1, last_order_id = ? WHERE contact_id = ?"
    shop.run(sql, order_id, contact_id)


def recount_spent(shop: Shop, contact_id: Any) -> None:
    sql = "SELECT IFNULL(SUM(total * rate), 0) FROM orders WHERE contact_id = ? AND paid_date IS NOT NULL"
    schema.update(shop.db, "customers", contact_id, {"total_spent": shop.value(sql, contact_id)}, by="contact_id")


METHODS: dict[str, tuple[str, Any]] = {
    "shop.customer.add": ("POST", add),
    "shop.customer.search": ("GET POST", search),
    "shop.order.contactSave": ("POST", contact_save),
}
