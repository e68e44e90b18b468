"""A new order's counterpart: looked for by our mark, created once, made exact, then linked. Each step can be done again."""

import json
from dataclasses import replace
from datetime import timedelta

from ..domain import order_comparison as comparison
from ..domain import order_translation as translation
from ..domain.journal import Action
from ..domain.model import StoreName
from ..domain.orders import Order
from ..errors import CircuitOpen, OutcomeUnknown, Rejected, StoreBusy, Unreachable, UnsupportedValue
from . import order_returns
from .order_lines import translated
from .order_stock import foresee, suppresses
from .order_work import OrderWork
from .order_writing import brought

UNSENT = (Rejected, Unreachable, CircuitOpen, StoreBusy, UnsupportedValue)
LATE = timedelta(seconds=30)


def mirrored(work: OrderWork, source: Order) -> tuple[Order, bool, dict[str, str]]:
    """The counterpart, whether it is new, and in what it differs for good. Raises OutcomeUnknown while an earlier try may still arrive."""
    target = work.origin.other
    mark = translation.marker(work.connection.id, work.origin, source.id)
    found = sorted(work.world.store(target).find_order(mark, source), key=lambda order: int(order.id))
    if not found:
        foresee(work, source)
    wanted = translated(work, work.origin, source, found[0] if found else None)
    wanted = replace(wanted, stock_suppressed=suppresses(work.connection, work.origin, source))
    if found:
        _report_duplicates(work, found)
        kept = found[0]
        if target is StoreName.WEBASYST:
            work.both = {work.origin: source, target: kept}  # what is presumed of it depends on both
            order_returns.undo(work, kept)
    else:
        kept = _created(work, wanted, mark)
    kept, differences = brought(work, target, kept, wanted, done=0 if found or target is StoreName.WEBASYST else 1)
    work.note(**{f"{target}_id": kept.id})
    old, new = comparison.change(None, kept)
    rule = "found by our mark" if found else "new in " + work.origin
    work.entry(Action.LINKED if found else Action.CREATED, target, "order", old, new, rule)
    _report_texts(work, wanted, kept)
    return kept, not found, differences


def _report_texts(work: OrderWork, wanted: Order, kept: Order) -> None:
    """An order is not lost for a long street or a strange country; it is said which fields are not as they were."""
    if work.origin is StoreName.CSCART and (names := comparison.otherwise(wanted, kept)):
        new = json.dumps({"changed": names})
        work.entry(Action.CONFLICT, StoreName.WEBASYST, "order", new=new, rule="the shop kept these fields in another form")
        work.counts["kept_otherwise"] += 1


def _created(work: OrderWork, wanted: Order, mark: str) -> Order:
    """The intention is written down with the fence before the call: a worker that lost its lease stops there."""
    target = work.origin.other
    _wait_for_late(work)
    work.note(intended_at=work.world.clock.now())
    if target is StoreName.WEBASYST:
        order_returns.expect(work, wanted)
    work.save()
    try:
        kept = work.store(target).create_order(wanted, mark, suppress_stock=wanted.stock_suppressed)
    except UNSENT:
        work.note(intended_at=None)
        work.save()
        raise
    work.counts[f"created_{target}"] += 1
    return kept


def _wait_for_late(work: OrderWork) -> None:
    """A create whose answer was lost may still be at work in the shop, unseen by a search; a second one now would make two orders."""
    tried = work.draft.intended_at
    if tried and work.world.clock.now() - tried < LATE:
        raise OutcomeUnknown("an earlier try to create the order may still arrive", store=work.origin.other, order=work.origin_id)


def _report_duplicates(work: OrderWork, found: list[Order]) -> None:
    if len(found) > 1:
        others = ", ".join(order.id for order in found[1:])
        work.entry(Action.CONFLICT, work.origin.other, "order", rule="several orders carry our mark; the oldest is kept", loser=others)
