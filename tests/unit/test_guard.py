"""Addresses that people type or stores name: public ones are made canonical, all others are refused."""

import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storesync.errors import SyncError, Unreachable, UnsafeAddress
from storesync.http import Call, Transport, canonical_url, download, guard
from storesync.http.guard import checked_addresses, is_public

from tests.unit.wires import RawServer, always, answer, request

HOSTILE = """
http://shop.example.com/
ftp://shop.example.com/
file:///etc/passwd
javascript:alert(1)
gopher://shop.example.com:70/x
https://
https:///path
//shop.example.com/
https://localhost/
https://localhost.
https://LOCALHOST:443/
https://127.0.0.1/
https://127.1/
https://127.0.1/
https://2130706433/
https://0x7f.1/
https://0x7f000001/
https://0177.0.0.1/
https://017700000001/
https://0/
https://0.0.0.0/
https://1.2.3.4/
https://10.0.0.1/
https://192.168.1.1/
https://169.254.169.254/latest/meta-data/
https://shop.example.1/
https://shop.example.0x7f/
https://[::1]/
https://[::]/
https://[::ffff:127.0.0.1]/
https://[fe80::1%25eth0]/
https://[2001:4860:4860::8888]/
https://[::1
https://user@shop.example.com/
https://user:secret@shop.example.com/
https://@shop.example.com/
https://shop.example.com@127.0.0.1/
https://shop.example.com%40127.0.0.1/
https://shop.example.com:22/
https://shop.example.com:8443/
https://shop.example.com:0/
https://shop.example.com:443x/
https://shop.example.com:99999/
https://shop.example.com/?next=x
https://shop.example.com/?
https://shop.example.com/#
https://shop.example.com/../admin/
https://shop.example.com/a/./b/
https://shop.example.com/%2e%2e/admin/
https://shop.example.com/a%2fb/
https://shop.example.com/a%5cb/
https://shop.example.com/a%00/
https://shop.example.com/a%0d%0ax/
https://shop.example.com\\@127.0.0.1/
https:\\\\shop.example.com/
https://shop .example.com/
https://shop.example.com/a b
https://-shop.example.com/
https://shop-.example.com/
https://shop..example.com/
https://.example.com/
https://shop_1.example.com/
https://sh%6fp.example.com/
https://shop/
https://printer.local/
https://db.internal/
https://metadata.google.internal/
https://x.localhost/
https://router.lan/
https://1.0.168.192.in-addr.arpa/
https://hidden.onion/
https://１２７.０.０.１/
https://127。0。0。1/
https://shop．example．com＃.evil.example/
https://ⓛocalhost/
https://loc\u00adalhost/
https://shop\u200b.example.com\u2044x/
https://🦆.example.com/
https://xn--/
""".strip().split("\n")
HOSTILE += [
    "",
    "   ",
    "https://shop.example.com\r\nHost: evil/",
    "https://shop.example.com/\x00",
    "https://shop.example.com/\x7f",
    f"https://{'a' * 64}.example.com/",
    f"https://{'a.' * 130}com/",
    f"https://shop.example.com/{'a' * 2_000}",
    "https://*.example.com/",
    "https://shop.example.com/<script>/",
    'https://shop.example.com/"onload=/',
]

CANONICAL = {
    "shop.example.com": "https://shop.example.com/",
    " https://Shop.Example.COM ": "https://shop.example.com/",
    "https://shop.example.com.": "https://shop.example.com/",
    "https://shop.example.com:443/": "https://shop.example.com/",
    "https://shop.example.com:/": "https://shop.example.com/",
    "HTTPS://shop.example.com//store///": "https://shop.example.com/store/",
    "https://shop.example.com/store/api.php": "https://shop.example.com/store/",
    "https://shop.example.com/admin.php": "https://shop.example.com/",
    "https://shop.example.com/~me/my%20shop/": "https://shop.example.com/~me/my%20shop/",
    "https://магазин.example.com/": "https://xn--80aairftm.example.com/",
    "https://shоp.example.com/": "https://xn--shp-ted.example.com/",
    "https://ｓｈｏｐ.example.com/": "https://shop.example.com/",
    "https://shop。example。com/": "https://shop.example.com/",
}


def test_there_are_enough_hostile_addresses() -> None:
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("raw", HOSTILE)
def test_fault_67_a_hostile_address_is_refused(raw: str) -> None:
    with pytest.raises(UnsafeAddress):
        canonical_url(raw)


@pytest.mark.parametrize(("raw", "canonical"), CANONICAL.items())
def test_fault_67_an_address_is_made_canonical(raw: str, canonical: str) -> None:
    """A look-alike in other letters is shown as what it is."""
    assert canonical_url(raw) == canonical
    assert canonical_url(canonical) == canonical


@given(st.text(max_size=60) | st.text(alphabet="htps:/.@[]%0123456789abcxn-\\?#", max_size=40).map(lambda text: f"https://{text}"))
def test_fault_67_whatever_is_typed_is_refused_or_canonical(raw: str) -> None:
    try:
        found = canonical_url(raw)
    except UnsafeAddress:
        return
    assert canonical_url(found) == found
    assert found.startswith("https://") and found.endswith("/") and found.isascii()


def test_the_sandbox_alone_may_use_plain_http_and_this_machine() -> None:
    assert canonical_url("http://127.0.0.1:8080/shop", allow_private=True) == "http://127.0.0.1:8080/shop/"
    for raw in ("http://u:p@127.0.0.1/", "ftp://127.0.0.1/", "http:///x", "https://127.0.0.1/"):
        with pytest.raises(UnsafeAddress):
            canonical_url(raw, allow_private=True)


PRIVATE = """
127.0.0.1 127.255.0.1 0.0.0.0 0.1.2.3 10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 100.64.0.1 192.0.0.1 192.0.2.1 198.18.0.1
198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 ::1 :: ::7f00:1 ::ffff:127.0.0.1 ::ffff:169.254.169.254
::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::808:808 2002:7f00:1:: 2002:a9fe:a9fe:: 2001::1 2001:0:808:808:0:0:80ff:fffe
2001:db8::1 100::1 fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd00:ec2::254 ff02::1 5f00::1 4000::1
""".split()
PUBLIC = "8.8.8.8 93.184.216.34 172.32.0.1 2606:2800:220:1::1 2a00:1450:4001::1 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1".split()


@pytest.mark.parametrize("address", PRIVATE)
def test_fault_67_a_private_address_is_known_in_every_form(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(UnsafeAddress):
        checked_addresses("shop.example.com", 443, allow_private=False, resolver=lambda *_: ["8.8.8.8", address])


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_used(address: str) -> None:
    assert checked_addresses("shop.example.com", 443, allow_private=False, resolver=lambda *_: [address]) == [address]


def test_a_name_without_an_address_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        checked_addresses("shop.example.com", 443, allow_private=False, resolver=lambda *_: [])


# -- the connection itself


class Resolver:
    """Answers each question with the next of these addresses, and for ever with the last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.answers, self.asked, self._real = list(answers), [], socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, port: Any, *rest: Any, **named: Any) -> Any:
        try:
            return self._real(
                host, port, *rest, flags=socket.AI_NUMERICHOST, **{key: value for key, value in named.items() if key != "flags"}
            )
        except socket.gaierror:
            self.asked.append(host)
            found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found.split()]


@pytest.fixture
def loopback_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.2 stands for a shop on the internet, 127.0.0.1 for what must not be reached."""
    real = is_public
    monkeypatch.setattr(guard, "is_public", lambda address: address == "127.0.0.2" or real(address))


def quick(**options: Any) -> Transport:
    return Transport("shop", lambda *_: None, sleep=lambda _: None, attempts=1, **options)


@pytest.mark.usefixtures("loopback_is_public")
def test_fault_67_a_resolver_that_changes_its_answer_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer is public and is checked; a second look-up would lead to this machine. There is none."""
    with RawServer(always(answer(b'"secret of this machine"'))) as inside:
        resolver = Resolver(monkeypatch, "127.0.0.2", "127.0.0.1")
        with pytest.raises(SyncError):
            quick().send(Call("GET", f"http://rebind.example.com:{inside.port}/"))
        assert (inside.accepted, resolver.asked) == (0, ["rebind.example.com"])
        with pytest.raises(UnsafeAddress):
            quick().send(Call("GET", f"http://rebind.example.com:{inside.port}/"))
        assert inside.accepted == 0


@pytest.mark.usefixtures("loopback_is_public")
@pytest.mark.parametrize("answers", ["127.0.0.1", "127.0.0.2 127.0.0.1", "127.0.0.1 127.0.0.2", "169.254.169.254"])
def test_fault_12_a_name_that_leads_inside_is_not_connected_to(monkeypatch: pytest.MonkeyPatch, answers: str) -> None:
    with RawServer(always(answer(b"{}"))) as inside:
        Resolver(monkeypatch, answers)
        for attempt in (lambda url: quick().send(Call("GET", url)), lambda url: download(url, allow_private=False)):
            with pytest.raises(UnsafeAddress):
                attempt(f"http://shop.example.com:{inside.port}/")
        assert inside.accepted == 0


def test_the_name_is_looked_up_once_for_each_connection_and_sent_as_host(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []

    def script(connection: socket.socket, _: int) -> None:
        while found := request(connection):
            heard.append(found)
            connection.sendall(answer(b"{}"))

    with RawServer(script) as server:
        resolver = Resolver(monkeypatch, "127.0.0.1")
        for _ in range(20):
            quick(allow_private=True).send(Call("GET", f"http://shop.example.com:{server.port}/x"))
        assert (server.accepted, resolver.asked) == (1, ["shop.example.com"])
    assert all(f"Host: shop.example.com:{server.port}".encode() in found for found in heard)


def test_an_address_that_does_not_answer_is_no_reason_not_to_try_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(always(answer(b'{"a":1}'))) as server:
        Resolver(monkeypatch, "127.0.0.9 127.0.0.1")
        assert quick(allow_private=True).send(Call("GET", f"http://two.example.com:{server.port}/")).json() == {"a": 1}
