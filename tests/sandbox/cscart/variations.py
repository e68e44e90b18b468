"""Variation groups: products that share their content and differ by features."""

from __future__ import annotations

from typing import Any

from tests.sandbox.cscart import features, php, seeded
from tests.sandbox.cscart.shop import ApiError, Call, Page, Row, Shop

SHARED = frozenset(
    {
        "product",
        "short_description",
        "full_description",
        "promo_text",
        "meta_keywords",
        "meta_description",
        "search_words",
        "page_title",
        "category_ids",
        "main_category",
        "company_id",
        "tax_ids",
    }
)
_PURPOSES = ("group_catalog_item", "group_variation_catalog_item")
_ADDED, _UNKNOWN, _FOREIGN, _TAKEN, _UNFIT = 1, 200, 253, 254, 255


_ALONE: Row = {"variation_group_id": None, "variation_group_code": None, "parent_product_id": "0", "product_type": "P"}


def of_products(shop: Shop, rows: list[Row]) -> dict[int, Row]:
    """The fields the add-on puts on every product row; null outside of a group."""
    grouped = {row["product_id"]: row for row in rows if row["variation_group_id"]}
    ids = list({row["variation_group_id"] for row in grouped.values()})
    groups = {row["id"]: row for row in shop.rows(f"SELECT * FROM variation_groups WHERE id IN ({php.marks(ids)})", ids)}
    values = features.of_products(shop, list(grouped)) if grouped else {}
    fields = {row["product_id"]: _ALONE for row in rows}
    for product_id, row in grouped.items():
        group = groups.get(row["variation_group_id"]) or {"code": "", "features": ""}
        listed = [part for part in group["features"].split(",") if part]
        fields[product_id] = {
            "variation_group_id": str(row["variation_group_id"]),
            "variation_group_code": group["code"],
            "variation_feature_ids": {part: part for part in listed},
            "variation_features": _chosen(values[product_id], listed),
            "parent_product_id": str(row["parent_product_id"]),
            "product_type": "V" if row["parent_product_id"] else "P",
        }
    return fields


def _chosen(values: Row, listed: list[str]) -> Row:
    names = ("feature_id", "variant_id", "variant", "description")
    return {part: {name: values[part][name] for name in names} for part in listed if part in values}


def without_shared(shop: Shop, product_id: int, body: Any) -> Any:
    """A child keeps its parent's content, whatever is sent (trap 34)."""
    is_child = shop.value("SELECT parent_product_id FROM products WHERE product_id=?", product_id)
    return {name: value for name, value in body.items() if name not in SHARED} if is_child else body


def copy_to_children(shop: Shop, product_id: int) -> None:
    """Without moving the children's stamps."""
    children = shop.rows("SELECT product_id FROM products WHERE parent_product_id=?", (product_id,))
    seeded.store(shop, [product_id, *(row["product_id"] for row in children)] if children else [])
    for child in (row["product_id"] for row in children):
        shop.run("DELETE FROM product_descriptions WHERE product_id=?", child)
        shop.run(
            "INSERT INTO product_descriptions SELECT ?, lang_code, product, short_description, full_description,"
            " promo_text, meta_keywords, meta_description, search_words, page_title FROM product_descriptions"
            " WHERE product_id=?",
            child,
            product_id,
        )
        shop.run("DELETE FROM products_categories WHERE product_id=?", child)
        shop.run(
            "INSERT INTO products_categories SELECT ?, category_id, link_type FROM products_categories WHERE product_id=?",
            child,
            product_id,
        )


def leave(shop: Shop, product_id: int) -> None:
    """Takes a product out of its group; a parent's eldest child takes its place."""
    shop.listed += 1
    group_id = shop.value("SELECT variation_group_id FROM products WHERE product_id=?", product_id)
    shop.run("UPDATE products SET variation_group_id=0, parent_product_id=0 WHERE product_id=?", product_id)
    heir = shop.value("SELECT min(product_id) FROM products WHERE parent_product_id=?", product_id)
    if heir:
        shop.run("UPDATE products SET parent_product_id=? WHERE parent_product_id=?", heir, product_id)
        shop.run("UPDATE products SET parent_product_id=0 WHERE product_id=?", heir)
    if group_id and not shop.row("SELECT 1 FROM products WHERE variation_group_id=?", group_id):
        shop.run("DELETE FROM variation_groups WHERE id=?", group_id)


def groups(shop: Shop, call: Call) -> Row:
    ids = php.ints(call.params.get("product_ids"))
    where, args = "1", []
    if ids:
        where = f"id IN (SELECT variation_group_id FROM products WHERE product_id IN ({php.marks(ids)}))"
        args = ids
    page = Page.of(call, int(shop.db.execute(f"SELECT count(*) FROM variation_groups WHERE {where}", args).fetchone()[0]), clamped=False)
    rows = shop.rows(f"SELECT * FROM variation_groups WHERE {where} ORDER BY id{page.limit}", args)
    return {"groups": [_group(shop, row) for row in rows], "params": page.params(call)}


def group(shop: Shop, call: Call) -> Row:
    return _group(shop, _found(shop, call.id))


def _found(shop: Shop, key: str) -> Row:
    column = "id" if key.isdigit() else "code"
    row = shop.row(f"SELECT * FROM variation_groups WHERE {column}=?", key)
    if row is None:
        raise ApiError(404)
    return row


def _group(shop: Shop, row: Row) -> Row:
    members = shop.rows(
        "SELECT product_id, parent_product_id FROM products WHERE variation_group_id=? ORDER BY product_id",
        (row["id"],),
    )
    listed = [part for part in row["features"].split(",") if part]
    values = features.of_products(shop, [member["product_id"] for member in members])
    return {
        "id": row["id"],
        "code": row["code"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "features": [{"feature_id": int(part), "purpose": _purpose(shop, part)} for part in listed],
        "products": [member | {"feature_values": list(_chosen(values[member["product_id"]], listed).values())} for member in members],
    }


def create_group(shop: Shop, call: Call) -> Row:
    ids = php.ints(call.body.get("product_ids"))
    wanted = [item for item in php.values(call.body.get("features")) if isinstance(item, dict)]
    code = str(call.body.get("code") or "")
    if not ids or not wanted or (code and shop.row("SELECT 1 FROM variation_groups WHERE code=?", code)):
        raise ApiError(400, "Variation group was not created")
    for item in wanted:
        if item.get("purpose") in _PURPOSES:
            shop.update("features", {"purpose": item["purpose"]}, feature_id=php.to_int(item.get("feature_id")))
    number = int(shop.value("SELECT coalesce(max(id),0)+1 FROM variation_groups"))
    listed = ",".join(str(php.to_int(item.get("feature_id"))) for item in wanted)
    times = {"created_at": shop.time, "updated_at": shop.time}
    group_id = shop.insert("variation_groups", {"code": code or f"PV-{number:08X}", "features": listed, **times})
    statuses = {str(product_id): add(shop, group_id, product_id) for product_id in (ids[:1] if shop.odd.loose else ids)}
    if _ADDED not in statuses.values():
        raise ApiError(400, "Variation group was not created")
    return {"id": group_id, "products_status": statuses}


def add(shop: Shop, group_id: int, product_id: int) -> int:
    """Puts a product into a group, below the parent that shares its fixed features. What does not fit is left out in silence, by a number."""
    group = shop.row("SELECT * FROM variation_groups WHERE id=?", group_id)
    row = shop.row("SELECT company_id FROM products WHERE product_id=?", product_id)
    if group is None or row is None:
        return _UNKNOWN
    members = shop.rows("SELECT product_id, parent_product_id, company_id FROM products WHERE variation_group_id=?", (group_id,))
    listed = [part for part in group["features"].split(",") if part]
    values = features.of_products(shop, [product_id, *(member["product_id"] for member in members)])
    own = _combination(values[product_id], listed)
    if "" in own:
        return _UNFIT
    if any(member["company_id"] != row["company_id"] for member in members):
        return _FOREIGN
    if any(_combination(values[member["product_id"]], listed) == own for member in members if member["product_id"] != product_id):
        return _TAKEN
    fixed = [part for part in listed if _purpose(shop, part) == _PURPOSES[0]]
    parents = [member["product_id"] for member in members if not member["parent_product_id"]]
    alike = (found for found in parents if _combination(values[found], fixed) == _combination(values[product_id], fixed))
    parent = next(alike, product_id)
    seeded.store(shop, [product_id])
    shop.update(
        "products", {"variation_group_id": group_id, "parent_product_id": parent if parent != product_id else 0}, product_id=product_id
    )
    shop.update("variation_groups", {"updated_at": shop.time}, id=group_id)
    copy_to_children(shop, parent)
    return _ADDED


def _combination(values: Row, listed: list[str]) -> tuple[str, ...]:
    chosen = (str(values.get(part, {}).get("variant_id") or "") for part in listed)
    return tuple("" if one == "0" else one for one in chosen)


def _purpose(shop: Shop, feature_id: str) -> str:
    found = shop.value("SELECT purpose FROM features WHERE feature_id=?", int(feature_id))
    return found if found in _PURPOSES else _PURPOSES[1]


def delete_group(shop: Shop, call: Call) -> None:
    row = _found(shop, call.id)
    shop.run("UPDATE products SET variation_group_id=0, parent_product_id=0 WHERE variation_group_id=?", row["id"])
    shop.run("DELETE FROM variation_groups WHERE id=?", row["id"])


def detach(shop: Shop, call: Call) -> Row:
    leave(shop, call.number)
    return {"product_id": call.number}
