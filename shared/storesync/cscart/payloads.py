"""Products: CS-Cart's JSON to the domain and back, without I/O."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from ..domain import prints
from ..domain.model import Content, Group, Image, Listing, Product, Record, Variant, Visibility
from ..errors import UnsupportedValue
from .decode import Json, mapping, moment, number, rows, text, texts

CENT = Decimal("0.01")
LONGEST_NAME, LONGEST_SKU, LONGEST_META = 255, 64, 255
LARGEST_STOCK, LARGEST_PRICE = 8_388_607, Decimal(10) ** 10
_STATUS = {Visibility.VISIBLE: "A", Visibility.HIDDEN: "H", Visibility.DISABLED: "D"}
_VISIBILITY = {"A": Visibility.VISIBLE, "H": Visibility.HIDDEN}
_FOUR_BYTES = re.compile("[\U00010000-\U0010ffff]")
_ORDER = [Visibility.VISIBLE, Visibility.HIDDEN, Visibility.DISABLED]


def parent_of(row: Json) -> str:
    """The product that a listed row belongs to: itself, or the parent of a variation."""
    found = text(row.get("parent_product_id")) or text(row.get("variation_parent_product_id"))
    return found if found not in ("", "0") else text(row.get("product_id"))


def is_grouped(row: Json) -> bool:
    return text(row.get("variation_group_id")) not in ("", "0") or parent_of(row) != text(row.get("product_id"))


def variant(row: Json, *, grouped: bool) -> Variant:
    """`base_price`: the one without promotions (C7). Tracking `D` means that the shop counts nothing, which is unlimited."""
    return Variant(
        id=text(row.get("product_id")),
        sku=text(row.get("product_code")),
        name=_name(row),
        price=number(row.get("base_price")).quantize(CENT, ROUND_HALF_UP),
        compare_price=number(row.get("list_price")).quantize(CENT, ROUND_HALF_UP),
        stock=None if text(row.get("tracking")) == "D" else int(number(row.get("amount"))),
        available=not grouped or text(row.get("status")) != "D",
        edited_at=moment(row.get("updated_timestamp")),
    )


def _name(row: Json) -> str:
    return text(row.get("variation_name"))


def _visibility(row: Json) -> Visibility:
    return _VISIBILITY.get(text(row.get("status")), Visibility.DISABLED)


def content(row: Json) -> Content:
    names = ("product", "short_description", "full_description", "page_title", "meta_keywords", "meta_description", "seo_name")
    return Content(*(text(row.get(name)) for name in names))


def images(row: Json) -> tuple[Image, ...]:
    pairs = [mapping(row.get("main_pair")), *sorted(rows(row.get("image_pairs")), key=lambda item: number(item.get("position")))]
    return tuple(image for pair in pairs if (image := _image(pair)))


def _image(pair: Json) -> Image | None:
    detailed = mapping(pair.get("detailed")) or mapping(pair.get("icon"))
    url = text(detailed.get("image_path"))
    return Image(text(pair.get("pair_id")), url, f"{text(pair.get('detailed_id'))}:{url.rpartition('/')[2]}") if url else None


def product(group: Sequence[Json], currency: str) -> Product:
    """One product from the rows of its variations, the parent first."""
    main = next((row for row in group if parent_of(row) == text(row.get("product_id"))), group[0])
    grouped = len(group) > 1 or is_grouped(main)
    ordered = [main, *(row for row in sorted(group, key=lambda row: number(row.get("product_id"))) if row is not main)]
    visibility = min((_visibility(row) for row in ordered), key=_ORDER.index)
    found = texts(main.get("category_ids"))
    chief = text(main.get("main_category"))
    categories = tuple(dict.fromkeys(([chief] if chief in found else []) + sorted(found, key=lambda item: number(item))))
    return Product(
        id=text(main.get("product_id")),
        content=content(main),
        listing=Listing(visibility, categories),
        variants=tuple(variant(row, grouped=grouped) for row in ordered),
        currency=currency,
        images=images(main),
        created_at=moment(main.get("timestamp")),
        edited_at=moment(main.get("updated_timestamp")),
    )


def record(row: Json, currency: str) -> Record:
    """A listed row. A variation's own texts and categories are its parent's (C34), so only its variant is printed."""
    parent = parent_of(row)
    found = product([row], currency)
    own = parent == text(row.get("product_id"))
    stamp = moment(row.get("updated_timestamp"))
    return Record(found.id, parent, tuple((item.id, item.sku) for item in found.variants), prints.of(found, with_product=own), stamp)


def fit(found: Product) -> Product:
    """Two decimals, trimmed names, three-byte characters, cut texts. What would become another value is refused with UnsupportedValue.

    A single variant's availability has no place of its own: there the product's status says it.
    """
    for item in found.variants:
        _check(item, found.id)
    texts_ = found.content
    if not plain(texts_.name).strip(" -\t\r\n\0"):
        raise UnsupportedValue("the product has no name", product=found.id)
    kept = Content(
        name=plain(texts_.name).strip(" -")[:LONGEST_NAME] or texts_.name,
        summary=plain(texts_.summary),
        description=plain(texts_.description),
        meta_title=plain(texts_.meta_title)[:LONGEST_META],
        meta_keywords=plain(texts_.meta_keywords)[:LONGEST_META],
        meta_description=plain(texts_.meta_description)[:LONGEST_META],
        slug=texts_.slug,
    )
    single = len(found.variants) == 1
    variants = tuple(replace(_rounded(item), available=item.available or single) for item in found.variants)
    return replace(found, content=kept, variants=variants)


def _check(item: Variant, product_id: str) -> None:
    sku = item.sku.strip()
    if len(sku) > LONGEST_SKU or plain(sku) != sku:
        raise UnsupportedValue("the shop cannot hold this SKU: at most 64 characters, and none beyond the basic plane", product=product_id)
    if item.stock is not None and abs(item.stock) > LARGEST_STOCK:
        raise UnsupportedValue("the shop cannot count that many", product=product_id, stock=item.stock)
    if min(item.price, item.compare_price) < 0:
        raise UnsupportedValue("the shop makes a negative price a positive one", product=product_id)
    if item.price and not _rounded(item).price:
        raise UnsupportedValue("the price would become none at all", product=product_id)
    if max(item.price, item.compare_price) >= LARGEST_PRICE:
        raise UnsupportedValue("the price is larger than the shop can hold", product=product_id)


def plain(value: str) -> str:
    """The shop's tables hold three-byte characters only (chapter 7)."""
    return _FOUR_BYTES.sub("?", value)


def _rounded(item: Variant) -> Variant:
    price, compare = item.price.quantize(CENT, ROUND_HALF_UP), item.compare_price.quantize(CENT, ROUND_HALF_UP)
    return replace(item, price=price, compare_price=compare, sku=item.sku.strip())


def content_fields(found: Content) -> dict[str, object]:
    return {
        "product": found.name,
        "short_description": found.summary,
        "full_description": found.description,
        "page_title": found.meta_title,
        "meta_keywords": found.meta_keywords,
        "meta_description": found.meta_description,
    }


def stock_fields(stock: int | None) -> dict[str, object]:
    return {"tracking": "D"} if stock is None else {"amount": stock, "tracking": "B"}


def status(item: Variant, visibility: Visibility) -> str:
    """A variation's own letter: the group's visibility, unless the variant itself is not to be had."""
    return _STATUS[visibility] if item.available else "D"


def variant_fields(item: Variant, groups: set[Group], *, grouped: bool, visibility: Visibility) -> dict[str, object]:
    fields: dict[str, object] = {}
    if Group.PRICE in groups:
        fields |= {"price": str(item.price), "list_price": str(item.compare_price)}
    if Group.STOCK in groups:
        fields |= stock_fields(item.stock)
    if Group.IDENTITY in groups:
        fields["product_code"] = item.sku
        if grouped:
            fields["status"] = status(item, visibility)
    return fields


def listing_fields(found: Listing) -> dict[str, object]:
    fields: dict[str, object] = {"status": _STATUS[found.visibility]}
    if found.categories:
        fields |= {"category_ids": list(found.categories), "main_category": found.categories[0]}
    return fields
