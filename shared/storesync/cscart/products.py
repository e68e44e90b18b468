"""Reading and writing products in CS-Cart: batched lists, one PUT per changed product with the changed fields only, and a read-back."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..domain import prints
from ..domain.exchange import ImageSource, Outcome, Page, ProductWrite
from ..domain.model import Group, Product, Record, Variant
from ..errors import FilterIgnored, NotKept, OutcomeUnknown, SyncError
from ..http import Call, CallClass
from . import payloads, variations
from .client import CsCartClient
from .decode import Json, mapping, moment, rows, text

PAGE = 250
BATCH = 100
SKU_BATCH = 50
MARGIN = timedelta(minutes=2)
FULL: dict[str, object] = {
    "extend": ["description", "full_description", "meta_data", "page_title"],
    "get_features": 0,
    "get_discounts": 0,
    "include_child_variations": 1,
    "sort_order": "asc",
}


class Products:
    def __init__(self, client: CsCartClient) -> None:
        self.client, self.settings = client, client.settings

    # -- reading

    def _pages(self, query: Mapping[str, object], first: int = 1) -> Iterator[tuple[int, list[Json], int]]:
        page = first
        while True:
            answer = self.client.get("products", {**FULL, **query, "page": page, "items_per_page": PAGE})
            here = rows(answer.get("products"))
            total = int(text(mapping(answer.get("params")).get("total_items")) or 0)
            if here:
                yield page, here, total
            if len(here) < PAGE or page * PAGE >= total:
                return
            page += 1

    def scan(self, after: str) -> Iterator[Page[Record]]:
        """In order of id (`null` sorts by nothing, ties go by id). `after` is `<page>:<last id>`: rows behind the last id go on."""
        page, _, last = after.partition(":")
        for number, here, total in self._pages({"sort_by": "null"}, int(page or 1)):
            ids = [int(text(row.get("product_id"))) for row in here]
            if ids != sorted(ids):
                raise FilterIgnored("the list is not in order of id", store="cscart")
            fresh = [row for row, found in zip(here, ids, strict=True) if found > int(last or 0)]
            if fresh:
                yield Page(tuple(payloads.record(row, self.settings.currency) for row in fresh), f"{number}:{ids[-1]}", total)

    def changed(self, since: datetime, now: datetime) -> Iterator[Page[Record]]:
        hours = max((now - since + MARGIN).total_seconds() / 3600, 0.01)
        query = {"updated_in_hours": f"{hours:.4f}", "sort_by": "updated_timestamp"}
        for _, here, total in self._pages(query):
            oldest = min((stamp for row in here if (stamp := moment(row.get("updated_timestamp")))), default=since)
            if oldest < since - 2 * MARGIN:
                raise FilterIgnored("a row older than asked for", store="cscart")
            yield Page(tuple(payloads.record(row, self.settings.currency) for row in here), "", total)

    def read(self, ids: Collection[str]) -> list[Product]:
        """Whole products; a variation's id brings its group."""
        wanted = list(dict.fromkeys(ids))
        found = self._by_ids(wanted)
        groups = {parent for row in found.values() if (parent := payloads.parent_of(row)) and payloads.is_grouped(row)}
        found |= self._by_ids([parent for parent in groups if parent not in found])
        for parent in groups:
            query = {"parent_product_id": parent, "sort_by": "null"}
            for _, here, _ in self._pages(query):
                found |= {text(row.get("product_id")): row for row in here if payloads.parent_of(row) == parent}
        together: dict[str, list[Json]] = defaultdict(list)
        for row in found.values():
            together[payloads.parent_of(row)].append(row)
        return [payloads.product(group, self.settings.currency) for group in together.values()]

    def _by_ids(self, ids: Sequence[str]) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for at in range(0, len(ids), BATCH):
            batch = ids[at : at + BATCH]
            for _, here, _ in self._pages({"pid": ",".join(batch), "sort_by": "null"}):
                found |= {text(row.get("product_id")): row for row in here}
                if strange := {text(row.get("product_id")) for row in here} - set(batch):
                    raise FilterIgnored("products that were not asked for", store="cscart", id=min(strange))
        return found

    def find(self, skus: Collection[str]) -> list[Product]:
        """Exact on the server but for case and trailing blanks, so compared again here (C5)."""
        wanted = sorted({sku.strip() for sku in skus})
        ids: list[str] = []
        for at in range(0, len(wanted), SKU_BATCH):
            batch = wanted[at : at + SKU_BATCH]
            query = {"filter_params[product_code]": batch, "sort_by": "null", "get_additional": 0}
            for _, here, _ in self._pages(query):
                self._check_codes(here, batch)
                ids += [text(row.get("product_id")) for row in here if text(row.get("product_code")).strip() in batch]
        return self.read(ids) if ids else []

    @staticmethod
    def _check_codes(here: Sequence[Json], batch: Sequence[str]) -> None:
        folded = {sku.casefold() for sku in batch}
        if any(text(row.get("product_code")).strip().casefold() not in folded for row in here):
            raise FilterIgnored("a SKU that was not asked for", store="cscart")

    # -- writing

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        calls: list[tuple[int, Call]] = [(at, call) for at, write in enumerate(writes) for call in self._calls(write)]
        errors: dict[int, SyncError] = {}
        for (at, _), answer in zip(calls, self.client.many([call for _, call in calls]), strict=True):
            if isinstance(answer, SyncError):
                errors[at] = answer
        for at, write in enumerate(writes):
            fresh = [item for item in write.desired.variants if not item.id]
            if fresh and at not in errors and (error := variations.extend(self.client, write.current, write.desired, fresh)):
                errors[at] = error
        kept = {item.id: item for item in self.read([write.current.id for write in writes])}
        return [self._outcome(write, kept.get(write.current.id), errors.get(at)) for at, write in enumerate(writes)]

    def _calls(self, write: ProductWrite) -> list[Call]:
        """A PUT for each row that changes; shared fields go to the parent, a variation would ignore them (C34)."""
        result = []
        grouped = len(write.current.variants) > 1
        for item in write.desired.variants:
            groups = {group for group in (Group.PRICE, Group.STOCK, Group.IDENTITY) if prints.key(group, item.id) in write.changes}
            fields = payloads.variant_fields(item, groups, grouped=grouped, visibility=write.desired.listing.visibility)
            if item.id == write.current.id:
                fields |= self._shared(write, grouped=grouped)
            if fields and item.id:
                result.append(self.client.put_call(f"products/{item.id}", fields))
        return result

    @staticmethod
    def _shared(write: ProductWrite, *, grouped: bool) -> dict[str, object]:
        fields: dict[str, object] = {}
        if Group.CONTENT in write.changes:
            fields |= payloads.content_fields(write.desired.content)
        if Group.LISTING in write.changes:
            fields |= payloads.listing_fields(write.desired.listing)
        return fields

    @staticmethod
    def _outcome(write: ProductWrite, kept: Product | None, error: SyncError | None) -> Outcome:
        if error is not None or kept is None:
            return Outcome(kept, error or NotKept("the product cannot be seen any more", product=write.current.id))
        wanted, now, before = prints.of(write.desired), prints.of(kept), prints.of(write.current)
        lost = [name for name in write.changes if name.startswith((Group.PRICE, Group.IDENTITY)) and wanted.get(name) != now.get(name)]
        lost += [name for name in write.changes if name.startswith(Group.STOCK) and now.get(name) == before.get(name) != wanted.get(name)]
        if lost:
            return Outcome(kept, NotKept("the shop answered ok and kept something else", product=kept.id, fields=",".join(sorted(lost))))
        return Outcome(kept)

    def create(self, products: Sequence[Product]) -> list[Outcome]:
        simple = [product for product in products if len(product.variants) == 1]
        made = dict(zip((id(item) for item in simple), self._create_simple(simple), strict=True))
        return [made[id(item)] if id(item) in made else self._create_group(item) for item in products]

    def _create_simple(self, products: Sequence[Product]) -> list[Outcome]:
        calls = [self.client.post_call("products", self.new_fields(product, product.variants[0])) for product in products]
        answers = self.client.many(calls)
        ids = [text(answer.get("product_id")) if isinstance(answer, Mapping) else "" for answer in answers]
        lost = [at for at, answer in enumerate(answers) if isinstance(answer, OutcomeUnknown)]
        if lost:
            found = self.find([products[at].variants[0].sku for at in lost])
            by_sku = {item.sku.strip(): product.id for product in found for item in product.variants}
            for at in lost:
                ids[at] = by_sku.get(products[at].variants[0].sku.strip(), "")
        kept = {item.id: item for item in self.read([item for item in ids if item])}
        return [
            Outcome(
                kept.get(found), None if found in kept else answer if isinstance(answer, SyncError) else NotKept("created, yet invisible")
            )
            for found, answer in zip(ids, answers, strict=True)
        ]

    def new_fields(self, product: Product, item: Variant) -> dict[str, object]:
        """Always with a category: without one a product is invisible and looks deleted (C11)."""
        categories = product.listing.categories or ((self.settings.default_category,) if self.settings.default_category else ())
        groups = {Group.PRICE, Group.STOCK, Group.IDENTITY}
        fields = payloads.content_fields(product.content)
        fields |= payloads.variant_fields(item, groups, grouped=False, visibility=product.listing.visibility)
        fields |= payloads.listing_fields(replace(product.listing, categories=categories))
        fields |= {"company_id": self.settings.company_id} if self.settings.company_id else {}
        return fields | ({"seo_name": product.content.slug} if product.content.slug and not product.content.slug.isdigit() else {})

    def _create_group(self, product: Product) -> Outcome:
        """The main variant first, as a simple product, then the others beside it in a variation group."""
        outcome = self._create_simple([product.with_variants(product.variants[:1])])[0]
        if outcome.product is None:
            return outcome
        if error := variations.extend(self.client, outcome.product, product, list(product.variants[1:])):
            return Outcome(outcome.product, error)
        return Outcome(next(iter(self.read([outcome.product.id])), outcome.product))

    def put_images(self, product: Product, images: Sequence[ImageSource]) -> Product:
        """All images by address, those that stay as well: the shop deletes first and downloads then (C9). Raises NotKept when some are lost."""
        here = {image.id: image.url for image in product.images}
        addresses = [here.get(image.id) or image.url for image in images]
        body: dict[str, object] = {"main_pair": {"detailed": {"image_path": addresses[0]}}} if addresses else {}
        if len(addresses) > 1 or len(product.images) > 1:
            body["image_pairs"] = [{"detailed": {"image_path": url}, "position": at} for at, url in enumerate(addresses[1:], 1)]
        for _ in range(2):
            if body:
                self.client.send(self.client.put_call(f"products/{product.id}", body, CallClass.UPLOAD))
            kept = next(iter(self.read([product.id])), product)
            if len(kept.images) == len(addresses):
                return kept
        raise NotKept("the shop could not download all images", product=product.id, wanted=len(addresses), kept=len(kept.images))
