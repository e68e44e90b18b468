"""Ticks: each looks at the streams that are due, and starts a pull where something moved. What a quiet connection costs is decided here."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property, partial

from ..domain.changes import ORDERS, PRODUCTS, SWEEP, Cause, Change, Kind
from ..domain.connection import Connection
from ..domain.model import StoreName
from ..errors import SyncError
from . import proof, quiet
from .health import NOTED, AllConnections, period
from .ports import Clock, Queue, World, in_turn

LOOKED_AT = {"product": PRODUCTS, "order": ORDERS}
LEAST_MS = 5_000
LOOK_SECONDS, LOOKS_IN_FLIGHT = 10.0, 16
EARLY = timedelta(seconds=15)  # a schedule is not exact to the second
PATIENCE = 30  # at rest nobody waits longer than this part of the time for which nothing has moved

Look = Callable[[], bool]
Together = Callable[..., Sequence[bool]]


def at_rest(connection: Connection, stream: str, still: timedelta) -> timedelta:
    """The time between two looks when nothing has moved for so long: the period after half an hour still, where that is a minute, and
    never more than the connection's `rest_period`, unless the period is longer."""
    wanted = period(connection, stream)
    return max(wanted, min(still / PATIENCE, timedelta(seconds=connection.rest_period)))


def in_time(*looks: Look) -> list[bool]:
    """A few at a time, and no longer than LOOK_SECONDS in all: what is late then counts as not quiet, and is left to the queue."""
    if not looks:
        return []
    pool = ThreadPoolExecutor(min(len(looks), LOOKS_IN_FLIGHT))
    started = [pool.submit(look) for look in looks]
    wait(started, LOOK_SECONDS)
    pool.shutdown(wait=False, cancel_futures=True)
    return [look.done() and not look.cancelled() and look.result() for look in started]


@dataclass(slots=True)
class _Memory:
    """Of one connection and kind, by stream and store: when it was last tried, when it was last seen to be quiet, what was pulled since,
    and when `looked` was last noted; `moved`: since when nothing has, as far as is known.

    It lives as long as the container; a new one looks once more than it would have had to."""

    tried: dict[str, datetime] = field(default_factory=dict)
    looked: dict[str, datetime] = field(default_factory=dict)
    pulled: set[str] = field(default_factory=set)
    noted: datetime | None = None
    moved: datetime | None = None


class Ticker:
    """A connection that is slow never delays another: looks are made `together`, and what they do not settle goes to the queue."""

    def __init__(
        self, connections: AllConnections, world: Callable[[str], World], queue: Queue, clock: Clock, together: Together = in_turn
    ) -> None:
        self.connections, self.world, self.queue, self.clock, self.together = connections, world, queue, clock, together
        self._memories: dict[tuple[str, str], _Memory] = {}

    def tick(self, kind: str, remaining_ms: Callable[[], int]) -> dict[str, int]:
        counts: Counter[str] = Counter()
        visits: list[_Visit] = []
        for connection in self.connections.list():
            if remaining_ms() < LEAST_MS:
                counts["left"] += 1
            elif not connection.ready or (kind == "product" and not connection.product_updates):
                counts["not_ready"] += 1
            else:
                visits.append(self._visit(connection, kind))
        looks = [(visit, name) for visit in visits for name in visit.due()]
        found = self.together(*(partial(visit.is_quiet, name) for visit, name in looks))
        for (visit, name), is_quiet in zip(looks, found, strict=True):
            visit.settle(name, is_quiet)
            counts["quiet"] += is_quiet
        for visit in visits:
            self.queue.send(started := list(visit.started()))
            counts["started"] += len(started)
        return dict(counts)

    def _visit(self, connection: Connection, kind: str) -> "_Visit":
        memory = self._memories.setdefault((connection.id, kind), _Memory())
        return _Visit(connection, kind, self.world, memory, self.clock.now())

    def looked(self, connection_id: str, kind: str) -> Mapping[str, datetime]:
        """When each stream was last seen to be quiet, by this container."""
        found = self._memories.get((connection_id, kind))
        return found.looked if found else {}


class _Visit:
    """One tick of one connection. Its world is asked for when something is due: most ticks need none."""

    def __init__(self, connection: Connection, kind: str, world: Callable[[str], World], memory: _Memory, now: datetime) -> None:
        self.connection, self.kind, self._world, self.memory, self.now = connection, kind, world, memory, now
        self.known: dict[str, str] | None = None
        self.waits = False

    @cached_property
    def world(self) -> World:
        return self._world(self.connection.id)

    def due(self) -> list[str]:
        """Names of what is to be looked at. A period is kept to, and what failed is tried again by the next tick."""
        names = [f"{LOOKED_AT[self.kind]}:{store}" for store in StoreName]
        due = [name for name in names if self._is_over(self.memory.tried.get(name), LOOKED_AT[self.kind])]
        if due or self.memory.pulled:
            self.known = self.world.streams.cursors()
            self.memory.moved = self.memory.moved or quiet.still_since(self.known, self.kind) or self.now
            due += [name for name in self.memory.pulled if name not in due and self.known.get(f"started:{name}") == ""]
            self.waits = bool(due) and self.kind == "order" and quiet.waits(self.world)
        return due

    def _is_over(self, last: datetime | None, stream: str) -> bool:
        wanted = at_rest(self.connection, stream, self.now - (self.memory.moved or self.now))
        return last is None or self.now - last >= wanted - min(EARLY, wanted / 2)

    def is_quiet(self, name: str) -> bool:
        """Whatever is wrong with the store is a pull's to tell; and after one that failed, a pull tells that all is well again."""
        stream, _, store = name.partition(":")
        known = self.known or {}
        try:
            return not self.waits and known.get(f"started:{name}") != "" and quiet.is_quiet(self.world, stream, StoreName(store), known)
        except SyncError:
            return False

    def settle(self, name: str, is_quiet: bool) -> None:
        self.memory.tried[name] = self.now
        if is_quiet:
            self.memory.looked[name] = self.now
            self.memory.pulled.discard(name)
        else:
            self.memory.pulled.add(name)
            self.memory.moved = self.now

    def started(self) -> Iterator[Change]:
        """Pulls of what moved; sweeps and a proof by what was saved of the last ones."""
        if self.known is None:
            return
        for name in sorted(name for name in self.memory.pulled if self.memory.tried[name] == self.now):
            yield self._start(*name.split(":"))
        if self.kind == "product":
            yield from self._sweeps()
            yield from self._proof()
        self._note()

    def _start(self, stream: str, store: str) -> Change:
        self._mark(f"{stream}:{store}")
        return Change(self.connection.id, Kind.STREAM, StoreName(store), (stream,), Cause.PULL, self.now.isoformat())

    def _sweeps(self) -> Iterator[Change]:
        for store in StoreName:
            last = self._marked(f"{SWEEP}:{store}")
            if last is None or self.now - last >= period(self.connection, SWEEP):
                yield self._start(SWEEP, store)

    def _proof(self) -> Iterator[Change]:
        """Once in its period, the first time a whole period after the connection began."""
        last = self._marked(proof.QUESTION)
        if self.connection.proof_period and (last is None or self.now - last >= timedelta(seconds=self.connection.proof_period)):
            self._mark(proof.QUESTION)
            if last:
                yield proof.ask(self.connection.id, self.now.isoformat())

    def _marked(self, name: str) -> datetime | None:
        last = (self.known or {}).get(f"started:{name}")
        return datetime.fromisoformat(last) if last else None

    def _mark(self, name: str) -> None:
        self.world.streams.save_cursor(f"started:{name}", self.now.isoformat())

    def _note(self) -> None:
        """For who looks from outside; not each time, as it costs more than the look."""
        memory = self.memory
        if self.now in memory.looked.values() and (memory.noted is None or self.now - memory.noted >= NOTED):
            quiet.note(self.world, self.kind, memory.looked, memory.moved or self.now)
            memory.noted = self.now
