"""An order of one store in the words of the other: the same lines, money to the cent, the same people and places."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from ..errors import MissingRate, TotalsDiffer, UnsupportedValue
from .connection import Connection
from .orders import CENT, Line, Order

Counterpart = Callable[[Line], tuple[str, str]]
DRIFT = Decimal("0.02")  # how far CS-Cart's own sum may be off its total (contract 3.2)
SURCHARGE, TAX, ROUNDING = "Payment surcharge", "Tax", "Rounding"
OWN_LINES = frozenset({SURCHARGE, TAX, ROUNDING})
NOTHING = Decimal(0)


def marker(connection_id: str, origin: str, order_id: str) -> str:
    """Our mark on the mirrored order; unique to the connection, so that two of them never find each other's orders."""
    return f"{connection_id}:{origin}:{order_id}"


def free_form(name: str, amount: Decimal) -> Line:
    return Line("", "", "", "", name, amount, 1)


def to_webasyst(connection: Connection, order: Order, counterpart: Counterpart, contact_id: str) -> Order:
    """`counterpart` gives (product id, SKU id) of a line there and raises MissingLink. Raises TotalsDiffer when the order itself does not add up.

    Shop-Script caps a discount at the lines' sum and has no field for a surcharge or a foreign tax (X8): those are priced lines, and
    what a discount takes beyond the lines it takes from the shipping. So its total is CS-Cart's own, whatever the parts.
    """
    if abs(order.expected_total - order.total) > DRIFT:
        raise TotalsDiffer("the order does not add up in CS-Cart", expected=order.expected_total, total=order.total)
    lines = tuple(_linked(line, counterpart) for line in order.lines)
    lines += tuple(free_form(name, amount) for name, amount in ((SURCHARGE, order.surcharge), (TAX, order.tax)) if amount)
    subtotal = _sum(lines)
    off = subtotal + order.shipping - order.total
    if off < 0:
        lines, subtotal, off = (*lines, free_form(ROUNDING, -off)), subtotal - off, NOTHING
    discount = min(off, subtotal)
    found = replace(
        order,
        id="",
        lines=lines,
        discount=discount,
        shipping=order.shipping - (off - discount),
        surcharge=NOTHING,
        tax=NOTHING,
        shipping_name=connection.shippings.to_webasyst.get(order.shipping_id) or order.shipping_name,
        payment_name=connection.payments.to_webasyst.get(order.payment_id) or order.payment_name,
        shipping_id="",
        payment_id="",
        customer=replace(order.customer, id=contact_id),
        shipping_address=order.shipping_address or order.billing_address,
    )
    return found if connection.order_discounts else net(found)


def net(order: Order) -> Order:
    """The same order with the discount taken off the lines, in whole cents, so that nothing is left for a shop to spread."""
    if not order.discount:
        return order
    amounts = shares([_cents(line.amount) for line in order.lines], _cents(order.discount))
    lines = tuple(part for line, amount in zip(order.lines, amounts, strict=True) for part in split(line, amount))
    return replace(order, lines=lines, discount=NOTHING)


def shares(amounts: Sequence[int], discount: int) -> list[int]:
    """What is left of each amount when `discount` is taken off in proportion: largest remainders first, the sum exact."""
    total = sum(amounts)
    left = total - discount
    if not total:
        return list(amounts)
    floors = [amount * left // total for amount in amounts]
    order = sorted(range(len(amounts)), key=lambda at: -(amounts[at] * left % total))
    for at in order[: left - sum(floors)]:
        floors[at] += 1
    return floors


def split(line: Line, amount: int) -> tuple[Line, ...]:
    """The line at `amount` cents in all; where they do not divide by the pieces, some pieces cost a cent more on a line of their own."""
    if line.quantity != int(line.quantity) or not line.quantity:
        return (replace(line, price=Decimal(amount) / 100 / line.quantity) if line.quantity else line,)
    pieces = int(line.quantity)
    unit, dearer = divmod(amount, pieces)
    parts = ((unit, pieces - dearer), (unit + 1, dearer))
    return tuple(replace(line, price=Decimal(price) / 100, quantity=count) for price, count in parts if count)


def to_cscart(connection: Connection, order: Order, counterpart: Counterpart, customer_id: str = "") -> Order:
    """The lines that we put in ourselves are CS-Cart's own surcharge and tax again. Raises UnsupportedValue and MissingRate:
    there are no free-form lines, no pieces of a piece and no second currency in CS-Cart."""
    currency = connection.cscart.currency
    if order.currency and currency and order.currency != currency:
        raise MissingRate("the order is not in CS-Cart's currency", source=order.currency, target=currency)
    lines = tuple(_whole(_linked(line, counterpart)) for line in order.lines if not _is_own(line))
    return replace(
        order,
        id="",
        lines=lines,
        shipping_id=connection.shippings.to_cscart.get(order.shipping_id) or connection.cscart.shipping_id,
        payment_id=connection.payments.to_cscart.get(order.payment_id) or connection.cscart.payment_id,
        customer=replace(order.customer, id=customer_id),
    )


def _is_own(line: Line) -> bool:
    return line.is_free_form and line.name in OWN_LINES


def _whole(line: Line) -> Line:
    if line.is_free_form:
        raise UnsupportedValue("CS-Cart has no free-form lines", line=line.id)
    if line.quantity != int(line.quantity) or line.quantity <= 0:
        raise UnsupportedValue("CS-Cart sells whole pieces only", sku=line.sku, quantity=line.quantity)
    return replace(line, quantity=int(line.quantity))


def _linked(line: Line, counterpart: Counterpart) -> Line:
    if line.is_free_form:
        return replace(line, id="")
    product_id, variant_id = counterpart(line)
    return replace(line, id="", product_id=product_id, variant_id=variant_id)


def corrected(wanted: Order, kept: Order, tries: int) -> Order:
    """What to send when Shop-Script made another total of what it was given.

    A tax that it puts on top by itself is taken off our own line for CS-Cart's tax. Cents that went by spreading the discount over the
    pieces (R7) a rounding line takes back; if that cannot be (a line costs no less than nothing) or the spreading moves with it, the
    discount goes into the lines. Any other difference is not hidden.
    """
    base = _less_tax(wanted, kept.tax)
    pieces = sum(Decimal(line.quantity) for line in wanted.lines)
    before = tries - (base != wanted)
    if kept.total == wanted.total or before < 0:
        return base
    if not wanted.discount or abs(wanted.total - kept.total) > CENT * pieces:
        return base
    if before or kept.total > wanted.total:
        return net(base)
    return replace(base, lines=(*base.lines, free_form(ROUNDING, wanted.total - kept.total)))


def netted(wanted: Order, kept: Order) -> Order:
    """The last form of it that `corrected` tries."""
    return net(_less_tax(wanted, kept.tax))


def _less_tax(order: Order, tax: Decimal) -> Order:
    ours = next((line.price for line in order.lines if line.is_free_form and line.name == TAX), NOTHING)
    if not 0 < tax <= ours or order.discount > order.subtotal - tax:
        return order
    others = tuple(line for line in order.lines if not (line.is_free_form and line.name == TAX))
    return replace(order, lines=(*others, free_form(TAX, ours - tax)) if ours > tax else others)


def cents(amount: Decimal) -> str:
    return str(amount.quantize(CENT, ROUND_HALF_UP))


def _cents(amount: Decimal) -> int:
    return int((amount * 100).to_integral_value(ROUND_HALF_UP))


def _sum(lines: Sequence[Line]) -> Decimal:
    return sum((line.amount for line in lines), NOTHING)
