"""How many calls are under way, how connections are kept, and when a store is left alone."""

import threading
import time
from contextlib import ExitStack
from functools import partial
from typing import Any

import pytest
from storesync.domain.journal import Exchange
from storesync.errors import ServerFault, StoreError, Unauthorised
from storesync.http import Answer, Breaker, Call, Transport
from storesync.http.pace import MOST, Pace

from tests.sandbox.faults import Fault, Faults
from tests.sandbox.httpd import Request, Response, Server
from tests.unit.crowd import Crowd, calls, transport
from tests.unit.wires import RawServer, always, answer, request

# -- connections


def test_calls_one_after_another_use_one_connection() -> None:
    with RawServer(always(answer(b"{}"))) as server:
        for _ in range(30):
            transport().send(Call("GET", server.url))
        assert server.accepted == 1


def test_calls_side_by_side_use_no_more_connections_than_are_under_way() -> None:
    with RawServer(always(answer(b"{}"))) as server:
        here = transport()
        for _ in range(5):
            here.map([Call("GET", server.url)] * 100)
        assert server.accepted <= MOST


def test_a_connection_that_the_server_ended_is_replaced_without_a_failure() -> None:
    def one_answer(connection: Any, _: int) -> None:
        request(connection)
        connection.sendall(answer(b"{}"))

    with RawServer(one_answer) as server:
        here = transport(attempts=1)
        for _ in range(5):
            here.send(Call("POST", server.url, json={}, repeatable=False))
            time.sleep(0.05)
        assert server.accepted == 5


def test_no_cookie_is_kept_between_calls_nor_between_shops() -> None:
    heard: list[str | None] = []

    def app(found: Request) -> Response:
        heard.append(found.headers["Cookie"])
        return Response(200, b"{}", (("Set-Cookie", "sid_customer=1; Path=/"),))

    with Server(app) as shop:
        for _ in range(3):
            transport().send(Call("GET", f"{shop.url}/x"))
    assert heard == [None] * 3


# -- calls in flight


def test_the_results_are_in_the_order_of_the_calls() -> None:
    def app(found: Request) -> Response:
        time.sleep(0.02 if found.path.endswith("0") else 0.001)
        return Response.of_json(found.path)

    with Server(app) as shop:
        found = transport().map(calls(shop.url, 60))
    assert [item.json() for item in found if isinstance(item, Answer)] == [f"/products/{at}" for at in range(60)]
    assert transport().map([]) == []


def test_the_limit_grows_while_the_shop_answers_as_quickly() -> None:
    crowd = Crowd(0.03)
    with Server(crowd) as shop:
        here = transport()
        assert here.in_flight_limit == 2
        here.map(calls(shop.url, 150))
    assert crowd.peak >= 5
    assert here.in_flight_limit >= 5


def test_the_limit_does_not_grow_by_calls_made_one_at_a_time() -> None:
    with Server(Crowd(0.0)) as shop:
        here = transport()
        for call in calls(shop.url, 40):
            here.send(call)
    assert here.in_flight_limit == 2


def test_the_limit_stays_where_answers_get_slower() -> None:
    """Two PHP workers: more calls only wait."""
    with Server(Crowd(0.03), busy_workers=2) as shop:
        here = transport()
        here.map(calls(shop.url, 100))
    assert 2 <= here.in_flight_limit < MOST


def test_one_slow_call_does_not_hold_up_the_others() -> None:
    def app(found: Request) -> Response:
        time.sleep(1.5 if found.path == "/products/5" else 0.01)
        return Response.of_json({})

    finished: list[str] = []
    with Server(app) as shop:
        transport(log=lambda exchange: finished.append(exchange.path)).map(calls(shop.url, 40))
    assert finished[-1] == "/products/5"


def test_fault_09_a_shop_that_fails_under_load_is_given_less() -> None:
    crowd = Crowd(0.02, most=4)
    with Server(crowd) as shop:
        found = transport(sleep=time.sleep).map(calls(shop.url, 300))
    assert all(isinstance(item, Answer) for item in found)
    assert crowd.refused < 30


@pytest.mark.parametrize("kind", ["rate_limited", "status", "reset", "truncate"])
def test_every_kind_of_push_back_makes_the_limit_smaller(kind: str) -> None:
    breaker = Breaker(time.monotonic)
    breaker.pace.limit = 8
    with Server(Crowd(0.1), faults=Faults()) as shop:
        shop.faults.add(Fault(kind, times=8))
        here = transport(breaker=breaker, attempts=1)
        found = here.map(calls(shop.url, 8))
    assert all(isinstance(item, StoreError) for item in found)
    assert 1 <= here.in_flight_limit <= 4


def test_calls_that_were_under_way_together_push_back_once() -> None:
    pace = Pace()
    pace.limit = 16
    with pace.slot() as first, pace.slot() as second, pace.slot() as third:
        for slot in (first, second, third):
            pace.note(slot, "read", 1.0, pushed_back=True)
    assert pace.limit == 8
    with pace.slot() as later:
        pace.note(later, "read", 1.0, pushed_back=True)
    assert pace.limit == 4
    for _ in range(5):
        with pace.slot() as slot:
            pace.note(slot, "read", 1.0, pushed_back=True)
    assert pace.limit == 1


def quick(pace: Pace, times: int) -> None:
    """So many rounds of good answers, as many at a time as the limit allows."""
    for _ in range(times):
        with ExitStack() as stack:
            for slot in [stack.enter_context(pace.slot()) for _ in range(pace.limit)]:
                pace.note(slot, "read", 0.1, pushed_back=False)


def refused(pace: Pace) -> None:
    with pace.slot() as slot:
        pace.note(slot, "read", 0.1, pushed_back=True)


def test_a_step_by_one_that_was_too_much_is_taken_back_by_one_and_then_by_half() -> None:
    pace = Pace()
    quick(pace, 2)
    refused(pace)
    assert pace.limit == 4
    quick(pace, 2)
    assert pace.limit == 6
    refused(pace)
    assert pace.limit == 5
    refused(pace)
    assert pace.limit == 2


def test_after_a_push_back_the_limit_grows_by_one() -> None:
    pace = Pace()
    with pace.slot() as slot:
        pace.note(slot, "read", 0.1, pushed_back=True)
    limits = []
    for _ in range(8):
        with pace.slot() as slot:
            pace.note(slot, "read", 0.1, pushed_back=False)
        limits.append(pace.limit)
    assert limits == [2] * 8, "one at a time proves nothing"


def test_never_more_calls_are_under_way_than_the_limit_allows_whoever_makes_them() -> None:
    crowd = Crowd(0.01)
    breaker = Breaker(time.monotonic, Pace(3, 3))
    with Server(crowd) as shop:
        clients = [transport(breaker=breaker) for _ in range(4)]
        threads = [threading.Thread(target=client.map, args=(calls(shop.url, 20),)) for client in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert crowd.peak == 3


def test_a_fixed_number_neither_grows_nor_shrinks() -> None:
    pace = Pace(4, 4)
    for pushed_back in [False] * 50 + [True] * 3:
        with pace.slot() as one, pace.slot(), pace.slot(), pace.slot():
            pace.note(one, "read", 0.1, pushed_back=pushed_back)
        assert pace.limit == 4


def test_an_answer_begun_before_the_limit_grew_says_nothing_about_it() -> None:
    pace = Pace()
    with pace.slot() as early, pace.slot() as second:
        pace.note(second, "read", 0.1, pushed_back=False)
        assert pace.limit == 4
        for _ in range(20):
            pace.note(early, "read", 0.1, pushed_back=False)
    assert pace.limit == 4


def test_threads_are_kept_between_batches() -> None:
    seen: set[int] = set()

    def log(_: Exchange) -> None:
        seen.add(threading.get_ident())

    with Server(Crowd(0.001)) as shop:
        here = transport(log=log)
        for _ in range(10):
            here.map(calls(shop.url, 20))
    assert len(seen) <= MOST


def test_an_error_takes_the_place_of_its_answer() -> None:
    with Server(Crowd(0.0), faults=Faults()) as shop:
        shop.faults.add(Fault("status", route="products/3$", times=None))
        found = transport(attempts=2).map(calls(shop.url, 6))
    assert [type(item) for item in found] == [Answer, Answer, Answer, ServerFault, Answer, Answer]


def test_fault_13_after_a_lost_token_no_other_call_is_begun() -> None:
    lost = Unauthorised("gone")
    with Server(Crowd(0.005)) as shop:
        here = Transport("shop", lambda call, _: lost if call.url.endswith("/7") else None, allow_private=True)
        with pytest.raises(Unauthorised):
            here.map(calls(shop.url, 500))
        assert sum(shop.call_counts().values()) < 40


# -- results as they come


def test_a_result_is_there_while_a_later_one_is_still_waited_for() -> None:
    """Should the first be held back until the second is there, both wait for each other and the second gives up."""
    seen = threading.Event()
    found = Pace(2, 2).stream([lambda: True, lambda: seen.wait(5)])
    assert next(found)
    seen.set()
    assert list(found) == [True]


def test_what_one_work_raises_begins_no_other_and_is_raised_when_all_that_were_begun_have_ended() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        if number == 1:
            raise ServerFault("broken")
        time.sleep(0.05)
        done.append(number)
        return number

    with pytest.raises(ServerFault):
        list(Pace(2, 2).stream([partial(work, number) for number in range(50)]))
    began = len(done)
    time.sleep(0.1)
    assert len(done) == began < 50


def test_whoever_looks_at_no_more_results_begins_no_other_work() -> None:
    done: list[int] = []

    def work(number: int) -> int:
        time.sleep(0.01)
        done.append(number)
        return number

    found = Pace(2, 2).stream([partial(work, number) for number in range(50)])
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]
    began = len(done)
    time.sleep(0.05)
    assert len(done) == began < 50


def test_nothing_to_do_has_no_results() -> None:
    assert list(Pace().stream([])) == []
