"""Undo of a run: what it wrote to products is put back from the before-images, but for what was edited since.

What a run created stays, and so do images: neither has a before-image. Both are told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from ..domain import fields, prints
from ..domain.changes import UNDO, Cause, Change, Kind, position
from ..domain.exchange import Outcome, ProductWrite
from ..domain.journal import Action, Entry
from ..domain.model import Group, Product, StoreName
from .budget import Budget
from .catalogue import BATCH
from .leases import LEASE_SECONDS, patient_lease
from .ports import Lease, World
from .runs import RunLog

RULE, EDITED, STAYS, NOT_KEPT = "undo", "edited since", "cannot be undone", "not kept by the store"
WRITES = (Action.WRITTEN, Action.CONFLICT)
FIELDS = (Group.CONTENT, Group.LISTING, Group.PRICE, Group.STOCK, Group.IDENTITY)


def ask(connection: str, run: str, undo: str) -> Change:
    """Undo a run; `undo` is the new run's id."""
    return Change(connection, Kind.STREAM, StoreName.CSCART, (UNDO, run), Cause.CONSOLE, undo, undo)


@dataclass(frozen=True, slots=True)
class Image:
    """What a run made of one group of one record: `old` before its first write, `new` as the store kept it after its last."""

    key: str
    group: Group
    subject: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]

    def now(self, product: Product) -> dict[str, Any] | None:
        """The same fields as they are; None when the variant is gone."""
        found = fields.of_key(product, self.key, self.group)
        return None if found is None else {name: found[name] for name in self.new}

    def undone(self, product: Product) -> Product:
        variant_id = self.key.partition(":")[2]
        if variant_id:
            return fields.product_variant_with(product, variant_id, self.old)
        return fields.product_with(product, self.group, self.old)


class Undo:
    def __init__(self, world: World, budget: Budget) -> None:
        self.world, self.budget = world, budget

    def run(self, change: Change) -> dict[str, int]:
        """`ids`: the run to undo, and how many of its records are dealt with. All its writes are gathered first: the last one counts."""
        log = RunLog(self.world, UNDO, change.run)
        run, done = change.ids[1], position(change.ids[2]) if len(change.ids) > 2 else 0
        images, others = _gathered(self.world.journal.of_run(run))
        if not done:
            self._tell([self._entry(log.id, item, STAYS) for item in others], log, "stays")
        for store, batch in _batches(images, done):
            with patient_lease(self.world, "products", LEASE_SECONDS) as lease:
                self._undo(store, batch, lease, log)
            done += len(batch)
            log.advance(len(batch), len(images))
            if self.budget.spent and done < len(images):
                log.save()
                stamp = self.world.clock.now().isoformat()
                self.world.queue.send([replace(change, ids=(UNDO, run, str(done)), observation=stamp)])
                return dict(log.counts)
        log.save("done")
        return dict(log.counts)

    def _undo(self, store: StoreName, batch: Mapping[str, list[Image]], lease: Lease, log: RunLog) -> None:
        products = {item.id: item for item in self.world.store(store).products(sorted(batch))}
        writes: list[ProductWrite] = []
        chosen: dict[str, list[Image]] = {}
        for record_id, images in batch.items():
            product = products.get(record_id)
            chosen[record_id] = [image for image in images if product is not None and image.now(product) == image.new]
            left = [image for image in images if image not in chosen[record_id]]
            self._tell([self._refused(log.id, store, record_id, image, EDITED) for image in left], log, "edited_since")
            if product is not None and chosen[record_id]:
                writes.append(_write(product, chosen[record_id]))
        if not writes:
            return
        for write in writes:
            self._remember(store, write.current.id, chosen[write.current.id], prints.of(write.desired), lease)
        lease.check()
        for write, outcome in zip(writes, self.world.store(store).write(writes), strict=True):
            self._settle(store, chosen[write.current.id], write, outcome, lease, log)

    def _settle(self, store: StoreName, images: list[Image], write: ProductWrite, outcome: Outcome, lease: Lease, log: RunLog) -> None:
        if outcome.product is None:
            raise outcome.error or LookupError(write.current.id)
        done = [image for image in images if outcome.error is None or image.now(outcome.product) == image.now(write.desired)]
        self._remember(store, write.current.id, images, prints.of(outcome.product), lease)
        entries = [self._done(log.id, store, write.current.id, image) for image in done]
        self._tell(entries, log, f"written_{store}")
        left = [self._refused(log.id, store, write.current.id, image, NOT_KEPT) for image in images if image not in done]
        self._tell(left, log, "not_kept")

    def _remember(self, store: StoreName, record_id: str, images: list[Image], kept: Mapping[str, str], lease: Lease) -> None:
        """What is put back is what both sides agree on, so that the next pass leaves it alone. Noted before the write as well: should
        the work be cut off in between, the value that still stands is taken for an edit, which the other side has already."""
        rows = self.world.links.of_product(store, [record_id]).get(record_id, [])
        keys = {image.key for image in images}
        changed = [replace(row, prints={name: kept[name] if name in keys else value for name, value in row.prints.items()}) for row in rows]
        self.world.links.save([row for row in changed if row not in rows], lease)

    # -- what is told

    def _tell(self, entries: list[Entry], log: RunLog, count: str) -> None:
        if entries:
            self.world.journal.write(entries)
            log.counts[count] += len(entries)

    def _done(self, run: str, store: StoreName, record_id: str, image: Image) -> Entry:
        old, new = fields.text(image.new), fields.text(image.old)
        at, data = self.world.clock.now(), {"key": image.key}
        return Entry(
            "product", image.subject, Action.WRITTEN, store, record_id, image.group, old, new, RULE, Cause.CONSOLE, run, at=at, data=data
        )

    def _refused(self, run: str, store: StoreName, record_id: str, image: Image, rule: str) -> Entry:
        at = self.world.clock.now()
        return Entry(
            "product", image.subject, Action.REFUSED, store, record_id, image.group, rule=rule, cause=Cause.CONSOLE, run=run, at=at
        )

    def _entry(self, run: str, entry: Entry, rule: str) -> Entry:
        return replace(entry, action=Action.REFUSED, rule=rule, run=run, cause=Cause.CONSOLE, at=self.world.clock.now())


def _gathered(entries: Iterable[Entry]) -> tuple[dict[tuple[str, str], list[Image]], list[Entry]]:
    """By store and record; and what has no before-image."""
    found: dict[tuple[str, str], dict[str, Image]] = {}
    others: list[Entry] = []
    for entry in entries:
        if entry.kind != "product":
            continue
        if entry.action in WRITES and entry.group in FIELDS and "key" in entry.data:
            images = found.setdefault((entry.store, entry.record_id), {})
            key = entry.data["key"]
            images[key] = _joined(images.get(key), entry)
        elif entry.action is Action.CREATED or entry.group == Group.MEDIA:
            others.append(entry)
    return {record: list(images.values()) for record, images in found.items()}, others


def _joined(earlier: Image | None, entry: Entry) -> Image:
    old, new = fields.read(entry.old), fields.read(entry.data.get("kept") or entry.new)
    if earlier is not None:
        old, new = {**old, **earlier.old}, {**earlier.new, **new}
    return Image(entry.data["key"], Group(entry.group), entry.subject, old, new)


def _batches(images: Mapping[tuple[str, str], list[Image]], done: int) -> Iterator[tuple[StoreName, dict[str, list[Image]]]]:
    ordered = sorted(images)
    batch: dict[str, list[Image]] = {}
    store = ""
    for record in islice(ordered, done, None):
        if batch and (record[0] != store or len(batch) >= BATCH):
            yield StoreName(store), batch
            batch = {}
        store = record[0]
        batch[record[1]] = images[record]
    if batch:
        yield StoreName(store), batch


def _write(product: Product, images: list[Image]) -> ProductWrite:
    desired = product
    for image in images:
        desired = image.undone(desired)
    return ProductWrite(product, desired, frozenset(image.key for image in images))
