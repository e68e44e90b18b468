"""A bare hand on the sandbox shop: calls methods without sockets and without any manners of a real client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.sandbox.faults import Request
from tests.sandbox.httpd import Response
from tests.sandbox.webasyst import WebasystSandbox

NOON = 1_790_000_000.0


class Clock:
    def __init__(self, start: float = NOON) -> None:
        self.time = start

    def __call__(self) -> float:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += seconds


class Hand:
    def __init__(self, **options: Any) -> None:
        self.clock = Clock()
        self.shop = WebasystSandbox(now=self.clock, **options)
        self.token = self.shop.issue_token()

    def send(self, verb: str, path: str, query: Mapping[str, Any] | str = "", body: bytes = b"", **headers: str) -> Response:
        message = Message()
        message["Host"] = "shop.test"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        raw = query if isinstance(query, str) else urlencode(query)
        return self.shop.app(Request(verb, f"/api.php/{path}", raw, message, body))

    def get(self, method: str, **query: Any) -> Any:
        return read(self.send("GET", f"shop.{method}", query, Authorization=self.token))

    def post(self, method: str, form: Mapping[str, Any], **query: Any) -> Any:
        return read(self.post_raw(f"shop.{method}", form, **query))

    def post_raw(self, path: str, form: Mapping[str, Any], **query: Any) -> Response:
        kind = "application/x-www-form-urlencoded"
        body = urlencode(form).encode()
        return self.send("POST", path, query, body, Authorization=self.token, Content_Type=kind)

    def fetch(self, url: str) -> bytes:
        return self.shop.app(Request("GET", urlsplit(url).path, "", Message(), b"")).body

    def product(self, code: str = "A", price: Any = 10, count: Any = 5, **more: Any) -> dict[str, Any]:
        sku = {"skus[0][sku]": code, "skus[0][price]": price, "skus[0][stock][0]": count}
        made: dict[str, Any] = self.post("product.add", {"name": f"Product {code}", "type_id": 1, **sku, **more})
        return made

    def order(self, sku_id: Any, quantity: Any = 1, **more: Any) -> dict[str, Any]:
        line = {"items[0][sku_id]": sku_id, "items[0][quantity]": quantity}
        made: dict[str, Any] = self.post("order.add", {"contact[firstname]": "Ann", **line, **more})
        return made

    def act(self, order_id: Any, action: str, **form: Any) -> Any:
        return self.post("order.action", {"id": order_id, "action": action, **form})

    def count(self, sku_id: Any) -> str | None:
        found: str | None = self.get("product.skus.getInfo", id=sku_id)["count"]
        return found

    def edited(self, product_id: Any) -> str | None:
        found: str | None = self.get("product.getInfo", id=product_id)["edit_datetime"]
        return found

    @contextmanager
    def user(self, **rights: int) -> Iterator[int]:
        """Calls inside come from a user with these rights only."""
        user_id = self.shop.users.add(f"user{self.clock.time}", "secret", rights)
        admin, self.token = self.token, self.shop.issue_token("limited", "shop", user_id)
        try:
            yield user_id
        finally:
            self.token = admin


def read(answer: Response) -> Any:
    return json.loads(answer.body)
