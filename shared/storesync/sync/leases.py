"""Leases with patience: a queue gives a message back only after minutes, so a short wait here beats a retry there."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import LeaseLost
from .ports import Lease, World

LEASE_SECONDS = 120.0
PATIENCE_SECONDS = 40.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


@contextmanager
def patient_lease(world: World, name: str, seconds: float) -> Iterator[Lease]:
    """Raises LeaseLost when the holder does not let go in time. A holder that works longer than `seconds` extends the lease as it goes."""
    until = world.clock.monotonic() + PATIENCE_SECONDS
    pause = FIRST_PAUSE
    while True:
        held = world.streams.lease(name, seconds)
        try:
            lease = held.__enter__()
            break
        except LeaseLost:
            if world.clock.monotonic() > until:
                raise
            world.clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    try:
        yield lease
    finally:
        held.__exit__(None, None, None)
