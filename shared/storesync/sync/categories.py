"""Which categories a store still has: asked now and then, as a whole tree costs calls and hardly ever changes."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from ..domain.model import StoreName
from .ports import World

FRESH = timedelta(minutes=10)


def existing(world: World, store: StoreName, wanted: Collection[str]) -> frozenset[str]:
    """Those of `wanted` that are there. What was found lately is believed for a few minutes."""
    name = f"categories:{store}"
    kept = json.loads(world.streams.cursor(name) or "{}")
    fresh = bool(kept) and world.clock.now() - datetime.fromisoformat(kept["at"]) < FRESH
    known = set(kept["there"]) if fresh else set()
    if not set(wanted) <= known:
        there = {category.id for category in world.store(store).categories()}
        known = there & (known | set(wanted))
        world.streams.save_cursor(name, json.dumps({"at": world.clock.now().isoformat(), "there": sorted(known)}))
    return frozenset(set(wanted) & known)
