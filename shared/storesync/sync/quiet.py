"""A look at a store that only wants to know whether a pull would find something: nothing is leased, written or queued.

Most looks find nothing, so this is what an idle connection costs. Whatever is not plainly quiet is a pull's to find out and to tell.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from ..domain.changes import ORDERS
from ..domain.exchange import Page
from ..domain.model import Record, StoreName
from . import records, waiting
from .catalogue import OVERLAP
from .index import outdated
from .pausing import HELD
from .ports import World

LOOKED, STILL = "looked", "still"
REST = timedelta(minutes=15)  # after so long a pull moves the cursor, so that the same records are not listed for ever


def is_quiet(world: World, stream: str, store: StoreName, known: Mapping[str, str]) -> bool:
    """`known`: the connection's cursors. Raises what the store raises."""
    if not all(known.get(f"indexed:{name}") for name in StoreName):
        return False
    if stream == ORDERS:
        from .order_pull import OrderPull

        return OrderPull(world, store, "").is_quiet(known)
    return _products(world, store, known)


def note(world: World, kind: str, looked: Mapping[str, datetime], still_since: datetime) -> None:
    """When the streams of this kind were last seen to be quiet, by stream and store, and since when nothing of them has moved."""
    seen = {name: at.isoformat() for name, at in {**looked, STILL: still_since}.items()}
    world.streams.save_cursor(f"{LOOKED}:{kind}", json.dumps(seen, separators=(",", ":")))


def noted(known: Mapping[str, str]) -> dict[str, datetime]:
    """What was noted, of both kinds; `known`: the connection's cursors."""
    texts = (text for name, text in known.items() if name.startswith(f"{LOOKED}:"))
    return {name: datetime.fromisoformat(at) for text in texts for name, at in json.loads(text).items()}


def still_since(known: Mapping[str, str], kind: str) -> datetime | None:
    """As another container noted it."""
    text = json.loads(known.get(f"{LOOKED}:{kind}") or "{}").get(STILL)
    return datetime.fromisoformat(text) if text else None


def waits(world: World) -> bool:
    """Whether something was set aside that a pull of orders takes up again."""
    names = {error.__name__ for error in HELD}
    return any(item.kind == "connection" or item.reason in names for item in world.links.parked_orders())


def _products(world: World, store: StoreName, known: Mapping[str, str]) -> bool:
    cursor, now, listed = known.get(f"products:{store}"), world.clock.now(), 0
    if not cursor or known.get(waiting.name_of(store)):
        return False
    last = datetime.fromisoformat(cursor)
    for page in world.store(store).changed(min(last, now) - OVERLAP):
        if page.unread or (page.items and _moved(world, store, page)):
            return False
        listed += len(page.items)
    return not (listed and now - last > REST)


def _moved(world: World, store: StoreName, page: Page[Record]) -> bool:
    rows, mark = world.links.rows(store, [record.id for record in page.items]), records.settings_mark(world.connection)
    return any(records.moved(rows.get(record.id), record, mark) or outdated(rows.get(record.id), record) for record in page.items)
