"""The sandbox shop behind HTTP: routing, versions, authentication, privileges and error shapes."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.sandbox.cscart import (
    directory,
    features,
    hooks,
    images,
    order_rows,
    order_write,
    php,
    product_write,
    products,
    schema,
    seed,
    variations,
)
from tests.sandbox.cscart.shop import Account, ApiError, Call, Entity, Row, Shop
from tests.sandbox.httpd import Request, Response

_JSON = (("Content-Type", "application/json"),)
_HTML = (("Content-Type", "text/html; charset=utf-8"),)
_NAMES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
}
ENTITIES = {
    "products": Entity(
        "view_catalog", "manage_catalog", products.index, products.get, product_write.create, product_write.update, product_write.delete
    ),
    "features": Entity("view_catalog", "manage_catalog", features.index, features.get),
    "categories": Entity("view_catalog", "manage_catalog", directory.categories, create=directory.create_category),
    "product_variations_groups": Entity(
        "view_catalog",
        "manage_catalog",
        variations.groups,
        variations.group,
        variations.create_group,
        None,
        variations.delete_group,
        named=True,
    ),
    "orders": Entity(
        "view_orders",
        "edit_order",
        order_rows.index,
        order_rows.get,
        order_write.create,
        order_write.update,
        rights={"POST": "create_order"},
    ),
    "statuses": Entity("manage_order_statuses", "manage_order_statuses", directory.statuses),
    "payments": Entity("view_payments", "manage_payments", directory.payments),
    "shippings": Entity("view_shippings", "manage_shippings", directory.shippings),
    "stores": Entity("view_stores", "manage_stores", directory.stores, created=200),
    "users": Entity("view_users", "manage_users", directory.users, directory.user),
    "zapier_hooks": Entity("view_zapier_hooks", "manage_zapier_hooks", hooks.index, hooks.get, hooks.create, None, hooks.delete),
}


class CsCartSandbox:
    """A whole shop. `push` gets the thin events of a companion add-on, once an answer's work is stored."""

    def __init__(
        self,
        path: str = ":memory:",
        now: Callable[[], float] = time.time,
        edition: str = "ULTIMATE",
        currency: str = "RUB",
        email: str = "sync@shop.example",
        key: str = "k" * 32,
        rewriting: bool = True,
        premoderation: bool = False,
        rights: frozenset[str] | None = None,
        public_url: str = "",
    ) -> None:
        self.email, self.key, self.rewriting, self.rights, self.public_url = email, key, rewriting, rights, public_url
        self.push: Callable[[Row], None] | None = None
        self._lock = threading.RLock()
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")
        schema.create(db)
        self.shop = Shop(db, now, edition, currency, premoderation)
        if schema.is_empty(db):
            schema.install(db, edition=edition, currency=currency, now=int(now()))

    def seed(self, products: int, orders: int, seed_: int = 1) -> None:
        with self._lock:
            self.shop.run("BEGIN")
            seed.fill(self.shop, products, orders, seed_)
            self.shop.run("COMMIT")
            self.shop.effects.clear()

    def app(self, request: Request) -> Response:
        if request.path.startswith("/images/"):
            with self._lock:
                served = images.serve(self.shop, request.path)
            return Response(200, served[0], (("Content-Type", served[1]),)) if served else Response(404, b"", _HTML)
        found = self._resource(request)
        if found is None:
            return Response(404, b"<html><body>Page not found</body></html>", _HTML)
        try:
            return self._api(request, *found)
        except ApiError as error:
            return self._error(error)

    def _resource(self, request: Request) -> tuple[str, Row] | None:
        params = php.parse_query(request.raw_query)
        if request.path.endswith("/api.php"):
            return str(params.get("_d", "")), params
        match = re.search(r"/api/(.*)$", request.path)
        return (match.group(1), params) if match and self.rewriting else None

    def _error(self, error: ApiError) -> Response:
        name = _NAMES.get(error.status, "Error")
        message = f"{name}: {'; '.join(error.messages)}" if error.messages else name
        body: Row = {"message": message, "status": error.status} | ({"messages": list(error.messages)} if error.messages else {})
        more = (("WWW-Authenticate", 'Basic realm="User email/API key"'),) if error.status == 401 else ()
        return Response(error.status, json.dumps(body).encode(), _JSON + more)

    def _api(self, request: Request, path: str, params: Row) -> Response:
        account = self._account(request)
        version, company_id, name, ident = self._route(path.strip("/") if not path.endswith("//") else "//")
        if name == "version":
            return Response(200, b'{"Version":"2.1"}', _JSON)
        entity = ENTITIES.get(name)
        if entity is None or (ident and not ident.isdigit() and not entity.named):
            raise ApiError(404)
        method = str(params.get("_METHOD") or request.method) if request.method == "POST" else request.method
        body = self._body(request) if method in ("POST", "PUT") else {}
        call = Call(method, version, params, body, account, self.public_url, ident, company_id=company_id)
        handler = self._handler(entity, call)
        if not account.may(entity.right(method)):
            raise ApiError(403)
        call = (
            replace(call, downloads={url: images.download(url) for url in images.wanted_urls(body)})
            if name == "products" and body
            else call
        )
        return self._run(handler, call, entity)

    def _run(self, handler: Callable[[Shop, Call], Any], call: Call, entity: Entity) -> Response:
        with self._lock:
            self.shop.run("BEGIN")
            try:
                answer = handler(self.shop, call)
                self.shop.run("COMMIT")
            except BaseException:
                self.shop.run("ROLLBACK")
                self.shop.effects.clear()
                raise
            effects, self.shop.effects = list(self.shop.effects), []
        hooks.send(effects, self._payload, self.push, self.public_url)
        if call.method == "DELETE":
            return Response(204)
        return Response(entity.created if call.method == "POST" else 200, php.dumps(answer), _JSON)

    def _payload(self, effect: Row) -> Any:
        with self._lock:
            if "order_id" in effect:
                return order_rows.shown(self.shop, order_rows.found(self.shop, int(effect["order_id"])))
            return {"product_id": effect.get("product_id")}

    def _account(self, request: Request) -> Account:
        kind, _, token = str(request.headers.get("Authorization") or "").partition(" ")
        try:
            email, _, key = base64.b64decode(token, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as wrong:
            raise ApiError(401) from wrong
        if kind != "Basic" or not key or (email, key) != (self.email, self.key):
            raise ApiError(401)
        return Account(1, 0, self.rights)

    def _route(self, path: str) -> tuple[str, int, str, str]:
        pieces = path.split("/")
        if "" in pieces:
            raise ApiError(404)
        version = pieces.pop(0) if re.fullmatch(r"\d+(\.\d+)?", pieces[0]) else "2.1"
        if version not in ("2.0", "2.1") or not pieces:
            raise ApiError(404)
        company = 0
        if pieces[0] in ("stores", "vendors") and len(pieces) > 2:
            company = int(pieces[1]) if pieces[1].isdigit() else 0
            company = company if self.shop.row("SELECT 1 FROM companies WHERE company_id=?", company) else 0
            pieces = pieces[2:]
        return version, company, pieces[0], pieces[1] if len(pieces) > 1 else ""

    @staticmethod
    def _body(request: Request) -> Row:
        kind = str(request.headers.get("Content-Type") or "text/plain").split(";")[0]
        if kind not in ("application/json", "text/plain"):
            raise ApiError(415)
        try:
            body = json.loads(request.body) if kind == "application/json" else php.parse_query(request.body.decode())
        except ValueError as wrong:
            raise ApiError(400, "Invalid JSON") from wrong
        if not body or not isinstance(body, dict):
            raise ApiError(405, "Need params")
        return dict(body)

    @staticmethod
    def _handler(entity: Entity, call: Call) -> Callable[[Shop, Call], Any]:
        table = {
            ("GET", False): entity.index,
            ("GET", True): entity.get,
            ("POST", False): entity.create,
            ("PUT", True): entity.update,
            ("DELETE", True): entity.delete,
        }
        handler = table.get((call.method, bool(call.id)))
        if handler is None:
            raise ApiError(405)
        return handler
