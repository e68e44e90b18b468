"""Writing an order's body into a store until it is what was wanted, to the cent."""

from ..domain import order_comparison as comparison
from ..domain import order_translation as translation
from ..domain.model import StoreName
from ..domain.orders import Order
from ..errors import TotalsDiffer
from .order_stock import suppresses
from .order_work import OrderWork

CORRECTIONS = 3


def brought(work: OrderWork, target: StoreName, kept: Order, wanted: Order, tries: int = CORRECTIONS) -> tuple[Order, dict[str, str]]:
    """`kept` written again until it agrees, and what is still different then. Every round may be the last of a worker that dies:
    the next one finds the order by its mark and goes on from what it holds."""
    sent, done = wanted, 0
    while done < tries and _lacking(target, sent, kept, done):
        if target is StoreName.WEBASYST:
            sent = translation.corrected(wanted, kept, done) if comparison.differences(wanted, kept) else sent
        kept = work.store(target).update_order(kept, sent, suppress_stock=suppresses(work.connection, work.origin))
        done += 1
    work.counts[f"updated_{target}"] += bool(done)
    return kept, comparison.differences(sent, kept)


def _lacking(target: StoreName, sent: Order, kept: Order, done: int) -> bool:
    """A dropped text is sent once more and then let go: an order is not lost for the name of its shipping method."""
    if comparison.differences(sent, kept):
        return True
    return target is StoreName.WEBASYST and not done and bool(comparison.dropped(sent, kept))


def refuse(kept: Order, found: dict[str, str]) -> None:
    """Raises TotalsDiffer with both amounts of everything that is off."""
    if found:
        raise TotalsDiffer("the order in the other shop differs", order=kept.id, **found)
