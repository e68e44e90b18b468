"""Pieces that are sold and still stand in the other shop's stock."""

from collections import Counter
from collections.abc import Mapping

from .ports import World


def reserved(world: World) -> Mapping[str, int]:
    """Pieces per Webasyst SKU id that open mirrored orders still will take there. Empty unless Webasyst owns the stock.

    To be asked *before* Webasyst's counts are read: an order that takes its stock in between then counts twice for a moment,
    which shows too few pieces, never too many.
    """
    if not world.connection.counted_there:
        return {}
    total: Counter[str] = Counter()
    for pieces in world.links.reservations().values():
        total.update(pieces)
    return total
