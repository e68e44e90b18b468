"""Short beginnings for tests that play their own end: two shops that meet, and two that agree already."""

from dataclasses import replace
from random import Random
from typing import Any

from storesync.domain.connection import Connection
from storesync.domain.model import StoreName

from tests.sandbox.simulator import peace
from tests.sandbox.simulator.oracle import Oracle
from tests.sandbox.simulator.setting import Setting, drawn
from tests.sandbox.simulator.shoppers import Shoppers
from tests.sandbox.simulator.stack import Stack
from tests.sandbox.simulator.truth import Truth


def opened(preferred: StoreName, **settings: Any) -> Shoppers:
    """Two empty shops, connected as a merchant finds it: everything flows both ways. `settings` are the connection's."""
    random = Random(preferred.value)
    usual = drawn(Random(1)).connection
    fields = {name: getattr(usual, name) for name in ("cscart", "webasyst", "categories", "statuses", "orders_update_time")}
    connection = replace(Connection("main", **fields), preferred=preferred, **settings)
    return Shoppers(Stack(Setting(connection, "processing", 2), random), Truth(preferred), random)


def settled(preferred: StoreName, **settings: Any) -> Shoppers:
    """Products of each kind and an order from each shop, all linked."""
    people = opened(preferred, **settings)
    first_load(people)
    people.buy(StoreName.CSCART)
    people.buy(StoreName.WEBASYST)
    peace.restore(people.stack)
    assert Oracle(people).check().faults == []
    return people


def first_load(people: Shoppers) -> None:
    for stores, variants in (((StoreName.CSCART,), 2), ((StoreName.WEBASYST,), 2), ((StoreName.CSCART, StoreName.WEBASYST), 1)):
        people.stock_one(stores, variants)
