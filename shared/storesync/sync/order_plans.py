"""What the next pass would do with an order, as lines: its counterpart, the edits that are carried over, each step of its status. Reads only."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..domain import fields, statuses
from ..domain import order_comparison as comparison
from ..domain import order_translation as translation
from ..domain.changes import Cause
from ..domain.journal import Action, Entry
from ..domain.model import StoreName
from ..domain.orders import Order
from ..domain.statuses import Standing
from ..errors import RecordError
from . import order_edits, order_statuses
from .order_work import Both, OrderWork, place_of
from .orders import FIRST, kept_standing, skipped
from .ports import World

KIND = "plan"
ORDER, STATUS = "order", "status"


class _Nobody:
    """A lease for a look: what is only read needs no right to write."""

    name, fence = "", 0

    def check(self) -> None:
        return

    def extend(self, seconds: float) -> None:
        return


def of_order(world: World, store: StoreName, order: Order) -> list[Entry]:
    """Empty when there is nothing to do, or when the other side moved as well and tells it already."""
    known = world.links.order(store, order.id)
    origin, origin_id = (known.origin, known.id_in(known.origin)) if known else place_of(world, store, order)
    link = known or world.links.order(origin, origin_id)
    work = OrderWork(world, _Nobody(), origin, origin_id, Cause.PULL, link=link)
    if skipped(work, store, order):
        return []
    try:
        return list(_planned(work, store, order))
    except RecordError as error:
        return [_entry(work, store, Action.PARKED, ORDER, rule=type(error).__name__)]


def _planned(work: OrderWork, store: StoreName, order: Order) -> Iterator[Entry]:
    both = _both(work, store, order)
    if both is None:
        return
    if work.origin.other not in both:
        source = both[work.origin]
        yield _entry(work, store, Action.PLANNED, ORDER, target=work.origin.other, **_texts(None, source), rule=f"new in {work.origin}")
        both[work.origin.other] = replace(source, id="", status=FIRST[work.origin.other])
    else:
        yield from _edits(work, store, both)
    yield from _steps(work, store, both)


def _both(work: OrderWork, store: StoreName, order: Order) -> Both | None:
    """Without the counterpart where there is none yet."""
    if not work.draft.is_linked:
        source = order if store is work.origin else work.read(work.origin, work.origin_id)
        mark = translation.marker(work.connection.id, work.origin, work.origin_id)
        there = work.world.store(work.origin.other).find_order(mark, source) if source else []
        if source is None:
            return None
        found = {work.origin: source}
        return found | ({work.origin.other: there[0]} if there else {})
    other = work.read(store.other, work.draft.id_in(store.other))
    if other is None or order.incomplete or other.incomplete:
        return None
    both = {store: order, store.other: other}
    told_there = store is StoreName.WEBASYST and not comparison.is_as_agreed(work.draft, StoreName.CSCART, both[StoreName.CSCART])
    return None if told_there else both


def _edits(work: OrderWork, store: StoreName, both: Both) -> Iterator[Entry]:
    moved = order_edits.moved(work, both) if work.draft.is_linked else []
    if not moved or (moved[0] is StoreName.WEBASYST and not work.connection.order_edits_to_cscart):
        return
    target = moved[0].other
    texts = _texts(both[target], replace(both[moved[0]], status=both[target].status))
    lost = comparison.change(None, both[target])[1] if len(moved) > 1 else ""
    yield _entry(work, store, Action.PLANNED, ORDER, target=target, **texts, rule=f"edited in {moved[0]}", loser=lost)


def _texts(before: Order | None, after: Order) -> dict[str, str]:
    """Facts only: whether people and places differ shows when the other shop has kept them in its own form."""
    new = comparison.facts(after)
    old = comparison.facts(before) if before else {}
    names = [name for name in new if old.get(name) != new[name]]
    values: dict[str, object] = {name: new[name] for name in names} or {"changed": ["people"]}
    return {"old": fields.text({name: old[name] for name in names}) if before else "", "new": fields.text(values)}


def _steps(work: OrderWork, store: StoreName, both: Both) -> Iterator[Entry]:
    work.both = both
    fresh = not both[work.origin.other].id or both[work.origin.other].status == FIRST[work.origin.other]
    kept = kept_standing(work) if work.draft.is_linked or fresh else None
    now = order_statuses.standing(both)
    offered = {status.id: status.actions for status in work.world.store(StoreName.WEBASYST).info().statuses}
    for number in range(order_statuses.STEPS):
        step = statuses.step(work.connection.statuses, kept, now, offered)
        if step.target is None:
            return
        after = _after(step, now)
        old, new = (fields.text({"status": item.letter if step.target is StoreName.CSCART else item.state}) for item in (now, after))
        key = f"{STATUS}:{number}"
        yield _entry(work, store, Action.PLANNED, STATUS, target=step.target, old=old, new=new, rule=step.rule, key=key)
        kept, now = order_statuses.expected(kept, step, now, after), after


def _after(step: statuses.Step, now: Standing) -> Standing:
    if step.target is StoreName.CSCART:
        return Standing(step.value, now.state)
    return Standing(now.letter, statuses.RESULTS.get(step.value, now.state))


def _entry(work: OrderWork, store: StoreName, action: Action, group: str, target: StoreName | None = None, **texts: Any) -> Entry:
    """`pair` is the order, wherever it is looked at from; `source` and `id` are where it was."""
    key = texts.pop("key", group)
    data = {"pair": f"order {work.origin}:{work.origin_id}", "source": store.value, "id": _id_in(work, store), "key": key}
    record = (work.draft.id_in(target) if target else "") or work.origin_id
    return Entry(KIND, work.origin_id, action, target or store, record, group, data=data, **texts)


def _id_in(work: OrderWork, store: StoreName) -> str:
    return work.draft.id_in(store) or work.origin_id
