"""A whole catalogue: a first load into an empty Webasyst by workers of the function's size, one of which is killed in its middle, and a
sweep after 1 % has changed. Not one of the goals, as it takes its time."""

import json
import random
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from storesync.domain.changes import SWEEP, Kind
from storesync.domain.model import StoreName

from tests.bench import apart
from tests.bench.calls import skus_of
from tests.bench.figures import machine
from tests.bench.shops import EMAIL, KEY, Shops, shops
from tests.bench.subject import Subject
from tests.sandbox.local.template import load

CHANGED, DIES_AT = 0.01, 0.3
LOOK = 2.0
out = Console(stderr=True)
Address = tuple[str, int]


def main(products: int) -> int:
    worker = load(Path("template.yaml"))["Resources"]["SyncWorker"]["Properties"]
    with shops(products) as pair, apart.kept() as address:
        watching = Subject(pair, *apart.at(address))
        first = _timed(pair, lambda: _first_load(watching, address, products, worker["Timeout"]))
        edited = _edit(pair, watching, max(1, int(products * CHANGED)))
        again = _timed(pair, lambda: _swept(watching, address, worker["Timeout"]))
        told = {
            "machine": machine(), "products": products, "changed": edited, "memory_mb": worker["MemorySize"], "first_load": first, "sweep": again,
            "differences": watching.agree(),
        }  # fmt: skip
    print(json.dumps(told, indent=1))
    within = max(first["peak_mb"], again["peak_mb"]) <= worker["MemorySize"]
    return 0 if within and not told["differences"] else 1


def _timed(pair: Shops, work: Callable[[], list[dict[str, float]]]) -> dict[str, Any]:
    pair.reset()
    started = time.perf_counter()
    lives = work()
    return {
        "seconds": round(time.perf_counter() - started, 1), "calls": pair.counted(), "workers": len(lives),
        "peak_mb": max(life["peak"] for life in lives), "messages": sum(life["messages"] for life in lives),
    }  # fmt: skip


def _first_load(watching: Subject, address: Address, products: int, seconds: float) -> list[dict[str, float]]:
    """The first worker is killed when a part is there; what it had in hand comes back, and the second one goes on as soon as the lease of
    the first has run out, which takes two minutes."""
    _ask(watching)
    with _worker(watching.shops, address, seconds) as dying:
        while dying.poll() is None and _there(watching) < products * DIES_AT:
            time.sleep(LOOK)
        peak = _peak(dying.pid)
        dying.kill()
    out.print(f"the first worker was killed at {_there(watching):,} products")
    watching.queue.crash()
    return [{"peak": peak, "messages": 0}, *_to_the_end(watching, address, seconds)]


def _peak(process: int) -> int:
    """MB that it has held at most so far."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) // 1024 if found else 0


def _swept(watching: Subject, address: Address, seconds: float) -> list[dict[str, float]]:
    _ask(watching)
    return _to_the_end(watching, address, seconds)


def _ask(watching: Subject) -> None:
    watching.queue.send([watching.change(Kind.STREAM, store, SWEEP) for store in StoreName])


def _to_the_end(watching: Subject, address: Address, seconds: float) -> list[dict[str, float]]:
    with _worker(watching.shops, address, seconds) as process:
        told, _ = process.communicate()
    return [json.loads(told.splitlines()[-1])]


@contextmanager
def _worker(pair: Shops, address: Address, seconds: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.hundred_thousand", json.dumps([asdict(pair), address, seconds])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield process


def work(pair: dict[str, str], address: Address, seconds: float) -> None:
    subject = Subject(Shops(**pair), *apart.at(address))
    messages = subject.drain(seconds)
    print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "messages": messages}))


def _there(watching: Subject) -> int:
    headers = {"Authorization": f"Bearer {watching.shops.token}"}
    answer = requests.get(f"{watching.shops.webasyst_url}api.php/shop.product.search", params={"limit": 1}, headers=headers, timeout=60)
    return int(answer.json()["count"])


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
