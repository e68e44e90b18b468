"""The product streams: what a store lists is compared with what was kept of it, and what moved is queued. Nothing is written to a store here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..domain.changes import SWEEP, Cause, Change, Kind
from ..domain.exchange import Page
from ..domain.links import Row
from ..domain.model import Record, StoreName
from ..errors import GuardTripped
from . import records, unreadable, waiting
from .budget import Budget
from .guards import Held
from .index import SkuIndex
from .leases import LEASE_SECONDS
from .ports import Lease, World
from .runs import RunLog

BATCH = 100
AHEAD = 500  # records queued before a sweep waits for them to be worked on
MOST_HELD = 5000
OVERLAP = timedelta(seconds=120)
FORGOTTEN = timedelta(hours=1)
END = "end"


def since(world: World, name: str, now: datetime, reach: int) -> datetime:
    """From the cursor with an overlap, as stamps are made before rows are visible; without one, as far back as the owner said."""
    cursor = world.streams.cursor(name)
    return min(datetime.fromisoformat(cursor), now) - OVERLAP if cursor else now - timedelta(seconds=reach)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sweep goes on: the store's own position, the id of the last row seen, and the ids that are held until all is seen."""

    position: str = ""
    last: str = ""
    held: tuple[str, ...] = ()

    @classmethod
    def of(cls, ids: tuple[str, ...]) -> "Place":
        return cls(ids[1], ids[2], ids[3:]) if len(ids) > 2 else cls()

    def ids(self, stream: str) -> tuple[str, ...]:
        return (stream, self.position, self.last, *self.held)


class CatalogueStream:
    """One product stream of one store. What it queues is worked on before it goes on, as both are in one FIFO group."""

    def __init__(self, world: World, store: StoreName, lease: Lease, log: RunLog, budget: Budget) -> None:
        self.world, self.store, self.lease, self.log, self.budget = world, store, lease, log, budget
        self.index = SkuIndex(world)
        self.held = Held(world.connection.guard, store, counts=log.counts)
        self.fresh: dict[str, None] = {}
        self.unread: set[str] = set()

    # -- pulls

    def pull(self) -> bool | None:
        """What the store says changed; None: not before a sweep has read both catalogues. When there is more than the time allows, a sweep
        is asked to find the rest.
        """
        if not self.index.ready:
            return None
        name, complete, now = f"products:{self.store}", True, None
        for page in self.world.store(self.store).changed(
            since(self.world, name, self.world.clock.now(), self.world.connection.update_time)
        ):
            now = now or page.now
            self.lease.check()
            rows = self.world.links.rows(self.store, [record.id for record in page.items]) if page.items else {}
            self._compare(page, rows)
            unreadable.set_aside(self.world, self.store, page.unread, self.lease)
            if self.budget.spent:
                complete = False
                break
        self._release()
        self.log.counts["resumed"] += waiting.release(self.world, self.store, self.log.id)
        if not complete:
            self.world.queue.send([self._change((SWEEP,))])
        self.world.streams.save_cursor(name, (now or self.world.store(self.store).now()).isoformat(), self.lease)
        return True

    def _compare(self, page: Page[Record], rows: Mapping[str, Row]) -> None:
        self.index.note(self.store, rows, page.items)
        self.log.counts["seen"] += len(page.items)
        mark = records.settings_mark(self.world.connection)
        for record in page.items:
            row = rows.get(record.id)
            if not records.moved(row, record, mark):
                continue
            if row is None or not row.counterpart:
                self.fresh[record.product_id or record.id] = None
            else:
                self.held.add(row, record)

    # -- sweeps

    def sweep(self, ids: tuple[str, ...]) -> bool | None:
        """The whole catalogue, page by page; False: it goes on in the next message, None: another one is under way.

        Before the first match all SKUs of both stores are known.
        """
        place = Place.of(ids)
        if place.position == END:
            return self.ended()
        if not place.position and self._under_way():
            return None
        if not self.index.prepare(self.lease, self.budget):
            return self._go_on(place)
        self.held.ids |= dict.fromkeys(place.held)
        return self._scan(place)

    def _scan(self, place: Place) -> bool:
        for page in self.world.store(self.store).scan(place.position):
            self.lease.check()
            self.lease.extend(LEASE_SECONDS)
            self._set_aside(page)
            if page.items:
                self._swept(page, place.last)
                place = Place(page.position, page.items[-1].id)
            if page.items and (len(self.fresh) >= AHEAD or len(self.held.ids) >= MOST_HELD or self.budget.spent):
                return self._pause(place)
            if self.log.due:
                self.log.save()
        self._rest(place.last)
        self._release()
        self._complete(place)
        return self._go_on(Place(END)) if self.log.counts["changed"] else self.ended()

    def _swept(self, page: Page[Record], after: str) -> None:
        rows = {row.id: row for row in self.world.links.range(self.store, after, page.items[-1].id)}
        self._compare(page, rows)
        self._missing(rows.values(), {record.id for record in page.items})
        self.log.advance(len(page.items), page.total)

    def _set_aside(self, page: Page[Record]) -> None:
        unreadable.set_aside(self.world, self.store, page.unread, self.lease)
        self.unread |= page.unread.keys()

    def _missing(self, rows: Iterable[Row], listed: set[str]) -> None:
        """Rows that the list did not show between its first and its last: asked for by id, never presumed deleted."""
        for row in rows:
            if row.id not in listed | self.unread and not row.parked.startswith(records.DELETED):
                self.held.miss(row)

    def _rest(self, last: str) -> None:
        """Rows behind the last one that was listed; an empty list where there were records is a right that was lost, not a deletion."""
        rows = list(self.world.links.range(self.store, last, ""))
        if not last and any(row.counterpart for row in rows):
            raise GuardTripped("an empty list where there were records", store=self.store, missing=len(rows))
        self._missing(rows, set())

    def _pause(self, place: Place) -> bool:
        if len(self.held.ids) >= MOST_HELD:
            self._release()
        else:
            self._queue(self.fresh)
        return self._go_on(replace(place, held=tuple(self.held.ids)))

    def _go_on(self, place: Place) -> bool:
        self.log.note(self.held.counts)
        self.log.save()
        self.world.streams.save_cursor(f"sweep:{self.store}", f"{self.log.id} {self.world.clock.now().isoformat()}", self.lease)
        self.world.queue.send([self._change(place.ids(SWEEP))])
        return False

    def _under_way(self) -> bool:
        """Whether another sweep of this store has been heard of lately: two would do everything twice."""
        run, _, at = self.world.streams.cursor(f"sweep:{self.store}").partition(" ")
        return bool(run) and run != self.log.id and self.world.clock.now() - datetime.fromisoformat(at) < FORGOTTEN

    def _complete(self, place: Place) -> None:
        size = str(self.log.run.expected)
        for name, value in ((f"size:{self.store}", size), (f"top:{self.store}", place.position)):
            if value and self.world.streams.cursor(name) != value:
                self.world.streams.save_cursor(name, value, self.lease)

    def ended(self) -> bool:
        """Also when it was stopped: the next one may begin."""
        if self.world.streams.cursor(f"sweep:{self.store}"):
            self.world.streams.save_cursor(f"sweep:{self.store}", "", self.lease)
        return True

    # -- both

    def _release(self) -> None:
        """Raises GuardTripped: nothing that is linked is queued until the owner says so."""
        size = int(self.world.streams.cursor(f"size:{self.store}") or 0) if self.held.ids else 0
        self.held.check(max(size, self.log.run.expected), self.log.allowed)
        self._queue(self.fresh | self.held.ids)
        self.held.ids.clear()

    def _queue(self, ids: Mapping[str, None]) -> None:
        unique = list(ids)
        self.log.counts["changed"] += len(unique)
        self.world.queue.send([self._batch(tuple(unique[at : at + BATCH])) for at in range(0, len(unique), BATCH)])
        self.fresh.clear()

    def _batch(self, ids: tuple[str, ...]) -> Change:
        cause = Cause.SWEEP if self.log.run.stream.startswith(SWEEP) else Cause.PULL
        return Change(self.world.connection.id, Kind.PRODUCT, self.store, ids, cause, self.log.id, self.log.id)

    def _change(self, ids: tuple[str, ...]) -> Change:
        return Change(self.world.connection.id, Kind.STREAM, self.store, ids, Cause.PULL, self.world.clock.now().isoformat(), self.log.id)
