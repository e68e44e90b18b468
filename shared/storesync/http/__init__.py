"""One transport for both stores, and the guard of the addresses it may call."""

from .ahead import Begin, Later, Pending, side_by_side
from .calls import Answer, Call, CallClass, Classify
from .guard import canonical_url
from .images import download
from .pace import Breaker, Pace
from .redaction import redact
from .retries import retry_after
from .transport import Transport

__all__ = [
    "Answer",
    "Begin",
    "Breaker",
    "Call",
    "CallClass",
    "Classify",
    "Later",
    "Pace",
    "Pending",
    "Transport",
    "canonical_url",
    "download",
    "redact",
    "retry_after",
    "side_by_side",
]
