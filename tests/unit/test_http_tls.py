"""Certificates, names, and what a machine's settings must not change."""

import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from storesync.errors import (
    Unreachable,
    UnsafeAddress,
)
from storesync.http import Call, Transport, guard

from tests.unit.shop_calls import ONCE
from tests.unit.wires import RawServer, always, answer, request


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
