"""Reading products: every list row is whole, so that nothing is read twice, and what changed while paging is noticed."""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from ..domain.changes import position
from ..domain.exchange import Page, Unreadable
from ..domain.model import Product, Record
from ..errors import FilterIgnored, NotFound, ServerFault, SyncError
from . import payloads, variations
from .client import STORE, CsCartClient
from .decode import Json, moment, rows, text, whole
from .pages import Answered, Key, Stretch, walk

T = TypeVar("T")
BATCH = 100
MOST_NOTED = 5_000
SKU_BATCH, LONGEST_QUERY = 50, 5000
CODES = "filter_params[product_code]"
MARGIN = timedelta(minutes=2)
FULL: dict[str, object] = {
    "extend": ["description", "full_description", "meta_data", "page_title"],
    "get_features": 0,
    "get_discounts": 0,
    "include_child_variations": 1,
    "sort_order": "asc",
}


def _by_id(row: Json) -> Key:
    return (whole(row.get("product_id")),)


def _by_stamp(row: Json) -> Key:
    return (whole(row.get("updated_timestamp")), *_by_id(row))


class Catalogue:
    def __init__(self, client: CsCartClient) -> None:
        self.client, self.currency = client, client.settings.currency
        self._grouped: set[str] = set()

    def _ask(self, query: Mapping[str, object]) -> Answered:
        """Under the storefront or vendor, so that one vendor's products never reach another's account (1.4)."""
        asked: dict[str, object] = {**FULL, **query}
        if self.client.settings.language:
            asked["lang_code"] = self.client.settings.language
        try:
            return self.client.ask(self.client.scoped("products"), asked)
        except NotFound as error:  # a list is always there, the storefront or vendor before it may not be
            raise NotFound("the shop has no such storefront or vendor", store="cscart", status=error.status) from error

    def scan(self, after: str) -> Iterator[Page[Record]]:
        """In order of id (`null` sorts by nothing, ties go by id). `after` is `<rows seen>:<last id>`."""
        seen, _, last = after.partition(":")

        def ask(page: int, size: int) -> Answered:
            return self._ask({"sort_by": "null", "page": page, "items_per_page": size})

        for stretch in walk(ask, "products", _by_id, position(seen), (position(last),) if last else (), self.client.transport.begin):
            yield self._page(stretch, f"{stretch.seen}:{stretch.last[0]}" if stretch.last else "")

    def _page(self, stretch: Stretch, position: str = "") -> Page[Record]:
        """A row with a value that is none is that row's defect, not the list's."""
        self._note_grouped(stretch.rows)
        records: list[Record] = []
        unread: dict[str, Unreadable] = {}
        for row in self._priced(stretch.rows):
            try:
                records.append(payloads.record(row, self.currency))
            except ServerFault as wrong:
                name = text(row.get("product_id"))
                unread[name] = Unreadable(STORE, [name], wrong.detail)
        return Page(tuple(records), position, stretch.total, stretch.at, unread=unread)

    def _note_grouped(self, listed: Iterable[Json]) -> None:
        """What was listed is often read next: its groups are asked for beside it then, and not after it."""
        for row in listed:
            (self._grouped.add if payloads.is_grouped(row) else self._grouped.discard)(text(row.get("product_id")))
        if len(self._grouped) > MOST_NOTED:
            self._grouped.clear()

    def changed(self, since: datetime) -> Iterator[Page[Record]]:
        """`updated_in_hours` counts from the server's clock, which only the answer tells: when the server is ahead of us, it is asked again."""
        reach = self._reach(since, datetime.now(UTC))

        def ask(page: int, size: int) -> Answered:
            nonlocal reach
            found = self._changed_page(reach, page, size)
            if found.at - reach > since:
                reach = self._reach(since, found.at)
                found = self._changed_page(reach, page, size)
            return found

        for stretch in walk(ask, "products", _by_stamp):
            yield self._page(stretch)

    @staticmethod
    def _reach(since: datetime, now: datetime) -> timedelta:
        return max(now - since, timedelta()) + MARGIN

    def _changed_page(self, reach: timedelta, page: int, size: int) -> Answered:
        """Raises FilterIgnored when a row is older than asked for."""
        hours = f"{reach.total_seconds() / 3600:.4f}"
        found = self._ask({"updated_in_hours": hours, "sort_by": "updated_timestamp", "page": page, "items_per_page": size})
        stamps = [stamp for row in rows(found.body.get("products")) if (stamp := moment(row.get("updated_timestamp")))]
        if stamps and min(stamps) < found.at - reach - MARGIN:
            raise FilterIgnored("a row older than asked for", store="cscart")
        return found

    def read(self, ids: Collection[str]) -> list[Product]:
        """Whole products; a variation's id brings its group: one call per 100 rows, and two more for all the groups among them, of which
        those that were listed lately are asked for at once."""
        wanted = list(dict.fromkeys(ids))
        known = [item for item in wanted if item in self._grouped]
        works: list[Callable[[], Any]] = [partial(self.listed, batch) for batch in _hundreds(wanted)]
        groups: list[Callable[[], Any]] = [partial(variations.members, self.client, batch) for batch in _hundreds(known)]
        found = self.client.transport.together([*works, *groups])
        here, members = _merged(found[: len(works)]), [group for several in found[len(works) :] for group in several]
        return self._whole(self._with_prices(here), members)

    def kept(self, members: Mapping[str, str]) -> dict[str, Product]:
        """Products read back after a write, by id: one call per 100 rows. `members`: row -> product, empty where the row itself has to tell."""
        return {product.id: product for product in self._together(self.rows(list(members)), members)}

    def told(self, found: Mapping[str, Json], members: Mapping[str, str]) -> dict[str, Product]:
        """As `kept`, of rows that were listed already."""
        return {product.id: product for product in self._together(self._with_prices(found), members)}

    def rows(self, ids: Sequence[str]) -> dict[str, Json]:
        return self._with_prices(_merged(self.client.transport.together([partial(self.listed, batch) for batch in _hundreds(ids)])))

    def listed(self, ids: Sequence[str]) -> dict[str, Json]:
        """By one call, so a hundred at most, and as the shop lists them. Raises FilterIgnored."""
        answer = self._ask({"pid": ",".join(ids), "sort_by": "null", "page": 1, "items_per_page": len(ids)})
        found = {text(row.get("product_id")): row for row in rows(answer.body.get("products"))}
        if strange := found.keys() - set(ids):
            raise FilterIgnored("products that were not asked for", store="cscart", id=min(strange))
        return found

    def _with_prices(self, found: Mapping[str, Json]) -> dict[str, Json]:
        return {text(row.get("product_id")): row for row in self._priced(found.values())}

    def find(self, skus: Collection[str]) -> list[Product]:
        """Exact on the server but for case, accents and trailing blanks, so compared again here (C5)."""
        wanted = sorted({stripped for sku in skus if (stripped := sku.strip())})
        found: dict[str, Json] = {}
        for batch in _batches(wanted):
            here = self._with_codes(batch)
            found |= {text(row.get("product_id")): row for row in here if text(row.get("product_code")).strip() in batch}
        return self._whole({text(row.get("product_id")): row for row in self._priced(found.values())})

    def _with_codes(self, batch: Sequence[str]) -> Iterator[Json]:
        """Raises FilterIgnored before a whole catalogue is read; what merely looks alike to the shop is left to the caller."""
        alike, strange = {_folded(sku) for sku in batch}, 0

        def ask(page: int, size: int) -> Answered:
            return self._ask({CODES: batch, "sort_by": "null", "page": page, "items_per_page": size})

        for stretch in walk(ask, "products", _by_id):
            strange += sum(_folded(text(row.get("product_code"))) not in alike for row in stretch.rows)
            if strange > SKU_BATCH:
                raise FilterIgnored("SKUs that were not asked for", store="cscart")
            yield from stretch.rows

    def _priced(self, found: Iterable[Json]) -> list[Json]:
        """Each row with its catalogue price: a row without one is asked for alone, as `price` may hold a promotion (C7)."""
        listed = list(found)
        lacking = [text(row.get("product_id")) for row in listed if not text(row.get("base_price"))]
        if not lacking:
            return listed
        answers = self.client.many([self.client.get_call(f"2.0/products/{item}") for item in lacking])
        prices: dict[str, object] = {}
        for product_id, answer in zip(lacking, answers, strict=True):
            if isinstance(answer, SyncError):
                if not isinstance(answer, NotFound):
                    raise answer
                continue
            prices[product_id] = answer.get("price")
        return [
            row if text(row.get("base_price")) else {**row, "base_price": prices[text(row.get("product_id"))]}
            for row in listed
            if text(row.get("base_price")) or text(row.get("product_id")) in prices
        ]

    def _whole(self, found: dict[str, Json], known: Sequence[dict[str, str]] = ()) -> list[Product]:
        """`known`: groups that were asked for already; those that none of these rows belongs to do not count."""
        self._note_grouped(found.values())
        grouped = {row_id: None for row_id, row in found.items() if payloads.is_grouped(row)}
        members = _merged(group for group in known if not grouped.keys().isdisjoint(group))
        members |= _merged(variations.members(self.client, [row_id for row_id in grouped if row_id not in members]))
        missing = [item for item in members if item not in found]
        return self._together(found | self.rows(missing) if missing else found, members)

    def _together(self, found: Mapping[str, Json], members: Mapping[str, str]) -> list[Product]:
        groups: dict[str, list[Json]] = defaultdict(list)
        for row_id, row in found.items():
            groups[members.get(row_id) or payloads.parent_of(row)].append(row)
        made: list[Product] = []
        unread: list[str] = []
        for group in groups.values():
            try:
                made.append(payloads.product(group, self.currency))
            except ServerFault:
                unread += [text(row.get("product_id")) for row in group]
        if unread:  # one that cannot be read is not one that is not there
            raise Unreadable(STORE, unread)
        return made


def _hundreds(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[at : at + BATCH] for at in range(0, len(ids), BATCH)]


def _merged(found: Iterable[dict[str, T]]) -> dict[str, T]:
    return {name: item for one in found for name, item in one.items()}


def _batches(skus: Sequence[str]) -> Iterator[list[str]]:
    """What goes into one address: web servers refuse long ones, and a Cyrillic letter takes six signs in it."""
    batch: list[str] = []
    size = 0
    for sku in skus:
        length = len(quote(f"{CODES}[]={sku}&"))
        if batch and (len(batch) == SKU_BATCH or size + length > LONGEST_QUERY):
            yield batch
            batch, size = [], 0
        batch.append(sku)
        size += length
    if batch:
        yield batch


def _folded(sku: str) -> str:
    """About what MySQL's collations take for equal (`Ё` and `Е`, `É` and `e`): too much rather than too little."""
    plain = unicodedata.normalize("NFKD", sku.strip().casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
