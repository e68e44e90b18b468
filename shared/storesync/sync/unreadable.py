"""Records that show values which are none: each is set aside by itself, and what stands beside it in a list goes on."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from ..domain.changes import Change
from ..domain.exchange import Unreadable
from ..domain.journal import Action, Entry
from ..domain.links import Parked, Row
from ..domain.model import StoreName
from .ports import Lease, World

MARK = f"{Unreadable.__name__}@"  # no prints are like it: once the record can be read, it is looked at
DEFECTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # of ours, met by a record like no other
Apply = Callable[[Collection[str], Collection[str]], Counter[str]]


def set_aside(world: World, store: StoreName, unread: Mapping[str, Unreadable], lease: Lease) -> None:
    """By the id of the row that shows it. Told once, however often it is met."""
    known = world.links.rows(store, unread) if unread else {}
    rows = [known.get(row_id) or Row(store, row_id, error.ids[0]) for row_id, error in unread.items()]
    fresh = [replace(row, parked=MARK) for row in rows if row.parked != MARK]
    for row in fresh:
        _tell(world, row, unread[row.id], lease)
    if fresh:
        world.links.save(fresh, lease)


def applied(world: World, change: Change, lease: Lease, apply: Apply, *, last: bool = False) -> Counter[str]:
    """`apply` is given the ids that are left and those to leave alone, until it meets nothing unreadable any more.

    What cannot be told apart from the others of its message goes into a message of its own. So does what no code was written for, the
    `last` time that a message is tried: one such record does not hold up the thousands behind it.
    """
    left, alone = list(change.ids), set[str]()
    while True:
        try:
            return apply(left, alone)
        except Unreadable as error:
            found = _concerned(world, change.store, error, lease)
            if not found and len(left) > 1:
                return _apart(world, change, left)
            if not found:
                set_aside(world, change.store, dict.fromkeys(left, error), lease)
                found = set(left)
            if found <= alone:
                raise
            alone |= found
            left = [one for one in left if one not in alone]
        except DEFECTS as defect:
            if not last:
                raise
            if len(left) > 1:
                return _apart(world, change, left)
            set_aside(world, change.store, dict.fromkeys(left, Unreadable(change.store, left, type(defect).__name__)), lease)
            return Counter(unread=1)


def _apart(world: World, change: Change, ids: Sequence[str]) -> Counter[str]:
    world.queue.send([replace(change, ids=(one,), observation=f"{change.observation}/{one}") for one in ids])
    return Counter(apart=len(ids))


def _concerned(world: World, store: StoreName, error: Unreadable, lease: Lease) -> set[str]:
    """The products of `store` that cannot be worked on; none where that is not known."""
    there = StoreName(error.store)
    known = world.links.rows(there, error.ids)
    set_aside(world, there, {row.id: error for row in known.values()} or {error.ids[0]: error}, lease)
    if there is store:
        return {*error.ids, *(row.product_id for row in known.values())}
    return {row.counterpart for row in known.values() if row.counterpart}


def _tell(world: World, row: Row, error: Unreadable, lease: Lease) -> None:
    at, name = world.clock.now(), next((sku for _, sku in row.variants.values() if sku), row.id)
    parked = Parked("product", row.store, row.product_id, Unreadable.__name__, str(error), error.advice, name, at)
    world.links.park(parked, lease)
    world.journal.write([Entry("product", name, Action.PARKED, row.store, row.product_id, rule=Unreadable.__name__, at=at)])
