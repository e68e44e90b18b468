"""Changes: queued hints that records of a store may have changed. Never data to act on."""

import json
import zlib
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self

from ..errors import BadMessage
from .model import StoreName

VERSION = 1
PRODUCTS, SWEEP, ORDERS = "products", "sweep", "orders"
PREVIEW, APPLY, UNDO, REINDEX = "preview", "apply", "undo", "reindex"
HINTED_LANES, BULK_LANES = 2, 2
PRODUCT_STREAMS = (PRODUCTS, SWEEP, PREVIEW, APPLY, UNDO, REINDEX)
LONG_QUESTIONS = ("proof", "takeover", "snapshot")  # each reads a whole shop


def position(text: str) -> int:
    """Where a message goes on, from the start when it does not say. Raises BadMessage."""
    if text and not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadMessage("not a place to go on from")
    return int(text or 0)


class Kind(StrEnum):
    PRODUCT = "product"
    ORDER = "order"
    STREAM = "stream"
    LOOK = "look"


class Cause(StrEnum):
    PULL = "pull"
    SWEEP = "sweep"
    HOOK = "hook"
    CONSOLE = "console"
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class Change:
    """`ids` are record ids of `store`; for `stream`, the names of streams to run on (a continuation, or "run now"); for `look`, a question.

    `observation` makes the message unique: two changes of one record in the queue's deduplication window are both delivered.
    `sent` is when it was queued, by our clock in ISO format; `tries` counts how often the record was queued again by itself because a store failed on it.
    """

    connection: str
    kind: Kind
    store: StoreName
    ids: tuple[str, ...]
    cause: Cause
    observation: str
    run: str = ""
    tries: int = 0
    sent: str = ""

    @property
    def group(self) -> str:
        """FIFO group, each served by one worker at a time. A connection has six, so that one whose shop is slow leaves workers to others.

        One for all about its products: they come in batches, so one worker is as quick as the two calls at a time that a shop bears, and a
        sweep that goes on in a message behind the batches it queued never runs ahead of them. Two for orders that a shop has told of, two
        for those that a pull has found, which are many after an outage, and for long questions; one for all that is quickly done.
        """
        if self.kind is Kind.PRODUCT or self.ids[0] in PRODUCT_STREAMS:
            return f"{self.connection}#product"
        if (self.kind is Kind.ORDER and self.cause is Cause.PULL) or (self.kind is Kind.LOOK and self.ids[0] in LONG_QUESTIONS):
            return f"{self.connection}#bulk#{self._lane(BULK_LANES)}"
        if self.kind is Kind.ORDER:
            return f"{self.connection}#order#{self._lane(HINTED_LANES)}"
        return f"{self.connection}#quick"

    def _lane(self, lanes: int) -> int:
        return zlib.crc32(f"{self.store}{self.ids[0]}".encode()) % lanes

    def to_message(self) -> str:
        return json.dumps({"v": VERSION, **{item.name: getattr(self, item.name) for item in fields(self)}}, separators=(",", ":"))

    @classmethod
    def from_message(cls, body: object) -> Self:
        """Unknown fields are left alone, so that an old worker reads a newer message. Raises BadMessage."""
        try:
            if not isinstance(body, dict):
                raise TypeError("not an object")
            ids = tuple(str(item) for item in body["ids"])
            if not ids or not isinstance(body["ids"], list) or not body["connection"]:
                raise ValueError("no ids or no connection")
            return cls(
                connection=str(body["connection"]),
                kind=Kind(body["kind"]),
                store=StoreName(body["store"]),
                ids=ids,
                cause=Cause(body.get("cause", Cause.PULL)),
                observation=str(body.get("observation", "")),
                run=str(body.get("run", "")),
                tries=int(body.get("tries", 0)),
                sent=str(body.get("sent", "")),
            )
        except (KeyError, TypeError, ValueError) as wrong:
            raise BadMessage("not a change message", problem=type(wrong).__name__) from wrong
