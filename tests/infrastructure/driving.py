"""Lambda's side of a built function: a runtime API that hands out events one after the other and takes the answers."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.infrastructure.built import Built

SECONDS = 60


class Failed(Exception):
    """The function did not start, raised, or gave no answer. The text is what it wrote."""


class RuntimeApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, events: Sequence[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _RuntimeHandler)
        self.waiting, self.answers = list(events), [("", b"")][:0]
        self.expected, self.ready_at, self.ended = len(events), 0.0, threading.Event()

    def take(self, kind: str, body: bytes) -> None:
        self.answers.append((kind, body))
        if kind != "response" or len(self.answers) == self.expected:
            self.ended.set()


class _RuntimeHandler(BaseHTTPRequestHandler):
    server: RuntimeApi

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        self.server.ready_at = self.server.ready_at or time.perf_counter()
        if not self.server.waiting:
            self.server.ended.wait(SECONDS)
            return
        self._reply(200, self.server.waiting.pop(0), {
            "Content-Type": "application/json",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1",
            "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "Lambda-Runtime-Deadline-Ms": str(int(time.time() * 1000) + SECONDS * 1000),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:packaged",
        })  # fmt: skip

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._reply(202, b"", {})
        self.server.take(self.path.rsplit("/", 1)[1], body)

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def drive(built: Built, function: str, variables: Mapping[str, str], events: Sequence[bytes]) -> list[Any]:
    """The answers to the events, of one process with the artifact, the layer and the runtime's packages on its path and no other folder.

    Raises Failed.
    """
    api = RuntimeApi(events)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    started = time.perf_counter()
    process = _start(built, built.artifact(function), {**variables, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}"})
    try:
        until = time.monotonic() + SECONDS
        while not api.ended.wait(0.005) and process.poll() is None and time.monotonic() < until:
            pass
    finally:
        process.kill()
        output = process.communicate()[0].decode()
        api.shutdown()
        api.server_close()
    if not api.ended.is_set() or any(kind != "response" for kind, _ in api.answers):
        raise Failed(output)
    print(f"{function}: ready after {api.ready_at - started:.2f} s, {len(events)} events")
    return [json.loads(body) for _, body in api.answers]


def _start(built: Built, artifact: Path, variables: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    environment = {
        **variables,
        "PYTHONPATH": os.pathsep.join(map(str, (artifact, built.layer, built.runtime))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(artifact),
    }
    command = [str(built.python), "-S", "-m", "awslambdaric", "app.handler"]
    return subprocess.Popen(command, cwd=artifact, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
