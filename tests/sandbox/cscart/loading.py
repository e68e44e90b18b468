"""Fills the shop with the goods and orders of a snapshot, under the ids that they have there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.sandbox.cscart import php
from tests.sandbox.cscart.schema import LANGUAGES
from tests.sandbox.cscart.shop import Row, Shop
from tests.sandbox.cscart.texts import folded

Found = Mapping[str, Any]
_STATUS = {"visible": "A", "hidden": "H", "disabled": "D"}
_PLACE = {"firstname": "firstname", "lastname": "lastname", "street": "address", "city": "city", "region": "state", "region_name": "state_descr",
          "zip": "zipcode", "country": "country", "phone": "phone"}  # fmt: skip


def fill(shop: Shop, documents: Iterable[Found]) -> None:
    """Each document has a `kind` and its `data`; of an order that comes twice the first counts."""
    fillers = {"info": _statuses, "category": _category, "product": _product, "order": _order}
    for document in documents:
        fillers[document["kind"]](shop, document["data"])
    shop.listed += 1


def _stamp(text: str | None, shop: Shop) -> int:
    return int(datetime.fromisoformat(text).timestamp()) if text else shop.time


def _statuses(shop: Shop, info: Found) -> None:
    known = {row["status"] for row in shop.rows("SELECT status FROM statuses WHERE type='O'")}
    for status in info["statuses"]:
        if status["id"] not in known:
            row = {"status": status["id"], "type": "O", "position": 500, "description": status["name"]}
            shop.insert("statuses", row | {"params": json.dumps({"inventory": "D", "color": status["color"]})})


def _category(shop: Shop, category: Found) -> None:
    key, parent = int(category["id"]), int(category["parent_id"] or 0)
    path = f"{parent}/{key}" if parent else str(key)
    shop.run("DELETE FROM categories WHERE category_id=?", key)
    shop.insert("categories", {"category_id": key, "parent_id": parent, "id_path": path, "company_id": 1, "timestamp": shop.time})
    for lang in LANGUAGES:
        shop.run("INSERT OR REPLACE INTO category_descriptions VALUES (?,?,?)", key, lang, category["name"])


def _product(shop: Shop, product: Found) -> None:
    group = _group(shop, product) if len(product["variants"]) > 1 else 0
    for number, variant in enumerate(product["variants"]):
        parent = int(product["id"]) if int(variant["id"]) != int(product["id"]) else 0
        _variant(shop, product, variant, {"variation_group_id": group, "parent_product_id": parent, "product_type": "V" if parent else "P"})
        _texts(shop, product["content"], int(variant["id"]), with_name=not number)
        for at, category in enumerate(product["listing"]["categories"]):
            row = (int(variant["id"]), int(category), "A" if at else "M")
            shop.run("INSERT OR IGNORE INTO products_categories (product_id, category_id, link_type) VALUES (?,?,?)", *row)


def _variant(shop: Shop, product: Found, variant: Found, place: Row) -> None:
    unlimited = variant["stock"] is None
    status = _STATUS[product["listing"]["visibility"]] if variant["available"] or not place["variation_group_id"] else "D"
    row = {
        "product_id": int(variant["id"]),
        "product_code": variant["sku"],
        "code_fold": folded(variant["sku"]),
        "status": status,
        "company_id": 1,
        "price": php.to_cents(variant["price"]),
        "list_price": php.to_cents(variant["compare_price"]),
        "amount": 0 if unlimited else int(variant["stock"]),
        "tracking": "D" if unlimited else None,
        "timestamp": _stamp(product["created_at"], shop),
        "updated_timestamp": _stamp(variant.get("edited_at") or product["edited_at"], shop),
    }
    shop.insert("products", row | place)


def _texts(shop: Shop, content: Found, product_id: int, *, with_name: bool) -> None:
    fields = {
        "product": content["name"], "short_description": content["summary"], "full_description": content["description"],
        "page_title": content["meta_title"], "meta_keywords": content["meta_keywords"], "meta_description": content["meta_description"],
    }  # fmt: skip
    for lang in LANGUAGES:
        shop.insert("product_descriptions", {"product_id": product_id, "lang_code": lang, **fields})
    if with_name and content["slug"]:
        shop.run("INSERT OR IGNORE INTO seo_names (name, type, object_id) VALUES (?,'p',?)", content["slug"], product_id)


def _group(shop: Shop, product: Found) -> int:
    """Its members differ by one feature, which names them as the snapshot does."""
    feature = shop.value("SELECT feature_id FROM features WHERE feature_code='snapshot'")
    if feature is None:
        kind = {"feature_type": "S", "description": "Variant", "purpose": "group_variation_catalog_item", "feature_code": "snapshot"}
        feature = shop.insert("features", kind)
    times = {"created_at": shop.time, "updated_at": shop.time}
    group = shop.insert("variation_groups", {"code": f"PV-S{int(product['id']):07X}", "features": str(feature), **times})
    for variant in product["variants"]:
        name = variant["name"] or variant["sku"]
        known = shop.value("SELECT variant_id FROM feature_variants WHERE feature_id=? AND variant=?", feature, name)
        chosen = known or shop.insert("feature_variants", {"feature_id": feature, "variant": name})
        shop.insert("feature_values", {"product_id": int(variant["id"]), "feature_id": feature, "variant_id": chosen})
    return group


def _order(shop: Shop, order: Found) -> None:
    key = int(order["id"])
    if shop.row("SELECT 1 FROM orders WHERE order_id=?", key):
        return
    buyer, mark = order["customer"], f" [sync {order['marker']}]" if order["marker"] else ""
    lines = [_line(order, number, line) for number, line in enumerate(order["lines"])]
    row: Row = {
        "order_id": key, "is_parent_order": "Y" if order["is_parent"] else "N", "company_id": int(order["company_id"] or 1),
        "user_id": int(buyer["id"] or 0), "status": order["status"], "notes": f"{order['comment']}{mark}".strip(),
        "timestamp": _stamp(order["created_at"], shop), "updated_at": _stamp(order["updated_at"], shop),
        "payment_id": _payment(shop, order), "secondary_currency": shop.currency,
        **{name: buyer[name] for name in ("email", "firstname", "lastname", "phone", "company")},
        "profile": json.dumps(_profile(order), ensure_ascii=False),
        **_money(order, sum(line["price"] * line["amount"] for line in lines)),
        **_shipping(shop, order),
    }  # fmt: skip
    shop.insert("orders", row)
    for line in lines:
        shop.insert("order_details", line)


def _line(order: Found, number: int, line: Found) -> Row:
    price = php.to_cents(line["price"])
    return {
        "item_id": int(line["id"] or number + 1), "order_id": int(order["id"]), "product_id": int(line["variant_id"] or 0),
        "product_code": line["sku"], "product": line["name"], "company_id": 1, "price": price, "base_price": price,
        "amount": int(line["quantity"]), "stored_price": "Y",
    }  # fmt: skip


def _money(order: Found, subtotal: int) -> Row:
    added = {"tax": "Tax", "price_includes_tax": "N", "rate_type": "F", "rate_value": "0", "cents": php.to_cents(order["tax"])}
    return {
        "total": php.to_cents(order["total"]), "subtotal": subtotal, "subtotal_discount": php.to_cents(order["discount"]),
        "payment_surcharge": php.to_cents(order["surcharge"]), "taxes": json.dumps({"1": added} if added["cents"] else {}),
    }  # fmt: skip


def _profile(order: Found) -> Row:
    places = {"b_": order["billing_address"], "s_": order["shipping_address"]}
    return {prefix + theirs: place[ours] for prefix, place in places.items() for ours, theirs in _PLACE.items()}


def _payment(shop: Shop, order: Found) -> int:
    key = int(order["payment_id"] or 0)
    if key and order["payment_name"] and not shop.row("SELECT 1 FROM payments WHERE payment_id=?", key):
        shop.insert("payments", {"payment_id": key, "payment": order["payment_name"]})
    elif key and order["payment_name"]:
        shop.update("payments", {"payment": order["payment_name"]}, payment_id=key)
    return key


def _shipping(shop: Shop, order: Found) -> Row:
    cost, key = php.to_cents(order["shipping"]), str(order["shipping_id"] or "0")
    way = {"shipping_id": key, "shipping": order["shipping_name"], "rate": php.number(cost), "cents": cost}
    named = {"0": way} if order["shipping_name"] or key != "0" else {}
    return {"shipping_cost": cost, "shipping_ids": key if key != "0" else "", "shipping": json.dumps(named, ensure_ascii=False)}
