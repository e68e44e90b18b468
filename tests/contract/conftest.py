"""The state of a stack, once over tables in memory and once over the AWS emulator's DynamoDB: one suite for both."""

import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from storesync.state.connections import Connections, OneTimeStates
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.streams import Streams
from storesync.state.tables import Table

from tests.contract.shops import SHOPS, Shop
from tests.fakes.tables import MemoryTable
from tests.sandbox.local.emulator import Emulator
from tests.sandbox.local.template import REGION

KEYS = ("pk", "sk")


@dataclass
class Clock:
    """Runs as ours does, and can be put forward."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Remembered:
    """The repositories of one connection, which nobody else uses."""

    table: Any
    records: Any
    clock: Clock
    connection: str = field(default_factory=lambda: f"c{uuid.uuid4().hex[:10]}")

    def links(self, connection: str = "") -> Links:
        return Links(self.table, connection or self.connection)

    def streams(self) -> Streams:
        return Streams(self.table, self.connection)

    def journal(self, **settings: Any) -> Journal:
        return Journal(self.records, self.connection, **settings)

    @property
    def connections(self) -> Connections:
        return Connections(self.table)

    @property
    def one_time(self) -> OneTimeStates:
        return OneTimeStates(self.table)


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment that leads to an emulator with both tables, started when a test first needs it."""
    folder: Path = tmp_path_factory.mktemp("emulator")
    emulator = Emulator(folder, "dynamodb,sqs,ssm")
    emulator.wait()
    client = boto3.client("dynamodb", REGION, endpoint_url=emulator.url, aws_access_key_id="test", aws_secret_access_key="test")
    for name in ("state", "journal"):
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in KEYS],
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(KEYS, ("HASH", "RANGE"), strict=True)],
        )
    yield {"AWS_ENDPOINT_URL": emulator.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
    emulator.stop()


@pytest.fixture
def aws(emulated: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients made from now on go to the emulator."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in emulated.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def dynamodb(aws: None) -> Remembered:
    clock = Clock()
    return Remembered(Table("state", REGION, clock), Table("journal", REGION, clock), clock)


@pytest.fixture
def memory() -> Remembered:
    clock = Clock()
    return Remembered(MemoryTable(clock), MemoryTable(clock), clock)


@pytest.fixture(params=["memory", "dynamodb"])
def state(request: pytest.FixtureRequest) -> Remembered:
    found: Remembered = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def links(state: Remembered) -> Links:
    return state.links()


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Each implementation of the Store port, with pages of a few rows, so that a handful of records fills several."""
    sizes = {"webasyst.products.PAGE": 3, "webasyst.orders.PAGE": 3, "cscart.pages.FIRST": 6, "cscart.pages.SIZES": range(4, 7)}
    for name, size in (sizes | {"cscart.pages.STEP_BACK": 2}).items():
        monkeypatch.setattr(f"storesync.{name}", size)
    with SHOPS[request.param]() as found:
        yield found
