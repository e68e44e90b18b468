"""The HTTP base of the sandbox stores: real sockets on loopback, with failures on demand."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext, suppress
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote

from tests.sandbox.faults import Fault, Faults, Request
from tests.sandbox.spoiling import Dropped, Response, instead_of, spoiled

__all__ = ["App", "Fault", "Faults", "Request", "Response", "Server"]

_DRIBBLES = 10


App = Callable[[Request], Response]


class Server:
    """Serves `app` on 127.0.0.1 in the background.

    `latency` seconds are slept before each request; `busy_workers` limits how many requests
    run at the same time (the others wait, as before a full PHP pool).
    """

    def __init__(
        self,
        app: App,
        port: int = 0,
        faults: Faults | None = None,
        latency: float = 0.0,
        busy_workers: int | None = None,
    ) -> None:
        self.app = app
        self.faults = faults or Faults()
        self.latency = latency
        self.calls: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._workers = threading.BoundedSemaphore(busy_workers) if busy_workers else nullcontext()
        self._sockets: set[socket.socket] = set()
        self._httpd = _Listener(("127.0.0.1", port), self)
        self._thread: threading.Thread | None = None
        self.url = f"http://127.0.0.1:{self._httpd.server_address[1]}"

    def start(self) -> Self:
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Closes the listening socket and every connection that is still open."""
        if self._thread is not None:
            self._httpd.shutdown()
            self._thread.join()
            self._thread = None
        self._httpd.server_close()
        with self._lock:
            sockets, self._sockets = self._sockets, set()
        for connection in sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def call_counts(self) -> dict[str, int]:
        """Requests seen so far, by "METHOD path" with digits-only segments replaced by N."""
        with self._lock:
            return dict(self.calls)

    def answer(self, request: Request) -> tuple[Response, Fault | None]:
        """The response and the fault that still has to spoil its sending."""
        if request.path.startswith("/_sandbox/"):
            return self._control(request), None
        with self._lock:
            self.calls[f"{request.method} {_route(request.path)}"] += 1
        with self._workers:
            return self._app_answer(request)

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(connection)

    def _app_answer(self, request: Request) -> tuple[Response, Fault | None]:
        if self.latency:
            time.sleep(self.latency)
        fault = self.faults.take(request)
        if fault is None:
            return self.app(request), None
        instead = instead_of(fault)
        if instead is not None:
            return instead, fault
        if fault.kind == "delay":
            time.sleep(fault.seconds)
        return spoiled(fault, self.app(request)), fault

    def _control(self, request: Request) -> Response:
        match (request.method, request.path):
            case ("POST", "/_sandbox/faults"):
                return self._set_faults(request.body)
            case ("DELETE", "/_sandbox/faults"):
                self.faults.clear()
                return Response.of_json({})
            case ("GET", "/_sandbox/calls"):
                return Response.of_json(self.call_counts())
            case ("POST", "/_sandbox/latency"):
                self.latency = float(json.loads(request.body)["seconds"])
                return Response.of_json({"seconds": self.latency})
        return Response.of_json({"error": "no such control route"}, 404)

    def _set_faults(self, body: bytes) -> Response:
        try:
            faults = [Fault(**fields) for fields in json.loads(body)]
        except (TypeError, ValueError) as error:
            return Response.of_json({"error": str(error)}, 400)
        self.faults.replace(faults)
        return Response.of_json({"faults": len(faults)})


def _route(path: str) -> str:
    return re.sub(r"(?<=/)\d+(?=/|$)", "N", path)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], server: Server) -> None:
        self.sandbox = server
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer asks the resolver for the host's name here, which can take seconds. A port is ours again right after an earlier start.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        socket.socket.bind(self.socket, self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def setup(self) -> None:
        super().setup()
        self.server.sandbox.opened(self.connection)

    def finish(self) -> None:
        self.server.sandbox.closed(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: requests carry secrets."""

    def _serve(self) -> None:
        try:
            response, fault = self.server.sandbox.answer(self._request())
        except Dropped:
            self._drop()
        except Exception as error:
            traceback.print_exc()
            self._send(Response(500, f"sandbox failed: {error!r}".encode()), None)
        else:
            self._send(response, fault)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_HEAD = _serve

    def _request(self) -> Request:
        path, _, query = self.path.partition("?")
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return Request(self.command, unquote(path), query, self.headers, body)

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _send(self, response: Response, fault: Fault | None) -> None:
        body = b"" if self.command == "HEAD" else response.body
        head = self._head(response)
        kind = fault.kind if fault else ""
        if kind == "truncate":
            self.wfile.write(head + body[: len(body) // 2])
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif kind == "slow_body" and fault:
            self._dribble(head, body, fault.seconds)
        else:
            self.wfile.write(head + body)

    def _head(self, response: Response) -> bytes:
        given = {name.lower() for name, _ in response.headers}
        headers = [*response.headers]
        if "date" not in given:
            headers.append(("Date", formatdate(usegmt=True)))
        if response.status not in (204, 304):
            headers.append(("Content-Length", str(len(response.body))))
        lines = [f"HTTP/1.1 {response.status} {_reason(response.status)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _dribble(self, head: bytes, body: bytes, seconds: float) -> None:
        self.wfile.write(head)
        step = max(1, -(-len(body) // _DRIBBLES))
        for start in range(0, len(body), step):
            time.sleep(seconds / _DRIBBLES)
            self.wfile.write(body[start : start + step])

    def _drop(self) -> None:
        """Cuts with a TCP reset, as a killed PHP worker or a proxy does."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server.sandbox.closed(self.connection)
        os.close(self.connection.detach())


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
