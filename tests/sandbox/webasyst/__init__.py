"""A Shop-Script 12.4 that fits into one process: answers, and misbehaves, as the recorded one did."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from tests.sandbox.faults import Request
from tests.sandbox.httpd import Response
from tests.sandbox.webasyst import schema, seeding
from tests.sandbox.webasyst.app import Front
from tests.sandbox.webasyst.hashlang import folded
from tests.sandbox.webasyst.store import ADMIN_ID, Notify, Shop, Tokens, Users, digest

__all__ = ["WebasystSandbox"]

_RATES = {"RUB": {"USD": 80.0, "RUB": 1.0}, "USD": {"USD": 1.0, "RUB": 0.0125}}
_PRAGMAS = "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;"


class WebasystSandbox:
    """Give `.app` to `tests.sandbox.httpd.Server`; the administrator is `admin` / `admin`.

    `stocks` is how many warehouses the shop has; `notify` gets every workflow action with the order object, after
    the request was carried out and before it is answered. State lies in the SQLite file at `path`. Actions named in
    `refused_actions` answer null; `payment_polls` lists the orders whose payment plugin was asked; with `https_only`
    plain requests are moved to `public_url`.
    """

    def __init__(
        self,
        path: str = ":memory:",
        now: Callable[[], float] = time.time,
        zone: str = "Europe/Moscow",
        currency: str = "RUB",
        locale: str = "en_US",
        stock_counting_action: str = "processing",
        stocks: int = 0,
        public_url: str = "",
        notify: Notify | None = None,
        https_only: bool = False,
    ) -> None:
        db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        db.row_factory = sqlite3.Row
        db.create_function("ci", 1, folded, deterministic=True)
        db.executescript(_PRAGMAS)
        schema.create(db)
        currencies = _RATES.get(currency) or {**_RATES["RUB"], currency: 1.0}
        self.shop = Shop(db, now, ZoneInfo(zone), currency, public_url, dict(currencies), https_only)
        self.users, self.tokens = Users(self.shop), Tokens(self.shop)
        self.notify = notify
        self.database_down = False
        self.refused_actions, self.payment_polls = self.shop.refused_actions, self.shop.payment_polls
        self._lock = threading.RLock()
        self._front = Front(self.shop)
        if not self.shop.value("SELECT 1 FROM users"):
            self._install(locale, stocks, stock_counting_action)

    def _install(self, locale: str, stocks: int, stock_counting_action: str) -> None:
        shop = self.shop
        shop.insert("contacts", {
            "id": ADMIN_ID, "name": "Admin Lab", "firstname": "Lab", "lastname": "Admin", "is_user": 1, "login": "admin",
            "create_datetime": shop.stamp(), "create_app_id": "webasyst", "create_method": "install",
            "create_contact_id": 0, "locale": locale,
        })  # fmt: skip
        sql = "INSERT INTO contact_data(contact_id, field, sort, value) VALUES (?, 'email', 0, 'admin@example.test')"
        shop.run(sql, ADMIN_ID)
        shop.run("INSERT INTO users(contact_id, login, password) VALUES (?, 'admin', ?)", ADMIN_ID, digest("admin"))
        self.users.grant(ADMIN_ID, {"webasyst.backend": 1})
        shop.run("INSERT INTO types(sort, name) VALUES (0, 'Default product type')")
        for number in range(1, stocks + 1):
            shop.insert("stocks", {"name": f"Stock {number}", "sort": number})
        shop.set_setting("stock_counting_action", stock_counting_action)

    def app(self, request: Request) -> Response:
        """Nothing is rolled back when a method fails half-way: the real shop has no transactions (trap W31)."""
        if self.database_down:
            return Response(500, b"", (("Content-Type", "text/html; charset=utf-8"),))
        with self._lock:
            self.shop.db.execute("BEGIN")
            try:
                answer = self._front.answer(request)
            finally:
                self.shop.db.execute("COMMIT")
            notices, self.shop.pending_notifications = self.shop.pending_notifications, []
        for action, order in notices:
            if self.notify:
                self.notify(action, order)
        return answer

    def issue_token(self, client_id: str = "sandbox-client", scope: str = "shop", user_id: int = ADMIN_ID) -> str:
        with self._lock:
            return self.tokens.issue(user_id, client_id, scope)

    def revoke(self, token: str) -> None:
        with self._lock:
            self.tokens.revoke(token)

    def seed(self, products: int, orders: int = 0, seed: int = 1) -> None:
        """Adds so many products and orders, always the same for the same number; 100,000 take seconds."""
        with self._lock:
            seeding.fill(self.shop, products, orders, seed)

    def close(self) -> None:
        self.shop.db.close()
