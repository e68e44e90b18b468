"""The queue as SQS FIFO has it, with the freedom that it leaves: which group is served next, and when a message comes back."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from storesync.domain.changes import Change

from tests.fakes.state import MemoryQueue

MOST_TRIES = 5
FIRST_DELAY, LONGEST_DELAY = 2, 300
Message = tuple[str, str]


@dataclass(eq=False, slots=True)
class Taken:
    """A message that a worker has; `receives`: how often it was handed out by now."""

    message: Message
    receives: int

    @property
    def change(self) -> Change:
        return Change.from_message(json.loads(self.message[1]))


class FreeQueue(MemoryQueue):
    """`choose` picks among the places of the messages that may be served. After MOST_TRIES a message lies with the dead letters."""

    def __init__(self, now: Callable[[], float], choose: Callable[[list[int]], int]) -> None:
        super().__init__(now=now)
        self.choose = choose
        self.hidden: dict[str, float] = {}
        self.tries: Counter[str] = Counter()
        self.held: dict[str, Taken] = {}
        self.dead: list[Message] = []

    def take(self) -> Taken | None:
        """The first message of one of the groups that have none under way and are not hidden."""
        first: dict[str, int] = {}
        for at, (group, _) in enumerate(self.waiting):
            first.setdefault(group, at)
        free = [at for group, at in first.items() if group not in self.under_way and self.hidden.get(group, 0.0) <= self.now()]
        if not free:
            return None
        at = self.choose(free)
        message = self.waiting[at]
        del self.waiting[at]
        self.under_way[message[0]] = message
        taken = self.held[message[0]] = Taken(message, self.tries[message[1]] + 1)
        return taken

    def _let_go(self, taken: Taken) -> bool:
        """False when the message was given to another worker meanwhile, as this one took too long."""
        group = taken.message[0]
        if self.held.get(group) is not taken:
            return False
        del self.held[group], self.under_way[group]
        return True

    def settle(self, taken: Taken) -> None:
        self._let_go(taken)

    def come_back(self, taken: Taken, *, failed: bool = True) -> None:
        """Later each time that it failed; too often, and it lies with the dead letters."""
        group, body = taken.message
        if not self._let_go(taken):
            return
        self.tries[body] += failed
        if self.tries[body] >= MOST_TRIES:
            self.dead.append(taken.message)
            return
        if failed:
            self.hidden[group] = self.now() + min(FIRST_DELAY * 4 ** (self.tries[body] - 1), LONGEST_DELAY)
        self.waiting.appendleft(taken.message)

    def next_visible(self) -> float | None:
        """When the first of the messages that are hidden can be seen again; None when there is none."""
        groups = {group for group, _ in self.waiting} - self.under_way.keys()
        return min((self.hidden.get(group, 0.0) for group in groups), default=None)

    def redrive(self) -> int:
        """All dead letters back into the queue, as the console does it."""
        letters, self.dead = self.dead, []
        for message in letters:
            self.tries[message[1]] = 0
            self.waiting.append(message)
        return len(letters)


def named(change: Change) -> str:
    return f"{change.kind} {change.store} {','.join(change.ids)} ({change.cause})"
