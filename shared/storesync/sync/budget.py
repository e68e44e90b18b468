"""How much time is left: a function is stopped at its limit, so work goes on in the next message well before that."""

from dataclasses import dataclass

from .ports import Clock

MARGIN_SECONDS = 60.0
LONGEST_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Budget:
    """`until` is on the clock's monotonic scale."""

    clock: Clock
    until: float

    @classmethod
    def of(cls, clock: Clock, remaining: float | None = None) -> "Budget":
        """`remaining` seconds until the function is stopped; None where nothing stops it."""
        longest = LONGEST_SECONDS if remaining is None else min(LONGEST_SECONDS, remaining - MARGIN_SECONDS)
        return cls(clock, clock.monotonic() + longest)

    @property
    def spent(self) -> bool:
        return self.clock.monotonic() >= self.until
