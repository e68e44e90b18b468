"""What the engines need of the world: two stores, the state, the queue and a clock. Nothing here knows HTTP or tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from ..domain.changes import Change
from ..domain.connection import Connection
from ..domain.exchange import ImageSource, Methods, Outcome, Page, ProductWrite, Status, StoreInfo
from ..domain.journal import Entry, Exchange, Run
from ..domain.links import Claim, ImageLink, OrderLink, Parked, Row
from ..domain.model import Category, Product, Record, StoreName

if TYPE_CHECKING:
    from ..domain.orders import Customer, Order, OrderHead

__all__ = [
    "Clock",
    "ImageSource",
    "Images",
    "Journal",
    "Lease",
    "Links",
    "Methods",
    "Outcome",
    "Page",
    "ProductWrite",
    "Queue",
    "Status",
    "Store",
    "StoreInfo",
    "Streams",
    "World",
]


class Store(Protocol):
    """One shop. All lists are batches; every write is verified by reading back."""

    name: StoreName

    def info(self) -> StoreInfo: ...

    def now(self) -> datetime:
        """The store's own clock, one cheap call at most."""

    def scan(self, after: str = "") -> Iterator[Page[Record]]:
        """All products in ascending order of row id, from behind `after`."""

    def changed(self, since: datetime) -> Iterator[Page[Record]]:
        """Rows created or edited since; an ignored filter raises FilterIgnored before a row is handed out."""

    def products(self, ids: Collection[str]) -> list[Product]:
        """Whole products by product id or by the id of a row that belongs to them; what does not exist is left out."""

    def find(self, skus: Collection[str], created_since: datetime | None = None) -> list[Product]:
        """Products that carry one of the SKUs, compared exactly (trimmed, case-sensitive).

        CS-Cart answers for its whole catalogue. Webasyst has no look-up by SKU (P3): with `created_since` it answers surely for what was
        created since then, without it only as well as the shop's word search does.
        """

    def create(self, products: Sequence[Product], marker: Mapping[str, str]) -> list[Outcome]:
        """New products, in order, ids empty on the way in. `marker` maps each main SKU to our mark. Raises nothing for one bad product."""

    def write(self, writes: Sequence[ProductWrite]) -> list[Outcome]: ...

    def reindex(self, products: Sequence[Product]) -> None:
        """Make the shop's own search know the names; a call per product where it does not by itself, so only for names that changed."""

    def fit(self, product: Product) -> Product:
        """The product as this store would keep it: cut, rounded, trimmed as it is known to do."""

    def put_images(self, product: Product, images: Sequence[ImageSource]) -> Product:
        """Make the product's images exactly these, in this order, and return the product as kept.

        Images whose `id` is set exist there and are kept; the others are sent (Webasyst: bytes; CS-Cart: by URL).
        """

    def categories(self) -> list[Category]: ...

    def methods(self) -> Methods:
        """How the shop ships and is paid; nothing where the user may not see it."""

    def changed_orders(self, since: datetime) -> Iterator[Page[OrderHead]]: ...

    def orders(self, ids: Collection[str]) -> list[Order]: ...

    def find_order(self, marker: str, like: Order) -> list[Order]:
        """Orders that carry our marker; more than one is a duplicate that the caller reports."""

    def create_order(self, order: Order, marker: str, *, suppress_stock: bool) -> Order:
        """Create and read back. Raises OutcomeUnknown when the answer was lost; look for the marker before a second try.

        A worker that dies in its middle leaves an order that carries the marker: `update_order` with the same order finishes it.
        """

    def update_order(self, current: Order, desired: Order, *, suppress_stock: bool) -> Order:
        """Bring lines, shipping, discount, addresses and comment to `desired`, and read back."""

    def set_status(self, order: Order, target: str) -> Order:
        """CS-Cart: the letter; Webasyst: the action id. Returns the order as it is afterwards, whatever the answer said."""

    def find_customer(self, customer: Customer) -> list[Customer]: ...

    def create_customer(self, customer: Customer, order: Order) -> Customer: ...


class Lease(Protocol):
    """The right to run a stream. `check` raises LeaseLost when it ended or passed to another worker, by the fencing number."""

    @property
    def name(self) -> str: ...

    @property
    def fence(self) -> int: ...

    def check(self) -> None: ...

    def extend(self, seconds: float) -> None: ...


class Links(Protocol):
    """The mapping of one connection. Rows are written only against the version that was read; with a lease, only while it is held."""

    def rows(self, store: StoreName, ids: Collection[str]) -> dict[str, Row]: ...

    def range(self, store: StoreName, after: str, until: str) -> Iterator[Row]:
        """Rows with after < id <= until in ascending order of id; `until` empty: to the end."""

    def of_product(self, store: StoreName, product_ids: Collection[str]) -> dict[str, list[Row]]:
        """All rows that belong to each product (a CS-Cart group has one row per variation)."""

    def claims(self, store: StoreName, variant_ids: Collection[str]) -> dict[str, Claim]: ...

    def link(self, claims: Sequence[tuple[Claim, Claim]], rows: Sequence[Row], lease: Lease | None = None) -> None:
        """Claim both ids of each pair and write the rows, each product in one transaction.

        Raises DuplicateSku when an id is claimed by another pair, LeaseLost when a row or the lease moved on; the other products are linked all the same.
        """

    def save(self, rows: Sequence[Row], lease: Lease | None = None) -> None:
        """Write rows against their versions, fenced. Raises LeaseLost when a row or the lease moved on."""

    def save_apart(self, rows: Sequence[Row]) -> None:
        """One after another, against their versions alone, at a third of the price: for rows of which a note tells until all are written.

        Raises LeaseLost when a row moved on; those before it are written then.
        """

    def unlink(self, store: StoreName, product_id: str, lease: Lease | None = None) -> None:
        """Forget the pair: the rows of both sides and their claims, so that each may be paired anew."""

    def skus(self, store: StoreName, skus: Collection[str]) -> dict[str, tuple[tuple[str, str, str], ...]]:
        """Index of a full scan: folded SKU (model.sku_key) -> entries (exact SKU, product id, variant id)."""

    def index(self, store: StoreName, records: Sequence[Record], lease: Lease | None = None) -> None:
        """Note the SKUs of scanned rows."""

    def duplicate_skus(self, store: StoreName) -> Iterator[tuple[str, tuple[tuple[str, str, str], ...]]]: ...

    def sku_index(self, store: StoreName) -> Iterator[tuple[str, tuple[tuple[str, str, str], ...]]]:
        """The whole index in ascending order of the folded SKU's UTF-8 bytes, entries as in `skus`."""

    def images(self, cscart_product: str) -> tuple[ImageLink, ...]: ...

    def save_images(self, cscart_product: str, images: Sequence[ImageLink], lease: Lease | None = None) -> None: ...

    def order(self, store: StoreName, order_id: str) -> OrderLink | None: ...

    def known_orders(self, store: StoreName, order_ids: Collection[str]) -> set[str]:
        """Those of these ids that something is remembered of."""

    def orders_of(self, origin: StoreName, after: str = "") -> Iterator[OrderLink]:
        """Links of the orders placed there, in order of id from behind `after`."""

    def save_order(self, link: OrderLink, lease: Lease | None = None) -> OrderLink:
        """Claims the counterpart's id with the first save that knows it, and is written only against the version that was read."""

    def customer(self, store: StoreName, key: str) -> str:
        """Counterpart's id, or empty. `key` is the user id, or a hash of the folded e-mail for a guest."""

    def save_customer(self, store: StoreName, key: str, counterpart: str, lease: Lease | None = None) -> None: ...

    def erase_customer(self, store: StoreName, key: str) -> bool:
        """Forget this customer; whether there was anything to forget."""

    def reserve(self, order: str, pieces: Mapping[str, int], lease: Lease | None = None) -> None:
        """What an open mirrored order still will take of Webasyst's stock, by SKU id; empty forgets it."""

    def reservations(self) -> dict[str, dict[str, int]]: ...

    def park(self, parked: Parked, lease: Lease | None = None) -> None: ...

    def unpark(self, kind: str, store: StoreName, record_id: str, lease: Lease | None = None) -> None: ...

    def parked(self, kind: str = "") -> Iterator[Parked]: ...

    def parked_orders(self) -> Iterator[Parked]:
        """Orders and whole connections, for the price of one look."""


class Streams(Protocol):
    """Cursors, sweep positions, leases and runs of one connection."""

    def cursor(self, stream: str) -> str: ...

    def cursors(self) -> dict[str, str]:
        """All of them by name, for the price of one; one that was saved a moment ago may still be as it was before."""

    def save_cursor(self, stream: str, value: str, lease: Lease | None = None) -> None: ...

    def read_cursor(self, stream: str) -> tuple[str, int]:
        """With its version, 0 when there is none."""

    def replace_cursor(self, stream: str, value: str, version: int) -> int:
        """Only over what was read with this version; the new one. Raises LeaseLost when another worker saved it in the meantime."""

    def lease(self, name: str, seconds: float) -> AbstractContextManager[Lease]:
        """Raises LeaseLost when another worker holds it."""

    def save_run(self, run: Run, lease: Lease | None = None) -> None: ...

    def runs(self, stream: str = "", limit: int = 20, since: datetime | None = None) -> list[Run]:
        """The newest first, those that started since; of all streams when none is named."""


class Journal(Protocol):
    def write(self, entries: Sequence[Entry]) -> None: ...

    def history(self, kind: str, subject: str, limit: int = 50) -> list[Entry]:
        """The newest first."""

    def recent(self, limit: int = 100, before: datetime | None = None, days: int | None = None) -> list[Entry]:
        """The newest first, across days; of the last `days` only, each of which costs a query."""

    def of_run(self, run: str) -> Iterator[Entry]:
        """In the order in which they were written, before-image and after-image whole."""

    def requests(self, limit: int | None = 100, day: str = "", before: datetime | None = None) -> list[Exchange]:
        """The request log, the newest first; of one day (in ISO form), or of all."""

    def used(self) -> int:
        """Bytes that the request log holds."""

    def flush(self, *, whole: bool = True) -> None:
        """Write down the requests that were noted since the last time. Where all of them went well and the `whole` of them is not wanted,
        of what was read only the beginning."""


class Queue(Protocol):
    def send(self, changes: Sequence[Change]) -> None: ...


class Images(Protocol):
    def fetch(self, url: str) -> bytes:
        """The bytes of an image, bounded in size and time, never from a private address. Raises StoreError."""


class Clock(Protocol):
    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


def in_turn(*works: Callable[[], Any]) -> list[Any]:
    return [work() for work in works]


@dataclass(frozen=True, slots=True)
class World:
    """Everything that an engine works with, for one connection.

    `together` does works that do not depend on each other, one after another or side by side; the error of an earlier one comes first.
    """

    connection: Connection
    stores: Mapping[StoreName, Store]
    links: Links
    streams: Streams
    journal: Journal
    queue: Queue
    images: Images
    clock: Clock
    together: Callable[..., list[Any]] = in_turn

    def store(self, name: StoreName) -> Store:
        return self.stores[name]
