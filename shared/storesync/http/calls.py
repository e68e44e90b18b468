"""What is asked of a store and what it answers, before any vendor reads meaning into it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..errors import NotAnApi, ServerFault, StoreError


class CallClass(StrEnum):
    PROBE = "probe"
    READ = "read"
    WRITE = "write"
    BULK = "bulk"
    CREATE = "create"
    UPLOAD = "upload"
    DOWNLOAD = "download"


# Read limits in seconds: an order may take 5 s only for the shop's own DNS (R16), a picture as long as the shop fetches it.
READ_LIMITS = {
    CallClass.PROBE: 10.0,
    CallClass.READ: 30.0,
    CallClass.WRITE: 30.0,
    CallClass.BULK: 60.0,
    CallClass.CREATE: 35.0,
    CallClass.UPLOAD: 90.0,
    CallClass.DOWNLOAD: 30.0,
}
CONNECT_LIMIT = 5.0
MAX_BYTES = 32_000_000


@dataclass(frozen=True, slots=True)
class Call:
    """`repeatable`: sending it twice does no harm. Otherwise a lost answer is OutcomeUnknown and nothing is sent again here."""

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    form: tuple[tuple[str, str], ...] | None = None
    json: object | None = None
    files: tuple[tuple[str, tuple[str, bytes, str]], ...] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: CallClass = CallClass.READ
    repeatable: bool = True

    @property
    def route(self) -> str:
        """What calls of one sort have in common."""
        return f"{self.method} {re.sub(r'[0-9]+', 'N', self.url)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names, `elapsed` is in seconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float = 0.0
    _read: list[object] = field(default_factory=list, init=False, repr=False, compare=False)

    def json(self) -> object:
        """Read once. Raises ServerFault for an empty or garbled body (2.4), NotAnApi for a page.

        Duplicate keys are garbled: which one counts is anybody's guess. So is NaN, which no comparison survives.
        """
        if not self._read:
            self._read.append(self._parsed())
        return self._read[0]

    def _parsed(self) -> object:
        text = self.body.decode("utf-8-sig", errors="replace").strip()
        if not text:
            raise ServerFault("empty answer", status=self.status)
        if text[:1] == "<":
            raise NotAnApi("a page instead of an answer", status=self.status)
        try:
            return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        except (ValueError, RecursionError) as wrong:
            raise ServerFault("the answer is not JSON", status=self.status) from wrong


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate keys")
    return found


def _no_number(name: str) -> object:
    raise ValueError(name)


Classify = Callable[[Call, Answer], StoreError | None]
