"""One transport for both stores, and the guard of the addresses it may call."""

from .calls import Answer, Call, CallClass, Classify
from .guard import canonical_url
from .images import download
from .pace import Breaker, Pace
from .redaction import redact
from .retries import retry_after
from .transport import Transport

__all__ = ["Answer", "Breaker", "Call", "CallClass", "Classify", "Pace", "Transport", "canonical_url", "download", "redact", "retry_after"]
