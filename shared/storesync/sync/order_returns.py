"""Stock that Webasyst gives back, or takes, for a mirrored order that never touched it.

A mirrored order is kept off the stock by a flag that tells the shop "already taken" (X3). Our own writes lift the flag first, but when
somebody deletes, refunds or edits the order in Webasyst itself, the shop moves its stock by pieces that were never taken there (X4).
What the shop believes to have taken is remembered with the link; where it changed by other hands, the count is set right again.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from ..domain import prints, statuses
from ..domain.exchange import ProductWrite
from ..domain.journal import Action, Entry
from ..domain.model import Group, Product, StoreName, Variant
from ..domain.orders import Order
from .hindsight import Hindsight
from .leases import LEASE_SECONDS, patient_lease
from .order_stock import pieces
from .order_work import Both, OrderWork
from .pending import Pending


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
    """Set right what others moved. The counts to be reached are written down first, so that a second try does not move them again."""
    held = work.draft.held if work.draft.held is not None else _presumed(work, there)
    if not there.stock_suppressed or (held is not None and held == believed(there) and not work.draft.owed):
        return
    if held is None:
        accept(work, there)
        return
    with patient_lease(work.world, "products", LEASE_SECONDS) as lease:
        counted = _counts(work, held.keys() | believed(there).keys() | work.draft.owed.keys())
        if not work.draft.owed and _was_done(work, held, believed(there), counted):
            accept(work, there)
            return
        pending = Pending(work.world, lease)
        pending.load()
        pending.witness(StoreName.WEBASYST, (product for product, _ in counted.values()))
        if not work.draft.owed:
            work.note(owed=_owed(held, believed(there), counted), held=believed(there))
            work.save()
        _settle(work, counted)
    work.note(owed={})


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
        told = json.dumps({"pieces_in_doubt": count})
        entry = Entry(
            "product", sku, Action.CONFLICT, StoreName.WEBASYST, there.id, Group.STOCK, new=told, rule="doubtful", cause=work.cause
        )
        work.entries.append(replace(entry, run=work.run, at=work.world.clock.now()))
    return believed(replace(there, stock_taken=True))


def _settled_before(work: OrderWork) -> bool:
    letter = work.both[StoreName.CSCART].status if StoreName.CSCART in work.both else ""
    return not work.draft.is_linked and statuses.cancels(work.connection.statuses, letter)


def _counts(work: OrderWork, keys: Collection[str]) -> dict[str, tuple[Product, Variant]]:
    found = work.world.store(StoreName.WEBASYST).products(sorted({key.partition("/")[0] for key in keys}))
    return {f"{product.id}/{variant.id}": (product, variant) for product in found for variant in product.variants}


def _was_done(work: OrderWork, held: Mapping[str, int], now: Mapping[str, int], counted: Mapping[str, tuple[Product, Variant]]) -> bool:
    """Set right before already, and forgotten."""
    moved = [item for item in held.keys() | now.keys() if held.get(item, 0) != now.get(item, 0) and item in counted]
    return bool(moved) and Hindsight(work.world).alike({counted[item][1].id: counted[item][1].stock for item in moved})


def _owed(held: Mapping[str, int], now: Mapping[str, int], counted: Mapping[str, tuple[Product, Variant]]) -> dict[str, tuple[int, int]]:
    moved = {item: now.get(item, 0) - held.get(item, 0) for item in held.keys() | now.keys()}
    stocks = {item: counted[item][1].stock for item in moved if item in counted}
    return {item: (stock + moved[item], moved[item]) for item, stock in stocks.items() if stock is not None and moved[item]}


def _settle(work: OrderWork, counted: Mapping[str, tuple[Product, Variant]]) -> None:
    due = [(key, by) for key, (target, by) in work.draft.owed.items() if key in counted and not _is_done(counted[key][1].stock, target, by)]
    writes = [_write(work, *counted[key], by) for key, by in due]
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


def _is_done(count: int | None, target: int, by: int) -> bool:
    """Whether an earlier try has moved it: the count lies nearer to the target than to where it set out from. Unlimited stays so."""
    return count is None or abs(count - target) < abs(count - (target - by))
