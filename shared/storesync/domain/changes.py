"""Changes: queued hints that records of a store may have changed. Never data to act on."""

import json
import zlib
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self

from ..errors import BadMessage
from .model import StoreName

VERSION = 1


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
    """

    connection: str
    kind: Kind
    store: StoreName
    ids: tuple[str, ...]
    cause: Cause
    observation: str
    run: str = ""

    def group(self, shards: int) -> str:
        """FIFO group: one worker per order, a bounded number for products, one per stream."""
        if self.kind is Kind.ORDER:
            return f"{self.connection}#order#{self.store}#{self.ids[0]}"
        if self.kind is Kind.PRODUCT:
            return f"{self.connection}#product#{zlib.crc32(self.ids[0].encode()) % shards}"
        if self.kind is Kind.LOOK:
            return f"{self.connection}#look#{self.ids[0]}"
        return f"{self.connection}#stream#{self.store}#{self.ids[0]}"

    def to_message(self) -> str:
        return json.dumps({"v": VERSION, **asdict(self)}, separators=(",", ":"))

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
            )
        except (KeyError, TypeError, ValueError) as wrong:
            raise BadMessage("not a change message", problem=type(wrong).__name__) from wrong
