"""Catalogue prices: base, promoted and wholesale."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from tests.sandbox.cscart import php
from tests.sandbox.cscart.shop import Row, Shop


def effective(shop: Shop, row: Row, amount: int = 1) -> int:
    """The price in cents a shopper pays now: wholesale level first, then the promotion in effect."""
    level = shop.value(
        "SELECT price FROM product_prices WHERE product_id=? AND lower_limit<=? AND usergroup_id=0 ORDER BY lower_limit DESC LIMIT 1",
        row["product_id"],
        amount,
    )
    base = int(row["price"] if level is None else level)
    percent = in_effect(shop).get(row["promotion_id"], 0)
    return int((Decimal(base) * (100 - percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def in_effect(shop: Shop) -> dict[int, int]:
    """Percents of the promotions that run now, by id."""
    now = shop.time
    found = shop.db.execute(
        "SELECT promotion_id, percent FROM promotions WHERE status='A' AND from_date<=? AND (to_date=0 OR to_date>=?)", (now, now)
    )
    return {row[0]: int(row[1]) for row in found}


def shown(shop: Shop, row: Row, *, discounts: bool, promotions: Mapping[int, int]) -> Row:
    base = php.money(row["price"])
    percent = promotions.get(row["promotion_id"], 0)
    if not discounts or not percent:
        return {"price": base, "base_price": base}
    return {"price": php.money(effective(shop, row)), "base_price": base, "discount_prc": percent}


def wholesale(shop: Shop, row: Row) -> list[Row]:
    levels = shop.rows(
        "SELECT lower_limit, price, usergroup_id, type FROM product_prices WHERE product_id=? ORDER BY lower_limit",
        (row["product_id"],),
    )
    first = {"lower_limit": 1, "price": row["price"], "usergroup_id": 0, "type": "A"}
    return [php.columns(level | {"price": php.money(level["price"])}) for level in [first, *levels]]
