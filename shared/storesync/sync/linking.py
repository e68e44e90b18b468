"""Remembers pairs: the rows of a batch and its claims are gathered and written together, and its decisions go to the journal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from ..domain import fields, prints
from ..domain.changes import Cause, Change, Kind
from ..domain.journal import Action, Entry
from ..domain.links import Claim, ImageLink, Row
from ..domain.model import Group, Product, Record, StoreName, Variant
from ..domain.planning import Decision, Pair
from ..errors import DuplicateSku, NotKept, SyncError
from . import records
from .index import DOUBTFUL
from .intentions import LATE, twin
from .matching import linked_variants, merged_prints
from .notes import Notebook, label
from .ports import Lease, World
from .proposals import Update

RowKey = tuple[StoreName, str]
MOST_APART = 2  # of more, one transaction is the quicker way


class Linker:
    """`settle` gathers, `flush` writes: claims and rows of many products share transactions."""

    def __init__(self, world: World, lease: Lease, notes: Notebook) -> None:
        self.world, self.lease, self.notes = world, lease, notes
        self._claims: list[tuple[Claim, Claim]] = []
        self._rows: dict[RowKey, Row] = {}
        self._fresh: dict[RowKey, bool] = {}
        self._entries: list[Entry] = []
        self._unparked: list[tuple[StoreName, str]] = []
        self._failed: dict[str, str] = {}
        self._late: set[str] = set()
        self._noted: set[RowKey] = set()
        self._released: set[str] = set()
        self._indexed: dict[StoreName, list[Record]] = {store: [] for store in StoreName}

    def tell(self, entry: Entry) -> None:
        """With the batch, as the journal packs what is told together."""
        self._entries.append(entry)

    def settle(self, update: Update, kept: Mapping[StoreName, Product]) -> None:
        """What both stores hold is what they agreed on from now on."""
        pairs = {**update.pair.variants, **_added(update, kept)}
        back = {theirs: ours for ours, theirs in pairs.items()}
        for stale in update.match.stale:
            self.world.links.unlink(update.store, stale, self.lease)
        rows: list[Row] = []
        for store, mine in ((StoreName.CSCART, pairs), (StoreName.WEBASYST, back)):
            known = () if update.match.stale else update.match.rows[store]
            now = self._prints(store, update, kept[store], mine)
            reason = self._failed.get(update.match.source.id, "") if store is update.store and update.match.source.id in self._late else ""
            settings = records.settings_mark(self.world.connection)
            rows += records.rows(store, kept[store], kept[store.other].id, mine, known, now, reason, settings)
            self._index(store, update, kept[store])
        self._gather(update, kept, rows, pairs)
        self._tell(update, kept)

    def _prints(self, store: StoreName, update: Update, kept: Product, pairs: Mapping[str, str]) -> dict[str, str]:
        """Of a variant that has no counterpart yet, though it is to have one, or that came since, nothing is remembered: it is looked at again."""
        written = {decision.key for decision in update.plan.decisions if decision.target is store}
        written |= {Group.MEDIA.value} if update.media is store else set()
        read = update.pair.side(store).product
        now = records.kept_prints(read, update.plan.desired[store], kept, written)
        before = prints.of(read)
        sent = {item.sku.strip(): item for item in update.plan.desired[store].variants if not item.id}
        made = kept.with_variants(tuple(with_numbers(item, sent.get(item.sku.strip())) for item in kept.variants))
        now |= {name: value for name, value in prints.of(made).items() if name not in before}
        now |= {name: value for item in update.added.get(store.other, ()) for name, value in item.seen.items()}
        if update.match.source.id in self._late and update.media is not None:
            now[Group.MEDIA.value] = prints.of(kept)[Group.MEDIA.value] if store is update.media else LATE
        looked_at = set() if store.other in update.added or update.pair.made_from is store else {item.id for item in read.variants}
        lost = {item.id for item in kept.variants} - pairs.keys() - looked_at
        return {name: value for name, value in now.items() if name.partition(":")[2] not in lost}

    def _gather(self, update: Update, kept: Mapping[StoreName, Product], rows: Sequence[Row], pairs: Mapping[str, str]) -> None:
        known = {(row.store, row.id): row for found in update.match.rows.values() for row in found}
        linked = {name: linked_variants(update.match.rows[name]) for name in StoreName}
        fresh = {ours: theirs for ours, theirs in pairs.items() if linked[StoreName.CSCART].get(ours) != theirs}
        if fresh or update.match.stale or not update.match.linked:
            self._claims += records.claims(kept[StoreName.CSCART], kept[StoreName.WEBASYST], fresh)
            self._add(rows, pairs, fresh=True)
            self.notes.counts["linked"] += not update.match.linked
        else:
            self._add([row for row in rows if known.get((row.store, row.id)) != row], pairs, fresh=False)
        if any(row.parked for row in known.values()) or self.notes.cause == Cause.CONSOLE or (not known and self._some_doubtful):
            self._unparked += [(name, kept[name].id) for name in StoreName]

    @cached_property
    def _some_doubtful(self) -> bool:
        """Whether products were set aside before they had a row."""
        return bool(self.world.streams.cursor(DOUBTFUL))

    def _add(self, rows: Sequence[Row], pairs: Mapping[str, str], *, fresh: bool) -> None:
        """A row that several pairs of one batch share is written once, with what each of them has to say of its own variants."""
        mine = {StoreName.CSCART: set(pairs), StoreName.WEBASYST: set(pairs.values())}
        for row in rows:
            key = (row.store, row.id)
            earlier = self._rows.get(key)
            self._rows[key] = row if earlier is None else _joined(earlier, row, mine[row.store])
            self._fresh[key] = self._fresh.get(key, False) or fresh

    def _tell(self, update: Update, kept: Mapping[StoreName, Product]) -> None:
        ids = {name: kept[name].id for name in StoreName}
        at = self.world.clock.now()
        self._entries += records.entries(update.plan.decisions, ids, self.notes.cause, self.notes.run, at, kept)
        for sku, pieces in update.plan.oversold.items():
            told = fields.text({"sold_too_many": pieces})
            self._entries.append(
                Entry("product", sku, Action.CONFLICT, StoreName.CSCART, ids[StoreName.CSCART], Group.STOCK, new=told, rule="oversold")
            )
        for sku, pieces in update.pair.doubts.items():
            told = fields.text({"pieces_in_doubt": pieces})
            self._entries.append(
                Entry("product", sku, Action.CONFLICT, StoreName.CSCART, ids[StoreName.CSCART], Group.STOCK, new=told, rule="doubtful")
            )
        for store, gains in update.added.items():
            for item in gains:
                self._entries.append(
                    Entry("product", item.variant.sku.strip(), Action.CREATED, store, ids[store], "variant", rule="new variant")
                )
        if not update.match.linked and update.pair.made_from is None:
            main, there = label(kept[StoreName.CSCART]), ids[StoreName.WEBASYST]
            others = {item.sku.strip() for item in kept[StoreName.CSCART].variants if item.id in update.pair.variants} - {main}
            for sku in (main, *sorted(others)):
                self._entries.append(Entry("product", sku, Action.LINKED, StoreName.WEBASYST, there, rule="same SKU"))

    def set_aside(self, update: Update, kept: Mapping[StoreName, Product], error: SyncError) -> None:
        """The record waits, but what both stores demonstrably hold by now is agreed on: it is not done a second time."""
        settings = records.settings_mark(self.world.connection)
        for store in StoreName:
            known = update.match.rows[store]
            pairs = linked_variants(known)  # what is not claimed yet is claimed when the record is well again
            now = {**merged_prints(known), **update.pair.side(store).prints, **self._held(store, update, kept)}
            reason = type(error).__name__ if store is update.store else ""
            rows = records.rows(store, kept[store], kept[store.other].id if known else "", pairs, known, now, reason, settings)
            self._add([row for row in rows if row not in known and (known or reason)], update.pair.variants, fresh=False)
        done = [item for item in update.plan.decisions if records.is_kept(item, kept[item.target])]
        ids = {name: kept[name].id for name in StoreName}
        self._entries += records.entries(done, ids, self.notes.cause, self.notes.run, self.world.clock.now(), kept)
        self.notes.tell_parked(update.store, update.match.source, error, update.match.rows[update.store])

    def _held(self, store: StoreName, update: Update, kept: Mapping[StoreName, Product]) -> dict[str, str]:
        found: dict[str, str] = {}
        for decision in update.plan.decisions:
            wanted, now = prints.of(update.plan.desired[decision.target]), prints.of(kept[decision.target])
            if now.get(decision.key) != wanted.get(decision.key):
                continue
            if (left := _left_behind(update, kept, decision)) is not None:
                found[decision.key if decision.target is store else twin(update.pair, store, decision.key)] = left
                continue
            if decision.target is store:
                found[decision.key] = now[decision.key]
            else:
                key = twin(update.pair, store, decision.key)
                found[key] = prints.of(update.pair.side(store).product)[key]
        return found

    def index_unlinked(self, updates: Sequence[Update]) -> None:
        """Variants that came to a linked product: no stamp may tell of them, so that their SKUs are noted when they are seen."""
        for item in updates:
            for store in StoreName:
                self._index(store, item, item.pair.side(store).product)
        self._flush_index()

    def _index(self, store: StoreName, update: Update, product: Product) -> None:
        known = {variant_id: sku for row in update.match.rows[store] for variant_id, (_, sku) in row.variants.items()}
        fresh = [(item.id, item.sku) for item in product.variants if item.sku.strip() and known.get(item.id) != item.sku.strip()]
        here = {item.id for item in product.variants}
        self._released |= {known[item.id] for item in product.variants if known.get(item.id, item.sku.strip()) != item.sku.strip()}
        self._released |= {sku for variant_id, sku in known.items() if variant_id not in here}
        if fresh:
            self._indexed[store].append(Record(product.id, product.id, tuple(fresh)))

    def noted(self, pairs: Iterable[Pair]) -> None:
        """Of these a note tells until it is cleared after the next `flush`."""
        self._noted = {(store, pair.side(store).product.id) for pair in pairs for store in StoreName}

    def release(self, rows: Sequence[Row]) -> None:
        """Of records that are gone."""
        self._released |= {sku for row in rows for _, sku in row.variants.values()}

    def _wake(self) -> None:
        """A SKU that a product gave up may be free of doubt now: whoever else carries it is looked at again."""
        released, self._released = self._released - {""}, set()
        for store in StoreName if released else ():
            found = {product_id for entries in self.world.links.skus(store, released).values() for _, product_id, _ in entries}
            parked = [
                row.product_id for row in self.world.links.rows(store, found).values() if row.parked.startswith(DuplicateSku.__name__)
            ]
            if parked:
                stamp, cause = self.world.clock.now().isoformat(), self.notes.cause
                ids = tuple(dict.fromkeys(parked))
                self.world.queue.send([Change(self.world.connection.id, Kind.PRODUCT, store, ids, cause, stamp, self.notes.run)])

    def _flush_index(self) -> None:
        for store, found in self._indexed.items():
            if found:
                self.world.links.index(store, found, self.lease)
            found.clear()

    # -- images

    def agree_images(self, update: Update) -> None:
        """On the first link equal numbers of images count as agreed: each then has its twin, so that one of five can be replaced."""
        ours, theirs = (update.pair.side(name).product for name in (StoreName.CSCART, StoreName.WEBASYST))
        if update.pair.whole and ours.images and len(ours.images) == len(theirs.images) and not update.match.linked:
            links = [ImageLink("", mine.key, other.key) for mine, other in zip(ours.images, theirs.images, strict=True)]
            self.world.links.save_images(ours.id, links, self.lease)

    def put_off_images(self, update: Update) -> None:
        """They are still to come from where they were to come from, whatever has arrived already."""
        self._late.add(update.match.source.id)

    def give_up_images(self, update: Update, error: SyncError) -> None:
        """Until something about the product changes, or the owner asks."""
        self._failed[update.match.source.id] = type(error).__name__
        self.notes.note_parked(update.store, update.match.source.id, label(update.match.source), error)

    def images(self, update: Update, target: StoreName, kept: Mapping[StoreName, Product], failed: Sequence[str]) -> None:
        source, product = update.pair.side(target.other).product, update.pair.side(target).product
        old, new = (fields.text({"images": [image.url for image in item.images]}) for item in (product, kept[target]))
        self._entries.append(
            Entry("product", label(product), Action.WRITTEN, target, product.id, Group.MEDIA, old=old, new=new, rule=update.media_rule)
        )
        self._unparked += [] if failed else [(name, kept[name].id) for name in StoreName]
        if failed:
            self._failed[update.match.source.id] = "; ".join(failed)
            error = NotKept("images could not be had", images="; ".join(failed))
            self.notes.note_parked(update.store, source.id if update.store is target.other else product.id, label(source), error)

    # -- writing it all down

    def flush(self) -> None:
        """Raises LeaseLost; a pair that another has claimed is set aside."""
        self._flush_index()
        self.notes.tell(self._entries)
        try:
            if self._claims or any(self._fresh.values()):
                self.world.links.link(self._claims, [row for key, row in self._rows.items() if self._fresh[key]], self.lease)
        except DuplicateSku as error:
            self._refused(error)
        if left := [row for key, row in self._rows.items() if not self._fresh[key]]:
            self._save(left)
        for store, product_id in self._unparked:
            if product_id not in self._failed:
                self.notes.unpark(store, product_id)
        self._wake()
        self._claims, self._rows, self._fresh, self._entries, self._unparked = [], {}, {}, [], []
        self._noted = set()

    def _save(self, rows: Sequence[Row]) -> None:
        """Both rows of a single pair are worth no transaction where a note makes up for it."""
        if len(rows) <= MOST_APART and all((row.store, row.product_id) in self._noted for row in rows):
            self.lease.check()
            self.world.links.save_apart(rows)
        else:
            self.world.links.save(rows, self.lease)

    def _refused(self, error: DuplicateSku) -> None:
        for ours, _ in self._claims:
            if ours.sku == error.data.get("sku"):
                self.notes.note_parked(StoreName.CSCART, ours.product_id, ours.sku, error)


def _left_behind(update: Update, kept: Mapping[StoreName, Product], decision: Decision) -> str | None:
    """Of a count that both sides were to have and one has: the other's, which both agree on then, so that this one still has to go over."""
    other = decision.target.other
    key = twin(update.pair, other, decision.key)
    if not any(item.target is other and item.key == key for item in update.plan.decisions):
        return None
    there, wanted = prints.of(kept[other])[key], prints.of(update.plan.desired[other])[key]
    return there if there != wanted else None


def _joined(earlier: Row, row: Row, mine: set[str]) -> Row:
    variants = {item: pair if item in mine else earlier.variants.get(item, pair) for item, pair in row.variants.items()}
    prints_ = {name: earlier.prints[name] for name in earlier.prints if name.partition(":")[2] not in mine}
    return replace(row, variants=variants, prints={**row.prints, **prints_})


def _added(update: Update, kept: Mapping[StoreName, Product]) -> dict[str, str]:
    """Pairs (CS-Cart -> Webasyst) that came into being by adding variants in this pass."""
    skus = {item.variant.sku.strip() for gains in update.added.values() for item in gains}
    theirs = {item.sku.strip(): item.id for item in kept[StoreName.WEBASYST].variants}
    ours = {item.sku.strip(): item.id for item in kept[StoreName.CSCART].variants if item.id not in update.pair.variants}
    return {ours[sku]: theirs[sku] for sku in skus if sku in ours and sku in theirs}


def with_numbers(variant: Variant, sent: Variant | None) -> Variant:
    """With the price and the count of what was sent, where something was."""
    return replace(variant, price=sent.price, compare_price=sent.compare_price, stock=sent.stock) if sent else variant
