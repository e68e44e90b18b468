"""When a stream has fallen so far behind that a monitor is told."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from storesync.console.overview import Overview, StreamState
from storesync.domain.connection import Connection, CsCartSettings, WebasystSettings
from storesync.domain.journal import Run
from storesync.domain.model import StoreName
from storesync.sync.health import is_behind

READY = Connection(
    "main",
    CsCartSettings("https://a.example.com/", "a@example.com"),
    WebasystSettings("https://b.example.com/"),
    product_period=600,
    order_period=60,
    sweep_period=3600,
    rest_period=300,
)
SPARE = 15 * 60


@pytest.mark.parametrize(("stream", "seconds"), [("products", 3 * 600 + SPARE), ("orders", 3 * 300 + SPARE), ("sweep", 3 * 3600 + SPARE)])
def test_a_stream_that_missed_three_turns_is_behind(stream: str, seconds: float) -> None:
    assert not is_behind(READY, stream, seconds)
    assert is_behind(READY, stream, seconds + 1)
    assert not is_behind(replace(READY, paused=True), stream, seconds + 1)
    assert not is_behind(READY, stream, None)


@pytest.mark.parametrize(("stream", "behind"), [("products", False), ("sweep", False), ("orders", True)])
def test_what_is_not_wanted_is_not_behind(stream: str, behind: bool) -> None:
    assert is_behind(replace(READY, product_updates=False), stream, 1e6) is behind


@pytest.mark.parametrize(
    ("stream", "outcome", "behind"),
    [("sweep", "running", ()), ("sweep", "continued", ()), ("sweep", "done", ("sweep:cscart",)), ("orders", "running", ("orders:cscart",))],
)
def test_a_whole_catalogue_that_is_still_being_read_is_waited_for(stream: str, outcome: str, behind: tuple[str, ...]) -> None:
    run: Any = Run("r", stream, datetime(2026, 3, 1, tzinfo=UTC), outcome=outcome)
    fine = StreamState("products", StoreName.CSCART, run, 60.0)
    assert Overview((fine, StreamState(stream, StoreName.CSCART, run, 1e6)), 0, ()).behind(READY) == behind
