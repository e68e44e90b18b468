"""The queue of changes and the secrets, over the emulator's SQS and SSM and in memory."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName
from storesync.errors import ConfigurationError, StateUnavailable
from storesync.state.backlog import Backlog
from storesync.state.queue import Queue
from storesync.state.secrets import Secrets

from tests.fakes.state import MemoryQueue, MemorySecrets


class SqsQueue(Queue):
    """With the other end: takes messages one at a time, as a worker of its own."""

    def __init__(self, client: Any) -> None:
        attributes = {"FifoQueue": "true", "VisibilityTimeout": "60"}
        url = client.create_queue(QueueName=f"q{uuid.uuid4().hex[:10]}.fifo", Attributes=attributes)["QueueUrl"]
        super().__init__(url)
        self.client, self.url, self.handles = client, url, {}

    def receive(self) -> Change | None:
        found = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=1).get("Messages")
        if not found:
            return None
        change = Change.from_message(json.loads(found[0]["Body"]))
        self.handles[change] = found[0]["ReceiptHandle"]
        return change

    def done(self, change: Change) -> None:
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=self.handles.pop(change))

    def return_now(self, change: Change) -> None:
        self.give_back(self.handles.pop(change), 0)


class Memory(MemoryQueue):
    def return_now(self, change: Change) -> None:
        self.give_back(change)


@pytest.fixture(params=["memory", "sqs"])
def queue(request: pytest.FixtureRequest) -> Any:
    if request.param == "memory":
        return Memory()
    request.getfixturevalue("aws")
    import boto3

    return SqsQueue(boto3.client("sqs"))


def order(number: str, observation: str = "1", connection: str = "main") -> Change:
    return Change(connection, Kind.ORDER, StoreName.CSCART, (number,), Cause.HOOK, observation)


def drained(queue: Any) -> list[Change]:
    found = []
    while change := queue.receive():
        found.append(change)
        queue.done(change)
    return found


def test_everything_that_is_sent_arrives_however_much_it_is(queue: Any) -> None:
    sent = [order(str(number)) for number in range(37)]
    queue.send(sent)
    queue.send([])
    assert sorted(drained(queue), key=lambda change: int(change.ids[0])) == sent


def test_fault_57_one_observation_arrives_once_and_a_later_one_is_never_swallowed(queue: Any) -> None:
    queue.send([order("1"), order("1"), order("1", "2")])
    queue.send([order("1"), order("1", connection="other")])
    assert [(change.connection, change.observation) for change in drained(queue) if change.connection == "main"] == [
        ("main", "1"),
        ("main", "2"),
    ]


def test_hints_of_both_stores_about_one_number_are_two(queue: Any) -> None:
    both = [Change("main", Kind.PRODUCT, store, ("5",), Cause.PULL, "1") for store in StoreName]
    queue.send(both)
    assert drained(queue) == both


def test_of_one_order_one_message_at_a_time_is_worked_on(queue: Any) -> None:
    """Other orders of the connection go on meanwhile, as far as they share no lane with it."""
    queue.send([order("1", "1"), order("1", "2"), order("4", "1")])
    first, second = queue.receive(), queue.receive()
    assert {first, second} == {order("1", "1"), order("4", "1")}
    assert queue.receive() is None
    queue.done(order("1", "1"))
    assert queue.receive() == order("1", "2")


def test_a_message_that_is_given_back_comes_first_again(queue: Any) -> None:
    queue.send([order("1", "1"), order("1", "2")])
    taken = queue.receive()
    queue.return_now(taken)
    assert queue.receive() == taken


def test_a_queue_that_is_not_there_is_an_error_that_passes(aws: None, emulated: dict[str, str]) -> None:
    queue = Queue(f"{emulated['AWS_ENDPOINT_URL']}/000000000000/none.fifo")
    for attempt in (lambda: queue.send([order("1")]), lambda: queue.give_back("x", 1)):
        with pytest.raises(StateUnavailable) as told:
            attempt()
        assert told.value.retriable


class Partial:
    """An SQS that takes all but some of a batch, so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.taken = times, []

    def send_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:
        failed = Entries[-2:] if self.times > 0 else []
        self.times -= 1
        self.taken += [entry["MessageBody"] for entry in Entries if entry not in failed]
        return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in failed]}


def test_fault_61_what_a_batch_leaves_out_is_sent_again_and_nothing_twice() -> None:
    client = Partial(2)
    Queue("url", client).send([order(str(number)) for number in range(10)])
    assert sorted(client.taken) == sorted(order(str(number)).to_message() for number in range(10))
    with pytest.raises(StateUnavailable):
        Queue("url", Partial(99)).send([order("1")])


# -- secrets


@pytest.fixture(params=["memory", "ssm"])
def secrets(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Makes one with an empty cache, as another container has."""
    if request.param == "memory":
        kept = MemorySecrets()
        return lambda: kept
    request.getfixturevalue("aws")
    prefix = f"/{uuid.uuid4().hex[:8]}"
    return lambda: Secrets(prefix)


def test_a_secret_is_of_one_connection(secrets: Callable[[], Any]) -> None:
    here = secrets()
    assert here.get("main", "token") == ""
    here.put("main", "token", "t0ken ☕")
    assert (secrets().get("main", "token"), secrets().need("main", "token")) == ("t0ken ☕", "t0ken ☕")
    assert (secrets().get("other", "token"), secrets().get("main", "key")) == ("", "")
    here.put("main", "token", "new")
    assert (here.get("main", "token"), secrets().get("main", "token")) == ("new", "new")


def test_a_secret_that_is_needed_and_missing_is_a_setting_to_make(secrets: Callable[[], Any]) -> None:
    with pytest.raises(ConfigurationError) as told:
        secrets().need("main", "token")
    assert "token" in str(told.value)


def test_a_secret_that_is_deleted_is_gone(secrets: Callable[[], Any]) -> None:
    here = secrets()
    here.put("main", "token", "x")
    here.delete("main", "token")
    here.delete("main", "never")
    assert here.get("main", "token") == ""


def test_the_first_value_is_kept(secrets: Callable[[], Any]) -> None:
    assert secrets().first("console", "secret", "one") == "one"
    assert secrets().first("console", "secret", "two") == "one"


def test_a_secret_does_not_show_when_its_keeper_is_printed() -> None:
    kept = Secrets("/prefix", object())
    kept._cache["/prefix/main/token"] = (0.0, "sealed", "t0ken")
    assert "t0ken" not in repr(kept)


def test_a_secret_is_decrypted_again_only_when_it_was_sealed_anew(aws: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    decrypted: list[str] = []

    class Watched(Secrets):
        def _read(self, path: str, *, opened: bool) -> str:
            decrypted.extend([path] * opened)
            return super()._read(path, opened=opened)

    prefix = f"/{uuid.uuid4().hex[:8]}"
    there, here = Secrets(prefix), Watched(prefix)
    monkeypatch.setattr("storesync.state.secrets.CACHE_SECONDS", 0.0)
    there.put("main", "token", "one")
    assert [here.get("main", "token") for _ in range(5)] == ["one"] * 5
    assert len(decrypted) == 1
    there.put("main", "token", "two")
    assert [here.get("main", "token") for _ in range(3)] == ["two"] * 3
    assert len(decrypted) == 2
    there.delete("main", "token")
    assert here.get("main", "token") == ""


def test_dead_letters_are_counted_for_their_own_connection(aws: Any) -> None:
    import boto3

    client = boto3.client("sqs")
    live, dead = SqsQueue(client), SqsQueue(client)
    backlog = Backlog(live.url, dead.url)
    assert backlog.dead_of("main") == 0
    dead.send([order("1"), order("2"), order("3", connection="other")])
    client.send_message(QueueUrl=dead.url, MessageBody="{", MessageGroupId="x", MessageDeduplicationId="x")
    assert (backlog.dead_of("main"), backlog.dead_of("other"), backlog.dead_of("third")) == (3, 2, 1)
    own = {letter.id for letter in backlog.letters("main") if letter.change}
    assert backlog.dismiss("main", own) == 2
    assert (backlog.dead_of("main"), backlog.dead_of("other")) == (1, 2)
