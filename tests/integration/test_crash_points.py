"""A worker dies before and after each of its side effects, one at a time; what it leaves is finished by the next, and nothing is done twice."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from storesync.domain.model import StoreName

from tests.sandbox.simulator import peace
from tests.sandbox.simulator.oracle import Oracle
from tests.sandbox.simulator.shoppers import Shoppers
from tests.sandbox.simulator.stack import Stack
from tests.sandbox.simulator.stories import first_load, opened, settled

READS = tuple(StoreName)
CSCART, WEBASYST = StoreName
Story = Callable[[Shoppers], None]


def edits(people: Shoppers) -> None:
    for store in StoreName:
        for _ in range(4):
            people.edit(store)


def orders(people: Shoppers) -> None:
    for _ in range(2):
        people.buy(StoreName.CSCART)
    for _ in range(3):
        people.handle()


def orders_there(people: Shoppers) -> None:
    """Of Webasyst's own, which go over to CS-Cart."""
    people.buy(StoreName.WEBASYST)
    people.handle()


def both_ways(preferred: StoreName) -> Shoppers:
    return settled(preferred, orders_to_cscart=True)


STORIES: dict[str, tuple[Callable[[StoreName], Shoppers], Story]] = {
    "first load": (opened, first_load),
    "edits": (settled, edits),
    "orders": (settled, orders),
    "orders of Webasyst": (both_ways, orders_there),
}


@dataclass
class Effects:
    """Counts writes to stores and tables and messages sent, with the delivery that each belongs to; the worker dies at one of them."""

    fatal: int = -1
    when: str = "before"
    deliveries: list[int] = field(default_factory=list)

    def trick(self, stack: Stack) -> Callable[[str], bool]:
        def count(label: str) -> bool:
            when, subject, *_ = label.split()
            if when == self.when and (subject not in READS or " write " in label):
                self.deliveries.append(stack.happened["deliveries"])
                if len(self.deliveries) == self.fatal:
                    stack.crash()
            return False

        return count

    def points(self) -> Iterator[tuple[int, str]]:
        """After an effect is before the next one, unless that is another worker's."""
        for at, delivery in enumerate(self.deliveries, 1):
            yield at, "before"
            if self.deliveries[at : at + 1] != [delivery]:
                yield at, "after"


def played(start: Shoppers, effects: Effects) -> Shoppers:
    """One round of everything with a worker that dies."""
    people = copy.deepcopy(start)
    stack = people.stack
    stack.watch()
    stack.clock.sleep(peace.SWEEP_SECONDS)
    stack.tick()
    stack.drain(effects.trick(stack))
    return people


def recovered(people: Shoppers) -> list[tuple[str, str]]:
    """What is wrong after two more rounds of everything, of which a third may find nothing to do."""
    for _ in range(2):
        peace.passes(people.stack, peace.SWEEP_SECONDS)
    faults = Oracle(people).check().faults
    writes = peace.passes(people.stack, peace.SWEEP_SECONDS)
    return faults + ([("lost", f"{writes} writes in the last round")] if writes else [])


@pytest.mark.parametrize(
    ("name", "preferred"),
    [("first load", WEBASYST), ("first load", CSCART), ("edits", WEBASYST), ("orders", CSCART), ("orders of Webasyst", CSCART)],
)
def test_fault_59_a_crash_at_any_side_effect_costs_nothing(name: str, preferred: StoreName) -> None:
    start, story = STORIES[name]
    people = start(preferred)
    story(people)
    whole = Effects()
    assert recovered(played(people, whole)) == []
    assert len(whole.deliveries) > 15
    wrong = {}
    for at, when in whole.points():
        if faults := recovered(played(people, Effects(at, when))):
            wrong[f"{when} effect {at} of {len(whole.deliveries)}"] = faults
    assert wrong == {}
