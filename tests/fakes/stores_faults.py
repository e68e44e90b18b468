"""What can be made to go wrong in a store in memory: one switch per operation, spent when it has struck often enough."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from storesync.errors import (
    FilterIgnored,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    ServerFault,
    StoreBusy,
    StoreError,
    Unauthorised,
    Unreachable,
)

Hook = Callable[[str], None]
SLOW_SECONDS = 45.0


def ignore(_: str) -> None:
    """The hook of a store that nobody watches."""


class Crash(BaseException):
    """The process ends here. No `except Exception` may catch it, and nothing that runs while it unwinds has an effect."""


class Trouble(StrEnum):
    """`lost` applies and loses the answer; `skipped` says ok and does nothing; `slow` applies after SLOW_SECONDS."""

    UNREACHABLE = "unreachable"
    BUSY = "busy"
    FAULT = "fault"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    REJECTED = "rejected"
    IGNORED = "ignored"
    LOST = "lost"
    SKIPPED = "skipped"
    SLOW = "slow"


INSTEAD: dict[Trouble, type[StoreError]] = {
    Trouble.UNREACHABLE: Unreachable,
    Trouble.BUSY: StoreBusy,
    Trouble.FAULT: ServerFault,
    Trouble.UNAUTHORISED: Unauthorised,
    Trouble.FORBIDDEN: Forbidden,
    Trouble.REJECTED: Rejected,
    Trouble.IGNORED: FilterIgnored,
}


@dataclass(slots=True)
class Fault:
    """Strikes `times` calls of the operation ("*": any) after letting `after` of them pass."""

    trouble: Trouble
    operation: str = "*"
    times: int = 1
    after: int = 0

    def strikes(self, operation: str) -> bool:
        if self.operation not in ("*", operation) or not self.times:
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True


@dataclass
class Faults:
    """`struck` counts what has happened of it."""

    armed: list[Fault] = field(default_factory=list)
    struck: Counter[Trouble] = field(default_factory=Counter)

    def arm(self, trouble: Trouble, operation: str = "*", times: int = 1, after: int = 0) -> None:
        self.armed.append(Fault(trouble, operation, times, after))

    def clear(self) -> None:
        self.armed.clear()

    def take(self, operation: str) -> Trouble | None:
        trouble = next((fault.trouble for fault in self.armed if fault.strikes(operation)), None)
        if trouble is not None:
            self.struck[trouble] += 1
        return trouble


@dataclass
class Calls:
    """Every call to a store goes through here: the hook before and after it, and the fault that is due."""

    store: str
    faults: Faults = field(default_factory=Faults)
    hook: Hook = ignore
    sleep: Callable[[float], None] = lambda seconds: None
    writes: int = 0

    def read(self, operation: str, work: Callable[[], Any]) -> Any:
        self.hook(f"before {self.store} {operation}")
        trouble = self._due(operation)
        found = work()
        self.hook(f"after {self.store} {operation}")
        if trouble is Trouble.LOST:
            raise Unreachable("the answer was lost", store=self.store)
        return found

    def write(self, operation: str, work: Callable[[], Any], what: str = "") -> Any:
        """None when it was skipped in silence."""
        label = f"{self.store} write {operation} {what}".strip()
        self.hook(f"before {label}")
        trouble = self._due(operation, reading=False)
        made = None if trouble is Trouble.SKIPPED else work()
        self.writes += 1
        self.hook(f"after {label}")
        if trouble is Trouble.LOST:
            raise OutcomeUnknown("the answer was lost", store=self.store)
        return made

    def _due(self, operation: str, *, reading: bool = True) -> Trouble | None:
        """Only what reads has a filter that can be ignored."""
        trouble = self.faults.take(operation)
        if trouble is Trouble.IGNORED and not reading:
            return None
        if trouble in INSTEAD:
            raise INSTEAD[trouble]("the store is made to fail", store=self.store)
        if trouble is Trouble.SLOW:
            self.sleep(SLOW_SECONDS)
        return trouble
