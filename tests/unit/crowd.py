"""A shop that notes how many calls it serves at once, and a client of it that does not really wait."""

import threading
import time
from typing import Any

from storesync.errors import ServerFault, StoreBusy, StoreError
from storesync.http import Answer, Call, Transport

from tests.sandbox.httpd import Request, Response


def classify(_: Call, found: Answer) -> StoreError | None:
    if found.status == 429:
        return StoreBusy("wait", status=429)
    return ServerFault("failed", status=found.status) if found.status >= 500 else None


def transport(**options: Any) -> Transport:
    return Transport("shop", classify, **{"allow_private": True, "sleep": lambda _: None, **options})


class Crowd:
    """A shop that notes how many calls it serves at once; with `most`, it fails when there are more."""

    def __init__(self, seconds: float, most: int = 1000) -> None:
        self.seconds, self.most, self.now, self.peak, self.refused = seconds, most, 0, 0, 0
        self._lock = threading.Lock()

    def __call__(self, found: Request) -> Response:
        with self._lock:
            self.now += 1
            self.peak = max(self.peak, self.now)
            refuse = self.now > self.most
            self.refused += refuse
        time.sleep(self.seconds)
        with self._lock:
            self.now -= 1
        return Response(503) if refuse else Response.of_json({"path": found.path})


def calls(url: str, number: int) -> list[Call]:
    return [Call("GET", f"{url}/products/{at}") for at in range(number)]
