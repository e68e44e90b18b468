"""Applies one queued change: the only place where hints from hooks, pulls and the console become work."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..domain.changes import APPLY, PREVIEW, REINDEX, UNDO, Change, Kind
from ..errors import BadMessage, ConfigurationError, SyncError
from ..loading import loading
from . import waiting
from .budget import Budget
from .pausing import PAUSING, note_pause
from .ports import World

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
            note_pause(world, error)
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
        return load(change.kind)(world, change, budget, receives)

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
                from .runs import RunLog

                RunLog(world, change.ids[0], change.run).save("failed", type(error).__name__)
            if isinstance(error, PAUSING):
                raise
            return {"failed": 1}


def load(kind: Kind) -> "Callable[[World, Change, Budget, int], dict[str, int]]":
    """What works on messages of a kind. None needs all of the engine, and a worker that has just started keeps somebody waiting."""
    with loading():
        if kind is Kind.STREAM:
            from . import pull

            return pull.apply_change
        if kind is Kind.PRODUCT:
            from . import product_work

            return product_work.apply_change
        from . import orders

        return orders.apply_change


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
