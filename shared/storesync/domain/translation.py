"""What a value of one store means in the other: categories, currency, visibility. Pure; ids of records are not touched here."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from ..errors import MissingRate, UnsupportedValue
from .connection import Connection
from .model import Listing, Product, StoreName, Variant


def currency_of(connection: Connection, store: StoreName) -> str:
    return connection.cscart.currency if store is StoreName.CSCART else connection.webasyst.currency


def default_category(connection: Connection, store: StoreName) -> str:
    return connection.cscart.default_category if store is StoreName.CSCART else connection.webasyst.default_category


def category_map(connection: Connection, target: StoreName) -> Mapping[str, str]:
    """The table is written CS-Cart -> Webasyst; where several lead to one, the way back takes the first."""
    return _forth(connection) if target is StoreName.WEBASYST else _back(connection)


def _forth(connection: Connection) -> dict[str, str]:
    """A row may say that there is no counterpart."""
    return {ours: theirs for ours, theirs in connection.categories.items() if theirs}


def _back(connection: Connection) -> dict[str, str]:
    back: dict[str, str] = {}
    for ours, theirs in _forth(connection).items():
        back.setdefault(theirs, ours)
    return back


def _meant(items: tuple[str, ...], table: Mapping[str, str]) -> set[str]:
    return {table[item] for item in items if item in table}


def categories(connection: Connection, source: tuple[str, ...], target: StoreName, current: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Mapped categories in order, then those that the target has and the table does not speak of; of neither any, the target's default.

    Where several lead to one, what the target has stays when it means the same.
    """
    table, back = category_map(connection, target), category_map(connection, target.other)
    mapped = tuple(dict.fromkeys(table[item] for item in source if item in table))
    spoken = set(back)
    if mapped and _meant(current, back) == {item for item in source if item in table}:
        return current
    kept = tuple(item for item in current if not mapped or item not in spoken)
    fallback = default_category(connection, target)
    return tuple(dict.fromkeys(mapped + kept)) or ((fallback,) if fallback else ())


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
    """Raises UnsupportedValue: what costs less than a cent there is not given away."""
    price = money(connection, source.price, product.currency, target_currency)
    if source.price and not price:
        raise UnsupportedValue("the price would become none at all", product=product.id, currency=target_currency)
    return replace(
        source,
        price=price,
        compare_price=money(connection, source.compare_price, product.currency, target_currency),
        stocks=(),
    )


def product(connection: Connection, source: Product, target: StoreName, current: Product | None = None) -> Product:
    """`source` in the words of `target`. `current` is its counterpart there, whose currency and unmapped categories stay."""
    currency = (current.currency if current else "") or currency_of(connection, target) or source.currency
    there = current.listing.categories if current else ()
    listing = Listing(
        visibility=source.listing.visibility,
        categories=categories(connection, source.listing.categories, target, there),
        type_id=current.listing.type_id if current else (connection.webasyst.default_type if target is StoreName.WEBASYST else ""),
    )
    variants = tuple(variant(connection, item, source, currency) for item in source.variants)
    return replace(source, listing=listing, variants=variants, currency=currency)
