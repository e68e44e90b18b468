"""Faults stop, all that waits is worked off, and the owner tries again what was set aside: then nothing may be left to do."""

from storesync.errors import SyncError

from tests.sandbox.simulator.stack import NeverQuiet, Stack

SWEEP_SECONDS = 3700
PASSES = (310, 61, SWEEP_SECONDS, 310, SWEEP_SECONDS)
MOST_PASSES = 14


def restore(stack: Stack) -> None:
    """Raises NeverQuiet when the stores are still written to after MOST_PASSES more."""
    stack.trace("peace")
    for store in stack.stores.values():
        store.faults.clear()
    stack.drain()
    for at, seconds in enumerate(PASSES):
        passes(stack, seconds)
        if at == len(PASSES) - 2:
            stack.retry_parked()
    for _ in range(MOST_PASSES):
        if not passes(stack, SWEEP_SECONDS):
            return
    raise NeverQuiet("the stores are written to in every pass")


def passes(stack: Stack, seconds: float) -> int:
    """One round of every stream, so much later; how often a store was written to."""
    before = stack.writes
    stack.clock.sleep(seconds)
    stack.trace(f"{stack.clock.now():%d %H:%M:%S} pass")
    try:
        stack.tick()
    except SyncError as error:
        stack.trace(f"  {error}")
    stack.drain()
    return stack.writes - before
