"""The bodies of an order that exists on both sides: an edit is carried to where it was not made, if the owner lets it."""

from ..domain import order_comparison as comparison
from ..domain.journal import Action
from ..domain.model import StoreName
from ..errors import TotalsDiffer
from . import order_returns
from .order_lines import translated
from .order_work import Both, OrderWork
from .order_writing import brought, refuse, written


def moved(work: OrderWork, both: Both) -> list[StoreName]:
    """Stores whose order is no longer what it was when both sides agreed, the order's origin first."""
    order = (work.origin, work.origin.other)
    return [name for name in order if comparison.body_print(both[name], name) != work.draft.print_in(name)]


def carried(work: OrderWork, both: Both, moved_stores: list[StoreName], *, forced: bool = False) -> None:
    """`both` afterwards holds what the stores kept. Raises TotalsDiffer when they cannot be brought together to the cent.

    Edited on both sides, the order is what it is where it was placed. `forced`: the owner asks for another try.
    """
    source = moved_stores[0]
    target = source.other
    if target is StoreName.CSCART and not (work.connection.order_edits_to_cscart or forced):
        _show(work, both, source)
        work.agreed(both)
        return
    before = both[target]
    wanted = translated(work, source, both[source], before)
    both[target], found = brought(work, target, written(work, target, before, wanted), wanted, done=1)
    old, new = comparison.change(before, both[target])
    lost = comparison.change(None, before)[1] if target in moved_stores else ""
    work.entry(Action.CONFLICT if lost else Action.WRITTEN, target, "order", old, new, rule=f"edited in {source}", loser=lost)
    work.agreed(both, TotalsDiffer.__name__ if found else "")
    if target is StoreName.WEBASYST:
        order_returns.accept(work, both[target])
    refuse(both[target], found)


def _show(work: OrderWork, both: Both, source: StoreName) -> None:
    """CS-Cart rebuilds an order for every edit (C19), so the owner must have asked for it."""
    old, new = comparison.change(both[source.other], both[source])
    work.entry(Action.CONFLICT, source, "order", old, new, rule=f"edited in {source}, and edits do not flow to CS-Cart")
