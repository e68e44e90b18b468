"""Pictures fetched from addresses that a store names."""

from collections.abc import Callable

import pytest
from storesync.errors import (
    AnswerTooLarge,
    NotAnApi,
    NotFound,
    OutcomeUnknown,
    Redirected,
    ServerFault,
    StoreBusy,
    StoreError,
    Unreachable,
    UnsafeAddress,
)
from storesync.http import CallClass, download
from storesync.http.calls import READ_LIMITS

from tests.sandbox.httpd import Request, Response, Server
from tests.unit.wires import RawServer, always, answer

JPEG, PNG, GIF, WEBP = (
    b"\xff\xd8\xff\xe0" + b"j" * 50,
    b"\x89PNG\r\n\x1a\n" + b"p" * 50,
    b"GIF89a" + b"g" * 50,
    b"RIFF\x00\x01\x00\x00WEBPVP8 " + b"w" * 9,
)


def serving(app: Callable[[str], Response]) -> Server:
    return Server(lambda found: app(found.path))


@pytest.mark.parametrize("image", [JPEG, PNG, GIF, WEBP])
@pytest.mark.parametrize("kind", ["image/jpeg", "application/octet-stream", "text/html"])
def test_an_image_is_known_by_its_bytes(image: bytes, kind: str) -> None:
    with serving(lambda _: Response(200, image, (("Content-Type", kind),))) as host:
        assert download(f"{host.url}/a.jpg", allow_private=True) == image


@pytest.mark.parametrize(
    "body", [b"<html>", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"%PDF-1.4", b"RIFF....AVI ", b"<?php", b"\xff\xd8"]
)
def test_fault_37_what_is_no_image_is_refused_whatever_it_is_called(body: bytes) -> None:
    with serving(lambda _: Response(200, body, (("Content-Type", "image/jpeg"),))) as host, pytest.raises(NotAnApi):
        download(f"{host.url}/a.jpg", allow_private=True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFound), (403, NotFound), (410, NotFound), (204, NotFound), (500, ServerFault), (503, ServerFault), (429, StoreBusy)],
)
def test_fault_37_an_image_that_is_not_there(status: int, kind: type[StoreError]) -> None:
    with serving(lambda _: Response(status, JPEG)) as host, pytest.raises(kind) as told:
        download(f"{host.url}/a.jpg", allow_private=True)
    assert told.value.status == status


def test_fault_37_an_empty_image() -> None:
    with serving(lambda _: Response(200)) as host, pytest.raises(NotFound):
        download(f"{host.url}/a.jpg", allow_private=True)


def test_fault_37_an_image_too_large_is_not_fetched_whole() -> None:
    with serving(lambda _: Response(200, JPEG + b"x" * 50_000_000)) as host, pytest.raises(AnswerTooLarge):
        download(f"{host.url}/a.jpg", allow_private=True)
    with serving(lambda _: Response(200, JPEG + b"x" * 500)) as host:
        assert len(download(f"{host.url}/a.jpg", allow_private=True, limit=554)) == 554
        with pytest.raises(AnswerTooLarge):
            download(f"{host.url}/a.jpg", allow_private=True, limit=553)


def test_a_slow_image_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setitem(READ_LIMITS, CallClass.DOWNLOAD, 0.2)

    def drip(connection: object, _: int) -> None:
        connection.recv(9_999)  # type: ignore[attr-defined]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")  # type: ignore[attr-defined]
        for _ in range(40):
            connection.sendall(b"\xff")  # type: ignore[attr-defined]
            time.sleep(0.05)

    with RawServer(drip) as host, pytest.raises(AnswerTooLarge):
        download(host.url, allow_private=True)


def test_an_image_cut_short_is_not_used() -> None:
    def cut(connection: object, _: int) -> None:
        connection.recv(9_999)  # type: ignore[attr-defined]
        connection.sendall(answer(JPEG, length=5_000))  # type: ignore[attr-defined]

    with RawServer(cut) as host, pytest.raises(OutcomeUnknown):
        download(host.url, allow_private=True)


def moved(path: str) -> Response:
    """/3 leads to /2, to /1, to the image; /loop to itself."""
    if path == "/0":
        return Response(200, PNG)
    location = "/loop" if path == "/loop" else f"/{int(path[1:]) - 1}"
    return Response(302, b"", (("Location", location),))


def test_an_image_that_moved_is_followed_a_few_times() -> None:
    with serving(moved) as host:
        assert download(f"{host.url}/3", allow_private=True) == PNG
        for path in ("/4", "/loop"):
            with pytest.raises(Redirected):
                download(f"{host.url}{path}", allow_private=True)


HOPS = [
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://localhost/",
    "http://2130706433/",
    "ftp://images.example.com/a.jpg",
    "file:///etc/passwd",
    "//user@images.example.com/a.jpg",
    "http://images.example.com:22/",
    "http://[::1",
    "https://",
]


@pytest.mark.parametrize("location", HOPS)
def test_fault_37_each_hop_is_checked(location: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hop stands on this machine, which is let through for the test alone."""
    from storesync.http import images

    seen: list[Request] = []

    def app(found: Request) -> Response:
        seen.append(found)
        return Response(302, b"", (("Location", location),))

    real = images._hop
    first = iter([True])
    monkeypatch.setattr(images, "_hop", lambda url, _, limit: real(url, next(first, False), limit))
    monkeypatch.setattr(images, "_checked", lambda url, _, check=images._checked: check(url, url.startswith("http://127.0.0.1")))
    with Server(app) as host, pytest.raises((UnsafeAddress, Unreachable)):
        download(f"{host.url}/a.jpg", allow_private=False)
    assert len(seen) == 1


@pytest.mark.parametrize("url", [*HOPS, "http://127.0.0.1/", "https://10.0.0.1/a.jpg", "a.jpg", ""])
def test_fault_37_no_connection_is_made_to_a_private_address(url: str) -> None:
    with pytest.raises((UnsafeAddress, Unreachable)):
        download(url, allow_private=False)


def test_the_connection_is_kept_between_images() -> None:
    with RawServer(always(answer(PNG))) as host:
        for _ in range(9):
            download(host.url, allow_private=True)
        assert host.accepted == 1
