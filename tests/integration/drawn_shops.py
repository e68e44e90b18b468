"""Both shops in memory in a random state of edits, sales and new goods, and what changed in them from one moment to the next."""

from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from storesync.domain import fields
from storesync.domain.journal import Action, Entry
from storesync.domain.model import VARIANT_GROUPS, Group, Product, StoreName

from tests.sandbox.simulator import peace
from tests.sandbox.simulator.setting import drawn
from tests.sandbox.simulator.shoppers import Shoppers
from tests.sandbox.simulator.stack import Stack
from tests.sandbox.simulator.truth import Truth

SHARED = (Group.CONTENT, Group.LISTING)
Value = dict[tuple[str, ...], Any]


@dataclass
class Drawn:
    """One state, all of it from its seed."""

    seed: int

    def __post_init__(self) -> None:
        random = Random(self.seed)
        self.stack = Stack(drawn(random), Random(self.seed))
        self.people = Shoppers(self.stack, Truth(self.stack.setting.connection.preferred), random)
        for _ in range(random.randint(1, 3)):
            self._add(random)
        if random.random() < 0.85:
            peace.passes(self.stack, peace.SWEEP_SECONDS)
            peace.passes(self.stack, peace.SWEEP_SECONDS)

    def _add(self, random: Random) -> None:
        stores = random.choice(((StoreName.CSCART,), (StoreName.WEBASYST,), tuple(StoreName)))
        preferred = self.stack.setting.connection.preferred
        self.people.stock_one(tuple(sorted(stores, key=lambda store: store is preferred)), random.randint(1, 2))

    def move(self, steps: int, *, orders: bool = True) -> None:
        """What merchants and shoppers do meanwhile."""
        acts = (self.people.edit, self.people.edit, self.people.edit, *((self.people.buy, self.people.handle) if orders else ()))
        for _ in range(steps):
            self.people.random.choice(acts)()
        if self.people.random.random() < 0.4:
            self._add(self.people.random)
        self.stack.clock.sleep(31)

    def kept(self) -> Value:
        """Everything that a plan may change, by (store, record, key, field)."""
        found: Value = {}
        for store, shop in self.stack.stores.items():
            for key in shop.shelf:
                found |= _of_product(store, shop.products([str(key)])[0])
            for order in shop.orders_kept.values():
                found[store, "order", order.id, "status"] = order.status
        return found


def _of_product(store: StoreName, product: Product) -> Value:
    found: Value = {(store, product.id, "product", "sku"): product.variants[0].sku.strip()}
    found[store, product.id, Group.MEDIA.value, "images"] = [image.key for image in product.images]
    for group in SHARED:
        found |= {(store, product.id, group.value, name): value for name, value in fields.of_product(product, group).items()}
    for variant in product.variants:
        for group in VARIANT_GROUPS:
            values = fields.of_variant(variant, group)
            found |= {(store, product.id, f"{group}:{variant.id}", name): value for name, value in values.items()}
    return found


def changed(before: Value, after: Value) -> Value:
    return {key: value for key, value in after.items() if before.get(key, ...) != value}


def planned(entries: list[Entry]) -> Value:
    """The fields that a plan would change, and what it would make of them. A change to the same value is none."""
    found: Value = {}
    for entry in entries:
        if entry.action is Action.PLANNED and "key" in entry.data and entry.group not in ("order", "status"):
            old, new = fields.read(entry.old), fields.read(entry.new)
            moved = {name: value for name, value in new.items() if old.get(name, ...) != value}
            found |= {(entry.store, entry.record_id, entry.data["key"], name): value for name, value in moved.items()}
    return found


def states(request: pytest.FixtureRequest, first: int = 0) -> range:
    return range(first, first + int(request.config.getoption("--generated-states")))
