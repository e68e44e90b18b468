"""A name server that does not answer: the look-up is given up in time, and what it says later counts for nothing."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from storesync.errors import Unreachable
from storesync.http import Call, Transport, download, guard

from tests.unit.wires import RawServer, always, answer


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """No name is answered until the event is set."""
    spoken, real = threading.Event(), socket.getaddrinfo

    def ask(host: str, port: Any, *rest: Any, **named: Any) -> Any:
        if host.endswith(".example.com"):
            spoken.wait(10)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        return real(host, port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", ask)
    monkeypatch.setattr(guard, "LOOK_UP_SECONDS", 0.1)
    yield spoken
    spoken.set()
    for thread in [one for one in threading.enumerate() if one.name == "look-up"]:
        thread.join(5)


def send(url: str) -> None:
    Transport("shop", lambda *_: None, sleep=lambda _: None, attempts=1, allow_private=True).send(Call("GET", url))


@pytest.mark.parametrize("ask", [send, lambda url: download(url, allow_private=True)], ids=["a call", "an image"])
def test_fault_12_a_name_server_that_is_silent_costs_a_moment_and_is_an_outage(silence: threading.Event, ask: Any) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable) as told:
        ask("http://silent.example.com:9/")
    assert time.monotonic() - began < 2
    assert told.value.retriable


def test_an_answer_that_comes_too_late_connects_nothing(silence: threading.Event) -> None:
    with RawServer(always(answer(b"{}"))) as server:
        with pytest.raises(Unreachable):
            send(f"http://late.example.com:{server.port}/")
        silence.set()
        time.sleep(0.05)
        assert server.accepted == 0
        send(f"http://late.example.com:{server.port}/")
        assert server.accepted == 1


def test_many_silent_look_ups_do_not_wait_for_each_other(silence: threading.Event) -> None:
    began = time.monotonic()
    for _ in range(8):
        with pytest.raises(Unreachable):
            guard.resolve("many.example.com", 443)
    assert time.monotonic() - began < 3
    silence.set()
    assert guard.resolve("many.example.com", 443) == ["127.0.0.1"]


@pytest.mark.parametrize("wrong", [socket.gaierror("no such name"), UnicodeError("label too long"), OSError("no network")])
def test_a_look_up_that_fails_is_an_outage(monkeypatch: pytest.MonkeyPatch, wrong: Exception) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise wrong

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(Unreachable) as told:
        guard.resolve("shop.example.com", 443)
    assert told.value.__cause__ is wrong
