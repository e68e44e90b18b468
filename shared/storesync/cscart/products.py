"""Writing products in CS-Cart: one PUT per changed row with the changed fields only, in parallel, and one read-back per hundred."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from ..domain import prints
from ..domain.exchange import Outcome, ProductWrite
from ..domain.model import Group, Product, Variant
from ..errors import NotKept, StoreError, SyncError, Unauthorised
from ..http import Call
from . import payloads, variations
from .catalogue import BATCH, Catalogue
from .client import CsCartClient
from .decode import Json
from .making import OWN, Growth, Making


class Products:
    def __init__(self, client: CsCartClient, catalogue: Catalogue) -> None:
        self.client, self.settings, self.catalogue = client, client.settings, catalogue
        self.making = Making(client, catalogue)
        self.growth = Growth(client, catalogue, self.making)

    # -- changes

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]:
        """A hundred rows are read back as soon as they are written, beside the writing of the next; what gains variants comes after them."""
        portions = _portions(writes)
        works = [partial(self._sent, portion, at, call) for portion in portions for at, call in self._prepared(portion, writes)]
        kept: dict[str, Product] = {}
        for done in self.client.transport.stream(works):
            kept |= self.catalogue.told(done.rows, done.members) if done else {}
        errors = {at: error for portion in portions for at, error in portion.errors.items()}
        growing = {write.current.id: write for at, write in enumerate(writes) if at not in errors and _grows(write)}
        added, failed = self.growth.extend(growing) if growing else ([], {})
        late = [write for write in writes if _grows(write)]
        kept |= self.catalogue.kept(_members(late) | dict.fromkeys(added, "")) if late else {}
        return [
            _outcome(write, kept.get(write.current.id), errors.get(at) or failed.get(write.current.id)) for at, write in enumerate(writes)
        ]

    def _prepared(self, portion: "_Portion", writes: Sequence[ProductWrite]) -> list[tuple[int, Call | None]]:
        """Its calls; None where there is only something to be read."""
        calls: list[tuple[int, Call | None]] = [(at, call) for at in portion.writes for call in self._calls(writes[at])]
        portion.unanswered = len(calls) or 1
        return calls or [(portion.writes[0], None)]

    def _sent(self, portion: "_Portion", at: int, call: Call | None) -> "_Portion | None":
        """The portion, when this was the last that it waited for. Raises Unauthorised, which no other call may follow."""
        try:
            if call is not None:
                self.client.send(call)
        except Unauthorised:
            raise
        except StoreError as error:
            portion.errors[at] = error
        if not portion.is_over() or not portion.members:
            return None
        ids = list(portion.members)
        for begin in range(0, len(ids), BATCH):
            portion.rows |= self.catalogue.listed(ids[begin : begin + BATCH])
        return portion

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


@dataclass(slots=True)
class _Portion:
    """Writes, by their position, that are read back together, by one call unless a product is too large for it: whole products, as several
    writes may be of one. `members`: row -> product."""

    writes: list[int] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)
    errors: dict[int, SyncError] = field(default_factory=dict)
    rows: dict[str, Json] = field(default_factory=dict)
    unanswered: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def is_over(self) -> bool:
        """Told of each answer; whether it was the last."""
        with self._lock:
            self.unanswered -= 1
            return not self.unanswered


def _portions(writes: Sequence[ProductWrite]) -> list[_Portion]:
    of_product: dict[str, list[int]] = defaultdict(list)
    for at, write in enumerate(writes):
        of_product[write.current.id].append(at)
    found = [_Portion()]
    for several in of_product.values():
        members = _members([writes[at] for at in several if not _grows(writes[at])])
        if found[-1].writes and len(found[-1].members) + len(members) > BATCH:
            found.append(_Portion())
        found[-1].writes += several
        found[-1].members |= members
    return [portion for portion in found if portion.writes]


def _members(writes: Sequence[ProductWrite]) -> dict[str, str]:
    return {item.id: write.current.id for write in writes for item in write.current.variants}


def _grows(write: ProductWrite) -> bool:
    return any(not item.id for item in write.desired.variants)


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
