"""What is remembered of a record: its counterpart and the prints of what each store kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from .model import StoreName


@dataclass(frozen=True, slots=True)
class Row:
    """One side of a product link: the memory of one listed row of one store (`model.Record`).

    `counterpart` is the product id in the other store, empty while there is none. `variants` maps this store's variant id to
    (counterpart variant id, SKU). `product_id` is the product that the row belongs to in its own store. `parked` is the reason
    (an error class name) why the record is left alone until it changes; `version` guards against a lost update (0 = not stored yet).
    """

    store: StoreName
    id: str
    product_id: str
    counterpart: str = ""
    variants: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    prints: Mapping[str, str] = field(default_factory=dict)
    parked: str = ""
    version: int = 0

    def with_prints(self, prints: Mapping[str, str]) -> "Row":
        return replace(self, prints=dict(prints))


@dataclass(frozen=True, slots=True)
class Claim:
    """A variant's place in the mapping, one per store and variant id: unique by its key, written with its twin in one transaction."""

    store: StoreName
    variant_id: str
    product_id: str
    counterpart_variant: str
    counterpart_product: str
    sku: str


@dataclass(frozen=True, slots=True)
class ImageLink:
    """One image on both sides. `digest` is of the bytes that were sent; `source_key` is the `Image.key` they came from."""

    digest: str
    cscart_key: str
    webasyst_key: str


@dataclass(frozen=True, slots=True)
class OrderLink:
    """Both ids of an order (either may be empty while a create is only intended), and what both sides were when last agreed.

    `status` and `body` prints are per store. `origin` is the store where it was placed. `claimed`: the counterpart's id points here.
    `read_at`: when, by our clock, both sides were last looked at. `held`: pieces by "product id/SKU id" that Webasyst believes to have
    taken for an order which takes none (None: nobody has looked); `owed`: counts to be reached there, and by how much they move;
    `traced`: by what it is told later whether they were.
    `refused`: the two statuses with which a shop would not take another one. `differs`: the money has not agreed since both sides were
    last written, whatever else the order was set aside for in the meantime.
    """

    origin: StoreName
    cscart_id: str = ""
    webasyst_id: str = ""
    cscart_status: str = ""
    webasyst_status: str = ""
    cscart_print: str = ""
    webasyst_print: str = ""
    intended_at: datetime | None = None
    read_at: datetime | None = None
    parked: str = ""
    claimed: bool = False
    held: Mapping[str, int] | None = None
    owed: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    traced: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""
    differs: bool = False
    version: int = 0

    @property
    def is_linked(self) -> bool:
        """Whether both shops' orders are known."""
        return bool(self.cscart_id and self.webasyst_id)

    def id_in(self, store: StoreName) -> str:
        return self.cscart_id if store is StoreName.CSCART else self.webasyst_id

    def status_in(self, store: StoreName) -> str:
        return self.cscart_status if store is StoreName.CSCART else self.webasyst_status

    def print_in(self, store: StoreName) -> str:
        return self.cscart_print if store is StoreName.CSCART else self.webasyst_print


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that was set aside: `reason` is the error's class name, `detail` a sentence for the engineer, `advice` one for the merchant."""

    kind: str
    store: StoreName
    record_id: str
    reason: str
    detail: str
    advice: str
    label: str = ""
    at: datetime | None = None
