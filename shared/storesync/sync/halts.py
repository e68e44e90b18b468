"""A run that has used up its budget of damage stops in its place: what waits is kept, and nothing goes on until the owner says so."""

import json
import uuid
from collections.abc import Callable
from dataclasses import replace

from ..domain.changes import APPLY, ORDERS, PRODUCTS, Cause, Change, Kind
from ..domain.model import StoreName
from ..errors import SyncError
from .ports import World
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


def halted(world: World, cursor: Callable[[str], str] | None = None) -> dict[str, str]:
    """What waits for the owner, as the name of a stream that can go on, and the run that stopped. `cursor`: for who has read them all."""
    ask_for = cursor or world.streams.cursor
    found = {what: ask_for(_name(what)) for what in (PRODUCTS, *(f"{ORDERS}:{store}" for store in StoreName))}
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
