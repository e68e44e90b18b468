"""Products that wait for a store to come back, or for the catalogues to be read: their ids are kept in one place, and queued again by the first pull that finds both stores up."""

import json
from collections.abc import Collection, Iterator, Mapping

from ..domain.changes import PRODUCTS, SWEEP, Cause, Change, Kind
from ..domain.model import StoreName
from ..errors import CatalogueUnread, CircuitOpen, ConfigurationError, StoreError, SyncError, Unreachable
from .pausing import PAUSING
from .ports import World

MOST = 20_000  # of more than this a sweep is the shorter way
BATCH = 100
PATIENCE = 3  # deliveries of one message, seconds apart, before a store that answers badly counts as down
DOWN = (Unreachable, CircuitOpen, ConfigurationError, *PAUSING)
NOT_YET = (CatalogueUnread,)


def has_to_wait(error: SyncError, receives: int) -> bool:
    """Also for what stands behind in the message's own group: the sweep that reads the catalogues, or one that finds a store up again."""
    return isinstance(error, DOWN + NOT_YET) or (isinstance(error, StoreError) and (not error.retriable or receives >= PATIENCE))


def hold(world: World, store: StoreName, ids: Collection[str]) -> None:
    """No id is lost, and none is kept twice."""
    held = {**dict.fromkeys(_held(world, store)), **dict.fromkeys(ids)}
    world.streams.save_cursor(name_of(store), json.dumps([SWEEP] if len(held) > MOST or SWEEP in held else list(held)))


def count(cursors: Mapping[str, str]) -> int:
    """How many products wait for a store that is down; of more than can be kept, one for each store."""
    return sum(len(_ids(cursors.get(name_of(store), ""))) for store in StoreName)


def release(world: World, store: StoreName, run: str) -> int:
    """Queue again what waits, if the other store answers too; how many."""
    ids = _held(world, store)
    if not ids or not _answers(world, store.other):
        return 0
    world.queue.send(list(_changes(world, store, ids, run)))
    world.streams.save_cursor(name_of(store), "")
    return len(ids)


def _changes(world: World, store: StoreName, ids: list[str], run: str) -> Iterator[Change]:
    stamp = world.clock.now().isoformat()
    if SWEEP in ids:
        yield Change(world.connection.id, Kind.STREAM, store, (SWEEP,), Cause.PULL, stamp)
        return
    for at in range(0, len(ids), BATCH):
        yield Change(world.connection.id, Kind.PRODUCT, store, tuple(ids[at : at + BATCH]), Cause.PULL, stamp, run)


def _answers(world: World, store: StoreName) -> bool:
    try:
        world.store(store).now()
    except SyncError:
        return False
    return True


def _held(world: World, store: StoreName) -> list[str]:
    return _ids(world.streams.cursor(name_of(store)))


def _ids(found: str) -> list[str]:
    return list(json.loads(found)) if found else []


def name_of(store: StoreName) -> str:
    return f"held:{PRODUCTS}:{store}"
