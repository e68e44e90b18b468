"""How a product row is stored: small, as a sweep reads all of them. A simple product takes less than 200 bytes, keys included."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..domain.links import Row
from ..domain.model import PRODUCT_GROUPS, VARIANT_GROUPS, StoreName
from ..domain.prints import key

PAD = 20


def number(record_id: str) -> int | None:
    """Of an id that is a plain decimal number."""
    plain = record_id.isascii() and record_id.isdigit() and (record_id == "0" or record_id[0] != "0")
    return int(record_id) if plain else None


def padded(record_id: str) -> str:
    """Numbers in the order of numbers; whatever else an id may be, as it is."""
    return record_id.zfill(PAD) if number(record_id) is not None else record_id


def unpadded(sk: str) -> str:
    return sk.lstrip("0") or "0" if len(sk) == PAD and sk.isdigit() else sk


def encode(row: Row) -> list[Any]:
    """Positions instead of names: product, counterpart, why it is parked, three prints, the variants with three each, other prints."""
    prints = dict(row.prints)
    own = row.product_id if row.product_id != row.id else ""
    groups = [prints.pop(key(group), "") for group in PRODUCT_GROUPS]
    variants = [
        [variant_id, *pair, *(prints.pop(key(group, variant_id), "") for group in VARIANT_GROUPS)]
        for variant_id, pair in row.variants.items()
    ]
    return [own, row.counterpart, row.parked, *groups, variants, *([prints] if prints else [])]


def decode(store: StoreName, sk: str, data: Sequence[Any], version: int) -> Row:
    row_id = unpadded(sk)
    own, counterpart, parked, content, media, listing, variants, *rest = data
    prints = {key(group): found for group, found in zip(PRODUCT_GROUPS, (content, media, listing), strict=True) if found}
    for variant_id, _, _, *found in variants:
        prints |= _of_variant(variant_id, found)
    prints |= rest[0] if rest else {}
    pairs: Mapping[str, tuple[str, str]] = {found[0]: (found[1], found[2]) for found in variants}
    return Row(store, row_id, own or row_id, counterpart, pairs, prints, parked, version)


def _of_variant(variant_id: str, found: Sequence[str]) -> dict[str, str]:
    return {key(group, variant_id): value for group, value in zip(VARIANT_GROUPS, found, strict=True) if value}
