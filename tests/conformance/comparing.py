"""Named rules of comparison: what must be equal, and what may only have the same shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.conformance.exchanges import Exchange
from tests.sandbox.httpd import Response

_STAMP = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
_STAMPS = re.compile(r"(^|_)(datetime|date|server_time)$")
_SECRET = re.compile(r"^(entropy|access_token|auth_code)$")
_HEX = re.compile(r"[0-9a-f]{32}")
_TEMPORARY_FILE = re.compile(r"/tmp/php\w+")
# The row ids of the log and the relevance figures depend on rows that no exchange shows.
_HISTORY = re.compile(r"^(weight|weight_count|last_datetime)$")


def differences(exchange: Exchange, answer: Response) -> list[str]:
    """Empty when the sandbox answered as the shop did."""
    recorded = exchange.response
    if answer.status != recorded["status"]:
        return [f"status {answer.status}, recorded {recorded['status']}: {answer.body[:200].decode()}"]
    found = [*_headers(exchange, answer)]
    text = answer.body.decode()
    if recorded["json"] is not None:
        found += compare(recorded["json"], json.loads(text), "")
    elif "json" in exchange.header("content-type") and recorded["body"]:
        found += _cut_list(recorded["body"], json.loads(text))
    elif recorded["body"]:
        found += [] if _masked(text) == _masked(recorded["body"]) else [f"body {text[:300]!r}"]
    return found


def _headers(exchange: Exchange, answer: Response) -> Iterator[str]:
    own = {name.lower(): value for name, value in answer.headers}
    for name in ("content-type", "location"):
        recorded = exchange.header(name)
        if _masked(own.get(name, "")) != _masked(recorded):
            yield f"header {name} {own.get(name)!r}, recorded {recorded!r}"


def _masked(text: str) -> str:
    text = _TEMPORARY_FILE.sub("/tmp/php*", text)
    return re.sub(_STAMP, "<stamp>", _HEX.sub("<hex>", text))


def _cut_list(recorded: str, own: Any) -> list[str]:
    """Long bodies were cut when recorded: the envelope and the rows before the cut are compared."""
    head, _, rows = recorded.partition('"products":[')
    envelope = {**json.loads(head + '"products":[]}'), "products": None}
    found = [f".{name} {own[name]!r}, recorded {value!r}" for name, value in envelope.items() if value is not None and own[name] != value]
    position, decoder = 0, json.JSONDecoder()
    for index, product in enumerate(own["products"]):
        try:
            row, end = decoder.raw_decode(rows[position:])
        except ValueError:
            break
        position += end + 1
        found += compare(row, product, f".products[{index}]")
    return found


def compare(recorded: Any, own: Any, path: str) -> list[str]:
    if type(recorded) is not type(own) and not _both_numbers(recorded, own):
        return [f"{path} {_brief(own)}, recorded {_brief(recorded)}"]
    if isinstance(recorded, dict):
        return _compare_maps(recorded, own, path)
    if isinstance(recorded, list):
        return _compare_lists(recorded, own, path)
    return [] if _equal(recorded, own) else [f"{path} {_brief(own)}, recorded {_brief(recorded)}"]


def _compare_maps(recorded: dict[str, Any], own: dict[str, Any], path: str) -> list[str]:
    found = [f"{path}.{key} missing" for key in recorded if key not in own and not _HISTORY.match(key)]
    found += [f"{path}.{key} is extra: {_brief(own[key])}" for key in own if key not in recorded and not _HISTORY.match(key)]
    for key in recorded.keys() & own.keys():
        found += _compare_field(key, recorded[key], own[key], f"{path}.{key}")
    return found


def _compare_field(key: str, recorded: Any, own: Any, path: str) -> list[str]:
    if _HISTORY.match(key):
        return []
    if _SECRET.match(key):
        return [] if isinstance(own, str) and len(own) == len(recorded) else [f"{path} {_brief(own)}"]
    if _STAMPS.search(key):
        same = _kind(recorded) == _kind(own)
        return [] if same else [f"{path} {_brief(own)}, recorded {_brief(recorded)}"]
    if key == "id" and _is_log_entry(path):
        return [] if type(recorded) is type(own) else [f"{path} {_brief(own)}, recorded {_brief(recorded)}"]
    return compare(recorded, own, path)


def _is_log_entry(path: str) -> bool:
    return path in (".id", "[].id")


def _compare_lists(recorded: list[Any], own: list[Any], path: str) -> list[str]:
    if len(recorded) != len(own):
        return [f"{path} has {len(own)} elements, recorded {len(recorded)}"]
    return [text for index, pair in enumerate(zip(recorded, own, strict=True)) for text in compare(*pair, f"{path}[{index}]")]


def _both_numbers(recorded: Any, own: Any) -> bool:
    return all(isinstance(one, int | float) and not isinstance(one, bool) for one in (recorded, own))


def _equal(recorded: Any, own: Any) -> bool:
    if isinstance(recorded, str):
        return _masked(recorded) == _masked(own)
    return bool(recorded == own)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return "stamp" if isinstance(value, str) and _STAMP.fullmatch(value) else "other"


def _brief(value: Any) -> str:
    return repr(value)[:120]
