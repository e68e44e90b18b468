"""Variation groups: products that are one product with several SKUs, told apart by features (contract 2.8)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..domain.model import Product
from ..errors import SyncError
from ..http import Call
from .client import CsCartClient
from .decode import Json, rows, text

FEATURE = "Variant"
PURPOSE = "group_variation_catalog_item"
BATCH = 100


@dataclass(frozen=True, slots=True)
class Group:
    """A group as the shop has it; `id` empty: still to be made.

    `varying` is the feature by which the variations of one product differ: empty where the shop shows them as separate products.
    `fixed` are the parent's values of the other features, which tell it from the other products of the group.
    """

    varying: str
    id: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)

    def fields(self, name: str) -> dict[str, object]:
        """What gives a product its own place in the group."""
        fields: dict[str, object] = {"add_new_variant": {self.varying: {"variant": name}}}
        return fields | ({"product_features": dict(self.fixed)} if self.fixed else {})


def members(client: CsCartClient, ids: Sequence[str]) -> list[dict[str, str]]:
    """Of each group that these products belong to, every product with its parent: one call per 100 products."""
    return [_parents(row) for row in _listed(client, ids)]


def _parents(group: Json) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in rows(group.get("products")):
        product_id, parent = text(item.get("product_id")), text(item.get("parent_product_id"))
        found[product_id] = parent if parent not in ("", "0") else product_id
    return found


def groups(client: CsCartClient, parents: Sequence[str]) -> dict[str, Group]:
    """The group of each product; those that have none get the plan of one that varies by our own feature."""
    found: dict[str, Group] = {}
    for row in _listed(client, parents):
        listed = {text(item.get("product_id")): item for item in rows(row.get("products"))}
        varying = next((text(item.get("feature_id")) for item in rows(row.get("features")) if text(item.get("purpose")) == PURPOSE), "")
        for parent in listed.keys() & set(parents):
            values = {text(item.get("feature_id")): text(item.get("variant_id")) for item in rows(listed[parent].get("feature_values"))}
            found[parent] = Group(varying, text(row.get("id")), {name: value for name, value in values.items() if name != varying})
    if without := [parent for parent in parents if parent not in found]:
        found |= dict.fromkeys(without, planned(client))
    return found


def planned(client: CsCartClient) -> Group:
    """A group that is still to be made: it varies by our own feature."""
    return Group(_feature(client))


def _listed(client: CsCartClient, ids: Sequence[str]) -> list[Json]:
    batches = [list(ids[at : at + BATCH]) for at in range(0, len(ids), BATCH)]
    return [row for batch in batches for row in client.all("product_variations_groups", "groups", {"product_ids": batch}, size=BATCH)]


def names(product: Product) -> dict[str, str]:
    """SKU -> what tells the variant apart: its name where no other variant has it, else the SKU."""
    often = Counter(item.name.strip().casefold() for item in product.variants)
    return {
        item.sku: item.name.strip() if item.name.strip() and often[item.name.strip().casefold()] == 1 else item.sku
        for item in product.variants
    }


def _feature(client: CsCartClient) -> str:
    """The id of the feature that our own groups vary by; made the first time."""
    for row in client.all("features", "features"):
        ours = FEATURE in (text(row.get("description")), text(row.get("internal_name")))
        if ours and text(row.get("purpose")) in ("", PURPOSE):
            return text(row.get("feature_id"))
    owner = client.settings.company_id or 0
    body = {"description": FEATURE, "internal_name": FEATURE, "feature_type": "S", "purpose": PURPOSE, "company_id": owner}
    return text(client.send(client.post_call("features", body)).get("feature_id"))


def join(client: CsCartClient, known: Mapping[str, Group], fresh: Mapping[str, Sequence[str]]) -> dict[str, SyncError]:
    """Put the fresh products beside their parents. Returns the errors by parent; what the shop left out in silence, a reading shows."""
    calls = [(parent, call) for parent, ids in fresh.items() if ids for call in _joining(client, parent, known[parent], ids)]
    answers = client.many([call for _, call in calls])
    return {parent: answer for (parent, _), answer in zip(calls, answers, strict=True) if isinstance(answer, SyncError)}


def _joining(client: CsCartClient, parent: str, group: Group, fresh: Sequence[str]) -> list[Call]:
    if group.id:
        return [client.put_call(f"product_variations/{one}", {"variation_group_id": int(group.id)}) for one in fresh]
    features = [{"feature_id": group.varying, "purpose": PURPOSE}]
    return [client.post_call("product_variations_groups", {"product_ids": [parent, *fresh], "code": f"S{parent}", "features": features})]
