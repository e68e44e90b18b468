"""A whole catalogue: a first load into an empty Webasyst by workers of the function's size, one of which is killed in its middle, and a
sweep after 1 % has changed. Not one of the goals, as it takes its time: half an hour for 100,000 products.

What is told of each tenth of the catalogue shows whether time grows with the catalogue alone, and memory not at all.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import requests
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from storesync.domain.changes import SWEEP, Kind
from storesync.domain.model import StoreName

from tests.bench import apart
from tests.bench.calls import skus_of
from tests.bench.figures import machine, out, peak_mb
from tests.bench.prices import memory
from tests.bench.shops import EMAIL, KEY, Shops, shops
from tests.bench.subject import Subject
from tests.sandbox.local.template import load

CHANGED, DIES_AT, PARTS = 0.01, 0.3, 10
LOOK = 2.0
COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
Address = tuple[str, int]


def main(products: int, folder: Path) -> int:
    """Writes hundred_thousand.json; 1 when the shops differ in the end or a worker needed more memory than its function has."""
    worker = load(Path("template.yaml"))["Resources"]["SyncWorker"]["Properties"]
    with shops(products) as pair, apart.kept() as address, Progress(*COLUMNS, console=out, refresh_per_second=1) as shown:
        load_ = Load(Subject(pair, *apart.at(address)), address, products, worker["Timeout"], shown)
        first = load_.timed("first load", load_.first)
        edited = _edit(pair, load_.watching, max(1, int(products * CHANGED)))
        again = load_.timed("sweep", load_.swept)
        told = {
            "machine": machine(), "products": products, "changed": edited, "memory_mb": memory("SyncWorker"), "first_load": first, "sweep": again,
            "differences": load_.watching.agree(),
        }  # fmt: skip
    text = json.dumps(told, indent=1)
    (folder / "hundred_thousand.json").write_text(text, encoding="utf-8")
    print(text)
    within = max(first["peak_mb"], again["peak_mb"]) <= memory("SyncWorker")
    return 0 if within and not told["differences"] else 1


@dataclass
class Load:
    """`passed`: seconds since the start and MB that the worker has held, at each tenth of the products. `waited`: seconds until the second
    worker went on."""

    watching: Subject
    address: Address
    products: int
    seconds: float
    shown: Progress
    passed: list[tuple[float, float]] = field(default_factory=list)
    waited: float = 0.0
    _began: float = 0.0
    _bar: Any = None

    def timed(self, name: str, work: Callable[[], list[dict[str, float]]]) -> dict[str, Any]:
        self.watching.shops.reset()
        self.passed, self.waited, self._began = [], 0.0, time.perf_counter()
        self._bar = self.shown.add_task(name, total=self.products)
        lives = work()
        self.shown.update(self._bar, completed=self.products)
        return {
            "seconds": round(time.perf_counter() - self._began, 1), "waited_for_the_lease": round(self.waited, 1), "workers": len(lives),
            "messages": sum(life["messages"] for life in lives), "peak_mb": max(life["peak"] for life in lives), "calls": self.watching.shops.counted(),
            "seconds_at_tenths": [round(at, 1) for at, _ in self.passed], "peak_mb_at_tenths": [peak for _, peak in self.passed],
        }  # fmt: skip

    def first(self) -> list[dict[str, float]]:
        """The first worker is killed when a part is there; what it had in hand comes back, and the second one goes on as soon as the lease of
        the first has run out, which takes two minutes."""
        self._ask()
        with _worker(self.watching.shops, self.address, self.seconds) as dying:
            while dying.poll() is None and self._look(dying.pid) < self.products * DIES_AT:
                time.sleep(LOOK)
            peak = peak_mb(dying.pid)
            dying.kill()
        killed_at, died = self._look(), time.perf_counter()
        self.shown.console.print(f"the first worker was killed at {killed_at:,} products; the next one waits for its lease")
        self.watching.queue.crash()

        def looked(process: int) -> None:
            if self._look(process) > killed_at and not self.waited:
                self.waited = time.perf_counter() - died

        last = self._to_the_end(looked)
        self._passed(self.products, last["peak"])
        return [{"peak": peak, "messages": 0}, last]

    def swept(self) -> list[dict[str, float]]:
        self._ask()
        return [self._to_the_end(lambda _: None)]

    def _ask(self) -> None:
        self.watching.queue.send([self.watching.change(Kind.STREAM, store, SWEEP) for store in StoreName])

    def _to_the_end(self, looked: Callable[[int], None]) -> dict[str, float]:
        with _worker(self.watching.shops, self.address, self.seconds) as process:
            while True:
                try:
                    told, _ = process.communicate(timeout=LOOK)
                    found: dict[str, float] = json.loads(told.splitlines()[-1])
                    return found
                except subprocess.TimeoutExpired:
                    looked(process.pid)

    def _look(self, process: int | None = None) -> int:
        """How many SKUs are there."""
        there = int(self.watching.shops.counted()[StoreName.WEBASYST]["skus"])
        self.shown.update(self._bar, completed=there)
        if process:
            self._passed(there, peak_mb(process))
        return there

    def _passed(self, there: int, peak: float) -> None:
        while len(self.passed) < PARTS and there >= (len(self.passed) + 1) * self.products / PARTS:
            self.passed.append((time.perf_counter() - self._began, peak))
            self.shown.console.print(f"{there:,} SKUs after {self.passed[-1][0]:.0f} s; the worker held {peak:.0f} MB at most")


@contextmanager
def _worker(pair: Shops, address: Address, seconds: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.hundred_thousand", json.dumps([asdict(pair), address, seconds])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process


def work(pair: dict[str, str], address: Address, seconds: float) -> None:
    subject = Subject(Shops(**pair), *apart.at(address))
    messages = subject.drain(seconds)
    print(json.dumps({"peak": peak_mb(), "messages": messages}))


def _edit(pair: Shops, watching: Subject, count: int) -> int:
    """Stocks in CS-Cart, in no order."""
    draw = random.Random(7)
    chosen = draw.sample(skus_of(watching, StoreName.CSCART, 10**6), count)
    session = requests.Session()

    def put(product_id: str) -> None:
        body = {"amount": draw.randint(300, 900)}
        session.put(f"{pair.cscart_url}api/products/{product_id}", json=body, auth=(EMAIL, KEY), timeout=60).raise_for_status()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, [product_id for product_id, _ in chosen]))
    return count


if __name__ == "__main__":
    work(*json.loads(sys.argv[1]))
