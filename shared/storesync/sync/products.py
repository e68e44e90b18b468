"""Products: read both sides, plan, write, verify, link, journal; in batches, and one bad record never holds up the others."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ..domain import prints
from ..domain.changes import Cause
from ..domain.exchange import Outcome, ProductWrite
from ..domain.journal import Action, Entry
from ..domain.links import Parked, Row
from ..domain.model import Group, Product, StoreName
from ..domain.planning import Pair, Plan, Side, media_direction, plan
from ..domain.translation import product as translate
from ..errors import MissingLink, NotKept, RecordError, SyncError
from . import records
from .matching import Match, Matching, merged_prints
from .media import MediaSync
from .ports import Lease, World


@dataclass(slots=True)
class _Work:
    """One matched product on its way through the pass; `kept` is what each store holds after the writes."""

    match: Match
    pair: Pair
    plan: Plan
    kept: dict[StoreName, Product]
    error: SyncError | None = None


class ProductSync:
    def __init__(self, world: World, lease: Lease, cause: Cause, run: str = "") -> None:
        self.world, self.lease, self.cause, self.run = world, lease, cause, run
        self.counts: Counter[str] = Counter()

    def apply(self, store: StoreName, ids: Collection[str]) -> Counter[str]:
        """Bring these products and their counterparts together. Raises what stops a whole pass: a lost lease, a store that is down."""
        products = self.world.store(store).products(ids)
        self._gone(store, ids, products)
        matches, refused = Matching(self.world, store).match(products)
        for product, error in refused:
            self._park(store, product, error)
        self._update(store, [match for match in matches if match.target is not None])
        for match in matches:
            if match.target is None and match.linked:
                self._park(store, match.source, MissingLink("the counterpart was deleted", product=match.source.id), match)
        self._create(store, [match for match in matches if match.target is None and not match.linked])
        return self.counts

    # -- products that exist on both sides

    def _update(self, store: StoreName, matches: Sequence[Match]) -> None:
        work = [item for match in matches if (item := self._planned(store, match))]
        for target in StoreName:
            self._write(target, work)
        for item in work:
            self._settle(item)

    def _planned(self, store: StoreName, match: Match) -> _Work | None:
        assert match.target is not None
        pair = _pair(store, match)
        fits = {name: self.world.store(name).fit for name in StoreName}
        try:
            planned = self._with_new_variants(store, match, plan(self.world.connection, pair, fits))
        except RecordError as error:
            self._park(store, match.source, error, match)
            return None
        return _Work(match, pair, planned, {name: pair.side(name).product for name in StoreName})

    def _with_new_variants(self, store: StoreName, match: Match, planned: Plan) -> Plan:
        """Variants that the source has gained are added to the counterpart."""
        assert match.target is not None
        missing = [variant for variant in match.source.variants if variant.id not in match.variants]
        allowed = self.world.connection.create_in_webasyst if store is StoreName.CSCART else self.world.connection.create_in_cscart
        if not (missing and allowed and match.whole):
            return planned
        wanted = self.world.store(store.other).fit(translate(self.world.connection, match.source, store.other, match.target))
        fresh = tuple(replace(item, id="") for item in wanted.variants if item.id in {variant.id for variant in missing})
        base = planned.desired[store.other]
        return replace(planned, desired={**planned.desired, store.other: base.with_variants(base.variants + fresh)})

    def _write(self, target: StoreName, work: Sequence[_Work]) -> None:
        due = [item for item in work if item.plan.changes(target) or _has_new(item.plan.desired[target])]
        if not due:
            return
        self.lease.check()
        writes = [ProductWrite(item.pair.side(target).product, item.plan.desired[target], item.plan.changes(target)) for item in due]
        for item, outcome in zip(due, self.world.store(target).write(writes), strict=True):
            self._take(item, target, outcome)

    def _take(self, item: _Work, target: StoreName, outcome: Outcome) -> None:
        if outcome.error is not None:
            item.error = outcome.error
        if outcome.product is not None:
            item.kept[target] = outcome.product
            self.counts[f"written_{target}"] += outcome.error is None

    def _settle(self, item: _Work) -> None:
        if item.error is not None and item.error.retriable:
            raise item.error
        media_error = self._media(item) if item.error is None else None
        error = item.error or media_error
        self._remember(item, error)
        if error is not None:
            self._note_parked(StoreName.CSCART, item.pair.cscart.product, error)
        elif any(row.parked for rows in item.match.rows.values() for row in rows):
            self._unpark(item)

    def _media(self, item: _Work) -> SyncError | None:
        target, rule = media_direction(self.world.connection, item.pair)
        if target is None:
            return None
        self.lease.check()
        media = MediaSync(self.world, target.other)
        try:
            item.kept[target] = media.transfer(item.pair.side(target.other).product, item.kept[target])
        except (RecordError, SyncError) as error:
            if error.retriable:
                raise
            return error
        self.counts["images"] += 1
        self._journal(item.pair.side(target).product, target, Action.WRITTEN, "media", rule)
        return NotKept("images could not be had", images="; ".join(media.failed)) if media.failed else None

    def _remember(self, item: _Work, error: SyncError | None) -> None:
        pairs = {ours: theirs for ours, theirs in item.pair.variants.items()} | _added(item)
        back = {theirs: ours for ours, theirs in pairs.items()}
        rows: list[Row] = []
        for store, mine in ((StoreName.CSCART, pairs), (StoreName.WEBASYST, back)):
            side, kept = item.pair.side(store), item.kept[store]
            written = {decision.key for decision in item.plan.decisions if decision.target is store} | {Group.MEDIA.value}
            now = records.kept_prints(side.product, item.plan.desired[store], kept, written)
            now |= {name: value for name, value in prints.of(kept).items() if name not in prints.of(side.product)}
            if error is not None:
                now = dict(side.prints)
            reason = type(error).__name__ if error else ""
            rows += records.rows(
                store,
                kept,
                item.kept[store.other].id,
                mine,
                item.match.rows[store],
                now,
                reason,
                records.settings_mark(self.world.connection),
            )
        self._save(item, rows, pairs)
        self._entries(item)

    def _save(self, item: _Work, rows: Sequence[Row], pairs: dict[str, str]) -> None:
        known = {row.id: row for several in item.match.rows.values() for row in several}
        changed = [row for row in rows if replace(known.get(row.id, row), store=row.store) != row or row.id not in known]
        if not item.match.linked or _added(item) or len(pairs) > _linked_count(item.match):
            claims = records.claims(item.kept[StoreName.CSCART], item.kept[StoreName.WEBASYST], pairs)
            self.world.links.link(claims, rows, self.lease)
            self.counts["linked"] += not item.match.linked
        elif changed:
            self.world.links.save(changed, self.lease)

    def _entries(self, item: _Work) -> None:
        ids = {name: item.kept[name].id for name in StoreName}
        if item.plan.decisions and item.error is None:
            self.world.journal.write(records.entries(item.plan.decisions, ids, self.cause, self.run, self.world.clock.now()))
        elif not item.match.linked:
            self._journal(item.pair.cscart.product, StoreName.WEBASYST, Action.LINKED, "", "same SKU")

    # -- products that one side lacks

    def _create(self, store: StoreName, matches: Sequence[Match]) -> None:
        allowed = self.world.connection.create_in_webasyst if store is StoreName.CSCART else self.world.connection.create_in_cscart
        if not allowed:
            for match in matches:
                self._save_parked(store, match.source, "CreationOff", match)
            return
        wanted = [(match, product) for match in matches if (product := self._wanted(store, match))]
        if not wanted:
            return
        self.lease.check()
        target = store.other
        for _, product in wanted:
            self.world.links.intend(target, product.variants[0].sku.strip(), self.lease)
        outcomes = self.world.store(target).create([product for _, product in wanted], self._markers(store, wanted))
        for (match, product), outcome in zip(wanted, outcomes, strict=True):
            self._created(store, match, product, outcome)

    def _wanted(self, store: StoreName, match: Match) -> Product | None:
        try:
            product = self.world.store(store.other).fit(translate(self.world.connection, match.source, store.other))
        except RecordError as error:
            self._park(store, match.source, error, match)
            return None
        variants = tuple(replace(variant, id="") for variant in product.variants)
        return replace(product, id="", images=(), variants=variants)

    def _markers(self, store: StoreName, wanted: Sequence[tuple[Match, Product]]) -> dict[str, str]:
        name = self.world.connection.id
        return {product.variants[0].sku: f"{name}:{store}:{match.source.id}" for match, product in wanted}

    def _created(self, store: StoreName, match: Match, desired: Product, outcome: Outcome) -> None:
        if outcome.product is None:
            error = outcome.error or NotKept("created, yet not found", product=match.source.id)
            if error.retriable:
                raise error
            self._park(store, match.source, error, match)
            return
        created = outcome.product
        skus = {variant.sku.strip(): variant.id for variant in created.variants}
        pairs = {item.id: skus[item.sku.strip()] for item in match.source.variants if item.sku.strip() in skus}
        linked = replace(match, target=created, variants=pairs, rows={store: match.rows.get(store, ()), store.other: ()})
        sides = {store: Side(match.source, {}), store.other: Side(created, {})}
        pair = Pair(sides[StoreName.CSCART], sides[StoreName.WEBASYST], _towards_webasyst(store, pairs))
        item = _Work(
            linked, pair, Plan(desired={name: sides[name].product for name in StoreName}), {n: sides[n].product for n in StoreName}
        )
        self.counts[f"created_{store.other}"] += 1
        self._journal(created, store.other, Action.CREATED, "", "new in " + store)
        self._settle(item)
        self.world.links.fulfil(store.other, [desired.variants[0].sku.strip()])

    # -- records that are set aside

    def _gone(self, store: StoreName, ids: Collection[str], products: Sequence[Product]) -> None:
        """Ids that the store no longer knows: shown, never acted on by itself (deletion is confirmed by id, not inferred)."""
        here = {item for product in products for item in records.row_ids(store, product)}
        missing = [item for item in ids if item not in here]
        for row in self.world.links.rows(store, missing).values() if missing else ():
            if not row.parked.startswith("Deleted"):
                self.world.links.save([replace(row, parked="Deleted@")], self.lease)
                sku = next((sku for _, sku in row.variants.values()), row.id)
                self.world.journal.write(
                    [Entry("product", sku, Action.DELETED, store, row.id, at=self.world.clock.now(), cause=self.cause)]
                )
                self.counts["deleted"] += 1

    def _park(self, store: StoreName, product: Product, error: SyncError, match: Match | None = None) -> None:
        self._save_parked(store, product, type(error).__name__, match)
        self._note_parked(store, product, error)

    def _save_parked(self, store: StoreName, product: Product, reason: str, match: Match | None) -> None:
        known = match.rows.get(store, ()) if match else tuple(self.world.links.of_product(store, [product.id]).get(product.id, ()))
        counterpart = next((row.counterpart for row in known if row.counterpart), "")
        pairs = {ours: theirs for row in known for ours, (theirs, _) in row.variants.items()}
        settings = records.settings_mark(self.world.connection)
        self.world.links.save(records.rows(store, product, counterpart, pairs, known, merged_prints(known), reason, settings), self.lease)

    def _note_parked(self, store: StoreName, product: Product, error: SyncError) -> None:
        label = product.variants[0].sku.strip() or product.content.name
        self.world.links.park(
            Parked("product", store, product.id, type(error).__name__, str(error), error.advice, label, self.world.clock.now())
        )
        self._journal(product, store, Action.PARKED, "", type(error).__name__)
        self.counts["parked"] += 1

    def _unpark(self, item: _Work) -> None:
        for store in StoreName:
            self.world.links.unpark("product", store, item.kept[store].id)

    def _journal(self, product: Product, store: StoreName, action: Action, group: str, rule: str) -> None:
        entry = Entry(
            "product", product.variants[0].sku.strip(), action, store, product.id, group, rule=rule, cause=self.cause, run=self.run
        )
        self.world.journal.write([replace(entry, at=self.world.clock.now())])


def _towards_webasyst(store: StoreName, pairs: dict[str, str]) -> dict[str, str]:
    return dict(pairs) if store is StoreName.CSCART else {theirs: ours for ours, theirs in pairs.items()}


def _pair(store: StoreName, match: Match) -> Pair:
    assert match.target is not None
    sides = {
        store: Side(match.source, merged_prints(match.rows[store])),
        store.other: Side(match.target, merged_prints(match.rows[store.other])),
    }
    return Pair(sides[StoreName.CSCART], sides[StoreName.WEBASYST], _towards_webasyst(store, dict(match.variants)), match.whole)


def _has_new(product: Product) -> bool:
    return any(not variant.id for variant in product.variants)


def _added(item: _Work) -> dict[str, str]:
    """Pairs (CS-Cart -> Webasyst) that came into being by adding variants in this pass."""
    theirs = {variant.sku.strip(): variant.id for variant in item.kept[StoreName.WEBASYST].variants}
    ours = {variant.sku.strip(): variant.id for variant in item.kept[StoreName.CSCART].variants}
    known = set(item.pair.variants)
    if not any(_has_new(item.plan.desired[store]) for store in StoreName):
        return {}
    return {variant_id: theirs[sku] for sku, variant_id in ours.items() if variant_id not in known and sku in theirs}


def _linked_count(match: Match) -> int:
    return sum(1 for rows in match.rows.values() for row in rows for theirs, _ in row.variants.values() if theirs) // 2
