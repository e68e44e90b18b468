"""What waits in the queue of changes, and the dead letters: looked at, sent again or dismissed. Raises StateUnavailable when SQS does not answer."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..domain.changes import Change
from ..errors import BadMessage
from .aws import answering, connect

LOOK_SECONDS = 20
MOST_CALLS = 20


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A change that failed five times; `change` is None when the message cannot be understood. `connection` may be told by its group alone."""

    id: str
    body: str
    change: Change | None
    at: datetime | None
    connection: str = ""


class Backlog:
    """Counts of `waiting` and `dead` are SQS's approximate ones, of the whole stack."""

    def __init__(self, queue_url: str, dead_letters_url: str, client: Any = None) -> None:
        self._queue, self._dead, self._client = queue_url, dead_letters_url, client
        self._seen: tuple[int, Counter[str]] = (0, Counter())

    def _sqs(self) -> Any:
        if self._client is None:
            self._client = connect("sqs")
        return self._client

    def waiting(self) -> int:
        """Changes that wait or are being worked on."""
        return self._count(self._queue, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

    def dead(self) -> int:
        return self._count(self._dead, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")

    def _count(self, url: str, *names: str) -> int:
        with answering():
            found = self._sqs().get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]
        return sum(int(found.get(name, 0)) for name in names)

    def dead_of(self, connection: str) -> int:
        """Those of a connection, and those of which nobody can tell whose they are. They are looked at anew only when there are more or
        fewer of them in all; where not all can be seen at once, at least so many."""
        total = self.dead()
        if total != self._seen[0]:
            self._seen = total, Counter(letter.connection for letter in self.letters()) if total else Counter()
        owners = self._seen[1]
        if not owners and total:  # somebody else is looking just now
            self._seen = 0, Counter()
        mine = owners[connection] + owners[""]
        return total if mine == owners.total() else mine

    def letters(self, connection: str = "") -> list[DeadLetter]:
        """Those of a connection, and those of which nobody can tell whose they are; all without one. They stay where they are, and of a group
        with more than ten only the oldest are shown, as SQS does.
        """
        taken = list(self._take())
        self._put_back(taken)
        return [letter for letter in map(_letter, taken) if not connection or letter.connection in ("", connection)]

    def again(self, connection: str = "", ids: Collection[str] | None = None) -> int:
        """Send to the workers once more: these, or all; how many. Cut off in between, one is sent twice, which does no harm."""
        return self._settle(connection, ids, again=True)

    def dismiss(self, connection: str = "", ids: Collection[str] | None = None) -> int:
        return self._settle(connection, ids, again=False)

    def _settle(self, connection: str, ids: Collection[str] | None, *, again: bool) -> int:
        settled, kept = 0, []
        for message in self._take():
            letter = _letter(message)
            mine = (ids is None or letter.id in ids) and (not connection or letter.connection in ("", connection))
            if not mine or (again and letter.change is None):
                kept.append(message)
                continue
            if again:
                self._send(message)
            with answering():
                self._sqs().delete_message(QueueUrl=self._dead, ReceiptHandle=message["ReceiptHandle"])
            settled += 1
        self._put_back(kept)
        return settled

    def _send(self, message: dict[str, Any]) -> None:
        unique = f"again-{message['MessageId']}-{int(datetime.now(UTC).timestamp())}"
        group = message["Attributes"]["MessageGroupId"]
        with answering():
            self._sqs().send_message(QueueUrl=self._queue, MessageBody=message["Body"], MessageGroupId=group, MessageDeduplicationId=unique)

    def _take(self) -> Iterator[dict[str, Any]]:
        """Hidden for a moment, at most two hundred."""
        for _ in range(MOST_CALLS):
            with answering():
                found = self._sqs().receive_message(
                    QueueUrl=self._dead, MaxNumberOfMessages=10, VisibilityTimeout=LOOK_SECONDS, MessageSystemAttributeNames=["All"]
                )
            if not found.get("Messages"):
                return
            yield from found["Messages"]

    def _put_back(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            with answering():
                self._sqs().change_message_visibility(QueueUrl=self._dead, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)


def _letter(message: dict[str, Any]) -> DeadLetter:
    attributes = message.get("Attributes", {})
    stamp, group = attributes.get("SentTimestamp"), attributes.get("MessageGroupId", "")
    at = datetime.fromtimestamp(int(stamp) / 1000, UTC) if stamp else None
    try:
        change = Change.from_message(json.loads(message["Body"]))
    except (BadMessage, ValueError):
        change = None
    connection = change.connection if change else group.partition("#")[0] if "#" in group else ""
    return DeadLetter(message["MessageId"], message["Body"], change, at, connection)
