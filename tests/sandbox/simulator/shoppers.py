"""What shoppers buy and what becomes of their orders."""

from dataclasses import dataclass, replace
from decimal import Decimal

from storesync.domain.model import StoreName
from storesync.domain.orders import Address, Customer
from storesync.errors import Rejected

from tests.fakes.stores import MemoryStore
from tests.sandbox.simulator.people import People
from tests.sandbox.simulator.setting import RANKS
from tests.sandbox.simulator.truth import Sale
from tests.sandbox.webasyst import states

BUYERS = ("ann@example.test", "BOB@example.test", "bob@example.test", "")
HOME = Address("Ann", "Bee", "Street 1", "Town", "MOS", "Moscow", "101000", "RU", "79001234567")
FORWARD = ("process", "pay", "ship", "complete", "delete", "refund")


@dataclass
class Shoppers(People):
    def buy(self, store: StoreName | None = None) -> None:
        store = store or self.random.choice((StoreName.CSCART, StoreName.CSCART, StoreName.WEBASYST))
        if store is StoreName.CSCART:
            self._buy_cscart()
        else:
            self._buy_webasyst()

    def _amounts(self, store: StoreName) -> dict[str, int]:
        variants = [variant for product in self.products(store) for variant in product.variants]
        chosen = self.random.sample(variants, min(len(variants), self.random.randint(1, 3)))
        known = [(variant, item) for variant in chosen if (item := self.truth.item_of(variant.sku))]
        return {variant.id: self.random.randint(1, 3) for variant, item in known if not self.strange(store, variant, item)}

    def _buyer(self) -> Customer:
        email = self.random.choice(BUYERS)
        return Customer("", "Ann", "Bee", email, "" if email else "+7 900 123-45-67")

    def _buy_cscart(self) -> None:
        buyer, shop = self._buyer(), self.stack.cscart
        extra = {"discount": Decimal("10.10"), "surcharge": Decimal("3.33"), "tax": Decimal("1.01"), "line_discount": Decimal("0.07")}
        chosen = {name: value for name, value in extra.items() if self.random.random() < 0.3}
        try:
            made = shop.place(self._amounts(StoreName.CSCART), buyer, address=HOME, comment=f"note {self.token()}", **chosen)
        except Rejected:
            return
        self._late(shop, made)
        self.truth.sales.append(Sale(StoreName.CSCART, made, buyer.email_key))
        self.stack.happened["sale"] += 1
        self.stack.trace(f"  cscart: order {made} placed, {shop.orders_kept[int(made)].total}")

    def split(self) -> None:
        """A checkout with two vendors: the parent must stay where it is (C16)."""
        amounts = self._amounts(StoreName.CSCART)
        if not amounts:
            return
        parent, children = self.stack.cscart.split({"1": amounts}, self._buyer())
        self.truth.sales.append(Sale(StoreName.CSCART, parent, is_parent=True))
        self.truth.sales += [Sale(StoreName.CSCART, child) for child in children]
        self.stack.happened["split checkout"] += 1
        self.stack.trace(f"  cscart: order {parent} split into {', '.join(children)}")

    def _buy_webasyst(self) -> None:
        amounts = self._amounts(StoreName.WEBASYST)
        if not amounts:
            return
        made = self.stack.webasyst.sell(amounts, self._buyer(), shipping=Decimal(self.random.choice((250, 300, 300))))
        self._late(self.stack.webasyst, made)
        self.truth.sales.append(Sale(StoreName.WEBASYST, made))
        self.stack.happened["sale"] += 1
        self.stack.trace(f"  webasyst: order {made} placed")

    def _late(self, shop: MemoryStore, order_id: str) -> None:
        """Some are seen a while after their stamp was made, as a slow request of the shop makes it."""
        if self.random.random() < 0.2:
            stamp = shop.order_stamps[int(order_id)][0] - self.random.randint(1, 110)
            shop.order_stamps[int(order_id)] = (stamp, None if shop.order_stamps[int(order_id)][1] is None else stamp)

    # -- what becomes of an order

    def handle(self) -> None:
        """A step forward of one order in one of the shops, as its people see it there."""
        if self.random.random() < 0.6:
            self._handle_cscart()
        else:
            self._handle_webasyst()

    def _sale(self, store: StoreName, order_id: str) -> Sale | None:
        return next((sale for sale in self.truth.sales if sale.store is store and sale.order_id == order_id), None)

    def _handle_cscart(self) -> None:
        shop = self.stack.cscart
        orders = [order for order in shop.orders_kept.values() if not order.is_parent and order.status != "N"]
        if not orders:
            return
        order = self.random.choice(orders)
        if self.random.random() < 0.2 and RANKS[order.status] < 7 and not order.marker:
            self._edit_order(order.id)
            return
        letters = [letter for letter in "PSCI" if RANKS[letter] > RANKS[order.status]]
        if letters:
            shop.change_status(order.id, self.random.choice(letters))
            self._moved(StoreName.CSCART, order.id, shop.orders_kept[int(order.id)].status)

    def _edit_order(self, order_id: str) -> None:
        shop = self.stack.cscart
        order = shop.orders_kept[int(order_id)]
        lines = tuple(replace(line, quantity=self.random.randint(1, 4)) for line in order.lines)
        shop.rebuild(order_id, lines)
        self.stack.trace(f"  cscart: order {order_id} edited, {shop.orders_kept[int(order_id)].total}")

    def _handle_webasyst(self) -> None:
        shop = self.stack.webasyst
        orders = list(shop.orders_kept.values())
        if not orders:
            return
        order = self.random.choice(orders)
        ahead = [action for action in FORWARD if RANKS[states.TARGETS[action]] > RANKS[order.status]]
        chosen = self.random.choice(ahead) if ahead else ""
        if chosen and shop.act(order.id, chosen):
            self._moved(StoreName.WEBASYST, order.id, shop.orders_kept[int(order.id)].status)

    def _moved(self, store: StoreName, order_id: str, status: str) -> None:
        self.stack.trace(f"  {store}: order {order_id} is {status} now")
        order = self.stack.stores[store].orders_kept[int(order_id)]
        origin, number = (StoreName(order.marker.split(":")[1]), order.marker.split(":")[2]) if order.marker else (store, order_id)
        if sale := self._sale(origin, number):
            sale.furthest = max(sale.furthest, RANKS[status])
