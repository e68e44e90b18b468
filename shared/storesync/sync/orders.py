"""Orders: exactly one counterpart, the same lines, money to the cent, and statuses along the table."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ..domain.changes import Cause, Change
from ..domain.exchange import Unreadable
from ..domain.journal import Action
from ..domain.links import OrderLink, Parked
from ..domain.model import StoreName
from ..domain.order_comparison import is_as_agreed
from ..domain.orders import Order
from ..domain.statuses import Standing
from ..errors import (
    CircuitOpen,
    FilterIgnored,
    NotFound,
    RecordError,
    Rejected,
    SyncError,
)
from . import order_edits, order_mirror, order_returns, order_statuses, order_stock
from .leases import LEASE_SECONDS, patient_lease
from .order_work import Both, OrderWork, origin_of, place_of
from .pausing import HELD, RESUMED
from .ports import World

__all__ = ["OrderSync", "apply_change", "origin_of"]

SET_ASIDE = (RecordError, Rejected, NotFound, FilterIgnored)
RECENT, MARGIN = timedelta(hours=6), timedelta(seconds=0.02)
WAITED_SECONDS = 0.05
FIRST = {StoreName.CSCART: "O", StoreName.WEBASYST: "new"}


def apply_change(world: World, change: Change, *_: object) -> dict[str, int]:
    """One hint, whichever store it came from: one worker per order at a time, by a lease on where the order was placed.

    What stops a whole connection sets the order aside as well, so that it is taken up again when the connection is; a store that is
    down for long costs no message, nor does an order that cannot be read.
    """
    store, order_id = change.store, change.ids[0]
    known = world.links.order(store, order_id)
    try:
        counts = dict(_applied(world, change, known))
    except HELD as error:
        origin = (known.origin, known.id_in(known.origin)) if known else (store, order_id)
        world.links.park(_parked(world, *origin, error))
        if isinstance(error, (CircuitOpen, Unreadable)):
            return {"held": 1}
        raise
    done = not (counts.get("parked") or counts.get("incomplete"))
    if done and (change.cause is Cause.CONSOLE or change.observation.endswith(RESUMED)):
        world.links.unpark("order", store, order_id)
    return counts


def _applied(world: World, change: Change, known: OrderLink | None) -> Mapping[str, int]:
    store, order_id = change.store, change.ids[0]
    if known and _looked_at_since(known, change):
        return {"looked_at": 1}
    began, seen = world.clock.now(), _read(world, store, order_id)
    if known is None and seen is None:
        return {"gone": 1}
    resumed = change.observation.endswith(RESUMED)
    if known and seen and not resumed and _is_quiet(known, store, seen, change.cause):
        return {"unchanged": 1}
    origin, origin_id = (known.origin, known.id_in(known.origin)) if known else place_of(world, store, seen)  # type: ignore[arg-type]
    started = world.clock.monotonic()
    with patient_lease(world, f"order#{origin}#{origin_id}", LEASE_SECONDS) as lease:
        link = world.links.order(origin, origin_id)
        if link != known or world.clock.monotonic() - started > WAITED_SECONDS:
            began, seen = world.clock.now(), _read(world, store, order_id)
        sync = OrderSync(OrderWork(world, lease, origin, origin_id, change.cause, change.run, link, resumed=resumed, began=began))
        return sync.apply(store, seen) if seen else sync.gone(store)


def _is_quiet(link: OrderLink, store: StoreName, order: Order, cause: Cause) -> bool:
    """Nothing moved on the side that the hint is about, our own writes among it: no lease is taken and the other side is not read."""
    if not link.is_linked or cause is Cause.CONSOLE:
        return False
    return bool(link.cscart_status and link.webasyst_status) and is_as_agreed(link, store, order)


def _looked_at_since(link: OrderLink, change: Change) -> bool:
    """A storm of hints ends with the first one that is worked on: what a hint tells of was there when the hint was taken. The margin is
    for clocks of ours that differ; what a shop was still writing when it was read comes with the pull."""
    if change.cause not in (Cause.HOOK, Cause.PULL) or not (change.sent and link.read_at) or not link.is_linked:
        return False
    return datetime.fromisoformat(change.sent) < link.read_at - MARGIN


def _read(world: World, store: StoreName, order_id: str) -> Order | None:
    return next(iter(world.store(store).orders([order_id])), None)


def _parked(world: World, origin: StoreName, origin_id: str, error: SyncError) -> Parked:
    return Parked("order", origin, origin_id, type(error).__name__, str(error), error.advice, origin_id, world.clock.now())


class OrderSync:
    """One pass over one order. A record that cannot be synchronised is parked; what may pass by itself is raised."""

    def __init__(self, work: OrderWork) -> None:
        self.work, self.world, self.cause = work, work.world, work.cause

    def apply(self, store: StoreName, order: Order) -> Counter[str]:
        """Bring an order and its counterpart together; `order` is how `store` shows it."""
        work = self.work
        if reason := skipped(work, store, order):
            work.counts[f"skipped_{reason}"] += 1
            if reason not in ("parent", "incomplete"):
                self._hint(work, store, order)
        elif work.link and not work.resumed and _is_quiet(work.link, store, order, self.cause):
            work.counts["unchanged"] += 1
        else:
            try:
                self._bring(work, store, order)
            finally:
                work.tell()
        return work.counts

    def gone(self, store: StoreName) -> Counter[str]:
        """An order that its store does not know any more, asked by id: shown, and nothing else."""
        work = self.work
        if not work.draft.is_linked:
            order_stock.reserve(work, {})
        self._park(work, NotFound("the order was deleted", store=store, order=work.draft.id_in(store)))
        work.save()
        work.tell()
        return work.counts

    def _bring(self, work: OrderWork, store: StoreName, order: Order) -> None:
        try:
            self._one(work, store, order)
        except SET_ASIDE as error:
            self._park(work, error)
        else:
            self._unpark(work)
        if work.both:
            order_stock.settle(work, work.both)
        work.save(done=True)
        self._hint(work, store, order)

    def _one(self, work: OrderWork, store: StoreName, order: Order) -> None:
        source = order if store is work.origin else self._other(work, work.origin, work.origin_id)
        if not work.draft.is_linked:
            kept = self._new(work, source)
        else:
            other = work.draft.id_in(work.origin.other)
            target = order if store is not work.origin else self._other(work, work.origin.other, other)
            work.both = {work.origin: source, work.origin.other: target}
            if any(found.incomplete for found in work.both.values()):
                work.counts["incomplete"] += 1  # somebody edits it in CS-Cart: it moves again when that ends (C38)
                return
            order_returns.undo(work, work.both[StoreName.WEBASYST])
            kept = kept_standing(work)
            if self.cause is Cause.CONSOLE and kept == order_statuses.standing(work.both):
                kept = None
            self._bodies(work, work.both)
        order_statuses.agreed(work, work.both, kept)
        order_edits.refused(work, work.both)

    def _other(self, work: OrderWork, store: StoreName, order_id: str) -> Order:
        found = work.read(store, order_id)
        if found is None:
            raise NotFound("the order was deleted", store=store, order=order_id)
        return found

    def _new(self, work: OrderWork, source: Order) -> Standing | None:
        target, fresh, differences = order_mirror.mirrored(work, source)
        work.both = {work.origin: source, work.origin.other: target}
        work.agreed(work.both, differences)
        order_returns.accept(work, work.both[StoreName.WEBASYST])
        if fresh:  # what the shop made of it is nobody's move; whatever it is when statuses are compared later, is
            work.note(**{f"{work.origin.other}_status": target.status})
        if not fresh and work.connection.counted_there:  # pieces that are reserved anew move no stamp
            order_stock.hint(work, StoreName.WEBASYST, work.both[StoreName.WEBASYST])
        return kept_standing(work) if fresh or target.status == FIRST[work.origin.other] else None

    def _bodies(self, work: OrderWork, both: Both) -> None:
        before = dict(both)
        moved = order_edits.moved(work, both)
        if moved:
            order_edits.carried(work, both, moved)
        elif self.cause is Cause.CONSOLE:
            order_edits.repaired(work, both)
        for name, order in before.items():
            self._hint_removed(work, name, order, both[name])

    # -- what else follows

    def _hint(self, work: OrderWork, store: StoreName, order: Order) -> None:
        """Old orders that are read for the first time have moved no stock lately."""
        if order.updated_at is None or self.world.clock.now() - order.updated_at < RECENT:
            order_stock.hint(work, store, order)

    def _hint_removed(self, work: OrderWork, store: StoreName, before: Order, after: Order) -> None:
        """Lines that an edit took out: their stock came back, and the order names them no more."""
        here = {line.variant_id for line in after.lines}
        removed = tuple(line for line in before.lines if line.variant_id not in here)
        if removed:
            self._hint(work, store, replace(after, lines=removed))

    def _park(self, work: OrderWork, error: SyncError) -> None:
        parked = _parked(self.world, work.origin, work.origin_id, error)
        self.world.links.park(parked)
        if work.link is None or work.link.parked != parked.reason:
            work.entry(Action.DELETED if isinstance(error, NotFound) else Action.PARKED, None, rule=f"{parked.reason}: {parked.detail}")
        work.note(parked=parked.reason)
        work.counts["parked"] += 1

    def _unpark(self, work: OrderWork) -> None:
        """Money that differs stays shown until both bodies agree, whatever else is well."""
        if work.draft.differs:
            return
        if work.link and work.link.parked:
            self.world.links.unpark("order", work.origin, work.origin_id)
        work.note(parked="")


def kept_standing(work: OrderWork) -> Standing:
    """What both sides were when last agreed. Before they ever did, only the side where the order was placed counts as moved."""
    link, both = work.draft, work.both
    if link.cscart_status or link.webasyst_status:
        return Standing(link.cscart_status, link.webasyst_status)
    letter, state = both[StoreName.CSCART].status, both[StoreName.WEBASYST].status
    return Standing("", state) if work.origin is StoreName.CSCART else Standing(letter, "")


def skipped(work: OrderWork, store: StoreName, order: Order) -> str:
    """Why an order is none of ours, empty when it is."""
    if order.is_parent or order.incomplete:
        return "parent" if order.is_parent else "incomplete"
    if work.draft.is_linked:
        return ""
    connection = work.connection
    if order.marker and store is work.origin and not order.marker.startswith(f"{connection.id}:"):
        return "of_another_connection"
    if work.origin is StoreName.WEBASYST and not connection.orders_to_cscart:
        return "not_wanted"
    company = connection.cscart.company_id
    if store is StoreName.CSCART and company and order.company_id != company:
        return "other_company"
    if store is work.origin and connection.orders_since and order.created_at and order.created_at < connection.orders_since:
        return "before_start"
    return ""
