"""What the console does beside showing pages: the door, the backlog, and the few calls to a shop that a person waits for."""

import functools
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .bootstrap import change, forget, journal_table, secrets, state_table
from .settings import settings

if TYPE_CHECKING:
    from .console.access import Access
    from .domain.connection import Connection
    from .state.backlog import Backlog


@functools.cache
def access() -> "Access":
    from .console.access import Access
    from .state.attempts import Attempts

    return Access(secrets(), Attempts(state_table()), settings().public_url, settings().console_networks)


@functools.cache
def backlog() -> "Backlog":
    from .state.backlog import Backlog

    return Backlog(settings().queue_url, settings().dead_letters_url)


def console_secret_name() -> str:
    """Where the parameter store keeps what opens the console."""
    from .console.access import NAME, PLACE

    return f"{settings().secrets_prefix}/{PLACE}/{NAME}"


def shop_sheet(connection: "Connection", key: str) -> "tuple[Connection, dict[str, Any]]":
    """What the CS-Cart shop at this address says to this key, asked at once; the connection with the form of address that it needs. Raises StoreError."""
    from .cscart import store
    from .sync.looks import shop_sheet

    private = settings().allow_private_addresses
    connection = replace(connection, cscart=store.probed(connection.cscart, key, allow_private=private))
    return connection, shop_sheet(store.connect(connection.cscart, key, allow_private=private))


def is_account(connection: "Connection") -> None:
    """Raises StoreError unless a Webasyst account answers at the address: it refuses to answer without a token, and says so in its own way."""
    from .errors import Unauthorised
    from .webasyst import store

    with suppress(Unauthorised):
        store.connect(connection.webasyst, "0" * 32, allow_private=settings().allow_private_addresses).now()


def disconnect(connection: "Connection") -> None:
    """Raises StoreError when the account could not be made to forget the token; nothing is forgotten here then."""
    from .errors import Unauthorised
    from .webasyst import oauth

    change(connection.id, lambda one: replace(one, paused=True))
    if token := secrets().get(connection.id, "webasyst_token"):
        with suppress(Unauthorised):
            oauth.revoke(connection.webasyst.url, token, allow_private=settings().allow_private_addresses)
    for name in ("webasyst_token", "cscart_key"):
        secrets().delete(connection.id, name)
    forget(connection.id)


def erase(connection: "Connection") -> None:
    """The connection, all that is remembered of it, and its secrets."""
    from .state import portable
    from .state.journal import Journal

    portable.forget(state_table(), Journal(journal_table(), connection.id))
    for name in ("webasyst_token", "cscart_key", "webhook_secret", "webhook_secret_previous", "hook_path", "health_token"):
        secrets().delete(connection.id, name)
    forget(connection.id)


MOST_EXPORTED = 4_000_000  # bytes: what a function may answer with, in base64
MOST_READ = 200_000_000


def exported(connection_id: str) -> bytes:
    """All that is remembered of a connection, as one packed file. Raises TooLarge where it does not fit into an answer."""
    import gzip

    from .errors import TooLarge
    from .state import portable

    packed = gzip.compress("".join(portable.lines(state_table(), connection_id)).encode(), mtime=0)
    if len(packed) > MOST_EXPORTED:
        raise TooLarge("the state does not fit into an answer", bytes=len(packed))
    return packed


def imported(name: str, file: bytes) -> int:
    """The same file, packed or not, as a paused connection of this name; how many records it held.

    Raises ConfigurationError where the name is in use, BadMessage where it is no such file.
    """
    import io

    from .state import portable

    lines = io.TextIOWrapper(io.BytesIO(_unpacked(file)), encoding="utf-8", errors="replace")
    taken = portable.load(state_table(), name, portable.documents(lines))
    change(name, lambda one: replace(one, paused=True))
    return taken


def _unpacked(file: bytes) -> bytes:
    """Never more than MOST_READ of it, whatever a file says that it unpacks to."""
    import gzip
    import io
    import zlib

    from .errors import BadMessage

    if not file.startswith(b"\x1f\x8b"):
        return file
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(file)).read(MOST_READ)
    except (OSError, EOFError, zlib.error) as broken:
        raise BadMessage("not a packed file") from broken
