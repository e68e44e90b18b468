"""What all steps of one order's synchronisation share: the world, the lease, the link as it stands, and the journal."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..domain import order_comparison as comparison
from ..domain.changes import Cause
from ..domain.connection import Connection
from ..domain.journal import Action, Entry
from ..domain.links import OrderLink
from ..domain.model import StoreName
from ..domain.orders import Order
from .leases import LEASE_SECONDS
from .ports import Lease, Store, World

Both = dict[StoreName, Order]


def origin_of(connection: Connection, store: StoreName, order: Order) -> tuple[StoreName, str]:
    """Where an order was placed, and its id there: our marker tells."""
    parts = order.marker.split(":")
    if len(parts) == 3 and parts[0] == connection.id and parts[1] in tuple(StoreName):
        return StoreName(parts[1]), parts[2]
    return store, order.id


def place_of(world: World, store: StoreName, order: Order) -> tuple[StoreName, str]:
    """As `origin_of`, but a shopper may write a mark into the notes of an order, too: one that stands for another order, or for one
    that nobody asked us to take over, makes no mirror."""
    origin, origin_id = origin_of(world.connection, store, order)
    if origin is store or origin is StoreName.CSCART:
        return origin, origin_id
    link = world.links.order(origin, origin_id)
    ours = link.id_in(store) in ("", order.id) if link else world.connection.orders_to_cscart
    return (origin, origin_id) if ours else (store, order.id)


@dataclass(slots=True)
class OrderWork:
    """One order under its lease. `link` is what the state holds, `draft` what it shall hold when the pass ends: what is lost with a
    worker that dies is found again by the mark. `both` are the orders as last read, at `began` or later. `resumed`: it had to wait for a
    shop or for the owner, and what it waited with may be about either side. `differences`: amounts that were found to be off, None when
    nobody has compared them."""

    world: World
    lease: Lease
    origin: StoreName
    origin_id: str
    cause: Cause
    run: str = ""
    link: OrderLink | None = None
    resumed: bool = False
    both: Both = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    entries: list[Entry] = field(default_factory=list)
    began: datetime | None = None
    differences: dict[str, str] | None = None
    draft: OrderLink = field(init=False)

    def __post_init__(self) -> None:
        cscart, webasyst = (self.origin_id, "") if self.origin is StoreName.CSCART else ("", self.origin_id)
        self.draft = self.link or OrderLink(self.origin, cscart, webasyst)

    @property
    def connection(self) -> Connection:
        return self.world.connection

    def store(self, name: StoreName) -> Store:
        """For writing: raises LeaseLost when the right to do so has ended."""
        self.lease.extend(LEASE_SECONDS)
        return self.world.store(name)

    def read(self, name: StoreName, order_id: str) -> Order | None:
        return next(iter(self.world.store(name).orders([order_id])), None)

    def note(self, **changes: Any) -> None:
        self.draft = replace(self.draft, **changes)

    def save(self, *, done: bool = False) -> None:
        """The draft, if it says something new. Raises LeaseLost when another worker saved the link in the meantime.

        Only what is `done` counts as looked at: a pass that ends in its middle has not done what its hint was about.
        """
        if self.draft != self.link:
            seen = self.began if done and self.both and self.began else self.draft.read_at
            self.link = self.draft = self.world.links.save_order(replace(self.draft, read_at=seen))

    def agreed(self, both: Both, found: Mapping[str, str] | None = None) -> None:
        """Remember both bodies as they are now; `found`: amounts that cannot be brought together."""
        ids = {f"{name}_id": order.id for name, order in both.items()}
        prints = {f"{name}_print": comparison.body_print(order, name) for name, order in both.items()}
        self.note(**ids, **prints, intended_at=None, differs=bool(found))
        self.differences = dict(found or {})

    def entry(
        self, action: Action, store: StoreName | None, group: str = "", old: str = "", new: str = "", rule: str = "", loser: str = ""
    ) -> None:
        """`store` is the one that was written to; the subject is the order's number where it was placed."""
        record = (self.draft.id_in(store) if store else "") or self.origin_id
        entry = Entry("order", self.origin_id, action, store or "", record, group, old, new, rule, self.cause, self.run, loser)
        self.entries.append(replace(entry, at=self.world.clock.now()))

    def tell(self) -> None:
        """Write down what was done, also when the pass ends in an error."""
        if self.entries:
            self.world.journal.write(self.entries)
            self.entries = []
