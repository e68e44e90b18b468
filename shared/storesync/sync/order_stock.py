"""Stock and mirrored orders: what one order took is taken once, whatever the shops' settings say.

Owner CS-Cart: a mirrored order never touches Webasyst's stock (X3), CS-Cart's count flows there. Owner Webasyst: the mirrored
order takes its stock there as the shop is set to; what it has not taken yet is reserved, so that CS-Cart shows Webasyst's count
less the reserved pieces.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

from ..domain import order_comparison as comparison
from ..domain import statuses
from ..domain.changes import Cause, Change, Kind
from ..domain.connection import Connection
from ..domain.model import StoreName
from ..domain.orders import Line, Order
from .order_work import Both, OrderWork


def suppresses(connection: Connection, origin: StoreName, source: Order) -> bool:
    """Whether an order's counterpart in Webasyst must leave the stock there alone. Orders older than the connection always do:
    Webasyst's counts know nothing of those."""
    history = bool(connection.created_at and source.created_at and source.created_at < connection.created_at)
    return origin is StoreName.CSCART and (history or not connection.counted_there)


def pending(connection: Connection, both: Both, counting: str) -> dict[str, int]:
    """What Webasyst still will take for this order, by SKU id. `counting` is the shop's `stock_counting_action`."""
    there = both[StoreName.WEBASYST]
    standing = statuses.Standing(both[StoreName.CSCART].status, there.status)
    settled = there.stock_taken or there.stock_suppressed or statuses.cancels(connection.statuses, standing.letter)
    if counting == "none" or settled or statuses.closes(connection.statuses, standing):
        return {}
    return pieces(there.lines)


def pieces(lines: tuple[Line, ...]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for line in lines:
        if line.variant_id:
            found[line.variant_id] += int(Decimal(line.quantity).to_integral_value(ROUND_CEILING))
    return {item: count for item, count in found.items() if count > 0}


def foresee(work: OrderWork, source: Order) -> None:
    """Before the mirrored order exists, or while it cannot: the sale has already happened in CS-Cart."""
    if not work.connection.counted_there or work.origin is not StoreName.CSCART:
        return
    claims = work.world.links.claims(StoreName.CSCART, sorted({line.variant_id for line in source.lines if line.variant_id}))
    lines = tuple(
        replace(line, variant_id=claims[line.variant_id].counterpart_variant) for line in source.lines if line.variant_id in claims
    )
    kept_off = suppresses(work.connection, work.origin, source)
    there = replace(source, status="new", lines=lines, stock_taken=False, stock_suppressed=kept_off)
    counting = work.world.store(StoreName.WEBASYST).info().stock_counting
    reserve(work, pending(work.connection, {StoreName.CSCART: source, StoreName.WEBASYST: there}, counting))


def reserve(work: OrderWork, wanted: Mapping[str, int]) -> None:
    if work.connection.counted_there:
        work.world.links.reserve(f"{work.origin}:{work.origin_id}", wanted, work.lease)


def settle(work: OrderWork, both: Both) -> None:
    """The reservation as the order now stands."""
    if work.connection.counted_there:
        counting = work.world.store(StoreName.WEBASYST).info().stock_counting
        reserve(work, pending(work.connection, both, counting))


def hint(work: OrderWork, store: StoreName, order: Order) -> None:
    """A sale moves no product's stamp (C12, W27): the products of a changed order are looked at right away, once per change."""
    ids = tuple(sorted({line.product_id or line.variant_id for line in order.lines if line.variant_id}))
    if ids:
        stamp = order.updated_at.isoformat() if order.updated_at else ""
        seen = f"order {order.id}@{stamp}:{order.status}:{comparison.body_print(order, store)}:{work.draft.version}"
        work.world.queue.send([Change(work.connection.id, Kind.PRODUCT, store, ids, Cause.ORDER, seen, work.run)])
        work.counts["stock_hints"] += 1
