"""The pull of orders: queues those that moved since the last look, and leaves those that only lie in the overlap."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from ..domain.changes import Cause, Change, Kind
from ..domain.exchange import Page
from ..domain.model import StoreName
from ..domain.orders import OrderHead
from .orders import PAUSING
from .ports import Lease, World

OVERLAP = timedelta(seconds=120)
SETTLED = timedelta(seconds=30)
REMEMBERED = 5_000


class OrderPull:
    """A stamp is made before its row is visible, so each look reaches back over the last one (W28, 6.1). An order that was queued
    with the stamp it still has, and a while after that stamp, is not queued again."""

    def __init__(self, world: World, store: StoreName, run: str) -> None:
        self.world, self.store, self.run = world, store, run
        self.counts: Counter[str] = Counter()

    def apply(self, lease: Lease) -> Counter[str]:
        now = self.world.store(self.store).now()
        self._resume()
        since = self._since(now)
        seen = self._seen()
        kept: dict[str, str] = {}
        for page in self.world.store(self.store).changed_orders(since):
            lease.check()
            self._queue(page, seen, kept, now)
        self._remember(seen, kept, lease)
        self.world.streams.save_cursor(f"orders:{self.store}", now.isoformat(), lease)
        return self.counts

    def _since(self, now: datetime) -> datetime:
        """Without a cursor, as far back as the owner said."""
        cursor = self.world.streams.cursor(f"orders:{self.store}")
        if not cursor:
            return now - timedelta(seconds=self.world.connection.orders_update_time)
        return min(datetime.fromisoformat(cursor), now) - OVERLAP

    def _queue(self, page: Page[OrderHead], seen: dict[str, str], kept: dict[str, str], now: datetime) -> None:
        heads = [head for head in page.items if not head.is_parent]
        fresh = [head for head in heads if head.stamp is None or seen.get(head.id) != _print(head)]
        self.counts["seen"] += len(heads)
        self.counts["moved"] += len(fresh)
        self.world.queue.send(list(self._changes(fresh)))
        kept.update({head.id: _print(head) for head in heads if _settled(head, now) or seen.get(head.id) == _print(head)})

    def _changes(self, heads: Iterable[OrderHead]) -> Iterator[Change]:
        for head in heads:
            yield Change(self.world.connection.id, Kind.ORDER, self.store, (head.id,), Cause.PULL, self.run, self.run)

    # -- what was queued before

    def _seen(self) -> dict[str, str]:
        found = self.world.streams.cursor(f"orders_seen:{self.store}")
        return dict(json.loads(found)) if found else {}

    def _remember(self, seen: dict[str, str], kept: dict[str, str], lease: Lease) -> None:
        """Only what the next look can meet again. Of too many none are remembered: they are read once more, no worse."""
        wanted = kept if len(kept) <= REMEMBERED else {}
        if wanted != seen:
            self.world.streams.save_cursor(f"orders_seen:{self.store}", json.dumps(wanted, separators=(",", ":")), lease)

    # -- after a pause

    def _resume(self) -> None:
        """The store answers again: what was set aside while the connection waited is taken up."""
        for parked in list(self.world.links.parked("connection")):
            if parked.store is self.store:
                self.world.links.unpark("connection", parked.store, parked.record_id)
                self._requeue()

    def _requeue(self) -> None:
        names = {error.__name__ for error in PAUSING}
        waiting = [parked for parked in self.world.links.parked("order") if parked.reason in names]
        self.world.queue.send(
            [
                Change(
                    self.world.connection.id, Kind.ORDER, parked.store, (parked.record_id,), Cause.CONSOLE, f"{self.run}:resumed", self.run
                )
                for parked in waiting
            ]
        )
        self.counts["resumed"] += len(waiting)


def _print(head: OrderHead) -> str:
    return f"{head.stamp.isoformat() if head.stamp else ''}/{head.status}"


def _settled(head: OrderHead, now: datetime) -> bool:
    """A second change may carry the same stamp, and the rest of a change may follow its stamp: seen early proves little."""
    return head.stamp is not None and now - head.stamp >= SETTLED
