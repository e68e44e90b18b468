"""A message about products: applied under the lease on products, within what one run may change."""

from collections import Counter
from collections.abc import Collection

from ..domain.changes import PRODUCTS, SWEEP, Cause, Change
from ..errors import SyncError
from . import halts, runs, unreadable, waiting
from .budget import Budget
from .leases import LEASE_SECONDS, patient_lease
from .pausing import PAUSING, note_pause
from .ports import World
from .products import ProductSync
from .within import Hinted, Within


def apply_change(world: World, change: Change, budget: Budget, receives: int) -> dict[str, int]:
    """A store that is down costs no message: the products wait for it. So they do while a run that used up its budget waits, and until
    the catalogues are read, which a message of the same group does."""
    if halts.is_halted(world):
        waiting.hold(world, change.store, change.ids)
        return {"held": len(change.ids)}
    stream = f"{SWEEP if change.cause is Cause.SWEEP else PRODUCTS}:{change.store}"
    within = Hinted(world, stream) if change.cause is Cause.HOOK and not change.run else Within(world, stream, change.run)
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
            note_pause(world, error)
        return {"held": len(change.ids)}
    runs.add_counts(world, stream, change.run, counts | within.counts)
    within.stop(change.store)
    return counts
