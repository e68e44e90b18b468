"""How many calls a store takes at once, and when it is left alone because it fails. Both outlive the clients that make the calls."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..errors import CircuitOpen

START, MOST = 2, 16
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
        """In the order of the calls, as many at a time as the store takes. After a result that is to `stop`, no other call is begun."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._most, thread_name_prefix="store")
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
