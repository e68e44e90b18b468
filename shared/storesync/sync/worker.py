"""Applies one queued change: the only place where hints from hooks, pulls and the console become work."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from ..domain.changes import APPLY, PREVIEW, PRODUCTS, REINDEX, SWEEP, UNDO, Cause, Change, Kind
from ..domain.links import Parked
from ..domain.model import StoreName
from ..errors import BadMessage, ConfigurationError, SyncError
from . import halts, runs, unreadable, waiting
from .budget import Budget
from .leases import LEASE_SECONDS, patient_lease
from .orders import PAUSING, apply_change
from .ports import World
from .products import ProductSync
from .pull import Pull

if TYPE_CHECKING:
    from .preview import Application, Preview
    from .reindex import Reindex
    from .undo import Undo

TROUBLE = {
    "parked",
    "doubtful",
    "failed",
    "held",
    "incomplete",
    "again",
    "kept_otherwise",
}  # counts of a pass whose owner may want to know what was read
ASKED_FOR = (PREVIEW, APPLY, UNDO, REINDEX)


class Worker:
    """`look` answers the console's questions."""

    def __init__(
        self, world: Callable[[str], World], look: Callable[[World, tuple[str, ...], Budget], dict[str, int]] | None = None
    ) -> None:
        self._world, self._look = world, look

    def apply(self, change: Change, remaining: float | None = None, receives: int = 1) -> dict[str, int]:
        """`remaining` seconds until the function is stopped; `receives`: how often this message was delivered by now.

        Raises UnknownConnection, and any retriable error for the queue to deliver again.

        Without the settings it takes, and while the owner pauses it, nothing is read or written: products wait, orders are seen again by the
        next pull.
        """
        world = self._world(change.connection)
        looks = change.kind is Kind.LOOK or (change.kind is Kind.STREAM and change.ids[0] == PREVIEW)
        if not (world.connection.ready or (looks and not world.connection.missing())):
            if change.kind is Kind.PRODUCT:
                waiting.hold(world, change.store, change.ids)
            return {"not_ready": 1}
        went_well = False
        try:
            counts = self._apply(world, change, Budget.of(world.clock, remaining), receives)
            went_well = not TROUBLE & counts.keys()
            return counts
        except PAUSING as error:
            self._note_pause(world, error)
            return {"stopped": 1}
        except ConfigurationError:
            return {"not_ready": 1}
        finally:
            world.journal.flush(whole=world.connection.log_reads or not went_well)

    def _apply(self, world: World, change: Change, budget: Budget, receives: int) -> dict[str, int]:
        if change.kind is Kind.LOOK:
            return self._looked(world, change, budget, receives)
        if change.kind is Kind.STREAM and change.ids[0] in ASKED_FOR:
            return self._asked_for(world, change, budget, receives)
        if change.kind is Kind.STREAM:
            return Pull(world, budget, last=receives >= waiting.PATIENCE).run(change)
        if change.kind is Kind.PRODUCT:
            return self._products(world, change, budget, receives)
        return apply_change(world, change)

    def _looked(self, world: World, change: Change, budget: Budget, receives: int) -> dict[str, int]:
        """A question that cannot be answered for good costs no message; agreement is to be proved all the same, an hour later."""
        try:
            return self._look(world, change.ids, budget) if self._look else {}
        except SyncError as error:
            if isinstance(error, (BadMessage, *PAUSING)) or (error.retriable and receives < waiting.PATIENCE):
                raise
            from . import proof

            if change.ids[0] == proof.QUESTION:
                proof.put_off(world)
            return {"failed": 1}

    @staticmethod
    def _asked_for(world: World, change: Change, budget: Budget, receives: int) -> dict[str, int]:
        """What an owner has asked for says so when it fails for good."""
        if change.ids[0] in (APPLY, UNDO) and len(change.ids) < 2:
            raise BadMessage("it does not say which run")
        try:
            return _engine(change.ids[0])(world, budget).run(change)
        except SyncError as error:
            if error.retriable and receives < waiting.PATIENCE:
                raise
            if change.ids[0] != REINDEX:
                runs.RunLog(world, change.ids[0], change.run).save("failed", type(error).__name__)
            if isinstance(error, PAUSING):
                raise
            return {"failed": 1}

    def _products(self, world: World, change: Change, budget: Budget, receives: int) -> dict[str, int]:
        """A store that is down costs no message: the products wait for it. So they do while a run that used up its budget waits, and until
        the catalogues are read, which a message of the same group does."""
        if halts.is_halted(world):
            waiting.hold(world, change.store, change.ids)
            return {"held": len(change.ids)}
        stream = f"{SWEEP if change.cause is Cause.SWEEP else PRODUCTS}:{change.store}"
        within = halts.Within(world, stream, change.run)
        try:
            with patient_lease(world, "products", LEASE_SECONDS) as lease:

                def apply(ids: Collection[str], alone: Collection[str]) -> Counter[str]:
                    sync = ProductSync(world, lease, change.cause, change.run, budget, change.tries)
                    return sync.apply(change.store, ids, within=within, without=alone)

                counts = dict(unreadable.applied(world, change, lease, apply, last=receives >= waiting.PATIENCE))
        except SyncError as error:
            if not waiting.has_to_wait(error, receives):
                raise
            waiting.hold(world, change.store, change.ids)
            if isinstance(error, PAUSING):
                raise
            if not error.retriable:
                self._note_pause(world, error)
            return {"held": len(change.ids)}
        runs.add_counts(world, stream, change.run, counts | within.counts)
        within.stop(change.store)
        return counts

    @staticmethod
    def _note_pause(world: World, error: SyncError) -> None:
        store = StoreName(getattr(error, "store", "") or StoreName.WEBASYST)
        parked = Parked("connection", store, "connection", type(error).__name__, str(error), error.advice, world.connection.id)
        world.links.park(replace(parked, at=world.clock.now()))


def _engine(name: str) -> "type[Preview | Application | Undo | Reindex]":
    """Loaded when an owner first asks: most workers never hear of it."""
    if name == UNDO:
        from .undo import Undo

        return Undo
    if name == REINDEX:
        from .reindex import Reindex

        return Reindex
    from .preview import Application, Preview

    return Preview if name == PREVIEW else Application
