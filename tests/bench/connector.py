"""The baseline: a sequential connector of the usual shape. Each product is looked up, read and written by itself, on new connections,
and nothing is remembered from one run to the next."""

from typing import Any

import requests

from tests.bench.shops import EMAIL, KEY, Shops

TIMEOUT = 120


class Connector:
    def __init__(self, shops: Shops) -> None:
        self.shops = shops
        self.calls = 0

    def _cscart(self, method: str, path: str, **given: Any) -> Any:
        self.calls += 1
        answer = requests.request(method, f"{self.shops.cscart_url}api/{path}", auth=(EMAIL, KEY), timeout=TIMEOUT, **given)
        answer.raise_for_status()
        return answer.json()

    def _webasyst(self, verb: str, method: str, **given: Any) -> Any:
        self.calls += 1
        headers = {"Authorization": f"Bearer {self.shops.token}"}
        answer = requests.request(verb, f"{self.shops.webasyst_url}api.php/{method}", headers=headers, timeout=TIMEOUT, **given)
        answer.raise_for_status()
        return answer.json()

    def to_webasyst(self, product_id: str, sku: str) -> None:
        """Look-up in the target, read in the source, write in the target: three calls, whether anything changed or not."""
        query = {"hash": f"search/query={sku}", "fields": "skus", "limit": 20, "escape": 0}
        found = self._webasyst("GET", "shop.product.search", params=query)["products"]
        target = next(row for row in _values(found) if any(item["sku"] == sku for item in _values(row["skus"])))
        item = next(item for item in _values(target["skus"]) if item["sku"] == sku)
        source = self._cscart("GET", f"products/{product_id}")
        form = {"price": source["base_price"], "count": source["amount"], "sku": sku}
        self._webasyst("POST", "shop.product.skus.update", params={"id": item["id"]}, data=form)

    def texts_to_webasyst(self, product_id: str, sku: str) -> None:
        query = {"hash": f"search/query={sku}", "fields": "skus", "limit": 20, "escape": 0}
        found = self._webasyst("GET", "shop.product.search", params=query)["products"]
        target = next(row for row in _values(found) if any(item["sku"] == sku for item in _values(row["skus"])))
        source = self._cscart("GET", f"products/{product_id}")
        form = {"name": source["product"], "description": source["full_description"]}
        self._webasyst("POST", "shop.product.update", params={"id": target["id"]}, data=form)

    def to_cscart(self, webasyst_id: str, sku: str, **fields: Any) -> None:
        found = self._cscart("GET", "products", params={"pcode": sku, "items_per_page": 10})["products"]
        target = next(row for row in _values(found) if row["product_code"] == sku)
        source = self._webasyst("GET", "shop.product.getInfo", params={"id": webasyst_id})
        amount = next((item["count"] for item in _values(source["skus"]) if item["sku"] == sku), None)
        body = fields or {"price": str(source["price"]), "amount": int(float(amount or 0))}
        self._cscart("PUT", f"products/{target['product_id']}", json=body)


def _values(found: Any) -> list[Any]:
    return list(found.values()) if isinstance(found, dict) else list(found or [])
