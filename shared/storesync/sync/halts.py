"""A run that has used up its budget of damage stops in its place: what waits is kept, and nothing goes on until the owner says so."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace

from ..domain.changes import APPLY, ORDERS, PRODUCTS, SWEEP, Cause, Change, Kind
from ..domain.journal import Entry
from ..domain.model import StoreName
from ..errors import SyncError
from . import damage, plans, runs, waiting
from .damage import Allowance
from .ports import World
from .proposals import Proposals
from .runs import RunLog

BUDGET, ASKED = "budget", "asked"


class BudgetReached(SyncError):
    """A run may do no more damage before its owner has looked at it."""

    advice = "Look at what the run has done; if it is right, let it go on."

    def __str__(self) -> str:
        return f"{BUDGET} {super().__str__()}"


def is_budget(error: str) -> bool:
    """Whether a stopped run's `error` says that its budget was used up."""
    return error.startswith(f"{BUDGET} ")


def is_halted(world: World, what: str = PRODUCTS) -> bool:
    """`what`: products, as a whole, or `orders:<store>`."""
    return bool(world.streams.cursor(_name(what)))


def halted(world: World) -> dict[str, str]:
    """What waits for the owner, as the name of a stream that can go on, and the run that stopped."""
    found = {what: world.streams.cursor(_name(what)) for what in (PRODUCTS, *(f"{ORDERS}:{store}" for store in StoreName))}
    return {what if ":" in what else f"{what}:{StoreName.CSCART}": run for what, run in found.items() if run}


def ask(connection: str, stream: str, run: str) -> Change:
    """The owner lets what a stopped run left go on, with a budget of its own."""
    name, _, store = stream.partition(":")
    return Change(connection, Kind.STREAM, StoreName(store), (name,), Cause.CONSOLE, uuid.uuid4().hex, f"{ASKED}:{run}")


def lets_go_on(change: Change) -> bool:
    return change.cause is Cause.CONSOLE and change.run.startswith(f"{ASKED}:")


def lift(world: World, what: str = PRODUCTS) -> None:
    """The owner lets it go on: what waits belongs to the next run, which has a budget of its own."""
    world.streams.save_cursor(_name(what), "")


def set_halted(world: World, run: str, what: str = PRODUCTS) -> None:
    world.streams.save_cursor(_name(what), run)


def _name(what: str) -> str:
    return f"halted:{what}"


# -- an application, which goes on from its place


def keep_place(world: World, log: RunLog, sentence: str, following: Change) -> None:
    world.streams.save_cursor(_name(f"{APPLY}:{log.id}"), following.to_message())
    log.save("stopped", f"{BUDGET} {sentence}")


def message(world: World, run: str) -> Change | None:
    """What an application that stopped has left to do, as a message."""
    kept = world.streams.cursor(_name(f"{APPLY}:{run}"))
    return Change.from_message(json.loads(kept)) if kept else None


def going_on(world: World, run: str, following: Change) -> Change:
    """To be queued once: the place is forgotten."""
    lift(world, f"{APPLY}:{run}")
    return replace(following, run=uuid.uuid4().hex[:12], observation=uuid.uuid4().hex)


# -- batches of products


class Within:
    """Lets through of a batch what its run may still do; `left` are the products that have to wait."""

    def __init__(self, world: World, stream: str, run: str) -> None:
        self.world, self.stream, self.run = world, stream, run
        found = runs.find(world, stream, run) if run else None
        counts = found.counts if found else {}
        self.before = {name: counts.get(name, 0) for name in damage.MEASURES}
        self.allowance = Allowance(world.connection.damage, self.before, asked=bool(counts.get(ASKED)))
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
        set_halted(self.world, self.run)
        for name in StoreName:
            self.world.streams.save_cursor(f"{SWEEP}:{name}", "")
        if found := runs.find(self.world, self.stream, self.run):
            sentence = f"{BUDGET} {self.allowance.sentence}"
            self.world.streams.save_run(replace(found, outcome="stopped", error=sentence, finished=self.world.clock.now()))
