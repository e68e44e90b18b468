"""The status table as a form: a row for each status of each shop, with what it means in the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..domain import statuses
from ..domain.connection import StatusMap
from ..domain.model import StoreName
from .texts import N_

ACTIONS = {
    "process": N_("Process"),
    "pay": N_("Mark as paid"),
    "capture": N_("Capture the payment"),
    "fulfilling": N_("Hand over to fulfilment"),
    "ship": N_("Ship"),
    "complete": N_("Complete"),
    "pickup": N_("Ready for pick-up"),
    "refund": N_("Refund"),
    "cancel": N_("Cancel"),
    "delete": N_("Delete"),
    "delete,refund": N_("Delete, or refund when it is paid"),
    "": N_("– leave as it is –"),
}


@dataclass(frozen=True, slots=True)
class RowOfTable:
    """`choices` are value and label; `name` is the form field's."""

    name: str
    id: str
    title: str
    color: str
    value: str
    choices: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    to_webasyst: tuple[RowOfTable, ...]
    to_cscart: tuple[RowOfTable, ...]
    proposed: bool


def table(current: StatusMap, shops: Mapping[StoreName, Mapping[str, Any]]) -> Table:
    """Both shops' own statuses. Where nothing has been saved yet, with proposals."""
    ours, theirs = (list(shops[store].get("statuses", ())) for store in StoreName)
    letters = {status["id"]: status["name"] for status in ours}
    states = {status["id"]: status["name"] for status in theirs}
    proposal = statuses.propose(letters, states)
    fresh = not current.to_webasyst and not current.to_cscart
    shown = proposal if fresh else current
    actions = _actions(theirs, shown)
    return Table(
        tuple(
            RowOfTable(f"letter-{one['id']}", one["id"], one["name"], one.get("color", ""), shown.to_webasyst.get(one["id"], ""), actions)
            for one in ours
        ),
        tuple(
            RowOfTable(
                f"state-{one['id']}",
                one["id"],
                one["name"],
                one.get("color", ""),
                shown.to_cscart.get(one["id"], ""),
                _letters(letters, shown),
            )
            for one in theirs
        ),
        fresh,
    )


def _actions(states: Sequence[Mapping[str, Any]], shown: StatusMap) -> list[tuple[str, str]]:
    offered = [action for state in states for action in state.get("actions", ()) if action in statuses.RESULTS]
    values = dict.fromkeys(["", *offered, *("delete,refund",), *shown.to_webasyst.values()])
    return [(value, ACTIONS.get(value, value)) for value in values]


def _letters(letters: Mapping[str, str], shown: StatusMap) -> list[tuple[str, str]]:
    known = [("", ACTIONS[""]), *((letter, f"{name} ({letter})") for letter, name in letters.items())]
    return [*known, *((letter, letter) for letter in dict.fromkeys(shown.to_cscart.values()) if letter and letter not in letters)]


def read(form: Mapping[str, Sequence[str]]) -> StatusMap:
    """What was chosen for each row of the form."""
    chosen = {name: values[-1] for name, values in form.items() if values}
    return StatusMap(
        {name.removeprefix("letter-"): value for name, value in chosen.items() if name.startswith("letter-")},
        {name.removeprefix("state-"): value for name, value in chosen.items() if name.startswith("state-")},
    )
