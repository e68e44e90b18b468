"""Lists that change while they are paged. CS-Cart knows offsets only, so each page begins on rows that were seen already (fault 55)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from ..errors import FilterIgnored
from ..http import Begin, Later
from .decode import Json, mapping, rows, whole

FIRST = 300
SIZES = range(225, 301)
STEP_BACK = 50

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """A body and the server's clock when it was asked for, from the Date header of the answer itself."""

    body: Json
    at: datetime

    @property
    def total(self) -> int:
        return whole(mapping(self.body.get("params")).get("total_items"))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that are new to the reader. `seen` and `last` say where to go on: rows passed by, and the key of the last one."""

    rows: tuple[Json, ...]
    seen: int
    last: Key
    total: int
    at: datetime


def window(seen: int) -> tuple[int, int]:
    """Page number and size that begin on the last row seen, or a few before it, and reach furthest."""
    if not seen:
        return 1, FIRST
    size = max(SIZES, key=lambda one: ((seen - 1) // one + 1) * one)
    return (seen - 1) // size + 1, size


def walk(
    ask: Callable[[int, int], Answered],
    name: str,
    key: Callable[[Json], Key],
    seen: int = 0,
    last: Key = (),
    begin: Begin[Answered] = Later,
) -> Iterator[Stretch]:
    """Every row behind `last` in ascending order of `key`, the first stretch even when it is empty.

    A page proves that no row slipped by when it begins at or before the last key; if it does not, rows went away before it, and the
    walk steps back. Raises FilterIgnored when the rows are not in the order asked for. `begin` decides when a page is asked for: the next
    one is known as soon as one is there.
    """
    back, (page, size) = STEP_BACK, window(seen)
    pending = begin(partial(ask, page, size))
    try:
        while True:
            answer, offset = pending.result(), (page - 1) * size
            here, keys = _in_order(answer, name, key)
            slipped = bool(offset and last and (not keys or keys[0] > last))
            fresh: tuple[Json, ...] = ()
            if slipped:
                seen, back = max(0, min(offset, answer.total) - back), back * 2
            else:
                fresh = tuple(row for row, found in zip(here, keys, strict=True) if found > last)
                seen, last, back = offset + len(here), max([last, *keys[-1:]]), STEP_BACK
            short = len(here) < size
            done = not slipped and seen >= answer.total and bool(answer.total or short)
            stuck = not (slipped or done or fresh) and short
            if not (done or stuck):
                page, size = window(seen)
                pending = begin(partial(ask, page, size))
            if not slipped:
                yield Stretch(fresh, seen, last, answer.total, answer.at)
            if done:
                return
            if stuck:
                raise FilterIgnored("the shop counts more rows than it lists", store="cscart", list=name)
    finally:
        pending.settle()


def _in_order(answer: Answered, name: str, key: Callable[[Json], Key]) -> tuple[list[Json], list[Key]]:
    here = rows(answer.body.get(name))
    keys = [key(row) for row in here]
    if keys != sorted(keys):
        raise FilterIgnored("the list is not in the order asked for", store="cscart", list=name)
    return here, keys
