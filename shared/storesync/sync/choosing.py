"""A side is chosen by the owner: where a product differs, that shop's values count as the newer ones, and the engine does the rest."""

from collections.abc import Iterable, Mapping, Sequence

from ..domain import comparison, prints
from ..domain.changes import Cause, Change, Kind
from ..domain.comparison import Counterparts, Difference
from ..domain.links import Row
from ..domain.model import PRODUCT_GROUPS, Group, Product, StoreName
from .leases import LEASE_SECONDS, patient_lease
from .ports import World
from .repair import group_of

QUESTION = "choose"
# What no value prints as now, yet can be read as one: a side that is remembered so has moved since.
_OTHER = {Group.PRICE: ("0/0", "1/0"), Group.STOCK: ("0", "1")}


class Choice:
    """Groups that the policy lets flow one way only are not turned round."""

    def __init__(self, world: World) -> None:
        self.world = world

    def run(self, winner: StoreName, cscart_id: str) -> dict[str, int]:
        """Writes nothing to a shop: what is remembered is changed, then the product is looked at like any other."""
        with patient_lease(self.world, "products", LEASE_SECONDS) as lease:
            ours = self.world.links.of_product(StoreName.CSCART, [cscart_id]).get(cscart_id, [])
            webasyst_id = next((row.counterpart for row in ours if row.counterpart), "")
            theirs = self.world.links.of_product(StoreName.WEBASYST, [webasyst_id]).get(webasyst_id, []) if webasyst_id else []
            sides = {
                StoreName.CSCART: self._product(StoreName.CSCART, cscart_id),
                StoreName.WEBASYST: self._product(StoreName.WEBASYST, webasyst_id),
            }
            cscart, webasyst = sides[StoreName.CSCART], sides[StoreName.WEBASYST]
            if cscart is None or webasyst is None:
                return {"gone": 1}
            pairs = {variant: counterpart for row in ours for variant, (counterpart, _) in row.variants.items()}
            differing = self._differences(Counterparts(cscart, webasyst, pairs))
            rows = {StoreName.CSCART: ours, StoreName.WEBASYST: theirs}
            wanted = {StoreName.CSCART: _keys(differing, cscart, {}), StoreName.WEBASYST: _keys(differing, cscart, pairs)}
            moved = _remembered(rows[winner], cscart if winner is StoreName.CSCART else webasyst, wanted[winner], moved=True)
            still = _remembered(rows[winner.other], webasyst if winner is StoreName.CSCART else cscart, wanted[winner.other], moved=False)
            self.world.links.save([*moved, *still], lease)
        ids = (cscart_id if winner is StoreName.CSCART else webasyst_id,)
        stamp = self.world.clock.now().isoformat()
        self.world.queue.send([Change(self.world.connection.id, Kind.PRODUCT, winner, ids, Cause.CONSOLE, stamp)])
        return {"differing": len(differing)}

    def _product(self, store: StoreName, product_id: str) -> Product | None:
        return next(iter(self.world.store(store).products([product_id])), None) if product_id else None

    def _differences(self, pair: Counterparts) -> Sequence[Difference]:
        fits = {store: self.world.store(store).fit for store in StoreName}
        return comparison.products(self.world.connection, pair, fits)


def _keys(differing: Iterable[Difference], cscart: Product, pairs: Mapping[str, str]) -> set[str]:
    """Names of prints: with `pairs` those of the other store's variants."""
    found = set()
    for one in differing:
        group = group_of(one.field)
        if group in PRODUCT_GROUPS:
            found.add(prints.key(group))
            continue
        ids = [variant.id for variant in cscart.variants if variant.sku.strip() == one.subject]
        found |= {prints.key(group, pairs.get(item, item)) for item in ids}
    return found


def _remembered(rows: Sequence[Row], product: Product, names: set[str], *, moved: bool) -> list[Row]:
    now = prints.of(product)
    changed = []
    for row in rows:
        fresh = {name: _other(name, now[name]) if moved else now[name] for name in names if name in row.prints and name in now}
        if fresh:
            changed.append(row.with_prints({**row.prints, **fresh}))
    return changed


def _other(name: str, value: str) -> str:
    choices = _OTHER.get(Group(name.split(":")[0]), ("-", "--"))
    return next(one for one in choices if one != value)
