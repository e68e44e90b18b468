"""Store and image addresses are user input: only public ones are used, and the connection goes to the address that was checked."""

import ipaddress
import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from ..errors import Unreachable, UnsafeAddress

Resolve = Callable[[str, int], list[str]]
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+\.?")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?")


def canonical_url(raw: str, *, allow_private: bool = False) -> str:
    """The address of a shop's root: https, a public name, no user, port or query, one slash at the end. Raises UnsafeAddress."""
    if any(ord(letter) < 33 for letter in raw.strip()) or "\\" in raw:
        raise UnsafeAddress("blanks or control characters in the address")
    parts = urlsplit(raw.strip() if "://" in raw else f"https://{raw.strip()}")
    if allow_private and parts.scheme == "http" and parts.hostname:
        return f"http://{parts.netloc}{_path(parts.path)}"
    if parts.scheme != "https" or parts.username or parts.password or parts.query or parts.fragment:
        raise UnsafeAddress("only a plain https address is accepted")
    try:
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode()
    except (UnicodeError, ValueError) as wrong:
        raise UnsafeAddress("not a host name") from wrong
    if (
        port not in (None, 443)
        or not _HOST.fullmatch(host)
        or _NUMERIC.fullmatch(host)
        or host.rstrip(".").endswith((".local", ".internal", ".localhost"))
    ):
        raise UnsafeAddress("not a public host name")
    return f"https://{host.rstrip('.')}{_path(parts.path)}"


def _path(path: str) -> str:
    pieces = [piece for piece in path.split("/") if piece]
    if pieces and pieces[-1] in ("api.php", "admin.php", "index.php"):
        pieces = pieces[:-1]
    if any(piece in (".", "..") for piece in pieces):
        raise UnsafeAddress("dots in the path of the address")
    return "/" + "".join(f"{piece}/" for piece in pieces)


def resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as wrong:
        raise Unreachable("the host name is not known", host=host) from wrong
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.split("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if found in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified or found.is_loopback)


def checked_address(host: str, port: int, *, allow_private: bool, resolver: Resolve = resolve) -> str:
    """One address of the host to connect to. A name that also leads to a private address is refused whole: it may be rebinding."""
    found = resolver(host, port)
    if not found:
        raise Unreachable("the host name has no address", host=host)
    if not allow_private and not all(is_public(address) for address in found):
        raise UnsafeAddress("the host leads to a private address", host=host)
    return found[0]
