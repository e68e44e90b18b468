"""Threads that begin at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def race(*runners: Callable[[], Any]) -> Sequence[Any]:
    """What each returned, or the error that it raised."""
    start = threading.Barrier(len(runners))

    def run(runner: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return runner()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(runners)) as pool:
        return list(pool.map(run, runners))
