"""Pulls and sweeps: find what may have changed, cheaply, and queue it. Nothing is written to a store here."""

from ..domain.changes import ORDERS, PRODUCTS, SWEEP, Cause, Change
from ..domain.journal import Run
from ..domain.model import StoreName
from ..errors import GuardTripped, SyncError
from . import halts, quiet, waiting
from .budget import Budget
from .guards import KINDS
from .index import SkuIndex
from .leases import LEASE_SECONDS
from .pausing import PAUSING
from .ports import Lease, World
from .runs import RunLog, find


def apply_change(world: World, change: Change, budget: Budget, receives: int) -> dict[str, int]:
    return Pull(world, budget, last=receives >= waiting.PATIENCE).run(change)


class Pull:
    """One stream of one store, as far as the time allows; what is left goes on in the next message."""

    def __init__(self, world: World, budget: Budget | None = None, *, last: bool = False) -> None:
        self.world, self.last = world, last
        self.budget = budget or Budget.of(world.clock)

    def run(self, change: Change) -> dict[str, int]:
        """Raises what an owner has to put right. What passes by itself is tried again by the next tick; a sweep in its middle, by the queue,
        unless this is the `last` time."""
        stream, store = change.ids[0], change.store
        log = self._log(change)
        if stream != ORDERS and self._is_halted(log):
            return {"halted": 1}
        with self.world.streams.lease(log.run.stream, LEASE_SECONDS) as lease:
            try:
                done = self._dispatch(change, store, lease, log)
            except SyncError as error:
                self._failed(log, error, f"started:{stream}:{store}")
                if isinstance(error, PAUSING) or (len(change.ids) > 1 and error.retriable and not self.last):
                    raise
                if stream == SWEEP:
                    self.world.streams.save_cursor(f"{SWEEP}:{store}", "")
                return {"stopped": 1}
            if done:
                log.since(quiet.noted(self.world.streams.cursors()).get(log.run.stream))
                log.save("done")
        return dict(log.counts)

    def _log(self, change: Change) -> RunLog:
        """The run that a message goes on with; or a new one, which may go as far as the stopped run that the owner has confirmed."""
        name = f"{change.ids[0]}:{change.store}"
        if halts.lets_go_on(change):
            log = RunLog(self.world, name)
            log.counts[halts.ASKED] = 1
            return log
        named = find(self.world, name, change.run) if change.run else None
        if named is None or named.outcome == "running" or len(change.ids) > 1:
            return RunLog(self.world, name, change.run)
        log = RunLog(self.world, name)
        if named.outcome == "stopped" and change.cause is Cause.CONSOLE:
            log.allow(named)
        return log

    def _is_halted(self, log: RunLog) -> bool:
        """Whether a run of products that used up its budget waits for the owner, who has not let it go on with this message."""
        if not halts.is_halted(self.world):
            return False
        if not log.counts[halts.ASKED]:
            return True
        halts.lift(self.world)
        log.save()
        for store in StoreName:
            self._release(store, log)
        return False

    def _release(self, store: StoreName, asked: RunLog) -> None:
        """What waited for a store belongs to a run of that store, so that one budget is counted for it."""
        mine = asked if asked.run.stream == f"{PRODUCTS}:{store}" else RunLog(self.world, f"{PRODUCTS}:{store}")
        mine.counts[halts.ASKED] = 1
        mine.counts["resumed"] += waiting.release(self.world, store, mine.id)
        if mine is not asked and mine.counts["resumed"]:
            mine.save("done")

    def _dispatch(self, change: Change, store: StoreName, lease: Lease, log: RunLog) -> bool | None:
        if change.ids[0] == ORDERS:
            return self._orders(store, lease, log)
        from .catalogue import CatalogueStream

        stream = CatalogueStream(self.world, store, lease, log, self.budget)
        try:
            if change.ids[0] == PRODUCTS:
                return stream.pull()
            if change.ids[0] == SWEEP:
                return stream.sweep(change.ids)
        except GuardTripped:
            log.note(stream.held.counts)
            raise
        raise SyncError("no such stream", stream=change.ids[0])

    def _failed(self, log: RunLog, error: SyncError, started: str) -> None:
        """A run that ends again for the reason that the last one ended for is not shown again."""
        outcome = "stopped" if isinstance(error, GuardTripped | halts.BudgetReached) else "failed"
        told = str(error) if outcome == "stopped" else type(error).__name__
        if outcome == "failed":
            self.world.streams.save_cursor(started, "")
        if isinstance(error, halts.BudgetReached) or not self._told(log, outcome, told):
            log.save(outcome, told)

    def _told(self, log: RunLog, outcome: str, error: str) -> bool:
        last: Run | None = next(iter(self.world.streams.runs(log.run.stream, 1)), None)
        if last is None or last.id == log.id or (last.outcome, last.error) != (outcome, error):
            return False
        return all(last.counts.get(kind, 0) == log.counts[kind] for kind in KINDS)

    # -- orders

    def _orders(self, store: StoreName, lease: Lease, log: RunLog) -> bool | None:
        """None: not before both catalogues are read, which is a sweep's work where products are synchronised; or while the owner has to
        look first at what a pull did that used up its budget."""
        index = SkuIndex(self.world)
        if not index.ready and (self.world.connection.product_updates or not index.prepare(lease, self.budget)):
            self.world.streams.save_cursor(f"started:{ORDERS}:{store}", "")
            return None
        from .order_pull import OrderPull

        pull = OrderPull(self.world, store, log.id, asked=bool(log.counts[halts.ASKED]))
        log.counts.update(pull.apply(lease))
        if pull.room.queued and pull.counts["left"]:
            halts.set_halted(self.world, log.id, f"{ORDERS}:{store}")
            raise halts.BudgetReached(f"orders {pull.room.queued}")
        return None if pull.counts["left"] else True
