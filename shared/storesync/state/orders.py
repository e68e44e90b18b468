"""What is remembered of orders."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from ..domain.links import OrderLink
from ..domain.model import StoreName
from .documents import document, value
from .items import Item
from .rows import padded
from .scope import Fenced, Scope


class Orders(Scope):
    """The item under an order's origin is the truth; the item under its other id points to it, and to nothing else ever after."""

    def order(self, store: StoreName, order_id: str) -> OrderLink | None:
        found = self.table.get(self._pk("order", store), padded(order_id))
        if found and "at" in found.data:
            found = self.table.get(self._pk("order", found.data["at"]), padded(found.data["id"]))
        return _link(found) if found else None

    def known_orders(self, store: StoreName, order_ids: Collection[str]) -> set[str]:
        """Those of these ids that something is remembered of."""
        found = self.table.get_many((self._pk("order", store), padded(order_id)) for order_id in order_ids)
        kept = {item.sk for item in found}
        return {order_id for order_id in order_ids if padded(order_id) in kept}

    def orders_of(self, origin: StoreName, after: str = "") -> Iterator[OrderLink]:
        """Links of the orders placed there, in order of id from behind `after`."""
        for item in self.table.query(self._pk("order", origin), after=padded(after) if after else ""):
            if "at" not in item.data:
                yield _link(item)

    def save_order(self, link: OrderLink, lease: Fenced | None = None) -> OrderLink:
        """Raises LeaseLost also when one of the ids belongs to another order: read again, that is what `order` then tells.

        The version fences a worker that lost its lease, so one plain write does. The counterpart's id is claimed before, once: a
        claim without its link is one that the next try makes again.
        """
        own, other = link.id_in(link.origin), link.id_in(link.origin.other)
        claims = bool(other) and not link.claimed
        data = {name: found for name, found in document(replace(link, claimed=bool(other))).items() if name != "version"}
        item = Item(self._pk("order", link.origin), padded(own), data, link.version)
        if claims:
            pointer = {"at": link.origin, "id": own}
            self.table.transact([(Item(self._pk("order", link.origin.other), padded(other), pointer, owner=f"{link.origin}#{own}"), None)])
        self.table.transact([(item, link.version)], self._fence(lease))
        return replace(link, claimed=bool(other), version=link.version + 1)


def _link(item: Item) -> OrderLink:
    return value(OrderLink, item.data | {"version": item.version}, ("intended_at", "read_at"), origin=StoreName)
