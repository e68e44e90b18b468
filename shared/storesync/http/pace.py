"""How many calls may be under way, and when a failing store is left alone."""

import threading
from collections.abc import Callable

from ..errors import CircuitOpen

START, MOST = 2, 16
OPENS_AFTER = 5
PROBE_SECONDS = 30.0


class Breaker:
    """Opens after five failures in a row; then one call per half minute tries whether the store is back. Shared by all calls to a store."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._failures, self._probe_at = 0, 0.0

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


class Pace:
    """Starts at two in flight, grows while latency stays flat, halves when the store pushes back."""

    def __init__(self) -> None:
        self.limit = START
        self._best = 0.0
        self._good = 0
        self._lock = threading.Lock()

    def note(self, elapsed: float, *, pushed_back: bool) -> None:
        with self._lock:
            if pushed_back:
                self.limit, self._good = max(1, self.limit // 2), 0
                return
            self._best = min(self._best, elapsed) if self._best else elapsed
            self._good += 1
            if self._good >= self.limit and elapsed < max(3 * self._best, 0.05):
                self.limit, self._good = min(MOST, self.limit + 1), 0
