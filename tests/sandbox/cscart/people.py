"""Users and companies: clamped pages, and answers that look like a hit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from tests.sandbox.cscart import hooks, php
from tests.sandbox.cscart.shop import Account, ApiError, Call, Page, Row, Shop
from tests.sandbox.cscart.texts import stored

_COLUMNS = "user_id email user_type status company_id is_root firstname lastname phone company timestamp last_login".split()
_OWN = "firstname lastname phone company url fax lang_code tax_exempt".split()
_SORTS = {"id": "user_id", "email": "email", "name": "lastname", "date": "timestamp", "status": "status", "phone": "phone"}
_REQUIRED = ("email", "user_type", "company_id")


def key_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def authenticated(shop: Shop, email: str, key: str, rights: frozenset[str] | None) -> Account | None:
    """The first account with this e-mail and any key decides, even when another one would fit."""
    row = shop.row(
        "SELECT * FROM users WHERE lower(email)=lower(?) AND api_key<>'' ORDER BY user_id LIMIT 1",
        email,
    )
    if row is None or row["status"] != "A" or row["api_key"] != key_hash(key):
        return None
    return Account(row["user_id"], row["company_id"], rights)


def add_administrator(shop: Shop, email: str, key: str, company_id: int = 0, kind: str = "A") -> int:
    row: Row = {"email": email, "user_type": kind, "company_id": company_id, "is_root": "N" if company_id else "Y"}
    names = {"firstname": "Sync", "lastname": "Account", "timestamp": shop.time}
    return shop.insert("users", row | names | {"api_key": key_hash(key)})


def index(shop: Shop, call: Call) -> Row:
    if not call.params.get("user_type"):
        raise ApiError(400, "Required field: user_type")
    where, args = _filters(call)
    total = shop.count(f"SELECT count(*) FROM users WHERE {where}", tuple(args))
    page = Page.of(call, total, clamped=True)
    column = _SORTS.get(str(call.params.get("sort_by")), "lastname")
    way = "DESC" if str(call.params.get("sort_order", "asc")).lower() == "desc" else "ASC"
    rows = shop.rows(f"SELECT * FROM users WHERE {where} ORDER BY {column} {way}, user_id{page.limit}", args)
    return {"users": [_listed(row) for row in rows], "params": page.params(call)}


def _filters(call: Call) -> tuple[str, list[Any]]:
    where, args = ["user_type=?"], [call.params["user_type"]]
    for name in ("email", "phone"):
        if call.params.get(name):
            where.append(f"{name} LIKE ?")
            args.append(f"%{call.params[name]}%")
    for name in ("status", "company_id"):
        if call.params.get(name):
            where.append(f"{name}=?")
            args.append(call.params[name])
    if call.params.get("name"):
        where.append("(firstname || ' ' || lastname) LIKE ?")
        args.append(f"%{call.params['name']}%")
    if call.params.get("user_ids"):
        ids = php.ints(call.params["user_ids"])
        where.append(f"user_id IN ({php.marks(ids)})")
        args += ids
    return " AND ".join(where), args


def _listed(row: Row) -> Row:
    return php.columns({name: row[name] for name in _COLUMNS})


def get(shop: Shop, call: Call) -> Row:
    """An unknown id answers 200 with an empty list (trap 25)."""
    row = shop.row("SELECT * FROM users WHERE user_id=?", call.number)
    if row is None:
        return {}
    own = php.columns({name: row[name] for name in _OWN})
    return {**_listed(row), **own, **json.loads(row["profile"]), "usergroups": [], "fields": {}}


def create(shop: Shop, call: Call) -> Row:
    for name in _REQUIRED:
        if name not in call.body or call.body[name] == "":
            raise ApiError(400, f"Required field: {name}")
    if shop.row("SELECT 1 FROM users WHERE email=? COLLATE NOCASE", call.body["email"]):
        raise ApiError(400, "A user with this e-mail already exists")
    user_id = shop.insert("users", _values(call.body) | {"timestamp": shop.time})
    hooks.fire(shop, "new_user", user_id=user_id)
    return {"user_id": user_id, "profile_id": user_id}


def update(shop: Shop, call: Call) -> Row:
    row = shop.row("SELECT profile FROM users WHERE user_id=?", call.number)
    if row is None:
        raise ApiError(404)
    values = _values(call.body)
    if "profile" in values:
        values["profile"] = json.dumps(json.loads(row["profile"]) | json.loads(values["profile"]))
    shop.update("users", values, user_id=call.number)
    return {"user_id": call.number, "profile_id": call.number}


def delete(shop: Shop, call: Call) -> None:
    if not shop.run("DELETE FROM users WHERE user_id=? AND is_root='N'", call.number):
        raise ApiError(404)


def _values(body: Mapping[str, Any]) -> Row:
    values: Row = {name: stored(name, body[name]) for name in ("email", *_OWN) if name in body}
    values |= {name: str(body[name])[:1] for name in ("user_type", "status") if body.get(name)}
    if "company_id" in body:
        values["company_id"] = php.to_int(body["company_id"])
    profile = {name: stored(name, value) for name, value in body.items() if name[:2] in ("b_", "s_")}
    if profile:
        values["profile"] = json.dumps(profile, ensure_ascii=False)
    if body.get("password"):
        values["password"] = key_hash(str(body["password"]))
    return values


def companies(shop: Shop, call: Call) -> Row:
    total = int(shop.value("SELECT count(*) FROM companies"))
    page = Page.of(call, total, clamped=True)
    rows = shop.rows(f"SELECT * FROM companies ORDER BY company_id{page.limit}")
    name = "stores" if shop.ultimate else "vendors"
    return {name: [php.columns(row) for row in rows], "params": page.params(call)}


def company(shop: Shop, call: Call) -> Row:
    row = shop.row("SELECT * FROM companies WHERE company_id=?", call.number)
    if row is None or (call.account.company_id and call.account.company_id != call.number):
        raise ApiError(404)
    return php.columns(row)


def create_company(shop: Shop, call: Call) -> Row:
    if not call.body.get("company"):
        raise ApiError(400, "Required field: company")
    values = {"company": str(call.body["company"]), "email": str(call.body.get("email") or ""), "timestamp": shop.time}
    number = shop.insert("companies", values)
    hooks.fire(shop, "new_vendor", company_id=number)
    return {"store_id" if shop.ultimate else "vendor_id": number}
