"""The status table as a form: a row for each status of each shop, with what it means in the other."""

import re
from collections.abc import Callable, Mapping, Sequence
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
    "restore": N_("Restore"),
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
    values = dict.fromkeys(["", *offered, "delete,refund", *shown.to_webasyst.values()])
    return [(value, value) for value in values]


def _letters(letters: Mapping[str, str], shown: StatusMap) -> list[tuple[str, str]]:
    known = [("", ACTIONS[""])]
    for letter, name in letters.items():
        known += [(letter, f"{name} ({letter})"), (f"<{letter}", f"↩ {name} ({letter})")]
    values = {value for value, _ in known}
    return [*known, *((value, value) for value in dict.fromkeys(shown.to_cscart.values()) if value not in values)]


def told(value: str, gettext: Callable[[str], str]) -> str:
    """An entry of the table in words: alternatives, each of one action or of several in a row."""
    if value in ACTIONS:
        return gettext(ACTIONS[value])
    ways = ([gettext(ACTIONS.get(step.strip(), step.strip())) for step in way.split(">")] for way in value.split(","))
    return " / ".join(" → ".join(way) for way in ways)


_SAID = (
    (re.compile(r"status .* goes round in a circle: (.+)"), N_("An order would go round in a circle for ever: %(words)s")),
    (re.compile(r"CS-Cart has no status (.*)"), N_("CS-Cart has no status %(words)s.")),
    (re.compile(r"Webasyst has no state (.*)"), N_("Webasyst has no state %(words)s.")),
    (re.compile(r"no state of Webasyst offers the action (.*)"), N_("No state of Webasyst offers the action %(words)s.")),
)


def problems(wanted: StatusMap, shops: Mapping[StoreName, Mapping[str, Any]]) -> list[tuple[str, dict[str, str]]]:
    """Everything that is wrong with a table, as sentences to be translated and their words. What a shop has is only judged when it is known."""
    ours, theirs = (list(shops[store].get("statuses", ())) for store in StoreName)
    found = statuses.problems(wanted)
    if ours and theirs:
        letters, states = [one["id"] for one in ours], {one["id"]: one.get("actions", ()) for one in theirs}
        found = [*found, *statuses.unknown(wanted, letters, states)]
    return [_said(problem) for problem in found]


def _said(problem: str) -> tuple[str, dict[str, str]]:
    for pattern, text in _SAID:
        if match := pattern.fullmatch(problem):
            return text, {"words": match[1]}
    return "%(words)s", {"words": problem}


def read(form: Mapping[str, Sequence[str]]) -> StatusMap:
    """What was chosen for each row of the form."""
    chosen = {name: values[-1] for name, values in form.items() if values}
    return StatusMap(
        {name.removeprefix("letter-"): value for name, value in chosen.items() if name.startswith("letter-")},
        {name.removeprefix("state-"): value for name, value in chosen.items() if name.startswith("state-")},
    )
