"""One of everything that is remembered, written or read by whichever version of the package is on the path. Run as a program.

`write` prints the items of both tables and the messages of the queue as JSON; `read` takes them, and prints what this version makes of them.
It uses what the first release already had, and nothing of the tests, so that each version can run it.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Connection, CsCartSettings, DeletionRule, Guard, Policy, StatusMap, WebasystSettings
from storesync.domain.journal import Action, Entry, Exchange, Run
from storesync.domain.links import Claim, ImageLink, OrderLink, Parked, Row
from storesync.domain.model import Group, Record, StoreName
from storesync.state.connections import Connections, OneTimeStates
from storesync.state.items import Item
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.sheets import Sheets
from storesync.state.streams import Streams

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG = "x" * 100_000


@dataclass
class Plain:
    """As much of a table as these few calls need, without conditions."""

    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)

    def now(self) -> float:
        return NOW.timestamp()

    def get(self, pk: str, sk: str) -> Item | None:
        return self.items.get((pk, sk))

    def get_many(self, keys: Iterable[tuple[str, str]]) -> list[Item]:
        return [found for key in set(keys) if (found := self.items.get(key))]

    def query(
        self, pk: str, *, after: str = "", until: str = "", prefix: str = "", newest_first: bool = False, limit: int | None = None
    ) -> Iterator[Item]:
        fitting = (sk for of, sk in self.items if of == pk and sk > after and (not until or sk <= until) and sk.startswith(prefix))
        return iter([self.items[pk, sk] for sk in sorted(fitting, reverse=newest_first)][:limit])

    def put(self, item: Item, *, expect: int | None = None) -> None:
        known = self.items.get((item.pk, item.sk), Item(item.pk, item.sk))
        data = known.data if item.data is None else json.loads(json.dumps(item.data, default=str))
        whole = replace(item, data=data, version=item.version + 1, owner=item.owner or known.owner, members=known.members | item.members)
        self.items[item.pk, item.sk] = whole

    def put_all(self, items: Iterable[Item]) -> None:
        for item in items:
            self.put(item)

    def transact(self, writes: Sequence[tuple[Item, int | None]], fence: object = None) -> None:
        self.put_all(item for item, _ in writes)

    def add(self, pk: str, sk: str, amount: int, ttl: int | None = None) -> int:
        self.counts[pk, sk] = self.counts.get((pk, sk), 0) + amount
        return self.counts[pk, sk]

    def numbers(self, pk: str) -> dict[str, int]:
        return {sk: number for (of, sk), number in self.counts.items() if of == pk}


CONNECTION = Connection(
    "main",
    CsCartSettings("https://shop.example/", "sync@shop.example", "2", "stores", False, "EUR", "7", "3", "4", "en"),
    WebasystSettings("https://account.example/", "c" * 32, "RUB", "9", "1", "5"),
    paused=True, product_updates=False, update_time=7200, orders_update_time=1800, product_period=60, order_period=30, sweep_period=900,
    proof_period=0, policies={group: Policy.TO_WEBASYST for group in Group}, preferred=WEBASYST, stock_owner=WEBASYST,
    create_in_webasyst=False, create_in_cscart=False, categories={"7": "9"}, rates={"EUR": Decimal("98.7654")},
    statuses=StatusMap({"P": "process", "I": "delete,refund"}, {"shipped": "S", "new": "<O"}), order_discounts=False, orders_from=NOW,
    created_at=NOW, orders_to_cscart=True, order_edits_to_cscart=True, reindex_names=False, deletions=DeletionRule.ZERO_STOCK,
    guard=Guard(Decimal("0.1"), 7, Decimal("0.9")), log_requests=False, log_limit=77, allow_private_addresses=True,
)  # fmt: skip
PRINTS = {
    "content": "c",
    "media": "m",
    "listing": "l",
    "price:1": "10/0",
    "stock:1": "~",
    "identity:1": "i",
    "price:2": "11/12",
    "stock:2": "3",
}
ROWS = (
    Row(CSCART, "1", "1", "70", {"1": ("700", "SKU"), "2": ("701", "SKU/2")}, PRINTS),
    Row(CSCART, "2", "1", "70", {"2": ("701", "SKU/2")}, {"price:2": "11/12"}, "DuplicateSku"),
    Row(WEBASYST, "70", "70", "1", {"700": ("1", "SKU"), "701": ("2", "SKU/2")}, {"content": "C", "tags": "what a later version prints"}),
    Row(WEBASYST, "71", "71"),
)
CLAIMS = [
    (Claim(CSCART, "1", "1", "700", "70", "SKU"), Claim(WEBASYST, "700", "70", "1", "1", "SKU")),
    (Claim(CSCART, "2", "1", "701", "70", "SKU/2"), Claim(WEBASYST, "701", "70", "2", "1", "SKU/2")),
]
ORDERS = (
    OrderLink(
        CSCART,
        "5",
        "105",
        "P",
        "processing",
        "cp",
        "wp",
        NOW,
        NOW,
        "NotKept",
        held={"70/700": 2},
        owed={"70/701": (4, -1)},
        refused="P/new",
    ),
    OrderLink(WEBASYST, "", "106", intended_at=NOW),
)
PARKED = Parked("order", CSCART, "5", "NotKept", "for the engineer", "for the merchant", "order 5", NOW)
RUNS = (
    Run("r1", "products:cscart", NOW, NOW, "done", {"seen": 4, "written": 1}, 4, 4),
    Run("r2", "sweep:webasyst", NOW, None, "running", {"seen": 1}, 1, 9, "Unreachable"),
)
ENTRIES = (
    Entry(
        "product", "SKU", Action.CONFLICT, "webasyst", "70", "price", "10", "11", "both changed", "pull", "r1", "12", NOW, {"pair": "1:70"}
    ),
    Entry("order", "5", Action.CREATED, "webasyst", "105", new=LONG, run="r1", at=NOW),
    Entry(
        "plan", "SKU", Action.PLANNED, "cscart", "1", "content", "{}", "{}", run="p1", at=NOW, data={"pair": "1:70", "source": "webasyst"}
    ),
)
EXCHANGE = Exchange("cscart", "PUT", "products/1", 500, 0.25, "{}", "<html>", "ServerError", NOW, True)
CHANGES = tuple(
    Change("main", kind, store, ids, cause, f"seen-{number}", "r1", number, NOW.isoformat())
    for number, (kind, ids) in enumerate(
        [
            (Kind.PRODUCT, ("1", "2")),
            (Kind.ORDER, ("5",)),
            (Kind.STREAM, ("sweep",)),
            (Kind.STREAM, ("preview", "r1")),
            (Kind.STREAM, ("apply", "r1", "t")),
            (Kind.STREAM, ("undo", "r1", "t")),
            (Kind.LOOK, ("product", "cscart", "1")),
            (Kind.LOOK, ("proof", "p1")),
        ]
    )
    for store, cause in zip((CSCART, WEBASYST), (list(Cause)[number % len(Cause)], Cause.HOOK), strict=True)
)


def write() -> dict[str, Any]:
    state, records = Plain(), Plain()
    links, streams = Links(state, "main"), Streams(state, "main")  # type: ignore[arg-type]
    journal = Journal(records, "main")  # type: ignore[arg-type]
    Connections(state).save(CONNECTION)  # type: ignore[arg-type]
    OneTimeStates(state).put("once", "value", 600)  # type: ignore[arg-type]
    Sheets(state, "main").save("survey", {"at": NOW.isoformat(), "findings": [{"topic": "clock"}]}, 600)  # type: ignore[arg-type]
    links.link(CLAIMS, ROWS)
    links.index(CSCART, [Record("1", "1", (("1", "SKU"), ("2", "sku")))])
    links.save_images("1", [ImageLink("digest", "c/1.jpg", "1001.jpg")])
    for link in ORDERS:
        links.save_order(link)
    links.save_customer(CSCART, "9", "33")
    links.reserve("main:cscart:5", {"700": 2})
    links.park(PARKED)
    streams.save_cursor("orders:cscart", "2026-11-24T12:00:00+00:00 5")
    for run in RUNS:
        streams.save_run(run)
    journal.write(ENTRIES)
    journal.note(EXCHANGE)
    journal.flush()
    tables = {name: [asdict(item) for item in table.items.values()] for name, table in (("state", state), ("records", records))}
    return {**tables, "messages": [change.to_message() for change in CHANGES]}


def read(written: dict[str, Any]) -> dict[str, Any]:
    state, records = (_table(written[name]) for name in ("state", "records"))
    links, streams = Links(state, "main"), Streams(state, "main")  # type: ignore[arg-type]
    journal = Journal(records, "main")  # type: ignore[arg-type]
    rows = [row for store in StoreName for row in links.range(store, "", "")]
    return {
        "connection": Connections(state).get("main"),  # type: ignore[arg-type]
        "sheet": Sheets(state, "main").get("survey"),  # type: ignore[arg-type]
        "rows": rows,
        "products": [links.of_product(CSCART, ["1"]), links.of_product(WEBASYST, ["70"])],
        "claims": [links.claims(CSCART, ["1", "2"]), links.claims(WEBASYST, ["700", "701"])],
        "skus": links.skus(CSCART, ["SKU"]),
        "images": links.images("1"),
        "orders": [links.order(CSCART, "5"), links.order(WEBASYST, "105"), links.order(WEBASYST, "106")],
        "customer": links.customer(CSCART, "9"),
        "reservations": links.reservations(),
        "parked": list(links.parked()),
        "cursor": streams.cursor("orders:cscart"),
        "runs": streams.runs(),
        "history": [journal.history("product", "SKU"), journal.history("order", "5"), list(journal.of_run("p1"))],
        "requests": journal.requests(day=f"{NOW:%F}"),
        "messages": [Change.from_message(json.loads(message)) for message in written["messages"]],
    }


def _table(items: Iterable[dict[str, Any]]) -> Plain:
    found = (Item(**{**item, "members": frozenset(item["members"])}) for item in items)
    return Plain({(item.pk, item.sk): item for item in found})


def plain(value: Any) -> Any:
    """For JSON, with everything's fields by name."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        return {str(key): plain(found) for key, found in value.items()}
    if isinstance(value, list | tuple):
        return [plain(found) for found in value]
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value))
    return value if value is None or isinstance(value, bool | int | float) else str(value)


if __name__ == "__main__":
    print(json.dumps(plain(write() if sys.argv[1] == "write" else read(json.load(sys.stdin)))))
