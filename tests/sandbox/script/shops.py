"""Small clients of the two shops for the script: as a merchant's own tools would call them, independent of the product's clients."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

MARKER = "storesync_ref"


def values(found: object) -> list[Any]:
    """Lists that come as objects, and empty objects that come as lists."""
    if isinstance(found, dict):
        return list(found.values())
    return list(found) if isinstance(found, list) else []


@dataclass
class CsCartShop:
    url: str
    email: str
    key: str
    company: str = "1"
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, method: str, path: str, params: Any = None, body: Any = None) -> Any:
        answer = self.session.request(
            method, f"{self.url}api/{path}", params=params, json=body, auth=(self.email, self.key), timeout=60, allow_redirects=False
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def products(self) -> Iterator[dict[str, Any]]:
        page = 1
        extend = ["description", "full_description", "meta_data", "page_title"]
        while True:
            params = {"page": page, "items_per_page": 250, "sort_by": "null", "sort_order": "asc", "extend[]": extend, "get_discounts": 0}
            answer = self.call("GET", "products", {**params, "include_child_variations": 1})
            rows = values(answer["products"])
            yield from rows
            if not rows or page * 250 >= int(answer["params"]["total_items"]):
                return
            page += 1

    def edit(self, product_id: str, **fields: Any) -> None:
        self.call("PUT", f"products/{product_id}", body=fields)

    def add(self, **fields: Any) -> str:
        return str(self.call("POST", "products", body=fields)["product_id"])

    def order_ids(self) -> list[str]:
        found: list[str] = []
        page = 1
        while True:
            answer = self.call("GET", "orders", {"page": page, "items_per_page": 100, "sort_by": "order_id", "sort_order": "asc"})
            rows = values(answer["orders"])
            found += [str(row["order_id"]) for row in rows]
            if not rows or page * 100 >= int(answer["params"]["total_items"]):
                return found
            page += 1

    def order(self, order_id: str) -> dict[str, Any]:
        return dict(self.call("GET", f"orders/{order_id}"))

    def place(self, lines: dict[str, int], buyer: dict[str, str], notes: str) -> str:
        products = {product_id: {"product_id": product_id, "amount": amount} for product_id, amount in lines.items()}
        payment = values(self.call("GET", "payments")["payments"])[0]["payment_id"]
        shipping = values(self.call("GET", "shippings")["shippings"])[0]["shipping_id"]
        body = {"user_id": 0, "user_data": buyer, "payment_id": payment, "shipping_id": shipping, "products": products, "notes": notes}
        return str(self.call("POST", f"stores/{self.company}/orders", body=body)["order_id"])

    def set_status(self, order_id: str, letter: str) -> None:
        self.call("PUT", f"orders/{order_id}", body={"status": letter})

    def first_category(self) -> str:
        return str(values(self.call("GET", "categories", {"items_per_page": 100})["categories"])[0]["category_id"])


@dataclass
class WebasystShop:
    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def call(self, verb: str, method: str, params: Any = None, form: Any = None) -> Any:
        answer = self.session.request(
            verb,
            f"{self.url}api.php/{method}",
            params=params,
            data=form,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            allow_redirects=False,
        )
        found = answer.json()
        if isinstance(found, dict) and "error" in found:
            raise RuntimeError(f"{method}: {found['error']}")
        return found

    def products(self) -> Iterator[dict[str, Any]]:
        last = 0
        while True:
            query = {
                "hash": f"search/id>{last}",
                "sort": "id",
                "order": "asc",
                "limit": 250,
                "escape": 0,
                "fields": "skus,images,categories",
            }
            rows = values(self.call("GET", "shop.product.search", query)["products"])
            yield from rows
            if len(rows) < 250:
                return
            last = int(rows[-1]["id"])

    def edit_sku(self, sku_id: str, **fields: Any) -> None:
        form = {f"sku[0][{name}]": value for name, value in fields.items()}
        self.call("POST", "shop.product.massUpdate", form={"sku[0][id]": sku_id, **form})

    def edit(self, product_id: str, **fields: Any) -> None:
        self.call("POST", "shop.product.update", {"id": product_id}, fields)

    def add(self, name: str, sku: str, price: str, count: int, **fields: Any) -> str:
        types = values(self.call("GET", "shop.type.getList"))
        form = {"name": name, "skus[0][sku]": sku, "skus[0][price]": price, "skus[0][available]": 1, "skus[0][status]": 1, **fields}
        for stock in values(self.call("GET", "shop.stock.getList")) or [{"id": "0"}]:
            form[f"skus[0][stock][{stock['id']}]"] = count
        if types:
            form["type_id"] = types[0]["id"]
        return str(self.call("POST", "shop.product.add", form=form)["id"])

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            query = {"offset": len(found), "limit": 500, "sort": "id ASC", "escape": 0, "fields": "contact_full"}
            answer = self.call("GET", "shop.order.search", query)
            found += values(answer["orders"])
            if len(found) >= int(answer["count"]) or not answer["orders"]:
                return found

    def act(self, order_id: str, action: str) -> None:
        self.call("POST", "shop.order.action", form={"id": order_id, "action": action})

    def settings(self) -> dict[str, Any]:
        return dict(self.call("GET", "shop.settings.get"))

    def categories(self) -> list[dict[str, Any]]:
        found = self.call("GET", "shop.category.getTree")
        return values(found.get("categories", found) if isinstance(found, dict) else found)

    def add_category(self, name: str) -> str:
        return str(self.call("POST", "shop.category.add", form={"name": name})["id"])
