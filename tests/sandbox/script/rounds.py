"""How the script knows that both shops are at rest: schedules go off whenever nothing waits, until a whole round found nothing to do."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from storesync.domain.journal import Exchange
from storesync.state.journal import Journal
from storesync.state.streams import Streams

from tests.sandbox.local.stack import LocalStack

STREAMS = tuple(f"{stream}:{store}" for stream in ("products", "orders", "sweep") for store in ("cscart", "webasyst"))
PAUSE = 0.1
NOT_STARTED = "not started"
# Connections that are due again after a second are ticked no sooner.
GAP = 1.05
IDLE_ROUNDS = 3


@dataclass
class Traffic:
    """Calls and writes that the product made, by store, as its own request log has them; read on from where the last count ended."""

    journal: Journal
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    calls: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)

    def count(self) -> int:
        """The writes since the last time."""
        fresh = [exchange for exchange in self._fresh() if exchange.at and exchange.at > self.since]
        self.since = max([self.since, *(exchange.at for exchange in fresh if exchange.at)])
        before = self.writes.total()
        for exchange in fresh:
            self.calls[exchange.store] += 1
            self.writes[exchange.store] += exchange.write and exchange.error == ""
        return self.writes.total() - before

    def _fresh(self) -> list[Exchange]:
        today = datetime.now(UTC).date()
        days = [self.since.date() + timedelta(days=number) for number in range((today - self.since.date()).days + 1)]
        return [exchange for day in days for exchange in self._of_day(day.isoformat())]

    def _of_day(self, day: str) -> list[Exchange]:
        limit = 250
        while True:
            found = self.journal.requests(limit, day)
            if len(found) < limit or (found[-1].at and found[-1].at <= self.since):
                return found
            limit *= 4


class Rounds:
    """`look` is called while it waits, to show progress."""

    def __init__(self, stack: LocalStack, streams: Streams, journal: Journal, look: Callable[[], None] = lambda: None) -> None:
        self.stack, self.streams, self.traffic, self.look = stack, streams, Traffic(journal), look
        self._last = 0.0
        self.unfinished: list[str] = []

    def settle(self, seconds: float) -> bool:
        """Whether there was a round in which every stream of both shops ran to its end and nothing had to be written."""
        until = time.monotonic() + seconds
        idle = 0
        while time.monotonic() < until and idle < IDLE_ROUNDS:
            writes = self.round(until)
            if not writes and not self.unfinished:
                return True
            idle = 0 if writes else idle + 1
        return False

    def round(self, until: float = float("inf")) -> int:
        """One start of all schedules, and everything that comes of it; how many writes that were. `unfinished` names what did not end well."""
        time.sleep(max(0.0, self._last + GAP - time.monotonic()))
        self._last = time.monotonic()
        since = datetime.now(UTC)
        quiet = self.stack.tick()["quiet"]
        while not self.stack.queue_idle() and time.monotonic() < until:
            self.look()
            time.sleep(PAUSE)
        self.look()
        outcomes = {stream: self._outcome(stream, since) for stream in STREAMS}
        self.unfinished = [f"{stream}: {outcome}" for stream, outcome in outcomes.items() if outcome not in ("done", NOT_STARTED)]
        if (idle := list(outcomes.values()).count(NOT_STARTED)) > quiet:
            self.unfinished.append(f"{idle} streams were not started, and {quiet} had been seen to be quiet")
        self.unfinished += [] if self.stack.queue_idle() else ["changes are still waiting in the queue"]
        return self.traffic.count()

    def _outcome(self, stream: str, since: datetime) -> str:
        newest = next(iter(self.streams.runs(stream, 1)), None)
        return newest.outcome if newest and newest.started >= since else NOT_STARTED
