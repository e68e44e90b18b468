"""Works whose results are asked for later: the next page is on its way while the last one is looked at."""

import functools
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Generic, Protocol, TypeVar

AT_ONCE = 4
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pending(Protocol[T_co]):
    def result(self) -> T_co:
        """Raises what the work raises."""

    def settle(self) -> None:
        """Wait for its end, whatever comes of it: a frozen container would cut it off in its middle."""


class Later(Generic[T]):
    """Not begun before its result is asked for."""

    def __init__(self, work: Callable[[], T]) -> None:
        self.result = work

    def settle(self) -> None: ...


class Begun(Generic[T]):
    def __init__(self, future: Future[T]) -> None:
        self._future = future

    def result(self) -> T:
        return self._future.result()

    def settle(self) -> None:
        wait([self._future])


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="beside")


def side_by_side(first: Callable[[], Any], *others: Callable[[], Any]) -> list[Any]:
    """Works that do not depend on each other, on whichever stores. All come to their end; the error of an earlier one is raised first."""
    begun = [_threads().submit(work) for work in others]
    try:
        return [first(), *(future.result() for future in begun)]
    finally:
        wait(begun)


Begin = Callable[[Callable[[], T]], Pending[T]]
