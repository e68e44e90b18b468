"""Saving and deleting products: partial, lossy, and silent about what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.sandbox.cscart import features, hooks, images, php, products, seeded, variations
from tests.sandbox.cscart.schema import DESCRIPTION_FIELDS, LANGUAGES
from tests.sandbox.cscart.shop import ApiError, Call, Row, Shop
from tests.sandbox.cscart.texts import folded, purified, slug, stored, trimmed

_STOCK = 8_388_607
_HTML = frozenset({"short_description", "full_description", "promo_text"})
_NUMBERS = frozenset(
    [
        "length",
        "width",
        "height",
        "low_avail_limit",
        "avail_since",
        "min_qty",
        "max_qty",
        "qty_step",
        "list_qty_count",
        "box_length",
        "box_width",
        "box_height",
        "min_items_in_box",
        "max_items_in_box",
    ]
)
_LETTERS = frozenset(
    ["is_edp", "edp_shipping", "tracking", "free_shipping", "zero_price_action", "out_of_stock_actions", "age_verification"]
)


def create(shop: Shop, call: Call) -> Row:
    body = dict(call.body)
    if "price" not in body:
        raise ApiError(400, "Required field: price")
    if not trimmed(str(body.get("product") or "")):
        raise ApiError(400, "Required field: product")
    company_id = _new_owner(shop, call)
    category_ids = _categories(body) if "category_ids" in body else [_default_category(shop, company_id)]
    _check_owner(shop, company_id, category_ids)
    now = shop.time
    values = {"company_id": company_id, "timestamp": now, "updated_timestamp": now} | _columns(body)
    product_id = shop.insert("products", values)
    for lang in LANGUAGES:
        shop.insert("product_descriptions", {"product_id": product_id, "lang_code": lang} | _texts(body))
    shop.listed += 1
    _set_categories(shop, product_id, category_ids, body.get("main_category"))
    _set_seo_name(shop, product_id, str(body.get("seo_name") or body["product"]))
    _finish(shop, call, product_id, body)
    hooks.fire(shop, "new_product", product_id=product_id)
    return {"product_id": product_id}


def update(shop: Shop, call: Call) -> Row:
    if not products.visible(shop, call.number, call.company_id):
        raise ApiError(404)
    product_id = call.number
    if shop.odd.deaf:
        return {"product_id": product_id}
    seeded.store(shop, [product_id])
    body = variations.without_shared(shop, product_id, dict(call.body))
    if "category_ids" in body:
        _check_owner(shop, _owner(shop, product_id), _categories(body))
        _set_categories(shop, product_id, _categories(body), body.get("main_category"))
    before = shop.value("SELECT amount FROM products WHERE product_id=?", product_id)
    shop.update("products", _columns(body) | {"updated_timestamp": shop.time}, product_id=product_id)
    shop.update("product_descriptions", _texts(body), product_id=product_id, lang_code=call.lang)
    if body.get("seo_name"):
        _set_seo_name(shop, product_id, str(body["seo_name"]))
    _finish(shop, call, product_id, body)
    if "amount" in body and before != _stock(body["amount"]):
        hooks.push(shop, "product.stock", product_id=product_id)
    return {"product_id": product_id}


def delete(shop: Shop, call: Call) -> None:
    if not products.visible(shop, call.number, call.company_id):
        raise ApiError(404)
    remove(shop, call.number)


def remove(shop: Shop, product_id: int) -> None:
    seeded.store(shop, [product_id])
    variations.leave(shop, product_id)
    for table in ("products", "product_descriptions", "product_prices", "products_categories", "images"):
        shop.run(f"DELETE FROM {table} WHERE product_id=?", product_id)
    shop.run("DELETE FROM feature_values WHERE product_id=?", product_id)
    shop.run("DELETE FROM seo_names WHERE type='p' AND object_id=?", product_id)
    hooks.push(shop, "product.deleted", product_id=product_id)


def _finish(shop: Shop, call: Call, product_id: int, body: Mapping[str, Any]) -> None:
    if "prices" in body:
        _set_prices(shop, product_id, php.values(body["prices"]))
    images.write(shop, product_id, body, call.downloads)
    features.write(shop, product_id, body)
    if php.to_int(body.get("variation_group_id", 0)):
        variations.add(shop, php.to_int(body["variation_group_id"]), product_id)
    if shop.premoderation and call.account.company_id and not shop.ultimate:
        shop.update("products", {"status": "R"}, product_id=product_id)
    variations.copy_to_children(shop, product_id)
    hooks.push(shop, "product.saved", product_id=product_id, user_id=call.account.user_id)


def _new_owner(shop: Shop, call: Call) -> int:
    """Without a company Ultimate takes the default storefront; in Multi-Vendor nobody owns it (trap 44)."""
    given = php.to_int(call.body.get("company_id", 0))
    return call.account.company_id or given or call.company_id or (1 if shop.ultimate else 0)


def _owner(shop: Shop, product_id: int) -> int:
    return int(shop.value("SELECT company_id FROM products WHERE product_id=?", product_id) or 0)


def _categories(body: Mapping[str, Any]) -> list[int]:
    return php.ints(body["category_ids"])


def _default_category(shop: Shop, company_id: int) -> int:
    own = "SELECT min(category_id) FROM categories WHERE company_id=?"
    return int(shop.value(own, company_id) or shop.value("SELECT min(category_id) FROM categories"))


def _check_owner(shop: Shop, company_id: int, category_ids: list[int]) -> None:
    if not shop.ultimate:
        return
    owned = shop.value(
        f"SELECT count(*) FROM categories WHERE company_id=? AND category_id IN ({php.marks(category_ids)})",
        company_id,
        *category_ids,
    )
    if not owned:
        raise ApiError(400, "The product must have a category that belongs to its owner storefront")


def _set_categories(shop: Shop, product_id: int, category_ids: list[int], main: Any) -> None:
    """Replaces every assignment (trap 10)."""
    shop.listed += 1
    shop.run("DELETE FROM products_categories WHERE product_id=?", product_id)
    known = [row for row in category_ids if shop.row("SELECT 1 FROM categories WHERE category_id=?", row)]
    first = php.to_int(main) if php.to_int(main) in known else next(iter(known), 0)
    for category_id in dict.fromkeys(known):
        link = "M" if category_id == first else "A"
        shop.insert("products_categories", {"product_id": product_id, "category_id": category_id, "link_type": link})


def _set_prices(shop: Shop, product_id: int, levels: list[Any]) -> None:
    shop.run("DELETE FROM product_prices WHERE product_id=?", product_id)
    for level in levels:
        lower = php.to_int(level.get("lower_limit"))
        if lower == 1:
            shop.update("products", {"price": abs(php.to_cents(level.get("price")))}, product_id=product_id)
        elif lower > 1:
            row = {"lower_limit": lower, "price": abs(php.to_cents(level.get("price")))}
            group = {"usergroup_id": php.to_int(level.get("usergroup_id"))}
            shop.insert("product_prices", {"product_id": product_id} | row | group)


def _set_seo_name(shop: Shop, product_id: int, wanted: str) -> None:
    """A slug another object has is altered in silence (trap 33)."""
    base = slug(wanted) or f"product-{product_id}"
    shop.run("DELETE FROM seo_names WHERE type='p' AND object_id=?", product_id)
    name, attempt = base, 1
    while shop.row("SELECT 1 FROM seo_names WHERE name=?", name) or seeded.holder(shop, name):
        attempt += 1
        name = f"{base}-{LANGUAGES[0]}" if attempt == 2 else f"{base}-{attempt - 1}"
    shop.insert("seo_names", {"name": name, "type": "p", "object_id": product_id})


def _texts(body: Mapping[str, Any]) -> Row:
    texts: Row = {}
    for name in DESCRIPTION_FIELDS:
        if name not in body:
            continue
        text = trimmed(str(body[name] or "")) if name == "product" else str(body[name] or "")
        text = purified(text) if name in _HTML else text
        if text or name != "product":
            texts[name] = stored(name, text)
    return texts


def _columns(body: Mapping[str, Any]) -> Row:
    values: Row = {}
    for name in body:
        values |= _column(name, body[name])
    return values


def _column(name: str, value: Any) -> Row:  # noqa: C901
    if name in _NUMBERS:
        return {name: None if value is None else php.to_int(value)}
    if name in _LETTERS:
        return {name: str(value)[:1] if value else None}
    match name:
        case "product_code":
            code = stored(name, value)
            return {name: code, "code_fold": folded(code)}
        case "price" | "list_price":
            return {name: abs(php.to_cents(value))}
        case "amount":
            return {name: _stock(value)}
        case "status" if value:
            return {name: str(value)[:1]}
        case "weight":
            return {name: f"{php.to_decimal(value):.3f}"}
        case "shipping_freight":
            return {name: php.money(php.to_cents(value))}
        case "timestamp" if value:
            return {name: php.to_int(value)}
        case "tax_ids" | "usergroup_ids":
            return {name: ",".join(str(item) for item in php.values(value))}
    return {}


def _stock(value: Any) -> int:
    return max(-_STOCK - 1, min(_STOCK, php.to_int(value)))
