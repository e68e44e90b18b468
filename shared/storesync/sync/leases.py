"""Leases with patience: a queue gives a message back only after minutes, so a short wait here beats a retry there."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import LeaseLost
from .ports import Lease, World

LEASE_SECONDS = 300.0
PATIENCE_SECONDS = 40.0
PAUSE_SECONDS = 0.25


@contextmanager
def patient_lease(world: World, name: str, seconds: float) -> Iterator[Lease]:
    """Raises LeaseLost when the holder does not let go in time."""
    until = world.clock.monotonic() + PATIENCE_SECONDS
    while True:
        held = world.streams.lease(name, seconds)
        try:
            lease = held.__enter__()
            break
        except LeaseLost:
            if world.clock.monotonic() > until:
                raise
            world.clock.sleep(PAUSE_SECONDS)
    try:
        yield lease
    finally:
        held.__exit__(None, None, None)
