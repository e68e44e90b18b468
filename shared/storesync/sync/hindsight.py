"""What was remembered may be older than what both shops hold: the state was put back to an earlier day, or rested for long.

Then a value that moved in both shops alike, since it was kept, was most likely brought from one to the other by us, and forgotten. Counts
would be added up, as two sales of one size, and images sent once more; both are taken as never agreed on, so that what is equal stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property

from ..domain import fields, prints
from ..domain.changes import SWEEP
from ..domain.connection import Policy
from ..domain.model import Group, StoreName
from ..domain.planning import Pair, policy_of
from .ports import World

REST = timedelta(hours=6)
RUNS = 8


class Hindsight:
    """For one pass. Looks at runs and journal only where something moved in both shops alike."""

    def __init__(self, world: World) -> None:
        self.world = world

    def of(self, pair: Pair) -> Pair:
        now = {store: prints.of(pair.side(store).product) for store in StoreName}
        alike = [*self._counts(pair, now), *self._images(pair, now)]
        if not alike:
            return pair
        forgotten = {store: {keys[store] for keys in alike} for store in StoreName}
        sides = {
            store: replace(pair.side(store), prints={k: v for k, v in pair.side(store).prints.items() if k not in forgotten[store]})
            for store in StoreName
        }
        return replace(pair, cscart=sides[StoreName.CSCART], webasyst=sides[StoreName.WEBASYST])

    def _counts(self, pair: Pair, now: dict[StoreName, dict[str, str]]) -> Iterator[dict[StoreName, str]]:
        if policy_of(self.world.connection, Group.STOCK) is not Policy.TWO_WAY:
            return
        for ours, theirs in pair.variants.items():
            keys = {StoreName.CSCART: prints.key(Group.STOCK, ours), StoreName.WEBASYST: prints.key(Group.STOCK, theirs)}
            if ours in pair.agreed or not _moved(pair, now, keys) or len({now[store][key] for store, key in keys.items()}) > 1:
                continue
            variant = pair.cscart.product.variant(ours)
            if self.rested or (variant and self._was_written(variant.sku.strip(), now[StoreName.CSCART][keys[StoreName.CSCART]])):
                yield keys

    def _images(self, pair: Pair, now: dict[StoreName, dict[str, str]]) -> Iterator[dict[StoreName, str]]:
        keys = dict.fromkeys(StoreName, prints.key(Group.MEDIA))
        as_many = len(pair.cscart.product.images) == len(pair.webasyst.product.images)
        if as_many and _moved(pair, now, keys) and self.rested:
            yield keys

    def alike(self, counts: Mapping[str, int | None]) -> bool:
        """Whether CS-Cart shows the same counts as Webasyst does, by the ids of Webasyst's variants."""
        if not self.rested:
            return False
        claims = self.world.links.claims(StoreName.WEBASYST, counts)
        products = self.world.store(StoreName.CSCART).products(sorted({claim.counterpart_product for claim in claims.values()}))
        here = {variant.id: variant.stock for product in products for variant in product.variants}
        return all(item in claims and here.get(claims[item].counterpart_variant, "") == count for item, count in counts.items())

    @cached_property
    def rested(self) -> bool:
        """Whether the last sweep of a store that came to its end is hours ago: what has moved since was not looked at yet."""
        rest = max(REST, timedelta(seconds=3 * self.world.connection.sweep_period))
        return any(self.world.clock.now() - ended > rest for store in StoreName if (ended := self._ended(store)))

    def _ended(self, store: StoreName) -> datetime | None:
        return next((run.finished for run in self.world.streams.runs(f"{SWEEP}:{store}", RUNS) if run.outcome == "done"), None)

    def _was_written(self, sku: str, count: str) -> bool:
        """Whether the last count that a pass wrote for it is the one that both shops show: it was kept, and is not remembered."""
        written = (entry for entry in self.world.journal.history("product", sku, RUNS) if entry.group == Group.STOCK and entry.new)
        newest = next(written, None)
        return newest is not None and str(fields.read(newest.new).get("stock")) == count


def _moved(pair: Pair, now: dict[StoreName, dict[str, str]], keys: dict[StoreName, str]) -> bool:
    return all(key in now[store] and pair.side(store).prints.get(key, now[store][key]) != now[store][key] for store, key in keys.items())
