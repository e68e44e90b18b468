"""Writing an order's body into a store until it is what was wanted, to the cent."""

from ..domain import order_comparison as comparison
from ..domain import order_translation as translation
from ..domain.model import StoreName
from ..domain.orders import Order
from ..errors import TotalsDiffer
from . import order_returns
from .order_work import OrderWork

CORRECTIONS = {StoreName.WEBASYST: 3, StoreName.CSCART: 1}  # each one rebuilds the whole order in CS-Cart (C19)


def written(work: OrderWork, target: StoreName, before: Order, wanted: Order) -> Order:
    """As the store kept it; also when the client gave up on the total and put the order back."""
    if target is StoreName.WEBASYST:
        order_returns.announce(work, before)
    try:
        kept = work.store(target).update_order(before, wanted, suppress_stock=before.stock_suppressed)
    except TotalsDiffer:
        kept = work.read(target, before.id) or before
    work.counts[f"updated_{target}"] += 1
    return kept


def brought(work: OrderWork, target: StoreName, kept: Order, wanted: Order, done: int = 0) -> tuple[Order, dict[str, str]]:
    """`kept` written again until it agrees, and what is still different then. Every round may be the last of a worker that dies:
    the next one finds the order by its mark and goes on from what it holds. `done`: tries that were made before."""
    sent, first = wanted, done
    while done < CORRECTIONS[target] and _lacking(target, sent, kept, done - first):
        if target is StoreName.WEBASYST and comparison.differences(wanted, kept):
            sent = translation.corrected(wanted, kept, done - first)
        kept = written(work, target, kept, sent)
        done += 1
    return kept, comparison.differences(sent, kept)


def _lacking(target: StoreName, sent: Order, kept: Order, done: int) -> bool:
    """A dropped text is sent once more and then let go: an order is not lost for the name of its shipping method."""
    if comparison.differences(sent, kept):
        return True
    return target is StoreName.WEBASYST and not done and bool(comparison.dropped(sent, kept))
