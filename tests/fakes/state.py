"""The state in memory: the real repositories over tables in memory, and a queue and secrets that live as long as the test."""

import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from storesync.domain.changes import Change
from storesync.errors import ConfigurationError
from storesync.state.connections import Connections, OneTimeStates
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.queue import address
from storesync.state.streams import Streams

from tests.fakes.tables import Hook, MemoryTable, Writes, ignore

DEDUPLICATION_SECONDS = 300


class MemoryLinks(Links):
    def __init__(self, connection: str = "main", table: MemoryTable | None = None) -> None:
        super().__init__(table or MemoryTable(), connection)  # type: ignore[arg-type]


class MemoryStreams(Streams):
    def __init__(self, connection: str = "main", table: MemoryTable | None = None) -> None:
        super().__init__(table or MemoryTable(), connection)  # type: ignore[arg-type]


class MemoryJournal(Journal):
    def __init__(self, connection: str = "main", table: MemoryTable | None = None, **settings: int) -> None:
        super().__init__(table or MemoryTable(), connection, **settings)  # type: ignore[arg-type]


class MemoryConnections(Connections):
    def __init__(self, table: MemoryTable | None = None) -> None:
        super().__init__(table or MemoryTable())  # type: ignore[arg-type]


class MemoryOneTimeStates(OneTimeStates):
    def __init__(self, table: MemoryTable | None = None) -> None:
        super().__init__(table or MemoryTable())  # type: ignore[arg-type]


class MemorySecrets:
    def __init__(self, **secrets: str) -> None:
        """Of the connection `main`, by name."""
        self._values = {("main", name): value for name, value in secrets.items()}

    def need(self, connection: str, name: str) -> str:
        if not (found := self.get(connection, name)):
            raise ConfigurationError([f"{name} of connection {connection} is not set"])
        return found

    def get(self, connection: str, name: str) -> str:
        return self._values.get((connection, name), "")

    def put(self, connection: str, name: str, value: str) -> None:
        self._values[connection, name] = value

    def first(self, connection: str, name: str, value: str) -> str:
        return self._values.setdefault((connection, name), value)

    def delete(self, connection: str, name: str) -> None:
        self._values.pop((connection, name), None)


@dataclass
class MemoryQueue:
    """FIFO as SQS has it: one message of a group at a time, and within five minutes no message twice.

    `receive` hands out the first message of a group that has none under way; `done` or `give_back` ends that.
    """

    now: Callable[[], float] = time.time
    hook: Hook = ignore
    waiting: deque[tuple[str, str]] = field(default_factory=deque)
    under_way: dict[str, tuple[str, str]] = field(default_factory=dict)
    _seen: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writes = Writes(self.hook)
        self.hook = ignore

    @property
    def idle(self) -> bool:
        return not self.waiting and not self.under_way

    @property
    def changes(self) -> list[Change]:
        """What waits."""
        return [_read(body) for _, body in self.waiting]

    def send(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.writes.run(f"send {change.kind}", lambda change=change: self._take_in(change))

    def _take_in(self, change: Change) -> None:
        group, unique = address(change)
        if self._seen.get(unique, float("-inf")) + DEDUPLICATION_SECONDS <= self.now():
            self._seen[unique] = self.now()
            self.waiting.append((group, change.to_message()))

    def receive(self) -> Change | None:
        """The group of a change is `change.group`."""
        for at, (group, body) in enumerate(self.waiting):
            if group not in self.under_way:
                del self.waiting[at]
                self.under_way[group] = (group, body)
                return _read(body)
        return None

    def done(self, change: Change) -> None:
        self.under_way.pop(change.group, None)

    def give_back(self, change: Change) -> None:
        """To the front: the order within its group stays."""
        if message := self.under_way.pop(change.group, None):
            self.waiting.appendleft(message)

    def crash(self) -> None:
        """All that was under way comes back."""
        self.waiting.extendleft(self.under_way.values())
        self.under_way.clear()


def _read(body: str) -> Change:
    return Change.from_message(json.loads(body))


class MemoryState:
    """Everything that a stack remembers. `hook` is told of each write, before and after it; `now` in unix seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.state, self.records = MemoryTable(now), MemoryTable(now)
        self.queue, self.secrets = MemoryQueue(now), MemorySecrets()
        self.connections, self.one_time = MemoryConnections(self.state), MemoryOneTimeStates(self.state)

    def watch(self, hook: Hook) -> None:
        """Not kept in a copy."""
        for writes in (self.state.writes, self.records.writes, self.queue.writes):
            writes.hook = hook

    def links(self, connection: str = "main") -> MemoryLinks:
        return MemoryLinks(connection, self.state)

    def streams(self, connection: str = "main") -> MemoryStreams:
        return MemoryStreams(connection, self.state)

    def journal(self, connection: str = "main") -> MemoryJournal:
        return MemoryJournal(connection, self.records)
