"""Two-column tables: each thing of one shop, and what it is in the other. Proposals fill in what nobody has decided yet."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .texts import N_

SELECTABLE = 60  # beyond so many choices a list to scroll is worse than typing a few letters
MOST_OPTIONS = 1000  # and so many in all of a table's lists make a page slow


@dataclass(frozen=True, slots=True)
class Row:
    """`name` is the form field's, `choices` are labels by value, the same for all rows of a table; `proposed`: shown, not saved."""

    name: str
    id: str
    title: str
    value: str
    choices: Mapping[str, str]
    color: str = ""
    proposed: bool = False

    @property
    def text(self) -> str:
        """The label of what is chosen, as somebody would type it."""
        return self.choices.get(self.value, self.value) if self.value else ""


@dataclass(frozen=True, slots=True)
class Table:
    """`nothing`: what it means to choose nothing. `typed`: there are so many choices that they are typed."""

    name: str
    rows: tuple[Row, ...]
    nothing: str

    @property
    def typed(self) -> bool:
        most = max((len(row.choices) for row in self.rows), default=0)
        return most > SELECTABLE or most * len(self.rows) > MOST_OPTIONS

    @property
    def choices(self) -> Mapping[str, str]:
        return self.rows[0].choices if self.rows else {}

    @property
    def proposed(self) -> bool:
        return any(row.proposed for row in self.rows)

    @property
    def decided(self) -> int:
        return sum(1 for row in self.rows if row.value)


def labelled(names: Mapping[str, str]) -> dict[str, str]:
    """Ids with their names in order; of two that are called the same, each with its id."""
    called = Counter(names.values())
    labels = {found: f"{name} (№ {found})" if called[name] > 1 else name for found, name in names.items()}
    return dict(sorted(labels.items(), key=lambda pair: pair[1].casefold()))


def read(table: Table, form: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], list[tuple[str, dict[str, str]]]]:
    """What was chosen for each row, and what is wrong with it: sentences to be translated, with their words. A label counts as its value."""
    values = {label: value for value, label in table.choices.items()}
    chosen, problems = {}, []
    for row in table.rows:
        given = (form.get(row.name) or [""])[-1].strip()
        if not given or given in row.choices:
            chosen[row.id] = given
        elif given in values:
            chosen[row.id] = values[given]
        else:
            problems.append((N_("%(title)s: the other shop has no “%(value)s”."), {"title": row.title, "value": given[:80]}))
    return chosen, problems


def row(name: str, item: tuple[str, str], current: Mapping[str, str], proposal: str, choices: Mapping[str, str], color: str = "") -> Row:
    """A saved row stays as it is, also when nothing was chosen; what was saved stays a choice though the shop does not name it any more."""
    known = item[0] in current
    value = current[item[0]] if known else proposal
    offered = choices if not value or value in choices else {**choices, value: value}
    return Row(f"{name}-{item[0]}", item[0], item[1], value, offered, color, bool(value) and not known)


def folded(name: str) -> str:
    return name.strip("/ ").casefold()


def unique(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name -> id, of names that only one has."""
    found: dict[str, list[str]] = {}
    for item, name in names:
        found.setdefault(name, []).append(item)
    return {name: several[0] for name, several in found.items() if len(several) == 1}
