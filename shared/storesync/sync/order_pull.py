"""The pull of orders: queues those that moved since the last look, and leaves those that only lie in the overlap."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from ..domain.changes import Cause, Change, Kind
from ..domain.exchange import Page
from ..domain.model import StoreName
from ..domain.orders import OrderHead
from ..errors import CircuitOpen, SyncError
from .order_room import OrderRoom
from .pausing import HELD, RESUMED
from .ports import Lease, World
from .quiet import REST
from .skews import look_name

OVERLAP = timedelta(seconds=120)
SETTLED = timedelta(seconds=30)
TOLERANCE = timedelta(seconds=20)
ANY_ZONE = timedelta(hours=26)
PATIENCE = timedelta(minutes=10)
REMEMBERED = 5_000


@dataclass(frozen=True, slots=True)
class _Memory:
    """Of the last look: stamps of queued orders that the next one can meet again, and how the store's clock stood. `skew` in seconds
    ahead of ours."""

    seen: dict[str, str] = field(default_factory=dict)
    skew: float | None = None
    zone: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    """What one listing found out: the store's clock when it began, its zone, and which orders need not be queued again."""

    now: datetime
    skew: float
    zone: str
    kept: dict[str, str]


class OrderPull:
    """A stamp is made before its row is visible, so each look reaches back over the last one (W28, 6.1). An order that was queued
    with the stamp it still has, and a while after that stamp, is not queued again."""

    def __init__(self, world: World, store: StoreName, run: str, *, asked: bool = False) -> None:
        """`asked`: the owner lets a pull go on that had used up its budget."""
        self.world, self.store, self.run = world, store, run
        self.room = OrderRoom(world, store, asked=asked)
        self.counts: Counter[str] = Counter()

    def apply(self, lease: Lease) -> Counter[str]:
        """`counts["left"]`: orders that wait for the owner, as the run's budget is used up."""
        memory = self._memory()
        self.world.queue.send(list(self._changes(self.room.earlier())))
        since = self._since()
        look = self._look(since, memory, lease)
        if back := _set_back(memory, look):
            look = self._look(since - back, replace(memory, seen=look.kept), lease)
        self._remember(memory, look, lease)
        if self.room.close(lease):
            self.counts["left"] = len(self.room.left)
        self.world.streams.save_cursor(f"orders:{self.store}", look.now.isoformat(), lease)
        self._resume()
        return self.counts

    def _since(self) -> datetime:
        """Without a cursor, as far back as the owner said."""
        if cursor := self.world.streams.cursor(f"orders:{self.store}"):
            return datetime.fromisoformat(cursor) - OVERLAP
        return self.world.store(self.store).now() - timedelta(seconds=self.world.connection.orders_update_time)

    def _look(self, since: datetime, memory: _Memory, lease: Lease) -> _Look:
        store, clock = self.world.store(self.store), self.world.clock
        began, first = clock.now(), None
        kept: dict[str, str] = {}
        for page in store.changed_orders(since):
            lease.check()
            first = first or page
            self._queue(page, memory.seen, kept, began + timedelta(seconds=memory.skew or 0))
        # Asked afterwards, the clock tells when the listing began at the latest.
        now = first.now if first and first.now else store.now() - (clock.now() - began) - timedelta(seconds=1)
        return _Look(now, (now - began).total_seconds(), first.zone if first else memory.zone, kept)

    def _queue(self, page: Page[OrderHead], seen: dict[str, str], kept: dict[str, str], now: datetime) -> None:
        heads = [head for head in page.items if not head.is_parent]
        fresh = self._fresh(page, seen)
        self.counts["seen"] += len(heads)
        self.counts["moved"] += len(fresh)
        self.world.queue.send(list(self._changes(self.room.take([head.id for head in fresh]))))
        kept.update({head.id: _print(head) for head in heads if _settled(head, now) or seen.get(head.id) == _print(head)})

    def heads(self) -> Iterator[OrderHead]:
        """Those that the next look would queue. Reads only."""
        seen = self._memory().seen
        for page in self.world.store(self.store).changed_orders(self._since()):
            yield from self._fresh(page, seen)

    @staticmethod
    def _fresh(page: Page[OrderHead], seen: Mapping[str, str]) -> list[OrderHead]:
        return [head for head in page.items if not head.is_parent and (head.stamp is None or seen.get(head.id) != _print(head))]

    def _changes(self, ids: Iterable[str]) -> Iterator[Change]:
        for order_id in ids:
            sent = self.world.clock.now().isoformat()
            yield Change(self.world.connection.id, Kind.ORDER, self.store, (order_id,), Cause.PULL, self.run, self.run, sent=sent)

    # -- without a lease, for whoever only wants to know

    def is_quiet(self, known: Mapping[str, str]) -> bool:
        """Whether a pull would find nothing to queue. Nothing is written. `known`: the connection's cursors."""
        memory, cursor = self._read(known.get(look_name(self.store), "")), known.get(f"orders:{self.store}")
        if not cursor or memory.skew is None:
            return False
        last, began = datetime.fromisoformat(cursor), self.world.clock.now()
        pages = list(self._old_pages(last - OVERLAP, memory))
        if not pages or pages[0].now is None or any(page.unread or self._fresh(page, memory.seen) for page in pages):
            return False
        look = _Look(pages[0].now, (pages[0].now - began).total_seconds(), pages[0].zone, {})
        return not _set_back(memory, look) and not (any(page.items for page in pages) and began - last > REST)

    def _old_pages(self, since: datetime, memory: _Memory) -> Iterator[Page[OrderHead]]:
        """Up to the first one with something new."""
        for page in self.world.store(self.store).changed_orders(since):
            yield page
            if self._fresh(page, memory.seen):
                return

    # -- what is remembered of a look

    def _memory(self) -> _Memory:
        return self._read(self.world.streams.cursor(look_name(self.store)))

    @staticmethod
    def _read(text: str) -> _Memory:
        found = json.loads(text or "{}")
        return _Memory(found.get("seen", {}), found.get("skew"), found.get("zone", ""))

    def _remember(self, memory: _Memory, look: _Look, lease: Lease) -> None:
        """Written only when it says something new. Of too many orders none are remembered: they are read once more, no worse."""
        steady = memory.skew is not None and abs(look.skew - memory.skew) < TOLERANCE.total_seconds() / 4
        wanted = _Memory(look.kept if len(look.kept) <= REMEMBERED else {}, memory.skew if steady else round(look.skew), look.zone)
        if wanted != memory:
            self.world.streams.save_cursor(look_name(self.store), json.dumps(asdict(wanted), separators=(",", ":")), lease)

    # -- after a pause

    def _resume(self) -> None:
        """The store answers again. What was set aside while the connection waited is taken up: at once where it waited for this
        store, and else from time to time, as nobody tells when a right or a licence is back."""
        for parked in list(self.world.links.parked("connection")):
            if parked.store is self.store:
                self.world.links.unpark("connection", parked.store, parked.record_id)
        names = {error.__name__ for error in HELD}
        before = self.world.clock.now() - PATIENCE
        down = CircuitOpen.__name__
        held = [item for item in self.world.links.parked("order") if item.reason in names and item.at]
        waiting = [item for item in held if item.reason == down or (item.at and item.at < before)]
        if waiting and self._other_answers():
            self.world.queue.send([self._retry(item.store, item.record_id) for item in waiting])
            self.counts["resumed"] += len(waiting)

    def _other_answers(self) -> bool:
        try:
            self.world.store(self.store.other).now()
        except SyncError:
            return False
        return True

    def _retry(self, store: StoreName, order_id: str) -> Change:
        return Change(self.world.connection.id, Kind.ORDER, store, (order_id,), Cause.PULL, self.run + RESUMED, self.run)


def _set_back(memory: _Memory, look: _Look) -> timedelta:
    """How much further to look: a clock that was set back, or another zone, gave stamps that lie before the cursor (W28)."""
    if memory.zone and look.zone != memory.zone:
        return ANY_ZONE
    lost = timedelta(seconds=memory.skew - look.skew) if memory.skew is not None else timedelta()
    return lost if lost > TOLERANCE else timedelta()


def _print(head: OrderHead) -> str:
    return f"{head.stamp.isoformat() if head.stamp else ''}/{head.status}"


def _settled(head: OrderHead, now: datetime) -> bool:
    """A second change may carry the same stamp, and the rest of a change may follow its stamp: seen early proves little."""
    return head.stamp is not None and now - head.stamp >= SETTLED
