"""State in a process of its own, so that a worker's memory is the worker's alone, and a worker that is killed leaves it behind."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.managers import BaseManager
from typing import Any

from tests.fakes.state import MemoryQueue
from tests.fakes.tables import MemoryTable

KEY = b"bench"
PAGE = 500


class _Listed(MemoryTable):
    def query(self, pk: str, **given: Any) -> Any:
        return list(super().query(pk, **given))


@functools.cache
def _state() -> _Listed:
    return _Listed()


@functools.cache
def _journal() -> _Listed:
    return _Listed()


@functools.cache
def _queue() -> MemoryQueue:
    return MemoryQueue()


class _Far:
    """A table over there. Long lists come in pages, as from the real one; what is read as it goes is sent whole, as an iterator cannot travel."""

    def __init__(self, proxy: Any) -> None:
        self._proxy = proxy

    def query(self, pk: str, **given: Any) -> Iterator[Any]:
        if given.get("prefix") or given.get("newest_first") or given.get("limit"):
            yield from self._proxy.query(pk, **given)
            return
        full = True
        while full:
            page = self._proxy.query(pk, **given, limit=PAGE)
            yield from page
            full = len(page) == PAGE
            given["after"] = page[-1].sk if page else ""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._proxy, name)
        return lambda *given, **named: method(*(list(one) if isinstance(one, Iterator) else one for one in given), **named)


class _Kept(BaseManager):
    """Serves one of each to all processes that know its address."""


for _name, _made in (("state", _state), ("journal", _journal), ("queue", _queue)):
    _Kept.register(_name, _made)


@contextmanager
def kept() -> Iterator[tuple[str, int]]:
    """Where the tables and the queue are to be had."""
    with _Kept(("127.0.0.1", 0), KEY) as manager:
        yield manager.address  # type: ignore[misc]


def at(address: tuple[str, int]) -> tuple[tuple[Any, Any], Any]:
    """Tables and queue."""
    manager: Any = _Kept(tuple(address), KEY)
    manager.connect()
    return (_Far(manager.state()), _Far(manager.journal())), manager.queue()
