"""Reading products from Shop-Script: keyset pages that check their filter, stock by stock, and a search that is believed only row by row."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urljoin

from ..domain.changes import position
from ..domain.exchange import Page, Unreadable
from ..domain.model import Category, Product, Record, Variant
from ..errors import AnswerTooLarge, FilterIgnored, ServerFault, SyncError
from ..http import Begin, Call, Later, Pending
from . import payloads
from .client import STORE, WebasystClient
from .clock import ShopClock
from .decode import Json, mapping, rows, text, whole
from .hashes import product_value

FIELDS = "skus,stock_counts,categories,images"
PAGE, LEAST_PAGE = 1000, 20
BATCH = 250
STAMPS = ("edit_datetime", "create_datetime")
CREATED_MARGIN = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of an answer. `numbers` are the ids of all of them in their order; `total` is what the shop claims to have."""

    products: list[Product]
    unread: Mapping[str, Unreadable]
    total: int
    numbers: tuple[int, ...]

    @property
    def ids(self) -> list[str]:
        return [*(item.id for item in self.products), *self.unread]

    @property
    def size(self) -> int:
        return len(self.numbers)


class Products:
    """`stocks` asks for the shop's stocks, none where it keeps plain counts; `wanted_stock` is the one that is synchronised, empty for the first."""

    def __init__(
        self, client: WebasystClient, clock: Callable[[], ShopClock], stocks: Callable[[], Sequence[str]], wanted_stock: str
    ) -> None:
        self.client, self.clock, self.stocks, self._wanted_stock = client, clock, stocks, wanted_stock

    @property
    def stock_id(self) -> str:
        return self._wanted_stock if self._wanted_stock in self.stocks() else next(iter(self.stocks()), "")

    def _search_call(self, condition: str, limit: int = PAGE) -> Call:
        query = {"hash": condition, "sort": "id", "order": "asc", "limit": limit, "escape": 0, "fields": FIELDS}
        return self.client.get_call("shop.product.search", query)

    def _found(self, answer: object) -> Found:
        """A row with a value that is none is that row's defect, not the list's."""
        products: list[Product] = []
        unread: dict[str, Unreadable] = {}
        here = _products(answer)
        for row in here:
            name = text(row.get("id"))
            try:
                products.append(self.seen(row))
            except ServerFault as wrong:
                unread[name] = Unreadable(STORE, [name], wrong.detail)
        return Found(products, unread, whole(mapping(answer).get("count")), tuple(whole(row.get("id")) for row in here))

    def seen(self, row: Json) -> Product:
        """Image addresses whole (the list gives them root-relative); with several stocks, the count of the chosen one."""
        product = payloads.product(row, self.clock().zone)
        if product.images:
            product = replace(product, images=tuple(replace(item, url=urljoin(self.client.url, item.url)) for item in product.images))
        if any(variant.stocks for variant in product.variants):
            product = product.with_variants(tuple(self._chosen(variant) for variant in product.variants))
        return product

    def _chosen(self, variant: Variant) -> Variant:
        """A stock without a row is unlimited there; a SKU without any row has a plain count (3.6), and needs no list of stocks."""
        return replace(variant, stock=dict(variant.stocks).get(self.stock_id)) if variant.stocks else variant

    def pages(self, condition: str, after: str, begin: Begin[object] = Later, first: Pending[object] | None = None) -> Iterator[Found]:
        """Keyset pages: rows that come or go while reading shift nothing. At least one page, perhaps empty. Raises FilterIgnored when an
        id is not behind the last one. What is too large for the shop or for us is asked for in smaller pages. `begin` decides when a page is
        asked for: the next one is known as soon as one is there."""
        last, limit = position(after), PAGE
        pending = first or begin(partial(self._page, condition, last, limit))
        try:
            while True:
                try:
                    answer = pending.result()
                    numbers = [whole(row.get("id")) for row in _products(answer)]
                except (AnswerTooLarge, ServerFault):
                    if limit <= LEAST_PAGE:
                        raise
                    limit = max(limit // 4, LEAST_PAGE)
                    pending = begin(partial(self._page, condition, last, limit))
                    continue
                if numbers and min(numbers) <= last:
                    raise FilterIgnored("rows before the page came back", store=STORE)
                if full := len(numbers) >= limit:
                    last = numbers[-1]
                    pending = begin(partial(self._page, condition, last, limit))
                yield self._found(answer)
                if not full:
                    return
        finally:
            pending.settle()

    def _page(self, condition: str, last: int, limit: int) -> object:
        return self.client.send(self._search_call(f"search/id>{last}{condition}", limit))

    def scan(self, after: str) -> Iterator[Page[Record]]:
        """The first call's time of the shop stands on all pages: what changes behind it is for the next pull."""
        clock, done, position = self.clock(), 0, after
        for found in self.pages("", after, self.client.transport.begin):
            done += found.size
            position = str(found.numbers[-1]) if found.size else position
            records = tuple(payloads.record(item) for item in found.products)
            yield Page(records, position, max(found.total, done), clock.now, clock.name, found.unread)

    def changed(self, since: datetime, look: Callable[[], object] | None = None) -> Iterator[Page[Record]]:
        """Two queries, both begun at once: a new product has no edit time (W26). `look` renews the clock meanwhile; should the shop be in
        another zone by now, the queries are made anew.
        """
        before = self.clock()
        looking = self.client.transport.begin(look) if look else None
        begun = self._begun(since, before)
        if looking:
            looking.result()
        clock = self.clock()
        if clock.local(since) != before.local(since):
            begun = self._begun(since, clock)
        seen: set[str] = set()
        try:
            for column, pending in begun.items():
                for found in self.pages(_since(column, clock, since), "", first=pending):
                    self._check_since(found.products, column, clock.floor(since))
                    fresh = [item for item in found.products if item.id not in seen]
                    seen |= {item.id for item in fresh}
                    yield Page(tuple(payloads.record(item) for item in fresh), "", found.total, clock.now, clock.name, found.unread)
        finally:
            for pending in begun.values():
                pending.settle()

    def _begun(self, since: datetime, clock: ShopClock) -> dict[str, Pending[object]]:
        begin = self.client.transport.begin
        return {column: begin(partial(self._page, _since(column, clock, since), 0, PAGE)) for column in STAMPS}

    @staticmethod
    def _check_since(products: Sequence[Product], column: str, floor: datetime) -> None:
        for item in products:
            stamp = item.edited_at if column == "edit_datetime" else item.created_at
            if stamp is None or stamp < floor:
                raise FilterIgnored("a row older than asked for", store="webasyst", id=item.id)

    def read(self, ids: Collection[str]) -> list[Product]:
        wanted = [item for item in dict.fromkeys(ids) if item.isdigit()]
        batches = [wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH)]
        answers = self.client.many([self._ids_call(batch) for batch in batches])
        here = [self._asked_for(batch, answer) for batch, answer in zip(batches, answers, strict=True)]
        return readable([product for one in here for product in one.products], [product_id for one in here for product_id in one.unread])

    def answered(self, ids: Sequence[str]) -> object:
        """So many that one call brings them; what it says, `told` reads."""
        return self.client.send(self._ids_call(ids))

    def told(self, ids: Sequence[str], answer: object) -> Found:
        """Raises FilterIgnored for products that were not among these."""
        return self._asked_for(ids, answer)

    def with_rows(self, ids: Sequence[str]) -> tuple[list[Product], list[Json]]:
        """By one call, and as the shop tells them, which is more than a product has."""
        answer = self.client.send(self._ids_call(ids))
        found = self._asked_for(ids, answer)
        return readable(found.products, found.unread), _products(answer)

    def _ids_call(self, ids: Sequence[str]) -> Call:
        return self._search_call("id/" + ",".join(ids))

    def _asked_for(self, ids: Sequence[str], answer: object) -> Found:
        found = self._found(answer)
        if strange := set(found.ids) - set(ids):
            raise FilterIgnored("products that were not asked for", store=STORE, id=min(strange))
        return found

    def find(self, skus: Collection[str], created_since: datetime | None) -> list[Product]:
        wanted = {sku.strip() for sku in skus} - {""}
        if created_since is not None:
            start = self.clock().local(created_since - CREATED_MARGIN)
            here = list(self.pages(f"&create_datetime>={start}", ""))
        else:
            here = [self._found(answer) for answer in self.client.many([self._word_search(sku) for sku in sorted(wanted)])]
        unread = [item for one in here for item in one.unread]
        unique = {item.id: item for item in readable([item for one in here for item in one.products], unread)}
        return [item for item in unique.values() if wanted & {variant.sku.strip() for variant in item.variants}]

    def _word_search(self, sku: str) -> Call:
        query = {"hash": f"search/query={product_value(sku)}", "limit": 50, "escape": 0, "fields": FIELDS}
        return self.client.get_call("shop.product.search", query)

    def taken_slugs(self, slugs: Collection[str]) -> set[str]:
        """Which of these addresses are in use; the shop would give one to two products (W42). Compared exactly, as a filter may be ignored."""
        wanted = sorted({slug for slug in slugs if slug and "|" not in slug})
        found: set[str] = set()
        for at in range(0, len(wanted), BATCH // 5):
            values = "||".join(product_value(slug) for slug in wanted[at : at + BATCH // 5])
            query = {"hash": f"search/url={values}", "limit": PAGE, "escape": 0}
            found |= {text(row.get("url")) for row in rows(mapping(self.client.get("shop.product.search", query)).get("products"))}
        return found & set(wanted)

    def categories(self) -> list[Category]:
        found = self.client.get("shop.category.getTree")
        tree = found.get("categories", found) if isinstance(found, Mapping) else found
        return list(_flatten(tree, ""))


def _since(column: str, clock: ShopClock, since: datetime) -> str:
    return f"&{column}>={clock.local(since)}"


def readable(products: list[Product], unread: Collection[str]) -> list[Product]:
    """One that cannot be read is not one that is not there. Raises Unreadable."""
    if unread:
        raise Unreadable(STORE, list(dict.fromkeys(unread)))
    return products


def _products(answer: object) -> list[Json]:
    if isinstance(answer, SyncError):
        raise answer
    return rows(mapping(answer).get("products"))


def _flatten(tree: object, path: str) -> Iterator[Category]:
    for row in rows(tree):
        here = f"{path}/{text(row.get('name'))}"
        yield Category(text(row.get("id")), text(row.get("name")), text(row.get("parent_id")), here)
        yield from _flatten(row.get("categories"), here)
