"""Proof of agreement: both shops are read in full and compared field by field. Nothing is written to a store here.

It is kept as sheets: `proof:<id>` counts, with a digest of each side for each thousand products; `proof:<id>:<n>` lists differences; and
`proofs` names those that are kept, newest first. Parts whose digests are equal are proved without being listed.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Protocol

from ..domain import comparison
from ..domain.changes import Cause, Change, Kind
from ..domain.comparison import Counterparts, Difference
from ..domain.links import OrderLink, Row
from ..domain.model import Product, Record, StoreName
from .budget import Budget
from .ports import World

QUESTION = "proof"
AGAIN = timedelta(hours=1)
PART, BATCH, ORDERS = 1000, 100, 20
MOST_LISTED, PER_SHEET = 5000, 500
KEEP_SECONDS, KEPT = 90 * 86_400, 60
PRODUCTS, UNPAIRED, ORDER_PHASE, DONE = "products", "unpaired", "orders", "done"


class Sheets(Protocol):
    def get(self, name: str) -> dict[str, Any]: ...

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None: ...


class Proof:
    """Goes as far as the time allows; what is left goes on in the next message, from the sheet."""

    def __init__(self, world: World, sheets: Sheets, budget: Budget) -> None:
        self.world, self.sheets, self.budget = world, sheets, budget
        self.fresh: list[Difference] = []
        self.sheet: dict[str, Any] = {}

    def run(self, proof_id: str = "") -> dict[str, int]:
        """Without an id a new one begins."""
        self.sheet = self.sheets.get(_name(proof_id)) if proof_id else {}
        if not self.sheet:
            self.sheet = self._begun()
        steps = {PRODUCTS: self._products, UNPAIRED: self._unpaired, ORDER_PHASE: self._orders}
        while self.sheet["phase"] != DONE:
            if not steps[self.sheet["phase"]]():
                self._save()
                self.world.queue.send([ask(self.world.connection.id, self.world.clock.now().isoformat(), self.sheet["id"])])
                return {"continued": 1}
        self._finish()
        return {"checked": self.sheet["checked"], "differences": self.sheet["differences"]}

    def _begun(self) -> dict[str, Any]:
        counts = dict.fromkeys(("checked", "orders", "aside", "differences", "sheets"), 0)
        begun = {"id": uuid.uuid4().hex[:12], "at": self.world.clock.now().isoformat(), "phase": PRODUCTS, "position": "", "open": [[], []]}
        return {**begun, **counts, "parts": [], "agree": None}

    # -- products that CS-Cart lists, and their counterparts

    def _products(self) -> bool:
        for page in self.world.store(StoreName.CSCART).scan(self.sheet["position"]):
            own = [record.id for record in page.items if record.id == record.product_id]
            for at in range(0, len(own), BATCH):
                self._pairs(own[at : at + BATCH])
            self.sheet["position"] = page.position
            if page.items and self.budget.spent:
                return False
        self._close_part()
        self._next(UNPAIRED)
        return True

    def _pairs(self, ids: Sequence[str]) -> None:
        ours = self.world.store(StoreName.CSCART).products(ids)
        rows = self.world.links.of_product(StoreName.CSCART, [product.id for product in ours])
        wanted = {row.counterpart for several in rows.values() for row in several if row.counterpart}
        theirs = {item.id: item for item in self.world.store(StoreName.WEBASYST).products(sorted(wanted))} if wanted else {}
        for product in ours:
            self._compare(product, rows.get(product.id, []), theirs)

    def _compare(self, product: Product, rows: Sequence[Row], theirs: dict[str, Product]) -> None:
        found = {row.counterpart for row in rows if row.counterpart}
        if any(row.parked for row in rows):
            self.sheet["aside"] += 1
            return
        here = [theirs[item] for item in found if item in theirs]
        if not here:
            self._lonely(StoreName.CSCART, product.variants[0].sku)
            return
        for target in here:
            self._judge(Counterparts(product, target, _variants(rows, target), whole=len(found) == 1))

    def _judge(self, pair: Counterparts) -> None:
        fits = {store: self.world.store(store).fit for store in StoreName}
        found = comparison.products(self.world.connection, pair, fits)
        value = comparison.value_of(pair)
        self.sheet["checked"] += 1
        self.fresh += found
        self.sheet["open"][0].append(comparison.digest([value]))
        self.sheet["open"][1].append(comparison.digest([value, *map(asdict, found)] if found else [value]))
        if len(self.sheet["open"][0]) >= PART:
            self._close_part()

    def _close_part(self) -> None:
        if self.sheet["open"][0]:
            self.sheet["parts"].append([comparison.digest(side) for side in self.sheet["open"]])
            self.sheet["open"] = [[], []]

    def _lonely(self, store: StoreName, sku: str) -> None:
        """A record without a counterpart is a difference where the owner wants one made."""
        connection = self.world.connection
        wanted = connection.create_in_webasyst if store is StoreName.CSCART else connection.create_in_cscart
        if not wanted:
            self.sheet["aside"] += 1
            return
        there = {store: "here", store.other: "missing"}
        self.fresh.append(Difference("product", sku.strip(), "presence", there[StoreName.CSCART], there[StoreName.WEBASYST]))

    # -- products that only Webasyst has

    def _unpaired(self) -> bool:
        store = StoreName.WEBASYST
        for page in self.world.store(store).scan(self.sheet["position"]):
            rows = self.world.links.rows(store, [record.id for record in page.items])
            for record in page.items:
                self._without(record, rows.get(record.id))
            self.sheet["position"] = page.position
            if page.items and self.budget.spent:
                return False
        self._next(ORDER_PHASE)
        return True

    def _without(self, record: Record, row: Row | None) -> None:
        if row is not None and row.parked:
            self.sheet["aside"] += 1
        elif row is None or not row.counterpart:
            self._lonely(StoreName.WEBASYST, next((sku for _, sku in record.variants), record.id))

    # -- orders

    def _orders(self) -> bool:
        for origin in StoreName:
            done, _, after = str(self.sheet["position"]).partition(":")
            if done and done != origin:
                continue
            for links in _chunks(self.world.links.orders_of(origin, after), ORDERS):
                self._order_pairs(links)
                self.sheet["position"] = f"{origin}:{links[-1].id_in(origin)}"
                if self.budget.spent:
                    return False
            self.sheet["position"] = f"{origin.other}:" if origin is next(iter(StoreName)) else ""
        self._next(DONE)
        return True

    def _order_pairs(self, links: Sequence[OrderLink]) -> None:
        both = [link for link in links if link.is_linked and not link.parked]
        self.sheet["aside"] += len(links) - len(both)
        read = {store: {order.id: order for order in self.world.store(store).orders(_ids(both, store))} for store in StoreName}
        for link in both:
            ours, theirs = read[StoreName.CSCART].get(link.cscart_id), read[StoreName.WEBASYST].get(link.webasyst_id)
            self.sheet["orders"] += 1
            if ours and theirs:
                self.fresh += comparison.orders(self.world.connection, ours, theirs)
            else:
                there = ("here" if ours else "missing", "here" if theirs else "missing")
                self.fresh.append(Difference("order", link.cscart_id, "presence", *there))

    # -- the sheets

    def _next(self, phase: str) -> None:
        self.sheet |= {"phase": phase, "position": ""}

    def _save(self) -> None:
        """Differences first: a sheet that counts some that are not there would lie."""
        room = MOST_LISTED - self.sheet["sheets"] * PER_SHEET
        for listed in _chunks(self.fresh[: max(room, 0)], PER_SHEET):
            name = f"{_name(self.sheet['id'])}:{self.sheet['sheets']}"
            self.sheets.save(name, {"differences": [asdict(one) for one in listed]}, KEEP_SECONDS)
            self.sheet["sheets"] += 1
        self.sheet["differences"] += len(self.fresh)
        self.fresh = []
        self.sheets.save(_name(self.sheet["id"]), self.sheet, KEEP_SECONDS)

    def _finish(self) -> None:
        self.sheet["agree"] = self.sheet["differences"] + len(self.fresh) == 0
        self._save()
        told = {name: self.sheet[name] for name in ("id", "at", "agree", "checked", "orders", "aside", "differences", "parts")}
        known = self.sheets.get("proofs").get("proofs", [])
        self.sheets.save("proofs", {"proofs": [told, *(one for one in known if one["id"] != told["id"])][:KEPT]}, KEEP_SECONDS)


def differences(sheets: Sheets, proof_id: str) -> Iterator[Difference]:
    """All that a proof lists, at most MOST_LISTED."""
    for at in range(int(sheets.get(_name(proof_id)).get("sheets", 0))):
        for one in sheets.get(f"{_name(proof_id)}:{at}").get("differences", ()):
            yield Difference(**one)


def put_off(world: World) -> None:
    """The next one begins in an hour, instead of a whole period after the one that failed."""
    if period := world.connection.proof_period:
        begun = world.clock.now() - timedelta(seconds=period) + AGAIN
        world.streams.save_cursor(f"started:{QUESTION}", begun.isoformat())


def ask(connection: str, observation: str, proof_id: str = "") -> Change:
    ids = (QUESTION, proof_id) if proof_id else (QUESTION,)
    return Change(connection, Kind.LOOK, StoreName.CSCART, ids, Cause.CONSOLE, observation)


def _name(proof_id: str) -> str:
    return f"{QUESTION}:{proof_id}"


def _variants(rows: Iterable[Row], target: Product) -> dict[str, str]:
    here = {variant.id for variant in target.variants}
    return {ours: theirs for row in rows for ours, (theirs, _) in row.variants.items() if theirs in here}


def _ids(links: Iterable[OrderLink], store: StoreName) -> list[str]:
    return [link.id_in(store) for link in links]


def _chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
