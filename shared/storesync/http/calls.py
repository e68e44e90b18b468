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


@dataclass(frozen=True, slots=True)
class Limits:
    """`read` is the longest silence and `total` the longest whole answer, in seconds; `most` counts unpacked bytes."""

    read: float
    total: float
    most: int


CONNECT_LIMIT = 5.0
SEND_LIMIT = 60.0
# An order may take 5 s only for the shop's own DNS (R16), a picture as long as the shop fetches it.
LIMITS: Mapping[CallClass, Limits] = {
    CallClass.PROBE: Limits(10, 20, 1_000_000),
    CallClass.READ: Limits(30, 60, 16_000_000),
    CallClass.WRITE: Limits(30, 60, 8_000_000),
    CallClass.BULK: Limits(60, 120, 32_000_000),
    CallClass.CREATE: Limits(35, 60, 8_000_000),
    CallClass.UPLOAD: Limits(90, 120, 8_000_000),
    CallClass.DOWNLOAD: Limits(30, 60, 20_000_000),
}


@dataclass(frozen=True, slots=True)
class Call:
    """`repeatable`: sending it twice does no harm. Otherwise a lost answer is OutcomeUnknown and nothing is sent again here.

    What it carries is kept out of its `repr`: it is personal or secret.
    """

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    form: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    json: object | None = field(default=None, repr=False)
    files: tuple[tuple[str, tuple[str, bytes, str]], ...] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    kind: CallClass = CallClass.READ
    repeatable: bool = True

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names, `elapsed` is in seconds."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    elapsed: float = 0.0
    _read: list[object] = field(default_factory=list, init=False, repr=False, compare=False)

    def json(self) -> object:
        """Parsed once and then shared: do not change it. Raises NotAnApi for a page and ServerFault for an empty or garbled body (2.4).

        Duplicate keys are garbled: which one counts is anybody's guess.
        """
        if not self._read:
            self._read.append(_parsed(self.body, self.status))
        return self._read[0]


Classify = Callable[[Call, Answer], StoreError | None]

_PHP_MESSAGE = re.compile(r"(?:<br\s*/?>\s*)?(?:<b>)?(?:PHP )?(?:Notice|Warning|Deprecated|Strict Standards|Fatal error|Parse error)\b", re.IGNORECASE)


def _parsed(body: bytes, status: int) -> object:
    problem = ""
    try:
        text = body.decode("utf-8-sig").strip()
        if text and not _is_page(text):
            return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except UnicodeDecodeError:
        problem = "the answer is not UTF-8"
    except (ValueError, RecursionError):
        problem = "a PHP message before the answer" if _PHP_MESSAGE.match(text) else "the answer is not JSON"
    # Raised outside of the handler: the parser's error carries the whole body.
    if problem:
        raise ServerFault(problem, status=status)
    if text:
        raise NotAnApi("a page instead of an answer", status=status)
    raise ServerFault("empty answer", status=status)


def _is_page(text: str) -> bool:
    return text[0] == "<" and not _PHP_MESSAGE.match(text)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate keys")
    return found


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not a number of JSON")
