"""What a run may still change of products, and what waits for the owner when that is used up."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ..domain.changes import SWEEP
from ..domain.journal import Entry
from ..domain.model import StoreName
from . import damage, halts, plans, runs, waiting
from .damage import Allowance, Risk
from .ports import World
from .proposals import Proposals

HINTED, HOUR = "hinted", timedelta(hours=1)


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
        return self._fitting(proposals)

    def _fitting(self, proposals: Proposals) -> Proposals:
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
        return {name: self.allowance.spent[name] - self.before[name] for name in self.allowance.limits}

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


class Hinted(Within):
    """What hints alone may change in an hour. No guard has seen them all together, as it sees what a pull found: thousands of them may
    follow an import that went wrong, a batch at a time, each of which is harmless.

    How many records are written says nothing here, people edit all day; so whatever zeroes, hides, reprices or mails nothing costs
    no look at the tables.
    """

    def __init__(self, world: World, stream: str) -> None:
        super().__init__(world, stream, "")
        self._loaded = False

    def __call__(self, proposals: Proposals) -> Proposals:
        return self._fitting(proposals)

    def _takes(self, entries: Sequence[Entry], product_id: str) -> bool:
        if not self._loaded and self._is_risky(entries):
            self._load()
        return not self._loaded or super()._takes(entries, product_id)

    def _is_risky(self, entries: Sequence[Entry]) -> bool:
        limit = self.world.connection.damage
        found = damage.of_entries(entries)
        risks = damage.risks(entries, self.world.connection.guard.price_jump)
        return bool(risks or (limit.mails and found[damage.MAILS]) or (limit.money and found[damage.MONEY]))

    def _load(self) -> None:
        self._loaded = True
        world, kept = self.world, json.loads(self.world.streams.cursor(HINTED) or "{}")
        now = world.clock.now()
        young = bool(kept) and now - datetime.fromisoformat(kept["since"]) < HOUR
        self.since = kept["since"] if young else now.isoformat()
        self.before = kept["counts"] if young else {}
        size = int(world.streams.cursor(f"size:{self.stream.partition(':')[2]}") or 0)
        limit = replace(world.connection.damage, writes=0)
        self.allowance = Allowance(limit, self.before, risk=Risk.of(world.connection.guard, size))

    @property
    def counts(self) -> dict[str, int]:
        """None: no run was it that did this."""
        return {}

    def stop(self, store: StoreName) -> None:
        """A run is made up for what did not fit, for the owner to look at and to let go on. The hour ends with it."""
        if not self._loaded:
            return
        if self.left:
            log = runs.RunLog(self.world, self.stream)
            log.counts.update({name: self.allowance.spent[name] for name in damage.RISKS})
            log.save()
            self.run = log.id
            super().stop(store)
        spent = {} if self.left else dict(self.allowance.spent)
        kept = {"since": self.since, "counts": spent} if spent else {}
        self.world.streams.save_cursor(HINTED, json.dumps(kept, separators=(",", ":")) if kept else "")
