"""Secrets: SSM SecureString parameters under the connection's own path, cached per container for a short while.

To be decrypted costs money (KMS), to be looked at sealed does not: what is sealed as it was is not decrypted again.
What SSM fails at is StateUnavailable.
"""

import time
from typing import Any

from ..errors import ConfigurationError
from .aws import answering, connect

CACHE_SECONDS = 60.0


class Secrets:
    def __init__(self, prefix: str, client: Any = None) -> None:
        self._prefix, self._client = prefix.rstrip("/"), client
        self._cache: dict[str, tuple[float, str, str]] = {}  # when it was looked at, how it was sealed then, and open

    def __repr__(self) -> str:
        return f"Secrets({self._prefix})"

    def _ssm(self) -> Any:
        if self._client is None:
            self._client = connect("ssm")
        return self._client

    def _path(self, connection: str, name: str) -> str:
        return f"{self._prefix}/{connection}/{name}"

    def need(self, connection: str, name: str) -> str:
        """Raises ConfigurationError when there is none."""
        if not (found := self.get(connection, name)):
            raise ConfigurationError([f"{name} of connection {connection} is not set"])
        return found

    def get(self, connection: str, name: str) -> str:
        """Empty when there is none."""
        path = self._path(connection, name)
        at, before, value = self._cache.get(path, (0.0, "", ""))
        if value and time.monotonic() - at < CACHE_SECONDS:
            return value
        sealed = self._read(path, opened=False)
        if sealed != before or not value:
            value = self._read(path, opened=True) if sealed else ""
        self._cache[path] = (time.monotonic(), sealed, value)
        return value

    def _read(self, path: str, *, opened: bool) -> str:
        """Sealed anew it looks different each time, the same secret too."""
        with answering():
            try:
                return str(self._ssm().get_parameter(Name=path, WithDecryption=opened)["Parameter"]["Value"])
            except self._ssm().exceptions.ParameterNotFound:
                return ""

    def put(self, connection: str, name: str, value: str) -> None:
        path = self._path(connection, name)
        with answering():
            self._ssm().put_parameter(Name=path, Value=value, Type="SecureString", Overwrite=True)
        self._cache[path] = (time.monotonic(), "", value)

    def first(self, connection: str, name: str, value: str) -> str:
        """Keep the value unless one is kept already; what is kept then."""
        with answering():
            try:
                self._ssm().put_parameter(Name=self._path(connection, name), Value=value, Type="SecureString", Overwrite=False)
            except self._ssm().exceptions.ParameterAlreadyExists:
                return self.get(connection, name)
        return value

    def delete(self, connection: str, name: str) -> None:
        path = self._path(connection, name)
        self._cache.pop(path, None)
        with answering():
            self._ssm().delete_parameters(Names=[path])
