"""Writing products in CS-Cart: one PUT per changed row with the changed fields only, in parallel, and one read-back per hundred."""

from collections.abc import Sequence

from ..domain import prints
from ..domain.exchange import Outcome, ProductWrite
from ..domain.model import Group, Product, Variant
from ..errors import NotKept, SyncError
from ..http import Call
from . import payloads, variations
from .catalogue import Catalogue
from .client import CsCartClient
from .making import OWN, Growth, Making


class Products:
    def __init__(self, client: CsCartClient, catalogue: Catalogue) -> None:
        self.client, self.settings, self.catalogue = client, client.settings, catalogue
        self.making = Making(client, catalogue)
        self.growth = Growth(client, catalogue, self.making)

    # -- changes

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        calls = [(at, call) for at, write in enumerate(writes) for call in self._calls(write)]
        answers = self.client.many([call for _, call in calls])
        errors = {at: answer for (at, _), answer in zip(calls, answers, strict=True) if isinstance(answer, SyncError)}
        growing = {
            write.current.id: write
            for at, write in enumerate(writes)
            if at not in errors and any(not item.id for item in write.desired.variants)
        }
        added, failed = self.growth.extend(growing) if growing else ([], {})
        members = {item.id: write.current.id for write in writes for item in write.current.variants} | dict.fromkeys(added, "")
        kept = self.catalogue.kept(members)
        return [
            _outcome(write, kept.get(write.current.id), errors.get(at) or failed.get(write.current.id)) for at, write in enumerate(writes)
        ]

    def _calls(self, write: ProductWrite) -> list[Call]:
        """A PUT for each row that changes; shared fields go to the parent, a variation would ignore them (C34). No PUT without a field (C3)."""
        result = []
        for item in write.desired.variants:
            fields = self._fields(write, item)
            if fields and item.id:
                result.append(self.client.put_call(f"products/{item.id}", fields))
        return result

    def _fields(self, write: ProductWrite, item: Variant) -> dict[str, object]:
        grouped = len(write.current.variants) > 1
        groups = {group for group in OWN if prints.key(group, item.id) in write.changes}
        fields = payloads.variant_fields(item, groups, grouped=grouped, visibility=write.desired.listing.visibility)
        if item.id == write.current.id:
            fields |= self._shared(write)
        if grouped and Group.LISTING in write.changes:
            fields["status"] = payloads.status(item, write.desired.listing.visibility)
        return fields

    def _shared(self, write: ProductWrite) -> dict[str, object]:
        """Texts are written in one language, the one that is read (C32)."""
        fields: dict[str, object] = {}
        if Group.CONTENT in write.changes:
            fields |= payloads.content_fields(write.desired.content)
            fields |= {"lang_code": self.settings.language} if self.settings.language else {}
        if Group.LISTING in write.changes:
            fields |= payloads.listing_fields(write.desired.listing)
        return fields

    # -- new products

    def create(self, products: Sequence[Product]) -> list[Outcome]:
        """All main variants at once, then the others beside them, then the groups: a broken try leaves no variation without its product."""
        several = [at for at, product in enumerate(products) if len(product.variants) > 1]
        try:
            plan = variations.planned(self.client) if several else None
        except SyncError as error:
            return [Outcome(None, error)] * len(products)
        mains, errors = self.making.made(
            [self._main(product, plan) for product in products], [product.variants[0].sku for product in products]
        )
        beside, failed = self._others(products, [at for at in several if at in mains], plan)
        if plan:
            ids = {mains[at]: made for at, made in beside.items()}
            joined = variations.join(self.client, dict.fromkeys(ids, plan), ids)
            failed |= {at: joined[mains[at]] for at in beside if mains[at] in joined}
        made = [*mains.values(), *(one for others in beside.values() for one in others)]
        kept = self.catalogue.kept(dict.fromkeys(made, ""))
        return [
            _made_outcome(product, kept.get(mains.get(at, "")), errors.get(at) or failed.get(at)) for at, product in enumerate(products)
        ]

    def _main(self, product: Product, plan: variations.Group | None) -> Call:
        fields = self.making.fields(product, product.variants[0])
        if product.content.slug and not product.content.slug.isdigit():
            fields["seo_name"] = product.content.slug
        if plan and len(product.variants) > 1:
            fields |= plan.fields(variations.names(product)[product.variants[0].sku])
        return self.client.post_call("products", fields)

    def _others(
        self, products: Sequence[Product], grouped: Sequence[int], plan: variations.Group | None
    ) -> tuple[dict[int, list[str]], dict[int, SyncError]]:
        """Second variants of all products at once, then the third ones: ids, and with them the order of the variants, follow the product."""
        if not plan:
            return {}, {}
        beside: dict[int, list[str]] = {at: [] for at in grouped}
        errors: dict[int, SyncError] = {}
        for rank in range(1, max((len(products[at].variants) for at in grouped), default=0)):
            due = [at for at in grouped if rank < len(products[at].variants)]
            items = [products[at].variants[rank] for at in due]
            fields = [
                self.making.fields(products[at], item) | plan.fields(variations.names(products[at])[item.sku])
                for at, item in zip(due, items, strict=True)
            ]
            made, failed = self.making.made([self.client.post_call("products", one) for one in fields], [item.sku for item in items])
            for position, product_id in made.items():
                beside[due[position]].append(product_id)
            errors |= {due[position]: error for position, error in failed.items()}
        return beside, errors


def _outcome(write: ProductWrite, kept: Product | None, error: SyncError | None) -> Outcome:
    """200 proves nothing (C27). Stock and listing may have moved meanwhile, so only what stayed as it was is lost."""
    if error is not None or kept is None:
        return Outcome(kept, error or NotKept("the product cannot be seen any more", product=write.current.id))
    wanted, now = prints.of(write.desired), prints.of(kept)
    lost = [name for name in write.changes if name.startswith((Group.PRICE, Group.IDENTITY)) and wanted.get(name) != now.get(name)]
    loose = [name for name in write.changes if not name.startswith((Group.PRICE, Group.IDENTITY)) and wanted.get(name) != now.get(name)]
    saved = kept.edited_at != write.current.edited_at  # texts that are cleaned back to what they were are no loss
    before = prints.of(write.current) if loose else {}
    lost += [name for name in loose if now.get(name) == before.get(name) and not (saved and name == Group.CONTENT)]
    missing = len({item.sku.strip() for item in write.desired.variants if not item.id} - {item.sku.strip() for item in kept.variants})
    if lost or missing:
        detail = "the shop answered ok and kept something else"
        return Outcome(kept, NotKept(detail, product=kept.id, fields=",".join(sorted(lost)), variants_missing=missing))
    return Outcome(kept)


def _made_outcome(product: Product, kept: Product | None, error: SyncError | None) -> Outcome:
    if error is not None or kept is None:
        return Outcome(kept, error or NotKept("created, yet invisible: has its category been removed?", sku=product.variants[0].sku))
    if len(kept.variants) < len(product.variants):
        return Outcome(kept, NotKept("not all variants were made", product=kept.id))
    return Outcome(kept)
