"""Counts that moved on both sides: both movements count, whoever moved first."""

from collections.abc import Mapping

from . import prints
from .model import StoreName


def merged(counts: Mapping[StoreName, int | None], kept: Mapping[StoreName, str], agreed: int | None) -> int | None:
    """The count that both movements lead to, below zero when more was sold than there was. None: nothing to merge, as one is unlimited
    or the two never agreed on a number. `kept` are the prints; `agreed` is the number they stand for where a pass was cut off in between.
    """
    bases = {store: prints.stock_number(kept[store]) for store in StoreName}
    if any(base is None for base in bases.values()) or any(count is None for count in counts.values()):
        return None
    if agreed is None:
        if bases[StoreName.CSCART] != bases[StoreName.WEBASYST]:
            return None
        agreed = bases[StoreName.CSCART]
    return (agreed or 0) + sum((counts[store] or 0) - (bases[store] or 0) for store in StoreName)
