"""How the streams are doing, in numbers that an alarm can watch."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from ..domain.connection import Connection
from ..domain.model import StoreName
from .ports import Clock, World

CURSORS = {"product": "products", "order": "orders"}
LAG, WAITING = "StreamLag", "ReconnectNeeded"


class AllConnections(Protocol):
    def list(self) -> Iterable[Connection]: ...


class Health:
    def __init__(self, connections: AllConnections, world: Callable[[str], World], clock: Clock) -> None:
        self._connections, self._world, self._clock = connections, world, clock

    def measures(self, kind: str) -> dict[str, float]:
        """The worst lag of this kind in seconds, and how many connections wait for their owner. Nothing is ready: a lag of zero."""
        lags, waiting = [0.0], 0
        for connection in self._connections.list():
            if connection.ready:
                world = self._world(connection.id)
                lags += [lag for store in StoreName if (lag := self._lag(world, f"{CURSORS[kind]}:{store}")) is not None]
                waiting += any(True for _ in world.links.parked("connection"))
        return {LAG: max(lags), WAITING: float(waiting)}

    def _lag(self, world: World, stream: str) -> float | None:
        cursor = world.streams.cursor(stream)
        return (self._clock.now() - datetime.fromisoformat(cursor)).total_seconds() if cursor else None
