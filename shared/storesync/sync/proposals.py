"""What a pass would do, before it does anything: both sides are read, and each product becomes one proposal."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from ..domain.links import Row
from ..domain.model import Group, Product, StoreName, Variant
from ..domain.planning import Decision, Pair, Plan, Side, media_direction, plan
from ..domain.translation import default_category
from ..domain.translation import product as translate
from ..errors import MissingLink, RecordError, SyncError, UnsupportedValue
from .categories import existing
from .hindsight import Hindsight
from .intentions import Gain, gained
from .matching import Counterparts, Match, Matching, linked_variants, merged_prints
from .pending import Pending
from .ports import World
from .reservations import reserved


@dataclass(frozen=True, slots=True)
class Update:
    """Two products, and what has to be written. `added`: variants that a store lacks, by that store."""

    store: StoreName
    match: Match
    pair: Pair
    plan: Plan
    media: StoreName | None = None
    media_rule: str = ""
    added: Mapping[StoreName, tuple[Gain, ...]] = field(default_factory=dict)

    @property
    def behind(self) -> bool:
        """Whether a variant is added as it was for an earlier try, and has moved since."""
        return any(gain.moved(self.pair.side(store.other).product) for store, gains in self.added.items() for gain in gains)


@dataclass(frozen=True, slots=True)
class Creation:
    """A product that one side lacks, as it shall be there."""

    store: StoreName
    match: Match
    desired: Product


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that is set aside. `quiet`: it is as the owner wants it, nothing to look at."""

    store: StoreName
    product: Product
    error: SyncError
    match: Match | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Proposals:
    """`gone`: rows whose record the store does not know any more, by its own word. `others`: products of the other store to look at first,
    as `left`, products of this one, were being made of them.
    """

    updates: tuple[Update, ...] = ()
    creations: tuple[Creation, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    gone: tuple[Row, ...] = ()
    others: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


class CreationOff(RecordError):
    """The connection does not create products in the other store."""

    advice = "Switch the creation of products on in the settings, or add it in the other shop."


class Proposer:
    """For one connection. Reads, never writes; a defect of one record is that record's alone."""

    def __init__(self, world: World, pending: Pending, *, forced: bool = False) -> None:
        self.world, self.pending, self.forced = world, pending, forced
        self.hindsight = Hindsight(world)
        self._categories: dict[StoreName, set[str]] = {}

    def propose(self, store: StoreName, ids: Collection[str]) -> Proposals:
        """Raises CatalogueUnread, and whatever stops a store as a whole. Reserved pieces are counted before Webasyst is read."""
        held = reserved(self.world)
        read, counterparts = self._both_sides(store, ids)
        products, left, others = self._without_leftovers(store, read)
        strays = {name: self.pending.adding(name) for name in StoreName}
        matches, refused = Matching(self.world, store, self.pending.begun(store), counterparts, strays).match(products)
        made = [self._one(store, match, held) for match in matches]
        refusals = [Refusal(store, product, error) for product, error in refused]
        return Proposals(
            tuple(item for item in made if isinstance(item, Update)),
            tuple(item for item in made if isinstance(item, Creation)),
            tuple(refusals + [item for item in made if isinstance(item, Refusal)]),
            tuple(self._gone(store, ids, products)),
            others,
            left,
        )

    def _both_sides(self, store: StoreName, ids: Collection[str]) -> tuple[list[Product], Counterparts]:
        """As far as the links tell beforehand what belongs to these products: their counterparts, and all rows that a CS-Cart group had."""
        rows = self.world.links.of_product(store, ids)
        known = [row for found in rows.values() for row in found]
        theirs = sorted({row.counterpart for row in known if row.counterpart})
        wanted = list(dict.fromkeys([*ids, *(row.id for row in known)]))
        works = [partial(self.world.store(store).products, wanted)]
        works += [partial(self.world.store(store.other).products, theirs)] if theirs else []
        products, *others = self.world.together(*works)
        asked = [item for item in products if item.id in ids or any(variant.id in ids for variant in item.variants)]
        return asked, Counterparts(frozenset(theirs), tuple(item for found in others for item in found), frozenset(ids), rows)

    def _without_leftovers(self, store: StoreName, products: Sequence[Product]) -> tuple[list[Product], tuple[str, ...], tuple[str, ...]]:
        """Without what was being made here when the work was cut off: that is finished from where it was begun. Both are named."""
        begun, adding = self.pending.leftovers(store), self.pending.adding(store)
        carried = {item.id: {variant.sku.strip() for variant in item.variants} for item in products}
        suspects = [item for item in products if any(sku in begun or adding.get(sku, item.id) != item.id for sku in carried[item.id])]
        linked = self.world.links.rows(store, [item.id for item in suspects]) if suspects else {}
        left = [item for item in suspects if item.id not in linked or not linked[item.id].counterpart]
        others = {begun[sku] for item in left for sku in carried[item.id] if sku in begun}
        return [item for item in products if item not in left], tuple(item.id for item in left), tuple(sorted(others))

    def _gone(self, store: StoreName, ids: Collection[str], products: Sequence[Product]) -> Iterator[Row]:
        here = {item for product in products for item in (product.id, *(variant.id for variant in product.variants))}
        missing = [item for item in ids if item not in here]
        yield from self.world.links.rows(store, missing).values() if missing else ()

    def _one(self, store: StoreName, match: Match, held: Mapping[str, int]) -> Update | Creation | Refusal:
        try:
            if match.target is not None:
                return self._update(store, match, held)
            if match.linked:
                raise MissingLink("the counterpart was deleted", product=match.source.id)
            return self._creation(store, match)
        except CreationOff as off:
            return Refusal(store, match.source, off, match, quiet=True)
        except RecordError as error:
            return Refusal(store, match.source, error, match)
        except (ArithmeticError, LookupError, TypeError, ValueError) as defect:
            return Refusal(store, match.source, UnsupportedValue("the record cannot be understood", problem=type(defect).__name__), match)

    # -- products that exist on both sides

    def _update(self, store: StoreName, match: Match, held: Mapping[str, int]) -> Update:
        pair = self.hindsight.of(self.pending.believed(self.pending.made(store, _pair(store, match, held))))
        fits = {name: self.world.store(name).fit for name in StoreName}
        planned = self._checked(plan(self.world.connection, pair, fits))
        added = {name: found for name in StoreName if (found := self._lacking(name, match, pair))}
        desired = {name: planned.desired[name] for name in StoreName}
        for name, fresh in added.items():
            desired[name] = desired[name].with_variants(desired[name].variants + tuple(item.variant for item in fresh))
        target, rule = media_direction(self.world.connection, pair)
        if target is None and self.forced and pair.whole:
            target, rule = self._unsent(pair)
        return Update(store, match, pair, replace(planned, desired=desired), target, rule, added)

    def _unsent(self, pair: Pair) -> tuple[StoreName | None, str]:
        """Asked for by the owner: images that could not be had the last time are tried again."""
        counts = {name: len(pair.side(name).product.images) for name in StoreName}
        fewer = min(StoreName, key=lambda name: counts[name])
        return (fewer if counts[fewer] < counts[fewer.other] else None), "asked for"

    def _checked(self, planned: Plan) -> Plan:
        """Categories that the target has not any more give way to the default one."""
        if not any(decision.group is Group.LISTING for decision in planned.decisions):
            return planned
        desired, decisions = dict(planned.desired), list(planned.decisions)
        for at, decision in enumerate(decisions):
            if decision.group is Group.LISTING:
                desired[decision.target] = self._with_categories(desired[decision.target], decision.target)
                decisions[at] = _corrected(decision, desired[decision.target])
        return replace(planned, decisions=tuple(decisions), desired=desired)

    def _with_categories(self, product: Product, store: StoreName) -> Product:
        fallback = default_category(self.world.connection, store)
        wanted = {*product.listing.categories, *([fallback] if fallback else [])}
        known = self._categories.setdefault(store, set())
        if not wanted <= known:
            known |= existing(self.world, store, wanted)
        left = tuple(item for item in product.listing.categories if item in known)
        chosen = left or ((fallback,) if fallback in known else ())
        return replace(product, listing=replace(product.listing, categories=chosen))

    def _lacking(self, store: StoreName, match: Match, pair: Pair) -> tuple[Gain, ...]:
        """Variants that the other side has gained; one whose counterpart was deleted is not made again."""
        if not (match.whole and self._may_create(store)):
            return ()
        source, target = pair.side(store.other).product, pair.side(store).product
        linked = set(linked_variants(match.rows[store.other])) | set(
            pair.variants if store is StoreName.WEBASYST else pair.variants.values()
        )
        taken = {variant.sku.strip().casefold() for product in (target,) for variant in product.variants}
        fresh = [
            item for item in source.variants if item.id not in linked and item.sku.strip() and item.sku.strip().casefold() not in taken
        ]
        begun = self.pending.adding(store)
        others = [item for item in fresh if item.sku.strip() not in begun]
        if others and self._known_elsewhere(store, others, target):
            fresh = [item for item in fresh if item not in others]
        if not fresh:
            return ()
        wanted = self.world.store(store).fit(translate(self.world.connection, source, store, target))
        origins = {item.id: item for item in fresh}
        found = [(origins[item.id], item) for item in wanted.variants if item.id in origins]
        return tuple(gained(origin, item, self.pending.first(store, origin)) for origin, item in found)

    def _known_elsewhere(self, store: StoreName, fresh: Sequence[Variant], target: Product) -> bool:
        entries = self.world.links.skus(store, {item.sku.strip() for item in fresh})
        others = {product_id for found in entries.values() for _, product_id, _ in found if product_id != target.id}
        read = self.world.store(store).products(sorted(others)) if others else []
        skus = {item.sku.strip() for item in fresh}
        return any(variant.sku.strip() in skus for product in read if product.id != target.id for variant in product.variants)

    def _may_create(self, store: StoreName) -> bool:
        connection = self.world.connection
        return connection.create_in_webasyst if store is StoreName.WEBASYST else connection.create_in_cscart

    # -- products that one side lacks

    def _creation(self, store: StoreName, match: Match) -> Creation:
        if not self._may_create(store.other):
            raise CreationOff
        product = self.world.store(store.other).fit(translate(self.world.connection, match.source, store.other))
        product = self._with_categories(product, store.other)
        variants = tuple(replace(variant, id="") for variant in product.variants)
        return Creation(store, match, replace(product, id="", images=(), variants=variants))


def _pair(store: StoreName, match: Match, held: Mapping[str, int]) -> Pair:
    assert match.target is not None
    sides = {
        store: Side(match.source, merged_prints(match.rows[store])),
        store.other: Side(match.target, merged_prints(match.rows[store.other])),
    }
    if match.stale:
        sides = {name: Side(side.product) for name, side in sides.items()}
    pairs = dict(match.variants) if store is StoreName.CSCART else {theirs: ours for ours, theirs in match.variants.items()}
    return Pair(sides[StoreName.CSCART], sides[StoreName.WEBASYST], pairs, match.whole, reserved=held)


def _corrected(decision: Decision, desired: Product) -> Decision:
    if "categories" not in decision.new:
        return decision
    return replace(decision, new={**decision.new, "categories": list(desired.listing.categories)})
