"""The status table as a form: a row for each status of each shop, with what it means in the other."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..domain import statuses
from ..domain.connection import StatusMap
from ..domain.links import OrderLink
from ..domain.model import StoreName
from .tables import Row
from .texts import N_

Sheets = Mapping[StoreName, Mapping[str, Any]]

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
    "?": N_("– not decided: such orders are set aside –"),
}


UNDECIDED = "?"


@dataclass(frozen=True, slots=True)
class Table:
    to_webasyst: tuple[Row, ...]
    to_cscart: tuple[Row, ...]
    proposed: bool


def table(current: StatusMap, shops: Sheets) -> Table:
    """Both shops' own statuses. Where nothing has been saved yet, with proposals; what has no row is shown as undecided."""
    ours, theirs = (list(shops[store].get("statuses", ())) for store in StoreName)
    letters = {status["id"]: status["name"] for status in ours}
    states = {status["id"]: status["name"] for status in theirs}
    fresh = not current.to_webasyst and not current.to_cscart
    shown = statuses.propose(letters, states) if fresh else current
    actions, choices = _actions(theirs, shown), _letters(letters, shown)
    return Table(
        tuple(_row("letter", one, shown.to_webasyst, actions) for one in ours),
        tuple(_row("state", one, shown.to_cscart, choices) for one in theirs),
        fresh,
    )


def _row(name: str, one: Mapping[str, Any], shown: Mapping[str, str], choices: Mapping[str, str]) -> Row:
    return Row(f"{name}-{one['id']}", one["id"], one["name"], shown.get(one["id"], UNDECIDED), choices, one.get("color", ""))


def _actions(states: Sequence[Mapping[str, Any]], shown: StatusMap) -> dict[str, str]:
    offered = [action for state in states for action in state.get("actions", ()) if action in statuses.RESULTS]
    return {value: value for value in [UNDECIDED, "", *offered, "delete,refund", *shown.to_webasyst.values()]}


def _letters(letters: Mapping[str, str], shown: StatusMap) -> dict[str, str]:
    known = {UNDECIDED: ACTIONS[UNDECIDED], "": ACTIONS[""]}
    for letter, name in letters.items():
        known |= {letter: f"{name} ({letter})", f"<{letter}": f"↩ {name} ({letter})"}
    return known | {value: value for value in shown.to_cscart.values() if value not in known}


def told(value: str, gettext: Callable[[str], str]) -> str:
    """An entry of the table in words: alternatives, each of one action or of several in a row."""
    if value in ACTIONS:
        return gettext(ACTIONS[value])
    ways = ([gettext(ACTIONS.get(step.strip(), step.strip())) for step in way.split(">")] for way in value.split(","))
    return " / ".join(" → ".join(way) for way in ways)


_SAID = (
    (re.compile(r"status .* goes round in a circle: (.+)"), N_("An order would go round in a circle for ever: %(words)s")),
    (
        re.compile(r"status (.+) could go there and back: (?:.+)"),
        N_("Status %(words)s: its actions could take an order there and back for ever. Choose one action."),
    ),
    (re.compile(r"CS-Cart has no status (.*)"), N_("CS-Cart has no status %(words)s.")),
    (re.compile(r"Webasyst has no state (.*)"), N_("Webasyst has no state %(words)s.")),
    (re.compile(r"no state of Webasyst offers the action (.*)"), N_("No state of Webasyst offers the action %(words)s.")),
)


def problems(wanted: StatusMap, shops: Sheets) -> list[tuple[str, dict[str, str]]]:
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
    """What was chosen for each row of the form; an undecided row is none."""
    chosen = {name: values[-1] for name, values in form.items() if values and values[-1] != UNDECIDED}
    return StatusMap(
        {name.removeprefix("letter-"): value for name, value in chosen.items() if name.startswith("letter-")},
        {name.removeprefix("state-"): value for name, value in chosen.items() if name.startswith("state-")},
    )


def still_used(current: StatusMap, wanted: StatusMap, orders: Iterable[OrderLink], shops: Sheets) -> list[tuple[str, dict[str, str]]]:
    """A row may only go when no order stands where it leads from: it would be set aside at its next step."""
    gone = {
        StoreName.CSCART: current.to_webasyst.keys() - wanted.to_webasyst.keys(),
        StoreName.WEBASYST: current.to_cscart.keys() - wanted.to_cscart.keys(),
    }
    counts: Counter[tuple[StoreName, str]] = Counter()
    for order in orders if any(gone.values()) else ():
        counts.update((store, order.status_in(store)) for store in StoreName if order.status_in(store) in gone[store])
    names = {(store, one["id"]): one["name"] for store in StoreName for one in shops[store].get("statuses", ())}
    text = N_("%(name)s: orders with this status: %(count)s. Choose what it means, or move them on first.")
    return [(text, {"name": names.get(key, key[1]), "count": str(count)}) for key, count in sorted(counts.items())]


def remarks(wanted: StatusMap, shops: Sheets) -> list[tuple[str, dict[str, str]]]:
    """Allowed, yet worth knowing: several statuses that do the same, so that the way back knows only one of them."""
    names = {one["id"]: one["name"] for one in shops[StoreName.CSCART].get("statuses", ())}
    same: dict[str, list[str]] = {}
    for letter in wanted.to_webasyst:
        for way in statuses.routes(wanted, letter)[:1]:
            same.setdefault(statuses.RESULTS.get(way[-1], ""), []).append(letter)
    text = N_("%(names)s lead to one and the same state in Webasyst. What is then changed there gives the order the status %(back)s.")
    found = []
    for state, letters in same.items():
        back = statuses.letter_for(wanted, state) if state in wanted.to_cscart else ""
        if state and back and len(letters) > 1:
            found.append((text, {"names": ", ".join(names.get(one, one) for one in letters), "back": names.get(back, back)}))
    return found
