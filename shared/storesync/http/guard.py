"""Shop and image addresses are user input: only public ones are called, and the connection goes to the address that was checked."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from ..errors import Unreachable, UnsafeAddress

Resolve = Callable[[str, int], Sequence[str]]
MOST_TRIES = 3
API_PORTS = frozenset({443})
WEB_PORTS = frozenset({80, 443, 8080, 8443})

# Beyond what `is_global` knows in every Python that runs this: translators lead into networks that the address does not show.
_NETWORKS = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 "
    "198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 "
    "::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 "
    "fc00::/7 fe80::/10 fec0::/10 ff00::/8"
)
_REFUSED = tuple(ipaddress.ip_network(network) for network in _NETWORKS.split())


def is_public(address: str) -> bool:
    """False as well for what leads elsewhere: IPv4 mapped into IPv6, 6to4, Teredo and NAT64."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.scope_id:
        return False
    return found.is_global and not any(found in network for network in _REFUSED if network.version == found.version)


def resolve(host: str, port: int) -> list[str]:
    """IPv4 first: Lambda has no IPv6 unless it is asked for."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise Unreachable("the host name is not known", host=host)
    ordered = sorted(found, key=lambda item: item[0] != socket.AF_INET)
    return list(dict.fromkeys(str(item[4][0]) for item in ordered))


class AddressGuard:
    """Which addresses may be called. `allow_private` is the sandbox's switch: any host, any port, http too."""

    def __init__(self, *, allow_private: bool = False, plain_http: bool = False, resolver: Resolve = resolve) -> None:
        self._allow_private, self._resolver = allow_private, resolver
        self._schemes = {"https", "http"} if allow_private or plain_http else {"https"}
        self._ports = WEB_PORTS if plain_http else API_PORTS

    def check_url(self, url: str) -> None:
        """Raises UnsafeAddress. The host is checked when it is connected to, not here."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or parts.scheme not in self._schemes:
            raise UnsafeAddress("only a whole https address is called")
        if "@" in parts.netloc:
            raise UnsafeAddress("a user name in the address", host=host)
        if not self._allow_private and port is not None and port not in self._ports:
            raise UnsafeAddress("an unusual port in the address", host=host, port=port)

    def addresses(self, host: str, port: int) -> Sequence[str]:
        """A name that also leads to a private address is refused whole: it may be rebinding."""
        found = self._resolver(host, port)
        if not self._allow_private and not all(is_public(address) for address in found):
            raise UnsafeAddress("the host leads to an address that is not public", host=host)
        return found

    def connect(self, host: str, port: int, seconds: float | None) -> socket.socket:
        """A connection to one of the addresses that were checked, by its number: there is no second look-up that could differ."""
        reason = "no address"
        for address in self.addresses(host, port)[:MOST_TRIES]:
            try:
                made = socket.create_connection((address, port), seconds)
            except OSError as wrong:
                reason = type(wrong).__name__
            else:
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return made
        raise Unreachable("no connection", host=host, reason=reason)
