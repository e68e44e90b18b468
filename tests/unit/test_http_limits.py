"""Redirects, and answers without an end: in size, in number or in time."""

import gzip
import socket
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from storesync.errors import (
    AnswerTooLarge,
    OutcomeUnknown,
    Redirected,
)
from storesync.http import Call, Transport
from storesync.http.calls import MAX_BYTES

from tests.sandbox.faults import Fault
from tests.sandbox.httpd import Server
from tests.unit.shop_calls import ONCE
from tests.unit.wires import RawServer, Script, always, answer, request


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_10_a_redirect_is_not_followed_and_not_repeated(shop: Server, transport: Any, slept: list[float], status: int) -> None:
    shop.faults.add(Fault("redirect", status=status, location=f"{shop.url}/elsewhere"))
    with pytest.raises(Redirected):
        transport().send(Call("POST", f"{shop.url}/orders", json={}))
    assert (shop.call_counts(), slept) == ({"POST /orders": 1}, [])


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "500 Oops"])
def test_fault_11_an_endless_answer_is_cut_off(transport: Any, slept: list[float], status: str) -> None:
    sent = 0

    def endless(connection: socket.socket, _: int) -> None:
        nonlocal sent
        request(connection)
        connection.sendall(f"HTTP/1.1 {status}\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        while sent < 4 * MAX_BYTES:
            connection.sendall(chunk)
            sent += len(chunk)

    with RawServer(endless) as server, pytest.raises(AnswerTooLarge):
        transport().send(Call("GET", server.url))
    assert (server.accepted, slept) == (1, [])
    assert sent < 2 * MAX_BYTES


def test_fault_11_a_large_answer_passes_and_one_too_large_does_not(transport: Any) -> None:
    large = b'"' + b"x" * 10_000_000 + b'"'
    with RawServer(always(answer(large))) as server:
        assert len(transport().send(Call("GET", server.url)).body) == 10_000_002
    with RawServer(always(answer(b"x" * (MAX_BYTES + 1)))) as server, pytest.raises(AnswerTooLarge):
        transport().send(Call("GET", server.url))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_fault_11_a_bomb_is_not_unpacked_whole(transport: Any, pack: Callable[[bytes], bytes]) -> None:
    import tracemalloc

    bomb = pack(b"\0" * 200_000_000)
    encoding = "gzip" if pack is gzip.compress else "deflate"
    with RawServer(always(answer(bomb, f"Content-Encoding: {encoding}"))) as server:
        tracemalloc.start()
        with pytest.raises(AnswerTooLarge):
            transport().send(Call("GET", server.url))
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_BYTES
        tracemalloc.stop()


def test_a_packed_answer_is_unpacked_and_a_broken_one_is_not_used(transport: Any) -> None:
    with RawServer(always(answer(gzip.compress(b'{"a":1}'), "Content-Encoding: gzip"))) as server:
        assert transport().send(Call("GET", server.url)).json() == {"a": 1}
    with RawServer(always(answer(b"not packed", "Content-Encoding: gzip"))) as server, pytest.raises(OutcomeUnknown):
        transport(**ONCE).send(Call("GET", server.url))


def _dribble(text: bytes) -> Script:
    def script(connection: socket.socket, _: int) -> None:
        request(connection)
        for at in range(len(text)):
            connection.sendall(text[at : at + 1])
            time.sleep(0.05)

    return script


@pytest.mark.parametrize(
    "text", [b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 20, b"HTTP/1.1 200 " + b"O" * 200], ids=["head", "status line"]
)
def test_fault_11_a_head_that_comes_byte_by_byte_is_cut_off(transport: Any, hurried: None, text: bytes) -> None:
    with RawServer(_dribble(text)) as server:
        _ends_in_time(transport(), server)


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]
)
def test_fault_11_a_body_that_comes_byte_by_byte_is_cut_off(transport: Any, hurried: None, head: bytes) -> None:
    def script(connection: socket.socket, number: int) -> None:
        request(connection)
        connection.sendall(head)
        _drip(connection)

    with RawServer(script) as server:
        _ends_in_time(transport(), server)


def _drip(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"1\r\nx\r\n")
        time.sleep(0.05)


def _ends_in_time(here: Transport, server: RawServer) -> None:
    started = time.monotonic()
    with pytest.raises(AnswerTooLarge):
        here.send(Call("GET", server.url))
    assert time.monotonic() - started < 2.5
    assert server.accepted == 1


def test_a_silent_server_is_given_up_by_the_limit_of_the_call(transport: Any, hurried: None, slept: list[float]) -> None:
    def silent(connection: socket.socket, _: int) -> None:
        request(connection)
        time.sleep(3)

    started = time.monotonic()
    with RawServer(silent) as server, pytest.raises(OutcomeUnknown):
        transport(**ONCE).send(Call("GET", server.url))
    assert time.monotonic() - started < 2.5
