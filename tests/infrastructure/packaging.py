"""What `sam build` made, driven the way Lambda drives it. Run by `make package`, which builds first; `make test` leaves it out."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.local import LocalStack
from tests.sandbox.local.template import load

ROOT = Path(__file__).parents[2]
BUILD = ROOT / ".aws-sam" / "build"
LAYER = BUILD / "StoresyncLayer" / "python"
RUNTIME = ROOT / os.environ.get("RUNTIME_VENV", ".venv-runtime")
TEMPLATE = load(ROOT / "template.yaml")
FUNCTIONS = {
    Path(resource["Properties"]["CodeUri"]).name: name
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
EVENTS = sorted(path.stem for path in (ROOT / "events").glob("*.json"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Tables, queues and secrets; nothing takes the messages away."""
    with LocalStack(tmp_path_factory.mktemp("aws"), schedules=False, workers=0) as stack:
        stack.client("ssm").put_parameter(Name=f"{stack.secrets_prefix}/main/hook_path", Value="example-path", Type="SecureString")
        yield stack


class RuntimeApi(ThreadingHTTPServer):
    """Lambda's side: hands out one event, takes one answer."""

    daemon_threads = True

    def __init__(self, event: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _RuntimeHandler)
        self.event, self.asked = event, threading.Event()
        self.ready_at, self.answer, self.answered = 0.0, ("", b""), threading.Event()


class _RuntimeHandler(BaseHTTPRequestHandler):
    server: RuntimeApi

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        if self.server.asked.is_set():
            self.server.answered.wait(60)
            return
        self.server.ready_at = time.perf_counter()
        self.server.asked.set()
        self._reply(200, self.server.event, {
            "Content-Type": "application/json",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + 60_000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:packaged",
        })  # fmt: skip

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._reply(202, b"", {})
        self.server.answer = (self.path.rsplit("/", 1)[1], body)
        self.server.answered.set()

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def drive(stack: LocalStack, function: str, event: bytes) -> Any:
    """The function's answer, from the artifact, the layer and the runtime's own packages, with no other folder on the path."""
    artifact = BUILD / FUNCTIONS[function]
    api = RuntimeApi(event)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    environment = {
        **stack.environment(function),
        "PYTHONPATH": os.pathsep.join(map(str, (artifact, LAYER, RUNTIME / "runtime"))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(artifact),
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
    }
    started = time.perf_counter()
    command = [str(RUNTIME / "bin" / "python"), "-S", "-m", "awslambdaric", "app.handler"]
    process = subprocess.Popen(command, cwd=artifact, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 30
        while not api.answered.wait(0.005) and process.poll() is None and time.monotonic() < until:
            pass
        done = time.perf_counter()
    finally:
        process.kill()
        output = process.communicate()[0].decode()
        api.shutdown()
        api.server_close()
    assert api.answered.is_set(), output
    kind, body = api.answer
    assert kind == "response", output
    print(f"{function}: ready after {api.ready_at - started:.2f} s, first answer {done - api.ready_at:.2f} s later")
    return json.loads(body)


EXPECTED_STATUS = {
    "console": 200,
    "oauth_callback": 400,  # its state was never given out
    "oauth_callback_denied": 400,
    "order_webhook_signed": 401,  # its time stamp is of the day it was recorded
    "order_webhook_zapier": 200,
    "order_webhook_webasyst": 200,
    "order_webhook_webasyst_get": 200,
}


@pytest.mark.parametrize("name", EVENTS)
def test_each_event_is_answered_by_the_built_function(stack: LocalStack, name: str) -> None:
    function = next(function for function in FUNCTIONS if name.startswith(function))
    answer = drive(stack, function, (ROOT / "events" / f"{name}.json").read_bytes())
    if name in EXPECTED_STATUS:
        assert answer["statusCode"] == EXPECTED_STATUS[name]
    elif name == "sync_worker":
        assert len(answer["batchItemFailures"]) == 3
    else:
        assert answer == {}


def test_hints_were_queued_by_the_built_function(stack: LocalStack) -> None:
    assert stack.queue_counts()["visible"] == 3


def test_every_function_has_an_event_and_an_artifact() -> None:
    assert all(any(name.startswith(function) for name in EVENTS) for function in FUNCTIONS)
    assert all((BUILD / logical_id / "app.py").exists() for logical_id in FUNCTIONS.values())


def test_the_layer_is_pure_python_without_what_the_runtime_brings() -> None:
    assert not list(LAYER.rglob("*.so"))
    assert not [path.name for path in LAYER.iterdir() if path.name.split("-")[0] in ("boto3", "botocore", "s3transfer", "tests")]


def test_everything_in_the_layer_is_compiled_for_the_runtime_and_never_checked_again() -> None:
    sources = [path for path in LAYER.rglob("*.py") if not path.name.startswith("test_")]
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        assert compiled.exists(), source
        assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00", "not an unchecked hash"


def test_the_artifacts_stay_small() -> None:
    def size(folder: Path) -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    sizes = {name: size(BUILD / name) for name in FUNCTIONS.values()} | {"StoresyncLayer": size(BUILD / "StoresyncLayer")}
    print({name: f"{bytes_ / 1e6:.2f} MB" for name, bytes_ in sizes.items()})
    assert sizes.pop("StoresyncLayer") < 40e6
    assert max(sizes.values()) < 2e6
