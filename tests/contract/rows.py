"""Linked products, as small as they can be."""

from storesync.domain.links import Claim, Row
from storesync.domain.model import StoreName

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST


def claims(cscart: str, webasyst: str, product: str = "", counterpart: str = "") -> tuple[Claim, Claim]:
    product, counterpart = product or cscart, counterpart or webasyst
    return (
        Claim(CSCART, cscart, product, webasyst, counterpart, f"SKU-{cscart}"),
        Claim(WEBASYST, webasyst, counterpart, cscart, product, f"SKU-{cscart}"),
    )


def row(store: StoreName, row_id: str, counterpart: str = "", product_id: str = "", *, variant: str = "", version: int = 0) -> Row:
    variant = variant or row_id
    prints = {"content": "c" * 12, "media": "m" * 12, "listing": "l" * 12, f"price:{variant}": "49.99/0", f"stock:{variant}": "~"}
    return Row(store, row_id, product_id or row_id, counterpart, {variant: (counterpart, f"SKU-{variant}")}, prints, version=version)


def rows(cscart: str, webasyst: str) -> list[Row]:
    return [row(CSCART, cscart, webasyst), row(WEBASYST, webasyst, cscart)]
