"""Goals 10, 14 and 18: what an order takes, alone and in a storm of hints, in calls, in table units and in money."""

import random
from dataclasses import dataclass
from typing import Any

import requests
from storesync.domain.changes import ORDERS as ORDERS_STREAM
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName

from tests.bench import money
from tests.bench.calls import skus_of
from tests.bench.figures import Figure
from tests.bench.metered import Metered
from tests.bench.money import Worked, worked
from tests.bench.prices import COLD_SHARE
from tests.bench.shops import EMAIL, KEY, Shops, shops
from tests.bench.subject import Subject

ORDERS = 20
BUYER = {
    "email": "buyer{n}@example.test", "firstname": "Anna", "lastname": "Buyer {n}", "b_address": "Lenina {n}", "b_city": "Kazan",
    "b_country": "RU", "b_state": "TA", "b_zipcode": "420000", "s_address": "Lenina {n}", "s_city": "Kazan", "s_country": "RU",
    "s_state": "TA", "s_zipcode": "420000",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """For all orders together; `void` says why it counts for nothing."""

    reads: int
    writes: int
    table_reads: float
    table_writes: float
    void: str


def figures() -> list[Figure]:
    once, storm = _orders(1), _orders(10)
    return [
        *_money(),
        Figure(10, "storm of hints, writes", storm.writes / once.writes, 1.05, least=False, unit=" x", void=storm.void or once.void),
        Figure(10, "storm of hints, reads", storm.reads / once.reads, 1.2, least=False, unit=" x", void=storm.void),
        Figure(14, "table write units of a new order", once.table_writes / ORDERS, 10, least=False, void=once.void),
        Figure(14, "table read units of a new order", once.table_reads / ORDERS, 6, least=False, void=once.void),
    ]


def _orders(times: int) -> Taken:
    """New orders, each hinted at so many times, shuffled."""
    tables = Metered(), Metered()
    with shops(60) as pair:
        subject = Subject(pair, tables)
        subject.sweep()
        placed = [place(pair, subject, number) for number in range(ORDERS)]
        hints = [_hint(subject, order_id) for order_id in placed for _ in range(times)]
        random.Random(5).shuffle(hints)
        pair.reset()
        for table in tables:
            table.units()
        for hint in hints:
            _order_only(subject, hint)
        counts, units = pair.counted(), [table.units() for table in tables]
        return Taken(
            reads=int(sum(shop.get("reads", 0) for shop in counts.values())),
            writes=int(sum(shop.get("writes", 0) for shop in counts.values())),
            table_reads=sum(read for read, _ in units),
            table_writes=sum(written for _, written in units),
            void=_wrong(pair, placed),
        )


def _money() -> list[Figure]:
    """New orders with all that follows from them, at the default settings."""
    tables = Metered(), Metered()
    with shops(60) as pair:
        subject = Subject(pair, tables, logged=True)
        subject.sweep()
        placed = [place(pair, subject, number) for number in range(ORDERS)]
        for_orders, for_stock = Worked(ORDERS, ORDERS * COLD_SHARE), Worked()
        for order_id in placed:
            with worked(pair, tables) as found:
                subject.worker.apply(_hint(subject, order_id))
            for_orders.add(found)
            with worked(pair, tables) as found:
                found.messages = subject.work()
            found.cold = found.messages * COLD_SHARE
            for_stock.add(found)
        void = _wrong(pair, placed) or subject.agree()
        subject.pull()
        for store in StoreName:
            subject.work(subject.change(Kind.STREAM, store, ORDERS_STREAM))
        return [money.order(for_orders, for_stock, ORDERS, void), money.idle(subject)]


def _order_only(subject: Subject, hint: Change) -> None:
    """The order's own message; the stock that it makes the worker look at is a product's cost."""
    subject.worker.apply(hint)
    while subject.queue.receive() is not None:
        subject.queue.crash()
        subject.queue.waiting.clear()


def _hint(subject: Subject, order_id: str) -> Change:
    return subject.change(Kind.ORDER, StoreName.CSCART, order_id, cause=Cause.HOOK)


def place(pair: Shops, subject: Subject, number: int) -> str:
    rows = skus_of(subject, StoreName.CSCART, 50)
    product_id = next(item for item, _ in rows[number:] if _can_be_sold(pair, item))
    buyer = {name: value.format(n=number) for name, value in BUYER.items()}
    body: dict[str, Any] = {
        "user_id": 0,
        "user_data": buyer,
        "payment_id": 1,
        "shipping_id": 1,
        "products": {"1": {"product_id": product_id, "amount": 1}},
    }
    answer = requests.post(f"{pair.cscart_url}api/stores/1/orders", json=body, auth=(EMAIL, KEY), timeout=60)
    answer.raise_for_status()
    return str(answer.json()["order_id"])


def _can_be_sold(pair: Shops, product_id: str) -> bool:
    row = requests.get(f"{pair.cscart_url}api/products/{product_id}", auth=(EMAIL, KEY), timeout=60).json()
    return row["status"] == "A" and int(row["amount"]) > 3


def _wrong(pair: Shops, placed: list[str]) -> str:
    headers = {"Authorization": f"Bearer {pair.token}"}
    query = {"limit": 500, "sort": "id ASC", "escape": 0}
    found = requests.get(f"{pair.webasyst_url}api.php/shop.order.search", params=query, headers=headers, timeout=60).json()["orders"]
    totals = {str(order["params"]["storesync_ref"]).rsplit(":", 1)[1]: float(order["total"]) for order in found}
    if len(found) != len(placed) or totals.keys() != set(placed):
        return f"{len(found)} orders for {len(placed)}"
    ours = {
        item: float(requests.get(f"{pair.cscart_url}api/orders/{item}", auth=(EMAIL, KEY), timeout=60).json()["total"]) for item in placed
    }
    return "" if ours == totals else "totals differ"
