"""Store and image addresses are user input: only public ones are used, and the connection goes to the address that was checked."""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ..errors import Unreachable, UnsafeAddress

Resolve = Callable[[str, int], list[str]]
LONGEST = 2_000
LOOK_UP_SECONDS = 5.0
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"(?=.{{4,253}}$){_LABEL}(\.{_LABEL})+")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # as a last part it makes the whole an IPv4 address, however it is written
_PIECE = re.compile(r"(?!\.{1,2}$)([A-Za-z0-9._~!$&'()*+,;=@-]|%(?!2e|2f|5c|[01]|7f)[0-9A-Fa-f]{2})+", re.IGNORECASE)
_NOT_PUBLIC = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "onion", "invalid", "test")
_SCRIPTS = ("api.php", "admin.php", "index.php")
_UNICAST, _NAT64 = ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("64:ff9b::/96")


def canonical_url(raw: str, *, allow_private: bool = False) -> str:
    """The address of a shop's root: https, a public name, no user, port or query, one slash at the end. Raises UnsafeAddress."""
    text = raw.strip()
    if len(text) > LONGEST or any(ord(letter) < 33 or ord(letter) == 127 for letter in text) or "\\" in text:
        raise UnsafeAddress("blanks or control characters in the address")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError as wrong:
        raise UnsafeAddress("not an address") from wrong
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in text or "#" in text:
        raise UnsafeAddress("only a plain https address is accepted")
    if allow_private and parts.scheme == "http" and parts.hostname:
        return f"http://{parts.netloc.lower()}{_path(parts.path)}"
    if parts.scheme != "https" or port not in (None, 443):
        raise UnsafeAddress("only a plain https address is accepted")
    return f"https://{_public_name(parts)}{_path(parts.path)}"


def _public_name(parts: SplitResult) -> str:
    """Letters of other scripts become what the resolver is asked for, so that a look-alike shows."""
    host = (parts.hostname or "").removesuffix(".")
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError as wrong:
            raise UnsafeAddress("not a host name") from wrong
    last = host.rpartition(".")[2]
    if not _HOST.fullmatch(host) or _NUMBER.fullmatch(last) or last in _NOT_PUBLIC:
        raise UnsafeAddress("not a public host name")
    return host


def _path(path: str) -> str:
    pieces = [piece for piece in path.split("/") if piece]
    if pieces and pieces[-1] in _SCRIPTS:
        pieces = pieces[:-1]
    if not all(_PIECE.fullmatch(piece) for piece in pieces):
        raise UnsafeAddress("the path of the address has parts that lead elsewhere")
    return "/" + "".join(f"{piece}/" for piece in pieces)


def resolve(host: str, port: int) -> list[str]:
    """Raises Unreachable. The system's own look-up has no limit that could be set, and with a dead name server takes up to half a minute:
    it is asked in a thread of its own, which is left behind when it takes too long.
    """
    answers: SimpleQueue[list[Any] | Exception] = SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answers), name="look-up", daemon=True).start()
    try:
        found = answers.get(timeout=LOOK_UP_SECONDS)
    except Empty as late:
        raise Unreachable("the host name was not found in time", host=host) from late
    if isinstance(found, Exception):
        raise Unreachable("the host name is not known", host=host) from found
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def _look_up(host: str, port: int, answers: "SimpleQueue[list[Any] | Exception]") -> None:
    try:
        answers.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
    except (OSError, UnicodeError) as wrong:
        answers.put(wrong)


def is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv4Address):
        return found.is_global and not found.is_multicast
    inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
    if found in _NAT64:
        inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    return found in _UNICAST and found.is_global


def checked_addresses(host: str, port: int, *, allow_private: bool, resolver: Resolve = resolve) -> list[str]:
    """The addresses of a host. A name that also leads to a private one is refused whole: it may be rebinding."""
    found = resolver(host, port)
    if not found:
        raise Unreachable("the host name has no address", host=host)
    if not allow_private and not all(is_public(address) for address in found):
        raise UnsafeAddress("the host leads to a private address", host=host)
    return found
