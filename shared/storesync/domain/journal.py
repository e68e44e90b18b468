"""Entries of the journal: what was decided, written, asked and answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Action(StrEnum):
    CREATED = "created"
    WRITTEN = "written"
    LINKED = "linked"
    CONFLICT = "conflict"
    PARKED = "parked"
    DELETED = "deleted"
    REFUSED = "refused"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision about one field group of one record. `subject` is what a person searches for: a SKU, or `order <id>`.

    `old` and `new` are the canonical values as text (before-image and after-image); `rule` says why, `cause` what set it off
    (pull, hook, sweep, console), `loser` what a conflict overruled. Never personal data: of addresses and customers only field names.
    """

    kind: str
    subject: str
    action: Action
    store: str = ""
    record_id: str = ""
    group: str = ""
    old: str = ""
    new: str = ""
    rule: str = ""
    cause: str = ""
    run: str = ""
    loser: str = ""
    at: datetime | None = None
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, redacted and cut, as the request log shows it. `elapsed` in seconds; status 0: no answer."""

    store: str
    method: str
    path: str
    status: int
    elapsed: float
    sent: str = ""
    received: str = ""
    error: str = ""
    at: datetime | None = None
    write: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """One pass of a stream: `stream` is for instance `products:cscart` or `sweep:webasyst`; outcome is running, done, failed or stopped.

    `looked`: when it was last noted before this pass that there was nothing to do.
    """

    id: str
    stream: str
    started: datetime
    finished: datetime | None = None
    outcome: str = "running"
    counts: Mapping[str, int] = field(default_factory=dict)
    progress: int = 0
    expected: int = 0
    error: str = ""
    looked: datetime | None = None
