"""The functions of the template, each with as many execution environments as run at the same time."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tests.sandbox.local.container import Container, FunctionError
from tests.sandbox.local.template import REGION, Template

__all__ = ["Function", "FunctionError"]


class Function:
    """`concurrency`: how many events are worked on at a time; more wait for their turn. `environment`: the variables it runs with."""

    def __init__(self, template: Template, logical_id: str, root: Path, logs: Path, settings: Mapping[str, str], concurrency: int) -> None:
        properties = template.function(logical_id)
        folder = root / template.resolve(properties["CodeUri"])
        module, _, _ = properties["Handler"].partition(".")
        self.name, self.logical_id = folder.name, logical_id
        self.seconds = float(properties["Timeout"])
        self._file = folder / f"{module}.py"
        self.environment = _environment(template, properties, folder, root) | dict(settings)
        self._turns = threading.BoundedSemaphore(concurrency)
        self._idle: list[Container] = []
        self._all: set[Container] = set()
        self._lock = threading.Lock()
        self._log: IO[bytes] = (logs / f"{self.name}.log").open("ab")
        self._stopped = False

    def invoke(self, event: Any) -> Any:
        """Raises FunctionError."""
        with self._turns:
            container = self._take()
            try:
                return container.invoke(event, self.seconds)
            finally:
                self._give_back(container)

    def kill_one(self) -> bool:
        """Ends one execution environment at once, as a crash does; whether there was one."""
        with self._lock:
            victim = next(iter(self._all), None)
        if victim:
            victim.stop()
        return victim is not None

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            containers, self._all, self._idle = self._all, set(), []
        for container in containers:
            container.stop()
        self._log.close()

    def _take(self) -> Container:
        with self._lock:
            while self._idle:
                container = self._idle.pop()
                if container.alive:
                    return container
                self._all.discard(container)
            if self._stopped:
                raise FunctionError({"errorType": "Stopped", "errorMessage": "the stack is being stopped"})
            container = Container(self._file, self.environment, self._log)
            self._all.add(container)
            return container

    def _give_back(self, container: Container) -> None:
        with self._lock:
            if container.alive and not self._stopped:
                self._idle.append(container)
            else:
                self._all.discard(container)


def _environment(template: Template, properties: dict[str, Any], folder: Path, root: Path) -> dict[str, str]:
    """What Lambda sets, with nothing of the caller's own AWS settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "POWERTOOLS_", "LD_PRELOAD"))}
    variables = {name: str(template.resolve(value)) for name, value in properties["Environment"]["Variables"].items()}
    return {
        **inherited,
        **variables,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": folder.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(template.resolve(properties["MemorySize"])),
        "POWERTOOLS_TRACE_DISABLED": "true",
        "PYTHONPATH": os.pathsep.join([str(folder), str(root / "shared"), str(root)]),
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "random",
        "VIRTUAL_ENV": sys.prefix,
    }
