"""One request and its whole answer over a checked connection, inside limits of bytes and time. No retry, no meaning."""

import functools
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import DecodeError, HTTPError

from ..errors import AnswerTooLarge, OutcomeUnknown, Rejected, ServerFault, StoreError, Unreachable, UnsafeAddress
from .calls import CONNECT_LIMIT, LIMITS, SEND_LIMIT, Answer, Call, CallClass, Limits
from .guard import AddressGuard

CHUNK = 65_536
AT_ONCE = 16
_HEADERS = {"User-Agent": "storesync", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


class _Watch(threading.local):
    """The limits of the call that this thread makes, and the alarm that cuts a connection which drips past them."""

    total = 0.0
    alarm: threading.Timer | None = None
    rang = False

    def start(self, connection: socket.socket) -> None:
        self.alarm = threading.Timer(self.total, self._cut, (connection,))
        self.alarm.daemon = True
        self.alarm.start()

    @staticmethod
    def _cut(connection: socket.socket) -> None:
        try:
            # Not the TLS socket's own method: that one takes the TLS state away from the thread that reads.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
        except OSError:
            return

    def stop(self) -> bool:
        """Whether the time was over."""
        alarm, self.alarm = self.alarm, None
        if alarm is None:
            return False
        alarm.cancel()
        return alarm.finished.is_set() and not alarm.is_alive()


class _Checked:
    """Connects through the guard and says by the error's class that nothing was sent yet; TLS and Host keep the name."""

    guard: AddressGuard
    watch: _Watch

    def __init__(self, *args: Any, guard: AddressGuard, watch: _Watch, **kwargs: Any) -> None:
        self.guard, self.watch = guard, watch
        super().__init__(*args, **kwargs)

    def _new_conn(self: Any) -> socket.socket:
        made: socket.socket = self.guard.connect(self._dns_host, self.port, CONNECT_LIMIT)
        return made

    def connect(self) -> None:
        problem = _connecting(super().connect)  # type: ignore[misc]
        if problem:
            raise problem

    def send(self: Any, data: Any) -> None:
        """An upload may take longer than urllib3 gives it, which is the limit of connecting."""
        if self.sock is None:
            self.connect()
        self.sock.settimeout(SEND_LIMIT)
        super().send(data)  # type: ignore[misc]

    def getresponse(self: Any) -> Any:
        self.watch.start(self.sock)
        return super().getresponse()  # type: ignore[misc]
