"""Finds the counterpart of each product: by its link, else by SKU, trimmed and case-sensitive. A doubtful match is a conflict, never a guess."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..domain.links import Row
from ..domain.model import Product, StoreName, Variant, sku_key
from ..errors import CatalogueUnread, DuplicateSku
from .index import SkuIndex
from .ports import World


@dataclass(frozen=True, slots=True)
class Match:
    """A product with what is known of it: its rows, its counterpart and the pairs of variant ids (source -> target).

    No target: to be created, or, when it was linked before, its counterpart is gone.
    """

    source: Product
    rows: Mapping[StoreName, tuple[Row, ...]] = field(default_factory=dict)
    target: Product | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    linked: bool = False


def merged_prints(rows: Iterable[Row]) -> dict[str, str]:
    return {key: value for row in rows for key, value in row.prints.items()}


def linked_variants(rows: Iterable[Row]) -> dict[str, str]:
    return {ours: theirs for row in rows for ours, (theirs, _) in row.variants.items() if theirs}


class Matching:
    """For one batch. Reads the counterparts in as few calls as the stores allow."""

    def __init__(self, world: World, source: StoreName) -> None:
        self.world, self.source, self.target = world, source, source.other

    def match(self, products: Sequence[Product]) -> tuple[list[Match], list[tuple[Product, DuplicateSku]]]:
        rows = self.world.links.of_product(self.source, [product.id for product in products])
        matches: list[Match] = []
        fresh: list[Product] = []
        targets = self._targets(rows)
        for product in products:
            known = tuple(rows.get(product.id, ()))
            counterparts = {row.counterpart for row in known if row.counterpart}
            if counterparts & targets.keys():
                matches.append(self._linked(product, known, [targets[item] for item in counterparts if item in targets]))
            else:
                fresh.append(product)
        found, refused = self._by_sku(fresh, rows)
        return matches + found, refused

    def _targets(self, rows: Mapping[str, list[Row]]) -> dict[str, Product]:
        wanted = {row.counterpart for several in rows.values() for row in several if row.counterpart}
        read = self.world.store(self.target).products(sorted(wanted)) if wanted else []
        return {product.id: product for product in read}

    def _linked(self, product: Product, known: tuple[Row, ...], targets: Sequence[Product]) -> Match:
        target = targets[0]
        theirs = self.world.links.of_product(self.target, [target.id]).get(target.id, [])
        rows = {self.source: known, self.target: tuple(theirs)}
        pairs = linked_variants(known) | self._new_pairs(product, target, linked_variants(known))
        whole = len(targets) == 1 and {row.counterpart for row in theirs if row.counterpart} <= {product.id}
        return Match(product, rows, target, pairs, whole, linked=True)

    @staticmethod
    def _new_pairs(product: Product, target: Product, known: Mapping[str, str]) -> dict[str, str]:
        """Variants that were added on both sides with one SKU since the products were linked."""
        taken = set(known.values())
        free = {variant.sku.strip(): variant.id for variant in target.variants if variant.id not in taken and variant.sku.strip()}
        return {item.id: free[item.sku.strip()] for item in product.variants if item.id not in known and item.sku.strip() in free}

    def _by_sku(self, fresh: Sequence[Product], rows: Mapping[str, list[Row]]) -> tuple[list[Match], list[tuple[Product, DuplicateSku]]]:
        refused: list[tuple[Product, DuplicateSku]] = []
        good: list[Product] = []
        self._know(fresh)
        unclear = self._unclear(fresh)
        for product in fresh:
            problem = self._problem(product, unclear)
            if problem:
                refused.append((product, problem))
            else:
                good.append(product)
        candidates = self._candidates(good)
        return [self._fresh(product, tuple(rows.get(product.id, ())), candidates) for product in good], refused

    def _know(self, fresh: Sequence[Product]) -> None:
        """Raises CatalogueUnread. Webasyst has no look-up by SKU (P3), so what is new there is read; CS-Cart is asked itself."""
        index = SkuIndex(self.world)
        if fresh and not index.ready:
            raise CatalogueUnread
        if fresh and self.target is StoreName.WEBASYST:
            index.catch_up(self.target)

    def _unclear(self, products: Sequence[Product]) -> set[str]:
        """Folded SKUs that stand for more than one variant in a store, or are spelled differently in the two."""
        skus = {variant.sku.strip() for product in products for variant in product.variants if variant.sku.strip()}
        doubtful: dict[StoreName, list[tuple[str, str, str]]] = {}
        for store in StoreName:
            found = self.world.links.skus(store, skus).values()
            doubtful[store] = [
                entry for entries in found if len(entries) > 1 or {entry[0] for entry in entries} - skus for entry in entries
            ]
        spellings: dict[str, set[str]] = defaultdict(set)
        own: Counter[tuple[StoreName, str]] = Counter()
        for store, variant in self._now(doubtful, products):
            spellings[sku_key(variant.sku)].add(variant.sku.strip())
            own[store, sku_key(variant.sku)] += 1
        several = {folded for (_, folded), count in own.items() if count > 1}
        return several | {folded for folded, written in spellings.items() if len(written) > 1}

    def _now(
        self, doubtful: Mapping[StoreName, Sequence[tuple[str, str, str]]], products: Sequence[Product]
    ) -> Iterator[tuple[StoreName, Variant]]:
        """Variants as they are: the index may be behind, so a store is asked before a SKU is called doubtful."""
        for store, entries in doubtful.items():
            ids = {product_id for _, product_id, _ in entries}
            here = list(products) if store is self.source else []
            others = ids - {product.id for product in here}
            here += [item for item in (self.world.store(store).products(sorted(others)) if others else ()) if item.id not in ids - others]
            for product in here:
                for variant in product.variants:
                    yield store, variant

    @staticmethod
    def _problem(product: Product, unclear: Collection[str]) -> DuplicateSku | None:
        for variant in product.variants:
            if not variant.sku.strip():
                return DuplicateSku("empty SKU", product=product.id, variant=variant.id)
            if sku_key(variant.sku) in unclear:
                return DuplicateSku("SKU is not unique", sku=variant.sku.strip())
        return None

    def _candidates(self, products: Sequence[Product]) -> dict[str, Product]:
        """Exact SKU -> product of the target, as it is now: the index says where to look, and is brought up to date before."""
        skus = {variant.sku.strip() for product in products for variant in product.variants}
        if not skus:
            return {}
        store = self.world.store(self.target)
        ids = {product_id for entries in self.world.links.skus(self.target, skus).values() for _, product_id, _ in entries}
        read = store.products(sorted(ids)) if ids else []
        here = {variant.sku.strip(): product for product in read for variant in product.variants}
        missing = skus - here.keys()
        if missing and self.target is StoreName.CSCART:
            for product in store.find(sorted(missing)):
                here.update({variant.sku.strip(): product for variant in product.variants})
        return {sku: product for sku, product in here.items() if sku in skus}

    def _fresh(self, product: Product, known: tuple[Row, ...], candidates: Mapping[str, Product]) -> Match:
        hits = {variant.id: candidates[variant.sku.strip()] for variant in product.variants if variant.sku.strip() in candidates}
        if not hits:
            return Match(product, {self.source: known, self.target: ()}, linked=any(row.counterpart for row in known))
        targets = {target.id: target for target in hits.values()}
        target = next(iter(targets.values()))
        pairs = self._new_pairs(product, target, {})
        theirs = self.world.links.of_product(self.target, [target.id]).get(target.id, [])
        whole = len(targets) == 1 and not {row.counterpart for row in theirs if row.counterpart} - {product.id}
        return Match(product, {self.source: known, self.target: tuple(theirs)}, target, pairs, whole)
