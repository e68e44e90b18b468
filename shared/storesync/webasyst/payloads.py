"""Products: Shop-Script's JSON to the domain and back, without I/O."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from decimal import ROUND_HALF_UP, Decimal

from ..domain import prints
from ..domain.model import Content, Image, Listing, Product, Record, Variant, Visibility
from ..errors import ServerFault, UnsupportedValue
from .decode import Json, count, mapping, moment, number, rows, text

LONGEST = 255
LONGEST_TEXT = 65_535  # bytes
TOO_MUCH = Decimal(10) ** 11
_STATUS = {Visibility.VISIBLE: "1", Visibility.HIDDEN: "0", Visibility.DISABLED: "-1"}
_VISIBILITY = {status: visibility for visibility, status in _STATUS.items()}


def product(row: Json, here: tzinfo) -> Product:
    """From `product.search` with fields=skus,stock_counts,categories,images. Prices are those of the SKUs, in the product's currency (W24).

    Raises ServerFault where a value is none, or where there is no SKU, as when another connector took the last one away (W17).
    """
    found = [variant(item) for item in sorted(rows(row.get("skus")), key=lambda item: number(item.get("sort")))]
    if not found:
        raise ServerFault("a product without a SKU")
    main = text(row.get("sku_id"))
    found.sort(key=lambda item: item.id != main)
    return Product(
        id=text(row.get("id")),
        content=content(row),
        listing=Listing(_VISIBILITY.get(text(row.get("status")), Visibility.HIDDEN), _categories(row), text(row.get("type_id"))),
        variants=tuple(found),
        currency=text(row.get("currency")),
        images=tuple(image(item) for item in sorted(rows(row.get("images")), key=_image_order)),
        created_at=moment(row.get("create_datetime"), here),
        edited_at=moment(row.get("edit_datetime"), here),
    )


def content(row: Json) -> Content:
    names = ("name", "summary", "description", "meta_title", "meta_keywords", "meta_description", "url")
    return Content(*(text(row.get(name)) for name in names))


def _categories(row: Json) -> tuple[str, ...]:
    main = text(row.get("category_id"))
    found = [text(item.get("id")) for item in rows(row.get("categories"))]
    return tuple(dict.fromkeys(item for item in ([main] if main in found else []) + sorted(found, key=lambda i: number(i)) if item))


def _image_order(row: Json) -> tuple[Decimal, Decimal]:
    return number(row.get("sort")), number(row.get("id"))


def image(row: Json) -> Image:
    found = text(row.get("id"))
    return Image(found, text(row.get("url_big") or row.get("url_thumb")), found)


def variant(row: Json) -> Variant:
    stock = row.get("stock")
    stocks = tuple(sorted((str(key), count(value)) for key, value in stock.items())) if isinstance(stock, Mapping) else ()
    return Variant(
        id=text(row.get("id")),
        sku=text(row.get("sku")),
        name=text(row.get("name")),
        price=number(row.get("price")),
        compare_price=number(row.get("compare_price")),
        stock=count(row.get("count")),
        available=text(row.get("available")) == "1",
        stocks=stocks,
    )


def record(found: Product) -> Record:
    skus = tuple((item.id, item.sku) for item in found.variants)
    return Record(found.id, found.id, skus, prints.of(found), found.edited_at or found.created_at)


def status(visibility: Visibility) -> str:
    return _STATUS[visibility]


def sku_fields(wanted: Variant, stock: Mapping[str, object]) -> dict[str, object]:
    """A SKU as product.add and product.update want it: `available` and `status` always, else they are reset (W18)."""
    return {
        "sku": wanted.sku,
        "name": wanted.name,
        "price": prints.number(wanted.price),
        "compare_price": prints.number(wanted.compare_price),
        "available": wanted.available,
        "status": True,
        **stock,
    }


def product_fields(wanted: Product) -> dict[str, object]:
    texts = wanted.content
    return {
        "name": texts.name,
        "summary": texts.summary,
        "description": texts.description,
        "meta_title": texts.meta_title,
        "meta_keywords": texts.meta_keywords,
        "meta_description": texts.meta_description,
    }


def fitted(product: Product) -> Product:
    """As the shop keeps it: four decimals, 255 characters, names in one line. Raises UnsupportedValue for what it would spoil in silence (W43)."""
    if any(len(variant.sku.strip()) > LONGEST for variant in product.variants):
        raise UnsupportedValue("the SKU is longer than 255 characters", product=product.id)
    if any(abs(amount) >= TOO_MUCH for variant in product.variants for amount in (variant.price, variant.compare_price)):
        raise UnsupportedValue("the price is higher than Webasyst can hold", product=product.id)
    texts = product.content
    if not texts.name.strip():
        raise UnsupportedValue("the product has no name", product=product.id)
    for name in ("summary", "meta_keywords", "meta_description"):
        if len(getattr(texts, name).encode()) > LONGEST_TEXT:
            raise UnsupportedValue("the text is longer than Webasyst can hold", product=product.id, field=name)
    name = " ".join(texts.name.splitlines())
    cut = replace(texts, name=name[:LONGEST], meta_title=texts.meta_title[:LONGEST], slug=texts.slug[:LONGEST])
    return replace(product, content=cut, variants=tuple(_rounded(item) for item in product.variants))


def _rounded(variant: Variant) -> Variant:
    fine = Decimal("0.0001")
    price, compare = variant.price.quantize(fine, ROUND_HALF_UP), variant.compare_price.quantize(fine, ROUND_HALF_UP)
    return replace(variant, price=price, compare_price=compare, sku=variant.sku.strip())


def contacts(value: object) -> list[str]:
    """E-mails and phones come as strings, as lists of strings or as lists of objects (ch. 5)."""
    if isinstance(value, str):
        return [value] if value else []
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [text(item.get("value")) if isinstance(item, Mapping) else text(item) for item in items if item]


def tags(params: object) -> dict[str, str]:
    return {str(name): text(value) for name, value in mapping(params).items()}
