"""What a network and a server can do to a call, each by its number in the list of faults."""

import gzip
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import trustme
from storesync.errors import (
    AnswerTooLarge,
    NotAnApi,
    OutcomeUnknown,
    Redirected,
    ServerFault,
    StoreBusy,
    StoreError,
    Unauthorised,
    Unreachable,
    UnsafeAddress,
)
from storesync.http import Answer, Call, CallClass, Transport, guard, retry_after
from storesync.http.calls import MAX_BYTES, READ_LIMITS

from tests.sandbox.faults import Fault, Faults
from tests.sandbox.httpd import Request, Response, Server
from tests.unit.wires import RawServer, Script, always, answer, request

ONCE = {"attempts": 1}


def classify(call: Call, found: Answer) -> StoreError | None:
    """As the stores' clients do."""
    if found.status in (429, 503):
        return StoreBusy("wait", status=found.status, retry_after=retry_after(found))
    if found.status == 401:
        return Unauthorised("no token")
    try:
        found.json()
    except StoreError as error:
        return error
    return ServerFault("failed", status=found.status) if found.status >= 500 else None


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def transport(slept: list[float]) -> Callable[..., Transport]:
    return lambda **options: Transport("shop", classify, **{"allow_private": True, "sleep": slept.append, **options})


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of a read may be silent for 0.2 s and take 0.4 s in all."""
    monkeypatch.setitem(READ_LIMITS, CallClass.READ, 0.2)
    monkeypatch.setitem(READ_LIMITS, CallClass.CREATE, 0.2)


@pytest.fixture
def shop() -> Iterator[Server]:
    with Server(lambda request: Response.of_json({"path": request.path, "body": request.body.decode()}), faults=Faults()) as server:
        yield server


def create(url: str) -> Call:
    return Call("POST", url, json={"a": 1}, kind=CallClass.CREATE, repeatable=False)


# -- lost, short and long answers


@pytest.mark.parametrize("kind", ["reset", "lose_answer", "lose_answer_500", "truncate", "empty", "garbage", "html"])
def test_fault_01_a_create_whose_answer_is_lost_is_not_sent_again(shop: Server, transport: Any, kind: str) -> None:
    shop.faults.add(Fault(kind, status=502))
    with pytest.raises(OutcomeUnknown):
        transport().send(create(f"{shop.url}/orders"))
    assert shop.call_counts() == {"POST /orders": 1}


def test_fault_01_a_create_that_is_answered_too_late_may_have_been_done(transport: Any, hurried: None) -> None:
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


# -- redirects, sizes, times


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
    assert time.monotonic() - started < 0.9
    assert server.accepted == 1


def test_a_silent_server_is_given_up_by_the_limit_of_the_call(transport: Any, hurried: None, slept: list[float]) -> None:
    def silent(connection: socket.socket, _: int) -> None:
        request(connection)
        time.sleep(3)

    started = time.monotonic()
    with RawServer(silent) as server, pytest.raises(OutcomeUnknown):
        transport(**ONCE).send(Call("GET", server.url))
    assert time.monotonic() - started < 0.9


# -- TLS and names


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA, transport: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Transport:
    """Trusts the authority of these tests instead of the world's."""
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    made: Transport = transport()
    monkeypatch.setattr(made._session, "verify", str(bundle))
    return made


def test_fault_12_a_certificate_that_is_right_is_accepted(trusting: Transport, authority: trustme.CA) -> None:
    with RawServer(always(answer(b"{}")), _serving(authority.issue_cert("localhost"))) as server:
        assert trusting.send(Call("GET", server.url)).json() == {}
        assert trusting.send(Call("GET", server.url)).json() == {}
        assert server.accepted == 1


@pytest.mark.parametrize("wrong", ["self-signed", "another name", "expired", "not yet", "the address instead of the name"])
def test_fault_12_a_certificate_that_is_wrong_is_refused_and_nothing_is_sent(
    trusting: Transport, authority: trustme.CA, slept: list[float], wrong: str
) -> None:
    now = datetime.now(UTC)
    certificates = {
        "self-signed": lambda: trustme.CA().issue_cert("localhost"),
        "another name": lambda: authority.issue_cert("shop.example.com"),
        "expired": lambda: authority.issue_cert("localhost", not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)),
        "not yet": lambda: authority.issue_cert("localhost", not_before=now + timedelta(days=1), not_after=now + timedelta(days=9)),
        "the address instead of the name": lambda: authority.issue_cert("127.0.0.1"),
    }
    asked: list[bytes] = []
    context = _serving(certificates[wrong]())
    with RawServer(lambda connection, _: asked.append(request(connection)), context) as server, pytest.raises(UnsafeAddress) as told:
        trusting.send(Call("GET", server.url))
    assert "certificate" in told.value.detail
    assert (asked, slept) == ([], [])


def test_fault_12_no_setting_of_the_machine_turns_the_check_off(transport: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "REQUESTS_CA_BUNDLE": "",
        "CURL_CA_BUNDLE": "",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    certificate = _serving(trustme.CA().issue_cert("localhost"))
    with RawServer(always(answer(b"{}")), certificate) as server, pytest.raises(UnsafeAddress):
        transport().send(Call("GET", server.url))
    with RawServer(always(answer(b"{}"))) as server:
        assert transport().send(Call("GET", server.url)).json() == {}


def test_fault_12_a_name_that_is_gone_is_unreachable(transport: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(guard.socket, "getaddrinfo", gone)
    with pytest.raises(Unreachable):
        transport(**ONCE).send(Call("GET", "https://shop.example.com/"))


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
