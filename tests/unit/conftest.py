"""A transport that does not really wait, and a shop that fails as it is told."""

from collections.abc import Callable, Iterator

import pytest
from storesync.http import CallClass, Transport
from storesync.http.calls import READ_LIMITS

from tests.sandbox.faults import Faults
from tests.sandbox.httpd import Response, Server
from tests.unit.shop_calls import classify


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def transport(slept: list[float]) -> Callable[..., Transport]:
    return lambda **options: Transport("shop", classify, **{"allow_private": True, "sleep": slept.append, **options})


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer of a read may be silent for 0.2 s and take 0.4 s in all."""
    monkeypatch.setitem(READ_LIMITS, CallClass.READ, 0.2)
    monkeypatch.setitem(READ_LIMITS, CallClass.CREATE, 0.2)


@pytest.fixture
def shop() -> Iterator[Server]:
    with Server(lambda request: Response.of_json({"path": request.path, "body": request.body.decode()}), faults=Faults()) as server:
        yield server
