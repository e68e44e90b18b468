"""How an order's discount is laid on its lines so that Shop-Script keeps it to the cent.

The shop keeps a discount as sent only if the lines' shares add up to it and each share is a whole number of cents per piece; otherwise it
moves the discount until that holds, and the total with it (R7). So the shares are chosen here and sent with the lines.
"""

from collections.abc import Sequence
from decimal import Decimal
from math import gcd

from ..domain.order_translation import free_form
from ..domain.orders import CENT, Line

Shares = list[int]


def laid_on(lines: Sequence[Line], discount: Decimal) -> tuple[tuple[Line, ...], tuple[Decimal, ...]]:
    """Lines to send and each one's share; the shares' sum is the discount to send with them.

    A line below zero cannot be stored, it counts as discount. Where no exact split exists, as 0.50 over 3 pieces, a line
    "Rounding" of a few cents takes what the larger discount gives too much. More discount than the lines are worth stays unlaid.
    """
    kept = tuple(line for line in lines if line.price >= 0)
    lots = [_lot(line) for line in kept]
    room = [_cents(line.price * line.quantity) // lot * lot if lot else 0 for line, lot in zip(kept, lots, strict=True)]
    wanted = min(_cents(discount) - sum(_cents(line.amount) for line in lines if line.price < 0), sum(room))
    for more in range(max(lots, default=0) + 1):
        if (shares := _shares(lots, room, wanted + more)) is not None:
            extra = (free_form("Rounding", more * CENT),) if more else ()
            return (*kept, *extra), tuple(share * CENT for share in [*shares, *(0 for _ in extra)])
    return kept, tuple(Decimal(0) for _ in kept)


def _cents(amount: Decimal) -> int:
    return int((amount / CENT).to_integral_value())


def _lot(line: Line) -> int:
    """The fewest cents that are whole per piece; the shop reckons in thousandths of a piece."""
    thousandths = int(line.quantity * 1000)
    return thousandths // gcd(thousandths, 1000) if thousandths > 0 else 0


def _shares(lots: Sequence[int], room: Sequence[int], wanted: int) -> Shares | None:
    """Shares in proportion to what the lines are worth, each a multiple of its lot; None when no such split is found."""
    whole = sum(room)
    if not 0 <= wanted <= whole:
        return None
    shares = [wanted * most // whole // lot * lot if most else 0 for most, lot in zip(room, lots, strict=True)]
    left = wanted - sum(shares)
    for at in sorted(range(len(shares)), key=lambda at: -lots[at]):
        if lots[at]:
            added = min(left, room[at] - shares[at]) // lots[at] * lots[at]
            shares[at] += added
            left -= added
    return shares if not left or _exchanged(lots, room, shares, left) else None


def _exchanged(lots: Sequence[int], room: Sequence[int], shares: Shares, left: int) -> bool:
    """Take some from one line and more from another: with 2 and 3 pieces a single cent is 3 - 2."""
    for gives, fewer in enumerate(lots):
        for takes, pieces in enumerate(lots):
            if gives == takes or not fewer or not pieces:
                continue
            for times in range(1, pieces + 1):
                taken = left + times * fewer
                if taken % pieces == 0 and shares[gives] >= times * fewer and shares[takes] + taken <= room[takes]:
                    shares[gives] -= times * fewer
                    shares[takes] += taken
                    return True
    return False
