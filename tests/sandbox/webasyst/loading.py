"""Fills the shop with the goods and orders of a snapshot, under the ids that they have there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.sandbox.webasyst.store import ADMIN_ID, Shop

Found = Mapping[str, Any]
_STATUS = {"visible": 1, "hidden": 0, "disabled": -1}
_PLACE = ("street", "city", "region", "zip", "country", "firstname", "lastname")
MARKER, KEPT_OFF_STOCK = "storesync_ref", "storesync_kept_off_stock"


def fill(shop: Shop, documents: Iterable[Found]) -> None:
    """Each document has a `kind` and its `data`; of an order that comes twice the first counts."""
    fillers = {"info": _settings, "category": _category, "product": _product, "order": _order}
    shop.db.execute("BEGIN")
    for document in documents:
        fillers[document["kind"]](shop, document["data"])
    shop.run("INSERT OR IGNORE INTO unindexed SELECT id FROM products")
    shop.db.execute("COMMIT")


def _local(text: str | None, shop: Shop) -> str | None:
    return datetime.fromisoformat(text).astimezone(shop.zone).strftime("%Y-%m-%d %H:%M:%S") if text else None


def _settings(shop: Shop, info: Found) -> None:
    shop.set_setting("stock_counting_action", info["stock_counting"] or "processing")
    for number, stock_id in enumerate(info["stock_ids"]):
        shop.insert("stocks", {"id": int(stock_id), "name": f"Stock {stock_id}", "sort": number})


def _category(shop: Shop, category: Found) -> None:
    key = int(category["id"])
    values = {"id": key, "parent_id": int(category["parent_id"] or 0), "name": category["name"], "url": f"category-{key}"}
    shop.insert("categories", values | {"full_url": f"category-{key}", "left_key": 2 * key, "right_key": 2 * key + 1})


def _product(shop: Shop, product: Found) -> None:
    content, variants, key = product["content"], product["variants"], int(product["id"])
    prices = [float(variant["price"]) for variant in variants]
    counts = [variant["stock"] for variant in variants]
    categories = [int(item) for item in product["listing"]["categories"]]
    type_id = int(product["listing"]["type_id"] or 1)
    shop.run("INSERT OR IGNORE INTO types(id, sort, name) VALUES (?, ?, ?)", type_id, type_id, f"Type {type_id}")
    texts = {name: content[name] for name in ("name", "summary", "description", "meta_title", "meta_keywords", "meta_description")}
    shop.insert("products", {
        "id": key, **texts, "url": content["slug"] or f"product-{key}", "contact_id": ADMIN_ID,
        "status": _STATUS[product["listing"]["visibility"]], "type_id": type_id, "currency": product["currency"] or shop.currency,
        "create_datetime": _local(product["created_at"], shop) or shop.stamp(), "edit_datetime": _local(product["edited_at"], shop),
        "sku_id": int(variants[0]["id"]), "price": prices[0], "min_price": min(prices), "max_price": max(prices),
        "base_price": prices[0], "min_base_price": min(prices), "max_base_price": max(prices), "sku_count": len(variants),
        "count": None if None in counts else sum(counts), "category_id": categories[0] if categories else None,
        "compare_price": float(variants[0]["compare_price"]),
    })  # fmt: skip
    for number, variant in enumerate(variants):
        _sku(shop, key, number, variant)
    for category in categories:
        shop.run("INSERT OR IGNORE INTO category_products(category_id, product_id, sort) VALUES (?, ?, 0)", category, key)


def _sku(shop: Shop, product_id: int, number: int, variant: Found) -> None:
    price = float(variant["price"])
    shop.insert("skus", {
        "id": int(variant["id"]), "product_id": product_id, "sku": variant["sku"], "sort": number + 1, "name": variant["name"],
        "price": price, "primary_price": price, "compare_price": float(variant["compare_price"]), "count": variant["stock"],
        "available": int(variant["available"]), "status": 1,
    })  # fmt: skip
    for stock_id, count in variant["stocks"]:
        row = {"product_id": product_id, "sku_id": int(variant["id"]), "stock_id": int(stock_id), "count": count}
        if count is not None:
            shop.insert("product_stocks", row)


def _order(shop: Shop, order: Found) -> None:
    key, contact = int(order["id"]), _contact(shop, order["customer"])
    if shop.by_id("orders", key):
        return
    moments = {"create_datetime": _local(order["created_at"], shop), "update_datetime": _local(order["updated_at"], shop)}
    money = {name: float(order[name]) for name in ("total", "shipping", "discount", "tax")}
    head = {"id": key, "contact_id": contact, "state_id": order["status"], "currency": order["currency"], "comment": order["comment"]}
    shop.insert("orders", head | moments | money)
    for line in order["lines"]:
        shop.insert("order_items", {
            "id": int(line["id"]), "order_id": key, "product_id": int(line["product_id"] or 0), "sku_id": int(line["variant_id"] or 0),
            "sku_code": line["sku"], "name": line["name"], "price": float(line["price"]), "quantity": float(line["quantity"]),
        })  # fmt: skip
    for name, value in _params(order).items():
        shop.run("INSERT OR REPLACE INTO order_params(order_id, name, value) VALUES (?, ?, ?)", key, name, value)


def _params(order: Found) -> dict[str, str]:
    places = {kind: order[kind] for kind in ("shipping_address", "billing_address")}
    found = {f"{kind}.{name}": place[name] for kind, place in places.items() for name in _PLACE}
    found |= {name: order[name] for name in ("shipping_name", "payment_name", "shipping_id", "payment_id")}
    found |= {MARKER: order["marker"], "tracking_number": order["tracking"], "sales_channel": "storefront:shop"}
    found |= {"reduced": "1" if order["stock_taken"] else "", KEPT_OFF_STOCK: "1" if order["stock_suppressed"] else ""}
    return {name: value for name, value in found.items() if value}


def _contact(shop: Shop, buyer: Found) -> int:
    key = int(buyer["id"] or 0)
    if not key or shop.by_id("contacts", key):
        return key
    names = {name: buyer[name] for name in ("firstname", "lastname", "company")}
    full = f"{buyer['firstname']} {buyer['lastname']}".strip()
    made = {"create_datetime": shop.stamp(), "create_app_id": "shop", "create_method": "order", "create_contact_id": ADMIN_ID}
    shop.insert("contacts", {"id": key, "name": full, **names, **made})
    for field, value in (("email", buyer["email"]), ("phone", buyer["phone"].lstrip("+"))):
        if value:
            shop.run("INSERT INTO contact_data(contact_id, field, sort, value) VALUES (?, ?, 0, ?)", key, field, value)
    shop.run("INSERT INTO customers(contact_id, number_of_orders) VALUES (?, 1)", key)
    return key
