"""The shop behind the HTTP front: one SQLite file, one clock, its users with their rights and tokens."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.sandbox.webasyst import schema
from tests.sandbox.webasyst.phpform import Upload, Values

ADMIN_RIGHT = 9223372036854775807
ADMIN_ID = 1
APPS = ("shop", "webasyst", "site")
CODE_LIFETIME = 180.0

Notify = Callable[[str, dict[str, Any]], None]


@dataclass(slots=True)
class Shop:
    """State and rules shared by all methods; guarded by the lock of the sandbox."""

    db: sqlite3.Connection
    now: Callable[[], float]
    zone: ZoneInfo
    currency: str
    public_url: str = ""
    currencies: dict[str, float] = field(default_factory=dict)
    https_only: bool = False
    refused_actions: set[str] = field(default_factory=set)
    payment_polls: list[str] = field(default_factory=list)
    pending_notifications: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def stamp(self) -> str:
        """Server-local time without an offset, to the second (trap W28)."""
        return self.local_time().strftime("%Y-%m-%d %H:%M:%S")

    def local_time(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC).astimezone(self.zone)

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self.db.execute(sql, values).fetchone()
        return found

    def value(self, sql: str, *values: Any) -> Any:
        found = self.db.execute(sql, values).fetchone()
        return found[0] if found else None

    def run(self, sql: str, *values: Any) -> None:
        self.db.execute(sql, values)

    def insert(self, table: str, values: dict[str, Any]) -> int:
        return schema.insert(self.db, table, values)

    def update(self, table: str, key: int, values: dict[str, Any]) -> None:
        schema.update(self.db, table, key, values)

    def by_id(self, table: str, key: Any) -> sqlite3.Row | None:
        return self.row(f"SELECT * FROM {table} WHERE id = ?", key)

    def in_ids(self, table: str, column: str, ids: Iterable[int], order: str = "id") -> list[sqlite3.Row]:
        """Rows whose column is among the ids, in chunks that SQLite accepts."""
        wanted, found = list(ids), []
        for start in range(0, len(wanted), 500):
            chunk = wanted[start : start + 500]
            sql = f"SELECT * FROM {table} WHERE {column} IN ({schema.marks(chunk)}) ORDER BY {order}"
            found += self.rows(sql, *chunk)
        return found

    def setting(self, name: str, default: str = "") -> str:
        found = self.value("SELECT value FROM settings WHERE name = ?", name)
        return default if found is None else str(found)

    def set_setting(self, name: str, value: str) -> None:
        self.run("INSERT OR REPLACE INTO settings(name, value) VALUES (?, ?)", name, value)

    @property
    def stock_counting_action(self) -> str:
        return self.setting("stock_counting_action", "processing")

    def convert(self, amount: float, source: str | None, target: str | None = None) -> float:
        rate = self.currencies.get(source or self.currency, 1.0)
        return amount * rate / self.currencies.get(target or self.currency, 1.0)


@dataclass(frozen=True, slots=True)
class User:
    contact_id: int
    is_user: int
    locale: str
    rights: dict[str, int]

    @property
    def is_admin(self) -> bool:
        return self.rights.get("webasyst.backend", 0) > 0 or self.rights.get("backend", 0) >= 2

    def right(self, name: str) -> int:
        """The individual value, or the `.all` value when the individual one is 0 (contract 8)."""
        if self.is_admin:
            return ADMIN_RIGHT
        group = name.partition(".")[0]
        return self.rights.get(name, 0) or (self.rights.get(f"{group}.all", 0) if "." in name else 0)


@dataclass(slots=True)
class Call:
    """One method call: who asks, what was sent where."""

    shop: Shop
    user: User
    query: Values
    form: Values
    files: dict[str, list[Upload]]
    base_url: str
    user_agent: str = ""


class Users:
    """Backend users; tests make limited ones to see rights at work."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def add(self, login: str, password: str, rights: dict[str, int] | None = None, *, locale: str = "en_US", name: str = "") -> int:
        """`rights`: `{"backend": 1, "orders": 100, "type.1": 2, ...}`; `backend` 2 or more is an administrator."""
        contact_id = self._shop.insert(
            "contacts",
            {
                "name": name or login, "firstname": name or login, "is_user": 1, "login": login, "locale": locale,
                "create_datetime": self._shop.stamp(), "create_app_id": "team", "create_method": "add",
                "create_contact_id": ADMIN_ID,
            },
        )  # fmt: skip
        self._shop.run("INSERT INTO users(contact_id, login, password) VALUES (?, ?, ?)", contact_id, login, digest(password))
        self.grant(contact_id, rights or {})
        return contact_id

    def grant(self, contact_id: int, rights: dict[str, int]) -> None:
        """Replaces all rights of the user."""
        self._shop.run("DELETE FROM rights WHERE contact_id = ?", contact_id)
        for name, value in rights.items():
            self._shop.run("INSERT INTO rights(contact_id, name, value) VALUES (?, ?, ?)", contact_id, name, value)

    def disable(self, contact_id: int) -> None:
        self._shop.update("contacts", contact_id, {"is_user": -1})

    def get(self, contact_id: int) -> User:
        row = self._shop.by_id("contacts", contact_id)
        rights = {r["name"]: r["value"] for r in self._shop.rows("SELECT * FROM rights WHERE contact_id=?", contact_id)}
        return User(contact_id, row["is_user"] if row else 0, row["locale"] if row else "", rights)

    def authenticate(self, login: str, password: str) -> int | None:
        sql = "SELECT contact_id FROM users WHERE login = ? AND password = ?"
        found = self._shop.value(sql, login, digest(password))
        return int(found) if found else None


class Tokens:
    """One token per (user, client_id); a second approval returns it and replaces its scope (trap W3)."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def issue(self, contact_id: int, client_id: str, scope: str, token: str = "") -> str:
        client_id = client_id[:32]
        sql = "SELECT token FROM tokens WHERE contact_id = ? AND client_id = ?"
        known = self._shop.value(sql, contact_id, client_id)
        if known:
            self._shop.run("UPDATE tokens SET scope = ? WHERE token = ?", scope, known)
            return str(known)
        token = token or secrets.token_hex(16)
        sql = "INSERT INTO tokens(token, contact_id, client_id, scope) VALUES (?, ?, ?, ?)"
        self._shop.run(sql, token, contact_id, client_id, scope)
        return token

    def get(self, token: str) -> sqlite3.Row | None:
        return self._shop.row("SELECT * FROM tokens WHERE token = ?", token)

    def touch(self, token: str) -> None:
        self._shop.run("UPDATE tokens SET last_use_datetime = ? WHERE token = ?", self._shop.stamp(), token)

    def expire(self, token: str, at: float) -> None:
        self._shop.run("UPDATE tokens SET expires = ? WHERE token = ?", at, token)

    def revoke(self, token: str) -> None:
        self._shop.run("DELETE FROM tokens WHERE token = ?", token)

    def create_code(self, contact_id: int, client_id: str, scope: str) -> str:
        code = secrets.token_hex(16)
        sql = "INSERT INTO auth_codes(code, contact_id, client_id, scope, expires) VALUES (?, ?, ?, ?, ?)"
        self._shop.run(sql, code, contact_id, client_id[:32], scope, self._shop.now() + CODE_LIFETIME)
        return code

    def get_code(self, code: str) -> sqlite3.Row | None:
        return self._shop.row("SELECT * FROM auth_codes WHERE code = ?", code)


def digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
