"""Variation groups: products that are one product with several SKUs, told apart by a feature (contract 2.8)."""

from collections.abc import Sequence

from ..domain.model import Group, Product, Variant
from ..errors import SyncError
from . import payloads
from .client import CsCartClient
from .decode import Json, mapping, rows, text

FEATURE = "Variant"
PURPOSE = "group_variation_catalog_item"


def extend(client: CsCartClient, current: Product, desired: Product, fresh: Sequence[Variant]) -> SyncError | None:
    """Add variants to a product, which becomes or stays the parent of a group. Returns what went wrong."""
    try:
        feature_id = _feature(client)
        members = [current.id]
        if len(current.variants) == 1:
            _mark(client, current.id, feature_id, desired.variants[0])
        for item in fresh:
            found = _existing(client, item.sku) or text(
                client.send(client.post_call("products", _fields(client, current, desired, item))).get("product_id")
            )
            _mark(client, found, feature_id, item)
            members.append(found)
        _group(client, current, members, feature_id)
    except SyncError as error:
        return error
    return None


def _existing(client: CsCartClient, sku: str) -> str:
    """A variation that an earlier, broken try has left behind is taken up, not made again."""
    answer = client.get("products", {"filter_params[product_code]": [sku], "items_per_page": 10, "get_features": 0, "get_additional": 0})
    return next(
        (text(row.get("product_id")) for row in rows(answer.get("products")) if text(row.get("product_code")).strip() == sku.strip()), ""
    )


def _fields(client: CsCartClient, current: Product, desired: Product, item: Variant) -> Json:
    groups = {Group.PRICE, Group.STOCK, Group.IDENTITY}
    fields = payloads.content_fields(desired.content) | payloads.listing_fields(current.listing)
    fields |= payloads.variant_fields(item, groups, grouped=False, visibility=desired.listing.visibility)
    return fields | ({"company_id": client.settings.company_id} if client.settings.company_id else {})


def _feature(client: CsCartClient) -> str:
    for row in client.all("features", "features"):
        if text(row.get("description") or row.get("internal_name")) == FEATURE:
            return text(row.get("feature_id"))
    body = {
        "description": FEATURE,
        "internal_name": FEATURE,
        "feature_type": "S",
        "purpose": PURPOSE,
        "company_id": client.settings.company_id or 0,
    }
    return text(client.send(client.post_call("features", body)).get("feature_id"))


def _mark(client: CsCartClient, product_id: str, feature_id: str, item: Variant) -> None:
    value = item.name or item.sku
    client.send(client.put_call(f"products/{product_id}", {"add_new_variant": {feature_id: {"variant": value}}}))


def _group(client: CsCartClient, current: Product, members: Sequence[str], feature_id: str) -> None:
    found = rows(mapping(client.get("product_variations_groups", {"product_ids": [current.id]})).get("groups"))
    if found:
        body: Json = {"product_ids": list(members[1:])}
        client.send(client.post_call(f"product_variations_groups/{text(found[0].get('id'))}/attach_products", body))
        return
    features = [{"feature_id": feature_id, "purpose": PURPOSE}]
    client.send(
        client.post_call("product_variations_groups", {"product_ids": list(members), "code": f"S{current.id}", "features": features})
    )
