"""What every entity of the sandbox shop works with: the store of rows, and the call in hand."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.cscart import php
from tests.sandbox.cscart.schema import LANGUAGES

Row = dict[str, Any]


class ApiError(Exception):
    """An answer of 4xx with the messages the shop would show."""

    def __init__(self, status: int, *messages: str) -> None:
        super().__init__(status, *messages)
        self.status = status
        self.messages = messages


@dataclass(frozen=True, slots=True)
class Account:
    """`rights` None means a root administrator; `company_id` 0 means bound to no company."""

    user_id: int
    company_id: int = 0
    rights: frozenset[str] | None = None

    def may(self, right: str) -> bool:
        return self.rights is None or not right or right in self.rights


@dataclass(frozen=True, slots=True)
class Call:
    """One API request after routing; `company_id` is the runtime company (0 = all)."""

    method: str
    version: str
    params: Mapping[str, Any]
    body: Mapping[str, Any]
    account: Account
    base_url: str
    id: str = ""
    child: str = ""
    company_id: int = 0
    downloads: Mapping[str, bytes | None] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return int(self.id)

    @property
    def lang(self) -> str:
        wanted = self.params.get("lang_code") or self.body.get("lang_code")
        return wanted if wanted in LANGUAGES else LANGUAGES[0]

    def off(self, name: str) -> bool:
        """Whether a switch that is on by default was turned off."""
        return str(self.params.get(name, "1")) in ("0", "", "N", "false")

    def on(self, name: str) -> bool:
        return php.truthy(self.params.get(name)) and self.params.get(name) != "N"


@dataclass(slots=True)
class Oddities:
    """How a broken add-on or an old version makes a shop answer: `ignored` names parameters of lists that have no effect.

    `without_base_price`: list rows lack it. `deaf`: writes of products answer 200 and keep nothing. `stuck`: a rebuilt order stays `N`.
    `loose`: a group answers 201 and takes its parent only.
    """

    ignored: set[str] = field(default_factory=set)
    without_base_price: bool = False
    deaf: bool = False
    stuck: bool = False
    loose: bool = False


@dataclass(slots=True)
class Shop:
    """`effects` collects what has to be sent (hooks, pushes) once the work of a call is stored.

    `listed` counts what changed the set of products that lists show.
    """

    db: sqlite3.Connection
    now: Callable[[], float]
    edition: str
    currency: str
    premoderation: bool = False
    effects: list[Row] = field(default_factory=list)
    reads: int = 0
    listed: int = 0
    odd: Oddities = field(default_factory=lambda: Oddities())
    _counts: dict[Any, int] = field(default_factory=dict)
    _counted_at: int = -1
    _ids: dict[Any, tuple[int, array[int]]] = field(default_factory=dict)

    @property
    def time(self) -> int:
        return int(self.now())

    @property
    def ultimate(self) -> bool:
        return self.edition == "ULTIMATE"

    def rows(self, sql: str, args: Iterable[Any] = ()) -> list[Row]:
        cursor = self.db.execute(sql, tuple(args))
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def row(self, sql: str, *args: Any) -> Row | None:
        found = self.db.execute(sql, args).fetchone()
        return dict(found) if found else None

    def value(self, sql: str, *args: Any) -> Any:
        found = self.db.execute(sql, args).fetchone()
        return found[0] if found else None

    def run(self, sql: str, *args: Any) -> int:
        return self.db.execute(sql, args).rowcount

    def insert(self, table: str, values: Mapping[str, Any]) -> int:
        sql = f"INSERT INTO {table} ({','.join(values)}) VALUES ({php.marks(values)})"
        return int(self.db.execute(sql, tuple(values.values())).lastrowid or 0)

    def update(self, table: str, values: Mapping[str, Any], **key: Any) -> int:
        if not values:
            return 0
        sets = ",".join(f"{name}=?" for name in values)
        where = " AND ".join(f"{name}=?" for name in key)
        return self.run(f"UPDATE {table} SET {sets} WHERE {where}", *values.values(), *key.values())

    def count(self, sql: str, args: tuple[Any, ...]) -> int:
        """A remembered COUNT: sweeps ask for the same one on every page."""
        if self._counted_at != self.db.total_changes:
            self._counts.clear()
            self._counted_at = self.db.total_changes
        key = (sql, args)
        if key not in self._counts:
            self._counts[key] = int(self.value(sql, *args) or 0)
        return self._counts[key]

    def ids(self, sql: str, args: tuple[Any, ...]) -> array[int]:
        """All ids that a sweep will page through, remembered until a product comes or goes."""
        key = (sql, args)
        at, found = self._ids.get(key, (-1, array("q")))
        if at != self.listed:
            found = array("q", (row[0] for row in self.db.execute(sql, args)))
            self._ids[key] = (self.listed, found)
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """Where a list stands; `clamped` lists repeat their last page instead of ending."""

    number: int
    size: int
    total: int

    @classmethod
    def of(cls, call: Call, total: int, *, clamped: bool, default: int = 50) -> Page:
        size = max(0, php.to_int(call.params.get("items_per_page", default)))
        number = max(1, php.to_int(call.params.get("page", 1)))
        if clamped and size:
            number = min(number, max(1, -(-total // size)))
        return cls(number, size, total)

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size

    @property
    def limit(self) -> str:
        return f" LIMIT {self.size} OFFSET {self.first}" if self.size else ""

    def params(self, call: Call) -> Row:
        given = {name: value for name, value in call.params.items() if name not in ("_d", "ajax_custom")}
        return {
            **given,
            "page": self.number,
            "items_per_page": str(self.size),
            "total_items": str(self.total),
        }


Handler = Callable[[Shop, Call], Any]


@dataclass(frozen=True, slots=True)
class Entity:
    """A resource and the privileges it asks for; a missing handler is a method it does not have."""

    view: str
    manage: str
    index: Handler | None = None
    get: Handler | None = None
    create: Handler | None = None
    update: Handler | None = None
    delete: Handler | None = None
    rights: Mapping[str, str] = field(default_factory=dict)
    created: int = 201
    named: bool = False

    def right(self, method: str) -> str:
        return self.rights.get(method) or (self.view if method == "GET" else self.manage)
