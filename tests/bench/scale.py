"""Goals 13, 15 and 17: memory, calls in flight, and what an outage leaves behind."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from storesync.domain.changes import Change, Kind
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.errors import ServerFault, StoreError
from storesync.http import Call, CallClass, Transport
from storesync.http.pace import Breaker

from tests.bench import apart
from tests.bench.costs import Costly, Costs
from tests.bench.figures import Figure, peak_mb, side_by_side
from tests.bench.shops import shops
from tests.bench.subject import Subject, fixed
from tests.fakes.state import MemoryQueue
from tests.fakes.stores_faults import Trouble
from tests.sandbox.faults import Request
from tests.sandbox.httpd import Response, Server
from tests.sandbox.local.template import load
from tests.sandbox.simulator.setting import drawn
from tests.sandbox.simulator.stack import Stack

WORKERS = (1, 2, 4, 8, 16)
CALLS, MOST_CALLS = 240, 640
WORSE = 1.2
ROOT = Path(__file__).parents[2]
ARENAS = "MALLOC_ARENA_MAX"


# -- memory


def memory(many: int, few: int) -> list[Figure]:
    peaks = {count: _peak(count) for count in (few, many)}
    note = ", ".join(f"{count:,}: {peak:.0f} MB" for count, peak in peaks.items())
    return [Figure(13, f"peak memory, {many:,} products over {few:,}", peaks[many] / peaks[few], 1.2, least=False, unit=" x", note=note)]


def _peak(products: int) -> float:
    """MB of a process of its own that swept a catalogue, with memory given out as the functions have it."""
    arenas = load(ROOT / "template.yaml")["Globals"]["Function"]["Environment"]["Variables"][ARENAS]
    command = [sys.executable, "-m", "tests.bench.scale", str(products)]
    done = subprocess.run(command, env={**os.environ, ARENAS: arenas}, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["peak"])


class _Thinned(MemoryQueue):
    """Of the batches that a sweep queues one in fifty is worked on: they are alike, and all is about how many there are."""

    def send(self, changes: Sequence[Change]) -> None:
        super().send([change for at, change in enumerate(changes) if change.kind is not Kind.PRODUCT or int(change.ids[0]) % 50 == at])


def sweep_alone(products: int) -> float:
    """Both catalogues are read for the index, and then CS-Cart's is swept."""
    with apart.kept() as address, shops(products) as pair:
        tables, _ = apart.at(address)
        subject = Subject(pair, tables, _Thinned())
        subject.only_compare()
        subject.sweep(StoreName.CSCART)
    return peak_mb()


# -- calls in flight


class _Overrun:
    """A pool of PHP workers with a short queue before it: what does not fit is answered with 503."""

    def __init__(self, workers: int) -> None:
        self.costly = Costly(
            lambda request: Response(200, b"{}", (("Content-Type", "application/json"),)), Costs(workers=workers, boot=0.02)
        )
        self.most, self.now, self.refused = workers * 4, 0, 0
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        with self._lock:
            self.now += 1
            full = self.now > self.most
            self.refused += full
        try:
            return Response(503) if full else self.costly(request)
        finally:
            with self._lock:
                self.now -= 1


def in_flight(times: int) -> list[Figure]:
    """What the number of calls in flight finds by itself, each time from a cold start, over the best of the fixed ones."""
    shares, refused, asked = [], 0, 0
    for workers in WORKERS:
        app, calls = _Overrun(workers), min(CALLS * workers, MOST_CALLS)
        with Server(app) as server:
            best = _best_fixed(server.url, calls, app.most)
            over: list[int] = []

            def adapting(url: str = server.url, app: _Overrun = app, calls: int = calls, over: list[int] = over) -> float:
                app.refused = 0
                taken = _taken(url, Breaker(time.monotonic), calls)
                over.append(app.refused)
                return taken

            ours, theirs = side_by_side(adapting, partial(_fixed, server.url, best, calls), times)
            shares.append(theirs / ours)
            refused, asked = refused + sum(over), asked + calls * times
    note = ", ".join(f"{workers}: {share:.0%}" for workers, share in zip(WORKERS, shares, strict=True))
    name = "adaptive calls in flight over the best fixed number, the worst of 1 to 16 workers"
    return [
        Figure(15, name, 100 * min(shares), 90, bound=100, unit=" %", note=note),
        Figure(15, "answers with 5xx while adapting", 100 * refused / asked, 1, least=False, unit=" %", note=f"{refused} of {asked:,}"),
    ]


def _best_fixed(url: str, calls: int, most: int) -> int:
    """From as many in flight as the shop bears to few; once fewer take clearly longer, still fewer take longer still. Tried once each: the
    best is measured anew beside ours."""
    best, number = float("inf"), 1
    for count in sorted((count for count in WORKERS if count <= most), reverse=True):
        taken = _fixed(url, count, calls)
        if taken > best * WORSE:
            break
        best, number = min((best, number), (taken, count))
    return number


def _fixed(url: str, count: int, calls: int) -> float:
    return _taken(url, fixed(count), calls)


def _taken(url: str, breaker: Breaker, count: int) -> float:
    """Seconds; endless when some calls were not answered in the end."""
    transport = Transport("bench", _classified, allow_private=True, breaker=breaker)
    calls = [Call("GET", f"{url}/{number}", kind=CallClass.READ) for number in range(count)]
    started = time.perf_counter()
    answers = transport.map(calls)
    return float("inf") if any(isinstance(item, StoreError) for item in answers) else time.perf_counter() - started


def _classified(call: Call, answer: Any) -> StoreError | None:
    return ServerFault("busy", status=answer.status) if answer.status >= 500 else None


# -- after an outage


def after_outage() -> list[Figure]:
    """The same edits, once with an hour in which Webasyst does not answer. Calls of both shops until all is quiet, on a clock of its own."""
    usual, late = (_edited_day(down) for down in (False, True))
    note = f"{late:.0f} over {usual:.0f}"
    return [Figure(17, "calls until quiet, after an hour of outage over none", late / usual, 1.2, least=False, unit=" x", note=note)]


def _edited_day(down: bool) -> float:
    stack = Stack(replace(drawn(Random(2)), page=250), Random(2))
    for number in range(1, 121):
        variants = (Variant("", f"S-{number}", Decimal(number), stock=50),)
        stack.cscart.add(Product("", Content(f"Mug {number}"), Listing(categories=("1",)), variants, "RUB"))
    _rounds(stack, 4, 3700)
    calls = _counted(stack)
    if down:
        stack.webasyst.faults.arm(Trouble.UNREACHABLE, times=10**9)
    for number in range(1, 121):
        stack.cscart.edit_variant(str(number), stock=50 + number)
        if number % 10 == 0:
            _rounds(stack, 1, 300)
    stack.webasyst.faults.clear()
    _rounds(stack, 6, 1300)
    kept = {
        product.variants[0].sku: product.variants[0].stock
        for product in stack.webasyst.products([str(key) for key in stack.webasyst.shelf])
    }
    assert kept == {f"S-{number}": 50 + number for number in range(1, 121)}
    return calls[0]


def _rounds(stack: Stack, times: int, seconds: float) -> None:
    for _ in range(times):
        stack.clock.sleep(seconds)
        stack.tick()
        stack.drain()


def _counted(stack: Stack) -> list[float]:
    """The number of calls to both shops from now on, in a list of one."""
    count = [0.0]

    def counting(hook: Callable[[str], None]) -> Callable[[str], None]:
        def counted(label: str) -> None:
            count[0] += label.startswith("before")
            hook(label)

        return counted

    for store in stack.stores.values():
        store.calls.hook = counting(store.calls.hook)
    return count


if __name__ == "__main__":
    print(json.dumps({"peak": sweep_alone(int(sys.argv[1]))}))
