"""Goals 1 to 4, 9 and 14: what a pass asks of the shops and of the tables. Both count for themselves, so nothing is timed here."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from storesync.domain.model import StoreName

from tests.bench.connector import Connector
from tests.bench.figures import Figure
from tests.bench.metered import Metered
from tests.bench.shops import EMAIL, KEY, Shops, shops
from tests.bench.subject import Subject

SAMPLE = 25
SHARE = 0.05


BOOKKEEPING = 24  # write units of two sweeps' leases, cursors and records, whatever the catalogue's size


@contextmanager
def linked(products: int) -> Iterator[tuple[Shops, Subject]]:
    """Both shops hold the same, it is linked, and all that was long ago: the second sweep has nothing to do."""
    with shops(products) as pair:
        subject = Subject(pair, (Metered(), Metered()))
        subject.sweep()
        subject.sweep()
        subject.settle()
        yield pair, subject


def figures(products: int) -> list[Figure]:
    with linked(products) as (pair, subject):
        usual = _usual_calls(pair, subject) * products
        return [*_quiet(pair, subject, usual, products), *_changed(pair, subject, usual, products)]


def skus_of(subject: Subject, store: StoreName, at_most: int) -> list[tuple[str, str]]:
    """(product id, SKU) of what is listed as a product with one variant."""
    found: list[tuple[str, str]] = []
    for page in subject.stores[store].scan():
        found += [(record.id, record.variants[0][1]) for record in page.items if len(record.variants) == 1 and record.variants[0][1]]
        if len(found) >= at_most:
            break
    return found


def _usual_calls(pair: Shops, subject: Subject) -> float:
    """Of the sequential connector for one product; it asks the same for each, changed or not."""
    connector = Connector(pair)
    for product_id, sku in skus_of(subject, StoreName.CSCART, 250)[:SAMPLE]:
        connector.to_webasyst(product_id, sku)
    return connector.calls / SAMPLE


def _quiet(pair: Shops, subject: Subject, usual: float, products: int) -> list[Figure]:
    pair.reset()
    _units(subject)
    subject.sweep()
    read, written = _units(subject)
    swept, writes, uploads = pair.total(), _count(pair, "writes"), _count(pair, "uploads")
    pair.reset()
    subject.pull()
    pulled = pair.total()
    void = subject.agree()
    bound = usual / (products / 250 + products / 1000)
    return [
        Figure(1, f"calls, {products:,} products unchanged, sweep of both sides", usual / swept, 550, bound=bound, unit=" x fewer", void=void, note=f"{swept} calls"),
        Figure(2, "calls, unchanged, scheduled pull of both sides", pulled, 4, least=False, bound=4, void=void),
        Figure(9, "image uploads in a second pass", uploads, 0, least=False, void=void),
        Figure(9, "store writes in a quiet pass", writes, 0, least=False, void=void),
        Figure(14, "table read units of an unchanged product in a sweep", read / products, 0.05, least=False, void=void, note=f"{read:.0f} in all"),
        Figure(14, "table write units of an unchanged product in a sweep", max(0.0, written - BOOKKEEPING) / products, 0, least=False, void=void, note=f"{written:.0f} in all"),
    ]  # fmt: skip


def _units(subject: Subject) -> tuple[float, float]:
    """Of both tables since the last time: read, written."""
    state, journal = (table.units() for table in subject.tables)
    return state[0] + journal[0], state[1] + journal[1]


def _count(pair: Shops, name: str) -> int:
    return int(sum(counts.get(name, 0) for counts in pair.counted().values()))


def _changed(pair: Shops, subject: Subject, usual: float, products: int) -> list[Figure]:
    edits = max(1, int(products * SHARE))
    to_webasyst = _to_webasyst(pair, subject, edits)
    swept = subject.agree()
    to_cscart = _to_cscart(pair, subject, edits)
    void = swept or subject.agree()
    lists = products / 250 + products / 1000
    return [
        Figure(3, "calls, 5 % stock or price changed, to Webasyst", usual / to_webasyst, 480, bound=usual / (lists + edits / 100 + 1), unit=" x fewer", void=void, note=f"{to_webasyst} calls, pull"),
        Figure(4, "calls, 5 % changed, to CS-Cart", usual / to_cscart, 52, bound=usual / (lists + edits), unit=" x fewer", void=void, note=f"{to_cscart} calls, pull"),
    ]  # fmt: skip


def _to_webasyst(pair: Shops, subject: Subject, edits: int) -> int:
    draw = random.Random(3)
    session = requests.Session()
    for product_id, _ in draw.sample(skus_of(subject, StoreName.CSCART, 10**6), edits):
        body = {"amount": draw.randint(300, 900)} if draw.random() < 0.5 else {"price": draw.randint(100, 9000)}
        session.put(f"{pair.cscart_url}api/products/{product_id}", json=body, auth=(EMAIL, KEY), timeout=60).raise_for_status()
    pair.reset()
    subject.pull()
    return pair.total()


def _to_cscart(pair: Shops, subject: Subject, edits: int) -> int:
    draw = random.Random(4)
    rows = skus_of(subject, StoreName.WEBASYST, 10**6)
    chosen = draw.sample(rows, edits)
    headers = {"Authorization": f"Bearer {pair.token}"}
    variants = {record.id: record.variants[0][0] for page in subject.stores[StoreName.WEBASYST].scan() for record in page.items}
    for product_id, _ in chosen:
        form = {"sku[0][id]": variants[product_id], "sku[0][price]": draw.randint(100, 9000)}
        requests.post(f"{pair.webasyst_url}api.php/shop.product.massUpdate", data=form, headers=headers, timeout=60).raise_for_status()
    pair.reset()
    subject.pull()
    return pair.total()
