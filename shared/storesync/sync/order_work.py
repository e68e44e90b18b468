"""What all steps of one order's synchronisation share: the world, the lease, the link as it stands, and the journal."""

from collections import Counter
from dataclasses import dataclass, field, replace

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


@dataclass(slots=True)
class OrderWork:
    """One order under its lease. `link` is what the state holds now; only `save` changes it. `both` are the orders as last read."""

    world: World
    lease: Lease
    origin: StoreName
    origin_id: str
    cause: Cause
    run: str = ""
    link: OrderLink | None = None
    both: Both = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def connection(self) -> Connection:
        return self.world.connection

    def store(self, name: StoreName) -> Store:
        """For writing: raises LeaseLost when the right to do so has ended."""
        self.lease.extend(LEASE_SECONDS)
        return self.world.store(name)

    def read(self, name: StoreName, order_id: str) -> Order | None:
        return next(iter(self.world.store(name).orders([order_id])), None)

    def save(self, link: OrderLink) -> OrderLink:
        if link != self.link:
            self.link = self.world.links.save_order(link, self.lease)
        assert self.link is not None
        return self.link

    def intention(self) -> OrderLink:
        link = self.link or OrderLink(self.origin)
        ids = {"cscart_id": self.origin_id} if self.origin is StoreName.CSCART else {"webasyst_id": self.origin_id}
        return replace(link, intended_at=self.world.clock.now(), **ids)  # type: ignore[arg-type]

    def agreed(self, both: Both, parked: str = "") -> None:
        """Remember both bodies as they are now."""
        link = self.link or OrderLink(self.origin)
        prints = {name: comparison.body_print(order, name) for name, order in both.items()}
        self.save(
            replace(
                link,
                cscart_id=both[StoreName.CSCART].id,
                webasyst_id=both[StoreName.WEBASYST].id,
                cscart_print=prints[StoreName.CSCART],
                webasyst_print=prints[StoreName.WEBASYST],
                intended_at=None,
                parked=parked,
            )
        )

    def entry(
        self, action: Action, store: StoreName | None, group: str = "", old: str = "", new: str = "", rule: str = "", loser: str = ""
    ) -> None:
        """`store` is the one that was written to; the subject is the order's number where it was placed."""
        entry = Entry("order", self.origin_id, action, store or "", self.origin_id, group, old, new, rule, self.cause, self.run, loser)
        record = self.link.id_in(store) if self.link and store else self.origin_id
        self.world.journal.write([replace(entry, record_id=record or self.origin_id, at=self.world.clock.now())])
