"""What the state asks of DynamoDB is what template.yaml allows, no less and no more: the emulator would let everything through."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from storesync.domain.connection import Connection
from storesync.domain.journal import Action, Entry, Exchange, Run
from storesync.domain.links import Claim, OrderLink, Parked, Row
from storesync.domain.model import Record, StoreName
from storesync.state import portable
from storesync.state.tables import Table

from tests.contract.conftest import Remembered
from tests.sandbox.local.template import load

RESOURCES = load(Path(__file__).parents[2] / "template.yaml")["Resources"]
OF_A_TRANSACTION = {"Update": "UpdateItem", "Delete": "DeleteItem", "Put": "PutItem", "ConditionCheck": "ConditionCheckItem"}


def allowed(policy: str, table: str) -> set[str]:
    properties = RESOURCES[policy]["Properties"]
    documents = (
        [properties["PolicyDocument"]] if "PolicyDocument" in properties else [found["PolicyDocument"] for found in properties["Policies"]]
    )
    statements = [statement for document in documents for statement in document["Statement"]]
    mine = [statement["Action"] for statement in statements if statement["Resource"] == {"Fn::GetAtt": [table, "Arn"]}]
    return {action.removeprefix("dynamodb:") for actions in mine for action in actions}


def watch(table: Table) -> set[str]:
    """The rights that its calls need, from now on."""
    needed: set[str] = set()

    def before_call(model: Any, params: dict[str, Any], **_: Any) -> None:
        if model.name == "TransactWriteItems":
            needed.update(OF_A_TRANSACTION[kind] for item in json.loads(params["body"])["TransactItems"] for kind in item)
        else:
            needed.add(model.name)

    table._model._get_connection().connection.client.meta.events.register("before-call.dynamodb", before_call)
    return needed


@pytest.fixture
def needed(dynamodb: Remembered) -> tuple[set[str], set[str]]:
    return watch(dynamodb.table), watch(dynamodb.records)


def test_the_worker_may_do_what_the_engines_do(dynamodb: Remembered, needed: tuple[set[str], set[str]]) -> None:
    links, streams, journal = dynamodb.links(), dynamodb.streams(), dynamodb.journal(log_limit=300)
    pair = (Claim(StoreName.CSCART, "1", "1", "7", "7", "SKU"), Claim(StoreName.WEBASYST, "7", "7", "1", "1", "SKU"))
    row = Row(StoreName.CSCART, "1", "1", "7", {"1": ("7", "SKU")})
    with streams.lease("products", 60) as lease:
        links.link([pair], [row], lease)
        links.save([replace(row, version=1)], lease)
        links.index(StoreName.CSCART, [Record("1", "1", (("1", "SKU"),))], lease)
        list(links.duplicate_skus(StoreName.CSCART))
        links.save_order(OrderLink(StoreName.CSCART, "1", "2"), lease)
        links.park(Parked("order", StoreName.CSCART, "1", "", "", ""))
        links.unpark("order", StoreName.CSCART, "1")
        links.unlink(StoreName.CSCART, "1", lease)
        streams.save_cursor("products", "x", lease)
        streams.save_run(Run("r", "products", datetime.now(UTC)))
        assert streams.cursor("products") == "x"
    for _ in range(3):
        journal.write([Entry("order", "1", Action.CREATED, run="r")])
        journal.note(Exchange("cscart", "GET", "x", 200, 0.1, received="x" * 100))
        journal.flush()
    assert (list(journal.of_run("r")), journal.history("order", "1"), journal.requests(), journal.used()) != ([], [], [], 0)
    state, records = needed
    assert state == allowed("SyncPolicy", "StateTable")
    assert records == allowed("SyncPolicy", "JournalTable")


def test_the_callback_may_do_what_connecting_does(dynamodb: Remembered, needed: tuple[set[str], set[str]]) -> None:
    dynamodb.one_time.put(dynamodb.connection, "x", 60)
    assert dynamodb.one_time.take(dynamodb.connection) == "x"
    dynamodb.connections.save(Connection(dynamodb.connection))
    dynamodb.connections.change(dynamodb.connection, lambda found: replace(found, paused=True))
    dynamodb.connections.list()
    dynamodb.links().unpark("connection", StoreName.WEBASYST, "connection")
    assert needed[0] == allowed("OAuthCallbackRole", "StateTable")


def test_the_console_may_show_and_change_what_it_does(dynamodb: Remembered, needed: tuple[set[str], set[str]]) -> None:
    journal = dynamodb.journal()
    journal.write([Entry("order", "1", Action.CREATED, run="r")])
    needed[1].clear()
    dynamodb.connections.save(Connection(dynamodb.connection))
    dynamodb.links().park(Parked("order", StoreName.CSCART, "1", "", "", ""))
    dynamodb.links().unpark("order", StoreName.CSCART, "1")
    dynamodb.links().skus(StoreName.CSCART, ["SKU"])
    dynamodb.links().claims(StoreName.CSCART, ["1"])
    dynamodb.links().erase_customer(StoreName.CSCART, "1")
    dynamodb.streams().runs()
    dynamodb.streams().save_cursor("x", "y")
    journal.history("order", "1")
    list(journal.of_run("r"))
    journal.recent()
    journal.requests()
    journal.used()
    portable.forget(dynamodb.table, journal)
    assert needed[0] == allowed("ConsoleRole", "StateTable")
    assert needed[1] == allowed("ConsoleRole", "JournalTable")
