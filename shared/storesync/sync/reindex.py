"""Names that were written in bulk are made known to the shop's own search afterwards, in the background (webasyst-observed M3)."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from ..domain.changes import REINDEX, Cause, Change, Kind
from ..domain.model import StoreName
from ..domain.planning import Decision
from .budget import Budget
from .leases import LEASE_SECONDS, patient_lease
from .ports import World

AT_ONCE = 10
SOUGHT = {"name", "sku"}


def wants(decisions: Iterable[Decision]) -> bool:
    """Whether what people search for was changed in Webasyst."""
    return any(item.target is StoreName.WEBASYST and SOUGHT & item.new.keys() for item in decisions)


def ask(world: World, ids: Collection[str], run: str) -> list[Change]:
    """Nothing where the owner does not want it: it takes a call per product."""
    if not ids or not world.connection.reindex_names:
        return []
    stamp = world.clock.now().isoformat()
    return [Change(world.connection.id, Kind.STREAM, StoreName.WEBASYST, (REINDEX, *ids), Cause.PULL, stamp, run)]


class Reindex:
    def __init__(self, world: World, budget: Budget) -> None:
        self.world, self.budget = world, budget

    def run(self, change: Change) -> dict[str, int]:
        """A few at a time, so that no other worker waits for long; what is left goes on in the next message."""
        left, done = list(change.ids[1:]), 0
        store = self.world.store(change.store)
        while left and not (done and self.budget.spent):
            some, left = left[:AT_ONCE], left[AT_ONCE:]
            with patient_lease(self.world, "products", LEASE_SECONDS) as lease:
                products = store.products(some)
                lease.check()
                store.reindex(products)
            done += len(products)
        if left:
            stamp = self.world.clock.now().isoformat()
            self.world.queue.send([replace(change, ids=(REINDEX, *left), observation=stamp)])
        return {"reindexed": done}
