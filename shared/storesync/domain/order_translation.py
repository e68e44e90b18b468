"""An order of one store in the words of the other: the same lines, money to the cent, the same people and places."""

from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from ..errors import TotalsDiffer
from . import prints
from .connection import Connection
from .orders import CENT, Address, Line, Order

Counterpart = Callable[[Line], tuple[str, str]]
FINEST = Decimal("0.0001")  # Webasyst keeps four decimals of a line's price


def marker(connection_id: str, origin: str, order_id: str) -> str:
    """Our mark on the mirrored order; unique to the connection, so that two of them never find each other's orders."""
    return f"{connection_id}:{origin}:{order_id}"


def free_form(name: str, amount: Decimal) -> Line:
    return Line("", "", "", "", name, amount, 1)


def net_lines(order: Order) -> tuple[Line, ...]:
    """Lines with the order's discount spread over them in proportion; what four decimals cannot hold stands in a line of its own."""
    if not order.discount or not order.subtotal:
        return order.lines
    share = min(order.discount / order.subtotal, Decimal(1))
    lines = tuple(replace(line, price=(line.price * (1 - share)).quantize(FINEST, ROUND_DOWN)) for line in order.lines)
    wanted = max(order.subtotal - order.discount, Decimal(0))
    rest = wanted - sum((line.amount for line in lines), Decimal(0))
    return (*lines, free_form("Rounding", rest)) if rest else lines


def extra_lines(order: Order) -> tuple[Line, ...]:
    """Webasyst has no field for a payment surcharge nor for a tax it did not reckon itself: they are priced lines there (X8)."""
    parts = (("Payment surcharge", order.surcharge), ("Tax", order.tax))
    return tuple(free_form(name, amount) for name, amount in parts if amount)


def to_webasyst(connection: Connection, order: Order, counterpart: Counterpart, contact_id: str) -> Order:
    """`counterpart` gives (product id, SKU id) of a line there and raises MissingLink. Raises TotalsDiffer when the order itself does not add up."""
    if abs(order.expected_total - order.total) > Decimal("0.02"):
        raise TotalsDiffer("the order does not add up in CS-Cart", expected=order.expected_total, total=order.total)
    lines = tuple(_linked(line, counterpart) for line in (order.lines if connection.order_discounts else net_lines(order)))
    lines += extra_lines(order)
    # A cent that CS-Cart rounded away in its own total belongs to the discount or the shipping, never to a price.
    drift = order.total - order.expected_total
    discount = (order.discount if connection.order_discounts else Decimal(0)) - min(drift, Decimal(0))
    if drift > 0:
        lines += (free_form("Rounding", drift),)
    return replace(
        order,
        id="",
        lines=lines,
        discount=discount,
        surcharge=Decimal(0),
        tax=Decimal(0),
        customer=replace(order.customer, id=contact_id),
        shipping_address=order.shipping_address or order.billing_address,
    )


def to_cscart(order: Order, counterpart: Counterpart) -> Order:
    return replace(order, id="", lines=tuple(_linked(line, counterpart) for line in order.lines))


def _linked(line: Line, counterpart: Counterpart) -> Line:
    if line.is_free_form:
        return replace(line, id="")
    product_id, variant_id = counterpart(line)
    return replace(line, id="", product_id=product_id, variant_id=variant_id)


def cents(amount: Decimal) -> str:
    return str(amount.quantize(CENT, ROUND_HALF_UP))


def _address(address: Address) -> tuple[str, ...]:
    fields = (address.street, address.city, address.region, address.zip, address.country)
    return tuple(prints.text(field) for field in fields)


def body_value(order: Order) -> tuple[object, ...]:
    """All but the status, in an order that does not depend on how a store lists lines (C35)."""
    lines = sorted(
        (line.sku.strip(), line.name if line.is_free_form else "", line.quantity, prints.number(line.price)) for line in order.lines
    )
    people = (order.customer.email_key, order.customer.phone, order.customer.firstname, order.customer.lastname)
    places = (_address(order.billing_address), _address(order.shipping_address))
    return (lines, cents(order.shipping), cents(order.discount), cents(order.total), prints.text(order.comment), people, places)


def body_print(order: Order) -> str:
    return prints.of_value(body_value(order))


def _goods(order: Order) -> Decimal:
    return sum((line.amount for line in order.lines if not line.is_free_form), Decimal(0))


def money_difference(wanted: Order, kept: Order) -> dict[str, str]:
    """Fields of money in which the mirrored order is off, with both amounts; empty when it is exact."""
    pairs = {
        "total": (wanted.expected_total, kept.total),
        "shipping": (wanted.shipping, kept.shipping),
        "lines": (_goods(wanted), _goods(kept)),
    }
    return {name: f"{cents(ours)} != {cents(theirs)}" for name, (ours, theirs) in pairs.items() if cents(ours) != cents(theirs)}
