"""The sandbox shop: routing, authentication, versions and errors of its API."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from tests.sandbox.cscart import answers, entities, hooks, images, inbound, order_write, orders, people, php, products, schema, seed
from tests.sandbox.cscart.answers import Route
from tests.sandbox.cscart.shop import Account, ApiError, Call, Entity, Oddities, Row, Shop
from tests.sandbox.httpd import Request, Response

_OLD = frozenset({"orders", "products", "users", "version"})
_STORED = ("POST", "PUT")
_LONGEST_ADDRESS = 8190  # what the common web servers take
_PAGE = b"<!DOCTYPE html><html><head><title>Shop</title></head><body><h1>%s</h1></body></html>"


class CsCartSandbox:
    """A CS-Cart shop in one SQLite file.

    `now` gives unix seconds; `rights` None is a root administrator, otherwise the names of contract 1.3;
    `account_company` binds the API account to a storefront or makes it a vendor's; `rewriting` False leaves only
    `api.php?_d=`. `push` receives a companion add-on's thin events after the work is stored, inside of the request.
    """

    def __init__(
        self,
        path: str = ":memory:",
        now: Callable[[], float] = time.time,
        edition: str = "ULTIMATE",
        currency: str = "RUB",
        email: str = "sync@shop.example",
        key: str = "A1b2C3d4E5f6G7h8J9k0L1m2N3p4Q5r6",
        rewriting: bool = True,
        premoderation: bool = False,
        rights: Iterable[str] | None = None,
        public_url: str = "",
        account_company: int = 0,
    ) -> None:
        self.email, self.key, self.rewriting, self.public_url = email, key, rewriting, public_url
        self.rights = None if rights is None else frozenset(rights)
        self.push: Callable[[Row], None] | None = None
        self.https_only = False
        self._lock = threading.RLock()
        self._entities, self._children = entities.table(), entities.children()
        self.shop = _opened(path, now, edition, currency, premoderation)
        with self._lock, self.shop.db:
            if not self.shop.row("SELECT 1 FROM users WHERE email=?", email):
                kind = "V" if account_company and not self.shop.ultimate else "A"
                people.add_administrator(self.shop, email, key, account_company, kind)

    def app(self, request: Request) -> Response:
        if len(request.path) + len(request.raw_query) > _LONGEST_ADDRESS:
            return self._dated(Response(414, _PAGE % b"Request-URI Too Large", (("Content-Type", "text/html"),)))
        resource, params = inbound.resource(request, self.rewriting)
        if resource is None:
            return self._dated(self._page(request))
        try:
            response = self._api(request, resource, params)
        except ApiError as error:
            response = answers.refusal(error)
        return self._dated(response)

    def seed(self, products: int, orders: int, seed: int = 0) -> None:
        """Fills the shop; what was in it before stays."""
        with self._lock, self.shop.db:
            _seed(self.shop, products, orders, seed)

    def checkout(
        self,
        lines: Mapping[Any, int] | Iterable[tuple[Any, int]],
        customer: Mapping[str, Any],
        shipping_id: int = 1,
        payment_id: int = 1,
        *,
        discount: Any = 0,
        notes: str = "",
        company_id: int = 1,
        lang: str = "ru",
    ) -> int:
        """A shopper's checkout of (product id, amount) lines; returns the order's (or the parent's) id."""
        items = list(lines.items() if isinstance(lines, Mapping) else lines)
        placement = order_write.Placement(
            products={str(n): {"product_id": item, "amount": amount} for n, (item, amount) in enumerate(items, 1)},
            customer=customer,
            user_id=int(customer.get("user_id") or 0),
            payment_id=payment_id,
            shipping_ids={"0": shipping_id},
            company_id=company_id if self.shop.ultimate else 0,
            lang=lang,
            discount=php.to_cents(discount),
            merged={"notes": notes},
            shopper=True,
        )
        with self._lock, self.shop.db:
            order_id = order_write.place(self.shop, placement)
            effects = self._taken()
        self._send(effects)
        return order_id

    def execute(self, sql: str, *args: Any) -> list[Row]:
        """Direct SQL, as a third-party import would do it: no stamp moves, no hook fires."""
        with self._lock, self.shop.db:
            self.shop.listed += 1
            return self.shop.rows(sql, args)

    @property
    def odd(self) -> Oddities:
        return self.shop.odd

    def close(self) -> None:
        with self._lock:
            self.shop.db.close()

    def _api(self, request: Request, resource: str, params: Mapping[str, Any]) -> Response:
        if request.method == "OPTIONS":
            return Response(200)
        account = self._account(request)
        if self.https_only:
            raise ApiError(403, "The API is only accessible over HTTPS")
        route = answers.route_of(resource)
        entity = self._entities.get(route.entity)
        if entity is None or (route.version == "1.0" and route.entity not in _OLD):
            raise ApiError(404)
        method = inbound.method(request, params)
        body = inbound.body(request, method) if method in _STORED else {}
        inbound.check_accept(request, method)
        params = {name: value for name, value in params.items() if name not in self.odd.ignored}
        call = Call(method, route.version, params, body, account, self._base(request), route.id, route.child)
        return self._answer(entity, route, call)

    def _account(self, request: Request) -> Account:
        credentials = inbound.credentials(request)
        if credentials and not credentials[1]:
            raise ApiError(403)
        with self._lock:
            found = people.authenticated(self.shop, *credentials, self.rights) if credentials else None
        if found is None:
            raise ApiError(401)
        return found

    def _answer(self, entity: Entity, route: Route, call: Call) -> Response:
        if not call.account.may(entity.right(call.method)):
            raise ApiError(403)
        if call.id and not entity.named and not call.id.isdigit():
            raise ApiError(404)
        handler = self._handler(entity, route, call)
        urls = images.wanted_urls(call.body, call.base_url) if route.entity.startswith("product") else []
        call = replace(call, downloads={url: images.download(url) for url in urls})
        with self._lock, self.shop.db:
            call = replace(call, company_id=self._company(route, call))
            try:
                result = handler(self.shop, call)
            except ApiError:
                self.shop.effects.clear()
                raise
            effects = self._taken()
        self._send(effects)
        return answers.reply(entity, route, call, result)

    def _handler(self, entity: Entity, route: Route, call: Call) -> Callable[[Shop, Call], Any]:
        if route.child:
            handler = self._children.get((call.method, route.entity, route.child))
            if handler is None:
                raise ApiError(404)
            return handler
        choices = {
            ("GET", False): entity.index,
            ("GET", True): entity.get,
            ("POST", False): entity.create,
            ("PUT", True): entity.update,
            ("DELETE", True): entity.delete,
        }
        found = choices.get((call.method, bool(call.id)))
        if found is None or (call.method in _STORED and not call.body):
            raise ApiError(405)
        return found

    def _company(self, route: Route, call: Call) -> int:
        """An unknown store or vendor in the path is taken for all of them, then not found as a parent."""
        own = call.account.company_id
        wanted = int(route.company or 0)
        if own and wanted and own != wanted:
            raise ApiError(403)
        if wanted and not self.shop.row("SELECT 1 FROM companies WHERE company_id=?", wanted):
            raise ApiError(404)
        return own or wanted

    def _taken(self) -> list[Row]:
        effects, self.shop.effects = self.shop.effects, []
        return effects

    def _send(self, effects: list[Row]) -> None:
        hooks.send(effects, self._payload, self.push, self.public_url)

    def _payload(self, effect: Row) -> Any:
        with self._lock:
            if "order_id" in effect:
                row = self.shop.row("SELECT * FROM orders WHERE order_id=?", effect["order_id"])
                order = orders.whole(self.shop, row) if row else {}
                if effect["trigger"] == "new_order":
                    order["products"] = list(order.get("products", {}).values())
                return order
            if "product_id" in effect:
                call = Call("GET", "2.1", {}, {}, Account(0), self.public_url, str(effect["product_id"]))
                return products.get(self.shop, call)
        return {name: value for name, value in effect.items() if name.endswith("_id")}

    def _base(self, request: Request) -> str:
        return self.public_url.rstrip("/") or f"http://{request.headers.get('Host', 'shop.example')}"

    def _page(self, request: Request) -> Response:
        """The storefront: pictures, a front page, and HTML for all the rest."""
        with self._lock:
            found = images.serve(self.shop, request.path)
        if found:
            return Response(200, found[0], (("Content-Type", found[1]),))
        html = (("Content-Type", "text/html; charset=utf-8"),)
        if re.fullmatch(r".*/(index\.php)?", request.path):
            return Response(200, _PAGE % b"Welcome", html)
        return Response(404, _PAGE % b"Page not found", html)

    def _dated(self, response: Response) -> Response:
        date = ("Date", formatdate(self.shop.now(), usegmt=True))
        return replace(response, headers=(*response.headers, date))


def _opened(path: str, now: Callable[[], float], edition: str, currency: str, premoderation: bool) -> Shop:
    if edition not in ("ULTIMATE", "MULTIVENDOR"):
        raise ValueError(f"unknown edition: {edition}")
    db = sqlite3.connect(path, check_same_thread=False)
    db.row_factory = sqlite3.Row
    if path != ":memory:":
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=OFF")
    db.execute("PRAGMA cache_size=-64000")
    schema.create(db)
    shop = Shop(db, now, edition, currency, premoderation)
    with db:
        if schema.is_empty(db):
            schema.install(db, edition=edition, currency=currency, now=shop.time)
    return shop


def _seed(shop: Shop, products: int, orders: int, number: int) -> None:
    seed.fill(shop, products, orders, number)
