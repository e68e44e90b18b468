"""What a real shop's work takes, laid over a sandbox: a network with latency, a pool of PHP workers, and time per row."""

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass

from tests.sandbox.faults import Request
from tests.sandbox.httpd import App, Response

_ROWS = re.compile(rb'"(?:product_code|sku_count|is_parent_order|state_id)":')
_BULK = re.compile(rb"%22id%22")
WRITES = ("POST", "PUT", "DELETE")


@dataclass(frozen=True, slots=True)
class Costs:
    """All in seconds. `latency` is a round trip's, outside of the workers; the rest is a worker's time."""

    latency: float = 0.05
    workers: int = 4
    boot: float = 0.008
    row: float = 0.0001
    write: float = 0.015
    bulk_row: float = 0.0004

    def of(self, request: Request, response: Response) -> float:
        """A worker's time for this request."""
        if "massUpdate" in request.path:
            return self.boot + self.bulk_row * len(_BULK.findall(request.body))
        if request.method in WRITES:
            return self.boot + self.write
        return self.boot + self.row * len(_ROWS.findall(response.body))


class Costly:
    """An app that takes the time a real one would; what the sandbox itself needs is part of it, not on top. `late`: by how much it needs more."""

    def __init__(self, app: App, costs: Costs) -> None:
        self.app, self.costs = app, costs
        self.calls: Counter[str] = Counter()
        self.busy = self.late = 0.0
        self._workers = threading.BoundedSemaphore(costs.workers)
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        if self.costs.latency:
            time.sleep(self.costs.latency)
        with self._workers:
            started = time.perf_counter()
            response = self.app(request)
            due, took = self.costs.of(request, response), time.perf_counter() - started
            self._count(request, due, took)
            if self.costs.latency:
                time.sleep(max(0.0, due - took))
        return response

    def _count(self, request: Request, due: float, took: float) -> None:
        with self._lock:
            self.calls["writes" if request.method in WRITES else "reads"] += 1
            self.calls["uploads"] += "images.add" in request.path or b"image_path" in request.body
            self.busy += due
            self.late += max(0.0, took - due)

    def reset(self) -> None:
        with self._lock:
            self.calls.clear()
            self.busy = self.late = 0.0
