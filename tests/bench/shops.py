"""Both sandbox shops in a process of their own, with costs and counters that are steered from outside."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import requests

from tests.bench.costs import WRITES, Costly, Costs
from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.faults import Request
from tests.sandbox.httpd import Response, Server
from tests.sandbox.webasyst import WebasystSandbox

KEY = "benchkey" + "0" * 24
EMAIL = "sync@shop.example"
LOADED_BEFORE = 7200.0


@dataclass(frozen=True, slots=True)
class Shops:
    """`calls` of each shop since the last `reset`; `busy` seconds that its workers would have been busy.

    Both begin in the past: what is loaded into them is old, and out of every overlap, once they have caught up.
    """

    cscart_url: str
    webasyst_url: str
    token: str

    def set(self, **costs: float) -> None:
        for url in (self.cscart_url, self.webasyst_url):
            requests.post(f"{url}_bench", json=costs, timeout=30)

    def reset(self) -> None:
        self.set()

    def catch_up(self) -> None:
        """Their clock is ours from now on."""
        requests.post(f"{self.cscart_url}_bench", json={"behind": 0}, timeout=30)

    def counted(self) -> dict[str, dict[str, float]]:
        return {name: requests.get(f"{url}_bench", timeout=30).json() for name, url in self._named()}

    def times(self) -> dict[str, list[tuple[bool, float]]]:
        """Of each shop's calls since the last `reset`, in the order in which they were answered: whether it wrote, and a worker's seconds for it."""
        return {name: requests.get(f"{url}_bench?times", timeout=30).json() for name, url in self._named()}

    def total(self) -> int:
        return sum(int(counts.get("reads", 0) + counts.get("writes", 0)) for counts in self.counted().values())

    def _named(self) -> tuple[tuple[str, str], ...]:
        return ("cscart", self.cscart_url), ("webasyst", self.webasyst_url)


@dataclass
class _Clock:
    """One for both shops."""

    behind: float = LOADED_BEFORE

    def __call__(self) -> float:
        return time.time() - self.behind


class _Steered:
    """`POST _bench` sets costs and the clock and forgets what was counted, `GET _bench` tells it, and how many SKUs Webasyst has."""

    def __init__(self, app: Any, clock: _Clock, skus: Callable[[], int] = int) -> None:
        self.costly, self.clock, self.skus = Costly(app, Costs(latency=0.0)), clock, skus
        self.times: list[tuple[bool, float]] = []

    def __call__(self, request: Request) -> Response:
        if not request.path.endswith("/_bench"):
            response = self.costly(request)
            self.times.append((request.method in WRITES, self.costly.costs.of(request, response)))
            return response
        if request.method == "POST":
            costs = json.loads(request.body or b"{}")
            self.clock.behind = costs.pop("behind", self.clock.behind)
            wanted = replace(self.costly.costs, **{name: int(value) if name == "workers" else value for name, value in costs.items()})
            self.costly, self.times = Costly(self.costly.app, wanted), []
            return Response.of_json({})
        if request.raw_query == "times":
            return Response.of_json(self.times)
        return Response.of_json({**self.costly.calls, "busy": self.costly.busy, "late": self.costly.late, "skus": self.skus()})


@contextmanager
def shops(cscart: int, webasyst: int = 0, seed: int = 1) -> Iterator[Shops]:
    """So many products in each; nothing is linked yet."""
    command = [sys.executable, "-m", "tests.bench.shops", json.dumps({"cscart": cscart, "webasyst": webasyst, "seed": seed})]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield Shops(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def main(wanted: dict[str, int]) -> None:
    clock = _Clock()
    cscart, webasyst = CsCartSandbox(now=clock, key=KEY, email=EMAIL), WebasystSandbox(now=clock)

    def variants() -> int:
        return int(webasyst.shop.value("SELECT COUNT(*) FROM skus"))

    with Server(_Steered(cscart.app, clock)) as ours, Server(_Steered(webasyst.app, clock, variants)) as theirs:
        cscart.public_url, webasyst.public_url = ours.url, theirs.url
        cscart.seed(wanted["cscart"], 0, wanted["seed"])
        webasyst.seed(wanted["webasyst"], 0, wanted["seed"])
        token = webasyst.issue_token(client_id="0" * 32)
        print(json.dumps({"cscart_url": f"{ours.url}/", "webasyst_url": f"{theirs.url}/", "token": token}), flush=True)
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
