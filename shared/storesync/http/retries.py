"""When a call is sent again, and after how long."""

import email.utils
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from ..errors import AnswerTooLarge, CircuitOpen, OutcomeUnknown, StoreBusy, StoreError, Unreachable
from .calls import Answer, Call

if TYPE_CHECKING:
    import tenacity

T = TypeVar("T")
LONGEST_WAIT = 20.0
LONGEST_TRY = 90.0
DAY = 86_400.0


class Repeatable(Exception):
    """Carries an error through tenacity that may be tried again."""

    def __init__(self, error: StoreError) -> None:
        super().__init__(str(error))
        self.error = error


def again(once: Callable[[], T], first: Repeatable, attempts: int, taken: float, sleep: Callable[[float], None]) -> T:
    """What else is tried after a try that failed with `first` and took `taken` seconds. Raises Repeatable, and what `once` raises.

    The library is loaded here, as most containers never need it.
    """
    import tenacity

    failed = [first]

    def tried() -> T:
        if failed:
            raise failed.pop()
        return once()

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(Repeatable),
        wait=_wait,
        stop=tenacity.stop_after_attempt(attempts) | tenacity.stop_after_delay(LONGEST_TRY - taken),
        sleep=sleep,
        reraise=True,
    )(tried)


def verdict(call: Call, error: StoreError) -> Exception:
    """What is raised of a failed try. What was surely not done may always be sent again; what may have been done only where that does no harm.

    Else it is OutcomeUnknown, and the caller looks first. An answer beyond all limits is not asked for again at once.
    """
    if isinstance(error, Unreachable) or (isinstance(error, StoreBusy) and error.status == 429):
        return Repeatable(error)
    if not error.retriable or isinstance(error, CircuitOpen):
        return error
    if call.repeatable:
        return error if isinstance(error, AnswerTooLarge) else Repeatable(error)
    unknown = OutcomeUnknown(error.detail, store=error.store, status=error.status)
    unknown.__cause__ = error
    return unknown


def asked_wait(error: BaseException | None) -> float:
    """What the store asked for, within reason."""
    return min(error.retry_after or 0.0, LONGEST_WAIT) if isinstance(error, StoreBusy) else 0.0


def _wait(state: "tenacity.RetryCallState") -> float:
    import tenacity

    error = state.outcome.exception() if state.outcome else None
    jittered = float(tenacity.wait_exponential_jitter(multiplier=0.2, max=LONGEST_WAIT, jitter=0.2)(state))
    return max(asked_wait(error.error if isinstance(error, Repeatable) else None), jittered)


def retry_after(answer: Answer, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds, a day at most, from seconds or a date; None for nonsense and for what is over already."""
    text = answer.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (email.utils.parsedate_to_datetime(text) - now()).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    return min(seconds, DAY) if math.isfinite(seconds) and seconds > 0 else None
