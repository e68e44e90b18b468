"""A tick looks before it starts a pull: a quiet connection costs no message and no write, and nothing that moved waits longer for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from storesync.console import overview
from storesync.domain.model import StoreName
from storesync.sync import ticker
from storesync.sync.health import NOTED, Health
from storesync.sync.ticker import Ticker

from tests.fakes.stores import Trouble
from tests.integration.product_scene import OURS, THEIRS, Scene, linked

QUIET = {"quiet": 2, "started": 0}


class Ticking:
    """A scene at rest, and the ticker of one container."""

    def __init__(self) -> None:
        self.scene = linked("A", "B")
        self.labels: list[str] = []
        self.renew()
        for _ in range(5):
            for kind in ("product", "order"):
                self.tick(kind)
            self.scene.work()
        self.scene.state.watch(self.labels.append)

    def renew(self) -> None:
        """Another container."""
        scene = self.scene
        self.ticker = Ticker(scene.state.connections, lambda _: scene.world, scene.state.queue, scene.clock)

    def tick(self, kind: str, after: float = 1200) -> dict[str, int]:
        self.scene.clock.sleep(after)
        return self.ticker.tick(kind, lambda: 60_000)

    def tick_and_work(self, kind: str, after: float) -> dict[str, int]:
        found = self.tick(kind, after)
        self.scene.work()
        return found

    def writes(self) -> int:
        """To the tables and the queue, since the last time."""
        count = sum(label.startswith("after") for label in self.labels)
        self.labels.clear()
        return count

    def lag(self, kind: str) -> float:
        return Health(self.scene.state.connections, lambda _: self.scene.world, self.scene.clock, self.ticker.looked).measures(kind)[
            "StreamLag"
        ]

    def runs(self, stream: str) -> int:
        return len(self.scene.runs(stream))


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


def at_rest(ticking: Ticking, kind: str) -> None:
    """The sweep has just been made."""
    ticking.tick(kind, 3700)
    ticking.scene.work()
    ticking.tick(kind, 330)
    ticking.scene.work()
    ticking.writes()


@pytest.mark.parametrize("kind", ["product", "order"])
def test_a_quiet_tick_queues_nothing_and_notes_that_it_looked_once_in_a_while(ticking: Ticking, kind: str) -> None:
    at_rest(ticking, kind)
    assert [ticking.tick(kind, 300) for _ in range(6)] == [QUIET] * 6
    assert ticking.writes() == 6 * 300 // int(NOTED.total_seconds())
    assert ticking.lag(kind) == 0


@pytest.mark.parametrize("kind", ["product", "order"])
def test_within_the_period_nothing_is_asked(ticking: Ticking, kind: str) -> None:
    at_rest(ticking, kind)
    asked: list[str] = []
    for store in ticking.scene.stores.values():
        store.watch(asked.append)
    assert ticking.tick(kind, 5) == {"started": 0}
    assert asked == []


def edited(scene: Scene) -> None:
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal("77"))


def held(scene: Scene) -> None:
    scene.world.streams.save_cursor("held:products:cscart", '["1"]')


def failed(scene: Scene) -> None:
    scene.world.streams.save_cursor("started:products:cscart", "")


def no_index(scene: Scene) -> None:
    scene.world.streams.save_cursor("indexed:webasyst", "")


def down(scene: Scene) -> None:
    scene.cscart.faults.arm(Trouble.UNREACHABLE, "changed")


@pytest.mark.parametrize("what", [edited, held, failed, no_index, down])
def test_whatever_is_not_plainly_quiet_is_a_pulls_to_find_out(ticking: Ticking, what: Callable[[Scene], None]) -> None:
    at_rest(ticking, "product")
    what(ticking.scene)
    assert ticking.tick("product", 330)["started"] > 0
    assert (("products",), OURS) in [(change.ids, change.store) for change in ticking.scene.state.queue.changes]


def test_what_moved_is_carried_over_and_then_it_is_quiet_again(ticking: Ticking) -> None:
    at_rest(ticking, "product")
    edited(ticking.scene)
    ticking.tick("product", 330)
    ticking.scene.work()
    assert ticking.scene.variant(THEIRS, "A").price == Decimal("77")
    ticks = []
    for _ in range(8):
        ticks.append(ticking.tick("product", 330))
        ticking.scene.work()
    assert ticks[-1] == QUIET


def test_where_nothing_moves_looks_become_rarer_until_something_does(ticking: Ticking) -> None:
    """Half an hour at the full pace; then a thirtieth of the time for which nothing has moved, up to the setting; by another container, too."""
    scene = ticking.scene
    scene.cscart.place({scene.variant(OURS, "A").id: 1})
    assert ticking.tick("order", 400)["started"] == 1
    scene.work()
    looks = [minute for minute in range(1, 241) if ticking.tick_and_work("order", 60).get("quiet")]
    gaps = [later - before for before, later in pairwise(looks)]
    assert looks[0] <= 2 and looks[20] <= 30
    assert gaps == sorted(gaps), "never quicker again"
    assert set(gaps[-5:]) == {5}
    ticking.renew()
    assert [bool(ticking.tick("order", 60).get("quiet")) for _ in range(5)] == [True, False, False, False, False]
    scene.cscart.place({scene.variant(OURS, "B").id: 1})
    assert any([ticking.tick_and_work("order", 60)["started"] for _ in range(5)])
    assert len(scene.webasyst.orders_kept) == 2
    assert [bool(ticking.tick("order", 60).get("quiet")) for _ in range(3)] == [True] * 3, "at the full pace again"


def test_without_a_period_of_rest_the_pace_stays(ticking: Ticking) -> None:
    ticking.scene.change(rest_period=0)
    at_rest(ticking, "order")
    assert [ticking.tick("order", 60) for _ in range(5)] == [QUIET] * 5


def test_a_new_order_starts_a_pull_of_its_store(ticking: Ticking) -> None:
    ticking.scene.change(rest_period=0)
    at_rest(ticking, "order")
    scene = ticking.scene
    scene.cscart.place({scene.variant(OURS, "A").id: 1})
    assert ticking.tick("order", 60) == {"quiet": 1, "started": 1}
    scene.work()
    assert len(scene.webasyst.orders_kept) == 1


def test_an_order_that_was_set_aside_while_a_right_was_missing_is_taken_up(ticking: Ticking) -> None:
    at_rest(ticking, "order")
    scene = ticking.scene
    scene.webasyst.faults.arm(Trouble.FORBIDDEN, "find_order", times=3)
    scene.cscart.place({scene.variant(OURS, "A").id: 1})
    for _ in range(30):
        ticking.tick("order", 60)
        scene.work()
    assert len(scene.webasyst.orders_kept) == 1


def test_another_container_looks_once_more_and_knows_what_was_noted(ticking: Ticking) -> None:
    at_rest(ticking, "order")
    ticking.renew()
    assert ticking.tick("order", 5) == QUIET


def test_the_overview_knows_of_looks_that_found_nothing(ticking: Ticking) -> None:
    at_rest(ticking, "product")
    for _ in range(8):
        ticking.tick("product", 300)
    states = {state.name: state for state in overview.overview(ticking.scene.world, ticking.scene.clock.now()).streams}
    assert all((states[f"products:{store}"].lag or 0) <= NOTED.total_seconds() for store in StoreName)


def test_a_connection_at_rest_is_not_behind_and_one_whose_ticks_stopped_is(ticking: Ticking) -> None:
    """As a monitor sees it, at any minute of two hours."""
    scene = ticking.scene

    def behind() -> set[str]:
        found = overview.overview(scene.world, scene.clock.now()).behind(scene.world.connection)
        return {name for name in found if not name.startswith("sweep")}

    for kind in ("product", "order"):
        at_rest(ticking, kind)
    for _ in range(120):
        for kind in ("product", "order"):
            ticking.tick(kind, 30)
        scene.work()
        assert behind() == set()
    scene.clock.sleep(3 * 300 + NOTED.total_seconds() * 2 + 300)
    assert behind() == {f"{stream}:{store}" for stream in ("products", "orders") for store in StoreName}


def test_a_run_after_many_looks_is_not_shown_as_a_long_lag(ticking: Ticking) -> None:
    at_rest(ticking, "product")
    for _ in range(8):
        ticking.tick("product", 300)
    edited(ticking.scene)
    ticking.tick("product", 300)
    ticking.scene.work()
    day = overview.last_day(ticking.scene.world.streams, ticking.scene.clock.now())
    assert 0 < day[-1].lag <= NOTED.total_seconds() + 310


def test_lag_is_told_no_oftener_than_the_alarms_look(ticking: Ticking) -> None:
    scene = ticking.scene
    health = Health(scene.state.connections, lambda _: scene.world, scene.clock)
    assert set(health.measures("order")) == {"StreamLag", "ReconnectNeeded"}
    scene.clock.sleep(60)
    assert health.measures("order") == {}
    scene.clock.sleep(240)
    assert health.measures("order")["StreamLag"] >= 300


def test_looks_that_hang_are_left_to_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticker, "LOOK_SECONDS", 0.05)
    looks: list[Any] = [lambda: True, lambda: time.sleep(0.3) or True, lambda: False]
    began = datetime.now(UTC)
    assert ticker.in_time(*looks) == [True, False, False]
    assert (datetime.now(UTC) - began).total_seconds() < 0.25
