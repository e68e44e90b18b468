"""The record of a pass: one document, carried on by the messages that the pass goes on in, written no oftener than somebody would look."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ..domain.journal import Run
from .ports import World

SAVE_SECONDS = 5.0
LOOK_BACK = 5
ALLOWED = "allowed_"


class RunLog:
    """One pass of a stream of this connection; `counts` add up over all its messages."""

    def __init__(self, world: World, stream: str, run_id: str = "") -> None:
        self.world = world
        earlier = find(world, stream, run_id) if run_id else None
        self.run = earlier or Run(run_id or uuid.uuid4().hex[:12], stream, world.clock.now())
        self.counts = Counter(self.run.counts)
        self._saved = world.clock.monotonic()

    @property
    def id(self) -> str:
        return self.run.id

    def advance(self, seen: int, expected: int) -> None:
        self.run = replace(self.run, progress=self.run.progress + seen, expected=max(expected, self.run.progress + seen))

    def note(self, counts: Mapping[str, int]) -> None:
        """Counts that were carried on elsewhere: they take the place of those here."""
        self.counts.update({name: count - self.counts[name] for name, count in counts.items()})

    def allow(self, stopped: Run) -> None:
        """The owner has looked at a run that the guard stopped: so much may go through, and no more."""
        self.note({f"{ALLOWED}{name}": count for name, count in stopped.counts.items() if not name.startswith(ALLOWED)})

    @property
    def allowed(self) -> dict[str, int]:
        return {name.removeprefix(ALLOWED): count for name, count in self.counts.items() if name.startswith(ALLOWED)}

    def since(self, looked: datetime | None) -> None:
        """When this stream was last seen to be quiet."""
        self.run = replace(self.run, looked=looked)

    @property
    def due(self) -> bool:
        return self.world.clock.monotonic() - self._saved >= SAVE_SECONDS

    def save(self, outcome: str = "running", error: str = "") -> None:
        finished = None if outcome == "running" else self.world.clock.now()
        self.run = replace(self.run, finished=finished, outcome=outcome, counts=dict(self.counts), error=error)
        self.world.streams.save_run(self.run)
        self._saved = self.world.clock.monotonic()


def find(world: World, stream: str, run_id: str) -> Run | None:
    return next((run for run in world.streams.runs(stream, LOOK_BACK) if run.id == run_id), None)


def add_counts(world: World, stream: str, run_id: str, counts: Mapping[str, int]) -> None:
    """What came of a batch is added to the run that queued it. Batches of a connection are worked on one by one, so none is lost."""
    found = find(world, stream, run_id) if run_id else None
    if found is not None and any(counts.values()):
        world.streams.save_run(replace(found, counts=dict(Counter(found.counts) + Counter(counts))))
