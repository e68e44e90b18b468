"""The index of SKUs that a full scan leaves behind: where to look for one in a store that cannot be asked."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from ..domain.model import Record, StoreName, sku_key
from .items import TRANSACTION, Item, bounded, encoded
from .scope import Fenced, Scope

MOST = 200

Entry = tuple[str, str, str]


class Skus(Scope):
    def skus(self, store: StoreName, skus: Collection[str]) -> dict[str, tuple[Entry, ...]]:
        pk = self._pk("sku", store)
        wanted = {bounded(folded): folded for sku in skus if (folded := sku_key(sku))}
        return {wanted[item.sk]: _entries(item) for item in self.table.get_many((pk, sk) for sk in wanted)}

    def index(self, store: StoreName, records: Sequence[Record], lease: Fenced | None = None) -> None:
        """Entries are added, whoever else adds to the same SKU, and never taken away: a reader asks the store before it believes one."""
        fresh: dict[str, set[Entry]] = defaultdict(set)
        for record in records:
            for variant_id, sku in record.variants:
                if sku_key(sku):
                    fresh[sku_key(sku)].add((sku.strip(), record.product_id, variant_id))
        known = self.skus(store, fresh)
        missing = {folded: _room(entries - set(known.get(folded, ())), known.get(folded, ())) for folded, entries in fresh.items()}
        writes = [(self._item(store, folded, entries), None) for folded, entries in missing.items() if entries]
        for at in range(0, len(writes), TRANSACTION):
            self.table.transact(writes[at : at + TRANSACTION], self._fence(lease))

    def _item(self, store: StoreName, folded: str, entries: set[Entry]) -> Item:
        return Item(self._pk("sku", store), bounded(folded), folded, members=frozenset(encoded(entry) for entry in entries))

    def sku_index(self, store: StoreName) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        """DynamoDB keeps sort keys in the order of their bytes."""
        return ((item.sk, _entries(item)) for item in self.table.query(self._pk("sku", store)))

    def duplicate_skus(self, store: StoreName) -> Iterator[tuple[str, tuple[Entry, ...]]]:
        for item in self.table.query(self._pk("sku", store)):
            if len({variant_id for _, _, variant_id in _entries(item)}) > 1:
                yield item.data, _entries(item)


def _room(entries: set[Entry], known: Collection[Entry]) -> set[Entry]:
    """A SKU that hundreds of products share is no SKU: that it is not unique is all that need be remembered."""
    return set(sorted(entries)[: max(0, MOST - len(known))])


def _entries(item: Item) -> tuple[Entry, ...]:
    """In the order of ids, as far as these are numbers."""
    found = [(sku, product_id, variant_id) for sku, product_id, variant_id in map(json.loads, item.members)]
    return tuple(sorted(found, key=lambda entry: (len(entry[2]), entry[2], entry)))
