"""The queue of changes: FIFO, ten to a call, each observation its own message."""

import hashlib
from collections.abc import Sequence
from typing import Any

from ..domain.changes import Change
from ..errors import StateUnavailable
from .aws import answering, connect

BATCH = 10
TRIES = 3


class Queue:
    def __init__(self, url: str, client: Any = None) -> None:
        self._url, self._client = url, client

    def _sqs(self) -> Any:
        if self._client is None:
            self._client = connect("sqs")
        return self._client

    def send(self, changes: Sequence[Change]) -> None:
        """Raises StateUnavailable when some could not be queued: the caller's cursor must not move then."""
        for at in range(0, len(changes), BATCH):
            self._send(changes[at : at + BATCH])

    def give_back(self, receipt_handle: str, seconds: int) -> None:
        with answering():
            self._sqs().change_message_visibility(QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds)

    def _send(self, changes: Sequence[Change]) -> None:
        entries = [self._entry(str(at), change) for at, change in enumerate(changes)]
        for _ in range(TRIES):
            with answering():
                answer = self._sqs().send_message_batch(QueueUrl=self._url, Entries=entries)
            failed = {item["Id"] for item in answer.get("Failed", [])}
            entries = [entry for entry in entries if entry["Id"] in failed]
            if not entries:
                return
        raise StateUnavailable("the queue did not take all changes", failed=len(entries))

    def _entry(self, name: str, change: Change) -> dict[str, str]:
        group, unique = address(change)
        return {"Id": name, "MessageBody": change.to_message(), "MessageGroupId": group, "MessageDeduplicationId": unique}


def address(change: Change) -> tuple[str, str]:
    """Its group and its deduplication id, which is of the observation: a later change of the same record is never swallowed."""
    group = change.group
    return group, hashlib.sha256(
        f"{group}|{change.store}|{','.join(change.ids)}|{change.cause}|{change.observation}".encode(errors="surrogatepass")
    ).hexdigest()
