from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator

import pytest
import requests

from tests.sandbox.httpd import Fault, Faults, Request, Response, Server


class Echo:
    """Answers with what it was asked and counts what reached it."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.seen.append(request)
        return Response.of_json({"path": request.path, "query": request.raw_query, "body": request.body.decode()})


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def server(echo: Echo) -> Iterator[Server]:
    with Server(echo) as running:
        yield running


def test_a_request_reaches_the_app_with_a_decoded_path_and_a_raw_query(server: Server, echo: Echo) -> None:
    answer = requests.post(f"{server.url}/a%20b?x%5B%5D=1", json={"k": 1}, headers={"X-Key": "v"}, timeout=5)

    assert answer.json() == {"path": "/a b", "query": "x%5B%5D=1", "body": '{"k": 1}'}
    assert echo.seen[0].headers["x-key"] == "v"


def test_a_chunked_body_arrives_whole(server: Server) -> None:
    answer = requests.post(f"{server.url}/a", data=iter([b"one", b"two"]), timeout=5)

    assert answer.json()["body"] == "onetwo"


def test_a_connection_is_kept_alive(server: Server) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    local = []
    for _ in range(3):
        connection.request("GET", "/a")
        local.append(connection.sock.getsockname())
        connection.getresponse().read()

    assert len(set(local)) == 1


def test_calls_are_counted_by_route(server: Server) -> None:
    for path in ("/api/products/12", "/api/products/13/features", "/api/2.0/products"):
        requests.get(server.url + path, timeout=5)

    assert server.call_counts() == {
        "GET /api/products/N": 1,
        "GET /api/products/N/features": 1,
        "GET /api/2.0/products": 1,
    }


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (Fault("status", status=503, retry_after="7"), 503, b""),
        (Fault("rate_limited", retry_after="2"), 429, b"Too Many"),
        (Fault("html", status=200), 200, b"<html>"),
        (Fault("empty", status=200), 200, b""),
        (Fault("garbage"), 200, b"\xff"),
        (Fault("lose_answer_500"), 500, b""),
        (Fault("notice"), 200, b"<b>Notice</b>"),
    ],
)
def test_a_fault_shows_once(server: Server, fault: Fault, status: int, body: bytes) -> None:
    server.faults.add(fault)

    spoiled = requests.get(server.url + "/a", timeout=5)
    sound = requests.get(server.url + "/a", timeout=5)

    assert (spoiled.status_code, body in spoiled.content) == (status, True)
    assert spoiled.headers.get("Retry-After") == fault.retry_after
    assert sound.json()["path"] == "/a"


def test_a_reset_never_reaches_the_app_but_a_lost_answer_does(server: Server, echo: Echo) -> None:
    for kind, reached in (("reset", 0), ("lose_answer", 1)):
        server.faults.add(Fault(kind))
        with pytest.raises(requests.ConnectionError):
            requests.post(server.url + "/a", timeout=5)
        assert len(echo.seen) == reached


def test_a_truncated_body_is_noticed_by_the_client(server: Server) -> None:
    server.faults.add(Fault("truncate"))

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(server.url + "/a", timeout=5)


def test_a_redirect_names_its_target(server: Server) -> None:
    server.faults.add(Fault("redirect", location="https://elsewhere.example/"))

    answer = requests.get(server.url + "/a", allow_redirects=False, timeout=5)

    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.example/")


def test_delayed_and_dribbled_answers_are_whole(server: Server) -> None:
    for kind in ("delay", "slow_body"):
        server.faults.add(Fault(kind, seconds=0.01))
        assert requests.get(server.url + "/a", timeout=5).json()["path"] == "/a"


def test_faults_choose_their_route_their_turn_and_their_count() -> None:
    faults = Faults()
    faults.add(Fault("status", route=r"^PUT /a\?x=1$", after=1, times=2))
    right, wrong = Request("PUT", "/a", "x=1"), Request("GET", "/a", "x=1")

    shown = [faults.take(request) is not None for request in (right, wrong, right, right, right)]

    assert shown == [False, False, True, True, False]


def test_faults_by_chance_repeat_with_their_seed() -> None:
    def draw(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault("reset", times=None, probability=0.5))
        return [faults.take(Request("GET", "/a")) is not None for _ in range(50)]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert 10 < sum(draw(1)) < 40


def test_faults_are_driven_over_http(server: Server, echo: Echo) -> None:
    control = server.url + "/_sandbox/"
    armed = requests.post(control + "faults", json=[{"kind": "status", "status": 502, "times": None}], timeout=5)
    spoiled = requests.get(server.url + "/a", timeout=5)
    requests.delete(control + "faults", timeout=5)
    sound = requests.get(server.url + "/a", timeout=5)

    assert armed.json() == {"faults": 1}
    assert (spoiled.status_code, sound.status_code, len(echo.seen)) == (502, 200, 1)
    assert requests.get(control + "calls", timeout=5).json() == {"GET /a": 2}
    assert requests.post(control + "faults", json=[{"kind": "typo"}], timeout=5).status_code == 400
    assert requests.post(control + "latency", json={"seconds": 0.0}, timeout=5).json() == {"seconds": 0.0}
    assert requests.get(control + "nothing", timeout=5).status_code == 404


def test_a_stopped_server_refuses_and_hangs_up(echo: Echo) -> None:
    server = Server(echo).start()
    session = requests.Session()
    session.get(server.url + "/a", timeout=5)
    server.stop()

    with pytest.raises(requests.ConnectionError):
        session.get(server.url + "/a", timeout=5)


def test_it_listens_on_loopback_only(server: Server) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5) as probe:
        assert probe.getpeername()[0] == "127.0.0.1"
