"""Products as both stores see them: content, images, listing and variants, with nothing of a vendor's format."""

import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class StoreName(StrEnum):
    CSCART = "cscart"
    WEBASYST = "webasyst"

    @property
    def other(self) -> "StoreName":
        return StoreName.WEBASYST if self is StoreName.CSCART else StoreName.CSCART


class Group(StrEnum):
    """The unit of ownership and comparison. `price`, `stock` and `identity` belong to a variant, the rest to a product."""

    CONTENT = "content"
    MEDIA = "media"
    LISTING = "listing"
    PRICE = "price"
    STOCK = "stock"
    IDENTITY = "identity"


PRODUCT_GROUPS = (Group.CONTENT, Group.MEDIA, Group.LISTING)
VARIANT_GROUPS = (Group.IDENTITY, Group.PRICE, Group.STOCK)


class Visibility(StrEnum):
    """`hidden` can be reached by its link, `disabled` cannot be bought at all."""

    VISIBLE = "visible"
    HIDDEN = "hidden"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Content:
    """Texts. `slug` is sent when a product is created and compared nowhere: both stores change it as they like (W42, C33)."""

    name: str
    summary: str = ""
    description: str = ""
    meta_title: str = ""
    meta_keywords: str = ""
    meta_description: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """`id` is the store's own; `key` changes when the bytes may have changed (Webasyst: the id; CS-Cart: the path)."""

    id: str
    url: str
    key: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Where and whether a product is shown. Category ids are the store's own, the main one first."""

    visibility: Visibility = Visibility.VISIBLE
    categories: tuple[str, ...] = ()
    type_id: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """One SKU. `stock` None means unlimited and is never a number. `stocks`: counts per warehouse where the store keeps them. `edited_at`:
    where its row has a stamp of its own.
    """

    id: str
    sku: str
    price: Decimal
    name: str = ""
    compare_price: Decimal = Decimal(0)
    stock: int | None = 0
    available: bool = True
    stocks: tuple[tuple[str, int | None], ...] = ()
    edited_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Product:
    """A product with its 1..n variants, the main one first. `currency` is that of the variants' prices."""

    id: str
    content: Content
    listing: Listing
    variants: tuple[Variant, ...]
    currency: str
    images: tuple[Image, ...] = ()
    created_at: datetime | None = None
    edited_at: datetime | None = None

    def variant(self, variant_id: str) -> Variant | None:
        return next((variant for variant in self.variants if variant.id == variant_id), None)

    def with_variants(self, variants: tuple[Variant, ...]) -> "Product":
        return replace(self, variants=variants)


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a store's product list, as light as a sweep needs it: prints instead of values.

    Webasyst lists products with all their SKUs; CS-Cart lists each variation as a row of its own. `product_id` is the
    product that the row belongs to. `prints` has the keys of `prints.of`.
    """

    id: str
    product_id: str
    variants: tuple[tuple[str, str], ...]
    prints: dict[str, str] = field(default_factory=dict)
    stamp: datetime | None = None


@dataclass(frozen=True, slots=True)
class Category:
    id: str
    name: str
    parent_id: str = ""
    path: str = ""


LOOK_ALIKES = str.maketrans("авекмнорстухіјѕё", "abekmhopctyxijse")  # Cyrillic letters that nobody can tell from Latin ones


def sku_key(sku: str) -> str:
    """SKUs match trimmed and case-sensitively; this folded key only finds those that are too alike, to the eye or to a shop's collation."""
    return " ".join(unicodedata.normalize("NFKC", sku).casefold().translate(LOOK_ALIKES).split())
