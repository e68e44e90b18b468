"""What a container keeps between messages, and what makes it build anew."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from storesync import bootstrap
from storesync.domain.connection import Connection, CsCartSettings, WebasystSettings
from storesync.domain.model import StoreName
from storesync.http import Breaker

from tests.fakes.state import MemorySecrets, MemoryState

CONNECTION = Connection(
    "main", CsCartSettings(url="https://a.example/", email="a@a.example", no_rewrite=False), WebasystSettings(url="https://b.example/")
)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    now, state = [1000.0], MemoryState()
    state.connections.save(CONNECTION)
    secrets = MemorySecrets(cscart_key="key", webasyst_token="token")
    monkeypatch.setattr(bootstrap.time, "monotonic", lambda: now[0])
    parts = {
        "connections": state.connections,
        "secrets": secrets,
        "queue": state.queue,
        "state_table": state.state,
        "journal_table": state.records,
    }
    for name, part in parts.items():
        monkeypatch.setattr(bootstrap, name, lambda part=part: part)
    monkeypatch.setattr(bootstrap, "breaker", lambda connection, store: Breaker(lambda: now[0]))
    monkeypatch.setattr(bootstrap, "settings", lambda: type("S", (), {"journal_days": 1, "allow_private_addresses": False})())
    monkeypatch.setattr(bootstrap, "_worlds", {})
    yield now


def stores() -> list[object]:
    world = bootstrap.world("main")
    return [world.store(name) for name in StoreName]


def test_the_stores_outlive_the_settings_that_are_read_again(seconds: list[float]) -> None:
    first = stores()
    seconds[0] += bootstrap.WORLD_SECONDS + 1
    assert stores() == first


def test_they_are_built_anew_after_a_while(seconds: list[float]) -> None:
    first = stores()
    seconds[0] += bootstrap.STORES_SECONDS + 1
    assert not set(map(id, stores())) & set(map(id, first))


def test_a_changed_setting_or_secret_is_seen_soon(seconds: list[float]) -> None:
    first = stores()
    bootstrap.connections().save(replace(CONNECTION, orders_update_time=7))
    seconds[0] += bootstrap.WORLD_SECONDS + 1
    second = stores()
    assert second != first and bootstrap.world("main").connection.orders_update_time == 7
    bootstrap.secrets().put("main", "webasyst_token", "another")
    seconds[0] += bootstrap.WORLD_SECONDS + 1
    assert stores() != second
