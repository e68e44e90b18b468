"""The inside of an execution environment: reads events line by line, calls the handler, writes its answers. Run by its path, as a program."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
import traceback
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


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
