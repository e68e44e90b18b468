"""Exact preview: everything that the next passes would write, planned and kept; and its application, which writes what was shown and no more.

A preview is a run of the stream `preview`; its lines are the journal's entries of that run (kind `plan`). An application is a run of
the stream `apply`: whatever moved since it was shown is left alone, and told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from ..domain import prints
from ..domain.changes import APPLY, PREVIEW, Cause, Change, Kind
from ..domain.journal import Action, Entry
from ..domain.model import StoreName
from . import plans, records
from .budget import Budget
from .catalogue import BATCH
from .index import SkuIndex
from .leases import LEASE_SECONDS, patient_lease
from .matching import merged_prints
from .pending import Pending
from .ports import Lease, World
from .products import ProductSync
from .proposals import Proposals, Proposer, Update
from .runs import RunLog

MOVED = "moved since it was shown"


def ask(connection: str, preview: str) -> Change:
    """Plan everything; `preview` is the new run's id."""
    return Change(connection, Kind.STREAM, StoreName.CSCART, (PREVIEW,), Cause.CONSOLE, preview, preview)


def approve(connection: str, preview: str, application: str) -> Change:
    """Write what a preview shows; `application` is the new run's id."""
    return Change(connection, Kind.STREAM, StoreName.CSCART, (APPLY, preview), Cause.CONSOLE, application, application)


class Preview:
    """Reads only. Goes through one catalogue, then the other, in as many messages as it takes."""

    def __init__(self, world: World, budget: Budget) -> None:
        self.world, self.budget = world, budget

    def run(self, change: Change) -> dict[str, int]:
        log = RunLog(self.world, PREVIEW, change.run)
        with patient_lease(self.world, PREVIEW, LEASE_SECONDS) as lease:
            place = self._work(change, lease, log)
        if place is None:
            log.save("done")
        else:
            log.save()
            stamp = self.world.clock.now().isoformat()
            self.world.queue.send([replace(change, store=place[0], ids=(PREVIEW, *place[1:]), observation=stamp)])
        return dict(log.counts)

    def _work(self, change: Change, lease: Lease, log: RunLog) -> tuple[StoreName, str, str] | None:
        """Where it goes on, None at the end."""
        store, position, last = change.store, *(*change.ids[1:3], "", "")[:2]
        if not SkuIndex(self.world).prepare(lease, self.budget):
            return store, position, last
        while True:
            found = self._catalogue(store, position, last, lease, log)
            if found is not None:
                return store, *found
            if store is StoreName.WEBASYST:
                return None
            store, position, last = StoreName.WEBASYST, "", ""

    def _catalogue(self, store: StoreName, position: str, last: str, lease: Lease, log: RunLog) -> tuple[str, str] | None:
        mark = records.settings_mark(self.world.connection)
        for page in self.world.store(store).scan(position):
            if page.items:
                rows = {row.id: row for row in self.world.links.range(store, last, page.items[-1].id)}
                moved = {record.product_id: None for record in page.items if records.moved(rows.get(record.id), record, mark)}
                self._show(store, list(moved), lease, log)
                position, last = page.position, page.items[-1].id
            log.advance(len(page.items), page.total)
            lease.extend(LEASE_SECONDS)
            if page.items and self.budget.spent:
                return position, last
        return None

    def _show(self, store: StoreName, ids: list[str], lease: Lease, log: RunLog) -> None:
        for at in range(0, len(ids), BATCH):
            pending = Pending(self.world, lease)
            pending.load()
            proposals = Proposer(self.world, pending).propose(store, ids[at : at + BATCH])
            if store is StoreName.WEBASYST:
                proposals = replace(proposals, updates=tuple(item for item in proposals.updates if not _shown_already(item)))
            entries = plans.of_all(proposals)
            at_now = self.world.clock.now()
            self.world.journal.write([replace(entry, run=log.id, cause=Cause.CONSOLE, at=at_now) for entry in entries])
            log.counts.update(plans.totals(entries))


def _shown_already(update: Update) -> bool:
    """Whether CS-Cart's side moved as well: then the pair was planned when CS-Cart's catalogue was gone through."""
    return merged_prints(update.match.rows[StoreName.CSCART]) != prints.of(update.pair.cscart.product)


class Application:
    """Plans again and writes what is planned exactly as it was shown."""

    def __init__(self, world: World, budget: Budget) -> None:
        self.world, self.budget = world, budget

    def run(self, change: Change) -> dict[str, int]:
        """`ids`: the preview, and how many of its entries are dealt with."""
        log = RunLog(self.world, APPLY, change.run)
        preview, done = change.ids[1], int(change.ids[2]) if len(change.ids) > 2 else 0
        entries = islice(self.world.journal.of_run(preview), done, None)
        for store, batch in _batches(entries):
            self._apply(store, batch, log)
            done += sum(len(found) for found in batch.values())
            log.advance(len(batch), len(batch))
            if self.budget.spent:
                log.save()
                stamp = self.world.clock.now().isoformat()
                self.world.queue.send([replace(change, ids=(APPLY, preview, str(done)), observation=stamp)])
                return dict(log.counts)
        log.save("done")
        return dict(log.counts)

    def _apply(self, store: StoreName, batch: Mapping[str, list[Entry]], log: RunLog) -> None:
        shown = {name: plans.lines(found) for name, found in batch.items() if plans.lines(found)}
        if not shown:
            return
        choice = _Choice(shown)
        ids = {found[0].data["id"] for name, found in batch.items() if name in shown}
        with patient_lease(self.world, "products", LEASE_SECONDS) as lease:
            counts = ProductSync(self.world, lease, Cause.CONSOLE, log.id, self.budget).apply(store, sorted(ids), choice)
        log.counts.update(counts)
        left = [name for name in shown if name not in choice.taken]
        log.counts["moved"] += len(left)
        self.world.journal.write([self._left(batch[name][0], log.id) for name in left])

    def _left(self, entry: Entry, run: str) -> Entry:
        at = self.world.clock.now()
        return Entry(
            "product", entry.subject, Action.REFUSED, entry.store, entry.record_id, rule=MOVED, cause=Cause.CONSOLE, run=run, at=at
        )


class _Choice:
    """Lets through what was shown, line by line; `taken` are the names of what was."""

    def __init__(self, shown: Mapping[str, frozenset[plans.Line]]) -> None:
        self.shown, self.taken = shown, set[str]()

    def __call__(self, proposals: Proposals) -> Proposals:
        updates = tuple(item for item in proposals.updates if self._same(plans.of_update(item)))
        creations = tuple(item for item in proposals.creations if self._same(plans.of_creation(item)))
        return Proposals(updates, creations)

    def _same(self, entries: list[Entry]) -> bool:
        if not entries:
            return False
        name = entries[0].data["pair"]
        same = self.shown.get(name) == plans.lines(entries)
        self.taken |= {name} if same else set()
        return same


def _batches(entries: Iterable[Entry]) -> Iterator[tuple[StoreName, dict[str, list[Entry]]]]:
    """Entries by the record that they are about, at most BATCH records at once, of one store each."""
    batch: dict[str, list[Entry]] = {}
    store = ""
    for entry in entries:
        name, source = entry.data["pair"], entry.data["source"]
        if batch and (source != store or (len(batch) >= BATCH and name not in batch)):
            yield StoreName(store), batch
            batch = {}
        store = source
        batch.setdefault(name, []).append(entry)
    if batch:
        yield StoreName(store), batch
