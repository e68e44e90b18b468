"""Both shops in memory with a few products that are linked when an order needs them, and what became of an order."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.journal import Action, Entry
from storesync.domain.links import OrderLink
from storesync.domain.model import StoreName
from storesync.domain.orders import Address, Customer, Order
from storesync.domain.statuses import propose
from storesync.sync.orders import apply_change
from storesync.sync.pausing import RESUMED

from tests.fakes.state import MemoryState
from tests.fakes.stores_cscart import LETTERS
from tests.integration.product_scene import OURS, THEIRS, Scene
from tests.sandbox.webasyst.states import STATES

BUYER = Customer("", "Ann", "Bee", "ann@example.test", "+7 900 123-45-67")
HOME = Address("Ann", "Bee", "Street 1", "Town", "MOS", "Moscow", "101000", "RU", "79001234567")


class OrdersShop(Scene):
    """CUP costs 10.00, BOX 12.50; nine of each in CS-Cart."""

    def __init__(self, counting: str = "processing", **settings: Any) -> None:
        super().__init__()
        self.webasyst.stock_counting = counting
        self.change(statuses=propose(LETTERS, STATES), **settings)
        self._indexed()
        self.add(OURS, "CUP", stock=9)
        self.add(OURS, "BOX", stock=9, price="12.50")

    def _indexed(self) -> None:
        """As after a first sweep, without which no product is matched."""
        for store in StoreName:
            self.state.streams().save_cursor(f"indexed:{store}", self.clock.now().isoformat())

    # -- people

    def buy(self, buyer: Customer = BUYER, **pieces_and_fields: Any) -> str:
        """`CUP=2` are pieces, everything in lower case a field of the order."""
        pieces = {self.variant(OURS, sku).id: count for sku, count in pieces_and_fields.items() if sku.isupper()}
        fields = {name: value for name, value in pieces_and_fields.items() if not name.isupper()}
        return self.cscart.place(pieces, buyer, address=HOME, **fields)

    def sell(self, buyer: Customer = BUYER, **pieces: int) -> str:
        """In Webasyst, where the products have to be known."""
        return self.webasyst.sell({self.variant(THEIRS, sku).id: count for sku, count in pieces.items()}, buyer)

    def edit(self, order_id: str, **pieces: int) -> None:
        """In CS-Cart."""
        order = self.ours(order_id)
        self.cscart.rebuild(order_id, [replace(line, quantity=pieces.get(line.sku, line.quantity)) for line in order.lines])

    def edit_there(self, order_id: str, **pieces: int) -> None:
        """In Webasyst: the mirror of `order_id`."""
        there = self.mirror(order_id)
        lines = [replace(line, quantity=pieces.get(line.sku, line.quantity)) for line in there.lines]
        self.webasyst.save_order(there.id, lines, discount=there.discount)

    # -- the engine

    def hint(self, order_id: str, store: StoreName = OURS, cause: Cause = Cause.HOOK, *, resumed: bool = False) -> dict[str, int]:
        self.clock.sleep(5)
        seen = f"{self.clock.now().isoformat()}{RESUMED if resumed else ''}"
        return apply_change(self.world, Change("main", Kind.ORDER, store, (order_id,), cause, seen))

    def mirrored(self, **pieces_and_fields: Any) -> str:
        made = self.buy(**pieces_and_fields)
        self.hint(made)
        self.clock.sleep(60)
        return made

    def forget(self) -> None:
        """The tables are lost."""
        self.state = MemoryState(self.clock.unix)
        self.state.connections.save(self.connection)
        self._indexed()

    def later(self, **time: float) -> None:
        self.clock.sleep(timedelta(**time).total_seconds())

    # -- what became of it

    def ours(self, order_id: str) -> Order:
        return self.cscart.order_seen(int(order_id))

    def mirrors(self, order_id: str) -> list[Order]:
        return [
            self.webasyst.order_seen(key) for key, order in self.webasyst.orders_kept.items() if order.marker == f"main:cscart:{order_id}"
        ]

    def mirror(self, order_id: str) -> Order:
        (found,) = self.mirrors(order_id)
        return found

    def link(self, order_id: str, store: StoreName = OURS) -> OrderLink:
        found = self.state.links().order(store, order_id)
        assert found is not None
        return found

    def told(self, order_id: str, *actions: Action, group: str = "order") -> list[Entry]:
        """Oldest first; what an order was parked or deleted for is of no group."""
        entries = reversed(self.state.journal().history("order", order_id))
        return [entry for entry in entries if entry.action in actions and entry.group in (group, "")]

    def aside(self) -> list[tuple[StoreName, str, str]]:
        return [(item.store, item.record_id, item.reason) for item in self.state.links().parked("order")]

    def stock(self, sku: str) -> tuple[int | None, int | None]:
        return self.variant(OURS, sku).stock, self.variant(THEIRS, sku).stock

    def reserved(self) -> dict[str, dict[str, int]]:
        return {key: dict(pieces) for key, pieces in self.state.links().reservations().items()}

    def hinted(self) -> list[tuple[StoreName, tuple[str, ...]]]:
        """Products that wait to be looked at; taken out."""
        found = [(change.store, change.ids) for change in self.state.queue.changes if change.kind is Kind.PRODUCT]
        self.state.queue.waiting.clear()
        return found


def pieces(order: Order) -> dict[str, int]:
    return {line.sku: int(line.quantity) for line in order.lines}


def read(text: str) -> Any:
    return json.loads(text)
