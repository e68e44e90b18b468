"""The mapping of one connection: rows and claims of products, orders, customers, the SKU index, and what is parked."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from ..domain.links import Claim, ImageLink, OrderLink, Parked, Row
from ..domain.model import Record, StoreName, sku_key
from ..errors import DuplicateSku
from .tables import TRANSACTION, Fence, Item, Table

Entry = tuple[str, str, str]
PAD = 20


class Fenced(Protocol):
    @property
    def key(self) -> Fence: ...


def padded(record_id: str) -> str:
    return record_id.zfill(PAD) if record_id.isdigit() else record_id


class Links:
    def __init__(self, table: Table, connection: str) -> None:
        self.table, self.connection = table, connection

    def _pk(self, *parts: str) -> str:
        return "#".join((self.connection, *parts))

    # -- product rows

    def rows(self, store: StoreName, ids: Collection[str]) -> dict[str, Row]:
        """One range query where the ids lie close together, else by key."""
        numbers = sorted(int(item) for item in ids if item.isdigit())
        if len(numbers) == len(ids) and numbers and numbers[-1] - numbers[0] <= 4 * len(numbers) + 20:
            wanted = set(ids)
            return {row.id: row for row in self.range(store, str(numbers[0] - 1), str(numbers[-1])) if row.id in wanted}
        pk = self._pk(store, "product")
        return {row.id: row for item in self.table.get_many((pk, padded(found)) for found in ids) if (row := _row(store, item))}

    def range(self, store: StoreName, after: str, until: str) -> Iterator[Row]:
        pk = self._pk(store, "product")
        for item in self.table.query(pk, after=padded(after) if after else "", until=padded(until) if until else ""):
            yield _row(store, item)

    def of_product(self, store: StoreName, product_ids: Collection[str]) -> dict[str, list[Row]]:
        """A main row names the rows of its variations; these are read in a second step."""
        pk = self._pk(store, "product")
        items = self.table.get_many((pk, padded(found)) for found in product_ids)
        more = {padded(found) for item in items for found in item.data.get("r", ())} - {item.sk for item in items}
        items += self.table.get_many((pk, found) for found in more)
        found: dict[str, list[Row]] = defaultdict(list)
        for row in sorted((_row(store, item) for item in items), key=lambda row: row.id != row.product_id):
            found[row.product_id].append(row)
        return dict(found)

    def save(self, rows: Sequence[Row], lease: Fenced | None = None) -> None:
        writes = [(self._row_item(row, rows), row.version) for row in rows]
        for at in range(0, len(writes), TRANSACTION):
            self.table.transact(writes[at : at + TRANSACTION], lease.key if lease else None)

    def _row_item(self, row: Row, rows: Sequence[Row]) -> Item:
        data: dict[str, Any] = {"p": row.prints}
        optional = {"o": row.product_id if row.product_id != row.id else "", "c": row.counterpart, "k": row.parked}
        data |= {name: value for name, value in optional.items() if value}
        data["s"] = {ours: list(pair) for ours, pair in row.variants.items()}
        others = [item.id for item in rows if item.store is row.store and item.product_id == row.id and item.id != row.id]
        if others:
            data["r"] = others
        return Item(self._pk(row.store, "product"), padded(row.id), data, row.version)

    def link(self, claims: Sequence[tuple[Claim, Claim]], rows: Sequence[Row], lease: Fenced | None = None) -> None:
        self._check_claims(claims)
        writes = [(self._claim_item(claim), None) for pair in claims for claim in pair]
        both: list[tuple[Item, int | None]] = [*writes, *((self._row_item(row, rows), row.version) for row in rows)]
        for at in range(0, len(both), TRANSACTION):
            self.table.transact(both[at : at + TRANSACTION], lease.key if lease else None)

    def _check_claims(self, claims: Sequence[tuple[Claim, Claim]]) -> None:
        """An id that belongs to another pair is never taken over."""
        for store in StoreName:
            mine = {claim.variant_id: claim for pair in claims for claim in pair if claim.store is store}
            for found in self.claims(store, list(mine)).values():
                if found.counterpart_variant != mine[found.variant_id].counterpart_variant:
                    raise DuplicateSku("the variant is linked to another one", store=store, variant=found.variant_id, sku=found.sku)

    def _claim_item(self, claim: Claim) -> Item:
        data = {"p": claim.product_id, "v": claim.counterpart_variant, "c": claim.counterpart_product, "s": claim.sku}
        return Item(self._pk("claim", claim.store, claim.variant_id), "-", data)

    def claims(self, store: StoreName, variant_ids: Collection[str]) -> dict[str, Claim]:
        found = {}
        for item in self.table.get_many((self._pk("claim", store, variant_id), "-") for variant_id in variant_ids):
            variant_id = item.pk.rsplit("#", 1)[1]
            data = item.data
            found[variant_id] = Claim(store, variant_id, data["p"], data["v"], data["c"], data["s"])
        return found

    def unlink(self, store: StoreName, product_id: str) -> None:
        for row in self.of_product(store, [product_id]).get(product_id, []):
            self.table.delete(self._pk(store, "product"), padded(row.id))
            for variant_id in row.variants:
                self.table.delete(self._pk("claim", store, variant_id), "-")

    # -- the index of SKUs

    def skus(self, store: StoreName, skus: Collection[str]) -> dict[str, tuple[Entry, ...]]:
        pk = self._pk("sku", store)
        items = self.table.get_many((pk, sku_key(sku)) for sku in skus if sku_key(sku))
        return {item.sk: _entries(item) for item in items}

    def index(self, store: StoreName, records: Sequence[Record]) -> None:
        """Entries are added, never taken away: a reader asks the store before it believes one."""
        fresh: dict[str, list[Entry]] = defaultdict(list)
        for record in records:
            for variant_id, sku in record.variants:
                if sku_key(sku):
                    fresh[sku_key(sku)].append((sku.strip(), record.product_id, variant_id))
        known = self.skus(store, fresh)
        pk = self._pk("sku", store)
        changed = {key: tuple(dict.fromkeys([*known.get(key, ()), *found])) for key, found in fresh.items()}
        self.table.put_all(Item(pk, key, {"e": found}) for key, found in changed.items() if found != known.get(key))

    def duplicate_skus(self, store: StoreName) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        for item in self.table.query(self._pk("sku", store)):
            if len({variant_id for _, _, variant_id in _entries(item)}) > 1:
                yield item.sk, _entries(item)

    # -- images, intentions, customers

    def images(self, cscart_product: str) -> tuple[ImageLink, ...]:
        found = self.table.get(self._pk("images"), padded(cscart_product))
        return tuple(ImageLink(*entry) for entry in found.data["i"]) if found else ()

    def save_images(self, cscart_product: str, images: Sequence[ImageLink]) -> None:
        entries = [[image.digest, image.cscart_key, image.webasyst_key] for image in images]
        self.table.put(Item(self._pk("images"), padded(cscart_product), {"i": entries}))

    def intend(self, store: StoreName, key: str, lease: Fenced | None = None) -> datetime | None:
        earlier = self.intended(store, [key]).get(key)
        if earlier is None:
            self.table.put(Item(self._pk("intent", store, key), "-", {"at": datetime.now(UTC).isoformat()}))
        return earlier

    def intended(self, store: StoreName, keys: Collection[str]) -> dict[str, datetime]:
        wanted = {self._pk("intent", store, key): key for key in keys}
        return {wanted[item.pk]: datetime.fromisoformat(item.data["at"]) for item in self.table.get_many((pk, "-") for pk in wanted)}

    def fulfil(self, store: StoreName, keys: Collection[str]) -> None:
        for key in keys:
            self.table.delete(self._pk("intent", store, key), "-")

    def customer(self, store: StoreName, key: str) -> str:
        found = self.table.get(self._pk("customer", store), key)
        return str(found.data["c"]) if found else ""

    def save_customer(self, store: StoreName, key: str, counterpart: str) -> None:
        self.table.put(Item(self._pk("customer", store), key, {"c": counterpart}))

    # -- orders

    def order(self, store: StoreName, order_id: str) -> OrderLink | None:
        found = self.table.get(self._pk("order", store), padded(order_id))
        if found and "at" in found.data:
            found = self.table.get(self._pk("order", StoreName(found.data["at"])), padded(found.data["id"]))
        return _order(found) if found else None

    def save_order(self, link: OrderLink, lease: Fenced | None = None) -> OrderLink:
        """The row under the order's origin is the truth, the other id points to it; both in one transaction once both are known."""
        data = {name: value for name, value in asdict(link).items() if value and name != "version"}
        item = Item(self._pk("order", link.origin), padded(link.id_in(link.origin)), data, link.version)
        writes: list[tuple[Item, int | None]] = [(item, link.version)]
        other = link.id_in(link.origin.other)
        if other:
            pointer = {"at": link.origin, "id": link.id_in(link.origin)}
            writes.append((Item(self._pk("order", link.origin.other), padded(other), pointer), None))
        self.table.transact(writes, lease.key if lease else None)
        return replace(link, version=link.version + 1)

    # -- what is set aside

    def park(self, parked: Parked) -> None:
        data = asdict(parked)
        self.table.put(Item(self._pk("parked"), f"{parked.kind}#{parked.store}#{parked.record_id}", data))

    def unpark(self, kind: str, store: StoreName, record_id: str) -> None:
        self.table.delete(self._pk("parked"), f"{kind}#{store}#{record_id}")

    def parked(self, kind: str = "") -> Iterator[Parked]:
        for item in self.table.query(self._pk("parked"), prefix=f"{kind}#" if kind else ""):
            data = dict(item.data)
            at = datetime.fromisoformat(data.pop("at")) if data.get("at") else data.pop("at", None)
            yield Parked(**{**data, "store": StoreName(data["store"]), "at": at})


def _entries(item: Item) -> tuple[Entry, ...]:
    return tuple((entry[0], entry[1], entry[2]) for entry in item.data.get("e", ()))


def _row(store: StoreName, item: Item) -> Row:
    data = item.data
    row_id = item.sk.lstrip("0") or "0"
    variants: Mapping[str, tuple[str, str]] = {ours: (pair[0], pair[1]) for ours, pair in data.get("s", {}).items()}
    return Row(store, row_id, data.get("o", row_id), data.get("c", ""), variants, data.get("p", {}), data.get("k", ""), item.version)


def _order(item: Item) -> OrderLink:
    data = dict(item.data)
    if data.get("intended_at"):
        data["intended_at"] = datetime.fromisoformat(str(data["intended_at"]))
    return OrderLink(**{**data, "origin": StoreName(data["origin"]), "version": item.version})
