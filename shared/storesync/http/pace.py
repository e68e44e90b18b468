"""How many calls a store takes at once, and when it is left alone because it fails. Both outlive the clients that make the calls."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from ..errors import CircuitOpen

START, MOST = 2, 16
OPENS_AFTER = 5
PROBE_SECONDS = 30.0
FLAT, FLAT_SECONDS = 2.0, 0.02  # of the quickest answer of its kind, and what is noise in any case
FADING = 1.001  # the quickest answer is forgotten slowly: the way to a store may get longer
PATIENCE = 200  # good answers until the number of calls that was too many is tried again

A = TypeVar("A")
B = TypeVar("B")


class Pace:
    """Starts at two in flight, doubles while latency stays flat, then grows by one; halves when the store pushes back.

    `note` is told of each call's kind: only what is alike can be compared.
    """

    def __init__(self) -> None:
        self.limit, self._ceiling = START, MOST + 1
        self._busy = self._peak = self._good = self._patience = self._halvings = 0
        self._starting, self._not_before = True, 0.0
        self._quickest: dict[str, float] = {}
        self._free = threading.Condition()
        self._threads: ThreadPoolExecutor | None = None

    @contextmanager
    def slot(self) -> Iterator[int]:
        """Waits until a call may be made. What it yields goes back with `note`."""
        with self._free:
            self._free.wait_for(lambda: self._busy < self.limit)
            self._busy += 1
            self._peak = max(self._peak, self._busy)
            halvings = self._halvings
        try:
            yield halvings
        finally:
            with self._free:
                self._busy -= 1
                self._free.notify_all()

    def note(self, slot: int, kind: str, elapsed: float, *, pushed_back: bool) -> None:
        """Calls that were under way together push back once."""
        with self._free:
            if not pushed_back:
                self._grow(kind, elapsed)
            elif slot == self._halvings:
                self._halvings += 1
                self._ceiling, self._patience = max(self.limit, START + 1), PATIENCE
                self.limit, self._good, self._starting = max(1, self.limit // 2), 0, False

    def _grow(self, kind: str, elapsed: float) -> None:
        quickest = min(self._quickest.get(kind, elapsed) * FADING, elapsed)
        self._quickest[kind] = quickest
        self._patience -= 1
        if elapsed > max(FLAT * quickest, quickest + FLAT_SECONDS):
            self._good, self._starting = 0, False
            return
        self._good += 1
        room = self.limit + 1 < self._ceiling or self._patience <= 0
        if room and self._peak >= self.limit and (self._starting or self._good >= self.limit):
            self.limit, self._good, self._peak = min(MOST, self.limit + 1), 0, 0
            self._free.notify_all()

    # -- a pause that the store asked for

    def hold(self, until: float) -> None:
        self._not_before = max(self._not_before, until)

    def held(self, now: float) -> float:
        """Seconds until anybody may call again."""
        return max(0.0, self._not_before - now)

    # -- many calls

    def map(self, make: Callable[[A], B], calls: Sequence[A], stop: Callable[[B], bool]) -> list[B]:
        """In the order of the calls, as many at a time as the store takes. After a result that is to `stop`, no other call is begun."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(MOST, thread_name_prefix="store")
        found: dict[int, B] = {}
        running: dict[Future[B], int] = {}
        at, stopped = 0, False
        while running or (at < len(calls) and not stopped):
            while at < len(calls) and not stopped and len(running) < self.limit:
                running[self._threads.submit(make, calls[at])] = at
                at += 1
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                result = done.result()
                found[running.pop(done)] = result
                stopped = stopped or stop(result)
        return [found[position] for position in sorted(found)]


class Breaker:
    """Opens after five failures in a row; then one call per half minute tries whether the store is back. Shared by all calls to a store."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._failures, self._probe_at = 0, 0.0
        self.pace = Pace()

    def enter(self, store: str) -> None:
        """Raises CircuitOpen."""
        with self._lock:
            if self._failures < OPENS_AFTER:
                return
            if self._clock() < self._probe_at:
                raise CircuitOpen("left alone after repeated failures", store=store)
            self._probe_at = self._clock() + PROBE_SECONDS

    def note(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures == OPENS_AFTER:
                self._probe_at = self._clock() + PROBE_SECONDS
