"""Product features: their catalogue, and their values on products."""

from __future__ import annotations

from typing import Any

from tests.sandbox.cscart import php, seeded
from tests.sandbox.cscart.shop import ApiError, Call, Page, Row, Shop

_CHOICES = "SNEM"


def index(shop: Shop, call: Call) -> Row:
    total = int(shop.value("SELECT count(*) FROM features"))
    page = Page.of(call, total, clamped=True)
    rows = shop.rows(f"SELECT * FROM features ORDER BY position, feature_id{page.limit}")
    return {"features": [_feature(shop, row, call.on("variants")) for row in rows], "params": page.params(call)}


def get(shop: Shop, call: Call) -> Row:
    row = shop.row("SELECT * FROM features WHERE feature_id=?", call.number)
    if row is None:
        raise ApiError(404)
    return _feature(shop, row, True)


def of_product(shop: Shop, call: Call) -> Row:
    return {"features": of_products(shop, [call.number])[call.number], "params": {}}


def _feature(shop: Shop, row: Row, variants: bool) -> Row:
    shown: Row = php.columns(row) | {"internal_name": row["description"]}
    if variants and row["feature_type"] in _CHOICES:
        found = shop.rows("SELECT * FROM feature_variants WHERE feature_id=? ORDER BY position", (row["feature_id"],))
        shown["variants"] = {str(item["variant_id"]): php.columns(item) for item in found}
    return shown


def of_products(shop: Shop, ids: list[int]) -> dict[int, Row]:
    shown: dict[int, Row] = {key: {} for key in ids}
    found = shop.rows(
        "SELECT v.*, f.feature_type, f.description, f.parent_id, w.variant FROM feature_values v"
        " JOIN features f USING (feature_id) LEFT JOIN feature_variants w USING (variant_id)"
        f" WHERE v.product_id IN ({php.marks(ids)}) ORDER BY f.position, v.feature_id",
        ids,
    )
    for row in [*found, *seeded.values(shop, seeded.among(shop, ids))]:
        _show(shown[row["product_id"]].setdefault(str(row["feature_id"]), {}), row)
    return shown


def _show(entry: Row, row: Row) -> None:
    entry |= {
        "feature_id": str(row["feature_id"]),
        "feature_type": row["feature_type"],
        "description": row["description"],
        "parent_id": str(row["parent_id"]),
        "value": row["value"] or "",
        "variant_id": str(row["variant_id"] or 0),
        "variant": row["variant"] or "",
    }
    if row["variant_id"]:
        variants = entry.setdefault("variants", {})
        key = str(row["variant_id"])
        variants[key] = {"variant_id": key, "variant": row["variant"], "value": "", "value_int": ""}


def write(shop: Shop, product_id: int, body: Any) -> None:
    """Values by feature id; what does not fit the product's categories is cleared in silence."""
    given = body.get("product_features")
    values: Row = dict(given) if isinstance(given, dict) else {}
    added = body.get("add_new_variant")
    for key, variant in added.items() if isinstance(added, dict) else ():
        if isinstance(variant, dict) and variant.get("variant"):
            values[key] = _variant_id(shop, php.to_int(key), str(variant["variant"]))
    guarded = _variation_features(shop, product_id)
    for key, value in values.items():
        row = shop.row("SELECT * FROM features WHERE feature_id=?", php.to_int(key))
        if row and row["feature_id"] not in guarded:
            shop.run("DELETE FROM feature_values WHERE product_id=? AND feature_id=?", product_id, row["feature_id"])
            if _fits(shop, product_id, row):
                _keep(shop, product_id, row, value)


def _variation_features(shop: Shop, product_id: int) -> set[int]:
    listed = shop.value(
        "SELECT g.features FROM products p JOIN variation_groups g ON g.id=p.variation_group_id WHERE p.product_id=?",
        product_id,
    )
    return {int(part) for part in (listed or "").split(",") if part}


def _variant_id(shop: Shop, feature_id: int, name: str) -> int:
    known = shop.value("SELECT variant_id FROM feature_variants WHERE feature_id=? AND variant=?", feature_id, name)
    return int(known or shop.insert("feature_variants", {"feature_id": feature_id, "variant": name}))


def _fits(shop: Shop, product_id: int, feature: Row) -> bool:
    allowed = {part for part in feature["categories_path"].split(",") if part}
    paths = shop.rows(
        "SELECT c.id_path FROM products_categories pc JOIN categories c USING (category_id) WHERE product_id=?",
        (product_id,),
    )
    return not allowed or any(allowed & set(row["id_path"].split("/")) for row in paths)


def _keep(shop: Shop, product_id: int, feature: Row, value: Any) -> None:
    if isinstance(value, dict) and "feature_type" in value:
        value = list(value.get("variants") or ()) or value.get("variant_id") or value.get("value")
    choice = feature["feature_type"] in _CHOICES
    for item in value if isinstance(value, list) else php.values(value) if choice else [value]:
        row: Row = {"product_id": product_id, "feature_id": feature["feature_id"]}
        row |= {"variant_id": php.to_int(item)} if choice else {"value": str(item)}
        if not choice or row["variant_id"]:
            shop.insert("feature_values", row)


def create(shop: Shop, call: Call) -> Row:
    body = call.body
    kind = str(body.get("feature_type") or "")[:1]
    name = str(body.get("internal_name") or body.get("description") or "")
    if not kind or not name:
        raise ApiError(400, "Required field: feature_type" if not kind else "Required field: description")
    values = {"feature_type": kind, "description": name, "purpose": str(body.get("purpose") or "find_products")}
    values["categories_path"] = ",".join(str(item) for item in php.values(body.get("categories_path")))
    feature_id = shop.insert("features", values)
    for variant in php.values(body.get("variants")):
        if isinstance(variant, dict) and variant.get("variant"):
            _variant_id(shop, feature_id, str(variant["variant"]))
    return {"feature_id": feature_id}
