"""What passes between an engine and a store besides the records themselves: pages, writes, outcomes and what a store says of itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from ..errors import RecordError, SyncError
from .model import Product

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Status:
    """A status (CS-Cart) or state (Webasyst) as the shop names and colours it. `actions`: what Webasyst offers in that state."""

    id: str
    name: str
    color: str = ""
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store says of itself. `now` is its clock; `currencies` code -> rate; `problems`: missing rights and the like, as sentences."""

    now: datetime
    zone: str = "UTC"
    version: str = ""
    identity: str = ""
    currency: str = ""
    currencies: Mapping[str, Decimal] = field(default_factory=dict)
    statuses: tuple[Status, ...] = ()
    stock_ids: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    companies: Mapping[str, str] = field(default_factory=dict)
    stock_counting: str = ""
    problems: tuple[str, ...] = ()


class Unreadable(RecordError):
    """The store shows values of these records that cannot be read; `ids` are of products, or of one order."""

    advice = (
        "The shop shows something that cannot be read, such as a stock that is no number, or a product without a SKU. "
        "Correct it in the shop, then try again."
    )

    def __init__(self, store: str, ids: Sequence[str], problem: str = "") -> None:
        super().__init__("a value cannot be read", store=store, ids=",".join(ids), problem=problem)
        self.store, self.ids = store, tuple(ids)


@dataclass(frozen=True, slots=True)
class Methods:
    """How a shop ships and is paid: id -> name."""

    shippings: Mapping[str, str] = field(default_factory=dict)
    payments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a stream. `total` is what the store claims to have in all, `position` where to go on after this page.

    `now` is the store's own clock when the page was asked for, or before; `zone` the name of the zone that its stamps are kept in, where they are naive.
    `unread`: listed rows whose values cannot be read, by their id.
    """

    items: tuple[T, ...]
    position: str = ""
    total: int = 0
    now: datetime | None = None
    zone: str = ""
    unread: Mapping[str, Unreadable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProductWrite:
    """Bring `current` to `desired` in the groups named by `changes` (prints.key: "content", "price:<variant id>", ...), and in nothing else.

    A desired variant with an empty id is new and is added to the product.
    """

    current: Product
    desired: Product
    changes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write: the product as the store kept it, read back, or the error that stopped it."""

    product: Product | None
    error: SyncError | None = None


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An image to have: already there (`id`), or to be sent. `data` are its bytes where the target takes bytes."""

    id: str = ""
    url: str = ""
    data: bytes = b""
    filename: str = ""
