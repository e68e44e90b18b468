"""Looks for SKUs in the other store, and keeps its hands off those that are empty, not unique, or spelled differently in the two."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from ..domain.model import Product, StoreName, Variant, sku_key
from ..errors import CatalogueUnread, DuplicateSku
from .index import SkuIndex
from .ports import World

Entry = tuple[str, str, str]


class SkuSearch:
    """For products of `source` that have no counterpart yet."""

    def __init__(self, world: World, source: StoreName) -> None:
        self.world, self.source, self.target = world, source, source.other

    def clear(self, products: Sequence[Product]) -> tuple[list[Product], list[tuple[Product, DuplicateSku]]]:
        """Those whose SKUs are beyond doubt, and the others with the reason. Raises CatalogueUnread.

        Webasyst has no look-up by SKU (P3), so what is new there is read first.
        """
        index = SkuIndex(self.world)
        if not index.ready:
            raise CatalogueUnread
        if self.target is StoreName.WEBASYST:
            index.catch_up(self.target)
        doubtful = self._doubtful(products)
        problems = [(product, self._problem(product, doubtful)) for product in products]
        return [product for product, problem in problems if not problem], [(product, problem) for product, problem in problems if problem]

    @staticmethod
    def _problem(product: Product, doubtful: Collection[str]) -> DuplicateSku | None:
        for variant in product.variants:
            if not variant.sku.strip():
                return DuplicateSku("empty SKU", product=product.id, variant=variant.id)
            if sku_key(variant.sku) in doubtful:
                return DuplicateSku("SKU is not unique, or differs only by case", sku=variant.sku.strip())
        return None

    def _doubtful(self, products: Sequence[Product]) -> set[str]:
        """Folded SKUs that stand for several variants of one store, or are spelled differently in the two."""
        spellings: dict[str, set[str]] = defaultdict(set)
        counts: Counter[tuple[StoreName, str]] = Counter()
        for store, variant in self._suspects(products):
            spellings[sku_key(variant.sku)].add(variant.sku.strip())
            counts[store, sku_key(variant.sku)] += 1
        several = {folded for (_, folded), count in counts.items() if count > 1}
        return several | {folded for folded, written in spellings.items() if len(written) > 1}

    def _suspects(self, products: Sequence[Product]) -> Iterator[tuple[StoreName, Variant]]:
        """Variants as they are now. The index only says whom to ask: it may be behind, and not know these products yet."""
        skus = {variant.sku.strip() for product in products for variant in product.variants if variant.sku.strip()}
        mine = {product.id for product in products}
        known = {variant.id for product in products for variant in product.variants}
        for product in products:
            yield from ((self.source, variant) for variant in product.variants)
        for store in StoreName:
            entries = self.world.links.skus(store, skus).values()
            own = known if store is self.source else set[str]()
            ids = {product_id for found in entries if _unclear(found, skus, own) for _, product_id, _ in found}
            ids -= mine if store is self.source else set()
            for product in self.world.store(store).products(sorted(ids)) if ids else ():
                if store is not self.source or product.id not in mine:
                    yield from ((store, variant) for variant in product.variants)

    # -- where they are

    def candidates(self, products: Sequence[Product]) -> dict[str, Product]:
        """Exact SKU -> product of the target, as it is now. The index says where to look; CS-Cart is asked itself as well."""
        skus = {variant.sku.strip() for product in products for variant in product.variants}
        if not skus:
            return {}
        store = self.world.store(self.target)
        ids = {product_id for entries in self.world.links.skus(self.target, skus).values() for _, product_id, _ in entries}
        here = _by_sku(store.products(sorted(ids)) if ids else ())
        missing = skus - here.keys()
        if missing and self.target is StoreName.CSCART:
            here |= _by_sku(store.find(sorted(missing)))
        return {sku: product for sku, product in here.items() if sku in skus}

    def carried(self, product: Product, target: Product, strays: Collection[str]) -> bool:
        """Whether a variant of the target is one of another product here: then the two shops cut their products differently, unless it is
        on its way to this one (`strays`).
        """
        own = {variant.sku.strip() for variant in product.variants}
        others = {variant.sku.strip() for variant in target.variants} - own - {"", *strays}
        entries = self.world.links.skus(self.source, others) if others else {}
        return any(product_id != product.id and sku in others for found in entries.values() for sku, product_id, _ in found)


def _unclear(entries: Sequence[Entry], skus: Collection[str], own: Collection[str]) -> bool:
    """`own`: the variants in question, where they are looked for in their own store."""
    found = {variant_id for _, _, variant_id in entries}
    return len(found) > 1 or bool(own and found.difference(own)) or any(sku not in skus for sku, _, _ in entries)


def _by_sku(products: Iterable[Product]) -> dict[str, Product]:
    return {variant.sku.strip(): product for product in products for variant in product.variants}
