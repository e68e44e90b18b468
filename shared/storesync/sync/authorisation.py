"""Connecting a Webasyst account: one-time, bound to the browser that began, and sure of which account it talks to.

The account knows no client registration, no secret, no PKCE and never echoes `state` (contract 1.1, 1.2), so the whole proof is ours:
a one-time value inside the redirect address, a cookie, and a client id that nobody else has.
"""

import hashlib
import hmac
import json
import re
import secrets as random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import quote

from ..domain.connection import Connection
from ..errors import ConfigurationError, Forbidden, Rejected, StoreError, SyncError, Unauthorised, UnknownConnection
from .landing import Landing, Reason, landing

STATE_SECONDS = 600
_CLIENT_ID = re.compile(r"[0-9a-f]{32}")
_CODE = re.compile(r"[0-9A-Za-z_-]{8,128}")
_STATE = re.compile(r"[0-9A-Za-z_-]{43}")


class Connections(Protocol):
    def get(self, connection: str) -> Connection:
        """Raises UnknownConnection."""

    def save(self, connection: Connection) -> None: ...


class OneTimeStates(Protocol):
    def put(self, state: str, value: str, seconds: int) -> None: ...

    def take(self, state: str) -> str | None:
        """The value, the first time and before it expires; then None."""


class SecretStore(Protocol):
    def put(self, connection: str, name: str, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class WebasystAccess:
    """What is asked of the account. `exchange(account, client_id, code)` returns the token; `probe(connection, token)` names rights that are missing."""

    authorize_url: Callable[[str, str, str], str]
    exchange: Callable[[str, str, str], str]
    probe: Callable[[Connection, str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Start:
    """`cookie` is a whole Set-Cookie value: without it in the browser that comes back, nothing is connected."""

    url: str
    cookie: str


class Authorisation:
    """`connected` is told when a token has been kept."""

    def __init__(
        self,
        connections: Connections,
        states: OneTimeStates,
        secrets: SecretStore,
        webasyst: WebasystAccess,
        public_url: str,
        connected: Callable[[Connection], None],
    ) -> None:
        self._connections, self._states, self._secrets = connections, states, secrets
        self._webasyst, self._public_url, self._connected = webasyst, public_url.rstrip("/"), connected

    def start(self, connection_id: str) -> Start:
        """The address where the owner approves, for one browser and ten minutes. Raises UnknownConnection, or ConfigurationError without an account address."""
        connection = self._connections.get(connection_id)
        if not connection.webasyst.url:
            raise ConfigurationError(["webasyst.url"])
        connection = self._with_client_id(connection)
        account, client_id = connection.webasyst.url, connection.webasyst.client_id
        state, browser = random.token_urlsafe(32), random.token_urlsafe(32)
        begun = {"connection": connection.id, "account": account, "client_id": client_id, "browser": _digest(browser)}
        self._states.put(state, json.dumps(begun), STATE_SECONDS)
        redirect = f"{self._public_url}/oauth/callback?state={state}"
        return Start(self._webasyst.authorize_url(account, client_id, redirect), self._cookie(browser, STATE_SECONDS))

    def complete(self, query: Mapping[str, str], cookies: Mapping[str, str]) -> Landing:
        """What the browser that came back is shown. Every state is used up by its first visit, whatever comes of it."""
        try:
            connection = self._redeem(query, cookies)
        except _Refused as refused:
            return landing(refused.reason, self._console(), forget=self._cookie("", 0), detail=refused.detail)
        return landing(Reason.CONNECTED, self._console(f"?connected={quote(connection.id)}"), forget=self._cookie("", 0))

    def _redeem(self, query: Mapping[str, str], cookies: Mapping[str, str]) -> Connection:
        begun = self._begun(query.get("state", ""), cookies)
        if query.get("error"):
            raise _Refused(Reason.DENIED)
        code = query.get("code", "")
        if not _CODE.fullmatch(code):
            raise _Refused(Reason.NO_CODE)
        connection = self._asked(begun)
        self._connect(connection, code)
        self._connected(connection)
        return connection

    def _asked(self, begun: Mapping[str, str]) -> Connection:
        """The connection, if it still names the account that was asked: a code goes to no other."""
        try:
            connection = self._connections.get(begun["connection"])
        except UnknownConnection as gone:
            raise _Refused(Reason.CHANGED) from gone
        if (connection.webasyst.url, connection.webasyst.client_id) != (begun["account"], begun["client_id"]):
            raise _Refused(Reason.CHANGED)
        return connection

    def _begun(self, state: str, cookies: Mapping[str, str]) -> dict[str, str]:
        browser = cookies.get(self._cookie_name, "")
        value = self._states.take(state) if _STATE.fullmatch(state) else None
        if value is None:
            raise _Refused(Reason.EXPIRED)
        begun: dict[str, str] = json.loads(value)
        if not hmac.compare_digest(_digest(browser), begun["browser"]):
            raise _Refused(Reason.FOREIGN)
        return begun

    def _connect(self, connection: Connection, code: str) -> None:
        settings = connection.webasyst
        try:
            token = self._webasyst.exchange(settings.url, settings.client_id, code)
        except (Rejected, Unauthorised) as refused:
            raise _Refused(Reason.CODE_REFUSED) from refused
        except StoreError as failed:
            raise _Refused(Reason.STORE_FAILED, failed.advice) from failed
        self._check_rights(connection, token)
        self._secrets.put(connection.id, "webasyst_token", token)

    def _check_rights(self, connection: Connection, token: str) -> None:
        """The account may have granted less than was asked, and does not say so (contract 1.2)."""
        try:
            missing = self._webasyst.probe(connection, token)
        except (Forbidden, Unauthorised) as refused:
            raise _Refused(Reason.RIGHTS_MISSING) from refused
        except StoreError as failed:
            raise _Refused(Reason.STORE_FAILED, failed.advice) from failed
        if missing:
            raise _Refused(Reason.RIGHTS_MISSING, ", ".join(missing))

    def _with_client_id(self, connection: Connection) -> Connection:
        """Random and of one connection only: two that shared it would share, and revoke, one token (contract 1.5). More than 32 signs are cut."""
        if _CLIENT_ID.fullmatch(connection.webasyst.client_id):
            return connection
        named = replace(connection, webasyst=replace(connection.webasyst, client_id=random.token_hex(16)))
        self._connections.save(named)
        return named

    def _console(self, query: str = "") -> str:
        return f"{self._public_url}/console{query}"

    @property
    def _cookie_name(self) -> str:
        return "__Host-storesync-connect" if self._public_url.startswith("https://") else "storesync-connect"

    def _cookie(self, value: str, seconds: int) -> str:
        """Lax: the way back from the account is a navigation from another site."""
        secure = "; Secure" if self._public_url.startswith("https://") else ""
        return f"{self._cookie_name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


class _Refused(SyncError):
    """The way back from the account proves nothing, or leads to nothing."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "replace")).hexdigest()
