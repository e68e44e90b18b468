"""How an order's discount is laid on its lines so that Shop-Script keeps it to the cent.

The shop keeps a discount as sent only if the lines' shares add up to it and each share is a whole number of cents per piece; otherwise it
moves the discount until that holds, and the total with it (R7). So the shares are chosen here and sent with the lines.
"""

from collections.abc import Sequence
from decimal import Decimal

from ..domain.order_translation import free_form
from ..domain.orders import CENT, Line

Shares = list[int]


def laid_on(lines: Sequence[Line], discount: Decimal) -> tuple[tuple[Line, ...], tuple[Decimal, ...]]:
    """Lines to send and each one's share; the shares' sum is the discount to send with them.

    A line below zero cannot be stored, it counts as discount. Where no exact split exists, as 0.50 over 3 pieces, a line
    "Rounding" of a few cents takes what the larger discount gives too much. More discount than the lines are worth stays unlaid.
    """
    kept = tuple(line for line in lines if line.price >= 0)
    wanted = _cents(discount) - sum(_cents(line.amount) for line in lines if line.price < 0)
    room = [_room(line) for line in kept]
    wanted = min(wanted, sum(room))
    for more in range(max((line.quantity for line in kept), default=0) + 1):
        if (shares := _shares([line.quantity for line in kept], room, wanted + more)) is not None:
            extra = (free_form("Rounding", more * CENT),) if more else ()
            return (*kept, *extra), tuple(share * CENT for share in [*shares, *(0 for _ in extra)])
    return kept, tuple(Decimal(0) for _ in kept)


def _cents(amount: Decimal) -> int:
    return int((amount / CENT).to_integral_value())


def _room(line: Line) -> int:
    """The most that can be taken off a line, in cents and whole per piece."""
    return int(line.price / CENT) * line.quantity


def _shares(quantities: Sequence[int], room: Sequence[int], wanted: int) -> Shares | None:
    """Shares in proportion to what the lines are worth, each a multiple of its quantity; None when no such split is found."""
    whole = sum(room)
    if not 0 <= wanted <= whole:
        return None
    shares = [wanted * most // whole // pieces * pieces if most else 0 for most, pieces in zip(room, quantities, strict=True)]
    left = wanted - sum(shares)
    for at in sorted(range(len(shares)), key=lambda at: -quantities[at]):
        if quantities[at]:
            added = min(left, room[at] - shares[at]) // quantities[at] * quantities[at]
            shares[at] += added
            left -= added
    return shares if not left or _exchanged(quantities, room, shares, left) else None


def _exchanged(quantities: Sequence[int], room: Sequence[int], shares: Shares, left: int) -> bool:
    """Take some from one line and more from another: with 2 and 3 pieces a single cent is 3 - 2."""
    for gives, fewer in enumerate(quantities):
        for takes, pieces in enumerate(quantities):
            if gives == takes or not fewer or not pieces:
                continue
            for times in range(1, pieces + 1):
                taken = left + times * fewer
                if taken % pieces == 0 and shares[gives] >= times * fewer and shares[takes] + taken <= room[takes]:
                    shares[gives] -= times * fewer
                    shares[takes] += taken
                    return True
    return False
