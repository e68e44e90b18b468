"""How the shop lays a discount on the lines: whole cents per piece, and more discount rather than less (R6, R7)."""

from __future__ import annotations

import math

from tests.sandbox.webasyst.schema import Row, placed


def spread(items: list[Row], discount: float) -> float:
    """Sets each line's `total_discount` and returns the discount that the order gets.

    Shares that were sent, add up and are whole per piece stay as they are. Else each line takes its part rounded down to whole cents per
    piece, what is left goes to the lines with many pieces first, and a last rest is rounded up on the line with the fewest.
    """
    worth = [_cents(item["price"] * item["quantity"]) for item in items]
    wanted = max(0, min(_cents(discount), sum(worth)))
    lots = [max(1, round(item["quantity"])) if item["quantity"] else 0 for item in items]
    shares = [_cents(item["total_discount"]) for item in items]
    if sum(shares) != wanted or any(share % lot for share, lot in zip(shares, lots, strict=True) if lot):
        shares = _laid(worth, lots, wanted)
    for item, share in zip(items, shares, strict=True):
        item["total_discount"] = placed(share / 100, 4)
    return placed(sum(shares) / 100, 4) if sum(worth) else placed(wanted / 100, 4)


def _cents(amount: float) -> int:
    return math.floor(amount * 100 + 0.5)


def _laid(worth: list[int], lots: list[int], wanted: int) -> list[int]:
    whole = sum(worth)
    if not whole:
        return [0 for _ in worth]
    shares = [wanted * most // whole // lot * lot if lot else 0 for most, lot in zip(worth, lots, strict=True)]
    left = wanted - sum(shares)
    many_first = sorted((at for at, lot in enumerate(lots) if lot), key=lambda at: -lots[at])
    for at in many_first:
        while left >= lots[at] and shares[at] + lots[at] <= worth[at]:
            shares[at] += lots[at]
            left -= lots[at]
    for at in reversed(many_first):
        if left > 0 and shares[at] + lots[at] <= worth[at]:
            shares[at] += lots[at]
            left = 0
    return shares
