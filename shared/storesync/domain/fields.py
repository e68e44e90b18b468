"""The fields of a group as plain values that survive JSON unchanged: what the journal keeps of a write, and what an undo puts back."""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from . import prints
from .model import Group, Product, Variant, Visibility

Values = Mapping[str, Any]
CONTENT = ("name", "summary", "description", "meta_title", "meta_keywords", "meta_description")


def of_product(product: Product, group: Group) -> dict[str, Any]:
    if group is Group.CONTENT:
        return {name: getattr(product.content, name) for name in CONTENT}
    if group is Group.LISTING:
        return {"visibility": product.listing.visibility.value, "categories": list(product.listing.categories)}
    return {"images": [image.url for image in product.images]}


def of_variant(variant: Variant, group: Group) -> dict[str, Any]:
    if group is Group.PRICE:
        return {"price": prints.number(variant.price), "compare_price": prints.number(variant.compare_price)}
    if group is Group.STOCK:
        return {"stock": variant.stock}
    return {"sku": variant.sku, "available": variant.available}


def of_key(product: Product, key: str, group: Group) -> dict[str, Any] | None:
    """Of what a print key names, a product or one of its variants; None when the variant is gone."""
    variant_id = key.partition(":")[2]
    if not variant_id:
        return of_product(product, group)
    variant = product.variant(variant_id)
    return of_variant(variant, group) if variant is not None else None


def product_with(product: Product, group: Group, values: Values) -> Product:
    """The product with these fields of a product group."""
    if group is Group.CONTENT:
        return replace(product, content=replace(product.content, **{name: values[name] for name in CONTENT if name in values}))
    listing = product.listing
    return replace(
        product,
        listing=replace(
            listing,
            visibility=Visibility(values.get("visibility", listing.visibility)),
            categories=tuple(values.get("categories", listing.categories)),
        ),
    )


def variant_with(variant: Variant, values: Values) -> Variant:
    """The variant with these fields; amounts are decimal texts."""
    made: dict[str, Any] = {name: Decimal(str(value)) if name in ("price", "compare_price") else value for name, value in values.items()}
    return replace(variant, **made)


def product_variant_with(product: Product, variant_id: str, values: Values) -> Product:
    return product.with_variants(tuple(variant_with(item, values) if item.id == variant_id else item for item in product.variants))


def differing(old: Values, new: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what differs, of both."""
    names = [name for name in new if old.get(name) != new[name]]
    return {name: old.get(name) for name in names}, {name: new[name] for name in names}


def text(values: Values) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def read(kept: str) -> dict[str, Any]:
    """The inverse of `text`; raises ValueError."""
    found = json.loads(kept)
    if not isinstance(found, dict):
        raise ValueError("not the fields of a group")
    return found
