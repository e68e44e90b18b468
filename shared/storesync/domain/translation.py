"""What a value of one store means in the other: categories, currency, visibility. Pure; ids of records are not touched here."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from ..errors import MissingRate
from .connection import Connection
from .model import Listing, Product, StoreName, Variant


def currency_of(connection: Connection, store: StoreName) -> str:
    return connection.cscart.currency if store is StoreName.CSCART else connection.webasyst.currency


def default_category(connection: Connection, store: StoreName) -> str:
    return connection.cscart.default_category if store is StoreName.CSCART else connection.webasyst.default_category


def category_map(connection: Connection, target: StoreName) -> Mapping[str, str]:
    """The table is written CS-Cart -> Webasyst; where several lead to one, the way back takes the first."""
    if target is StoreName.WEBASYST:
        return connection.categories
    back: dict[str, str] = {}
    for ours, theirs in connection.categories.items():
        back.setdefault(theirs, ours)
    return back


def categories(connection: Connection, source: tuple[str, ...], target: StoreName) -> tuple[str, ...]:
    """Mapped categories in order, else the target's default, else nothing (which means: leave them as they are)."""
    table = category_map(connection, target)
    mapped = tuple(dict.fromkeys(table[item] for item in source if item in table))
    fallback = default_category(connection, target)
    return mapped or ((fallback,) if fallback else ())


def rate(connection: Connection, source: str, target: str) -> Decimal:
    """Units of `target` for one of `source`. Raises MissingRate: a price is never passed on unconverted."""
    if source == target or not source or not target:
        return Decimal(1)
    if direct := connection.rates.get(f"{source}>{target}"):
        return direct
    if inverse := connection.rates.get(f"{target}>{source}"):
        return 1 / inverse
    raise MissingRate("no rate", source=source, target=target)


def money(connection: Connection, amount: Decimal, source: str, target: str) -> Decimal:
    factor = rate(connection, source, target)
    return amount if factor == 1 else (amount * factor).quantize(Decimal("0.01"), ROUND_HALF_UP)


def variant(connection: Connection, source: Variant, product: Product, target_currency: str) -> Variant:
    return replace(
        source,
        price=money(connection, source.price, product.currency, target_currency),
        compare_price=money(connection, source.compare_price, product.currency, target_currency),
        stocks=(),
    )


def product(connection: Connection, source: Product, target: StoreName, current: Product | None = None) -> Product:
    """`source` in the words of `target`. `current` is its counterpart there, whose currency and unmapped categories stay."""
    currency = (current.currency if current else "") or currency_of(connection, target) or source.currency
    chosen = categories(connection, source.listing.categories, target)
    kept = current.listing.categories if current else ()
    listing = Listing(
        visibility=source.listing.visibility,
        categories=chosen or kept,
        type_id=current.listing.type_id if current else (connection.webasyst.default_type if target is StoreName.WEBASYST else ""),
    )
    variants = tuple(variant(connection, item, source, currency) for item in source.variants)
    return replace(source, listing=listing, variants=variants, currency=currency)
