"""What PHP makes of a request before the API sees it: resource, method, credentials, body."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

from tests.sandbox.cscart import php
from tests.sandbox.cscart.shop import ApiError
from tests.sandbox.httpd import Request

_METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_ACCEPTED = frozenset({"*/*", "application/json", "text/plain"})


def resource(request: Request, rewriting: bool) -> tuple[str | None, Mapping[str, Any]]:
    """The API path, from either URL form; None for the storefront."""
    params = php.parse_query(request.raw_query)
    if request.path.endswith("/api.php"):
        return str(params.get("_d", "")), params
    rewritten = re.match(r"(?:.*?)/api/(.*)$", request.path) if rewriting else None
    return (rewritten[1] if rewritten else None), params


def method(request: Request, params: Mapping[str, Any]) -> str:
    """A POST may stand for another method where a firewall lets nothing else through."""
    wanted = str(params.get("_METHOD", "")).upper() if request.method == "POST" else ""
    found = wanted or request.method
    if found not in _METHODS:
        raise ApiError(405)
    return found


def credentials(request: Request) -> tuple[str, str] | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, key = base64.b64decode(token).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, key


def body(request: Request, verb: str) -> Mapping[str, Any]:
    """JSON only when it is announced as JSON; anything else is read as a form (trap 2)."""
    kind = request.headers.get("Content-Type", "text/plain").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _json(request.body)
    if kind in _FORMS:
        return php.parse_query(request.body.decode("utf-8", "replace")) if verb == request.method == "POST" else {}
    if kind == "text/plain":
        found = php.parse_query(request.body.decode("utf-8", "replace"))
        return {name: value for name, value in found.items() if re.match(r"\w", name)}
    raise ApiError(415)


def _json(source: bytes) -> Mapping[str, Any]:
    if not source.strip():
        return {}
    try:
        found = php.from_json(json.loads(source))
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "Invalid JSON") from error
    return found if isinstance(found, dict) else {}


def check_accept(request: Request, verb: str) -> None:
    accepted = [part.partition(";")[0].strip() for part in request.headers.get("Accept", "*/*").split(",")]
    if verb == "GET" and not _ACCEPTED & set(accepted):
        raise ApiError(406)
