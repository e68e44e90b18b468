"""How far the shops' clocks were ahead of ours when their orders were last listed."""

import json

from ..domain.model import StoreName
from .ports import Streams


def look_name(store: StoreName) -> str:
    """The cursor that the pull of orders keeps of its last look."""
    return f"orders_seen:{store}"


def seen_ahead(streams: Streams) -> dict[str, float]:
    """In seconds; a store whose orders were never listed is left out."""
    found = {store: json.loads(streams.cursor(look_name(store)) or "{}").get("skew") for store in StoreName}
    return {store: ahead for store, ahead in found.items() if ahead is not None}
