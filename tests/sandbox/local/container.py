"""One execution environment of a function: its own process, fed with events line by line, as Lambda feeds its runtime."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
import traceback
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


class FunctionError(Exception):
    """The handler raised, ran out of time, or its process died. `payload` is what Lambda would answer."""

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__(f"{payload.get('errorType', 'error')}: {payload.get('errorMessage', '')}")
        self.payload = payload


class Container:
    """Not for two threads at a time. Dead after a time-out or a crash, as in Lambda."""

    def __init__(self, handler: Path, environment: dict[str, str], log: IO[bytes]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sandbox.local.container", str(handler)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def invoke(self, event: Any, seconds: float) -> Any:
        """The handler's answer within `seconds`. Raises FunctionError."""
        assert self._process.stdin
        assert self._process.stdout
        out_of_time = threading.Event()
        timer = threading.Timer(seconds, lambda: (out_of_time.set(), self._process.kill()))
        timer.daemon = True
        timer.start()
        try:
            self._process.stdin.write(json.dumps({"event": event, "seconds": seconds}).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = b""
        finally:
            timer.cancel()
        if not line:
            self.stop()
            kind = "Sandbox.Timedout" if out_of_time.is_set() else "Runtime.ExitError"
            raise FunctionError({"errorType": kind, "errorMessage": "the function's process ended"})
        answer = json.loads(line)
        if "error" in answer:
            raise FunctionError(answer["error"])
        return answer["result"]

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()


@dataclass(slots=True)
class Context:
    """What Lambda tells a handler about its invocation."""

    seconds: float
    function_name: str = field(default_factory=lambda: os.environ["AWS_LAMBDA_FUNCTION_NAME"])
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    memory_limit_in_mb: int = field(default_factory=lambda: int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]))
    started: float = field(default_factory=time.monotonic)

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{os.environ['AWS_REGION']}:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.started + self.seconds - time.monotonic()) * 1000))


def _main(handler_file: str) -> None:
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a handler prints belongs to the log
    handler = None
    for line in sys.stdin.buffer:
        request = json.loads(line)
        try:
            handler = handler or _handler(Path(handler_file))
            answer: dict[str, Any] = {"result": handler(request["event"], Context(request["seconds"]))}
            encoded = json.dumps(answer)
        except Exception as error:
            traceback.print_exc()
            encoded = json.dumps({"error": {"errorType": type(error).__name__, "errorMessage": str(error)}})
        answers.write(encoded.encode() + b"\n")


def _handler(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("app", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["app"] = module
    spec.loader.exec_module(module)
    return module.handler


if __name__ == "__main__":
    _main(sys.argv[1])
