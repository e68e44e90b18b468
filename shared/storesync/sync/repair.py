"""Repair by policy: what a proof lists is compared anew and brought together by the same engine as everything else."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..domain import prints
from ..domain.changes import Cause, Change, Kind
from ..domain.comparison import Difference
from ..domain.links import Row
from ..domain.model import Group, Product, StoreName
from .leases import LEASE_SECONDS, patient_lease
from .ports import Lease, World

QUESTION = "repair"
BATCH = 100
_GROUPS = {
    **dict.fromkeys(("price", "compare_price"), Group.PRICE),
    **dict.fromkeys(("sku", "available"), Group.IDENTITY),
    **dict.fromkeys(("visibility", "categories"), Group.LISTING),
    "stock": Group.STOCK,
    "images": Group.MEDIA,
}


def group_of(field: str) -> Group:
    """The group that a field of a proof belongs to."""
    return _GROUPS.get(field, Group.CONTENT)


class Repair:
    """A field that moved on one side flows to the other, as ever. Where neither side is known to have moved, what was remembered is
    forgotten first, so that the connection's policy decides anew instead of nothing being seen."""

    def __init__(self, world: World) -> None:
        self.world = world

    def run(self, differences: Iterable[Difference]) -> dict[str, int]:
        groups: dict[str, set[Group]] = defaultdict(set)
        orders: set[str] = set()
        for one in differences:
            if one.kind == "order":
                orders.add(one.subject)
            else:
                groups[one.subject].add(group_of(one.field))
        queued = sum(self._products(store, groups) for store in StoreName)
        self.world.queue.send([self._change(Kind.ORDER, StoreName.CSCART, (order_id,)) for order_id in sorted(orders)])
        return {"products": queued, "orders": len(orders)}

    def _products(self, store: StoreName, groups: Mapping[str, set[Group]]) -> int:
        """CS-Cart's products and, of the other store, those that have no counterpart there."""
        ids = self._ids(store, groups)
        if store is StoreName.WEBASYST:
            ids = {product_id: skus for product_id, skus in ids.items() if not self._linked(store, product_id)}
        for batch in _batches(sorted(ids)):
            if store is StoreName.CSCART:
                with patient_lease(self.world, "products", LEASE_SECONDS) as lease:
                    self._forget(batch, {item: set().union(*(groups[sku] for sku in ids[item])) for item in batch}, lease)
            self.world.queue.send([self._change(Kind.PRODUCT, store, tuple(batch))])
        return len(ids)

    def _ids(self, store: StoreName, groups: Mapping[str, set[Group]]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for entries in self.world.links.skus(store, list(groups)).values():
            for sku, product_id, _ in entries:
                if sku in groups:
                    found[product_id].add(sku)
        return found

    def _linked(self, store: StoreName, product_id: str) -> bool:
        return any(row.counterpart for row in self.world.links.of_product(store, [product_id]).get(product_id, ()))

    def _forget(self, ids: Sequence[str], groups: Mapping[str, set[Group]], lease: Lease) -> None:
        ours = {product.id: product for product in self.world.store(StoreName.CSCART).products(ids)}
        rows = self.world.links.of_product(StoreName.CSCART, list(ours))
        theirs = {row.counterpart for several in rows.values() for row in several if row.counterpart}
        there = {product.id: product for product in self.world.store(StoreName.WEBASYST).products(sorted(theirs))} if theirs else {}
        back = self.world.links.of_product(StoreName.WEBASYST, sorted(theirs))
        for product_id, known in rows.items():
            pairs = [(row, ours[product_id]) for row in known]
            pairs += [(row, there[item]) for item in {row.counterpart for row in known} if item in there for row in back.get(item, ())]
            blind = {group for group in groups.get(product_id, ()) if not any(_moved(row, product, group) for row, product in pairs)}
            if blind:
                self.world.links.save([_without(row, blind) for row, _ in pairs], lease)

    def _change(self, kind: Kind, store: StoreName, ids: tuple[str, ...]) -> Change:
        return Change(self.world.connection.id, kind, store, ids, Cause.CONSOLE, self.world.clock.now().isoformat())


def _of(name: str, group: Group) -> bool:
    return name.split(":")[0] == group


def _moved(row: Row, product: Product, group: Group) -> bool:
    now = prints.of(product)
    return any(_of(name, group) and now.get(name, kept) != kept for name, kept in row.prints.items())


def _without(row: Row, groups: Iterable[Group]) -> Row:
    return row.with_prints({name: kept for name, kept in row.prints.items() if not any(_of(name, group) for group in groups)})


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for at in range(0, len(ids), BATCH):
        yield ids[at : at + BATCH]
