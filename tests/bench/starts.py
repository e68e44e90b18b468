"""Goals 11 and 12: how long a shopper's hint is held, and how long a function needs to start."""

import base64
import hashlib
import hmac
import importlib.util
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
from storesync.domain.changes import PRODUCTS as STREAM
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName
from storesync.state.connections import Connections
from storesync.state.tables import Table

from tests.bench.calls import skus_of
from tests.bench.figures import Figure
from tests.bench.orders import place
from tests.bench.shops import KEY, shops
from tests.bench.subject import REGION, Subject, in_environment
from tests.bench.walls import put
from tests.sandbox.local.stack import LocalStack
from tests.sandbox.local.template import load

ROOT = Path(__file__).parents[2]
BUILD = ROOT / ".aws-sam" / "build"
RUNTIME = ROOT / os.environ.get("RUNTIME_VENV", ".venv-runtime")
SECRET = b"bench-secret-of-32-bytes-for-it!"
CONTEXT = SimpleNamespace(aws_request_id="1", function_name="order_webhook", get_remaining_time_in_millis=lambda: 10_000)


def figures(folder: Path, times: int) -> list[Figure]:
    return [_warm(folder / "warm", times * 40), *_cold(folder, times)]


# -- warm


def _warm(folder: Path, times: int) -> Figure:
    with LocalStack(folder, schedules=False, workers=0) as stack:
        secret = "whsec_" + base64.b64encode(SECRET).decode()
        stack.client("ssm").put_parameter(Name=f"{stack.secrets_prefix}/main/webhook_secret", Value=secret, Type="SecureString")
        environment = stack.environment("order_webhook")
        os.environ.update(environment)
        handler, empty = _handler(), _empty(environment["QUEUE_URL"])
        taken: dict[str, list[float]] = {"ours": [], "empty": []}
        for number in range(times):
            event = _event(number)
            for name, call in (("ours", handler), ("empty", empty))[:: 1 if number % 2 else -1]:
                started = time.perf_counter()
                assert call(event, CONTEXT)["statusCode"] == 200
                taken[name].append(time.perf_counter() - started)
    ours, theirs = (statistics.median(taken[name][10:]) for name in ("ours", "empty"))
    return Figure(
        11,
        "webhook handler, warm, over an empty one with one queue call",
        ours / theirs,
        1.3,
        least=False,
        unit=" x",
        note=f"{ours * 1000:.1f} ms",
    )


def _handler() -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    spec = importlib.util.spec_from_file_location("webhook_app", ROOT / "functions" / "order_webhook" / "app.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler  # type: ignore[no-any-return]


def _empty(url: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    sqs = boto3.client("sqs")

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        entry = {"Id": "0", "MessageBody": event["body"], "MessageGroupId": "g", "MessageDeduplicationId": event["headers"]["webhook-id"]}
        sqs.send_message_batch(QueueUrl=url, Entries=[entry])
        return {"statusCode": 200, "body": "{}"}

    return handler


def _event(number: int) -> dict[str, Any]:
    body = json.dumps({"type": "order.status", "data": {"order_id": 100 + number}})
    stamp, name = str(int(time.time())), f"msg_{number}_{time.perf_counter_ns()}"
    signed = base64.b64encode(hmac.new(SECRET, f"{name}.{stamp}.{body}".encode(), hashlib.sha256).digest()).decode()
    event: dict[str, Any] = json.loads((ROOT / "events" / "order_webhook_signed.json").read_text())
    event["headers"] |= {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signed}"}
    return event | {"body": body}


# -- cold

BARE = 'import boto3\nboto3.client("sqs")'
PROGRAMS = {
    "order_webhook": {"all": "import app\nfrom storesync import bootstrap\nbootstrap.hooks()\nbootstrap.queue()._sqs()"},
    "sync_worker": {
        kind.name.lower(): "import app\nfrom storesync import bootstrap\nfrom storesync.domain.changes import Kind\nbootstrap.worker()\n"
        f"bootstrap.queue()._sqs()\nbootstrap.state_table()\nbootstrap.store_modules()\nfrom storesync.sync.worker import load\nload(Kind.{kind.name})\n"
        + ("from storesync.cscart import order_writes\nfrom storesync.webasyst import customers, orders\n" if kind is Kind.ORDER else "")
        for kind in (Kind.PRODUCT, Kind.ORDER, Kind.STREAM)
    },
}
TARGETS = {"order_webhook": 1.15, "sync_worker": 1.4}
PRODUCTS, HALF = 20, 10


def _cold(folder: Path, times: int) -> list[Figure]:
    """Processor seconds from the built artifact, byte code and all, over boto3's client alone; the order alternates. Of a function that loads
    by the kind of its message, the kind that takes longest counts. What a whole first message takes is told beside."""
    return [_started(function, folder, times) for function in PROGRAMS]


def _started(function: str, folder: Path, times: int) -> Figure:
    name, target = f"cold start of {function} over boto3 alone", TARGETS[function]
    if missing := [path for path in (_artifact(function), BUILD / "StoresyncLayer", RUNTIME / "runtime") if not path.exists()]:
        return Figure(12, name, 0.0, target, least=False, void=f"{missing[0].relative_to(ROOT)} is missing: make package")
    programs = {"boto3": BARE, **PROGRAMS[function]}
    taken: dict[str, list[float]] = {label: [] for label in programs}
    for number in range(times * 2):
        for label in list(programs)[:: 1 if number % 2 else -1]:
            taken[label].append(_run(programs[label], function, {}))
    middle = {label: statistics.median(found) for label, found in taken.items()}
    bare = middle.pop("boto3")
    note = f"{_told(middle)} over {bare * 1000:.0f} ms"
    if function == "sync_worker":
        note += f"; a whole first message: {_told(_first_messages(folder, times))}"
    return Figure(12, name, max(middle.values()) / bare, target, least=False, unit=" x", note=note)


def _told(seconds: dict[str, float]) -> str:
    return ", ".join(f"{label} {found * 1000:.0f}" for label, found in seconds.items())


def _artifact(function: str) -> Path:
    functions = load(ROOT / "template.yaml")["Resources"].items()
    found: str = next(name for name, one in functions if Path(str(one["Properties"].get("CodeUri", ""))).name == function)
    return BUILD / found


def _run(program: str, function: str, given: dict[str, str]) -> float:
    environment = {
        **_variables(), **given, "PYTHONDONTWRITEBYTECODE": "1", "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION,
        "PYTHONPATH": os.pathsep.join(map(str, (_artifact(function), BUILD / "StoresyncLayer" / "python", RUNTIME / "runtime"))),
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip
    timed = f"import time\nbegun = time.process_time()\n{program}\nprint(time.process_time() - begun)"
    command = [str(RUNTIME / "bin" / "python"), "-S", "-c", timed]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    return float(done.stdout.splitlines()[-1])


def _variables() -> dict[str, str]:
    """As the template sets them; what only a deployment knows is some number."""
    values = load(ROOT / "template.yaml")["Globals"]["Function"]["Environment"]["Variables"]
    known = {"ALLOW_PRIVATE_ADDRESSES": "true", "CONSOLE_NETWORKS": ""}
    return {name: known.get(name, value if isinstance(value, str) else "4") for name, value in values.items()}


# -- a whole first message

HANDLED = """
import app, json, types
attributes = {{"ApproximateReceiveCount": "1", "MessageGroupId": "g"}}
record = {{"messageId": "1", "receiptHandle": "r", "attributes": attributes, "body": {body!r}}}
context = types.SimpleNamespace(aws_request_id="1", function_name="sync_worker", get_remaining_time_in_millis=lambda: 60_000)
assert app.handler({{"Records": [record]}}, context) == {{"batchItemFailures": []}}
"""


def _first_messages(folder: Path, times: int) -> dict[str, float]:
    """Processor seconds of the real handler's first message in a new container: a product's stock that moved, an order that is new, a pull
    that finds nothing; against the emulator's tables, queue and secrets and the sandbox shops, answers and all."""
    with shops(PRODUCTS) as pair, LocalStack(folder / "messages", schedules=False, workers=0) as stack, in_environment(stack):
        state = Table(stack.physical("StateTable"), REGION)
        subject = Subject(pair, (state, Table(stack.physical("JournalTable"), REGION)))
        subject.sweep()
        subject.settle()
        Connections(state).save(replace(subject.connection, log_requests=True))
        for name, secret in (("cscart_key", KEY), ("webasyst_token", pair.token)):
            stack.client("ssm").put_parameter(Name=f"{stack.secrets_prefix}/main/{name}", Value=secret, Type="SecureString")
        given = {**stack.environment("sync_worker"), "ALLOW_PRIVATE_ADDRESSES": "true"}
        taken: dict[str, list[float]] = {}
        for number in range(times):
            for label, change in _changes(subject, number).items():
                taken.setdefault(label, []).append(_run(HANDLED.format(body=change.to_message()), "sync_worker", given))
    return {label: statistics.median(found) for label, found in taken.items()}


def _changes(subject: Subject, number: int) -> dict[str, Change]:
    product_id, _ = skus_of(subject, StoreName.CSCART, PRODUCTS)[number % HALF]
    put(subject.shops, product_id, 1000 + number)
    order_id = place(subject.shops, subject, number)
    return {
        "product": subject.change(Kind.PRODUCT, StoreName.CSCART, product_id, cause=Cause.HOOK),
        "order": subject.change(Kind.ORDER, StoreName.CSCART, order_id, cause=Cause.HOOK),
        "stream": subject.change(Kind.STREAM, StoreName.WEBASYST, STREAM),
    }
