"""Statuses move along a table: CS-Cart letter -> Webasyst action, Webasyst state -> CS-Cart letter; checked for cycles when saved.

The table's words. To Webasyst: `delete,refund` are alternatives in order of preference, `restore>process` is a way of several
actions (begun at the furthest one that the shop offers), an empty entry leaves the order as it is. To CS-Cart: a letter, an empty
entry to leave it, or `<P` for a letter that an order may also go back to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import UnmappedStatus
from .connection import StatusMap
from .model import StoreName

# What an action leads to in the factory workflow (contract 4.4); a shop's own actions are believed when the state moved.
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
FACTORY = RESULTS.keys() | {"restore"}  # which leads to where the order was before
RANKS = {
    state: rank
    for rank, state in enumerate(
        ("new", "pos", "auth", "processing", "paid", "fulfilling", "pickup", "shipped", "completed", "refunded", "deleted")
    )
}
CANCELLED = frozenset({"refunded", "deleted"})
CLOSED = CANCELLED | {"completed"}
_LETTERS = {
    "O": "restore", "P": "process,restore>process", "C": "complete", "I": "delete,refund", "D": "delete,refund", "F": "delete,refund",
    "B": "", "Y": "",
}  # fmt: skip
_STATES = {
    "new": "O", "pos": "O", "auth": "O", "processing": "P", "paid": "P", "fulfilling": "P", "pickup": "P",
    "shipped": "P", "completed": "C", "refunded": "I", "deleted": "I",
}  # fmt: skip
_WORDS = {
    "ship": ("ship", "sent", "deliver", "отправ", "достав", "отгруж"),
    "delete,refund": ("cancel", "отмен", "аннул"),
    "refund,delete": ("refund", "возвр"),
    "fulfilling": ("pack", "assembl", "сборк", "комплект"),
    "complete": ("complet", "выполн", "заверш"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What brings both sides together: `value` is a letter for CS-Cart, an action for Webasyst. Without a target nothing is done:
    they agree, or `rule` says why one side is left behind. `final`: an action of the shop's own ends the letter's way, wherever it leads."""

    target: StoreName | None = None
    value: str = ""
    rule: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """An order's status on both sides."""

    letter: str
    state: str


def routes(table: StatusMap, letter: str) -> tuple[tuple[str, ...], ...]:
    """Alternatives in order of preference, each one or several actions. Raises UnmappedStatus."""
    if letter not in table.to_webasyst:
        raise UnmappedStatus("the letter is not in the status table", status=letter)
    found = (tuple(filter(None, (part.strip() for part in way.split(">")))) for way in table.to_webasyst[letter].split(","))
    return tuple(filter(None, found))


def letter_for(table: StatusMap, state: str) -> str:
    """Raises UnmappedStatus."""
    if state not in table.to_cscart:
        raise UnmappedStatus("the state is not in the status table", status=state)
    return table.to_cscart[state].strip().removeprefix("<")


def _results(table: StatusMap, letter: str) -> tuple[str, ...]:
    known = routes(table, letter) if letter in table.to_webasyst else ()
    return tuple(RESULTS[way[-1]] for way in known if way[-1] in RESULTS)


def agree(table: StatusMap, now: Standing) -> bool:
    """Either direction of the table saying so is enough: several statuses may share one counterpart."""
    if now.state in table.to_cscart and letter_for(table, now.state) == now.letter:
        return True
    return now.state in _results(table, now.letter)


def letter_rank(table: StatusMap, letter: str) -> int:
    """How far on its way an order with this letter is, by what the letter leads to; -1: the table does not tell."""
    known = [RANKS[state] for state in _results(table, letter)]
    home = [RANKS[state] for state in RANKS if state in table.to_cscart and letter_for(table, state) == letter]
    return max(known) if known else min(home, default=-1)


def state_rank(table: StatusMap, state: str) -> int:
    """A shop's own state is as far as the letter that the table gives it."""
    if state in RANKS:
        return RANKS[state]
    return letter_rank(table, letter_for(table, state)) if state in table.to_cscart else -1


def cancels(table: StatusMap, letter: str) -> bool:
    found = _results(table, letter)
    return bool(found) and CANCELLED.issuperset(found)


def closes(table: StatusMap, now: Standing) -> bool:
    """Nothing more will happen to the order's stock by itself."""
    found = _results(table, now.letter)
    return now.state in CLOSED or (now.state not in RANKS and bool(found) and CLOSED.issuperset(found))


def step(table: StatusMap, kept: Standing | None, now: Standing, offered: Mapping[str, Iterable[str]]) -> Step:
    """`kept` is what both sides were when last agreed, None when nobody knows: then the further one counts, unless the table wants the
    letter left alone. Raises UnmappedStatus, never guesses."""
    cscart_moved = kept is None or kept.letter != now.letter
    webasyst_moved = kept is None or kept.state != now.state
    if not (cscart_moved or webasyst_moved) or agree(table, now):
        return Step()
    if kept is None and now.letter in table.to_webasyst and not routes(table, now.letter):
        return Step()
    if cscart_moved and webasyst_moved:
        cscart_moved = letter_rank(table, now.letter) > state_rank(table, now.state)
    return _to_webasyst(table, now, offered) if cscart_moved else _to_cscart(table, kept, now)


def _to_webasyst(table: StatusMap, now: Standing, offered: Mapping[str, Iterable[str]]) -> Step:
    wanted = routes(table, now.letter)
    if not wanted:
        return Step()
    here = set(offered.get(now.state, ()))
    way, chosen = next(((way, action) for way in wanted for action in reversed(way) if action in here), ((), ""))
    if chosen:
        return Step(StoreName.WEBASYST, chosen, f"{now.letter} -> {chosen}", chosen == way[-1] and chosen not in FACTORY)
    rank = letter_rank(table, now.letter)
    known = rank >= 0 or any(way[-1] in FACTORY for way in wanted)
    if known and now.state not in CANCELLED and rank <= state_rank(table, now.state):
        return Step(rule=f"{now.letter} would take {now.state} back")
    raise UnmappedStatus("Webasyst offers none of the actions in this state", actions=table.to_webasyst[now.letter], state=now.state)


def _to_cscart(table: StatusMap, kept: Standing | None, now: Standing) -> Step:
    letter = letter_for(table, now.state)
    if not letter or letter == now.letter:
        return Step()
    restored = kept is not None and kept.state in CANCELLED
    ahead = letter_rank(table, now.letter) > state_rank(table, now.state)
    if now.state in RANKS and ahead and not restored and not table.to_cscart[now.state].strip().startswith("<"):
        return Step(rule=f"{now.state} would take {now.letter} back")
    return Step(StoreName.CSCART, letter, f"{now.state} -> {letter}")


def propose(letters: Mapping[str, str], states: Iterable[str]) -> StatusMap:
    """A table to start from. `letters` maps a letter to its description: beyond the known ones a letter says nothing by itself (C31).

    What neither the letter nor its name explains is left out: orders with it are set aside until the owner has decided.
    """
    guessed = {letter: _LETTERS.get(letter, _by_name(name)) for letter, name in letters.items()}
    to_webasyst = {letter: action for letter, action in guessed.items() if action is not None}
    own = {RESULTS[action]: letter for letter, action in to_webasyst.items() if letter not in _LETTERS and action in ("ship", "fulfilling")}
    wanted = {**_STATES, **own}
    return StatusMap(to_webasyst, {state: wanted[state] for state in states if wanted.get(state) in letters})


def _by_name(name: str) -> str | None:
    folded = name.casefold()
    return next((action for action, words in _WORDS.items() if any(word in folded for word in words)), None)


def problems(table: StatusMap) -> list[str]:
    """What would keep orders moving for ever, refused when the table is saved: letters that travel to the other shop and come back as others,
    and entries that take an order there and back. Letters that share a state are not among it: each rests where it arrives.
    """
    return [*_circles(table), *(f"status {letter} could go there and back: {table.to_webasyst[letter]}" for letter in _restless(table))]


def _circles(table: StatusMap) -> list[str]:
    ways = {letter: _returns(table, letter) for letter in table.to_webasyst}
    found: dict[frozenset[str], str] = {}
    for letter in ways:
        circle = _circle(ways, (letter,))
        if circle:
            found.setdefault(frozenset(circle), f"status {circle[0]} goes round in a circle: {' -> '.join(circle)}")
    return list(found.values())


def _returns(table: StatusMap, letter: str) -> tuple[str, ...]:
    """As what a letter comes back, if a later move in Webasyst set out from what the letter led to."""
    back = (letter_for(table, state) for state in _results(table, letter) if state in table.to_cscart)
    return tuple(dict.fromkeys(item for item in back if item and item != letter))


def _circle(ways: Mapping[str, tuple[str, ...]], path: tuple[str, ...]) -> tuple[str, ...]:
    for following in ways.get(path[-1], ()):
        if following in path:
            return (*path[path.index(following) :], following)
        if found := _circle(ways, (*path, following)):
            return found
    return ()


def _restless(table: StatusMap) -> list[str]:
    """Nobody knows what a shop's own action leads to: two of them in one entry may lead to each other's beginning. A way that ends in restoring
    never knows that it has arrived, and one that turns back is read as the merchant's own move when an answer is lost.
    """
    return [letter for letter in table.to_webasyst if not _comes_to_rest(routes(table, letter))]


def _comes_to_rest(ways: tuple[tuple[str, ...], ...]) -> bool:
    own = [action for way in ways for action in way if action not in RESULTS]
    ranks = [[RANKS[RESULTS[action]] for action in way if action in RESULTS] for way in ways]
    return len(own) < 2 and all(len(way) == 1 or way[-1] != "restore" for way in ways) and all(one == sorted(one) for one in ranks)


def unknown(table: StatusMap, letters: Iterable[str], states: Mapping[str, Iterable[str]]) -> list[str]:
    """Words of the table that the shops do not have (any more). `states` maps a Webasyst state to the actions it offers."""
    known, actions = set(letters), {action for offered in states.values() for action in offered}
    found = [f"CS-Cart has no status {letter}" for letter in table.to_webasyst if letter not in known]
    found += [f"Webasyst has no state {state}" for state in table.to_cscart if state not in states]
    found += [
        f"CS-Cart has no status {item}" for item in map(lambda s: letter_for(table, s), table.to_cscart) if item and item not in known
    ]
    used = {action for letter in table.to_webasyst for way in routes(table, letter) for action in way}
    return list(dict.fromkeys(found + [f"no state of Webasyst offers the action {action}" for action in sorted(used - actions)]))
