"""A snapshot: what both shops hold and what is remembered of it, as one file that a sandbox can be filled with. Reads only.

JSON lines, packed: `about`, `connection`, then of each shop its `info`, every `category`, `product` with its `row`s, and every `order` of the
last weeks with its `link`; `end` counts them. Secrets are never in it, people are stand-ins, addresses of the shops are left out, and so are
pictures. It is kept as sheets until it is downloaded: `snapshot` tells how far it is, `snapshot:<n>` holds a packed part in base64.
"""

import base64
import gzip
import json
import secrets
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from ..domain import prints
from ..domain.changes import Cause, Change, Kind
from ..domain.connection import Connection
from ..domain.links import OrderLink, Row
from ..domain.model import Group, Product, StoreName
from ..domain.order_comparison import body_print
from ..domain.orders import Order, ids_behind
from ..domain.standins import StandIns
from .budget import Budget
from .ports import World
from .proof import Sheets

QUESTION, FORMAT, DONE = "snapshot", 1, "done"
DAYS, MOST_DAYS, PRODUCTS_AT_ONCE, ORDERS_AT_ONCE = 60, 366, 100, 20
PART, KEEP_SECONDS = 240_000, 2 * 86_400
Document = dict[str, Any]
Place = tuple[int, str]  # a phase, and where in it
Batch = tuple[list[Document], Place]
PHASES = tuple((kind, store) for kind in ("shop", "products", "orders") for store in StoreName)


def batches(world: World, people: StandIns, place: Place = (0, "")) -> Iterator[Batch]:
    """The documents from a place on, each batch with the place behind it."""
    readers = {"shop": _shop, "products": _products, "orders": _orders}
    for number, (kind, store) in enumerate(PHASES):
        if number < place[0]:
            continue
        for documents, position in readers[kind](world, people, store, place[1] if number == place[0] else ""):
            yield documents, (number, position)
        yield [], (number + 1, "")


def about(world: World) -> list[Document]:
    made = world.clock.now().isoformat()
    return [
        _document("about", {"format": FORMAT, "made": made}),
        _document("connection", asdict(_anonymous(world.connection))),
    ]


def _anonymous(connection: Connection) -> Connection:
    ours = replace(connection.cscart, url="https://cscart.example/", email="sync@example.invalid")
    return replace(connection, id="main", cscart=ours, webasyst=replace(connection.webasyst, url="https://webasyst.example/", client_id=""))


def _document(kind: str, data: Any, store: str = "") -> Document:
    return {"kind": kind, **({"store": store} if store else {}), "data": data}


def line(document: Document) -> str:
    """Amounts and moments as text."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str) + "\n"


def _shop(world: World, people: StandIns, store: StoreName, position: str) -> Iterator[tuple[list[Document], str]]:
    info = world.store(store).info()
    told: Document = {"currency": info.currency, "currencies": info.currencies, "zone": info.zone, "stock_counting": info.stock_counting}
    told |= {"statuses": [asdict(item) for item in info.statuses], "stock_ids": info.stock_ids}
    categories = [_document("category", asdict(item), store) for item in world.store(store).categories()]
    yield [_document("info", told, store), *categories], "read"


def _products(world: World, people: StandIns, store: StoreName, position: str) -> Iterator[tuple[list[Document], str]]:
    for page in world.store(store).scan(position):
        ids = list(dict.fromkeys(record.product_id or record.id for record in page.items if record.id == (record.product_id or record.id)))
        for at in range(0, len(ids), PRODUCTS_AT_ONCE):
            some = ids[at : at + PRODUCTS_AT_ONCE]
            rows = world.links.of_product(store, some)
            for product in world.store(store).products(some):
                yield _with_rows(store, product, rows.get(product.id, [])), position
        position = page.position or position
        yield [], position


def _with_rows(store: StoreName, product: Product, rows: Sequence[Row]) -> list[Document]:
    bare = replace(product, images=())
    now, without = (prints.of(item)[Group.MEDIA.value] for item in (product, bare))
    kept = [_document("row", asdict(_without_pictures(row, now, without)), store) for row in rows]
    return [_document("product", asdict(bare), store), *kept]


def _without_pictures(row: Row, now: str, without: str) -> Row:
    """Pictures that were agreed on are agreed on without them; others are told by the row's having no print of them."""
    others = {name: value for name, value in row.prints.items() if name != Group.MEDIA.value}
    agreed = row.prints.get(Group.MEDIA.value) == now
    return replace(row, prints=others | ({Group.MEDIA.value: without} if agreed else {}), version=0)


def _orders(world: World, people: StandIns, store: StoreName, position: str) -> Iterator[tuple[list[Document], str]]:
    reach = min(max(DAYS * 86_400, world.connection.orders_update_time), MOST_DAYS * 86_400)
    since = world.clock.now() - timedelta(seconds=reach)
    heads = (head for page in world.store(store).changed_orders(since) for head in page.items)
    ids = ids_behind(heads, int(position or 0))
    for at in range(0, len(ids), ORDERS_AT_ONCE):
        found = world.store(store).orders(ids[at : at + ORDERS_AT_ONCE])
        documents = [document for order in found for document in _with_link(world, people, store, order)]
        position = ids[min(at + ORDERS_AT_ONCE, len(ids)) - 1]
        yield documents, position
        yield [], position


def _with_link(world: World, people: StandIns, store: StoreName, order: Order) -> list[Document]:
    """The order, and with the one that was placed its counterpart and the link of both."""
    documents = [_document("order", asdict(people.order(order)), store)]
    link = world.links.order(store, order.id)
    if link is None or link.origin is not store:
        return documents
    there = next(iter(world.store(store.other).orders([link.id_in(store.other)])), None) if link.id_in(store.other) else None
    both = {store: order, **({store.other: there} if there else {})}
    documents += [_document("order", asdict(people.order(there)), store.other)] if there else []
    return [*documents, _document("link", asdict(_reprinted(link, both, people)))]


def _reprinted(link: OrderLink, both: dict[StoreName, Order], people: StandIns) -> OrderLink:
    """A body that was as agreed is so with stand-ins as well; one that moved has moved."""
    kept = {}
    for store, order in both.items():
        same = link.print_in(store) == body_print(order, store)
        kept[f"{store}_print"] = body_print(people.order(order), store) if same else "moved"
    return replace(link, **kept, version=0, claimed=False)  # type: ignore[arg-type]


def whole(world: World) -> Iterator[str]:
    """The file, line by line."""
    people, count = StandIns(secrets.token_bytes(32)), 0
    for documents in (about(world), *(found for found, _ in batches(world, people))):
        for document in documents:
            count += 1
            yield line(document)
    yield line(_document("end", {"documents": count}))


class Snapshot:
    """Goes as far as the time allows; what is left goes on in the next message."""

    def __init__(self, world: World, sheets: Sheets, budget: Budget) -> None:
        self.world, self.sheets, self.budget = world, sheets, budget
        self.head: Document = {}
        self.lines: list[str] = []

    def run(self, snapshot_id: str = "") -> dict[str, int]:
        """Without an id a new one begins. The key of the stand-ins is kept for as long as it is being made."""
        self.head = self.sheets.get(QUESTION) if snapshot_id else {}
        if not self.head:
            begun = {"id": uuid.uuid4().hex[:12], "at": self.world.clock.now().isoformat(), "place": [0, ""], "parts": 0, "documents": 0}
            self.head = {**begun, "bytes": 0, "phase": "making", "key": secrets.token_hex(32)}
            self._add(about(self.world))
        people = StandIns(bytes.fromhex(self.head["key"]))
        began = (int(self.head["place"][0]), str(self.head["place"][1]))
        for documents, place in batches(self.world, people, began):
            self._add(documents)
            if not documents:  # between two pages: from here it can go on
                self.head["place"] = list(place)
                if self.budget.spent and began != place and place[0] < len(PHASES):
                    self._save()
                    self.world.queue.send([ask(self.world.connection.id, self.world.clock.now().isoformat(), self.head["id"])])
                    return {"continued": 1}
        self.lines.append(line(_document("end", {"documents": self.head["documents"]})))
        self.head |= {"phase": DONE, "key": ""}
        self._save()
        return {"documents": self.head["documents"]}

    def _add(self, documents: Iterable[Document]) -> None:
        found = [line(document) for document in documents]
        self.lines += found
        self.head["documents"] += len(found)

    def _save(self) -> None:
        """Parts first: a head that counts some that are not there would lie. Packed parts behind each other are one packed file."""
        packed = gzip.compress("".join(self.lines).encode())
        text = base64.b64encode(packed).decode()
        for at in range(0, len(text), PART):
            self.sheets.save(f"{QUESTION}:{self.head['parts']}", {"part": text[at : at + PART]}, KEEP_SECONDS)
            self.head["parts"] += 1
        self.head["bytes"] += len(packed)
        self.lines = []
        self.sheets.save(QUESTION, self.head, KEEP_SECONDS)


def packed(sheets: Sheets) -> bytes:
    """The file of the last snapshot. PART is a multiple of four, so that each part can be read by itself."""
    head = sheets.get(QUESTION)
    parts = (sheets.get(f"{QUESTION}:{number}").get("part", "") for number in range(head.get("parts", 0)))
    return b"".join(base64.b64decode(part) for part in parts)


def ask(connection: str, observation: str, snapshot_id: str = "") -> Change:
    ids = (QUESTION, snapshot_id) if snapshot_id else (QUESTION,)
    return Change(connection, Kind.LOOK, StoreName.CSCART, ids, Cause.CONSOLE, observation)
