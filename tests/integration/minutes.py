"""A minute of a queue and a worker: what becomes visible within it is worked on, and what is raised comes back later."""

from storesync.errors import SyncError
from storesync.sync.worker import Worker

from tests.sandbox.simulator.clock import VirtualClock
from tests.sandbox.simulator.deliveries import FreeQueue, Taken

SECONDS = 60
REMAINING = 290.0


def worked(queue: FreeQueue, clock: VirtualClock, worker: Worker) -> None:
    until = clock.seconds + SECONDS
    while (visible := queue.next_visible()) is not None and visible < until:
        clock.seconds = max(clock.seconds, visible)
        if taken := queue.take():
            _handed(queue, worker, taken)
    clock.seconds = until


def _handed(queue: FreeQueue, worker: Worker, taken: Taken) -> None:
    try:
        worker.apply(taken.change, REMAINING, taken.receives)
    except SyncError:
        queue.come_back(taken)
    else:
        queue.settle(taken)
