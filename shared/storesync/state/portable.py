"""Everything that is remembered of one connection: taken out as plain documents, put back in, or deleted."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ..domain.names import is_name
from ..errors import BadMessage, ConfigurationError, UnknownConnection
from .connections import PARTITION
from .items import Item
from .journal import Journal
from .scope import LEASES, partitions
from .tables import Table

FORMAT = 1
END = "end"
BATCH = 500


def lines(table: Table, connection: str) -> Iterator[str]:
    """An export as a file: a JSON document on each line, and a last one that counts them. Raises UnknownConnection before the first."""
    if table.get(PARTITION, connection) is None:
        raise UnknownConnection("no such connection", connection=connection[:40])
    count = 0
    for document in export(table, connection):
        count += 1
        yield json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
    yield json.dumps({"format": FORMAT, "kind": END, "documents": count}) + "\n"


def documents(file: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Of such a file, for `load`. Raises BadMessage at its end where it was cut off, and so before `load` makes the connection."""
    count = 0
    for line in file:
        document = _parsed(line)
        if document.get("kind") == END:
            if document.get("documents") == count:
                return
            break
        count += 1
        yield document
    raise BadMessage("not a whole export", documents=count)


def _parsed(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as wrong:
        raise BadMessage("not a line of an export") from wrong
    if not isinstance(found, dict):
        raise BadMessage("not a line of an export")
    return found


def export(table: Table, connection: str) -> Iterator[dict[str, Any]]:
    """Of the state: settings, links, claims, cursors, runs and what is parked; no leases, no journal, and no secret, as there is none in it.

    A partition is read page by page: what changes meanwhile may be in it or not, so pause the connection before.
    """
    if settings := table.get(PARTITION, connection):
        yield _document("", settings)
    for pk in partitions(connection):
        yield from (_document(pk.removeprefix(f"{connection}#"), item) for item in table.query(pk))


def _document(kind: str, item: Item) -> dict[str, Any]:
    whole = {"format": FORMAT, "kind": kind, "key": item.sk, "data": item.data, "version": item.version}
    optional = {"ttl": item.ttl, "owner": item.owner, "members": sorted(item.members)}
    return whole | {name: value for name, value in optional.items() if value}


def load(table: Table, connection: str, documents: Iterable[Mapping[str, Any]]) -> int:
    """Under this name, which may be another than it was exported from; how many were taken in.

    Raises ConfigurationError where the name is in use, BadMessage at a document that is none. Its settings come last: until
    everything is there, nothing runs.
    """
    if not is_name(connection) or table.get(PARTITION, connection):
        raise ConfigurationError([f"there is a connection {connection} already, or it cannot be called that"])
    settings: list[Item] = []
    taken = 0
    known = set(partitions(connection))
    items = (_item(connection, known, document) for document in documents)
    while batch := list(islice(items, BATCH)):
        settings += [item for item in batch if item.pk == PARTITION]
        table.put_all(item for item in batch if item.pk != PARTITION)
        taken += len(batch)
    table.put_all(settings)
    return taken


def _item(connection: str, known: set[str], document: Mapping[str, Any]) -> Item:
    try:
        if document["format"] != FORMAT:
            raise ValueError("another format")
        kind, key, data = document["kind"], str(document["key"]), document["data"]
        if not kind:
            return Item(PARTITION, connection, data | {"id": connection}, int(document["version"]) - 1)
        if f"{connection}#{kind}" not in known:
            raise ValueError("no such kind")
        members, owner = frozenset(map(str, document.get("members", ()))), str(document.get("owner", ""))
        return Item(f"{connection}#{kind}", key, data, int(document["version"]) - 1, document.get("ttl"), owner, members)
    except (KeyError, TypeError, ValueError) as wrong:
        raise BadMessage("not a document of an export", problem=type(wrong).__name__) from wrong


def forget(state: Table, journal: Journal) -> None:
    """Delete the journal's connection whole, except its secrets.

    The settings go first, so that nothing is started, and the leases before the records, so that what still runs can write no more.
    """
    state.delete(PARTITION, journal.connection)
    for pk in (*(f"{journal.connection}#{kind}" for kind in LEASES), *partitions(journal.connection)):
        state.empty(pk)
    journal.forget()
