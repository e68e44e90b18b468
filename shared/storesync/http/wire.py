"""Connections that go to the address that was checked and nowhere else, and answers that end in time and as long as announced."""

import functools
import io
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from ..errors import AnswerTooLarge, OutcomeUnknown, ServerFault, StoreError, Unreachable, UnsafeAddress
from . import guard

TOTAL = 2.0  # an answer may take so many times as long as a silence within it
SEND_SECONDS = 60.0
CHUNK = 262_144
TRIED = 3
HOSTS, KEPT = 32, 16


class Overdue(TimeoutError):
    """The whole answer took too long, though each part of it came in time."""


class _Reads(io.RawIOBase):
    """What comes from a socket until a moment. `ended`: nothing more is asked of it, what is left over in the buffer is no answer's."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._raw: Any = sock.makefile("rb", buffering=0)
        self._socket, self._until, self.ended = sock, until, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.ended:
            return None
        left = self._until - time.monotonic()
        if left <= 0:
            raise Overdue
        self._socket.settimeout(min(self._socket.gettimeout() or left, left))
        try:
            return int(self._raw.readinto(buffer))
        except TimeoutError as late:
            if time.monotonic() < self._until:
                raise
            raise Overdue from late

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Source:
    """In the place of a socket for http.client, which only asks it for a file."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._reads = _Reads(sock, until)

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self._reads, CHUNK)


class _Bounded(HTTPResponse):
    """`surplus`: more came than was announced, so the next answer on this connection could be forged or shifted. It is cut."""

    def __init__(self, sock: socket.socket, until: float, *args: Any, **kwargs: Any) -> None:
        super().__init__(_Source(sock, until), *args, **kwargs)  # type: ignore[arg-type]
        self._socket, self.surplus = sock, False

    def _close_conn(self) -> None:
        reader: Any = self.fp
        if reader is not None and not reader.closed:
            reader.raw.ended = True
            self.surplus = bool(reader.peek(1))
            if self.surplus:
                _cut(self._socket)
        super()._close_conn()  # type: ignore[misc]


def _cut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        """It is gone already."""


class _Checked:
    """For a connection of urllib3: the name is looked up and checked once for each connection; TLS and the Host header keep the name."""

    allow_private = False
    _dns_host: str
    sock: Any
    timeout: Any

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        addresses = guard.checked_addresses(name, self.port, allow_private=self.allow_private)[:TRIED]  # type: ignore[attr-defined]
        try:
            return self._first(addresses)
        finally:
            self._dns_host = name

    def _first(self, addresses: list[str]) -> socket.socket:
        for address in addresses[:-1]:
            try:
                return self._to(address)
            except (ConnectTimeoutError, NewConnectionError):
                continue
        return self._to(addresses[-1])

    def _to(self, address: str) -> socket.socket:
        self._dns_host = address
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        return made

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        """A large picture may take longer to send than a connection to make."""
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        self.sock.settimeout(SEND_SECONDS)
        super().putrequest(*args, **kwargs)  # type: ignore[misc]

    def response_class(self, sock: socket.socket, *args: Any, **kwargs: Any) -> HTTPResponse:
        return _Bounded(sock, time.monotonic() + TOTAL * self.timeout, *args, **kwargs)


class _Adapter(HTTPAdapter):
    def __init__(self, allow_private: bool) -> None:
        self._classes = _pools(allow_private)
        super().__init__(pool_connections=HOSTS, pool_maxsize=KEPT, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._classes


def _pools(allow_private: bool) -> dict[str, type[HTTPConnectionPool]]:
    made = {}
    for scheme, pool, connection in (("http", HTTPConnectionPool, HTTPConnection), ("https", HTTPSConnectionPool, HTTPSConnection)):
        checked = type(f"Checked{connection.__name__}", (_Checked, connection), {"allow_private": allow_private})
        made[scheme] = type(f"Checked{pool.__name__}", (pool,), {"ConnectionCls": checked})
    return made


class _Session(requests.Session):
    def resolve_redirects(self, *_: Any, **__: Any) -> Iterator[Any]:
        """None, ever: even to find where one leads, requests would read its body without bounds."""
        return iter(())


@functools.cache
def session(allow_private: bool) -> requests.Session:
    """One for all stores, so that connections outlive the clients. It keeps no cookies and reads no environment."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # its warnings quote addresses and headers
    found = _Session()
    found.trust_env = False
    found.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    for scheme in ("https://", "http://"):
        found.mount(scheme, _Adapter(allow_private))
    return found


def prepared(method: str, url: str, **given: Any) -> PreparedRequest:
    return requests.Request(method, url, **given).prepare()


def body(response: requests.Response, limit: int) -> bytes:
    """The whole body, unpacked, within bounds. Raises AnswerTooLarge, and ServerFault when it is longer than announced."""
    parts, size = [], 0
    while part := response.raw.read1(CHUNK, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise AnswerTooLarge("the answer is too large", status=response.status_code)
    if getattr(response.raw._original_response, "surplus", False):
        raise ServerFault("the answer is longer than announced", status=response.status_code)
    return b"".join(parts)


FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError)


def meaning(wrong: BaseException, store: str) -> StoreError:
    """Of what requests and urllib3 raise."""
    causes = list(_causes(wrong))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return UnsafeAddress("the certificate is not valid for this address", store=store)
    if any(isinstance(cause, (NewConnectionError, ConnectTimeoutError, NameResolutionError)) for cause in causes):
        return Unreachable("no connection", store=store)
    if any(isinstance(cause, Overdue) for cause in causes):
        return AnswerTooLarge("the answer is too slow", store=store)
    if isinstance(wrong, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema)):
        return UnsafeAddress("the address cannot be called", store=store)
    return OutcomeUnknown("the answer was lost", store=store, problem=type(causes[-1]).__name__)


def _causes(wrong: BaseException) -> Iterator[BaseException]:
    """Both libraries hide what happened in arguments, reasons and causes."""
    waiting, seen = [wrong], set()
    while waiting:
        found = waiting.pop(0)
        if id(found) not in seen:
            seen.add(id(found))
            yield found
            inner = (*found.args, getattr(found, "reason", None), found.__cause__, found.__context__)
            waiting += [cause for cause in inner if isinstance(cause, BaseException)]
