"""When a store is left alone, and when it is used again."""

from collections.abc import Callable, Iterator

import pytest
from storesync.errors import CircuitOpen, StateUnavailable, StoreError, Unreachable
from storesync.http import Breaker, Call, CallClass, Transport
from storesync.state.outages import Outage

from tests.fakes.tables import MemoryTable
from tests.sandbox.faults import Fault, Faults
from tests.sandbox.httpd import Response, Server
from tests.unit.crowd import Crowd, calls, transport


class Time:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def down() -> Iterator[Server]:
    with Server(lambda _: Response(500)) as shop:
        yield shop


def failing(shop: Server, clock: Callable[[], float], breaker: Breaker) -> list[str]:
    """What each of many messages meets, a fresh client for each."""
    met = []
    for _ in range(20):
        try:
            transport(clock=clock, breaker=breaker, attempts=4).send(Call("GET", f"{shop.url}/x"))
        except StoreError as error:
            met.append(type(error).__name__)
    return met


def test_a_store_that_is_down_for_an_hour_costs_one_call_in_half_a_minute(down: Server) -> None:
    clock = Time()
    breaker = Breaker(clock)
    assert set(failing(down, clock, breaker)) == {"ServerFault", "CircuitOpen"}
    opened = sum(down.call_counts().values())
    assert opened == 5
    for _ in range(3600 // 5):
        clock.now += 5
        failing(down, clock, breaker)
    assert sum(down.call_counts().values()) - opened <= 3600 / 30


def test_a_store_that_is_back_is_used_at_once() -> None:
    clock = Time()
    breaker = Breaker(clock)
    with Server(Crowd(0.0), faults=Faults()) as shop:
        shop.faults.add(Fault("reset", times=5))
        failing(shop, clock, breaker)
        with pytest.raises(CircuitOpen):
            transport(clock=clock, breaker=breaker).send(Call("GET", f"{shop.url}/x"))
        clock.now += 31
        for _ in range(3):
            assert transport(clock=clock, breaker=breaker).send(Call("GET", f"{shop.url}/x")).status == 200


def test_of_many_that_wait_one_tries_whether_the_store_is_back(down: Server) -> None:
    clock = Time()
    breaker = Breaker(clock)
    failing(down, clock, breaker)
    before = sum(down.call_counts().values())
    clock.now += 31
    found = transport(clock=clock, breaker=breaker).map(calls(down.url, 50))
    assert sum(isinstance(item, CircuitOpen) for item in found) >= 49
    assert sum(down.call_counts().values()) - before == 1


def test_what_a_store_refuses_does_not_open_the_breaker() -> None:
    refused = StoreError("no such product")
    with Server(lambda _: Response(404, b"{}")) as shop:
        here = Transport("shop", lambda *_: refused, allow_private=True)
        found = here.map(calls(shop.url, 30))
    assert not any(isinstance(item, CircuitOpen) for item in found)


def test_a_store_that_cannot_be_reached_opens_it_too() -> None:
    clock = Time()
    here = transport(clock=clock)
    met = []
    for _ in range(4):
        with pytest.raises(StoreError) as told:
            here.send(Call("GET", "http://127.0.0.1:9/", kind=CallClass.PROBE))
        met.append(type(told.value))
    assert met == [Unreachable, CircuitOpen, CircuitOpen, CircuitOpen]


def together(clock: Time, containers: int = 8) -> list[Breaker]:
    """As many containers, each with a breaker of its own, that share a table."""
    table = MemoryTable(clock)
    return [Breaker(clock, outage=Outage(table, "main", "shop")) for _ in range(containers)]


def test_several_containers_try_a_store_that_is_down_once_in_half_a_minute_between_them(down: Server) -> None:
    clock = Time()
    containers = [transport(clock=clock, breaker=breaker) for breaker in together(clock)]
    for _ in range(3600 // 5):
        for container in containers:
            with pytest.raises(StoreError):
                container.send(Call("GET", f"{down.url}/x"))
        clock.now += 5
    found = sum(down.call_counts().values())
    assert 3600 / 30 - 1 <= found <= 3600 / 30 + 5 * len(containers)


def test_a_container_that_is_new_learns_of_it_with_its_first_failure(down: Server) -> None:
    clock = Time()
    first, second, *_ = together(clock)
    failing(down, clock, first)
    before = sum(down.call_counts().values())
    assert failing(down, clock, second)[1:] == ["CircuitOpen"] * 19
    assert sum(down.call_counts().values()) - before == 1


def test_a_store_that_is_back_for_one_container_is_back_for_all_within_half_a_minute() -> None:
    clock = Time()
    containers = together(clock)
    with Server(Crowd(0.0), faults=Faults()) as shop:
        shop.faults.add(Fault("reset", times=5 + len(containers) - 1))
        for breaker in containers:
            failing(shop, clock, breaker)
        clock.now += 31
        for breaker in containers:
            assert transport(clock=clock, breaker=breaker).send(Call("GET", f"{shop.url}/x")).status == 200


def test_a_store_that_answers_costs_no_look_at_the_table() -> None:
    table = MemoryTable()
    table.get = table.put = None  # type: ignore[assignment]
    with Server(Crowd(0.0)) as shop:
        breaker = Breaker(Time(), outage=Outage(table, "main", "shop"))
        assert transport(breaker=breaker).send(Call("GET", f"{shop.url}/x")).status == 200


def test_without_the_table_each_container_is_on_its_own(down: Server) -> None:
    class Gone(MemoryTable):
        def get(self, pk: str, sk: str) -> None:
            raise StateUnavailable("throttled")

    clock = Time()
    breaker = Breaker(clock, outage=Outage(Gone(clock), "main", "shop"))
    failing(down, clock, breaker)
    clock.now += 31
    failing(down, clock, breaker)
    assert sum(down.call_counts().values()) == 6
