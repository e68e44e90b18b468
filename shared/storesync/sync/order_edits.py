"""The bodies of an order that exists on both sides: an edit is carried to where it was not made, if the owner lets it."""

from ..domain import order_comparison as comparison
from ..domain.journal import Action
from ..domain.model import StoreName
from ..domain.orders import Order
from ..errors import TotalsDiffer
from . import order_returns
from .order_lines import translated
from .order_work import Both, OrderWork
from .order_writing import brought, written


def moved(work: OrderWork, both: Both) -> list[StoreName]:
    """Stores whose order is no longer what it was when both sides agreed, the order's origin first."""
    order = (work.origin, work.origin.other)
    return [name for name in order if comparison.body_print(both[name], name) != work.draft.print_in(name)]


def carried(work: OrderWork, both: Both, moved_stores: list[StoreName]) -> None:
    """`both` afterwards holds what the stores kept, also where they cannot be brought together to the cent.

    Edited on both sides, the order is what it is where it was placed. What stands there already was carried and forgotten, when the state
    was put back to an earlier day, and is not sent once more.
    """
    source = moved_stores[0]
    if source.other is StoreName.CSCART and not work.connection.order_edits_to_cscart:
        _show(work, both, source)
        work.agreed(both)
        return
    wanted = translated(work, source, both[source], both[source.other])
    if comparison.stands(wanted, both[source.other], source.other) and not order_returns.is_cut_off(work, both):
        work.agreed(both)
        return
    lost = comparison.change(None, both[source.other])[1] if len(moved_stores) > 1 else ""
    _write(work, both, source, wanted, f"edited in {source}", lost)


def repaired(work: OrderWork, both: Both) -> None:
    """The owner asks for another try: the counterpart becomes what the order is where it was placed, if it is not."""
    target = work.origin.other
    wanted = translated(work, work.origin, both[work.origin], both[target])
    if comparison.differences(wanted, both[target]):
        _write(work, both, work.origin, wanted, "repaired", "")
    else:
        work.agreed(both)


def refused(work: OrderWork, both: Both) -> None:
    """Raises TotalsDiffer with both amounts of everything that is off; once it is shown, only when something else was shown meanwhile."""
    shown = work.link.parked if work.link and not work.resumed else ""
    if work.differences is None and work.draft.differs and shown != TotalsDiffer.__name__:
        target = work.origin.other
        wanted = translated(work, work.origin, both[work.origin], both[target])
        work.agreed(both, comparison.differences(wanted, both[target]))
    if work.differences:
        raise TotalsDiffer("the order in the other shop differs", order=both[work.origin.other].id, **work.differences)


def _write(work: OrderWork, both: Both, source: StoreName, wanted: Order, rule: str, lost: str) -> None:
    target = source.other
    before = both[target]
    both[target], found = brought(work, target, written(work, target, before, wanted), wanted, done=1)
    old, new = comparison.change(before, both[target])
    work.entry(Action.CONFLICT if lost else Action.WRITTEN, target, "order", old, new, rule, loser=lost)
    work.agreed(both, found)
    if target is StoreName.WEBASYST:
        order_returns.accept(work, both[target])


def _show(work: OrderWork, both: Both, source: StoreName) -> None:
    """CS-Cart rebuilds an order for every edit (C19), so the owner must have asked for it."""
    old, new = comparison.change(both[source.other], both[source])
    work.entry(Action.CONFLICT, source, "order", old, new, rule=f"edited in {source}, and edits do not flow to CS-Cart")
