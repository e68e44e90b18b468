"""The category table: each category of CS-Cart with its counterpart in Webasyst; proposals by equal names."""

from collections.abc import Mapping
from typing import Any

from ..domain.model import StoreName
from . import tables
from .texts import N_

Sheets = Mapping[StoreName, Mapping[str, Any]]
NAME = "category"


def table(current: Mapping[str, str], shops: Sheets) -> tables.Table:
    """What was never saved gets the category of the same path, or of the same last name where that is unique."""
    ours, theirs = (dict(shops[store].get("categories", {})) for store in StoreName)
    choices = tables.labelled(theirs)
    paths = {tables.folded(path): found for found, path in theirs.items()}
    names = tables.unique((found, _last(path)) for found, path in theirs.items())
    rows = (
        tables.row(NAME, (found, path), current, paths.get(tables.folded(path)) or names.get(_last(path), ""), choices)
        for found, path in sorted(ours.items(), key=lambda pair: pair[1].casefold())
    )
    return tables.Table(NAME, tuple(rows), N_("– the default category –"))


def _last(path: str) -> str:
    return tables.folded(path).rsplit("/", 1)[-1]
