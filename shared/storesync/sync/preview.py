"""Exact preview: everything that the next passes would write, planned and kept; and its application, which writes what was shown and no more.

A preview is a run of the stream `preview`; its lines are the journal's entries of that run (kind `plan`). An application is a run of
the stream `apply`: whatever moved since it was shown is left alone, and told.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice, takewhile

from ..domain import prints
from ..domain.changes import APPLY, ORDERS, PREVIEW, PRODUCTS, Cause, Change, Kind, position
from ..domain.journal import Action, Entry
from ..domain.model import StoreName
from ..domain.orders import ids_behind
from . import damage, halts, order_plans, plans, records
from .budget import Budget
from .catalogue import BATCH
from .damage import Allowance
from .index import SkuIndex
from .leases import LEASE_SECONDS, patient_lease
from .matching import merged_prints
from .order_pull import OrderPull
from .orders import apply_change
from .pending import Pending
from .ports import Lease, World
from .products import ProductSync
from .proposals import Proposals, Proposer, Update
from .runs import RunLog

MOVED = "moved since it was shown"
ORDERS_AT_ONCE = 20
Shown = Mapping[str, frozenset[plans.Line]]
Place = tuple[StoreName, tuple[str, ...]]  # a store, and where in it


def ask(connection: str, preview: str) -> Change:
    """Plan everything; `preview` is the new run's id."""
    return Change(connection, Kind.STREAM, StoreName.CSCART, (PREVIEW,), Cause.CONSOLE, preview, preview)


def approve(connection: str, preview: str, application: str) -> Change:
    """Write what a preview shows; `application` is the new run's id."""
    return Change(connection, Kind.STREAM, StoreName.CSCART, (APPLY, preview), Cause.CONSOLE, application, application)


class Preview:
    """Reads only. Goes through one catalogue, then the other, then the orders of both, in as many messages as it takes."""

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
            self.world.queue.send([replace(change, store=place[0], ids=(PREVIEW, *place[1]), observation=stamp)])
        return dict(log.counts)

    def _work(self, change: Change, lease: Lease, log: RunLog) -> Place | None:
        """Where it goes on, None at the end."""
        store, place = change.store, change.ids[1:]
        if not SkuIndex(self.world).prepare(lease, self.budget):
            return store, place
        here = (ORDERS if place[:1] == (ORDERS,) else PRODUCTS, store)
        for phase, name in _phases(here, products=self.world.connection.product_updates):
            mine = place if (phase, name) == here else ()
            left = self._orders(name, mine[1:], log) if phase == ORDERS else self._catalogue(name, mine, lease, log)
            if left is not None:
                return name, left
        return None

    def _catalogue(self, store: StoreName, place: tuple[str, ...], lease: Lease, log: RunLog) -> tuple[str, ...] | None:
        position, last = (*place, "", "")[:2]
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
            self._tell(plans.of_all(proposals), log)

    def _orders(self, store: StoreName, left: tuple[str, ...], log: RunLog) -> tuple[str, ...] | None:
        """The orders that the next pull would look at, in ascending order of id, some at a time."""
        ids = ids_behind(OrderPull(self.world, store, log.id).heads(), position(_at(left, 0)))
        for at in range(0, len(ids), ORDERS_AT_ONCE):
            if at and self.budget.spent:
                return ORDERS, ids[at - 1]
            found = self.world.store(store).orders(ids[at : at + ORDERS_AT_ONCE])
            self._tell([entry for order in found for entry in order_plans.of_order(self.world, store, order)], log)
            log.advance(len(found), 0)
        return None

    def _tell(self, entries: list[Entry], log: RunLog) -> None:
        at = self.world.clock.now()
        self.world.journal.write([replace(entry, run=log.id, cause=Cause.CONSOLE, at=at) for entry in entries])
        log.counts.update(plans.totals(entries))


def _phases(here: tuple[str, StoreName], *, products: bool) -> list[tuple[str, StoreName]]:
    """What is left, from where it stands."""
    whole = [(phase, name) for phase in (PRODUCTS, ORDERS) for name in StoreName if products or phase == ORDERS]
    return whole[whole.index(here) :] if here in whole else whole


def _shown_already(update: Update) -> bool:
    """Whether CS-Cart's side moved as well: then the pair was planned when CS-Cart's catalogue was gone through."""
    return merged_prints(update.match.rows[StoreName.CSCART]) != prints.of(update.pair.cscart.product)


class Application:
    """Plans again and writes what is planned exactly as it was shown; stops where the run's budget of damage ends."""

    def __init__(self, world: World, budget: Budget) -> None:
        self.world, self.budget = world, budget

    def run(self, change: Change) -> dict[str, int]:
        """`ids`: the preview, how many of its entries are dealt with, and whether the owner has let it go on after a stop."""
        log = RunLog(self.world, APPLY, change.run)
        preview, done, asked = change.ids[1], position(_at(change.ids, 2)), bool(_at(change.ids, 3))
        allowance = Allowance(self.world.connection.damage, log.counts, asked=asked)
        entries = islice(self.world.journal.of_run(preview), done, None)
        for store, batch in _batches(entries):
            within = dict(takewhile(lambda pair: not plans.lines(pair[1]) or allowance.takes(pair[1]), batch.items()))
            self._apply(store, within, log)
            log.counts.update({name: allowance.spent[name] - log.counts[name] for name in damage.MEASURES})
            done += sum(len(found) for found in within.values())
            log.advance(len(within), len(within))
            if allowance.reached:
                halts.keep_place(self.world, log, allowance.sentence, replace(change, ids=(APPLY, preview, str(done), halts.ASKED)))
                return dict(log.counts)
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
        ids = {name: batch[name][0].data["id"] for name in shown}
        taken = self._orders(store, ids, shown, log) if is_order(next(iter(batch.values()))[0]) else self._products(store, ids, shown, log)
        left = [name for name in shown if name not in taken]
        log.counts["moved"] += len(left)
        self.world.journal.write([self._left(batch[name][0], log.id) for name in left])

    def _products(self, store: StoreName, ids: Mapping[str, str], shown: Shown, log: RunLog) -> set[str]:
        choice = _Choice(shown)
        with patient_lease(self.world, "products", LEASE_SECONDS) as lease:
            counts = ProductSync(self.world, lease, Cause.CONSOLE, log.id, self.budget).apply(store, sorted(set(ids.values())), choice)
        log.counts.update(counts)
        return choice.taken

    def _orders(self, store: StoreName, ids: Mapping[str, str], shown: Shown, log: RunLog) -> set[str]:
        """Each is planned again right before it is written."""
        found = {order.id: order for order in self.world.store(store).orders(sorted(ids.values()))}
        taken = set()
        for name, order_id in ids.items():
            now = order_plans.of_order(self.world, store, found[order_id]) if order_id in found else []
            if plans.lines(now) == shown[name]:
                stamp = self.world.clock.now().isoformat()
                change = Change(self.world.connection.id, Kind.ORDER, store, (order_id,), Cause.PULL, stamp, log.id)
                log.counts.update(apply_change(self.world, change))
                taken.add(name)
        return taken

    def _left(self, entry: Entry, run: str) -> Entry:
        at = self.world.clock.now()
        kind = "order" if is_order(entry) else "product"
        return Entry(kind, entry.subject, Action.REFUSED, entry.store, entry.record_id, rule=MOVED, cause=Cause.CONSOLE, run=run, at=at)


def _at(ids: tuple[str, ...], place: int) -> str:
    return ids[place] if len(ids) > place else ""


def is_order(entry: Entry) -> bool:
    return entry.group in (order_plans.ORDER, order_plans.STATUS)


class _Choice:
    """Lets through what was shown, line by line; `taken` are the names of what was."""

    def __init__(self, shown: Shown) -> None:
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
    """Entries by the record that they are about, at most BATCH records at once, of one store and one kind each."""
    batch: dict[str, list[Entry]] = {}
    store: tuple[str, bool] = ("", False)
    for entry in entries:
        name, source = entry.data["pair"], (entry.data["source"], is_order(entry))
        if batch and (source != store or (len(batch) >= BATCH and name not in batch)):
            yield StoreName(store[0]), batch
            batch = {}
        store = source
        batch.setdefault(name, []).append(entry)
    if batch:
        yield StoreName(store[0]), batch
