"""How many calls a store takes at once, and when it is left alone because it fails. Both outlive the clients that make the calls."""

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..errors import CircuitOpen

START, MOST = 2, 16
AHEAD = 2  # threads for what is begun in the background
TURN_SECONDS = 0.002  # of a thread that counts, until one whose answer has come may go on: a large answer takes many turns
OPENS_AFTER = 5
PROBE_SECONDS = 30.0
FLAT, FLAT_SECONDS = 1.7, 0.02  # of the quickest answer of its kind, and what is noise in any case
FADING = 1.001  # the quickest answer is forgotten slowly: the way to a store may get longer
PATIENCE = 200  # good answers until the number of calls that was too many is tried again

A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class Slot:
    """What was so when a call began: its answer says nothing about a limit that was set later."""

    round: int
    halvings: int


class Pace:
    """Starts at two in flight, doubles while latency stays flat, then grows by one; halves when the store pushes back, but after a step by
    one goes back by one first.

    `note` is told of each call's kind: only what is alike can be compared. With `least` equal to `most` the number is fixed.
    """

    def __init__(self, least: int = 1, most: int = MOST) -> None:
        self._least, self._most = least, most
        self.limit, self._ceiling = min(max(START, least), most), most + 1
        self._busy = self._full = self._good = self._patience = self._halvings = self._round = 0
        self._starting, self._proven, self._not_before = True, 0, 0.0
        self._quickest: dict[str, float] = {}
        self._free = threading.Condition()
        self._threads: ThreadPoolExecutor | None = None

    @contextmanager
    def slot(self) -> Iterator[Slot]:
        """Waits until a call may be made. What it yields goes back with `note`."""
        with self._free:
            self._free.wait_for(lambda: self._busy < self.limit)
            self._busy += 1
            self._full += self._busy >= self.limit
            slot = Slot(self._round, self._halvings)
        try:
            yield slot
        finally:
            with self._free:
                self._busy -= 1
                self._free.notify_all()

    def note(self, slot: Slot, kind: str, elapsed: float, *, pushed_back: bool) -> None:
        """Calls that were under way together push back once."""
        with self._free:
            if not pushed_back:
                self._praise(slot, kind, elapsed)
            elif slot.halvings == self._halvings:
                self._halvings += 1
                self._ceiling, self._patience, self._starting = max(self.limit, START + 1), PATIENCE, False
                self._set(max(self.limit // 2, self._proven))
                self._proven = 0

    def _praise(self, slot: Slot, kind: str, elapsed: float) -> None:
        quickest = min(self._quickest.get(kind, elapsed) * FADING, elapsed)
        self._quickest[kind] = quickest
        self._patience -= 1
        if elapsed > max(FLAT * quickest, quickest + FLAT_SECONDS):
            self._good, self._starting = 0, False
        elif slot.round == self._round:
            self._good += 1
            if self._full and self._good >= (self.limit + 1) // 2:
                self._grow()

    def _grow(self) -> None:
        """Half a round of quick answers, all begun at this limit and some when it was reached, prove that there is room."""
        wanted = self.limit * 2 if self._starting else self.limit + 1
        bounded = wanted if self._patience <= 0 else min(wanted, self._ceiling - 1)
        self._proven = self.limit if bounded == self.limit + 1 else 0
        self._set(bounded)

    def _set(self, limit: int) -> None:
        self._good = self._full = 0
        if (bounded := min(max(limit, self._least), self._most)) != self.limit:
            self.limit, self._round = bounded, self._round + 1
            self._free.notify_all()

    # -- a pause that the store asked for

    def hold(self, until: float) -> None:
        self._not_before = max(self._not_before, until)

    def held(self, now: float) -> float:
        """Seconds until anybody may call again."""
        return max(0.0, self._not_before - now)

    # -- many calls

    def map(self, make: Callable[[A], B], calls: Sequence[A], stop: Callable[[B], bool]) -> list[B]:
        """In the order of the calls, as many at a time as the store takes. After a result that is to `stop`, no other call is begun.

        What `make` raises ends it too, and is raised here; `make` itself may not use this.
        """
        return _Lanes(self, self._pool(), make, calls, stop).run()

    def stream(self, works: Sequence[Callable[[], B]]) -> Iterator[B]:
        """Their results in order, each as soon as those before it are there: one is looked at while the others are on their way. Raises what
        one of them raises; whoever goes away before the end waits for what was begun, and nothing else is."""
        return _Lanes(self, self._pool(), lambda work: work(), works, lambda _: False).results()

    def begin(self, work: Callable[[], B]) -> Future[B]:
        """In the background; its calls wait for their turn like all others."""
        return self._pool().submit(work)

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            sys.setswitchinterval(TURN_SECONDS)
            self._threads = ThreadPoolExecutor(self._most + AHEAD, thread_name_prefix="store")
        return self._threads


class _Lanes(Generic[A, B]):
    """Threads that take the next call themselves: handing each out and waiting for it costs a part of every call's time."""

    def __init__(
        self, pace: Pace, threads: ThreadPoolExecutor, make: Callable[[A], B], calls: Sequence[A], stop: Callable[[B], bool]
    ) -> None:
        self._pace, self._threads, self._make, self._stop = pace, threads, make, stop
        self._left = deque(enumerate(calls))
        lock = threading.Lock()
        self._lanes, self._idle, self._news = 0, threading.Condition(lock), threading.Condition(lock)
        self._found: dict[int, B] = {}
        self._wrong: list[BaseException] = []

    def run(self) -> list[B]:
        with self._idle:
            self._widen()
            self._idle.wait_for(lambda: not self._lanes)
        if self._wrong:
            raise self._wrong[0]
        return [self._found[at] for at in sorted(self._found)]

    def results(self) -> Iterator[B]:
        count = len(self._left)
        try:
            with self._idle:
                self._widen()
            for at in range(count):
                with self._idle:
                    self._news.wait_for(lambda: at in self._found or self._wrong)  # noqa: B023
                if self._wrong:
                    raise self._wrong[0]
                yield self._found.pop(at)
        finally:
            with self._idle:
                self._left.clear()
                self._idle.wait_for(lambda: not self._lanes)

    def _widen(self) -> None:
        """As many as the limit is by now, while there is something for them to take."""
        for _ in range(min(self._pace.limit - self._lanes, len(self._left))):
            self._lanes += 1
            self._threads.submit(self._lane)

    def _lane(self) -> None:
        while (taken := self._next()) is not None:
            at, call = taken
            try:
                result = self._make(call)
                stop = self._stop(result)
            except BaseException as wrong:
                with self._idle:
                    self._wrong.append(wrong)
                    self._left.clear()
                    self._news.notify_all()
                continue
            with self._idle:
                self._found[at] = result
                self._news.notify_all()
                if stop:
                    self._left.clear()
                self._widen()

    def _next(self) -> tuple[int, A] | None:
        with self._idle:
            if self._left and self._lanes <= self._pace.limit:
                return self._left.popleft()
            self._lanes -= 1
            self._idle.notify_all()
            return None


class Outage(Protocol):
    """What all containers know of a store that is down. Never raises."""

    def known(self) -> bool:
        """Whether another container lets nobody call now."""

    def claim(self, seconds: float) -> bool:
        """Whether the next call may be made; all others wait for so long."""

    def over(self) -> None: ...


class Breaker:
    """Opens after five failures in a row; then one call per half minute tries whether the store is back. Shared by all calls to a store.

    Calls that were under way together fail once: a store that was asked for too much at a time is not down. The other containers are asked
    only when a call failed: a store that one of them leaves alone is left alone after one failure.
    """

    def __init__(self, clock: Callable[[], float], pace: Pace | None = None, outage: Outage | None = None) -> None:
        self._clock, self._lock, self._outage = clock, threading.Lock(), outage
        self._failures, self._seen, self._probe_at = 0, 0, 0.0
        self.pace = pace or Pace()

    def enter(self, store: str) -> int:
        """What it returns goes back with `note`. Raises CircuitOpen."""
        with self._lock:
            entered, probing = self._seen, self._failures >= OPENS_AFTER
            if probing and self._clock() < self._probe_at:
                raise CircuitOpen("left alone after repeated failures", store=store)
            if probing:
                self._probe_at = self._clock() + PROBE_SECONDS
        if probing and self._outage and not self._outage.claim(PROBE_SECONDS):
            raise CircuitOpen("left alone after repeated failures", store=store)
        return entered

    def note(self, entered: int, *, failed: bool) -> None:
        if not failed:
            self._close()
        elif (failures := self._failed(entered)) and self._outage:
            if failures == OPENS_AFTER:
                self._outage.claim(PROBE_SECONDS)
            elif failures < OPENS_AFTER and self._outage.known():
                self._open()

    def _close(self) -> None:
        with self._lock:
            was_open, self._failures = self._failures >= OPENS_AFTER, 0
        if was_open and self._outage:
            self._outage.over()

    def _failed(self, entered: int) -> int:
        """How many there were in a row by now; 0 where this one was counted already."""
        with self._lock:
            if entered != self._seen:
                return 0
            self._failures, self._seen = self._failures + 1, self._seen + 1
            if self._failures == OPENS_AFTER:
                self._probe_at = self._clock() + PROBE_SECONDS
            return self._failures

    def _open(self) -> None:
        with self._lock:
            self._failures, self._probe_at = max(self._failures, OPENS_AFTER), self._clock() + PROBE_SECONDS
