"""How far the shops' clocks were ahead of ours when their orders were last listed."""

import json
from datetime import timedelta

from ..domain.model import StoreName
from ..errors import SyncError
from .ports import Streams, World


def look_name(store: StoreName) -> str:
    """The cursor that the pull of orders keeps of its last look."""
    return f"orders_seen:{store}"


def seen_ahead(streams: Streams) -> dict[str, float]:
    """In seconds; a store whose orders were never listed is left out."""
    found = {store: json.loads(streams.cursor(look_name(store)) or "{}").get("skew") for store in StoreName}
    return {store: ahead for store, ahead in found.items() if ahead is not None}


def ahead(world: World, store: StoreName) -> timedelta | None:
    """How far the store's clock is ahead of ours now; None: it does not say."""
    try:
        return world.store(store).now() - world.clock.now()
    except SyncError:
        return None
