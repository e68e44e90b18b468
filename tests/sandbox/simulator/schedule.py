"""One schedule: what people do, what goes wrong and when the workers run, all drawn from the seed; then peace, and the verdict."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from storesync.domain.model import StoreName
from storesync.errors import StateUnavailable

from tests.fakes.stores import Trouble
from tests.sandbox.simulator import peace
from tests.sandbox.simulator import setting as settings
from tests.sandbox.simulator.oracle import LOST, Oracle, Verdict
from tests.sandbox.simulator.shoppers import Shoppers
from tests.sandbox.simulator.stack import SECRET, NeverQuiet, Stack, Trick
from tests.sandbox.simulator.truth import Truth

PASSING = tuple(trouble for trouble in Trouble if trouble is not Trouble.REJECTED)
FROZEN_SECONDS = (400, 2000)
VISIBILITY_SECONDS = 1800


SWITCHES = (
    "edit", "edit under way", "sale", "hint", "hint twice", "hint dropped", "hint out of order", "clock skew", "zone change",
    "crash", "overlap", "frozen", "frozen beyond its message", "throttled", "slow tables", "little time", "message twice", "dead letter",
    "stranger", "deletion", "split checkout", "tables lost", *(f"{store} {trouble}" for store in StoreName for trouble in PASSING),
)  # fmt: skip


@dataclass
class Result:
    """`happened`: how often each of SWITCHES did."""

    seed: int
    verdict: Verdict
    trace: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)


class Schedule:
    def __init__(self, seed: int, *, traced: bool = False) -> None:
        self.seed, self.random = seed, Random(seed)
        self.lines: list[str] = []
        trace: Callable[[str], None] = self.lines.append if traced else lambda line: None
        self.stack = Stack(settings.drawn(self.random), self.random, trace)
        self.people = Shoppers(self.stack, Truth(self.stack.setting.connection.preferred), self.random)
        self.happened = self.stack.happened
        self.hints: list[tuple[int, StoreName, str, str]] = []
        self.hinted = 0

    def run(self) -> Result:
        verdict = self._played()
        self.happened["slow tables"] += self.stack.setting.lagging
        self.happened["hint dropped"] += len(self.hints)
        for store in self.stack.stores.values():
            self.happened.update({f"{store.name} {trouble}": count for trouble, count in store.faults.struck.items()})
        return Result(self.seed, verdict, self.lines, self.happened)

    def _played(self) -> Verdict:
        verdict = Verdict()
        try:
            self._open()
            for _ in range(self.random.randint(1, 2)):
                self._storm(self.random.randint(8, 30))
                peace.restore(self.stack)
                verdict = Oracle(self.people).check()
                if writes := peace.passes(self.stack, peace.SWEEP_SECONDS):
                    verdict.add(LOST, f"a further pass made {writes} writes")
                if verdict.faults:
                    return verdict
            # Without a link a doubled SKU is nobody's, and a product that was deleted on one side is new on it again.
            if self.random.random() < 0.1 and not (self.people.truth.strangers or self.people.truth.deleted):
                verdict = self._forgotten()
        except NeverQuiet as error:
            verdict.add(LOST, f"never quiet: {error}")
        return verdict

    def _forgotten(self) -> Verdict:
        """All that was remembered is gone: links are made anew of SKUs and marks, and nothing is made twice."""
        self.stack.trace("the tables are lost")
        self.stack.forget()
        peace.restore(self.stack)
        return Oracle(self.people).check()

    def _open(self) -> None:
        connection = self.stack.setting.connection
        changed = {group.value: policy.value for group, policy in connection.policies.items() if policy.value != "two_way"}
        self.stack.trace(f"preferred {connection.preferred}, {changed or 'two way'}, stock counting {self.stack.setting.stock_counting}")
        for _ in range(self.random.randint(2, 5)):
            other = connection.preferred.other
            where = self.random.choice(((StoreName.CSCART,), (StoreName.WEBASYST,), (other, connection.preferred)))
            self.people.stock_one(where, self.random.choice((1, 1, 1, 2, 3)))
        self.people.buy(StoreName.CSCART)

    # -- the storm

    def _storm(self, steps: int) -> None:
        kinds = (self._people, self._tick, self._deliver, self._hints, self._trouble)
        weights = (35, 18, 30, 8, 9)
        for kind in self.random.choices(kinds, weights, k=steps):
            kind()

    def _people(self) -> None:
        roll = self.random.random()
        if roll < 0.02:
            self.random.choice((self.people.strange_one, self.people.delete))()
        elif roll < 0.5:
            self.people.edit()
        elif roll < 0.62:
            self.people.stock_one((self.people.store(),), self.random.choice((1, 1, 2)))
        elif roll < 0.78:
            self.people.buy()
        elif roll < 0.8:
            self.people.split()
        else:
            self.people.handle()
        self._maybe_hint()

    def _maybe_hint(self) -> None:
        """Shops send hints now and then: once, twice, or not at all; some are late."""
        store = self.people.store()
        shop = self.stack.stores[store]
        for kind, ids in (("order", shop.orders_kept), ("product", shop.shelf)):
            if ids and self.random.random() < 0.4:
                chosen = self.random.choice(sorted(ids)[-3:])
                times = self.random.choice((1, 1, 2))
                self.hinted += 1
                self.happened["hint twice"] += times > 1
                self.hints += [(self.hinted, store, kind, str(chosen))] * times

    def _hints(self) -> None:
        self.random.shuffle(self.hints)
        for _ in range(self.random.randint(1, 4)):
            if self.hints:
                number, *hint = self.hints.pop()
                self.happened["hint out of order"] += any(other < number for other, *_ in self.hints)
                self.send_hint(*hint)

    def send_hint(self, store: StoreName, kind: str, number: str) -> None:
        self.happened["hint"] += 1
        self.stack.trace(f"hint of {store}: {kind} {number}")
        body = json.dumps({"type": f"{kind}.updated", "data": {f"{kind}_id": int(number)}}).encode()
        name, stamp = f"m{self.people.token()}", str(int(self.stack.clock.seconds))
        digest = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers = {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": "v1," + base64.b64encode(digest).decode()}
        self.stack.hooks.accept("main", store, "", headers, body)

    def _tick(self) -> None:
        self.stack.clock.sleep(self.random.choice((1, 20, 61, 125, 305, 305, 700, 3700)))
        self.stack.trace(f"{self.stack.clock.now():%d %H:%M:%S} tick")
        self.stack.tick()

    def _deliver(self) -> None:
        self.stack.trace(f"{self.stack.clock.now():%d %H:%M:%S} workers")
        for _ in range(self.random.randint(1, 6)):
            if not self.stack.deliver(*self._tricks()):
                return

    def _trouble(self) -> None:
        store = self.random.choice(tuple(self.stack.stores.values()))
        roll = self.random.random()
        if roll < 0.75:
            trouble = self.random.choice(PASSING)
            times, after = self.random.choice((1, 1, 2, 4)), self.random.randint(0, 6)
            store.faults.arm(trouble, times=times, after=after)
            self.stack.trace(f"{store.name}: {trouble} for {times} calls after {after}")
        elif roll < 0.9:
            self.happened["clock skew"] += 1
            store.skew += self.random.choice((-600, -30, 30, 600))
            self.stack.trace(f"{store.name}: its clock is {store.skew} s off")
        else:
            before, self.stack.webasyst.offset = self.stack.webasyst.offset, self.random.choice((0, 3600, 7200, 10800))
            self.happened["zone change"] += before != self.stack.webasyst.offset
            self.stack.trace(f"webasyst: its zone is {self.stack.webasyst.offset // 3600} h now")

    # -- what happens to a worker in the middle of its work

    def _tricks(self) -> list[Trick]:
        if self.random.random() > 0.35:
            return []
        kind = self.random.choice((self._crash, self._crash, self._meddle, self._overlap, self._freeze, self._throttle))
        return [_at(self.random.randint(1, 40), kind)]

    def _crash(self, label: str) -> bool:
        self.stack.crash()
        return True

    def _meddle(self, label: str) -> bool:
        self.random.choice((self.people.edit, self.people.edit, self.people.buy, self.people.handle))()
        return True

    def _overlap(self, label: str) -> bool:
        if len(self.stack.frames) < 3:
            self.happened["overlap"] += self.stack.deliver(*self._tricks())
        return True

    def _freeze(self, label: str) -> bool:
        """Not between the check of a lease and the write that follows it, nor while another worker is there: no store can fence that."""
        if not label.startswith("before") or any(" write " in frame.at for frame in self.stack.frames):
            return False
        seconds = self.random.choice(FROZEN_SECONDS)
        self.stack.trace(f"    the worker freezes for {seconds} s")
        self.stack.clock.sleep(seconds)
        self.happened["frozen"] += 1
        self.happened["frozen beyond its message"] += seconds > VISIBILITY_SECONDS
        if seconds > VISIBILITY_SECONDS:
            self.stack.queue.come_back(self.stack.frames[-1].taken)
        for _ in range(self.random.randint(0, 3)):
            self.people.edit()
        for _ in range(4):
            if len(self.stack.frames) < 3:
                self.stack.deliver()
        self.stack.trace("    the worker wakes up")
        return True

    def _throttle(self, label: str) -> bool:
        if not label.startswith("before") or label.split()[1] in tuple(StoreName):
            return False
        self.happened["throttled"] += 1
        self.stack.trace("    the table refuses")
        raise StateUnavailable("throttled")


def _at(count: int, act: Callable[[str], bool]) -> Trick:
    """At the first fitting call or write from the `count`th on."""
    seen = 0

    def trick(label: str) -> bool:
        nonlocal seen
        seen += 1
        return seen >= count and act(label)

    return trick


def play(seed: int, *, traced: bool = False) -> Result:
    return Schedule(seed, traced=traced).run()
