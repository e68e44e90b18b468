"""Products of both shops under any mix of edits, sales, crashes, lost answers, pulls and sweeps, as Hypothesis likes to mix them."""

from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from storesync.domain.model import StoreName

from tests.fakes.stores import Trouble
from tests.sandbox.simulator import peace
from tests.sandbox.simulator.oracle import Oracle
from tests.sandbox.simulator.setting import drawn
from tests.sandbox.simulator.shoppers import Shoppers
from tests.sandbox.simulator.stack import Stack
from tests.sandbox.simulator.truth import Truth

randoms = st.randoms(use_true_random=False)
stores = st.sampled_from(StoreName)
TROUBLES = (Trouble.LOST, Trouble.FAULT, Trouble.SKIPPED, Trouble.UNREACHABLE, Trouble.BUSY)


class TwoShops(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 50))
    def open(self, seed: int) -> None:
        random = Random(seed)
        stack = Stack(drawn(random), Random(seed))
        self.people = Shoppers(stack, Truth(stack.setting.connection.preferred), random)
        self.people.stock_one((StoreName.CSCART,), 2)
        self.people.stock_one((StoreName.WEBASYST,))

    @property
    def stack(self) -> Stack:
        return self.people.stack

    @rule(where=st.sampled_from(((StoreName.CSCART,), (StoreName.WEBASYST,), tuple(StoreName))), variants=st.integers(1, 2), random=randoms)
    def add(self, where: tuple[StoreName, ...], variants: int, random: Random) -> None:
        self.people.random = random
        preferred = self.stack.setting.connection.preferred
        self.people.stock_one(tuple(sorted(where, key=lambda store: store is preferred)), variants)

    @rule(store=stores, random=randoms)
    def edit(self, store: StoreName, random: Random) -> None:
        self.people.random = random
        self.people.edit(store)

    @rule(random=randoms)
    def buy(self, random: Random) -> None:
        self.people.random = random
        self.people.buy()

    @rule(seconds=st.sampled_from((1, 61, 305, 3700)))
    def tick(self, seconds: int) -> None:
        self.stack.clock.sleep(seconds)
        self.stack.tick()

    @rule(count=st.integers(1, 8))
    def deliver(self, count: int) -> None:
        for _ in range(count):
            self.stack.deliver()

    @rule(effect=st.integers(1, 60))
    def crash(self, effect: int) -> None:
        """The next worker dies at one of its calls or writes."""
        seen = 0

        def trick(label: str) -> bool:
            nonlocal seen
            seen += 1
            if seen == effect:
                self.stack.crash()
            return False

        self.stack.deliver(trick)

    @rule(store=stores, random=randoms, effect=st.integers(1, 40))
    def meddle(self, store: StoreName, random: Random, effect: int) -> None:
        """Somebody edits while the next worker is at work."""
        seen = 0

        def trick(label: str) -> bool:
            nonlocal seen
            seen += 1
            if seen == effect:
                self.people.random = random
                self.people.edit(store)
            return seen >= effect

        self.stack.deliver(trick)

    @rule(store=stores, trouble=st.sampled_from(TROUBLES), after=st.integers(0, 5))
    def fail(self, store: StoreName, trouble: Trouble, after: int) -> None:
        self.stack.stores[store].faults.arm(trouble, after=after)

    @rule()
    def rest(self) -> None:
        """When all is quiet both shops are equal in what they own, nothing is lost, and the next pass writes nothing."""
        peace.restore(self.stack)
        assert Oracle(self.people).check().faults == []
        assert peace.passes(self.stack, peace.SWEEP_SECONDS) == 0

    @invariant()
    def each_sku_is_there_once(self) -> None:
        for shop in self.stack.stores.values() if hasattr(self, "people") else ():
            items = [self.people.truth.item_of(variant.sku) for product in shop.shelf.values() for variant in product.variants]
            numbers = [item.number for item in items if item]
            assert len(numbers) == len(set(numbers))

    def teardown(self) -> None:
        if hasattr(self, "people"):
            self.rest()


TestTwoShops = TwoShops.TestCase
TestTwoShops.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), print_blob=True
)
