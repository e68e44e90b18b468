"""Any JSON a shop may answer with, at any place of a true answer: both clients read it, or say what is wrong in the error tree."""

import copy
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storesync.domain.orders import Customer, Order
from storesync.errors import StoreError, SyncError
from storesync.http import Answer, Call

from tests.contract.shops import BUYER, SHOPS, Shop
from tests.fuzzing import InTurn, places, put, strange

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
BY_PHONE = Customer("", "Anna", "Bee", "", BUYER.phone)
READS: dict[str, Callable[[Any, "Known"], object]] = {
    "info": lambda store, _: store.info(),
    "now": lambda store, _: store.now(),
    "scan": lambda store, _: list(store.scan()),
    "changed": lambda store, _: list(store.changed(SINCE)),
    "products": lambda store, known: store.products(known.products),
    "find": lambda store, _: store.find(["A"], SINCE),
    "search": lambda store, _: store.find(["A"]),
    "categories": lambda store, _: store.categories(),
    "changed_orders": lambda store, _: list(store.changed_orders(SINCE)),
    "orders": lambda store, known: store.orders([known.order]),
    "find_order": lambda store, _: store.find_order("main:x:7", Order("7", "O", "RUB", (), Decimal(0), customer=BUYER)),
    "find_customer": lambda store, _: store.find_customer(BUYER),
    "find_customer by phone": lambda store, _: store.find_customer(BY_PHONE),
}
Bodies = dict[str, list[object]]  # by address, in the order in which they came


class Known:
    """What one shop has, and what it truly answered to each way of reading."""

    def __init__(self, shop: Shop) -> None:
        self.store: Any = shop.store
        self.products = [shop.made("A", "B").id, shop.made("C").id]
        self.order = shop.sell(shop.read(self.products[1]).variants[0].id, 2)
        self.transport, self.classify = self.store.client.transport, self.store.client.transport._classify
        self.true = {name: self._answers(name) for name in READS}

    def _answers(self, name: str) -> Bodies:
        bodies: Bodies = {}
        self._fresh(Recorder(self.transport, bodies))
        READS[name](self.store, self)
        return bodies

    def _fresh(self, transport: Any) -> None:
        self.store.client.transport = transport
        for kept in ("_info", "_stocks", "_types"):
            self.store.__dict__.pop(kept, None)
        self.store._seen = None

    def read(self, name: str, spoil: Callable[[object], object]) -> object:
        self._fresh(Said(self.true[name], self.classify, spoil))
        return READS[name](self.store, self)


class Recorder(InTurn):
    def __init__(self, transport: Any, bodies: Bodies) -> None:
        self.transport, self.bodies = transport, bodies

    def send(self, call: Call) -> Answer:
        answer: Answer = self.transport.send(call)
        self.bodies.setdefault(urlsplit(call.url).path, []).append(json.loads(answer.body))
        return answer

    def map(self, calls: Sequence[Call]) -> list[Answer | StoreError]:
        return [self.send(call) for call in calls]


class Said(InTurn):
    """A transport whose answers are made up: `spoil` changes the body that an address truly had. After many calls it goes away."""

    def __init__(self, true: Mapping[str, Sequence[object]], classify: Any, spoil: Callable[[object], object]) -> None:
        self.left = {path: list(bodies) for path, bodies in true.items()}
        self.classify, self.spoil, self.calls = classify, spoil, 0

    def send(self, call: Call) -> Answer:
        self.calls += 1
        if self.calls > 30:
            raise StoreError("the shop has gone away")
        left = self.left.get(urlsplit(call.url).path, [{}])
        body = self.spoil(copy.deepcopy(left.pop(0) if len(left) > 1 else left[0]))
        headers = {"date": "Tue, 24 Nov 2026 10:00:00 GMT", "content-type": "application/json"}
        answer = Answer(200, headers, json.dumps(body).encode())
        if error := self.classify(call, answer):
            raise error
        return answer

    def map(self, calls: Sequence[Call]) -> list[Answer | StoreError]:
        return [self._outcome(call) for call in calls]

    def _outcome(self, call: Call) -> Answer | StoreError:
        try:
            return self.send(call)
        except StoreError as error:
            return error


@pytest.fixture(scope="module", params=["cscart", "webasyst"])
def known(request: pytest.FixtureRequest) -> Iterator[Known]:
    with SHOPS[request.param]() as shop:
        yield Known(shop)


@pytest.mark.parametrize("name", READS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9), value=strange)
def test_fault_27_whatever_stands_in_an_answer_nothing_but_the_error_tree_comes_out(
    known: Known, name: str, seed: int, value: object
) -> None:
    """At one place of each answer, a field or a whole branch of it, stands something else."""
    draw = random.Random(seed)
    with suppress(SyncError):
        known.read(name, lambda body: put(body, draw.choice(list(places(body))), value))


@pytest.mark.parametrize("name", READS)
def test_true_answers_are_read(known: Known, name: str) -> None:
    """So that what is spoilt is an answer, and not merely nothing."""
    assert known.true[name]
    assert known.read(name, lambda body: body) is not None
