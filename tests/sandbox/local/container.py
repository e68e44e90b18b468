"""One execution environment of a function: its own process, fed with events line by line, as Lambda feeds its runtime."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
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
            # By its path, with a safe search path: a handler sees only what Lambda would let it see.
            [sys.executable, "-P", str(Path(__file__).with_name("runtime.py")), str(handler)],
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
