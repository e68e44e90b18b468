"""What sets functions off without a request: the queue's messages and the schedules."""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from tests.sandbox.local.container import FunctionError

_LOG = logging.getLogger(__name__)
_UNITS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}
_FIRST_RETRY = 15.0


class Poller:
    """Feeds one function from one queue, `threads` batches at a time, with none nothing. The queue itself keeps the order of a group.

    A message that failed becomes visible again when the function said so, or, at a `speed` above 1, after a wait that is as much shorter.
    """

    def __init__(self, sqs: Any, url: str, arn: str, batch: int, invoke: Callable[[Any], Any], threads: int, speed: float) -> None:
        self._sqs, self._url, self._arn, self._batch, self._invoke, self._speed = sqs, url, arn, batch, invoke, speed
        self._ending, self._holding = threading.Event(), threading.Event()
        self._threads, self._free = threads, threading.BoundedSemaphore(threads)
        self._pool = ThreadPoolExecutor(max(threads, 1), thread_name_prefix="worker")
        self._thread = threading.Thread(target=self._loop, daemon=True, name="poller")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()

    def finish(self, seconds: float) -> None:
        """Takes nothing more, and lets what was taken come to its end within `seconds`."""
        until = time.monotonic() + seconds
        self._thread.join(seconds)
        for _ in range(self._threads):
            self._free.acquire(timeout=max(0.0, until - time.monotonic()))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Begins when nothing is under way; nothing more is taken until it ends."""
        self._holding.set()
        for _ in range(self._threads):
            self._free.acquire()
        try:
            yield
        finally:
            self._holding.clear()
            for _ in range(self._threads):
                self._free.release()

    def join(self) -> None:
        self._thread.join(5)
        self._pool.shutdown(cancel_futures=True)

    def _loop(self) -> None:
        while not self._ending.is_set():
            try:
                self._once()
            except Exception:
                if not self._ending.wait(0.5):
                    _LOG.exception("polling failed")

    def _once(self) -> None:
        """One long poll by one thread, and only when a worker is free: what is taken is worked on at once."""
        if self._holding.is_set():
            self._ending.wait(0.1)
            return
        if not self._free.acquire(timeout=0.5):
            return
        taken: list[dict[str, Any]] = []
        try:
            taken = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=self._batch,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
        finally:
            if not taken:
                self._free.release()
        if taken:
            self._pool.submit(self._work, taken)

    def _work(self, taken: list[dict[str, Any]]) -> None:
        try:
            self._hand_over(taken)
        except Exception:
            if not self._ending.is_set():
                _LOG.exception("a delivery failed")
        finally:
            with suppress(ValueError):  # `finish` may have given up on this one
                self._free.release()

    def _hand_over(self, taken: list[dict[str, Any]]) -> None:
        failed = self._failed(taken)
        for message in taken:
            if message["MessageId"] in failed:
                self._return(message)
            else:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _failed(self, messages: list[dict[str, Any]]) -> set[str]:
        """Ids of the messages to be delivered again: those that the function names, or all when it fails."""
        try:
            answer = self._invoke({"Records": [self._record(message) for message in messages]})
        except FunctionError as error:
            _LOG.warning("the worker failed: %s", error)
            return {message["MessageId"] for message in messages}
        return {item["itemIdentifier"] for item in (answer or {}).get("batchItemFailures", [])}

    def _return(self, message: dict[str, Any]) -> None:
        if self._speed == 1.0:
            return
        wait = _FIRST_RETRY * 4 ** (int(message["Attributes"]["ApproximateReceiveCount"]) - 1) / self._speed
        self._sqs.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=min(900, round(wait))
        )

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": hashlib.md5(message["Body"].encode(), usedforsecurity=False).hexdigest(),
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._arn.split(":")[3],
        }


class Schedule:
    """Starts a function at its rate, `speed` times as often as it says. A start that falls into a running one is left out."""

    def __init__(self, name: str, expression: str, invoke: Callable[[Any], Any], speed: float) -> None:
        self.name, self._invoke = name, invoke
        self.period = seconds_of(expression) / speed
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True, name=f"schedule-{name}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()

    def join(self) -> None:
        self._thread.join(5)

    def fire(self) -> dict[str, int]:
        """Starts the function once, now; what it counted. Scheduler tries once: a start that failed is made good by the next."""
        try:
            return dict(self._invoke(schedule_event(self.name)) or {})
        except FunctionError as error:
            if not self._ending.is_set():
                _LOG.warning("the start of %s failed: %s", self.name, error)
            return {}

    def _loop(self) -> None:
        due = time.monotonic()
        while not self._ending.wait(max(0.0, due - time.monotonic())):
            self.fire()
            due = max(due + self.period, time.monotonic())


def schedule_event(name: str) -> dict[str, Any]:
    """What EventBridge Scheduler hands to a function without an input of its own."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "eu-central-1",
        "resources": [f"arn:aws:scheduler:eu-central-1:000000000000:schedule/default/{name}"],
        "detail": "{}",
    }


def seconds_of(expression: str) -> float:
    """A rate expression in seconds. Raises ValueError for cron expressions, which a speed factor could not be applied to."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression.strip())
    if not found:
        raise ValueError(f"only rate(...) is understood here, not {expression}")
    return int(found[1]) * _UNITS[found[2]]
