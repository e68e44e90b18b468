"""The shop's search language (`hash`): what it knows becomes SQL, what it does not know is ignored (trap W12)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from tests.sandbox.webasyst import schema
from tests.sandbox.webasyst.answers import ApiError
from tests.sandbox.webasyst.phpform import as_int

_OPERATOR = re.compile(r"(\$=|\^=|\*=|==|!=|>=|<=|=|>|<)")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?")


@dataclass(slots=True)
class Where:
    """Collected conditions, all ANDed."""

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, sql: str, *values: Any) -> None:
        self.parts.append(sql)
        self.values += values

    def sql(self) -> str:
        return " WHERE " + " AND ".join(self.parts) if self.parts else ""


@dataclass(frozen=True, slots=True)
class Condition:
    field: str
    operator: str
    value: str


def split_hash(text: str, known: tuple[str, ...]) -> tuple[str, str]:
    """`("search", "a=1&b=2")`; leading and trailing slashes go; an unknown form is an exception, hence 500."""
    kind, _, rest = text.strip("/").partition("/")
    if kind == "all":
        return "", ""
    if kind not in known:
        raise ApiError("server_error", f"Unknown collection hash type: “{kind}”.", 500)
    return kind, rest


def conditions(text: str, *, decode_again: bool) -> list[Condition]:
    """The product search decodes the string a second time, so `+` and `%` must be encoded twice (trap W13)."""
    text = unquote_plus(text) if decode_again else text
    found = []
    for part in re.split(r"(?<!\\)&", text):
        pieces = _OPERATOR.split(part.strip().replace("\\&", "&"), maxsplit=1)
        if len(pieces) == 3:
            found.append(Condition(*pieces))
    return found


def id_list(text: str) -> list[int]:
    return [as_int(part) for part in text.split(",")]


def compare(where: Where, table: str, column: str, condition: Condition, alias: str) -> None:
    """One comparison as MySQL makes it: NULL never matches, text ignores case, a bad date matches any."""
    kind = schema.TABLES[table][column]
    name = f'{alias}."{column}"'
    if condition.operator in ("^=", "$=", "*="):
        _like(where, name, condition)
    elif kind == "t":
        _compare_time(where, name, condition)
    elif kind[0] in "id":
        _compare_number(where, name, condition)
    else:
        _compare_text(where, f"ci({name})", condition)


def compare_text(where: Where, expression: str, condition: Condition) -> None:
    if condition.operator in ("^=", "$=", "*="):
        _like(where, expression, condition)
    else:
        _compare_text(where, f"ci({expression})", condition)


def _like(where: Where, name: str, condition: Condition) -> None:
    wanted = re.sub(r"([\\%_])", r"\\\1", condition.value.casefold())
    before = "" if condition.operator == "^=" else "%"
    after = "" if condition.operator == "$=" else "%"
    where.add(f"ci({name}) LIKE ? ESCAPE '\\'", before + wanted + after)


def _compare_time(where: Where, name: str, condition: Condition) -> None:
    values = [_time(value) for value in _values(condition)]
    if None in values:
        where.add(f"{name} IS NOT NULL" if condition.operator in (">", ">=", "!=") else "0")
        return
    _listed(where, name, condition.operator, values)


def _time(value: str) -> str | None:
    """ISO forms are accepted and read as local time; a zone is dropped in silence (contract 6.1)."""
    found = _DATE.match(value.strip())
    if not found:
        return None
    clock = found[2] or "00:00:00"
    return f"{found[1]} {clock if len(clock) == 8 else clock + ':00'}"


def _compare_number(where: Where, name: str, condition: Condition) -> None:
    _listed(where, name, condition.operator, [schema.decimal(value) for value in _values(condition)])


def _compare_text(where: Where, name: str, condition: Condition) -> None:
    _listed(where, name, condition.operator, [value.rstrip().casefold() for value in _values(condition)])


def _values(condition: Condition) -> list[str]:
    if condition.operator in ("=", "==", "!=") and "||" in condition.value:
        return [value.strip() for value in condition.value.split("||")]
    return [condition.value]


def _listed(where: Where, name: str, operator: str, values: list[Any]) -> None:
    if operator in ("=", "=="):
        where.add(f"{name} IN ({schema.marks(values)})", *values)
    elif operator == "!=":
        where.add(f"{name} NOT IN ({schema.marks(values)})", *values)
    else:
        where.add(f"{name} {operator} ?", values[0])


def folded(value: Any) -> Any:
    """The SQL function `ci`: MySQL's default collation ignores case and trailing blanks."""
    return value.rstrip().casefold() if isinstance(value, str) else value
