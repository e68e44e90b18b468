"""The composition root: builds what each function needs, no earlier than it is needed, once per container."""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .loading import loading
from .settings import settings

if TYPE_CHECKING:
    from .domain.connection import Connection, CsCartSettings
    from .domain.model import StoreName
    from .http import Breaker
    from .state.connections import Connections
    from .state.journal import Journal
    from .state.queue import Queue
    from .state.secrets import Secrets
    from .state.sheets import Sheets
    from .state.tables import Table
    from .sync.authorisation import Authorisation
    from .sync.budget import Budget
    from .sync.health import Health
    from .sync.hooks import Hooks
    from .sync.ports import Store, World
    from .sync.ticker import Ticker
    from .sync.worker import Worker

WORLD_SECONDS, STORES_SECONDS = 20.0, 300.0
SECRETS = {"cscart": "cscart_key", "webasyst": "webasyst_token"}
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2, 300


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class WebImages:
    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private

    def fetch(self, url: str) -> bytes:
        from .http import download

        return download(url, allow_private=self._allow_private)


class LazyStores(dict["StoreName", "Store"]):
    """A store is connected when it is first asked for: a tick that only looks at cursors needs no secret.

    It is kept for a few minutes, with what it told of itself, for as long as the settings and the secret it was made with stand.
    """

    def __init__(self, connection: "Connection", journal: "Journal") -> None:
        super().__init__()
        self._connection, self._journal, self._lock = connection, journal, threading.Lock()
        self._used: dict[str, str] = {}
        self._made = time.monotonic()

    def stand(self, connection: "Connection") -> bool:
        young = time.monotonic() - self._made < STORES_SECONDS
        return (
            young
            and connection == self._connection
            and all(secrets().get(connection.id, SECRETS[n]) == key for n, key in self._used.items())
        )

    def __missing__(self, name: "StoreName") -> "Store":
        with self._lock:
            if name not in self:
                self._used[name] = secrets().need(self._connection.id, SECRETS[name])
                self[name] = _connect(self._connection, name, self._used[name], self._journal.note)
            return dict.__getitem__(self, name)


def store_modules() -> tuple[Any, Any]:
    """CS-Cart's and Webasyst's."""
    with loading():
        from .cscart import store as cscart_store
        from .webasyst import store as webasyst_store

    return cscart_store, webasyst_store


def _connect(connection: "Connection", name: "StoreName", key: str, log: Any) -> Any:
    from .domain.model import StoreName

    cscart_store, webasyst_store = store_modules()
    private = settings().allow_private_addresses
    shared = breaker(connection.id, name)
    if name is StoreName.CSCART:
        ours = connection.cscart if connection.cscart.no_rewrite is not None else _form_kept(connection, key)
        return cscart_store.connect(ours, key, allow_private=private, log=log, breaker=shared)
    return webasyst_store.connect(connection.webasyst, key, allow_private=private, log=log, breaker=shared)


def _form_kept(connection: "Connection", key: str) -> "CsCartSettings":
    """The form of address that the shop understands, found out at the first use and kept with the connection, so that no later pass asks again."""
    from .cscart import store

    found = store.probed(connection.cscart, key, allow_private=settings().allow_private_addresses)
    connections().change(connection.id, lambda kept: replace(kept, cscart=replace(kept.cscart, no_rewrite=found.no_rewrite)))
    return found


@functools.cache
def breaker(connection: str, store: str) -> "Breaker":
    from .http import Breaker
    from .state.outages import Outage

    return Breaker(time.monotonic, outage=Outage(state_table(), connection, store))


@functools.cache
def state_table() -> "Table":
    with loading():
        from .state.tables import Table

    return Table(settings().state_table, settings().aws_region)


@functools.cache
def journal_table() -> "Table":
    with loading():
        from .state.tables import Table

    return Table(settings().journal_table, settings().aws_region)


@functools.cache
def connections() -> "Connections":
    from .state.connections import Connections

    return Connections(state_table())


@functools.cache
def secrets() -> "Secrets":
    from .state.secrets import Secrets

    return Secrets(settings().secrets_prefix)


@functools.cache
def queue() -> "Queue":
    from .state.queue import Queue

    return Queue(settings().queue_url)


def sheets(connection_id: str) -> "Sheets":
    from .state.sheets import Sheets

    return Sheets(state_table(), connection_id)


_worlds: dict[str, tuple[float, "World"]] = {}


def world(connection_id: str) -> "World":
    """Kept for a few seconds, so that a batch reads a connection's settings once and a change of them is seen soon. Raises UnknownConnection.

    One that is not ready is not kept: the message that follows its start must not be dropped.
    """
    made, found = _worlds.get(connection_id, (0.0, None))
    if found is None or not found.connection.ready or time.monotonic() - made > WORLD_SECONDS:
        connection = connections().lately(connection_id)
        found = found if found and found.stores.stand(connection) else _world(connection)  # type: ignore[attr-defined]
        _worlds[connection_id] = (time.monotonic(), found)
    return found


def _world(connection: "Connection") -> "World":
    from .http import side_by_side
    from .state.journal import Journal
    from .state.links import Links
    from .state.streams import Streams
    from .sync.ports import World

    journal = Journal(
        journal_table(),
        connection.id,
        days=settings().journal_days,
        log_requests=connection.log_requests,
        log_limit=connection.log_limit,
    )
    images = WebImages(settings().allow_private_addresses)
    links, streams = Links(state_table(), connection.id), Streams(state_table(), connection.id)
    return World(connection, LazyStores(connection, journal), links, streams, journal, queue(), images, SystemClock(), side_by_side)


@functools.cache
def ticker() -> "Ticker":
    with loading():
        from .sync.ticker import Ticker, in_time

    return Ticker(connections(), world, queue(), SystemClock(), in_time)


@functools.cache
def worker() -> "Worker":
    with loading():
        from .sync.worker import Worker

    return Worker(world, _look)


def _look(world: "World", question: tuple[str, ...], budget: "Budget") -> dict[str, int]:
    """Loaded when the first question comes: most workers never hear one."""
    from .sync.looks import Looks

    return Looks(world, sheets(world.connection.id), budget, lambda: _register_hooks(world)).answer(question)


def _register_hooks(world: "World") -> int:
    """Has the CS-Cart shop's own hooks send to us; how many do. Raises NotFound where it has none."""
    from .domain.model import StoreName

    store: Any = world.store(StoreName.CSCART)
    path = secrets().need(world.connection.id, "hook_path")
    return len(store.register_hooks(f"{settings().public_url}/webhooks/{world.connection.id}/cscart/{path}"))


@functools.cache
def health() -> "Health":
    from .sync.health import Health

    return Health(connections(), world, SystemClock(), ticker().looked)


@functools.cache
def hooks() -> "Hooks":
    from .sync.hooks import Hooks

    return Hooks(secrets(), queue())


@functools.cache
def authorisation() -> "Authorisation":
    from .state.connections import OneTimeStates
    from .sync.authorisation import Authorisation, WebasystAccess
    from .webasyst import oauth

    private = settings().allow_private_addresses
    exchange = functools.partial(oauth.exchange, allow_private=private)
    access = WebasystAccess(oauth.authorize_url, exchange, _missing_rights)
    return Authorisation(connections(), OneTimeStates(state_table()), secrets(), access, settings().public_url, _resume)


def _resume(connection: "Connection") -> None:
    """The account is connected again: nobody needs to be reminded of it any more, and its old token is forgotten."""
    from .domain.model import StoreName

    world(connection.id).links.unpark("connection", StoreName.WEBASYST, "connection")
    forget(connection.id)


def change(connection_id: str, edit: "Callable[[Connection], Connection]") -> None:
    """Raises UnknownConnection, or what `edit` raises."""
    connections().change(connection_id, edit)
    forget(connection_id)


def forget(connection_id: str) -> None:
    """The connection has changed: what was built for it is built anew."""
    _worlds.pop(connection_id, None)


def _missing_rights(connection: "Connection", token: str) -> tuple[str, ...]:
    """What the account tells at this first visit is kept, so that the set-up has something to choose from at once."""
    from .domain.model import StoreName
    from .sync.looks import KEEP_SECONDS, shop_sheet
    from .webasyst import store

    shop = store.connect(connection.webasyst, token, allow_private=settings().allow_private_addresses)
    if not shop.info().problems:
        sheets(connection.id).save(f"shop:{StoreName.WEBASYST}", shop_sheet(shop), KEEP_SECONDS)
    return shop.info().problems


@contextmanager
def returning(receipt_handle: str, tries: int) -> Iterator[None]:
    """A message that fails comes back after seconds, later each time, instead of after the queue's whole visibility time-out."""
    try:
        yield
    except Exception:
        queue().give_back(receipt_handle, min(FIRST_RETRY_SECONDS * 4 ** max(tries - 1, 0), LONGEST_RETRY_SECONDS))
        raise
