"""How a connection is doing: each stream's last run, how far it lags, what waits and what is set aside."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from ..domain.changes import SWEEP, Cause, Change, Kind
from ..domain.connection import Connection
from ..domain.journal import Run
from ..domain.model import StoreName
from ..sync import quiet, waiting
from ..sync.halts import halted, is_budget
from ..sync.health import is_behind
from ..sync.ports import Streams, World
from .texts import N_

STREAMS = {"products": N_("Changed products"), "orders": N_("Changed orders"), "sweep": N_("Whole catalogue")}
STORES = {StoreName.CSCART: "CS-Cart", StoreName.WEBASYST: "Webasyst"}
MOST_PARKED = 1000
STALE = timedelta(minutes=20)
COUNTS = {
    "seen": N_("looked at"),
    "changed": N_("changed"),
    "written": N_("written"),
    "created": N_("created"),
    "parked": N_("set aside"),
    "zeroed": N_("stock to zero"),
    "repriced": N_("price jumps"),
    "hidden": N_("hidden"),
    "touched": N_("moved"),
    "missing": N_("missing in the list"),
    "deleted": N_("deleted in the shop"),
    "linked": N_("linked"),
    "skipped": N_("left alone"),
    "echo": N_("echoes"),
    "writes": N_("records written"),
    "mails": N_("e-mails to customers"),
    "money": N_("money moved"),
    "left": N_("waiting for you"),
    "asked": N_("let go on by you"),
    "resumed": N_("taken up again"),
    "edited_since": N_("edited since"),
    "stays": N_("cannot be undone"),
    "not_kept": N_("not kept by the shop"),
}


def names() -> list[str]:
    return [f"{stream}:{store}" for stream in STREAMS for store in StoreName]


def start(connection_id: str, name: str, run: str = "") -> Change:
    """Run a stream of a shop now; with the id of a run that the guard stopped: as far as that one wanted to go."""
    stream, _, store = name.partition(":")
    return Change(connection_id, Kind.STREAM, StoreName(store), (stream,), Cause.CONSOLE, uuid.uuid4().hex, run)


@dataclass(frozen=True, slots=True)
class StreamState:
    """`lag` in seconds, None before the first pass ended. `rate` in records a second, `remaining` in seconds, while it runs."""

    stream: str
    store: StoreName
    last: Run | None
    lag: float | None
    rate: float = 0.0
    remaining: float | None = None

    @property
    def name(self) -> str:
        return f"{self.stream}:{self.store}"

    @property
    def running(self) -> bool:
        return self.last is not None and self.last.outcome in ("running", "continued")


@dataclass(frozen=True, slots=True)
class Overview:
    """`stopped`: streams that the guard stopped; `halted`: streams that used up their budget of damage, with the run that did; `held`: products
    that wait for a shop that is down; `aside`: what is set aside, by kind.
    """

    streams: tuple[StreamState, ...]
    parked: int
    stopped: tuple[str, ...]
    halted: Mapping[str, str] = field(default_factory=dict)
    held: int = 0
    aside: Mapping[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return any(state.last and state.last.outcome == "failed" for state in self.streams)

    @property
    def running(self) -> tuple[StreamState, ...]:
        return tuple(state for state in self.streams if state.running)

    def behind(self, connection: Connection) -> tuple[str, ...]:
        """Streams that lag far more than they should. A whole catalogue may take longer than its period to be read."""
        late = (state for state in self.streams if is_behind(connection, state.stream, state.lag))
        return tuple(state.name for state in late if not (state.stream == SWEEP and state.running))


def overview(world: World, now: datetime) -> Overview:
    """Asked of the tables side by side: a person waits for it, and each answer is quick."""
    with ThreadPoolExecutor(len(STREAMS) * len(StoreName) + 1) as pool:
        counting = pool.submit(lambda: Counter(one.kind for one in islice(world.links.parked(), MOST_PARKED)))
        known = world.streams.cursors()
        looked = quiet.noted(known)
        named = [(stream, store) for stream in STREAMS for store in StoreName]
        streams = tuple(pool.map(lambda name: _state(world.streams, name[0], name[1], now, _seen(known, looked, *name)), named))
        parked = counting.result()
    halts = halted(world, lambda name: known.get(name, ""))
    stopped = (state.name for state in streams if state.last and state.last.outcome == "stopped" and not is_budget(state.last.error))
    return Overview(streams, parked.total(), tuple(dict.fromkeys(stopped)), halts, waiting.count(known), parked)


def _seen(known: Mapping[str, str], looked: Mapping[str, datetime], stream: str, store: StoreName) -> datetime | None:
    """Until when all is known to have been seen: by a pass, or by a look that found nothing since."""
    name = f"{stream}:{store}"
    if not (cursor := known.get(f"indexed:{store}" if stream == "sweep" else name)):
        return None
    passed = datetime.fromisoformat(cursor)
    return max(passed, looked.get(name, passed))


def _state(streams: Streams, stream: str, store: StoreName, now: datetime, seen: datetime | None) -> StreamState:
    last = next(iter(streams.runs(f"{stream}:{store}", 1)), None)
    lag = max(0.0, (now - seen).total_seconds()) if seen else None
    if last is None or last.outcome not in ("running", "continued") or now - last.started > STALE:
        return StreamState(stream, store, last, lag)
    seconds = max((now - last.started).total_seconds(), 0.1)
    rate = last.progress / seconds
    remaining = (last.expected - last.progress) / rate if rate and last.expected > last.progress else None
    return StreamState(stream, store, last, lag, rate, remaining)


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the last day: changes that were found, and the longest time in seconds from a start to the next one's end."""

    start: datetime
    changes: int
    lag: float


def last_day(streams: Streams, now: datetime) -> tuple[Hour, ...]:
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=23)
    changes, lags = [0] * 24, [0.0] * 24
    for run, before in _runs_with_earlier(streams, first):
        at = int((run.started - first).total_seconds() // 3600)
        if 0 <= at < 24:
            changes[at] += run.counts.get("changed", 0) if not run.stream.startswith("orders") else run.counts.get("seen", 0)
            if before and run.finished:
                lags[at] = max(lags[at], (run.finished - max(before, run.looked or before)).total_seconds())
    return tuple(Hour(first + timedelta(hours=at), changes[at], lags[at]) for at in range(24))


def _runs_with_earlier(streams: Streams, first: datetime) -> Iterator[tuple[Run, datetime | None]]:
    """Each run that ended well, with the start of the one before it."""
    for stream in ("products", "orders"):
        for store in StoreName:
            before = None
            for run in reversed(streams.runs(f"{stream}:{store}", 1500, first)):
                yield run, before
                if run.outcome == "done":
                    before = run.started
