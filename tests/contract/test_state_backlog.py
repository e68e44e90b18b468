"""Dead letters over the emulator's SQS: looked at, sent again and dismissed, by the console's repository and by the operator's command."""

import json
import uuid
from typing import Any

import boto3
import pytest
from storesync import operate
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName
from storesync.errors import ConfigurationError, StateUnavailable
from storesync.state import stacks
from storesync.state.backlog import Backlog

MOST_TRIES = 2


class Queues:
    """A queue that lays aside what was received too often, as the template's does."""

    def __init__(self, sqs: Any) -> None:
        name = f"q{uuid.uuid4().hex[:10]}"
        self.sqs = sqs
        self.dead = sqs.create_queue(QueueName=f"{name}-dead.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": str(MOST_TRIES)})
        attributes = {"FifoQueue": "true", "VisibilityTimeout": "0", "RedrivePolicy": redrive}
        self.queue = sqs.create_queue(QueueName=f"{name}.fifo", Attributes=attributes)["QueueUrl"]
        self.backlog = Backlog(self.queue, self.dead)

    def bury(self, group: str, body: str) -> None:
        unique = uuid.uuid4().hex
        self.sqs.send_message(QueueUrl=self.dead, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=unique)

    def change(self, number: int, connection: str = "main") -> str:
        found = Change(connection, Kind.PRODUCT, StoreName.CSCART, (str(number),), Cause.HOOK, "seen")
        self.bury(found.group, found.to_message())
        return found.to_message()

    def waiting(self) -> list[str]:
        found: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10, VisibilityTimeout=60).get("Messages"):
            for message in messages:
                found.append(message["Body"])
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def run(self, *arguments: str) -> int:
        return operate.main(["--queue", self.queue, "--dead-letters", self.dead, *arguments])


@pytest.fixture
def queues(aws: None) -> Queues:
    return Queues(boto3.client("sqs"))


def test_fault_61_a_poison_message_is_laid_aside_after_its_tries_and_can_be_sent_again(queues: Queues) -> None:
    queues.sqs.send_message(QueueUrl=queues.queue, MessageBody="poison", MessageGroupId="one", MessageDeduplicationId="1")
    for _ in range(MOST_TRIES + 1):
        queues.sqs.receive_message(QueueUrl=queues.queue)
    assert [letter.body for letter in queues.backlog.letters()] == ["poison"]
    assert (queues.backlog.waiting(), queues.backlog.dead()) == (0, 1)


def test_letters_of_a_connection_are_its_own_and_stay_where_they_are(queues: Queues) -> None:
    mine = queues.change(1)
    queues.change(2, "other")
    queues.bury("other#product", "garbled, of the other one")
    queues.bury("nobody", "garbled, of nobody knows whom")
    for _ in range(2):
        assert {letter.body for letter in queues.backlog.letters("main")} == {mine, "garbled, of nobody knows whom"}
    assert len(queues.backlog.letters()) == 4
    everything = [letter.id for letter in queues.backlog.letters()]
    assert queues.backlog.again("main", everything) == 1
    assert queues.backlog.dismiss("main", everything) == 1
    assert queues.waiting() == [mine]
    assert {letter.connection for letter in queues.backlog.letters()} == {"other"}


def test_the_command_lists_without_changing_anything(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.change(105)
    queues.bury("x", "garbled")
    for _ in range(2):
        assert queues.run("list") == 0
        told = capsys.readouterr().out
        assert "main  product cscart 105 (hook)" in told
        assert "cannot be understood" in told
        assert "0 changes wait, 2 are dead letters, 2 of them shown" in told


def test_the_command_sends_all_again_in_their_order_however_many_and_leaves_what_nobody_understands(
    queues: Queues, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = [queues.change(number) for number in range(25)]
    queues.change(1, "other")
    queues.bury("x", "garbled")
    assert queues.run("--connection", "main", "again", "--all") == 0
    assert "25 sent again" in capsys.readouterr().out
    assert queues.waiting() == sent
    assert sorted(letter.connection for letter in queues.backlog.letters()) == ["", "other"]
    queues.run("dismiss", "--all")
    assert queues.backlog.letters() == []


def test_the_command_takes_ids(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    queues.change(1), queues.change(2, "other")
    first = next(letter for letter in queues.backlog.letters("main"))
    assert queues.run("again", first.id) == 0
    assert queues.waiting() == [first.body]
    assert len(queues.backlog.letters()) == 1
    with pytest.raises(SystemExit):
        queues.run("again")


class CloudFormation:
    def __init__(self, **outputs: str) -> None:
        self.outputs = outputs

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {"Stacks": [{"Outputs": [{"OutputKey": name, "OutputValue": value} for name, value in self.outputs.items()]}]}


def test_the_command_asks_the_stack_where_its_queues_are(
    queues: Queues, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    starts = queues.sqs.create_queue(QueueName=f"s{uuid.uuid4().hex[:10]}")["QueueUrl"]
    queues.sqs.send_message(QueueUrl=starts, MessageBody="{}")
    known = CloudFormation(QueueUrl=queues.queue, DeadLettersUrl=queues.dead, FailedStartsUrl=starts)
    monkeypatch.setattr(stacks, "connect", lambda service: known)
    assert operate.main(["list"]) == 0
    assert "1 scheduled starts failed" in capsys.readouterr().out
    assert operate.main(["dismiss", "--all"]) == 0
    operate.main(["list"])
    assert "scheduled starts" not in capsys.readouterr().out


def test_a_stack_that_does_not_tell_is_named(queues: Queues, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigurationError, match="no output DeadLettersUrl"):
        stacks.outputs("mine", ["DeadLettersUrl"], CloudFormation())
    assert operate.main(["--stack", "nobody-made-it", "list"]) == 1
    assert "nobody-made-it" in capsys.readouterr().err


def test_a_queue_that_is_gone_is_an_error_of_the_tree(queues: Queues) -> None:
    gone = Backlog(queues.queue, f"{queues.dead}-gone")
    for act in (gone.dead, gone.letters, gone.again):
        with pytest.raises(StateUnavailable):
            act()
