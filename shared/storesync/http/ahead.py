"""Works whose results are asked for later: the next page is on its way while the last one is looked at."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, Protocol, TypeVar

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


Begin = Callable[[Callable[[], T]], Pending[T]]
