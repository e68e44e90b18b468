"""New rows of CS-Cart's catalogue, made once: as products of their own, or as variations beside one that exists."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..domain.exchange import ProductWrite
from ..domain.model import Group, Product, Variant
from ..errors import DuplicateSku, OutcomeUnknown, SyncError, UnsupportedValue
from ..http import Call
from . import payloads, variations
from .catalogue import Catalogue
from .client import CsCartClient
from .decode import text

OWN = (Group.PRICE, Group.STOCK, Group.IDENTITY)


class Making:
    def __init__(self, client: CsCartClient, catalogue: Catalogue) -> None:
        self.client, self.settings, self.catalogue = client, client.settings, catalogue

    def made(self, calls: Sequence[Call], skus: Sequence[str]) -> tuple[dict[int, str], dict[int, SyncError]]:
        """Ids and errors by position. Where the answer was lost, the SKU tells whether the product was made (C14)."""
        answers = self.client.many(calls)
        ids = {at: text(answer.get("product_id")) for at, answer in enumerate(answers) if not isinstance(answer, SyncError)}
        lost = [at for at, answer in enumerate(answers) if isinstance(answer, OutcomeUnknown)]
        if lost:
            found = self.catalogue.find([skus[at] for at in lost])
            by_sku = {item.sku.strip(): item.id for product in found for item in product.variants}
            ids |= {at: by_sku[skus[at].strip()] for at in lost if skus[at].strip() in by_sku}
        return ids, {at: answer for at, answer in enumerate(answers) if isinstance(answer, SyncError) and at not in ids}

    def fields(self, product: Product, item: Variant) -> dict[str, object]:
        """Always with a category: without one a product is invisible and looks deleted (C11). With an owner: nobody's cannot be sold (C44)."""
        categories = product.listing.categories or ((self.settings.default_category,) if self.settings.default_category else ())
        fields = payloads.content_fields(product.content)
        fields |= payloads.variant_fields(item, set(OWN), grouped=False, visibility=product.listing.visibility)
        fields |= payloads.listing_fields(replace(product.listing, categories=categories))
        fields |= {"status": payloads.status(item, product.listing.visibility)} if len(product.variants) > 1 else {}
        return fields | ({"company_id": self.settings.company_id} if self.settings.company_id else {})


class Growth:
    """New variants of products that exist."""

    def __init__(self, client: CsCartClient, catalogue: Catalogue, making: Making) -> None:
        self.client, self.catalogue, self.making = client, catalogue, making

    def extend(self, writes: Mapping[str, ProductWrite]) -> tuple[list[str], dict[str, SyncError]]:
        """Makes the new variants of each product and puts them beside it. Returns their ids, and errors by product."""
        try:
            known = variations.groups(self.client, list(writes))
            left = self._left_behind(writes.values())
        except SyncError as error:
            return [], dict.fromkeys(writes, error)
        failed = {parent: found for parent, write in writes.items() if (found := _obstacle(write, known[parent], left))}
        growing = {parent: write for parent, write in writes.items() if parent not in failed}
        beside, errors = self._beside(growing, known, left)
        failed |= errors | self._joined(growing, known, beside)
        return [product_id for ids in beside.values() for product_id in ids], failed

    def _left_behind(self, writes: Iterable[ProductWrite]) -> dict[str, Product | None]:
        """Variations that an earlier, broken try made are taken up, not made again; None: the SKU is another product's."""
        wanted = {item.sku.strip(): write for write in writes for item in _fresh(write)}
        found: dict[str, Product | None] = {}
        for product in self.catalogue.find(list(wanted)):
            for item in product.variants:
                write = wanted.get(item.sku.strip())
                if write and product.id != write.current.id:
                    names = {write.current.content.name, payloads.fit(write.desired).content.name}
                    ours = len(product.variants) == 1 and product.content.name in names
                    found[item.sku.strip()] = product if ours and item.sku.strip() not in found else None
        return found

    def _beside(
        self, writes: Mapping[str, ProductWrite], known: Mapping[str, variations.Group], left: Mapping[str, Product | None]
    ) -> tuple[dict[str, list[str]], dict[str, SyncError]]:
        beside = {parent: [found.id for item in _fresh(write) if (found := left.get(item.sku.strip()))] for parent, write in writes.items()}
        fresh = [(parent, item) for parent, write in writes.items() for item in _fresh(write) if item.sku.strip() not in left]
        calls = [self._variation(writes[parent], known[parent], item) for parent, item in fresh]
        made, errors = self.making.made(calls, [item.sku for _, item in fresh])
        for at, product_id in made.items():
            beside[fresh[at][0]].append(product_id)
        return beside, {fresh[at][0]: error for at, error in errors.items()}

    def _variation(self, write: ProductWrite, group: variations.Group, item: Variant) -> Call:
        listing = replace(write.current.listing, visibility=write.desired.listing.visibility)
        fields = self.making.fields(replace(write.desired, listing=listing), item)
        return self.client.post_call("products", fields | group.fields(variations.names(write.desired)[item.sku]))

    def _joined(
        self, writes: Mapping[str, ProductWrite], known: Mapping[str, variations.Group], beside: Mapping[str, list[str]]
    ) -> dict[str, SyncError]:
        """A product that becomes a parent needs its own value of the feature first."""
        parents = [parent for parent, ids in beside.items() if ids and not known[parent].id]
        names = [variations.names(writes[parent].desired)[writes[parent].desired.variants[0].sku] for parent in parents]
        marks = [
            self.client.put_call(f"products/{parent}", known[parent].fields(name)) for parent, name in zip(parents, names, strict=True)
        ]
        answers = self.client.many(marks)
        failed = {parent: answer for parent, answer in zip(parents, answers, strict=True) if isinstance(answer, SyncError)}
        return failed | variations.join(self.client, known, {parent: ids for parent, ids in beside.items() if parent not in failed})


def _fresh(write: ProductWrite) -> list[Variant]:
    return [item for item in write.desired.variants if not item.id]


def _obstacle(write: ProductWrite, group: variations.Group, left: Mapping[str, Product | None]) -> SyncError | None:
    if not group.varying:
        return UnsupportedValue("the shop shows the variations of this group as products of their own", product=write.current.id)
    if any(left.get(item.sku.strip(), write) is None for item in _fresh(write)):
        return DuplicateSku("another product of the shop has this SKU", product=write.current.id)
    return None
