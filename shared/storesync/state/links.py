"""The mapping of one connection: rows and claims of products, and what the other modules here remember of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from ..domain.links import Claim, Row
from ..domain.model import StoreName
from ..errors import DuplicateSku, LeaseLost, SyncError
from .items import TRANSACTION, Item
from .notes import Notes
from .orders import Orders
from .rows import decode, encode, number, padded, unpadded
from .scope import Fenced
from .skus import Skus

Pair = tuple[Claim, Claim]
Write = tuple[Item, int | None]
NEAR = 4  # a range that reads at most so many rows for one that is wanted costs less than asking for each
FEW = 20


class Links(Skus, Orders, Notes):
    # -- reading

    def rows(self, store: StoreName, ids: Collection[str]) -> dict[str, Row]:
        """One range where the ids lie close together, as a page's do; else by key."""
        wanted = set(ids)
        numbers = sorted(found for record_id in wanted if (found := number(record_id)) is not None)
        if numbers and len(numbers) == len(wanted) and numbers[-1] - numbers[0] <= NEAR * len(numbers) + FEW:
            return {row.id: row for row in self.range(store, str(numbers[0] - 1), str(numbers[-1])) if row.id in wanted}
        return {row.id: row for row in self._by_key(store, wanted)}

    def range(self, store: StoreName, after: str, until: str) -> Iterator[Row]:
        first, last = padded(after) if after else "", padded(until) if until else ""
        for item in self.table.query(self._pk("product", store), after=first, until=last):
            yield decode(store, item.sk, item.data, item.version)

    def of_product(self, store: StoreName, product_ids: Collection[str]) -> dict[str, list[Row]]:
        """A main row names the rows of its variations, which are read in a second step. The main row comes first."""
        pk = self._pk("product", store)
        mains = self.table.get_many((pk, padded(found)) for found in product_ids)
        others = {sk for item in mains for sk in item.members} - {item.sk for item in mains}
        items = [*mains, *self.table.get_many((pk, sk) for sk in others)]
        found: dict[str, list[Row]] = defaultdict(list)
        for row in sorted((decode(store, item.sk, item.data, item.version) for item in items), key=_main_first):
            if row.product_id in product_ids:
                found[row.product_id].append(row)
        return dict(found)

    def _by_key(self, store: StoreName, ids: Collection[str]) -> list[Row]:
        pk = self._pk("product", store)
        return [decode(store, item.sk, item.data, item.version) for item in self.table.get_many((pk, padded(found)) for found in ids)]

    def claims(self, store: StoreName, variant_ids: Collection[str]) -> dict[str, Claim]:
        pk = self._pk("claim", store)
        found = (_claim(store, item) for item in self.table.get_many((pk, padded(variant_id)) for variant_id in variant_ids))
        return {claim.variant_id: claim for claim in found}

    # -- writing

    def save(self, rows: Sequence[Row], lease: Fenced | None = None) -> None:
        self._commit(self._row_writes(rows), lease)

    def save_apart(self, rows: Sequence[Row]) -> None:
        for write in self._row_writes(rows):
            self._commit([write], None)

    def link(self, claims: Sequence[Pair], rows: Sequence[Row], lease: Fenced | None = None) -> None:
        """Products that together fit into one transaction share it. What is refused holds up no other product; the first refusal is raised.

        A product too large for one takes several, its rows last: a claim without its row only asks to be made again.
        """
        refused: list[SyncError] = []
        for pack in _packs(self._by_product(claims, rows)):
            refused += self._link_pack(pack, lease)
        if refused:
            raise refused[0]

    def _link_pack(self, pack: Sequence[Sequence[Write]], lease: Fenced | None) -> list[SyncError]:
        try:
            self._commit(list(chain.from_iterable(pack)), lease)
        except (DuplicateSku, LeaseLost) as error:
            if isinstance(error, LeaseLost) and not error.data["refused"]:
                raise
            return [error] if len(pack) == 1 else [found for product in pack for found in self._link_pack([product], lease)]
        return []

    def _by_product(self, claims: Sequence[Pair], rows: Sequence[Row]) -> list[list[Write]]:
        """Claims before rows, gathered by the CS-Cart product."""
        writes: dict[str, list[Write]] = defaultdict(list)
        of_product: dict[str, list[Row]] = defaultdict(list)
        for claim in chain.from_iterable(claims):
            writes[_cscart_product(claim.store, claim.product_id, claim.counterpart_product)].append((self._claim_item(claim), None))
        for row in rows:
            of_product[_cscart_product(row.store, row.product_id, row.counterpart)].append(row)
        for product, found in of_product.items():
            writes[product] += self._row_writes(found)
        return list(writes.values())

    def _row_writes(self, rows: Sequence[Row]) -> list[Write]:
        """A new variation's row is noted at its main row, which need not be among these nor be stored yet."""
        mains = {(row.store, row.id) for row in rows if row.id == row.product_id}
        members: dict[tuple[StoreName, str], set[str]] = defaultdict(set)
        for row in rows:
            if row.id != row.product_id and (row.version == 0 or (row.store, row.product_id) in mains):
                members[row.store, row.product_id].add(padded(row.id))
        writes: list[Write] = []
        for row in rows:
            noted = frozenset(members.get((row.store, row.id), ()))
            writes.append((Item(self._pk("product", row.store), padded(row.id), encode(row), row.version, members=noted), row.version))
        for (store, main), others in members.items():
            if (store, main) not in mains:
                writes.append((Item(self._pk("product", store), padded(main), members=frozenset(others)), None))
        return writes

    def _claim_item(self, claim: Claim) -> Item:
        """Owned by its pair: one that another pair owns is refused by the table itself, and nothing is read before."""
        data = [claim.product_id, claim.counterpart_variant, claim.counterpart_product, claim.sku]
        return Item(self._pk("claim", claim.store), padded(claim.variant_id), data, owner=_pair(claim))

    def _commit(self, writes: Sequence[Write], lease: Fenced | None) -> None:
        for at in range(0, len(writes), TRANSACTION):
            part = writes[at : at + TRANSACTION]
            try:
                self.table.transact(part, self._fence(lease))
            except LeaseLost as error:
                for position in error.data["refused"]:  # type: ignore[attr-defined]
                    if part[position][0].owner:
                        raise _claimed(part[position][0]) from error
                raise

    def unlink(self, store: StoreName, product_id: str, lease: Fenced | None = None) -> None:
        """Forget the pair: the rows of both sides and the claims of its variants, so that each may be paired anew."""
        mine = self.of_product(store, [product_id]).get(product_id, [])
        theirs = self._counterparts(store, product_id, mine)
        keys = {(self._pk("product", row.store), padded(row.id)) for row in (*mine, *theirs)}
        for row in (*mine, *theirs):
            keys |= self._claim_keys(row)
        ordered = sorted(keys)
        for at in range(0, len(ordered), TRANSACTION):
            self.table.erase(ordered[at : at + TRANSACTION], self._fence(lease))

    def _counterparts(self, store: StoreName, product_id: str, mine: Sequence[Row]) -> list[Row]:
        ids = {row.counterpart for row in mine if row.counterpart}
        return [row for rows in self.of_product(store.other, ids).values() for row in rows if row.counterpart == product_id]

    def _claim_keys(self, row: Row) -> set[tuple[str, str]]:
        """Claims that another pair has taken since are its own."""
        found = self.claims(row.store, row.variants).values()
        mine = [claim for claim in found if claim.product_id == row.product_id and claim.counterpart_product == row.counterpart]
        both = [(claim.store, claim.variant_id) for claim in mine] + [(claim.store.other, claim.counterpart_variant) for claim in mine]
        return {(self._pk("claim", store), padded(variant_id)) for store, variant_id in both}


def _main_first(row: Row) -> bool:
    return row.id != row.product_id


def _cscart_product(store: StoreName, product_id: str, counterpart: str) -> str:
    return product_id if store is StoreName.CSCART else counterpart or f"{store} {product_id}"


def _pair(claim: Claim) -> str:
    cscart, webasyst = claim.variant_id, claim.counterpart_variant
    return f"{cscart}#{webasyst}" if claim.store is StoreName.CSCART else f"{webasyst}#{cscart}"


def _claim(store: StoreName, item: Item) -> Claim:
    product_id, counterpart_variant, counterpart_product, sku, *_ = item.data
    return Claim(store, unpadded(item.sk), product_id, counterpart_variant, counterpart_product, sku)


def _claimed(item: Item) -> DuplicateSku:
    store = StoreName(item.pk.rsplit("#", 1)[1])
    return DuplicateSku("the variant is linked to another one", store=store, variant=unpadded(item.sk), sku=item.data[3])


def _packs(products: Sequence[Sequence[Write]]) -> Iterator[list[Sequence[Write]]]:
    pack: list[Sequence[Write]] = []
    for product in products:
        if pack and sum(map(len, pack)) + len(product) > TRANSACTION:
            yield pack
            pack = []
        pack.append(product)
    if pack:
        yield pack
