"""Stock that Webasyst gives back, or takes, for a mirrored order that never touched it.

A mirrored order is kept off the stock by a flag that tells the shop "already taken" (X3). Our own writes lift the flag first, but when
somebody deletes, refunds or edits the order in Webasyst itself, the shop moves its stock by pieces that were never taken there (X4).
What the shop believes to have taken is remembered with the link; where it changed by other hands, the count is set right again.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..domain import prints, statuses
from ..domain.exchange import ProductWrite
from ..domain.journal import Action, Entry
from ..domain.model import Group, Product, StoreName, Variant
from ..domain.orders import Order
from . import evidence
from .hindsight import Hindsight
from .leases import LEASE_SECONDS, patient_lease
from .order_stock import pieces
from .order_work import Both, OrderWork
from .overwritten import overwritten
from .pending import Pending
from .skews import seen_ahead

Counted = Mapping[str, tuple[Product, Variant]]  # by "product id/SKU id"


def believed(there: Order) -> dict[str, int]:
    """What the shop thinks that this order took, by product and SKU id."""
    if not there.stock_taken:
        return {}
    ids = {line.variant_id: f"{line.product_id}/{line.variant_id}" for line in there.lines}
    return {ids[item]: count for item, count in pieces(there.lines).items()}


def expect(work: OrderWork, wanted: Order) -> None:
    """Before the order is made: what its flag will tell the shop. Somebody may cancel it there before we have seen it."""
    if wanted.stock_suppressed:
        work.note(held=believed(replace(wanted, stock_taken=True)))


def accept(work: OrderWork, there: Order) -> None:
    """After our own writes, which move no stock."""
    if there.stock_suppressed:
        work.note(held=believed(there))


def announce(work: OrderWork, there: Order) -> None:
    """Before our own writes that lift or set the flag: what they leave behind when they are cut off is nobody else's doing."""
    if there.stock_suppressed and work.draft.held is not None:
        work.note(held=None)
        work.save()


def is_cut_off(work: OrderWork, both: Both) -> bool:
    """Whether our own write was announced and never came to its end, which may be before the flag was set again."""
    return both[StoreName.WEBASYST].stock_suppressed and (work.link is None or work.link.held is None)


def undo(work: OrderWork, there: Order) -> None:
    """Set right what others moved. How far the counts are to move is written down first, with what tells later whether they did: a second
    try moves none again, and moves as well what was moved by others since the first one."""
    held = work.draft.held if work.draft.held is not None else _presumed(work, there)
    if not there.stock_suppressed or (held is not None and held == believed(there) and not work.draft.owed):
        return
    moved = _moved(held, believed(there)) if held is not None else {}
    if not moved and not work.draft.owed:
        accept(work, there)
        return
    with patient_lease(work.world, "products", LEASE_SECONDS) as lease:
        counted = _counts(work, moved.keys() | work.draft.owed.keys())
        if not work.draft.owed and _was_done(work, moved, counted):
            accept(work, there)
            return
        pending = Pending(work.world, lease)
        pending.load()
        pending.witness(StoreName.WEBASYST, (product for product, _ in counted.values()))
        due = Counter(moved if work.draft.held is None else _without_overwritten(work, there, moved, counted, pending.skew))
        for key, by in _left(work, counted, pending.skew).items():
            due[key] += by
        owed = _owed(due, counted)
        work.note(held=believed(there), owed=owed, traced=_traced(work, owed, counted))
        work.save()
        _settle(work, counted)
    work.note(owed={}, traced={})


def _presumed(work: OrderWork, there: Order) -> dict[str, int] | None:
    """Our own write was cut off, and we do not know how it left the flag. Where it lifted the flag, the shop believed in nothing from
    then on. Else, if the order is cancelled, somebody else did it, and the shop gave back pieces that it never took: that is
    presumed, as it sells too few rather than too many, and said. Where we know no link, as after a loss of the state, an order that is
    cancelled in both shops was set right long ago.
    """
    if there.stock_suppressed and there.stock_released:
        return {}
    if not there.stock_suppressed or there.status not in statuses.CANCELLED or _settled_before(work):
        return None
    doubts: Counter[str] = Counter()
    for line in there.lines:
        doubts[line.sku.strip()] += int(line.quantity) if line.variant_id else 0
    for sku, count in (+doubts).items():
        _doubt(work, sku, count, there.id)
    return believed(replace(there, stock_taken=True))


def _doubt(work: OrderWork, sku: str, count: int, order_id: str) -> None:
    told = json.dumps({"pieces_in_doubt": count})
    entry = Entry("product", sku, Action.CONFLICT, StoreName.WEBASYST, order_id, Group.STOCK, new=told, rule="doubtful", cause=work.cause)
    work.entries.append(replace(entry, run=work.run, at=work.world.clock.now()))


def _without_overwritten(work: OrderWork, there: Order, moved: Mapping[str, int], counted: Counted, skew: evidence.Skew) -> dict[str, int]:
    """Where a count of ours may have overwritten what the shop moved, fewer pieces are for sale: what it gave back is taken again all the
    same, and what it took is not put back. It is said before anything is remembered of it."""
    lost = {item: overwritten(work.world, there, *counted[item], -by, skew) for item, by in moved.items() if item in counted}
    for item, count in lost.items():
        if count:
            _doubt(work, counted[item][1].sku.strip(), count, there.id)
    if any(lost.values()):
        work.tell()
    return {item: by - (lost.get(item, 0) if by > 0 else 0) for item, by in moved.items()}


def _settled_before(work: OrderWork) -> bool:
    letter = work.both[StoreName.CSCART].status if StoreName.CSCART in work.both else ""
    return not work.draft.is_linked and statuses.cancels(work.connection.statuses, letter)


def _counts(work: OrderWork, keys: Collection[str]) -> Counted:
    found = work.world.store(StoreName.WEBASYST).products(sorted({key.partition("/")[0] for key in keys}))
    return {f"{product.id}/{variant.id}": (product, variant) for product in found for variant in product.variants}


def _moved(held: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    """How far the counts are to move back: what the shop took meanwhile is put back, what it gave back is taken again."""
    return {item: by for item in held.keys() | now.keys() if (by := now.get(item, 0) - held.get(item, 0))}


def _was_done(work: OrderWork, moved: Mapping[str, int], counted: Counted) -> bool:
    """Set right before already, and forgotten."""
    here = {counted[item][1].id: counted[item][1].stock for item in moved if item in counted}
    return bool(here) and Hindsight(work.world).alike(here)


def _owed(due: Mapping[str, int], counted: Counted) -> dict[str, tuple[int, int]]:
    """Unlimited stays so."""
    stocks = {item: counted[item][1].stock for item in due if item in counted}
    return {item: (stock + due[item], due[item]) for item, stock in stocks.items() if stock is not None and due[item]}


def _traced(work: OrderWork, owed: Iterable[str], counted: Counted) -> dict[str, Any]:
    """As the notes of a product's writes are (see `evidence`), by the same names as `owed`."""
    traces = {}
    for item in owed:
        product, variant = counted[item]
        key = prints.key(Group.STOCK, variant.id)
        traces[item] = evidence.traces(product, StoreName.WEBASYST, key, {key: ()}, prints.of(product))
    noted = {"at": work.world.clock.now().isoformat(), "ahead": seen_ahead(work.world.streams), "traces": traces}
    return noted if traces else {}


def _left(work: OrderWork, counted: Counted, skew: evidence.Skew) -> dict[str, int]:
    """What an earlier try has not moved."""
    return {key: by for key, (_, by) in work.draft.owed.items() if key in counted and not _is_done(work, key, *counted[key], skew)}


def _is_done(work: OrderWork, key: str, product: Product, variant: Variant, skew: evidence.Skew) -> bool:
    """Whether an earlier try has moved it. Where nobody can tell, fewer pieces are for sale, and it is said."""
    if variant.stock is None:
        return True
    (target, by), trace = work.draft.owed[key], work.draft.traced.get("traces", {}).get(key)
    name, there = prints.key(Group.STOCK, variant.id), StoreName.WEBASYST
    writes = {there: {name: (str(target - by), str(target))}}
    noted = {**work.draft.traced, "writes": writes, "traces": {there: {name: trace}} if trace else {}}
    found = evidence.judged(noted, there, name, product, skew)
    if not found.sure:
        _doubt(work, variant.sku.strip(), abs(by), work.draft.id_in(there))
    return found.made


def _settle(work: OrderWork, counted: Counted) -> None:
    writes = [_write(work, *counted[key], by) for key, (_, by) in work.draft.owed.items()]
    for outcome in work.store(StoreName.WEBASYST).write(writes) if writes else ():
        if outcome.error is not None:
            raise outcome.error
    work.counts["stock_undone"] += len(writes)


def _write(work: OrderWork, product: Product, variant: Variant, by: int) -> ProductWrite:
    assert variant.stock is not None
    fixed = replace(variant, stock=variant.stock + by)
    old, new = (json.dumps({"sku": item.sku.strip(), "stock": item.stock}, ensure_ascii=False) for item in (variant, fixed))
    work.entry(Action.WRITTEN, StoreName.WEBASYST, "stock", old, new, "Webasyst moved what a mirrored order never took")
    desired = product.with_variants(tuple(fixed if item.id == variant.id else item for item in product.variants))
    return ProductWrite(product, desired, frozenset({prints.key(Group.STOCK, variant.id)}))
