"""What DynamoDB answers when it is busy, put on the wire before the emulator sees the request."""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from storesync.domain.journal import Action, Entry, Exchange
from storesync.errors import LeaseLost, StateUnavailable, TooLarge
from storesync.state.items import Fence, Item
from storesync.state.journal import Journal
from storesync.state.tables import Table

from tests.contract.conftest import Remembered

Answer = tuple[int, dict[str, Any]]


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._body


def refused(code: str) -> Answer:
    return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}


def cancelled(*codes: str) -> Answer:
    status, body = refused("TransactionCanceledException")
    return status, {**body, "CancellationReasons": [{"Code": code, "Message": "no"} for code in codes]}


@pytest.fixture
def answering(dynamodb: Remembered, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Gives these answers to the next calls of one operation; the rest goes through. Returns the calls that were seen."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    client = dynamodb.table._model._get_connection().connection.client

    def answer(operation: str, answers: Sequence[Answer]) -> list[str]:
        left, calls = list(answers), []

        def before_send(request: Any, **_: Any) -> AWSResponse | None:
            calls.append(operation)
            if not left:
                return None
            status, body = left.pop(0)
            return AWSResponse(request.url, status, {"content-type": "application/x-amz-json-1.0"}, _Raw(json.dumps(body).encode()))

        client.meta.events.register(f"before-send.dynamodb.{operation}", before_send)
        return calls

    return answer


def pairs(state: Remembered) -> list[tuple[Item, int | None]]:
    return [(Item(state.connection, "a", 1), 0), (Item(state.connection, "b", 1), 0)]


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_fault_60_a_transaction_that_was_cancelled_for_haste_is_sent_again(dynamodb: Remembered, answering: Any, code: str) -> None:
    calls = answering("TransactWriteItems", [cancelled("None", code)] * 3)
    dynamodb.table.transact(pairs(dynamodb))
    assert len(calls) == 4
    assert len(list(dynamodb.table.query(dynamodb.connection))) == 2


def test_fault_60_a_refused_condition_beside_a_conflict_is_not_sent_again(dynamodb: Remembered, answering: Any) -> None:
    calls = answering("TransactWriteItems", [cancelled("TransactionConflict", "ConditionalCheckFailed")])
    with pytest.raises(LeaseLost) as told:
        dynamodb.table.transact(pairs(dynamodb))
    assert (told.value.data["refused"], len(calls)) == ((1,), 1)


def test_a_lost_lease_is_told_from_a_refused_record(dynamodb: Remembered, answering: Any) -> None:
    answering("TransactWriteItems", [cancelled("ConditionalCheckFailed", "ConditionalCheckFailed", "None")])
    with pytest.raises(LeaseLost) as told:
        dynamodb.table.transact(pairs(dynamodb), Fence(dynamodb.connection, "lease", 1))
    assert told.value.data["refused"] == ()


def test_fault_60_throttling_that_lasts_is_an_error_that_passes(dynamodb: Remembered, answering: Any) -> None:
    answering("TransactWriteItems", [cancelled("ThrottlingError", "None")] * 100)
    with pytest.raises(StateUnavailable) as told:
        dynamodb.table.transact(pairs(dynamodb))
    assert told.value.retriable


@pytest.mark.parametrize("code", ["TransactionConflictException", "ThrottlingException", "ProvisionedThroughputExceededException"])
def test_fault_60_a_single_write_in_haste_is_sent_again(dynamodb: Remembered, answering: Any, code: str) -> None:
    answering("UpdateItem", [refused(code)] * 5)
    dynamodb.table.put(Item(dynamodb.connection, "a", "kept"), expect=0)
    answering("DeleteItem", [refused(code)] * 5)
    dynamodb.table.delete(dynamodb.connection, "b")
    assert dynamodb.table.get(dynamodb.connection, "a") == Item(dynamodb.connection, "a", "kept", 1)


def test_fault_60_what_a_batch_leaves_undone_is_sent_again(dynamodb: Remembered, answering: Any) -> None:
    items = [Item(dynamodb.connection, str(at), at) for at in range(30)]
    left = [{"PutRequest": {"Item": {"pk": {"S": dynamodb.connection}, "sk": {"S": "3"}, "d": {"S": "3"}, "v": {"N": "1"}}}}]
    undone = (200, {"UnprocessedItems": {"state": left}})
    calls = answering("BatchWriteItem", [undone] * 4)
    dynamodb.table.put_all(items)
    assert len(list(dynamodb.table.query(dynamodb.connection))) == 30
    assert len(calls) > 4


def test_fault_60_a_batch_that_stays_undone_is_an_error_that_passes(dynamodb: Remembered, answering: Any) -> None:
    left = [{"PutRequest": {"Item": {"pk": {"S": dynamodb.connection}, "sk": {"S": "3"}}}}]
    answering("BatchWriteItem", [(200, {"UnprocessedItems": {"state": left}})] * 100)
    with pytest.raises(StateUnavailable):
        dynamodb.table.put_all([Item(dynamodb.connection, "3", 3)])


def test_fault_71_a_request_log_that_cannot_be_written_fails_no_pass(dynamodb: Remembered) -> None:
    journal = Journal(Table("missing", "eu-central-1"), dynamodb.connection)
    journal.note(Exchange("cscart", "GET", "x", 200, 0.1))
    journal.flush()
    with pytest.raises(StateUnavailable):
        journal.write([Entry("order", "1", Action.CREATED)])


def test_fault_60_keys_that_a_batch_read_leaves_out_are_asked_for_again(dynamodb: Remembered, answering: Any) -> None:
    dynamodb.table.put(Item(dynamodb.connection, "a", 1))
    left = {"Keys": [{"pk": {"S": dynamodb.connection}, "sk": {"S": "a"}}], "ConsistentRead": True}
    answering("BatchGetItem", [(200, {"Responses": {"state": []}, "UnprocessedKeys": {"state": left}})] * 2)
    assert [item.data for item in dynamodb.table.get_many([(dynamodb.connection, "a")])] == [1]


def test_a_cursor_saved_under_its_own_lease_costs_one_plain_write(dynamodb: Remembered, answering: Any) -> None:
    transactions, updates = answering("TransactWriteItems", []), answering("UpdateItem", [])
    streams = dynamodb.streams()
    with streams.lease("orders:cscart", 60) as lease:
        streams.save_cursor("orders:cscart", "1", lease)
        assert (len(transactions), len(updates)) == (0, 2)
        streams.save_cursor("seen:cscart", "1", lease)
        assert (len(transactions), len(updates)) == (1, 2)
    assert streams.cursor("orders:cscart") == "1"
    with pytest.raises(LeaseLost):
        streams.save_cursor("orders:cscart", "2", lease)
    assert streams.cursor("orders:cscart") == "1"


def test_what_only_dynamodb_knows_to_be_too_large_is_told_as_such(dynamodb: Remembered, answering: Any) -> None:
    answering("UpdateItem", [refused("ValidationException")])
    with pytest.raises(TooLarge):
        dynamodb.table.put(Item(dynamodb.connection, "a", 1))
    answering("TransactWriteItems", [cancelled("None", "ValidationError")])
    with pytest.raises(TooLarge):
        dynamodb.table.transact(pairs(dynamodb))


def test_a_lease_whose_answer_was_lost_is_taken_by_the_call_sent_again(dynamodb: Remembered) -> None:
    """Applied, and answered with a fault: botocore sends the same call again, which must find its own lease."""
    client = dynamodb.table._model._get_connection().connection.client
    answers: list[int] = []

    def lose_the_first(**_: Any) -> Any:
        answers.append(1)
        return 0.0 if len(answers) == 1 else None

    client.meta.events.register_first("needs-retry.dynamodb.UpdateItem", lose_the_first)
    with dynamodb.streams().lease("products", 60) as lease:
        assert len(answers) == 2
        dynamodb.streams().save_cursor("c", "held", lease)
    assert dynamodb.streams().cursor("c") == "held"
