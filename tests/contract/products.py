"""Words for what is done to products through the Store port."""

from dataclasses import replace
from datetime import UTC, datetime

from storesync.domain import prints
from storesync.domain.exchange import ImageSource, ProductWrite
from storesync.domain.model import Group, Product, Record, Variant

from tests.contract.shops import Shop, png


def rows(shop: Shop, after: str = "") -> list[Record]:
    return [row for page in shop.store.scan(after) for row in page.items]


def changed(shop: Shop, since: datetime) -> set[str]:
    return {row.product_id for page in shop.store.changed(since) for row in page.items}


def moment(shop: Shop) -> datetime:
    return datetime.fromtimestamp(int(shop.clock()), UTC)


def write_of(product: Product, *changes: str, **parts: object) -> ProductWrite:
    return ProductWrite(product, replace(product, **parts), frozenset(changes))  # type: ignore[arg-type]


def with_variant(product: Product, **fields: object) -> Product:
    first, *others = product.variants
    return product.with_variants((replace(first, **fields), *others))  # type: ignore[arg-type]


def key(group: Group, product: Product) -> str:
    return prints.key(group, product.variants[0].id)


def values(variant: Variant) -> tuple[object, ...]:
    return (variant.sku, prints.number(variant.price), prints.number(variant.compare_price), variant.stock, variant.available)


def source(shop: Shop, number: int) -> ImageSource:
    """With its address in the other shop, as the engine has it, whether the image is here already or not."""
    return ImageSource(url=shop.picture(number), data=png(number), filename=f"{number}.png")
