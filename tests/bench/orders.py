"""Goals 10, 14 and 18: what an order takes, alone and in a storm of hints, in calls, in table units and in money."""

import random
from dataclasses import dataclass
from typing import Any

import requests
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName

from tests.bench.calls import skus_of
from tests.bench.figures import Figure
from tests.bench.metered import Metered
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
        Figure(10, "storm of hints, writes", storm.writes / once.writes, 1.05, least=False, unit=" x", void=storm.void or once.void),
        Figure(10, "storm of hints, reads", storm.reads / once.reads, 1.2, least=False, unit=" x", void=storm.void),
        Figure(14, "table write units of a new order", once.table_writes / ORDERS, 10, least=False, void=once.void),
        Figure(14, "table read units of a new order", once.table_reads / ORDERS, 6, least=False, void=once.void),
        *_costs(once),
    ]


def _orders(times: int) -> Taken:
    """New orders, each hinted at so many times, shuffled."""
    tables = Metered(), Metered()
    with shops(60) as pair:
        subject = Subject(pair, tables)
        subject.sweep()
        placed = [_place(pair, subject, number) for number in range(ORDERS)]
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


def _order_only(subject: Subject, hint: Change) -> None:
    """The order's own message; the stock that it makes the worker look at is a product's cost."""
    subject.worker.apply(hint)
    while subject.queue.receive() is not None:
        subject.queue.crash()
        subject.queue.waiting.clear()


def _hint(subject: Subject, order_id: str) -> Change:
    return subject.change(Kind.ORDER, StoreName.CSCART, order_id, cause=Cause.HOOK)


def _place(pair: Shops, subject: Subject, number: int) -> str:
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


# eu-central-1, arm64, on demand, November 2026, in dollars
PRICES = {
    "lambda_second_gb": 0.0000133334, "lambda_request": 0.2e-6, "api_request": 1.2e-6, "sqs_request": 0.5e-6, "table_write": 0.7e-6,
    "table_read": 0.14e-6, "log_gb": 0.63, "scheduler": 1.2e-6,
}  # fmt: skip
CALL_SECONDS = 0.06  # a call to a shop: a round trip of 50 ms and its own work


def _costs(once: Taken) -> list[Figure]:
    """Counted units times the price list. An order: one hint, one message for it and one for the stock of its products."""
    calls = (once.reads + once.writes) / ORDERS
    worker = (calls * CALL_SECONDS + 0.05) * 1.0 * PRICES["lambda_second_gb"] + PRICES["lambda_request"]
    stock = (
        (3 * CALL_SECONDS + 0.03) * 1.0 * PRICES["lambda_second_gb"]
        + PRICES["lambda_request"]
        + 4 * PRICES["table_read"]
        + PRICES["table_write"]
    )
    hint = PRICES["api_request"] + 0.02 * 0.5 * PRICES["lambda_second_gb"] + PRICES["lambda_request"]
    queue = 2 * 3 * PRICES["sqs_request"]
    tables = once.table_writes / ORDERS * PRICES["table_write"] + once.table_reads / ORDERS * PRICES["table_read"]
    logs = 2e3 / 1e9 * PRICES["log_gb"]
    order = worker + stock + hint + queue + tables + logs
    return [
        Figure(18, "cost of 1,000,000 orders", order * 1e6, 18, least=False, unit=" $", void=once.void, note=f"{calls:.1f} calls an order"),
        Figure(18, "an idle connection, a month", _idle(), 0.05, least=False, unit=" $"),
    ]


def _idle() -> float:
    """Pulls by the default periods: orders of both stores each minute, products each five, sweeps each hour."""
    minutes = 30 * 24 * 60
    runs = 2 * minutes + 2 * minutes / 5 + 2 * minutes / 60
    each = 3 * PRICES["sqs_request"] + PRICES["lambda_request"] + 2 * CALL_SECONDS * PRICES["lambda_second_gb"]
    return runs * (each + 4 * PRICES["table_write"] + 5 * PRICES["table_read"])
