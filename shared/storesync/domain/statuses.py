"""Statuses move along a table: CS-Cart letter -> Webasyst action, Webasyst state -> CS-Cart letter; checked for cycles when saved."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import UnmappedStatus
from .connection import StatusMap
from .model import StoreName

# What an action leads to in the factory workflow (contract 4.4); a shop's own actions are learnt from what they did.
RESULTS = {
    "process": "processing",
    "pay": "paid",
    "capture": "paid",
    "fulfilling": "fulfilling",
    "ship": "shipped",
    "complete": "completed",
    "pickup": "completed",
    "refund": "refunded",
    "cancel": "refunded",
    "delete": "deleted",
}
RANKS = {
    state: rank
    for rank, state in enumerate(
        ("new", "pos", "auth", "processing", "paid", "fulfilling", "pickup", "shipped", "completed", "refunded", "deleted")
    )
}
_LETTERS = {"O": "", "P": "process", "C": "complete", "I": "delete,refund", "D": "delete,refund", "F": "delete,refund", "B": ""}
_STATES = {
    "new": "O", "pos": "O", "auth": "O", "processing": "P", "paid": "P", "fulfilling": "P", "pickup": "P",
    "shipped": "P", "completed": "C", "refunded": "I", "deleted": "I",
}  # fmt: skip
_SHIPPED_WORDS = ("ship", "sent", "deliver", "отправ", "достав", "отгруж")


@dataclass(frozen=True, slots=True)
class Step:
    """What brings both sides together: `value` is a letter for CS-Cart, an action for Webasyst; no target: they agree."""

    target: StoreName | None = None
    value: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """An order's status on both sides."""

    letter: str
    state: str


def actions(table: StatusMap, letter: str) -> tuple[str, ...]:
    """Alternatives in order of preference, `delete,refund` for instance: a paid order can only be refunded. Raises UnmappedStatus."""
    if letter not in table.to_webasyst:
        raise UnmappedStatus("letter is not in the status table", status=letter)
    return tuple(filter(None, (item.strip() for item in table.to_webasyst[letter].split(","))))


def agree(table: StatusMap, now: Standing) -> bool:
    """Either direction of the table saying so is enough: several statuses may share one counterpart."""
    if table.to_cscart.get(now.state) == now.letter:
        return True
    return any(RESULTS.get(action) == now.state for action in actions(table, now.letter))


def step(table: StatusMap, kept: Standing | None, now: Standing, offered: Mapping[str, Iterable[str]]) -> Step:
    """`kept` is what both sides were when last agreed, None for a fresh counterpart. Raises UnmappedStatus, never guesses."""
    cscart_moved = kept is None or kept.letter != now.letter
    webasyst_moved = kept is not None and kept.state != now.state
    if not (cscart_moved or webasyst_moved) or (now.letter in table.to_webasyst and agree(table, now)):
        return Step()
    if cscart_moved and webasyst_moved:
        cscart_moved = _further(table, now)
    return _to_webasyst(table, now, offered) if cscart_moved else _to_cscart(table, now)


def _further(table: StatusMap, now: Standing) -> bool:
    """Both moved: the one that is further on its way wins, a status never goes back."""
    reached = [RANKS.get(RESULTS.get(action, ""), -1) for action in actions(table, now.letter)]
    return max(reached, default=-1) > RANKS.get(now.state, -1)


def _to_webasyst(table: StatusMap, now: Standing, offered: Mapping[str, Iterable[str]]) -> Step:
    wanted = actions(table, now.letter)
    if not wanted:
        return Step()
    here = set(offered.get(now.state, ()))
    chosen = next((action for action in wanted if action in here), "")
    if not chosen:
        raise UnmappedStatus("Webasyst offers none of the actions in this state", actions=",".join(wanted), state=now.state)
    return Step(StoreName.WEBASYST, chosen, f"{now.letter} -> {chosen}")


def _to_cscart(table: StatusMap, now: Standing) -> Step:
    if now.state not in table.to_cscart:
        raise UnmappedStatus("state is not in the status table", status=now.state)
    letter = table.to_cscart[now.state]
    return Step(StoreName.CSCART, letter, f"{now.state} -> {letter}") if letter else Step()


def propose(letters: Mapping[str, str], states: Iterable[str]) -> StatusMap:
    """A table to start from. `letters` maps a letter to its description: beyond O, P, C, F, D, B and I it says nothing by itself (C31)."""
    to_webasyst = {letter: _LETTERS.get(letter, _by_name(name)) for letter, name in letters.items()}
    shipped = next((letter for letter, action in to_webasyst.items() if action == "ship"), "")
    wanted = {**_STATES, **({"shipped": shipped} if shipped else {})}
    return StatusMap(to_webasyst, {state: wanted.get(state, "") for state in states if wanted.get(state, "") in ("", *letters)})


def _by_name(name: str) -> str:
    return "ship" if any(word in name.casefold() for word in _SHIPPED_WORDS) else ""


def problems(table: StatusMap) -> list[str]:
    """A letter that would travel to the other shop and come back as another one, for ever: refused when the table is saved."""
    found = []
    for letter in table.to_webasyst:
        seen, here = [letter], letter
        while (nxt := _next(table, here)) and nxt != here:
            if nxt in seen:
                found.append(f"status {letter} goes round in a circle: {' -> '.join([*seen, nxt])}")
                break
            seen.append(nxt)
            here = nxt
    return found


def _next(table: StatusMap, letter: str) -> str:
    """Where a letter ends after a trip to Webasyst and back, if a later status change there set out from its result."""
    for action in table.to_webasyst.get(letter, "").split(","):
        back = table.to_cscart.get(RESULTS.get(action.strip(), ""), "")
        if back:
            return back
    return ""
