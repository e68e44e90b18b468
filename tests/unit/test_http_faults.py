"""What a network and a server can do to a call, each by its number in the list of faults."""

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from storesync.errors import (
    NotAnApi,
    OutcomeUnknown,
    ServerFault,
    StoreBusy,
    StoreError,
    Unauthorised,
    Unreachable,
)
from storesync.http import Call, CallClass, Transport

from tests.sandbox.faults import Fault, Faults
from tests.sandbox.httpd import Request, Response, Server
from tests.unit.shop_calls import ONCE, create
from tests.unit.wires import RawServer, always, answer, request

# -- lost, short and long answers


@pytest.mark.parametrize("kind", ["reset", "lose_answer", "lose_answer_500", "truncate", "empty", "garbage", "html"])
def test_fault_01_a_create_whose_answer_is_lost_is_not_sent_again(shop: Server, transport: Any, kind: str) -> None:
    shop.faults.add(Fault(kind, status=502))
    with pytest.raises(OutcomeUnknown):
        transport().send(create(f"{shop.url}/orders"))
    assert shop.call_counts() == {"POST /orders": 1}


def test_faults_01_23c_a_create_that_is_answered_too_late_may_have_been_done(transport: Any, hurried: None) -> None:
    def late(connection: socket.socket, _: int) -> None:
        request(connection)
        time.sleep(1)

    with RawServer(late) as server, pytest.raises(OutcomeUnknown):
        transport().send(create(server.url))
    assert server.accepted == 1


@pytest.mark.parametrize("kind", ["reset", "lose_answer", "lose_answer_500", "truncate", "empty", "garbage", "html", "notice"])
def test_fault_02_a_write_that_may_be_repeated_is_sent_again(shop: Server, transport: Any, slept: list[float], kind: str) -> None:
    shop.faults.add(Fault(kind, times=2))
    assert transport().send(Call("PUT", f"{shop.url}/products/1", json={"amount": 5})).status == 200
    assert shop.call_counts() == {"PUT /products/N": 3}
    assert len(slept) == 2


def test_a_create_that_was_never_sent_is_sent_again(transport: Any, slept: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unreachable):
        transport().send(create(f"http://127.0.0.1:{port}/"))
    assert len(slept) == 3


@pytest.mark.parametrize(
    "reply", [answer(b'{"a":1}', length=20), answer(b'{"a":1}')[:-3], b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-", b"\x00\x01"]
)
def test_fault_03_an_answer_cut_short_is_never_used(transport: Any, reply: bytes) -> None:
    def cut(connection: socket.socket, _: int) -> None:
        request(connection)
        connection.sendall(reply)

    with RawServer(cut) as server, pytest.raises(OutcomeUnknown):
        transport(**ONCE).send(Call("GET", server.url))


@pytest.mark.parametrize("chunked", [b"5\r\n[1,2]\r\n", b"5\r\n[1,2]\r\n8\r\n,3", b"zz\r\n"])
def test_fault_03_a_chunked_answer_without_its_end_is_never_used(transport: Any, chunked: bytes) -> None:
    def cut(connection: socket.socket, _: int) -> None:
        request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked)

    with RawServer(cut) as server, pytest.raises(OutcomeUnknown):
        transport(**ONCE).send(Call("GET", server.url))


@pytest.mark.parametrize("announced", [2, 7])
def test_fault_03_an_answer_longer_than_announced_is_never_used_nor_its_connection(transport: Any, announced: int) -> None:
    """What is left over would be taken for the next answer."""
    forged = b'{"a":1}' + answer(b'{"forged":true}')

    def script(connection: socket.socket, number: int) -> None:
        while request(connection):
            connection.sendall(answer(forged, length=announced) if number == 1 else answer(b'{"true":1}'))

    with RawServer(script) as server:
        here = transport(**ONCE)
        with pytest.raises(ServerFault):
            here.send(Call("GET", server.url))
        assert here.send(Call("GET", server.url)).json() == {"true": 1}
        assert server.accepted == 2


def test_fault_03_left_overs_that_come_late_are_no_answer_either(transport: Any) -> None:
    def script(connection: socket.socket, number: int) -> None:
        while request(connection):
            connection.sendall(answer(b'{"true":1}'))
            time.sleep(0.05)
            connection.sendall(answer(b'{"forged":1}') if number == 1 else b"")

    with RawServer(script) as server:
        here = transport(**ONCE)
        for _ in range(3):
            assert here.send(Call("GET", server.url)).json() == {"true": 1}
            time.sleep(0.15)


# -- answers that say nothing


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", ServerFault),
        (b"  \n", ServerFault),
        (b"\xef\xbb\xbf", ServerFault),
        (b'{"a":', ServerFault),
        (b'<br />\n<b>Notice</b>: in x\n{"a":1}', NotAnApi),
        (b"Notice: Undefined index\n{}", ServerFault),
        (b'{"a":1,"a":2}', ServerFault),
        (b'{"a":NaN}', ServerFault),
        (b"[" * 200_000, ServerFault),
        (b"<!DOCTYPE html>", NotAnApi),
        (b"  <html>", NotAnApi),
    ],
)
def test_faults_04_05_07_what_is_not_json_is_told_apart_and_asked_for_again(
    transport: Any, slept: list[float], body: bytes, kind: type[StoreError]
) -> None:
    with RawServer(always(answer(body))) as server, pytest.raises(kind):
        transport().send(Call("GET", server.url))
    assert len(slept) == 3


def test_fault_07_a_byte_order_mark_does_no_harm(transport: Any) -> None:
    with RawServer(always(answer(b'\xef\xbb\xbf {"a":1}'))) as server:
        assert transport().send(Call("GET", server.url)).json() == {"a": 1}


# -- pauses


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("3", 3, 3.001),
        ("0.5", 0.5, 0.5),
        ("31536000", 20, 20),
        ("1e308", 20, 20),
        ("inf", 0, 0.5),
        ("nan", 0, 0.5),
        ("-5", 0, 0.5),
        ("soon", 0, 0.5),
        ("", 0, 0.5),
    ],
)
def test_fault_08_retry_after_is_obeyed_within_a_cap(
    shop: Server, transport: Any, slept: list[float], asked: str, least: float, most: float
) -> None:
    shop.faults.add(Fault("rate_limited", retry_after=asked))
    assert transport().send(Call("GET", f"{shop.url}/x")).status == 200
    assert least <= slept[0] <= most


@pytest.mark.parametrize(("ahead", "least", "most"), [(10, 7, 10.001), (-3600, 0, 0.5), (31_536_000, 20, 20)])
def test_fault_08_retry_after_may_be_a_date(
    shop: Server, transport: Any, slept: list[float], ahead: int, least: float, most: float
) -> None:
    shop.faults.add(Fault("rate_limited", retry_after=format_datetime(datetime.now(UTC) + timedelta(seconds=ahead), usegmt=True)))
    transport().send(Call("GET", f"{shop.url}/x"))
    assert least <= slept[0] <= most


def test_fault_08_a_create_refused_for_haste_is_sent_again_but_not_one_that_may_have_been_done(shop: Server, transport: Any) -> None:
    shop.faults.add(Fault("rate_limited"))
    assert transport().send(create(f"{shop.url}/orders")).status == 200
    shop.faults.add(Fault("status", status=503, retry_after="1"))
    with pytest.raises(OutcomeUnknown):
        transport().send(create(f"{shop.url}/orders"))
    assert shop.call_counts() == {"POST /orders": 3}


def test_fault_08_all_calls_to_the_store_wait_and_not_the_refused_one_alone(shop: Server, transport: Any, slept: list[float]) -> None:
    here = transport(**ONCE, clock=lambda: 100.0)
    shop.faults.add(Fault("rate_limited", retry_after="7"))
    with pytest.raises(StoreBusy):
        here.send(Call("GET", f"{shop.url}/a"))
    here.send(Call("GET", f"{shop.url}/b"))
    assert slept == [7]


def test_fault_09_a_pass_gets_through_a_burst_of_failures(transport: Any) -> None:
    with Server(lambda found: Response.of_json({"path": found.path}), faults=Faults(seed=5)) as shop:
        for status in (500, 502, 504):
            shop.faults.add(Fault("status", status=status, probability=0.1, times=None))
        calls = [Call("GET", f"{shop.url}/products/{at}") for at in range(120)]
        found = transport(attempts=8).map(calls)
    assert [item.json() for item in found] == [{"path": f"/products/{at}"} for at in range(120)]


def test_fault_13_a_lost_token_ends_a_batch_at_once(shop: Server, transport: Any) -> None:
    shop.faults.add(Fault("status", status=401, after=10, times=None))
    with pytest.raises(Unauthorised):
        transport().map([Call("GET", f"{shop.url}/products/{at}") for at in range(400)])
    assert shop.call_counts()["GET /products/N"] < 40


@pytest.mark.parametrize("status", [400, 402, 403, 404, 409, 422])
def test_fault_14_what_another_try_cannot_mend_is_not_tried_again(transport: Any, slept: list[float], status: int) -> None:
    refused = StoreError("refused")
    with Server(lambda _: Response(status, b"{}")) as shop, pytest.raises(StoreError) as told:
        Transport("shop", lambda *_: refused, allow_private=True, sleep=slept.append).send(Call("GET", f"{shop.url}/x"))
    assert told.value is refused
    assert (told.value.store, told.value.status, slept) == ("shop", status, [])
    assert shop.call_counts() == {"GET /x": 1}


def test_what_is_sent_arrives(transport: Any) -> None:
    seen: list[Request] = []

    def app(found: Request) -> Response:
        seen.append(found)
        return Response.of_json({})

    with Server(app) as shop:
        here = transport(headers=lambda: {"Authorization": "Bearer x"})
        here.send(Call("GET", f"{shop.url}/p", params=(("a[]", "1"), ("a[]", "é&="))))
        here.send(Call("POST", f"{shop.url}/p", form=(("n[0]", "ü"), ("n[1]", ""))))
        here.send(Call("POST", f"{shop.url}/p", files=(("file", ("a.jpg", b"\xff\xd8", "image/jpeg")),), kind=CallClass.UPLOAD))
    assert seen[0].raw_query == "a%5B%5D=1&a%5B%5D=%C3%A9%26%3D"
    assert seen[1].body == b"n%5B0%5D=%C3%BC&n%5B1%5D="
    assert b'filename="a.jpg"' in seen[2].body and b"\xff\xd8" in seen[2].body
    assert {found.headers["Authorization"] for found in seen} == {"Bearer x"}
