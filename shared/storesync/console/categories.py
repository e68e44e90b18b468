"""The category table: each category of CS-Cart with its counterpart in Webasyst; proposals by equal names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..domain.model import StoreName

Sheets = Mapping[StoreName, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class CategoryRow:
    id: str
    path: str
    value: str
    proposed: bool


@dataclass(frozen=True, slots=True)
class CategoryTable:
    """`choices`: the categories of Webasyst."""

    rows: tuple[CategoryRow, ...]
    choices: tuple[tuple[str, str], ...]


def table(current: Mapping[str, str], shops: Sheets) -> CategoryTable:
    """A saved row stays as it is; one that was never saved gets the category of the same path, or of the same last name where that is unique."""
    ours, theirs = (dict(shops[store].get("categories", {})) for store in StoreName)
    choices = sorted(theirs.items(), key=lambda pair: pair[1].casefold())
    paths = {_folded(path): found for found, path in theirs.items()}
    names = _unique({found: _last(path) for found, path in theirs.items()})
    rows = []
    for found, path in sorted(ours.items(), key=lambda pair: pair[1].casefold()):
        known = found in current
        value = current[found] if known else paths.get(_folded(path)) or names.get(_last(path), "")
        rows.append(CategoryRow(found, path, value, bool(value) and not known))
    return CategoryTable(tuple(rows), tuple(choices))


def read(form: Mapping[str, Sequence[str]], shops: Sheets) -> dict[str, str]:
    """What was chosen, as far as both categories exist."""
    ours, theirs = (shops[store].get("categories", {}) for store in StoreName)
    chosen = {name.removeprefix("category-"): values[-1] for name, values in form.items() if name.startswith("category-") and values}
    return {found: value for found, value in chosen.items() if found in ours and value in theirs}


def _folded(path: str) -> str:
    return path.strip("/ ").casefold()


def _last(path: str) -> str:
    return _folded(path).rsplit("/", 1)[-1]


def _unique(names: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for category, name in names.items():
        found.setdefault(name, []).append(category)
    return {name: several[0] for name, several in found.items() if len(several) == 1}
