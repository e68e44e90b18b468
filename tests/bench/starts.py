"""Goals 11 and 12: how long a shopper's hint is held, and how long a function needs to start."""

import base64
import hashlib
import hmac
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3

from tests.bench.figures import Figure
from tests.sandbox.local.stack import LocalStack
from tests.sandbox.local.template import load

ROOT = Path(__file__).parents[2]
BUILD = ROOT / ".aws-sam" / "build"
RUNTIME = ROOT / os.environ.get("RUNTIME_VENV", ".venv-runtime")
SECRET = b"bench-secret-of-32-bytes-for-it!"
CONTEXT = SimpleNamespace(aws_request_id="1", function_name="order_webhook", get_remaining_time_in_millis=lambda: 10_000)


def figures(folder: Path, times: int) -> list[Figure]:
    return [_warm(folder, times * 40), *_cold(times)]


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

PROGRAMS = {
    "order_webhook": ("import app\nfrom storesync import bootstrap\nbootstrap.hooks()\nbootstrap.queue()._sqs()", 1.15),
    "sync_worker": (
        "import app\nfrom storesync import bootstrap\nbootstrap.worker()\nbootstrap.queue()._sqs()\nbootstrap.state_table()\n"
        "bootstrap.store_modules()",
        1.4,
    ),
}
BARE = 'import boto3\nboto3.client("sqs")'


def _cold(times: int) -> list[Figure]:
    """Processor seconds from the built artifact, byte code and all, over boto3's client alone; alternated."""
    names = {
        Path(one["Properties"]["CodeUri"]).name: name
        for name, one in load(ROOT / "template.yaml")["Resources"].items()
        if one["Type"] == "AWS::Serverless::Function"
    }
    found = []
    for function, (program, target) in PROGRAMS.items():
        artifact = BUILD / names[function]
        if not artifact.exists() or not (RUNTIME / "runtime").exists():
            found.append(Figure(12, f"cold start of {function} over boto3 alone", 9, target, least=False, void="not built: make package"))
            continue
        pairs = [(_run(program, artifact), _run(BARE, artifact)) for _ in range(times * 2)]
        ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
        note = f"{ours * 1000:.0f} ms over {bare * 1000:.0f} ms"
        found.append(Figure(12, f"cold start of {function} over boto3 alone", ours / bare, target, least=False, unit=" x", note=note))
    return found


def _run(program: str, artifact: Path) -> float:
    environment = {
        **{name: "4" for name in _variables()}, "ALLOW_PRIVATE_ADDRESSES": "false", "CONSOLE_NETWORKS": "", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
        "PYTHONPATH": os.pathsep.join(map(str, (artifact, BUILD / "StoresyncLayer" / "python", RUNTIME / "runtime"))), "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "POWERTOOLS_METRICS_NAMESPACE": "bench", "POWERTOOLS_SERVICE_NAME": "bench",
    }  # fmt: skip
    timed = f"import time\nbegun = time.process_time()\n{program}\nprint(time.process_time() - begun)"
    command = [str(RUNTIME / "bin" / "python"), "-S", "-c", timed]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return float(done.stdout)


def _variables() -> list[str]:
    return list(load(ROOT / "template.yaml")["Globals"]["Function"]["Environment"]["Variables"])
