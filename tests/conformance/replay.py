"""One sandbox per group of recordings; state that no exchange shows is prepared just before it is needed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance import preparations
from tests.conformance.comparing import differences
from tests.conformance.exchanges import Exchange, build, load
from tests.sandbox.httpd import Response
from tests.sandbox.webasyst import WebasystSandbox

NOT_REPLAYED = Path(__file__).parent / "not_replayed.json"
_HANDED_OUT = (
    re.compile(r"code=([0-9a-f]{32})"), re.compile(r"access_token=([0-9a-f]{32})"),
    re.compile(r"PHPSESSID=([0-9a-f]{32})"), re.compile(r"_csrf=([0-9a-f]+\.\d+)"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Outcome:
    title: str
    differences: list[str]
    reason: str = ""


def reasons() -> dict[str, str]:
    found: dict[str, str] = json.loads(NOT_REPLAYED.read_text(encoding="utf-8"))
    return found


def replay() -> Iterator[Outcome]:
    """In order of recording; an exchange on the reasoned list is passed over."""
    skipped, shop = reasons(), _Shop()
    for exchange in load():
        shop.prepare(exchange)
        if exchange.title in skipped:
            yield Outcome(exchange.title, [], skipped[exchange.title])
        else:
            yield Outcome(exchange.title, shop.play(exchange))


class _Shop:
    def __init__(self) -> None:
        self._clock = 0.0
        self._sandbox: WebasystSandbox | None = None
        self._renamed: dict[str, str] = {}

    def prepare(self, exchange: Exchange) -> None:
        self._clock = exchange.recorded_at
        start = preparations.GROUPS.get(exchange.number)
        if start:
            self._sandbox = WebasystSandbox(now=lambda: self._clock)
            start(self._sandbox)
            self._clock = exchange.recorded_at
        for step in preparations.STEPS.get(exchange.number, ()):
            assert self._sandbox
            step(self._sandbox)

    def play(self, exchange: Exchange) -> list[str]:
        assert self._sandbox
        answer = self._sandbox.app(build(exchange, self._renamed))
        self._learn(exchange, answer)
        return differences(exchange, answer)

    def _learn(self, exchange: Exchange, answer: Response) -> None:
        """Codes, tokens and cookies differ from run to run: later requests must use the sandbox's own."""
        recorded = "\n".join(value for _, value in exchange.response["headers"])
        own = "\n".join(value for _, value in answer.headers)
        for pattern in _HANDED_OUT:
            then, now = pattern.search(recorded), pattern.search(own)
            if then and now:
                self._renamed[then[1]] = now[1]
        token = (exchange.response["json"] or {}).get("access_token") if isinstance(exchange.response["json"], dict) else None
        if token and b"access_token" in answer.body:
            self._renamed[token] = json.loads(answer.body)["access_token"] or token
