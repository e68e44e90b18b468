"""Prints: short hashes of canonical values, taken of what a store kept. Equal print, equal value: an echo needs no write."""

import hashlib
import json
import unicodedata
from base64 import urlsafe_b64encode
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from .model import Content, Group, Listing, Product, Variant, Visibility

UNLIMITED = "~"
REMEMBERED = 256  # of one batch, which is printed before and after each write
_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
PRINT_BYTES = 9  # 12 characters; 72 bits keep a chance match below 1 in 10^11 at 100,000 products


def of_value(value: object) -> str:
    text = _COMPACT.encode(value)
    return urlsafe_b64encode(hashlib.blake2b(text.encode(), digest_size=PRINT_BYTES).digest()).decode()


def text(value: str) -> str:
    """What two stores can be expected to agree on: composed characters, one kind of line end, no blanks around."""
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def number(value: Decimal) -> str:
    """`49.990000` and `49.99` are one number (C8)."""
    normal = value.normalize()
    return f"{normal:f}" if normal else "0"


def content_value(content: Content) -> tuple[str, ...]:
    fields = (content.name, content.summary, content.description, content.meta_title, content.meta_keywords, content.meta_description)
    return tuple(text(field) for field in fields)


def listing_value(listing: Listing) -> tuple[object, ...]:
    return (listing.visibility.value, listing.categories[:1], tuple(sorted(listing.categories[1:])))


def variant_value(variant: Variant, group: Group) -> tuple[object, ...]:
    if group is Group.PRICE:
        return (number(variant.price), number(variant.compare_price))
    if group is Group.STOCK:
        return (variant.stock,)
    return (variant.sku.strip(), variant.available)


@lru_cache(REMEMBERED)
def content_print(content: Content) -> str:
    return of_value(content_value(content))


@lru_cache(REMEMBERED)
def listing_print(listing: Listing) -> str:
    """The visibility shows in front, so that a pass can tell that something was hidden without asking a store."""
    return f"{listing.visibility.value[0]}:{of_value(listing_value(listing))}"


def visibility_of(text: str) -> Visibility | None:
    """Of a listing's print."""
    return next((item for item in Visibility if text.startswith(f"{item.value[0]}:")), None)


def media_value(product: Product) -> tuple[str, ...]:
    return tuple(image.key for image in product.images)


def key(group: Group, variant_id: str = "") -> str:
    return f"{group.value}:{variant_id}" if variant_id else group.value


def of_variant(variant: Variant) -> dict[str, str]:
    """Price and stock print as themselves: short enough, and a pass can tell how far they moved without asking a store."""
    return {
        key(Group.IDENTITY, variant.id): _identity_print(variant.sku.strip(), variant.available),
        key(Group.PRICE, variant.id): f"{number(variant.price)}/{number(variant.compare_price)}",
        key(Group.STOCK, variant.id): stock_text(variant.stock),
    }


@lru_cache(REMEMBERED)
def _identity_print(sku: str, available: bool) -> str:
    return of_value((sku, available))


def variant_with(variant: Variant, price: str, stock: str) -> Variant:
    """With the price and the count that two prints of `of_variant` tell."""
    own, compare = (Decimal(value) for value in price.split("/"))
    return replace(variant, price=own, compare_price=compare, stock=stock_number(stock))


def stock_text(stock: int | None) -> str:
    return UNLIMITED if stock is None else str(stock)


def stock_number(text: str) -> int | None:
    """The inverse of `stock_text`; raises ValueError on anything else."""
    return None if text == UNLIMITED else int(text)


def of(product: Product, *, with_product: bool = True) -> dict[str, str]:
    """Prints of a product row. `with_product` False: a variation's own row, whose texts are its parent's (C34)."""
    prints = {name: value for variant in product.variants for name, value in of_variant(variant).items()}
    if with_product:
        prints[key(Group.CONTENT)] = content_print(product.content)
        prints[key(Group.LISTING)] = listing_print(product.listing)
        prints[key(Group.MEDIA)] = of_value(media_value(product))
    return prints
