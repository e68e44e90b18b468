"""The tables of shipping and of payment: the name of a CS-Cart method in Webasyst, and the method in CS-Cart for one of Webasyst."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..domain.connection import Connection, MethodMap
from ..domain.model import StoreName
from . import tables
from .texts import N_

Sheets = Mapping[StoreName, Mapping[str, Any]]
KINDS = {"shipping": "shippings", "payment": "payments"}


def both(kind: str, current: MethodMap, shops: Sheets) -> tuple[tables.Table, tables.Table]:
    """To Webasyst and back. What was never saved gets its namesake."""
    ours, theirs = (dict(shops[store].get(KINDS[kind], {})) for store in StoreName)
    names = {name: name for name in theirs.values()}
    called = {tables.folded(name): name for name in theirs.values()}
    ids = tables.unique((found, tables.folded(name)) for found, name in ours.items())
    our_labels, their_labels = tables.labelled(ours), tables.labelled(theirs)
    there = (
        tables.row(f"{kind}-to", item, current.to_webasyst, called.get(tables.folded(ours[item[0]]), ""), names)
        for item in our_labels.items()
    )
    here = (
        tables.row(f"{kind}-from", item, current.to_cscart, ids.get(tables.folded(theirs[item[0]]), ""), our_labels)
        for item in their_labels.items()
    )
    return (
        tables.Table(f"{kind}-to", tuple(there), N_("– its own name –")),
        tables.Table(f"{kind}-from", tuple(here), N_("– the default method –")),
    )


def read(
    kind: str, current: MethodMap, shops: Sheets, form: Mapping[str, Sequence[str]]
) -> tuple[MethodMap, list[tuple[str, dict[str, str]]]]:
    there, here = both(kind, current, shops)
    to_webasyst, wrong = tables.read(there, form)
    to_cscart, also_wrong = tables.read(here, form)
    return MethodMap(to_webasyst, to_cscart), [*wrong, *also_wrong]


def of(connection: Connection, kind: str) -> MethodMap:
    found: MethodMap = getattr(connection, KINDS[kind])
    return found
