"""Creates products that one side lacks: looked for right before, intended before the call, and what was made is linked at once."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..domain import fields
from ..domain.exchange import Outcome
from ..domain.journal import Action, Entry
from ..domain.model import Group, Product, StoreName, Variant
from ..domain.planning import Pair, Plan, Side, media_direction
from ..errors import NotKept, OutcomeUnknown, SyncError
from .imaging import ImageStep
from .leases import LEASE_SECONDS
from .linking import Linker, with_numbers
from .matching import Match
from .notes import Notebook, label
from .pausing import PAUSING
from .pending import Pending
from .ports import Lease, World
from .proposals import Creation, Update

UNDER_WAY = timedelta(seconds=30)
ONE_SAVE = timedelta(seconds=2)  # two stamps of one save are at most so far apart


class Creations:
    def __init__(self, world: World, lease: Lease, notes: Notebook, linker: Linker, pending: Pending, images: ImageStep) -> None:
        self.world, self.lease, self.notes, self.linker, self.pending = world, lease, notes, linker, pending
        self.images = images

    def apply(self, store: StoreName, creations: Sequence[Creation]) -> Iterator[tuple[str, SyncError]]:
        """Yields the source products whose creation is to be tried again, and why. Raises what stops the store as a whole."""
        due = []
        for item in creations:
            if self._may_be_under_way(store, item):
                yield item.match.source.id, OutcomeUnknown("an earlier try may still be under way", store=store.other)
            else:
                due.append(item)
        if due:
            yield from self._create(store, due)

    def _may_be_under_way(self, store: StoreName, item: Creation) -> bool:
        earlier = self.pending.began(store, item.match.source.id)
        return earlier is not None and timedelta() <= self.world.clock.now() - earlier < UNDER_WAY

    def _create(self, store: StoreName, due: Sequence[Creation]) -> Iterator[tuple[str, SyncError]]:
        self.lease.extend(LEASE_SECONDS)
        self.pending.note_new(store, [(item.match.source, item.desired) for item in due])
        self.lease.check()
        outcomes = self.world.store(store.other).create([item.desired for item in due], self._markers(store, due))
        pairs = list(zip(due, outcomes, strict=True))
        made = [(item, outcome) for item, outcome in pairs if _whole(item, outcome)]
        failed = [(item, outcome) for item, outcome in pairs if not _whole(item, outcome)]
        pairs_made = [(item, *self._as_pair(store, item, outcome)) for item, outcome in made]
        self.images.expect((update, kept) for _, update, kept in pairs_made)
        late = [(item.match.source.id, error) for item, update, kept in pairs_made if (error := self._made(store, update, kept))]
        self.linker.flush()
        yield from late
        self.pending.clear_new(store, [item.match.source.id for item, _ in made])
        self.give_up(store, [item.match.source.id for item, outcome in failed if not _unfinished(outcome.error)])
        for item, outcome in failed:
            error = outcome.error or NotKept("created, yet not found whole", product=item.match.source.id)
            if _unfinished(error):
                yield item.match.source.id, error
            else:
                self.notes.park(store, item.match.source, error, item.match)
        for outcome in outcomes:
            if isinstance(outcome.error, PAUSING):
                raise outcome.error

    def give_up(self, store: StoreName, product_ids: Sequence[str]) -> None:
        """Products that cannot be made are forgotten, but for those of which a part was: a group of CS-Cart whose variations stand alone."""
        skus = {item: self.pending.skus_of_new(store, item) for item in product_ids}
        several = {sku for found in skus.values() if len(found) > 1 for sku in found} if store.other is StoreName.CSCART else set()
        there = {item.sku.strip() for found in self.world.store(store.other).find(several) for item in found.variants} if several else set()
        halves = [item for item, found in skus.items() if len(found) > 1 and there.intersection(found)]
        self.pending.wait_new(store, halves)
        self.pending.clear_new(store, [item for item in product_ids if item not in halves])

    def _markers(self, store: StoreName, due: Sequence[Creation]) -> dict[str, str]:
        name = self.world.connection.id
        return {item.desired.variants[0].sku: f"{name}:{store}:{item.match.source.id}" for item in due}

    def _as_pair(self, store: StoreName, item: Creation, outcome: Outcome) -> tuple[Update, dict[StoreName, Product]]:
        assert outcome.product is not None
        created = outcome.product
        skus = {variant.sku.strip(): variant.id for variant in created.variants}
        pairs = {variant.id: skus[variant.sku.strip()] for variant in item.match.source.variants if variant.sku.strip() in skus}
        match = replace(item.match, target=created, variants=pairs, rows={**item.match.rows, store.other: ()})
        update = _as_update(store, match, _as_sent(store.other, created, item.desired), self.world)
        return update, {store: item.match.source, store.other: created}

    def _made(self, store: StoreName, update: Update, kept: dict[StoreName, Product]) -> SyncError | None:
        """Returns why its images are still to come."""
        created = kept[store.other]
        self.notes.counts[f"created_{store.other}"] += 1
        main, *others = created.variants
        named = [variant.sku for variant in created.variants]
        new = fields.text({"name": created.content.name, "skus": named, **_values(main)})
        rule = f"new in {store}"
        self.linker.tell(Entry("product", label(created), Action.CREATED, store.other, created.id, new=new, rule=rule))
        for variant in others:
            sku = variant.sku.strip()
            self.linker.tell(
                Entry("product", sku, Action.CREATED, store.other, created.id, "variant", new=fields.text(_values(variant)), rule=rule)
            )
        error: SyncError | None = None
        if self.images.is_late(update):
            self.linker.put_off_images(update)
            error = NotKept("no time was left")
        else:
            error = self.images.run(update, kept)
        self.linker.settle(update, kept)
        return error


def _whole(item: Creation, outcome: Outcome) -> bool:
    """A store that says ok to a variation or to its joining the group, and does neither, shows a product with fewer variants."""
    return outcome.product is not None and len(outcome.product.variants) >= len(item.desired.variants)


def _unfinished(error: SyncError | None) -> bool:
    """Whether it is gone on with: a store that refused all from some call on may hold a part of it, as variations without their group."""
    return error is not None and (error.retriable or isinstance(error, PAUSING))


def _as_sent(target: StoreName, created: Product, desired: Product) -> Product:
    """With the prices, counts and listing that were asked for: what somebody changed or bought since the create is a change that has to travel."""
    sent = {variant.sku.strip(): variant for variant in desired.variants}
    listing = desired.listing if _is_listed_anew(target, created, desired) else created.listing
    return replace(created, listing=listing).with_variants(
        tuple(with_numbers(item, sent.get(item.sku.strip())) for item in created.variants)
    )


def _is_listed_anew(target: StoreName, created: Product, desired: Product) -> bool:
    """Whether a listing other than what was asked for is somebody's choice. A shop may hold a new product back or leave out a category, and
    that is no edit; but it adds none, and does not save it again later, but for a group of CS-Cart as its variations join.
    """
    sent = set(desired.listing.categories)
    if sent and not sent.issuperset(created.listing.categories):
        return True
    if created.created_at is None or created.edited_at is None or (target is StoreName.CSCART and len(created.variants) > 1):
        return False
    return created.edited_at - created.created_at > ONE_SAVE


def _as_update(store: StoreName, match: Match, made: Product, world: World) -> Update:
    """What was just `made` of the source, as a pair that agrees but for its images."""
    sides = {store: Side(match.source), store.other: Side(made)}
    pairs = dict(match.variants) if store is StoreName.CSCART else {theirs: ours for ours, theirs in match.variants.items()}
    pair = Pair(sides[StoreName.CSCART], sides[StoreName.WEBASYST], pairs, made_from=store)
    target, rule = media_direction(world.connection, pair)
    desired = {name: sides[name].product for name in StoreName}
    return Update(store, match, pair, Plan(desired=desired), target if match.source.images else None, rule)


def _values(variant: Variant) -> dict[str, Any]:
    """What a new variant began with, so that each SKU knows where its values come from."""
    return {**fields.of_variant(variant, Group.PRICE), **fields.of_variant(variant, Group.STOCK)}
