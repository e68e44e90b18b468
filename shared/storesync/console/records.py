"""One record: what is remembered of both sides, its history and its last requests; and how a person finds it."""

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from ..domain.changes import Cause, Change, Kind
from ..domain.journal import Action, Entry, Exchange
from ..domain.links import OrderLink, Parked, Row
from ..domain.model import Group, StoreName
from ..domain.prints import key
from ..sync.ports import World

SEARCHED_REQUESTS, SHOWN_REQUESTS, SHOWN_HISTORY = 400, 10, 50
SEARCHED_ENTRIES, SHOWN_CONFLICTS, CONFLICT_DAYS = 2000, 100, 7
_ORDER_NUMBER = re.compile(r"#?(?:100)?([1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Hit:
    """`ids` by store, empty where there is no counterpart."""

    kind: str
    label: str
    store: StoreName
    id: str
    ids: tuple[str, str]


def search(world: World, query: str) -> list[Hit]:
    """By SKU, exactly or in another case, and by the number of an order in either shop: as it stands, or as Shop-Script writes it, #100105."""
    wanted = query.strip()
    return [*_products(world, wanted), *_orders(world, wanted)] if wanted else []


def _products(world: World, sku: str) -> list[Hit]:
    found: dict[tuple[str, str], Hit] = {}
    for store in StoreName:
        for entries in world.links.skus(store, [sku]).values():
            rows = world.links.of_product(store, {product_id for _, product_id, _ in entries})
            for exact, product_id, _ in entries:
                counterpart = next((row.counterpart for row in rows.get(product_id, ()) if row.counterpart), "")
                ids = (product_id, counterpart) if store is StoreName.CSCART else (counterpart, product_id)
                found.setdefault(ids, Hit("product", exact, store, product_id, ids))
    return list(found.values())


def _orders(world: World, number: str) -> list[Hit]:
    plain = _ORDER_NUMBER.fullmatch(number)
    wanted = dict.fromkeys([number.lstrip("#"), *([plain[1]] if plain else [])])
    found: dict[tuple[str, str], Hit] = {}
    for store in StoreName:
        for order_id in wanted:
            if order_id.isdigit() and (link := world.links.order(store, order_id)):
                ids = (link.cscart_id, link.webasyst_id)
                found.setdefault(ids, Hit("order", f"№ {link.id_in(link.origin)}", link.origin, link.id_in(link.origin), ids))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class VariantLine:
    """Both sides of one SKU as they were kept when last agreed; price as "price/compare-at", stock "~" is unlimited."""

    sku: str
    cscart_id: str
    webasyst_id: str
    prices: tuple[str, str]
    stocks: tuple[str, str]
    parked: str


@dataclass(frozen=True, slots=True)
class ProductRecord:
    ids: tuple[str, str]
    variants: tuple[VariantLine, ...]
    parked: tuple[Parked, ...]
    history: tuple[Entry, ...]
    requests: tuple[Exchange, ...]

    @property
    def label(self) -> str:
        return self.variants[0].sku if self.variants else ""


@dataclass(frozen=True, slots=True)
class OrderRecord:
    link: OrderLink | None
    ids: tuple[str, str]
    parked: tuple[Parked, ...]
    history: tuple[Entry, ...]
    requests: tuple[Exchange, ...]


def product(world: World, store: StoreName, product_id: str) -> ProductRecord:
    rows = world.links.of_product(store, [product_id]).get(product_id, [])
    counterpart = next((row.counterpart for row in rows if row.counterpart), "")
    others = world.links.of_product(store.other, [counterpart]).get(counterpart, []) if counterpart else []
    ids = (product_id, counterpart) if store is StoreName.CSCART else (counterpart, product_id)
    ours, theirs = (rows, others) if store is StoreName.CSCART else (others, rows)
    lines = tuple(_lines(ours, theirs))
    subjects = dict.fromkeys(filter(None, (line.sku for line in lines)))
    history = sorted(
        (entry for sku in islice(subjects, 20) for entry in world.journal.history("product", sku, SHOWN_HISTORY)),
        key=lambda entry: entry.at.timestamp() if entry.at else 0.0,
        reverse=True,
    )
    wanted = {*ids, *(line.cscart_id for line in lines)} - {""}
    return ProductRecord(
        ids, lines, _parked(world, "product", ids), tuple(history[:SHOWN_HISTORY]), _requests(world, {"product", "sku"}, wanted)
    )


def _lines(ours: Iterable[Row], theirs: Iterable[Row]) -> Iterable[VariantLine]:
    kept = {variant: row for row in theirs for variant in row.variants}
    seen = set()
    for row in ours:
        for variant, (counterpart, sku) in row.variants.items():
            other = kept.get(counterpart)
            seen.add(counterpart)
            yield VariantLine(
                sku,
                variant,
                counterpart,
                (row.prints.get(key(Group.PRICE, variant), ""), other.prints.get(key(Group.PRICE, counterpart), "") if other else ""),
                (row.prints.get(key(Group.STOCK, variant), ""), other.prints.get(key(Group.STOCK, counterpart), "") if other else ""),
                (row.parked or (other.parked if other else "")).partition("@")[0],
            )
    for variant, row in kept.items():
        if variant not in seen:
            prices = ("", row.prints.get(key(Group.PRICE, variant), ""))
            stocks = ("", row.prints.get(key(Group.STOCK, variant), ""))
            yield VariantLine(row.variants[variant][1], "", variant, prices, stocks, row.parked.partition("@")[0])


def order(world: World, store: StoreName, order_id: str) -> OrderRecord:
    link = world.links.order(store, order_id)
    known = (order_id, "") if store is StoreName.CSCART else ("", order_id)
    ids = (link.cscart_id, link.webasyst_id) if link else known
    subject = link.id_in(link.origin) if link else order_id
    history = world.journal.history("order", subject, SHOWN_HISTORY)
    return OrderRecord(link, ids, _parked(world, "order", ids), tuple(history), _requests(world, {"order"}, set(ids) - {""}))


def _parked(world: World, kind: str, ids: tuple[str, str]) -> tuple[Parked, ...]:
    """Only what is set aside of this kind is read, and of that only what is about this record."""
    mine = dict(zip(StoreName, ids, strict=True))
    return tuple(one for one in islice(world.links.parked(kind), 5000) if one.record_id and mine[one.store] == one.record_id)


def _requests(world: World, words: set[str], ids: set[str]) -> tuple[Exchange, ...]:
    """The newest that name one of the ids, in the address or in what was sent."""
    if not ids:
        return ()
    named = re.compile(rf"(?<![0-9])(?:{'|'.join(map(re.escape, sorted(ids)))})(?![0-9])")
    found = (
        exchange
        for exchange in world.journal.requests(SEARCHED_REQUESTS)
        if any(word in exchange.path for word in words) and (named.search(exchange.path) or named.search(exchange.sent))
    )
    return tuple(islice(found, SHOWN_REQUESTS))


def category_names(known: Mapping[StoreName, Mapping[str, str]], store: str, ids: str) -> str:
    """As the shop calls them; what it has not told stays an id."""
    return ", ".join(known[StoreName(store)].get(item, item) for item in ids.split(", "))


def status_name(known: Mapping[StoreName, Iterable[Mapping[str, str]]], store: str, status: str) -> str:
    """As the shop calls it, with what it is written as in the tables."""
    return next((f"{one['name']} ({status})" for one in known[StoreName(store)] if one["id"] == status), status)


def reasons(parked: Iterable[Parked]) -> dict[str, tuple[str, int]]:
    """Each reason with what to do about it, and how often there is cause to: the most frequent first."""
    counts = Counter((one.reason, one.advice) for one in parked)
    return {reason: (advice, count) for (reason, advice), count in counts.most_common()}


def conflicts(world: World) -> list[Entry]:
    """What both sides had changed differently, decided by the policy in the last days: the newest of each field of a record."""
    decided = (entry for entry in world.journal.recent(SEARCHED_ENTRIES, days=CONFLICT_DAYS) if entry.action is Action.CONFLICT)
    newest: dict[tuple[str, str, str], Entry] = {}
    for entry in decided:
        newest.setdefault((entry.kind, entry.subject, entry.group), entry)
    return list(islice(newest.values(), SHOWN_CONFLICTS))


def again(connection_id: str, kind: str, store: StoreName, record_id: str) -> Change:
    """Look at this record now, whatever was decided about it before."""
    return Change(connection_id, Kind(kind), store, (record_id,), Cause.CONSOLE, uuid.uuid4().hex)


def timeline(world: World, kind: str, subject: str) -> list[Entry]:
    """One query and one batch of reads, however long the journal is."""
    return world.journal.history(kind, subject, SHOWN_HISTORY) if subject else []


def fields_of(history: Iterable[Entry]) -> list[str]:
    return sorted({entry.group.partition(":")[0] for entry in history if entry.group})


def of_field(history: Iterable[Entry], field: str) -> list[Entry]:
    return [entry for entry in history if not field or entry.group.partition(":")[0] == field]
