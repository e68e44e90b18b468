"""The HTTP front: URL forms, token, scope, verb, then the method; errors as the shop words them (contract 2)."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Callable
from typing import Any

from tests.sandbox.faults import Request
from tests.sandbox.httpd import Response
from tests.sandbox.webasyst import (
    categories,
    contacts,
    images,
    massupdate,
    order_create,
    order_save,
    orders,
    products,
    shop_info,
    skus,
    workflow,
)
from tests.sandbox.webasyst.answers import HTML, ApiError, Fatal, denied, error_body, render
from tests.sandbox.webasyst.oauth import OAuth
from tests.sandbox.webasyst.phpform import Form, Values, as_text, parse_body, parse_pairs, truthy
from tests.sandbox.webasyst.store import APPS, Call, Shop, Tokens, User, Users

_IMAGE = re.compile(r"/wa-data/public/shop/products/.+/images/\d+/(\d+)\.[\dx]+\.(\w+)$")
_KINDS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png", "gif": "gif", "webp": "webp"}
_DATABASE_ERROR = "Database error. See log files for details."
_BEARER = re.compile(r"^\s*Bearer(\s+|$)", re.IGNORECASE)


def methods() -> dict[str, tuple[str, Callable[[Call], Any]]]:
    """Every API method with its verb; `customer.search` alone takes two."""
    parts: list[dict[str, Any]] = [
        products.METHODS, skus.METHODS, massupdate.METHODS, images.METHODS, categories.METHODS, orders.METHODS,
        order_create.METHODS, order_save.METHODS, workflow.METHODS, contacts.METHODS, shop_info.METHODS,
    ]  # fmt: skip
    return {name: entry for part in parts for name, entry in part.items()}


class Front:
    def __init__(self, shop: Shop) -> None:
        self._shop, self._users, self._tokens, self._oauth = shop, Users(shop), Tokens(shop), OAuth(shop)
        self._methods = methods()

    def answer(self, request: Request) -> Response:
        try:
            return self._route(request)
        except Fatal:
            return Response(500, b"", (HTML,))

    def _route(self, request: Request) -> Response:
        picture = _IMAGE.search(request.path)
        if picture:
            return self._picture(int(picture[1]))
        position = request.path.find("/api.php")
        if position < 0:
            return Response(404, b"<!DOCTYPE html><html><title>404. Page not found</title></html>", (HTML,))
        query = parse_pairs(request.raw_query)
        form = parse_body(request.headers.get("Content-Type") or "", request.body) if request.method == "POST" else Form()
        return self._dispatch(request, request.path[position + 1 :], query, form, request.path[: position + 1])

    def _picture(self, image_id: int) -> Response:
        row = self._shop.row("SELECT f.body, i.ext FROM image_files f JOIN images i ON i.id=f.image_id WHERE i.id=?", image_id)
        if not row:
            return Response(404, b"", (HTML,))
        return Response(200, row["body"], (("Content-Type", f"image/{_KINDS.get(row['ext'], 'png')}"),))

    def _dispatch(self, request: Request, path: str, query: Values, form: Form, prefix: str) -> Response:
        base = self._shop.public_url.rstrip("/") + "/" if self._shop.public_url else f"http://{request.headers.get('Host')}{prefix}"
        if self._shop.https_only and request.headers.get("X-Forwarded-Proto") != "https":
            moved = f"{base}{path}" + (f"?{request.raw_query}" if request.raw_query else "")
            return Response(301, b"", (("Location", moved), HTML))
        plain = path.rstrip("/")
        if plain == "api.php/auth":
            url = f"{base}api.php/auth" + (f"?{request.raw_query}" if request.raw_query else "")
            return self._oauth.authorize(request, query, form.values, url)
        if plain == "api.php/token":
            return self._oauth.exchange(query, form.values if request.method == "POST" else {})
        if plain == "api.php/token-headless":
            return self._oauth.exchange_headless(form.values)
        return self._call(request, plain, query, form, base)

    def _call(self, request: Request, path: str, query: Values, form: Form, base: str) -> Response:
        kind, callback, locale = "JSON", as_text(query.get("callback")), "en_US"
        try:
            if path == "api.php/revoke":
                self._check_token(request, query, form.values)
                return self._oauth.revoke(query, form.values)
            app, method = _target(path, query)
            kind = _format(query)
            if request.method == "OPTIONS":
                return Response(200, b"", (HTML,))
            token, user = self._check_token(request, query, form.values)
            locale = user.locale
            run = self._method(app, method, token, user, request.method)
            agent = request.headers.get("User-Agent") or ""
            call = Call(self._shop, user, query, form.values, form.files, base, agent)
            return render(run(call), kind, callback=callback)
        except (sqlite3.Error, OverflowError):
            return render({"error": "server_error", "error_description": _DATABASE_ERROR}, kind, 500, callback)
        except ApiError as error:
            answer = render(error_body(error, locale), kind, error.status, callback)
            return Response(answer.status, b"", answer.headers) if request.method == "HEAD" else answer

    def _method(self, app: str, method: str, token: sqlite3.Row, user: User, verb: str) -> Callable[[Call], Any]:
        if app not in APPS:
            raise ApiError("app_not_installed", f"App is not installed ({app})", 400, app=app or None)
        if user.is_user <= 0 or (app == "shop" and not user.right("backend")):
            raise denied()
        if app not in token["scope"].split(","):
            raise denied()
        if f"{app}.{method}" not in self._methods:
            raise ApiError("invalid_method", f"Unknown method: {app}.{method}", 404)
        verbs, run = self._methods[f"{app}.{method}"]
        if verb not in verbs.split():
            raise ApiError("invalid_request", f"Method {verb} not allowed", 405)
        return run

    def _check_token(self, request: Request, query: Values, form: Values) -> tuple[sqlite3.Row, User]:
        """POST field, then query, then header; the word Bearer is optional (observed E1)."""
        token = next((as_text(v) for v in (form.get("access_token"), query.get("access_token")) if truthy(v)), "")
        token = token or _BEARER.sub("", request.headers.get("Authorization") or "").strip()
        if not token:
            raise ApiError("token_required", "Access token is missing", 400)
        row = self._tokens.get(token)
        if not row:
            sha = hashlib.sha256(token.encode()).hexdigest()
            raise ApiError("invalid_token", "Invalid access token", 401, sha256=sha)
        if row["expires"] is not None and row["expires"] < self._shop.now():
            raise ApiError("invalid_token", "Access token has expired", 401)
        self._tokens.touch(token)
        return row, self._users.get(row["contact_id"])


def _target(path: str, query: Values) -> tuple[str, str]:
    """Three equal URL forms; anything else is `invalid_request` (observed E2)."""
    parts = path.split("/")
    if len(parts) == 1:
        return as_text(query.get("app")), as_text(query.get("method"))
    if len(parts) == 3 and parts[1]:
        return parts[1], parts[2]
    if len(parts) == 2 and "." in parts[1]:
        app, _, method = parts[1].partition(".")
        return app, method
    text = f"Malformed request or server misconfiguration. Request URL: {path}"
    raise ApiError("invalid_request", text, 400)


def _format(query: Values) -> str:
    kind = as_text(query.get("format")).upper() or "JSON"
    if kind not in ("JSON", "XML"):
        raise ApiError("invalid_request", f"Invalid response format: {kind}")
    return kind
