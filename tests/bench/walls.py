"""Goals 5 to 8: seconds on a network of 50 ms, beside a sequential connector and beside what latency and PHP workers allow."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import requests
from storesync.domain.exchange import ProductWrite
from storesync.domain.model import Group, Product, StoreName

from tests.bench.calls import skus_of
from tests.bench.connector import Connector
from tests.bench.figures import Figure, side_by_side
from tests.bench.shops import EMAIL, KEY, Shops, shops
from tests.bench.subject import Subject, emulated, paced, seconds

LATENCY, WORKERS = 0.05, 8
SAMPLE = 12  # the connector is sequential, so its time is linear: measured on so many products each time, told for all
SLOW_PART = 5  # two single writes at a time take minutes for all: measured on every fifth product, fixed costs and all, beside the connector for as many
EDITED = 20  # every so many-th product is 5 %


@dataclass
class Walls:
    """A linked pair of shops on a slow network, and both who work on it."""

    pair: Shops
    subject: Subject
    connector: Connector
    products: int
    times: int

    def usual(self, work: Callable[[str, str], None], rows: Sequence[tuple[str, str]], products: int) -> Callable[[], float]:
        """Seconds that the connector would take for so many products."""
        return lambda: seconds(lambda: [work(*row) for row in rows]) / len(rows) * products

    def least(self) -> float:
        """Seconds that a pass takes at least that had the calls since the last reset: the lists of both shops side by side, then both sides
        of what is in them, then the writing and the reading back in turn."""
        times = self.pair.times()
        ours, theirs = times[StoreName.CSCART], times[StoreName.WEBASYST]
        at = next(at for at, (writes, _) in enumerate(theirs) if writes)
        lists = max(seconds for _, seconds in (ours[0], *theirs[: at - 1]))
        sides = max(seconds for _, seconds in (theirs[at - 1], *ours[1:]))
        return (2 + len(theirs[at:])) * LATENCY + lists + sides + sum(seconds for _, seconds in theirs[at:])

    def physical(self, store: StoreName, in_flight: int) -> float:
        """Seconds that the calls since the last reset take on this network, with so many at a time and a shop that is never late."""
        counts = self.pair.counted()[store]
        return (int(counts["reads"] + counts.get("writes", 0)) * LATENCY + counts["busy"]) / in_flight


def figures(products: int, times: int, goals: frozenset[int]) -> list[Figure]:
    with shops(products) as pair, emulated() as tables:
        subject = Subject(pair, tables)
        subject.sweep()
        subject.sweep()
        subject.settle()
        pair.set(latency=LATENCY, workers=WORKERS)
        walls = Walls(pair, subject, Connector(pair), products, times)
        found = [_stock(walls)] if 5 in goals else []
        found += _texts_to_webasyst(walls) if goals & {6, 8} else []
        found += _texts_to_cscart(walls) if goals & {7, 8} else []
        return found + ([_reads(walls)] if 8 in goals else [])


def _stock(walls: Walls) -> Figure:
    """Each time other numbers, so that there is something to do."""
    pair, subject = walls.pair, walls.subject
    rows = skus_of(subject, StoreName.CSCART, SAMPLE * 3)[:SAMPLE]
    edited = [product_id for product_id, _ in skus_of(subject, StoreName.CSCART, walls.products)[::EDITED]]
    amounts = iter(range(1000, 10**6))

    physical: list[float] = []

    def ours() -> float:
        amount = next(amounts)
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda item: put(pair, item, amount), edited))
        pair.reset()
        taken = seconds(subject.pull)
        physical.append(walls.least())
        return taken

    mine, usual = side_by_side(ours, walls.usual(walls.connector.to_webasyst, rows, walls.products), walls.times)
    subject.sweep()
    name = f"wall, {walls.products:,} products, 50 ms, 5 % stock to Webasyst, with the tables"
    note = f"{mine:.2f} s over {usual:.0f} s; the calls that wait for each other take {physical[-1]:.2f} s"
    return Figure(5, name, usual / mine, 300, bound=usual / physical[-1], unit=" x", void=subject.agree(), note=note)


def put(pair: Shops, product_id: str, amount: int) -> None:
    requests.put(f"{pair.cscart_url}api/products/{product_id}", json={"amount": amount}, auth=(EMAIL, KEY), timeout=60).raise_for_status()


def _all(subject: Subject, store: StoreName) -> list[Product]:
    ids = [record.product_id for page in subject.stores[store].scan() for record in page.items if record.id == record.product_id]
    return [product for at in range(0, len(ids), 100) for product in subject.stores[store].products(ids[at : at + 100])]


def _rewritten(one: Product, mark: str) -> ProductWrite:
    content = replace(one.content, summary=f"{mark} {one.id}", description=f"<p>{mark}</p>")
    return ProductWrite(one, replace(one, content=content), frozenset({Group.CONTENT.value}))


@dataclass
class _Texts:
    """All texts through the store's port, read back; each time what the last time kept is rewritten. `physical` of the last time."""

    walls: Walls
    store: StoreName
    in_flight: int
    products: list[Product]
    physical: float = 0.0

    def __call__(self) -> float:
        shop = paced(self.walls.subject, self.store, self.in_flight)
        shop.products([self.products[0].id])  # it knows the shop's clock and stocks by now
        writes = [_rewritten(one, f"Text {time.perf_counter_ns()}") for one in self.products]
        outcomes: list[Any] = []
        self.walls.pair.reset()
        taken = seconds(lambda: outcomes.extend(shop.write(writes)))
        self.physical = self.walls.physical(self.store, self.in_flight)
        if wrong := [outcome.error for outcome in outcomes if outcome.error is not None]:
            raise RuntimeError(f"{len(wrong)} texts were not kept, the first: {wrong[0]}")
        self.products = [outcome.product for outcome in outcomes]
        return taken


def _texts_to_webasyst(walls: Walls) -> list[Figure]:
    rows = skus_of(walls.subject, StoreName.CSCART, SAMPLE * 3)[:SAMPLE]
    products, found, share = _all(walls.subject, StoreName.WEBASYST), [], 0.0
    for in_flight, target in ((2, 200), (4, 300)):
        texts = _Texts(walls, StoreName.WEBASYST, in_flight, products)
        ours, usual = side_by_side(texts, walls.usual(walls.connector.texts_to_webasyst, rows, len(products)), walls.times)
        name = f"wall, all texts to Webasyst in bulk with read-back, {in_flight} in flight"
        found.append(Figure(6, name, usual / ours, target, bound=usual / texts.physical, unit=" x", note=_note(ours, usual, len(products))))
        share = share or 100 * texts.physical / ours
    return [*found, _share("bulk, 2 in flight", share, 90)]


def _note(ours: float, usual: float, products: int) -> str:
    return f"{ours:.2f} s over {usual:.0f} s, {products:,} products"


def _share(what: str, share: float, target: float) -> Figure:
    return Figure(8, f"share of the physical limit at 50 ms: {what}", share, target, bound=100, unit=" %")


def _texts_to_cscart(walls: Walls) -> list[Figure]:
    theirs = skus_of(walls.subject, StoreName.WEBASYST, SAMPLE * 3)[:SAMPLE]
    products, found, share = _all(walls.subject, StoreName.CSCART), [], 0.0

    def text(product_id: str, sku: str) -> None:
        walls.connector.to_cscart(product_id, sku, short_description=f"T {time.perf_counter_ns()}")

    for in_flight, target, part in ((2, 5.5, products[::SLOW_PART]), (8, 21.0, products)):
        texts = _Texts(walls, StoreName.CSCART, in_flight, part)
        ours, usual = side_by_side(texts, walls.usual(text, theirs, len(part)), walls.times)
        name = f"wall, all texts to CS-Cart, {in_flight} in flight"
        found.append(Figure(7, name, usual / ours, target, bound=usual / texts.physical, unit=" x", note=_note(ours, usual, len(part))))
        share = 100 * texts.physical / ours
    return [*found, _share("single writes, 8 in flight", share, 96)]


def _reads(walls: Walls) -> Figure:
    """A sweep's reading, one page after another, as each begins where the last one ended."""
    shop = paced(walls.subject, StoreName.CSCART, 2)

    def read() -> float:
        walls.pair.reset()
        return seconds(lambda: [list(page.items) for page in shop.scan()])

    taken, _ = side_by_side(read, lambda: 0.0, walls.times)
    return _share("reads", 100 * walls.physical(StoreName.CSCART, 1) / taken, 90)
