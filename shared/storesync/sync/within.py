"""What a run may still change of products, and what waits for the owner when that is used up."""

from collections.abc import Sequence
from dataclasses import replace

from ..domain.changes import SWEEP
from ..domain.journal import Entry
from ..domain.model import StoreName
from . import damage, halts, plans, runs, waiting
from .damage import Allowance
from .ports import World
from .proposals import Proposals


class Within:
    """Lets through of a batch what its run may still do; `left` are the products that have to wait."""

    def __init__(self, world: World, stream: str, run: str) -> None:
        self.world, self.stream, self.run = world, stream, run
        found = runs.find(world, stream, run) if run else None
        counts = found.counts if found else {}
        self.before = {name: counts.get(name, 0) for name in damage.MEASURES}
        self.allowance = Allowance(world.connection.damage, self.before, asked=bool(counts.get(halts.ASKED)))
        self.left: list[str] = []

    def __call__(self, proposals: Proposals) -> Proposals:
        if not self.run:
            return proposals
        updates = tuple(item for item in proposals.updates if self._takes(plans.of_update(item), item.match.source.id))
        creations = tuple(item for item in proposals.creations if self._takes(plans.of_creation(item), item.match.source.id))
        return replace(proposals, updates=updates, creations=creations)

    def _takes(self, entries: Sequence[Entry], product_id: str) -> bool:
        taken = self.allowance.takes(entries)
        self.left += [] if taken else [product_id]
        return taken

    @property
    def counts(self) -> dict[str, int]:
        """What this batch did."""
        return {name: self.allowance.spent[name] - self.before[name] for name in damage.MEASURES}

    def stop(self, store: StoreName) -> None:
        """Where something was left: it waits, the run is told to have stopped, and no other begins before the owner has looked."""
        if not self.left:
            return
        waiting.hold(self.world, store, self.left)
        halts.set_halted(self.world, self.run)
        for name in StoreName:
            self.world.streams.save_cursor(f"{SWEEP}:{name}", "")
        if found := runs.find(self.world, self.stream, self.run):
            sentence = f"{halts.BUDGET} {self.allowance.sentence}"
            self.world.streams.save_run(replace(found, outcome="stopped", error=sentence, finished=self.world.clock.now()))
