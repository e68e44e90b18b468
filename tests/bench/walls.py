"""Goals 5 to 8: seconds on a network of 50 ms, beside a sequential connector and beside what latency and PHP workers allow."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import requests
from storesync.domain.exchange import ProductWrite
from storesync.domain.model import Group, Product, StoreName

from tests.bench.calls import skus_of
from tests.bench.connector import Connector
from tests.bench.costs import Costs
from tests.bench.figures import Figure, side_by_side
from tests.bench.shops import EMAIL, KEY, Shops, shops
from tests.bench.subject import Subject, emulated, paced, seconds

LATENCY = 0.05
SAMPLE = 20  # the connector is sequential, so its time is linear: measured on so many products, told for all
COSTS = Costs()


def figures(products: int, times: int) -> list[Figure]:
    with shops(products) as pair, emulated() as tables:
        subject = Subject(pair, tables)
        subject.sweep()
        subject.sweep()
        subject.settle()
        pair.set(latency=LATENCY, workers=8)
        connector = Connector(pair)
        rows = skus_of(subject, StoreName.CSCART, SAMPLE * 3)[:SAMPLE]
        found = [_stock(pair, subject, connector, rows, products, times)]
        found += _texts_to_webasyst(pair, subject, connector, rows, products, times)
        found += _texts_to_cscart(pair, subject, connector, products, times)
        return found + _limits(pair, subject, times)


def _usual(work: Callable[[str, str], None], rows: Sequence[tuple[str, str]], products: int) -> Callable[[], float]:
    """Seconds that the connector would take for all."""
    return lambda: seconds(lambda: [work(*row) for row in rows]) / len(rows) * products


def _stock(pair: Shops, subject: Subject, connector: Connector, rows: Any, products: int, times: int) -> Figure:
    """Each time other numbers, so that there is something to do."""
    edited = [product_id for product_id, _ in skus_of(subject, StoreName.CSCART, products)[:: max(1, int(1 / 0.05))]]
    amounts = iter(range(1000, 10**6))

    def edit() -> None:
        amount = next(amounts)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda item: _put(pair, item, amount), edited))

    def ours() -> float:
        edit()
        return seconds(subject.pull)

    mine, usual = side_by_side(ours, _usual(connector.to_webasyst, rows, products), times)
    subject.sweep()
    note = f"{mine:.2f} s over {usual:.0f} s"
    return Figure(
        5,
        f"wall, {products:,} products, 50 ms, 5 % stock to Webasyst, with the tables",
        usual / mine,
        300,
        unit=" x",
        void=subject.agree(),
        note=note,
    )


def _put(pair: Shops, product_id: str, amount: int) -> None:
    requests.put(f"{pair.cscart_url}api/products/{product_id}", json={"amount": amount}, auth=(EMAIL, KEY), timeout=60).raise_for_status()


def _all(subject: Subject, store: StoreName) -> list[Product]:
    ids = [record.product_id for page in subject.stores[store].scan() for record in page.items if record.id == record.product_id]
    return [product for at in range(0, len(ids), 100) for product in subject.stores[store].products(ids[at : at + 100])]


def _rewritten(products: Sequence[Product], mark: str) -> list[ProductWrite]:
    return [
        ProductWrite(
            one,
            replace(one, content=replace(one.content, summary=f"{mark} {one.id}", description=f"<p>{mark}</p>")),
            frozenset({Group.CONTENT.value}),
        )
        for one in products
    ]


def _texts(subject: Subject, store: StoreName, in_flight: int) -> Callable[[], float]:
    """All texts through the store's port, read back."""
    shop = paced(subject, store, in_flight)

    def work() -> float:
        writes = _rewritten(_all(subject, store), f"Text {time.perf_counter_ns()}")
        outcomes: list[Any] = []
        taken = seconds(lambda: outcomes.extend(shop.write(writes)))
        assert all(outcome.error is None for outcome in outcomes)
        return taken

    return work


def _texts_to_webasyst(pair: Shops, subject: Subject, connector: Connector, rows: Any, products: int, times: int) -> list[Figure]:
    found = []
    for in_flight, target in ((2, 200), (4, 300)):
        ours, usual = side_by_side(
            _texts(subject, StoreName.WEBASYST, in_flight), _usual(connector.texts_to_webasyst, rows, products), times
        )
        bound = usual / _bulk_seconds(products, in_flight)
        name = f"wall, all texts to Webasyst in bulk with read-back, {in_flight} in flight"
        found.append(Figure(6, name, usual / ours, target, bound=bound, unit=" x", note=f"{ours:.2f} s"))
    return found


def _bulk_seconds(products: int, in_flight: int) -> float:
    """One write and one read for each hundred."""
    batches = -(-products // 100)
    one = 2 * (LATENCY + COSTS.boot) + 100 * (COSTS.bulk_row + COSTS.row)
    return batches * one / in_flight


def _texts_to_cscart(pair: Shops, subject: Subject, connector: Connector, products: int, times: int) -> list[Figure]:
    theirs = skus_of(subject, StoreName.WEBASYST, SAMPLE * 3)[:SAMPLE]
    found = []
    for in_flight, target, bound in ((2, 5.5, 6.0), (8, 21.0, 24.0)):

        def text(product_id: str, sku: str) -> None:
            connector.to_cscart(product_id, sku, short_description=f"T {time.perf_counter_ns()}")

        count = len(_all(subject, StoreName.CSCART))
        ours, usual = side_by_side(_texts(subject, StoreName.CSCART, in_flight), _usual(text, theirs, count), times)
        name = f"wall, all texts to CS-Cart, {in_flight} in flight"
        found.append(Figure(7, name, usual / ours, target, bound=bound, unit=" x", note=f"{ours:.1f} s"))
    return found


def _limits(pair: Shops, subject: Subject, times: int) -> list[Figure]:
    """The share of what latency and the shop's own time leave."""
    count = len(_all(subject, StoreName.CSCART))
    cscart = paced(subject, StoreName.CSCART, 8)
    pages = -(-sum(len(page.items) for page in cscart.scan()) // 250)
    rows = sum(len(page.items) for page in cscart.scan())
    reads, _ = side_by_side(lambda: seconds(lambda: list(cscart.scan())), lambda: 0.0, times)
    read_bound = pages * (LATENCY + COSTS.boot) + rows * COSTS.row
    singles, _ = side_by_side(_texts(subject, StoreName.CSCART, 8), lambda: 0.0, times)
    single_bound = count * (LATENCY + COSTS.boot + COSTS.write) / 8 + -(-count // 100) * (LATENCY + COSTS.boot + 100 * COSTS.row) / 8
    there = len(_all(subject, StoreName.WEBASYST))
    bulk, _ = side_by_side(_texts(subject, StoreName.WEBASYST, 1), lambda: 0.0, times)
    return [
        Figure(8, "share of the physical limit at 50 ms: reads", 100 * read_bound / reads, 90, unit=" %"),
        Figure(8, "share of the physical limit at 50 ms: single writes", 100 * single_bound / singles, 96, unit=" %"),
        Figure(8, "share of the physical limit at 50 ms: bulk", 100 * _bulk_seconds(there, 1) / bulk, 90, unit=" %"),
    ]
