"""The whole stack on this machine, started and stopped as one."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.sandbox.httpd import Server
from tests.sandbox.local.container import FunctionError
from tests.sandbox.local.deliveries import Poller, Schedule
from tests.sandbox.local.emulator import Emulator
from tests.sandbox.local.front import Front
from tests.sandbox.local.functions import Function
from tests.sandbox.local.resources import make_queues, make_tables, physical_names
from tests.sandbox.local.template import REGION, Template

ROOT = Path(__file__).resolve().parents[3]
NAME = "storesync"
PATIENCE_SECONDS = 10.0

__all__ = ["FunctionError", "LocalStack"]


class LocalStack:
    """The stack of template.yaml behind `api_url`, with its state kept in `state_dir` from one start to the next.

    `speed` makes schedules and retries that many times as fast. `schedules=False` leaves the pulls to `invoke`, `tick` and
    `start_schedules`. `parameters` are the template's; stores on private addresses are allowed unless said otherwise. `workers`: messages
    worked on at the same time. `root`: the folder where template.yaml lies.
    """

    def __init__(
        self,
        state_dir: str | Path,
        speed: float = 1.0,
        port: int = 0,
        *,
        schedules: bool = True,
        workers: int = 4,
        parameters: Mapping[str, str] | None = None,
        root: Path = ROOT,
    ) -> None:
        self.state_dir = Path(state_dir).resolve()
        self.speed, self._port, self._workers, self._scheduled, self._root = speed, port, workers, schedules, root
        self._parameters = {"AllowPrivateAddresses": "true"} | dict(parameters or {})
        self._functions: dict[str, Function] = {}
        self._deliveries: list[Poller | Schedule] = []
        self._waiting: list[Schedule] = []
        self._server: Server | None = None
        self._emulator: Emulator | None = None
        self.api_url = self.aws_url = ""

    def start(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Lets what runs come to its end for a few seconds, and cuts it off then; the tables and queues are written down."""
        for delivery in self._deliveries:
            delivery.stop()
        for delivery in self._deliveries:
            if isinstance(delivery, Poller):
                delivery.finish(PATIENCE_SECONDS)
        if self._server:
            self._server.stop()
        for function in self._functions.values():
            function.stop()
        for delivery in self._deliveries:
            delivery.join()
        if self._emulator:
            self._emulator.stop()
        self._deliveries, self._waiting, self._functions, self._server, self._emulator = [], [], {}, None, None

    def client(self, service: str) -> Any:
        """A boto3 client of the emulator."""
        return client_of(service, self.aws_url)

    def physical(self, logical_id: str) -> str:
        """The name that a resource of the template has here."""
        return str(self._template.reference(logical_id))

    @property
    def secrets_prefix(self) -> str:
        return str(self._template.parameters["SecretsPrefix"])

    def invoke(self, function: str, event: Any = None) -> Any:
        """Runs a function by its folder's name (`product_pull`) or its logical id. Raises FunctionError."""
        return self._function(function).invoke({} if event is None else event)

    def tick(self) -> Counter[str]:
        """Every schedule goes off once, now, and this returns when its function has answered: what they counted together."""
        schedules = [*self._waiting, *(one for one in self._deliveries if isinstance(one, Schedule))]
        with ThreadPoolExecutor(len(schedules)) as pool:
            return sum(map(Counter, pool.map(Schedule.fire, schedules)), Counter())

    def start_schedules(self) -> None:
        """From now on they go off by the clock."""
        starting, self._waiting = self._waiting, []
        self._deliveries += starting
        for schedule in starting:
            schedule.start()

    def environment(self, function: str) -> dict[str, str]:
        """The variables that a function runs with."""
        return dict(self._function(function).environment)

    def kill(self, function: str) -> bool:
        """Ends one running environment of a function at once; whether there was one."""
        return self._function(function).kill_one()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Messages wait meanwhile; begins when nothing is worked on any more."""
        with ExitStack() as pollers:
            for delivery in self._deliveries:
                if isinstance(delivery, Poller):
                    pollers.enter_context(delivery.held())
            yield

    def deploy(self, root: Path) -> None:
        """From now on the functions of another folder run, with its template's variables, over the same tables and queues."""
        before, self._functions = self._functions, {}
        self._root, physical = root, self._template.physical
        self._template = Template(root / "template.yaml", NAME, self._parameters, physical)
        self._start_functions()
        for function in before.values():
            function.stop()

    def queue_idle(self) -> bool:
        """Nothing is visible, in flight or delayed."""
        return not any(self.queue_counts().values())

    def queue_counts(self) -> dict[str, int]:
        """Messages that are visible, in flight and delayed."""
        suffixes = {"visible": "", "in_flight": "NotVisible", "delayed": "Delayed"}
        names = {key: f"ApproximateNumberOfMessages{suffix}" for key, suffix in suffixes.items()}
        found = self.client("sqs").get_queue_attributes(
            QueueUrl=self._template.reference("ChangesQueue"), AttributeNames=list(names.values())
        )
        return {key: int(found["Attributes"].get(name, 0)) for key, name in names.items()}

    def dead_letters(self) -> list[str]:
        """Bodies of the messages that failed too often; they stay where they are."""
        sqs, url, bodies = self.client("sqs"), self._template.reference("ChangesDeadLetters"), {}
        while taken := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=30).get("Messages"):
            bodies |= {message["MessageId"]: message for message in taken}
        for message in bodies.values():
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
        return [message["Body"] for message in bodies.values()]

    def _function(self, name: str) -> Function:
        return next(one for one in self._functions.values() if name in (one.name, one.logical_id))

    def _start(self) -> None:
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self._emulator = Emulator(self.state_dir)
        self.aws_url = self._emulator.url
        self._server = Server(lambda request: self._front(request), self._port)
        self.api_url = self._server.url
        self._template = Template(self._root / "template.yaml", NAME, self._parameters, {})
        self._template.physical = {**physical_names(self._template, self.aws_url), "HttpApi.ApiEndpoint": self.api_url}
        self._emulator.wait()
        make_tables(self._template, self.client("dynamodb"))
        make_queues(self._template, self.client("sqs"))
        self._start_functions()
        self._front = Front(self._template, self.invoke)
        self._server.start()
        self._start_deliveries()

    def _start_functions(self) -> None:
        logs = self.state_dir / "logs"
        logs.mkdir(exist_ok=True)
        settings = {"AWS_ENDPOINT_URL": self.aws_url}
        if not self._template.parameters.get("PublicUrl"):
            settings["PUBLIC_URL"] = self.api_url
        for logical_id, _ in self._template.of_type("AWS::Serverless::Function"):
            self._functions[logical_id] = Function(self._template, logical_id, self._root, logs, settings, self._workers)

    def _start_deliveries(self) -> None:
        for logical_id, properties in self._template.of_type("AWS::Serverless::Function"):
            for event in properties.get("Events", {}).values():
                delivery = self._delivery(logical_id, event["Type"], event["Properties"])
                if isinstance(delivery, Poller):
                    self._deliveries.append(delivery)
                    delivery.start()
                elif delivery:
                    self._waiting.append(delivery)
        if self._scheduled:
            self.start_schedules()

    def _delivery(self, logical_id: str, kind: str, properties: dict[str, Any]) -> Poller | Schedule | None:
        invoke = functools.partial(self.invoke, logical_id)
        if kind == "SQS":
            arn = self._template.resolve(properties["Queue"])
            queue = next(name.partition(".")[0] for name, value in self._template.physical.items() if value == arn)
            url = self._template.reference(queue)
            return Poller(self.client("sqs"), url, arn, int(properties["BatchSize"]), invoke, self._workers, self.speed)
        if kind == "ScheduleV2" and self._template.resolve(properties.get("State", "ENABLED")) == "ENABLED":
            return Schedule(logical_id, self._template.resolve(properties["ScheduleExpression"]), invoke, self.speed)
        return None


@functools.lru_cache(maxsize=64)
def client_of(service: str, url: str) -> Any:
    """One for each emulator: making them takes longer than most calls."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(max_pool_connections=32, retries={"max_attempts": 2}),
    )
