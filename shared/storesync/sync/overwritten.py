"""Pieces that Webasyst moved for an order while a pass set the same count: a count is set and never moved (S1), so they may be gone again.

A pass that reads the count, and writes it after the shop has moved it, knows nothing of that, as orders move no stamp of a product. When the
order is met its own stamp tells that a write was near, and the counts since then whether the movement was ever seen.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ..domain import fields, prints
from ..domain.connection import Policy
from ..domain.journal import Action, Entry
from ..domain.model import Group, Product, StoreName, Variant
from ..domain.orders import Order
from ..domain.planning import policy_of
from .evidence import SECOND, UNDER_WAY, Skew
from .ports import World


def overwritten(world: World, order: Order, product: Product, variant: Variant, moved: int, skew: Skew) -> int:
    """How many of the pieces that the shop `moved` (less than 0: took) for this order are nowhere seen, and may be lost by a write of ours."""
    if policy_of(world.connection, Group.STOCK) is not Policy.TWO_WAY or order.updated_at is None or variant.stock is None:
        return 0
    told = [entry for entry in world.journal.history("product", variant.sku.strip()) if _is_count(entry)]
    if not told:
        return 0
    at = order.updated_at - (skew(StoreName.WEBASYST) or timedelta())
    since = [entry for entry in told if entry.at is not None and entry.at >= at - SECOND]
    if not _met(since, at):
        return 0
    seen = _carried(since) + variant.stock - _agreed(world, product, variant)
    missing = abs(moved) - (seen if moved > 0 else -seen)
    return max(0, min(abs(moved), missing))


def _is_count(entry: Entry) -> bool:
    return entry.group == Group.STOCK and entry.action in (Action.WRITTEN, Action.CONFLICT) and _by(entry) is not None


def _by(entry: Entry) -> int | None:
    """None: it tells of no count that was written, or of one that was or is unlimited."""
    old, new = (fields.read(text).get("stock") if text else None for text in (entry.old, entry.new))
    return new - old if isinstance(old, int) and isinstance(new, int) else None


def _met(since: Iterable[Entry], at: datetime) -> bool:
    """A write is told of after it was made."""
    return any(entry.store == StoreName.WEBASYST and entry.at is not None and entry.at <= at + UNDER_WAY + SECOND for entry in since)


def _carried(since: Iterable[Entry]) -> int:
    """What Webasyst moved, as far as it was brought to CS-Cart."""
    return sum(_by(entry) or 0 for entry in since if entry.store == StoreName.CSCART)


def _agreed(world: World, product: Product, variant: Variant) -> int:
    """The count that the two shops last agreed on."""
    rows = world.links.rows(StoreName.WEBASYST, [product.id]).values()
    known = next((row.prints[key] for row in rows if (key := prints.key(Group.STOCK, variant.id)) in row.prints), prints.UNLIMITED)
    return int(known) if known != prints.UNLIMITED else variant.stock or 0
