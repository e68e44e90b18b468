"""PHP's reading of a query string or form: brackets make arrays, fields after the 1000th vanish in silence."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import unquote_plus

MAX_INPUT_VARS = 1000
POST_MAX_SIZE = 64 * 1024 * 1024
MAX_FILE_UPLOADS = 20

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Upload:
    filename: str
    body: bytes


@dataclass(slots=True)
class Form:
    values: Values = field(default_factory=dict)
    files: dict[str, list[Upload]] = field(default_factory=dict)


def parse_pairs(encoded: str) -> Values:
    pairs = [part.partition("=") for part in encoded.split("&") if part]
    return nest([(unquote_plus(name), unquote_plus(value)) for name, _, value in pairs])


def parse_body(content_type: str, body: bytes) -> Form:
    """JSON bodies give nothing (trap W8); a body above post_max_size gives nothing either."""
    if len(body) > POST_MAX_SIZE:
        return Form()
    kind = content_type.split(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return Form(parse_pairs(body.decode("utf-8", "replace")))
    if kind == "multipart/form-data":
        return _parse_multipart(content_type, body)
    return Form()


def _parse_multipart(content_type: str, body: bytes) -> Form:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    pairs: list[tuple[str, str]] = []
    form = Form()
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition") or "")
        filename = part.get_filename()
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        if filename is None:
            pairs.append((name, content.decode("utf-8", "replace")))
        elif sum(map(len, form.files.values())) < MAX_FILE_UPLOADS:
            form.files.setdefault(name.removesuffix("[]"), []).append(Upload(filename, content))
    form.values = nest(pairs)
    return form


def nest(pairs: list[tuple[str, str]]) -> Values:
    result: Values = {}
    for name, value in pairs[:MAX_INPUT_VARS]:
        keys = _keys(name)
        if keys:
            _put(result, keys, value)
    return result


def _keys(name: str) -> list[str]:
    base, bracket, rest = name.partition("[")
    base = base.replace(".", "_").replace(" ", "_")
    if not base:
        return []
    if not bracket or "]" not in rest:
        return [base + ("_" + rest if bracket else "")]
    keys = [base]
    while bracket and "]" in rest:
        key, _, rest = rest.partition("]")
        keys.append(key)
        bracket, rest = rest[:1], rest[1:]
        if bracket != "[":
            break
    return keys


def _put(target: Values, keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        key = key or _next_index(target)
        if not isinstance(target.get(key), dict):
            target[key] = {}
        target = target[key]
    target[keys[-1] or _next_index(target)] = value


def _next_index(target: Values) -> str:
    numbers = [int(key) for key in target if key.lstrip("-").isdigit()]
    return str(max(numbers, default=-1) + 1)


def truthy(value: Any) -> bool:
    """PHP's idea of true: `0`, `"0"`, `""`, null and empty arrays are false."""
    return value not in (None, False, 0, 0.0, "", "0") and value != {} and value != []


def as_list(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return [] if value is None else [value]


def as_text(value: Any) -> str:
    """What string conversion of a form value gives; an array becomes the word `Array` (observed 328)."""
    if isinstance(value, dict):
        return "Array"
    return "" if value is None else str(value)


def as_int(value: Any) -> int:
    sign, digits = "", ""
    for position, letter in enumerate(as_text(value).strip()):
        if letter.isdigit():
            digits += letter
        elif letter in "+-" and position == 0:
            sign = letter
        else:
            break
    return int(sign + digits) if digits else 0
