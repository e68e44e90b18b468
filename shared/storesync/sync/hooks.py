"""Hints from the stores: proved to be genuine, reduced to a bare record id, queued. Nothing else of a body is kept.

Two proofs are known: a signature as Standard Webhooks defines it (our CS-Cart add-on), and for senders that cannot sign (CS-Cart's
bundled zapier add-on, Shop-Script's HTTP notification) a secret in the path.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from ..domain.changes import Cause, Change, Kind
from ..domain.model import StoreName
from ..domain.names import is_name
from ..errors import HintTooLarge, TooManyHints, Unauthentic, UnknownConnection
from .hints import Hint, bare_hint, signed_hint

LIMIT_BYTES = 2 * 1024 * 1024  # CS-Cart posts a whole order, each line several times over
WINDOW_SECONDS = 300
ABSENT_SECONDS = 30
BURST, PER_SECOND = 200, 20.0


class HookSecrets(Protocol):
    def get(self, connection: str, name: str) -> str:
        """Empty when there is none."""


class Queue(Protocol):
    def send(self, changes: Sequence[Change]) -> None: ...


class Hooks:
    """`seconds` is unix time. What is remembered lives as long as the container: enough, as every hint may be repeated without harm."""

    def __init__(self, secrets: HookSecrets, queue: Queue, seconds: Callable[[], float] = time.time) -> None:
        self._secrets, self._queue, self._seconds = secrets, queue, seconds
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._allowances: dict[str, tuple[float, float]] = {}
        self._absent: dict[tuple[str, str], float] = {}

    def accept(self, connection: str, store: str, secret: str, headers: Mapping[str, str], body: bytes) -> None:
        """Queue the hint. `headers` in lower case; `body` the raw bytes, or the raw query of a GET.

        Raises Unauthentic, UnknownConnection, BadMessage, HintTooLarge or TooManyHints. A repeated message is accepted and dropped, and so is
        one about our own write.
        """
        if len(body) > LIMIT_BYTES:
            raise HintTooLarge("hint is too large", bytes=len(body))
        if not is_name(connection) or store not in set(StoreName):
            raise UnknownConnection("no such hook")
        if secret:
            self._check_path(connection, secret)
            hint, message_id = bare_hint(body), uuid.uuid4().hex
        else:
            message_id = self._check_signature(connection, headers, body)
            hint = signed_hint(body)
        self._spend(connection)
        if not hint.ours and not self._repeated(connection, message_id):
            self._queue.send([_change(connection, StoreName(store), hint, message_id)])
            self._remember(connection, message_id)

    def _check_path(self, connection: str, secret: str) -> None:
        known = self._known(connection, ("hook_path", "hook_path_previous"))
        if not any([hmac.compare_digest(secret.encode(), one.encode()) for one in known]):
            raise Unauthentic("the secret in the address is not the one")

    def _check_signature(self, connection: str, headers: Mapping[str, str], body: bytes) -> str:
        message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not message_id or len(message_id) > 256 or not re.fullmatch(r"[0-9]{1,12}", stamp):
            raise Unauthentic("the signature's headers are missing")
        if abs(self._seconds() - int(stamp)) > WINDOW_SECONDS:
            raise Unauthentic("the time stamp is outside of the window")
        signed = f"{message_id}.{stamp}.".encode() + body
        keys = [_key(secret) for secret in self._known(connection, ("webhook_secret", "webhook_secret_previous"))]
        wanted = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
        given = _signatures(headers.get("webhook-signature", ""))
        if not any([hmac.compare_digest(one, other) for one in wanted for other in given]):
            raise Unauthentic("the signature does not fit")
        return message_id

    def _known(self, connection: str, names: tuple[str, ...]) -> list[str]:
        """A connection without any hook secret is as unknown as one that does not exist: it costs no table read."""
        found = [secret for name in names if (secret := self._secret(connection, name))]
        if not found:
            raise UnknownConnection("no such hook")
        return found

    def _secret(self, connection: str, name: str) -> str:
        """What is not there is not asked for again at once: a flood of forged hints must not become a flood of look-ups."""
        if self._absent.get((connection, name), 0.0) > self._seconds():
            return ""
        found = self._secrets.get(connection, name)
        if not found:
            if len(self._absent) > 1_000:
                self._absent.clear()
            self._absent[connection, name] = self._seconds() + ABSENT_SECONDS
        return found

    def _spend(self, connection: str) -> None:
        """One of the connection's allowance, which refills with time. Only genuine hints count, so nobody else can use it up."""
        now = self._seconds()
        left, since = self._allowances.get(connection, (float(BURST), now))
        left = min(float(BURST), left + max(0.0, now - since) * PER_SECOND)
        self._allowances[connection] = (max(0.0, left - 1), now)
        if left < 1:
            raise TooManyHints("hints come too fast")

    def _repeated(self, connection: str, message_id: str) -> bool:
        old = self._seconds() - 2 * WINDOW_SECONDS
        while self._seen and next(iter(self._seen.values())) < old:
            self._seen.popitem(last=False)
        return (connection, message_id) in self._seen

    def _remember(self, connection: str, message_id: str) -> None:
        self._seen[connection, message_id] = self._seconds()
        if len(self._seen) > 10_000:
            self._seen.popitem(last=False)


def _change(connection: str, store: StoreName, hint: Hint, message_id: str) -> Change:
    kind = Kind.ORDER if hint.is_order else Kind.PRODUCT
    return Change(
        connection=connection,
        kind=kind,
        store=store,
        ids=hint.ids,
        cause=Cause.HOOK,
        observation=_digest(message_id),
        sent=datetime.now(UTC).isoformat(),
    )


def _digest(message_id: str) -> str:
    """The sender chose it, so it goes on only as a digest."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _key(secret: str) -> bytes:
    """Secrets of the form whsec_<base64> are what Standard Webhooks hands out; any other text is the key as it stands."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()


def _signatures(header: str) -> list[bytes]:
    """Several may be given, separated by blanks, while a secret is being replaced."""
    found = []
    for part in header.split(" ")[:8]:
        version, _, encoded = part.partition(",")
        try:
            if version == "v1":
                found.append(base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            continue
    return found
