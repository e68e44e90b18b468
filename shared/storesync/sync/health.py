"""How the streams are doing, in numbers that an alarm can watch."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..domain.changes import ORDERS, PRODUCTS, SWEEP
from ..domain.connection import Connection
from ..domain.model import StoreName
from .ports import Clock, World

CURSORS = {"product": "products", "order": "orders"}
LAG, WAITING = "StreamLag", "ReconnectNeeded"
LONG_AGO = datetime.min.replace(tzinfo=UTC)
EVERY = timedelta(minutes=4)  # the alarms look at stretches of five
NOTED = timedelta(minutes=10)  # how seldom it is written down that a look found nothing
WORK = timedelta(minutes=5)  # the longest that a pull or a worker takes
MISSED = 3


def period(connection: Connection, stream: str) -> timedelta:
    seconds = {PRODUCTS: connection.product_period, ORDERS: connection.order_period, SWEEP: connection.sweep_period}
    return timedelta(seconds=seconds[stream])


def is_behind(connection: Connection, stream: str, lag: float | None) -> bool:
    """Whether a stream has missed its turn several times over. `lag` in seconds, as who reads the tables knows it; what was never read
    to its end, is not wanted or is paused does not lag."""
    if lag is None or not connection.ready or not (connection.product_updates or stream == ORDERS):
        return False
    rest = timedelta() if stream == SWEEP else timedelta(seconds=connection.rest_period)
    return timedelta(seconds=lag) > MISSED * max(period(connection, stream), rest) + NOTED + WORK


class AllConnections(Protocol):
    def list(self) -> Iterable[Connection]: ...


Looked = Callable[[str, str], Mapping[str, datetime]]


class Health:
    """`looked`: when the streams of a connection and kind were last seen to be quiet, by stream and store, as far as this container knows."""

    def __init__(
        self, connections: AllConnections, world: Callable[[str], World], clock: Clock, looked: Looked = lambda connection, kind: {}
    ) -> None:
        self._connections, self._world, self._clock, self._looked = connections, world, clock, looked
        self._told: dict[str, datetime] = {}

    def measures(self, kind: str) -> dict[str, float]:
        """The worst lag of this kind in seconds, and how many connections wait for their owner; empty when it was told a moment ago.
        Nothing is ready: a lag of zero."""
        now = self._clock.now()
        if kind in self._told and now - self._told[kind] < EVERY:
            return {}
        self._told[kind] = now
        lags, waiting = [0.0], 0
        for connection in self._connections.list():
            if connection.ready:
                world = self._world(connection.id)
                lags += self._lags(world, kind, now)
                waiting += any(True for _ in world.links.parked("connection"))
        return {LAG: max(lags), WAITING: float(waiting)}

    def _lags(self, world: World, kind: str, now: datetime) -> Iterator[float]:
        known, looked = world.streams.cursors(), self._looked(world.connection.id, kind)
        for name in (f"{CURSORS[kind]}:{store}" for store in StoreName):
            if known.get(name):
                yield (now - max(datetime.fromisoformat(known[name]), looked.get(name, LONG_AGO))).total_seconds()
