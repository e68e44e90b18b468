"""The failures a sandbox server can be told to show, and the draw that decides when."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.message import Message

KINDS = frozenset(
    {
        "status",
        "delay",
        "slow_body",
        "reset",
        "truncate",
        "html",
        "empty",
        "notice",
        "rate_limited",
        "redirect",
        "lose_answer",
        "lose_answer_500",
        "garbage",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is percent-decoded and without the query; `raw_query` is untouched."""

    method: str
    path: str
    raw_query: str = ""
    headers: Message = field(default_factory=Message)
    body: bytes = b""

    @property
    def route(self) -> str:
        query = f"?{self.raw_query}" if self.raw_query else ""
        return f"{self.method} {self.path}{query}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure; `route` is searched as a regular expression in "METHOD path?query".

    `status` is used by the kinds status, html, empty and (when it is 3xx) redirect.
    """

    kind: str
    route: str = ".*"
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    status: int = 500
    seconds: float = 0.0
    retry_after: str | None = None
    location: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault: {self.kind}")


@dataclass(slots=True)
class _Armed:
    fault: Fault
    pattern: re.Pattern[str]
    seen: int = 0
    fired: int = 0

    @property
    def spent(self) -> bool:
        return self.fault.times is not None and self.fired >= self.fault.times

    def hits(self, route: str, draw: random.Random) -> bool:
        if self.spent or not self.pattern.search(route):
            return False
        self.seen += 1
        if self.seen <= self.fault.after or draw.random() >= self.fault.probability:
            return False
        self.fired += 1
        return True


class Faults:
    """Armed faults in the order they were added; at most one hits a request."""

    def __init__(self, seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._draw = random.Random(seed)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._armed.append(_Armed(fault, re.compile(fault.route)))

    def replace(self, faults: Iterable[Fault]) -> None:
        armed = [_Armed(fault, re.compile(fault.route)) for fault in faults]
        with self._lock:
            self._armed = armed

    def clear(self) -> None:
        self.replace(())

    def take(self, request: Request) -> Fault | None:
        with self._lock:
            for armed in self._armed:
                if armed.hits(request.route, self._draw):
                    return armed.fault
        return None
