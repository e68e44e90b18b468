"""The verdict when all is quiet: each SKU once on each side, nothing lost, no status back, totals to the cent, stock counted once."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP

from storesync.domain.model import Group, Product, StoreName, Variant
from storesync.domain.orders import CENT, Order

from tests.sandbox.simulator.setting import RANKS
from tests.sandbox.simulator.shoppers import Shoppers
from tests.sandbox.simulator.truth import Item, Key, Sale, own_content, own_price

TOGETHER = {
    "O": {"new", "auth", "pos"}, "B": {"new", "auth", "pos"}, "P": {"processing", "paid", "fulfilling", "pickup"}, "S": {"shipped"},
    "C": {"completed"}, "I": {"deleted", "refunded"}, "D": {"deleted", "refunded"}, "F": {"deleted", "refunded"},
}  # fmt: skip
DUPLICATE, LOST, REVERSED, CENTS = "duplicates", "lost", "reversed", "cents"


@dataclass
class Verdict:
    faults: list[tuple[str, str]] = field(default_factory=list)

    def add(self, kind: str, text: str) -> None:
        self.faults.append((kind, text))

    @property
    def counts(self) -> Counter[str]:
        return Counter(kind for kind, _ in self.faults)


class Oracle:
    def __init__(self, people: Shoppers) -> None:
        self.people, self.stack, self.truth, self.words = people, people.stack, people.truth, people.words
        self.verdict = Verdict()

    def check(self) -> Verdict:
        """Notes what is wrong, and what both sides agree on from now on."""
        self.verdict = Verdict()
        values: dict[Key, Hashable] = {}
        for number, item in self.truth.items.items():
            found = {store: self._variant(store, number) for store in StoreName}
            if all(found.values()) and item.good not in self.truth.deleted:
                self._compare_item(number, {store: pair for store, pair in found.items() if pair}, values)
        for good in self.truth.goods:
            self._compare_good(good, values)
        for sale in self.truth.sales:
            self._sale(sale)
        self._statuses_back()
        self._contacts()
        for text in self.stack.broken:
            self.verdict.add(LOST, f"the engine broke: {text}")
        self.truth.settled(values)
        return self.verdict

    # -- products

    def _found(self, store: StoreName, number: int) -> list[tuple[Product, Variant]]:
        skus = self.truth.items[number].skus
        shelf = [item for item in self.stack.stores[store].shelf.values() if (store, item.id) not in self.truth.strangers]
        return [(product, variant) for product in shelf for variant in product.variants if variant.sku.strip() in skus]

    def _variant(self, store: StoreName, number: int) -> tuple[Product, Variant] | None:
        found = self._found(store, number)
        name = "/".join(sorted(self.truth.items[number].skus))
        if len(found) > 1:
            self.verdict.add(DUPLICATE, f"{name} {len(found)} times in {store}: products {', '.join(product.id for product, _ in found)}")
        gone = self.truth.deleted.get(self.truth.items[number].good) is store
        if gone and found:
            self.verdict.add(DUPLICATE, f"{name} is back in {store}, although it was deleted there")
        if not found and not gone:
            self.verdict.add(LOST, f"{name} is not in {store}{self._parked_as(number)}")
        return found[0] if found else None

    def _parked_as(self, number: int) -> str:
        skus = self.truth.items[number].skus
        reasons = [f"{parked.reason} ({parked.detail})" for parked in self.stack.state.links().parked("product") if parked.label in skus]
        return f"; set aside: {', '.join(reasons)}" if reasons else ""

    def _compare_item(self, number: int, found: Mapping[StoreName, tuple[Product, Variant]], values: dict[Key, Hashable]) -> None:
        for group, value in ((Group.PRICE, self.words.price), (Group.IDENTITY, self.words.identity)):
            seen = {store: value(variant) for store, (_, variant) in found.items()}
            if group is Group.PRICE:
                self._untouched((group, number), {store: own_price(variant) for store, (_, variant) in found.items()})
            self._agreed((group, number), seen, values, f"{'/'.join(sorted(self.truth.items[number].skus))}{self._parked_as(number)}")
        stocks = {store: variant.stock for store, (_, variant) in found.items()}
        true = self._true_stocks(number, stocks)
        if stocks != true and not self._told(number, stocks, true):
            name = "/".join(sorted(self.truth.items[number].skus))
            self.verdict.add(LOST, f"stock of {name}: {_short(stocks)}; true: {_short(true)}{self._parked_as(number)}")

    def _told(self, number: int, stocks: Mapping[StoreName, int | None], true: Mapping[StoreName, int | None]) -> bool:
        """A write that was cut off may have met a sale of its own size. No interface of the stores can tell then, so the engine sells too
        few rather than too many, and says how many. What it has said is the truth from here on.
        """
        item = self.truth.items[number]
        doubts = sum(self.stack.doubts(sku) for sku in item.skus) - item.told
        missing = {(true[store] or 0) - (stocks[store] or 0) for store in StoreName}
        if len(missing) > 1 or not 0 < min(missing) <= doubts:
            return False
        item.told += min(missing)
        item.stock -= min(missing)
        self.stack.happened["told"] += 1
        return True

    def _true_stocks(self, number: int, stocks: Mapping[StoreName, int | None]) -> dict[StoreName, int | None]:
        """What came in, less what the orders have taken that stand. What the owner of stock got from the other store is his count."""
        item, owner = self.truth.items[number], self.stack.setting.stock_owner
        count = stocks[owner] if owner is not None and owner not in item.born else item.stock - self._sold(item, owner)
        there = dict.fromkeys(StoreName, count)
        if owner is StoreName.WEBASYST and count is not None:
            shown, least = stocks[StoreName.CSCART], max(count - self._reserved(item), 0)
            # What came from CS-Cart with orders open there may have been less these pieces already.
            there[StoreName.CSCART] = shown if owner not in item.born and shown is not None and least <= shown <= count else least
        return there

    def _sold(self, item: Item, owner: StoreName | None) -> int:
        """By the orders of the store that owns the stock, mirrored ones as well; else by each order where it was placed."""
        sold = 0
        for store in StoreName if owner is None else (owner,):
            for order in self.stack.stores[store].orders_kept.values():
                if (owner is not None or not order.marker) and _takes(store, order):
                    sold += _pieces(order, item)
        return sold

    def _reserved(self, item: Item) -> int:
        """What orders that stand in both stores will still take in Webasyst."""
        both_ways = self.stack.setting.connection.orders_to_cscart
        orders = self.stack.webasyst.orders_kept.values()
        mirrored = [order for order in orders if (order.marker or both_ways) and not order.stock_taken]
        open_ones = [order for order in mirrored if RANKS[order.status] < RANKS["refunded"]]
        return 0 if self.stack.setting.stock_counting == "none" else sum(_pieces(order, item) for order in open_ones)

    def _agreed(self, key: Key, seen: Mapping[StoreName, Hashable], values: dict[Key, Hashable], name: str) -> None:
        values[key] = seen[StoreName.CSCART]
        if len(set(seen.values())) > 1:
            self.verdict.add(LOST, f"{key[0]} of {name} differs: {_short(seen)}")
            return
        owner = self.stack.setting.owner(key[0])
        allowed = self.truth.admissible(key, owner)
        if seen[StoreName.CSCART] not in allowed:
            self.verdict.add(LOST, f"{key[0]} of {name} is {_cut(seen[StoreName.CSCART])}, not one of {_cut(sorted(map(str, allowed)))}")

    def _untouched(self, key: Key, seen: Mapping[StoreName, Hashable]) -> None:
        """What a shop made of its own people's value is no change that has to travel, and never comes back to it."""
        edit = self.truth.untouched(key)
        if edit and self.stack.setting.owner(key[0]) in (None, edit.store) and seen[edit.store] != edit.own:
            self.verdict.add(
                LOST, f"{key[0]} in {edit.store} was {_cut(edit.own)} and is {_cut(seen[edit.store])}: its own value came back changed"
            )

    def _compare_good(self, good: int, values: dict[Key, Hashable]) -> None:
        number = self.truth.goods[good][0]
        if good in self.truth.deleted:
            return
        found = {store: self._found(store, number) for store in StoreName}
        if not all(found.values()):
            return
        products = {store: pairs[0][0] for store, pairs in found.items()}
        self._untouched((Group.CONTENT, good), {store: own_content(product) for store, product in products.items()})
        for group, value in ((Group.CONTENT, self.words.content), (Group.LISTING, self.words.listing), (Group.MEDIA, self.words.media)):
            seen = {store: value(product) for store, product in products.items()}
            self._agreed((group, good), seen, values, f"product {products[StoreName.CSCART].id}{self._parked_as(number)}")

    # -- orders

    def _sale(self, sale: Sale) -> None:
        order = self.stack.stores[sale.store].orders_kept[int(sale.order_id)]
        mirrors = [
            item for item in self.stack.stores[sale.store.other].orders_kept.values() if item.marker == f"main:{sale.store}:{sale.order_id}"
        ]
        wanted = not sale.is_parent and (sale.store is StoreName.CSCART or self.stack.setting.connection.orders_to_cscart)
        name = f"{sale.store} order {sale.order_id}"
        if len(mirrors) > wanted:
            self.verdict.add(DUPLICATE, f"{name} stands {len(mirrors)} times on the other side")
        elif wanted and not mirrors:
            self.verdict.add(LOST, f"{name} ({order.status}) is not on the other side{self._order_parked(sale)}")
        elif wanted:
            self._compare_orders(sale, name, order, mirrors[0])

    def _order_parked(self, sale: Sale) -> str:
        found = [item for item in self.stack.state.links().parked("order") if item.record_id == sale.order_id and item.store is sale.store]
        return "".join(f"; set aside: {item.reason} ({item.detail})" for item in found)

    def _compare_orders(self, sale: Sale, name: str, order: Order, mirror: Order) -> None:
        if sale.store is StoreName.WEBASYST and self._order_parked(sale):
            return  # CS-Cart reckons by its own rates: what does not add up is set aside, with the difference
        if order.total.quantize(CENT, ROUND_HALF_UP) != mirror.total.quantize(CENT, ROUND_HALF_UP):
            self.verdict.add(CENTS, f"{name}: {order.total} here, {mirror.total} there{self._order_parked(sale)}")
        elif dict(self._lines(order)) != dict(self._lines(mirror)):
            self.verdict.add(LOST, f"{name}: lines differ")
        both = {sale.store: order.status, sale.store.other: mirror.status}
        letter, state = both[StoreName.CSCART], both[StoreName.WEBASYST]
        if state not in TOGETHER.get(letter, ()):
            self.verdict.add(LOST, f"{name}: {letter} does not agree with {state}{self._order_parked(sale)}")
        elif min(RANKS[letter], RANKS[state]) < sale.furthest:
            self.verdict.add(REVERSED, f"{name}: {letter}/{state}, although it had come further")

    def _lines(self, order: Order) -> Iterator[tuple[int, int]]:
        amounts: Counter[int] = Counter()
        for line in order.lines:
            if not line.is_free_form and (item := self.truth.item_of(line.sku)):
                amounts[item.number] += line.quantity
        yield from amounts.items()

    def _statuses_back(self) -> None:
        for text in self.stack.reversals:
            self.verdict.add(REVERSED, text)

    def _contacts(self) -> None:
        """One contact for each buyer; what Webasyst's own shoppers made is theirs."""
        mirrored = {order.customer.id for order in self.stack.webasyst.orders_kept.values() if order.marker}
        used: dict[str, set[str]] = {}
        for key in mirrored:
            contact = self.stack.webasyst.contacts[int(key)]
            used.setdefault(contact.email_key or contact.phone, set()).add(key)
        for email, keys in used.items():
            if len(keys) > 1:
                self.verdict.add(DUPLICATE, f"{len(keys)} contacts for one buyer ({email.partition('@')[0]})")


def _takes(store: StoreName, order: Order) -> bool:
    if store is StoreName.CSCART:
        return not order.is_parent and order.status in "OPCS"
    return order.stock_taken and not order.stock_suppressed


def _pieces(order: Order, item: Item) -> int:
    return sum(int(line.quantity) for line in order.lines if line.sku.strip() in item.skus)


def _cut(value: object) -> str:
    text = str(value)
    return text if len(text) < 160 else f"{text[:157]}..."


def _short(seen: Mapping[StoreName, Hashable]) -> str:
    return "; ".join(f"{store} {_cut(value)}" for store, value in seen.items())
