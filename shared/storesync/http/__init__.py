"""One transport for both stores, and the guard of the addresses it may call."""

from .calls import Answer, Call, CallClass, Classify
from .guard import canonical_url
from .pace import Breaker
from .redaction import redact
from .transport import Transport, download, retry_after

__all__ = ["Answer", "Breaker", "Call", "CallClass", "Classify", "Transport", "canonical_url", "download", "redact", "retry_after"]
