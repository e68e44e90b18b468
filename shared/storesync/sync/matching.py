"""Finds the counterpart of each product: by its link, else by SKU, trimmed and case-sensitive. A doubtful match is a conflict, never a guess."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..domain.links import Row
from ..domain.model import Product, StoreName
from ..errors import MissingLink, RecordError
from . import records
from .ports import World
from .skus import SkuSearch


@dataclass(frozen=True, slots=True)
class Match:
    """A product with what is known of it: its rows, its counterpart and the pairs of variant ids (source -> target).

    No target: to be created, or, when it was linked before, its counterpart is gone. A product that the other shop cuts differently has
    several matches, none of them `whole`. `stale`: product
    ids of the source store that are gone and still hold the target's links.
    """

    source: Product
    rows: Mapping[StoreName, tuple[Row, ...]] = field(default_factory=dict)
    target: Product | None = None
    variants: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    linked: bool = False
    stale: tuple[str, ...] = ()


Found = tuple[list[Match], list[tuple[Product, RecordError]]]


def merged_prints(rows: Iterable[Row]) -> dict[str, str]:
    return {key: value for row in rows for key, value in row.prints.items()}


def linked_variants(rows: Iterable[Row]) -> dict[str, str]:
    return {ours: theirs for row in rows for ours, (theirs, _) in row.variants.items() if theirs}


def new_pairs(product: Product, target: Product, taken: Collection[str], known: Collection[str]) -> dict[str, str]:
    """Unlinked variants of both that carry one SKU."""
    free = {item.sku.strip(): item.id for item in target.variants if item.id not in taken and item.sku.strip()}
    return {item.id: free[item.sku.strip()] for item in product.variants if item.id not in known and item.sku.strip() in free}


@dataclass(frozen=True, slots=True)
class Counterparts:
    """Products of the target that were asked for beforehand, and those of them that are there; the rows of which source products are known."""

    ids: frozenset[str] = frozenset()
    products: tuple[Product, ...] = ()
    sources: frozenset[str] = frozenset()
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)


class Matching:
    """For one batch. Reads the counterparts in as few calls as the stores allow."""

    def __init__(
        self,
        world: World,
        source: StoreName,
        begun: Collection[str] = (),
        read: Counterparts = Counterparts(),
        strays: Mapping[StoreName, Collection[str]] | None = None,
    ) -> None:
        """`begun`: source products whose counterparts were being created when the work was cut off; `strays`: by store,
        SKUs that were being added to products then, and may stand alone there; `read`: what was read of the target.
        """
        self.world, self.source, self.target, self.begun, self.read = world, source, source.other, begun, read
        self.strays = strays or dict.fromkeys(StoreName, ())
        self.skus = SkuSearch(world, source)

    def match(self, products: Sequence[Product]) -> Found:
        """Raises CatalogueUnread when a product without a link is met before both catalogues are known."""
        rows = self._rows(products)
        targets = self._targets(rows)
        matches: list[Match] = []
        fresh: list[Product] = []
        theirs = self.world.links.of_product(self.target, {target.id for target in targets.values()})
        for product in products:
            known = rows.get(product.id, ())
            found = self._linked(product, known, targets, theirs)
            if not found and any(row.counterpart for row in known):
                found = [Match(product, {self.source: known, self.target: ()}, linked=True)]
            matches += found
            fresh += [] if found else [product]
        made, refused = self._by_sku(fresh, rows) if fresh else ([], [])
        return matches + made, refused

    def _rows(self, products: Sequence[Product]) -> dict[str, tuple[Row, ...]]:
        """Of each product, also where a variant was listed under another one before."""
        unknown = [product.id for product in products if product.id not in self.read.sources]
        found: dict[str, Sequence[Row]] = {**self.read.rows}
        found |= self.world.links.of_product(self.source, unknown) if unknown else {}
        wanted = {item for product in products for item in records.row_ids(self.source, product)}
        missing = wanted - {row.id for rows in found.values() for row in rows}
        moved = self.world.links.rows(self.source, missing) if missing else {}
        result = {}
        for product in products:
            known = {row.id: row for row in found.get(product.id, ())}
            known |= {item: moved[item] for item in records.row_ids(self.source, product) if item in moved}
            result[product.id] = tuple(known.values())
        return result

    # -- by their links

    def _targets(self, rows: Mapping[str, Sequence[Row]]) -> dict[str, Product]:
        """Linked variant id of the target -> its product."""
        wanted = {row.counterpart for several in rows.values() for row in several if row.counterpart}
        store = self.world.store(self.target)
        found = self._by_variant(self.read.products)
        if more := wanted - self.read.ids:
            found |= self._by_variant(store.products(sorted(more)))
        if self.target is StoreName.CSCART:
            linked = {theirs for several in rows.values() for theirs in linked_variants(several).values()}
            if missing := linked - found.keys():
                found |= self._by_variant(store.products(sorted(missing)))
        return found

    @staticmethod
    def _by_variant(products: Iterable[Product]) -> dict[str, Product]:
        return {variant.id: product for product in products for variant in product.variants}

    def _linked(
        self, product: Product, known: tuple[Row, ...], targets: Mapping[str, Product], theirs: Mapping[str, Sequence[Row]]
    ) -> list[Match]:
        pairs = linked_variants(known)
        here = {variant.id for variant in product.variants}
        of_target: dict[str, dict[str, str]] = defaultdict(dict)
        products: dict[str, Product] = {}
        for ours, found in pairs.items():
            if ours in here and found in targets:
                products[targets[found].id] = targets[found]
                of_target[targets[found].id][ours] = found
        result = []
        for target_id, linked in of_target.items():
            rows = {self.source: known, self.target: tuple(theirs.get(target_id, ()))}
            whole = len(products) == 1 and not self._elsewhere(product, rows[self.target])
            more = new_pairs(product, products[target_id], set(linked_variants(rows[self.target])) | set(linked.values()), pairs)
            result.append(Match(product, rows, products[target_id], linked | more, whole, linked=True))
        return result

    def _elsewhere(self, product: Product, theirs: Sequence[Row]) -> bool:
        """Whether variants of the counterpart are linked to another product of this store."""
        others = set(linked_variants(theirs).values()) - {variant.id for variant in product.variants}
        return any(claim.product_id != product.id for claim in self.world.links.claims(self.source, others).values()) if others else False

    # -- by SKU

    def _by_sku(self, fresh: Sequence[Product], rows: Mapping[str, tuple[Row, ...]]) -> Found:
        good, refused = self.skus.clear(fresh)
        candidates = self.skus.candidates(good)
        theirs = self.world.links.of_product(self.target, {target.id for target in candidates.values()})
        matches: list[Match] = []
        errors: list[tuple[Product, RecordError]] = list(refused)
        for product in good:
            try:
                matches += self._fresh(product, rows.get(product.id, ()), candidates, theirs)
            except RecordError as error:
                errors.append((product, error))
        return matches, errors

    def _fresh(
        self, product: Product, known: tuple[Row, ...], candidates: Mapping[str, Product], theirs: Mapping[str, Sequence[Row]]
    ) -> list[Match]:
        known_by = product.variants[:1] if product.id in self.begun else product.variants  # the others may be strays of the group to come
        known_by = tuple(item for item in known_by if item.sku.strip() not in self.strays[self.target]) or known_by
        targets = {target.id: target for item in known_by if (target := candidates.get(item.sku.strip()))}
        if not targets:
            return [Match(product, {self.source: known, self.target: ()})]
        result = []
        for target in targets.values():
            rows = tuple(theirs.get(target.id, ()))
            pairs = new_pairs(product, target, (), ())
            stale = self._stale(product, pairs, rows)
            whole = (
                len(targets) == 1
                and not self._elsewhere(product, () if stale else rows)
                and not self.skus.carried(product, target, self.strays[self.source])
            )
            result.append(Match(product, {self.source: known, self.target: rows}, target, pairs, whole, stale=stale))
        return result

    def _stale(self, product: Product, pairs: Mapping[str, str], theirs: Sequence[Row]) -> tuple[str, ...]:
        """Products of this store that held the same counterparts and are gone, asked for by id. One that is still there keeps them."""
        held = {theirs_id: ours for theirs_id, ours in linked_variants(theirs).items() if theirs_id in pairs.values()}
        held = {theirs_id: ours for theirs_id, ours in held.items() if pairs.get(ours) != theirs_id}
        if not held:
            return ()
        claims = self.world.links.claims(self.source, set(held.values())).values()
        holders = {claim.product_id for claim in claims}
        asked = holders | set(held.values()) if self.source is StoreName.CSCART else holders  # where a variation may have left its group
        there = {variant.id: item for item in self.world.store(self.source).products(sorted(asked)) for variant in item.variants}
        for ours in held.values():
            if ours in there and there[ours].id != product.id:
                raise MissingLink("its counterpart belongs to another product", sku=product.variants[0].sku.strip())
        return tuple(sorted(holders))
