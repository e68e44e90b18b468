"""Who may enter the console: one generated secret, signed sessions, a token for every form, and a limit on tries.

The secret lies in the parameter store as the secret `secret` of the reserved name `console`. Whoever may read it there may sign in;
a new value ends every session, as their key is made of it.
"""

import hashlib
import hmac
import ipaddress
import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from ..errors import TooManyHints, Unauthentic

PLACE, NAME = "console", "secret"
SESSION_SECONDS = 12 * 3600
TRIES, WINDOW_SECONDS = 10, 900


class KeptSecrets(Protocol):
    def get(self, connection: str, name: str) -> str: ...

    def first(self, connection: str, name: str, value: str) -> str:
        """Keep the value unless one is kept; what is kept then."""


class Attempts(Protocol):
    def spend(self, source: str, seconds: int) -> int:
        """How many there were in this window, with this one."""


@dataclass(frozen=True, slots=True)
class Session:
    """`token` belongs into every form of the session."""

    id: str
    token: str


class Access:
    """`public_url` says whether cookies may insist on TLS: on loopback there is none."""

    def __init__(
        self, secrets: KeptSecrets, attempts: Attempts, public_url: str, networks: Sequence[IPv4Network | IPv6Network] = ()
    ) -> None:
        self._secrets, self._attempts, self._networks = secrets, attempts, networks
        self._secure = public_url.startswith("https://")
        self._origin = _origin(public_url)

    @property
    def cookie_name(self) -> str:
        return "__Host-storesync" if self._secure else "storesync"

    @property
    def secure(self) -> bool:
        return self._secure

    def admits(self, source: str) -> bool:
        """Whether the address lies in one of the networks, where there are any."""
        try:
            return not self._networks or any(ip_address(source) in network for network in self._networks)
        except ValueError:
            return False

    def secret(self) -> str:
        """Made when it is first asked for."""
        return self._secrets.get(PLACE, NAME) or self._secrets.first(PLACE, NAME, random.token_urlsafe(32))

    def sign_in(self, given: str, source: str) -> str:
        """The session for the cookie. Raises TooManyHints after ten tries in a quarter of an hour from one address, or Unauthentic."""
        digest = hashlib.sha256(_network(source).encode()).hexdigest()[:16]
        if self._attempts.spend(digest, WINDOW_SECONDS) > TRIES:
            raise TooManyHints("too many tries to sign in")
        if not hmac.compare_digest(given.strip().encode(), self.secret().encode()):
            raise Unauthentic("not the console's secret")
        return str(self._sessions().dumps(random.token_urlsafe(16)))

    def session(self, cookies: Mapping[str, str]) -> Session | None:
        try:
            found = str(self._sessions().loads(cookies.get(self.cookie_name, ""), max_age=SESSION_SECONDS))
        except BadData:
            return None
        return Session(found, str(self._tokens().dumps(found)))

    def check_form(self, session: Session, token: str) -> None:
        """Raises Unauthentic when the form was not made for the session."""
        if not hmac.compare_digest(token.encode(), session.token.encode()):
            raise Unauthentic("the form's token is not of the session")

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Browsers name where a form was sent from. Raises Unauthentic for another site's."""
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            raise Unauthentic("the form comes from another site")
        if site is None and origin is not None and origin != self._origin:
            raise Unauthentic("the form comes from another origin")

    def _sessions(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret(), salt="session")

    def _tokens(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret(), salt="form")


def _network(source: str) -> str:
    """Who has one address of version 6 has 2^64 of them."""
    try:
        found = ipaddress.ip_address(source)
    except ValueError:
        return source
    return source if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
