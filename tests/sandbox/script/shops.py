"""Small clients of the two shops for the script: as a merchant's own tools would call them, independent of the product's clients."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

MARKER = "storesync_ref"


class ShopError(Exception):
    """A shop refused what the script asked of it."""


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
        if not answer.ok:
            raise ShopError(f"CS-Cart: {method} {path}: {answer.status_code} {answer.text[:200]}")
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

    def discount(self, order_id: str, amount: str) -> None:
        """A discount on the whole order, given by hand."""
        self.call("PUT", f"orders/{order_id}", body={"subtotal_discount": amount, "stored_subtotal_discount": "Y"})

    def first_category(self) -> str:
        return str(values(self.call("GET", "categories", {"items_per_page": 100})["categories"])[0]["category_id"])


@dataclass
class WebasystShop:
    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)
    _stocks: list[str] | None = None

    def call(self, verb: str, method: str, params: Any = None, form: Any = None, files: Any = None) -> Any:
        answer = self.session.request(
            verb,
            f"{self.url}api.php/{method}",
            params=params,
            data=form,
            files=files,
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            allow_redirects=False,
        )
        try:
            found = answer.json()
        except requests.JSONDecodeError as error:
            raise ShopError(f"Webasyst: {method}: {answer.status_code}, and no JSON") from error
        if isinstance(found, dict) and "error" in found:
            raise ShopError(f"Webasyst: {method}: {found['error']} {found.get('error_description', '')}".strip())
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
                "fields": "skus,stock_counts,images,categories",
            }
            rows = values(self.call("GET", "shop.product.search", query)["products"])
            yield from rows
            if len(rows) < 250:
                return
            last = int(rows[-1]["id"])

    def edit_sku(self, sku: dict[str, Any], /, **fields: Any) -> None:
        """`count` is that of the first stock where the shop keeps several; the others stay."""
        form = {f"sku[0][{name}]": value for name, value in fields.items()}
        if "count" in fields and self.stocks():
            kept = sku["stock"] if isinstance(sku.get("stock"), dict) else {}
            counts = {stock: kept.get(stock, 0) for stock in self.stocks()} | {self.stocks()[0]: form.pop("sku[0][count]")}
            form |= {f"sku[0][stock][{stock}]": "" if count is None else count for stock, count in counts.items()}
        self.call("POST", "shop.product.massUpdate", form={"sku[0][id]": sku["id"], **form})

    def edit(self, product_id: str, **fields: Any) -> None:
        self.call("POST", "shop.product.update", {"id": product_id}, fields)

    def add(self, name: str, skus: list[dict[str, Any]], **fields: Any) -> str:
        """Each of `skus`: sku, name, price, count."""
        types = values(self.call("GET", "shop.type.getList"))
        form: dict[str, Any] = {"name": name, **fields} | ({"type_id": types[0]["id"]} if types else {})
        for number, sku in enumerate(skus):
            given = {"sku": sku["sku"], "name": sku.get("name", ""), "price": sku["price"], "available": 1, "status": 1}
            form |= {f"skus[{number}][{name}]": value for name, value in given.items()}
            form |= {f"skus[{number}][stock][{stock}]": sku["count"] for stock in self.stocks()[:1] or ["0"]}
            form |= {f"skus[{number}][stock][{stock}]": 0 for stock in self.stocks()[1:]}
        return str(self.call("POST", "shop.product.add", form=form)["id"])

    def add_image(self, product_id: str, data: bytes) -> None:
        self.call("POST", "shop.product.images.add", {"product_id": product_id}, files={"file": ("picture.png", data, "image/png")})

    def place(self, sku_id: str, amount: int, name: str, email: str) -> str:
        """An order at the shop's own prices."""
        form = {"contact[name]": name, "contact[email]": email, "items[0][sku_id]": sku_id, "items[0][quantity]": amount}
        found = self.call("POST", "shop.order.add", form=form)
        return str(found["id"] if isinstance(found, dict) else found)

    def stocks(self) -> list[str]:
        """Ids; none where the shop keeps plain counts."""
        if self._stocks is None:
            self._stocks = [str(stock["id"]) for stock in values(self.call("GET", "shop.stock.getList"))]
        return self._stocks

    def actions(self, order_id: str) -> list[str]:
        """What may be done with an order as it stands."""
        return [str(item["id"]) for item in values(self.call("GET", "shop.order.actions", {"id": order_id}))]

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
