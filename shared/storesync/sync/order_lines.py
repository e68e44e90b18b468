"""An order translated with everything it needs in the other store: its products linked first, its buyer known there."""

from dataclasses import replace

from ..domain import order_comparison as comparison
from ..domain import order_translation as translation
from ..domain.changes import Cause
from ..domain.model import StoreName
from ..domain.orders import Line, Order
from ..errors import MissingLink, MissingRate
from .customers import CustomerSync
from .leases import LEASE_SECONDS, patient_lease
from .order_work import OrderWork


def translated(work: OrderWork, store: StoreName, order: Order, there: Order | None) -> Order:
    """`order` of `store` in the words of the other one. `there` is its counterpart, whose buyer stays; None: it is new.

    Raises what sets an order aside: a line without a counterpart, a currency the other shop does not know, totals that do not add up.
    """
    counterpart = counterparts(work, store, order)
    people = CustomerSync(work.world)
    if store is StoreName.WEBASYST:
        wanted = translation.to_cscart(work.connection, order, counterpart, there.customer.id if there else people.user(order))
        return replace(wanted, customer=there.customer) if there else wanted
    _check_currency(work, order)
    contact = there.customer.id if there else people.contact(order)
    wanted = _as_it_stands(translation.to_webasyst(work.connection, order, counterpart, contact), there)
    placed_there = there if there and work.origin is StoreName.WEBASYST else None
    return replace(wanted, shipping_name=placed_there.shipping_name, payment_name=placed_there.payment_name) if placed_there else wanted


def _as_it_stands(wanted: Order, there: Order | None) -> Order:
    """With the discount in the lines, where it was put there because the shop could not spread it to the cent: that is no difference."""
    if there is None or not comparison.differences(wanted, there):
        return wanted
    netted = translation.netted(wanted, there)
    return wanted if comparison.differences(netted, there) else netted


def _check_currency(work: OrderWork, order: Order) -> None:
    known = work.world.store(StoreName.WEBASYST).info().currencies
    if order.currency and known and not known.get(order.currency):
        raise MissingRate("Webasyst has no rate for the order's currency", currency=order.currency)


def counterparts(work: OrderWork, store: StoreName, order: Order) -> translation.Counterpart:
    """Products of lines that have no counterpart yet are synchronised first; a line is never left out."""
    wanted = sorted({line.variant_id for line in order.lines if line.variant_id})
    table = work.world.links.claims(store, wanted)
    if missing := [item for item in wanted if item not in table]:
        _fetch(work, store, order, missing)
        table |= work.world.links.claims(store, missing)

    def counterpart(line: Line) -> tuple[str, str]:
        if line.variant_id not in table:
            raise MissingLink("a line's product has no counterpart", sku=line.sku, variant=line.variant_id)
        return table[line.variant_id].counterpart_product, table[line.variant_id].counterpart_variant

    return counterpart


def _fetch(work: OrderWork, store: StoreName, order: Order, missing: list[str]) -> None:
    from .products import ProductSync  # most orders need none

    products = sorted({line.product_id or line.variant_id for line in order.lines if line.variant_id in missing})
    with patient_lease(work.world, "products", LEASE_SECONDS) as lease:
        ProductSync(work.world, lease, Cause.ORDER, work.run).apply(store, products)
