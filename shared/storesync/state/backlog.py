"""What waits in the queue of changes, and the dead letters: looked at, sent again or dismissed."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..domain.changes import Change
from ..errors import BadMessage
from .aws import connect

LOOK_SECONDS = 20
MOST_CALLS = 20


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A change that failed five times; `change` is None when the message cannot be understood."""

    id: str
    body: str
    change: Change | None
    at: datetime | None


class Backlog:
    """Counts are SQS's approximate ones, of the whole stack."""

    def __init__(self, queue_url: str, dead_letters_url: str, client: Any = None) -> None:
        self._queue, self._dead, self._client = queue_url, dead_letters_url, client

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
        found = self._sqs().get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]
        return sum(int(found.get(name, 0)) for name in names)

    def letters(self, connection: str) -> list[DeadLetter]:
        """Those of a connection, and those that name none that can be read. They stay where they are."""
        taken = list(self._take())
        self._put_back(taken)
        found = [_letter(message) for message in taken]
        return [letter for letter in found if letter.change is None or letter.change.connection == connection]

    def again(self, connection: str, ids: Collection[str]) -> int:
        """Send to the workers once more; how many."""
        return self._settle(connection, ids, again=True)

    def dismiss(self, connection: str, ids: Collection[str]) -> int:
        return self._settle(connection, ids, again=False)

    def _settle(self, connection: str, ids: Collection[str], *, again: bool) -> int:
        settled, kept = 0, []
        for message in self._take():
            letter = _letter(message)
            mine = letter.id in ids and (letter.change is None or letter.change.connection == connection)
            if not mine or (again and letter.change is None):
                kept.append(message)
                continue
            if again:
                group = message["Attributes"]["MessageGroupId"]
                self._sqs().send_message(
                    QueueUrl=self._queue,
                    MessageBody=letter.body,
                    MessageGroupId=group,
                    MessageDeduplicationId=f"again-{letter.id}-{_now()}",
                )
            self._sqs().delete_message(QueueUrl=self._dead, ReceiptHandle=message["ReceiptHandle"])
            settled += 1
        self._put_back(kept)
        return settled

    def _take(self) -> Iterator[dict[str, Any]]:
        """Hidden for a moment, at most two hundred."""
        for _ in range(MOST_CALLS):
            found = self._sqs().receive_message(
                QueueUrl=self._dead, MaxNumberOfMessages=10, VisibilityTimeout=LOOK_SECONDS, MessageSystemAttributeNames=["All"]
            )
            if not found.get("Messages"):
                return
            yield from found["Messages"]

    def _put_back(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            self._sqs().change_message_visibility(QueueUrl=self._dead, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


def _letter(message: dict[str, Any]) -> DeadLetter:
    stamp = message.get("Attributes", {}).get("SentTimestamp")
    at = datetime.fromtimestamp(int(stamp) / 1000, UTC) if stamp else None
    try:
        change = Change.from_message(json.loads(message["Body"]))
    except (BadMessage, ValueError):
        change = None
    return DeadLetter(message["MessageId"], message["Body"], change, at)
