"""Orders of the Shop-Script in memory: the factory workflow, and stock that follows the flag `reduced` alone (R14, X3, X4)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from storesync.domain.exchange import Page
from storesync.domain.orders import CENT, Customer, Line, Order, OrderHead
from storesync.errors import NotKept

from tests.sandbox.webasyst import states

if TYPE_CHECKING:
    from tests.fakes.stores import MemoryStore
else:
    MemoryStore = object

FINE = Decimal("0.0001")
MOST_ROUNDING = Decimal("0.10")

GUEST = Customer()


class WebasystOrders(MemoryStore):
    stock_counting: str
    exact = True

    # -- reading

    def changed_orders(self, since: datetime) -> Iterator[Page[OrderHead]]:
        """By creation as well: a new order has no update time (W26)."""
        start, seen = self.local(since), set[int]()
        for column in (1, 0):

            def fetch(at: int, column: int = column) -> list[int]:
                return sorted(key for key, stamps in self.order_stamps.items() if (stamps[column] or 0) >= start)[at:]

            for here, now in self.page_of("changed_orders", fetch):
                fresh = [key for key in here if key not in seen]
                seen.update(fresh)
                yield Page(tuple(self._head(key) for key in fresh), now=now, zone=self.zone)

    def _head(self, key: int) -> OrderHead:
        made, edited = self.order_stamps[key]
        return OrderHead(str(key), self.orders_kept[key].status, stamp=self.moment(edited if edited is not None else made))

    def orders(self, ids: Collection[str]) -> list[Order]:
        wanted = sorted({int(item) for item in ids if item.isdigit()})
        return list(self.calls.read("orders", lambda: [self.order_seen(key) for key in wanted if key in self.orders_kept]))

    def order_seen(self, key: int) -> Order:
        made, edited = self.order_stamps[key]
        order = self.orders_kept[key]
        buyer = self.contacts.get(int(order.customer.id or 0), order.customer)
        return replace(order, customer=buyer, created_at=self.moment(made), updated_at=self.moment(edited if edited is not None else made))

    def find_order(self, marker: str, like: Order) -> list[Order]:
        def look() -> list[Order]:
            return [self.order_seen(key) for key, order in self.orders_kept.items() if order.marker == marker]

        return list(self.calls.read("find_order", look))

    # -- writing

    def create_order(self, order: Order, marker: str, *, suppress_stock: bool) -> Order:
        """The shop drops the name of the shipping method at first (X1); `suppress_stock` keeps the order off the stock (X3)."""
        kept = {"stock_taken": suppress_stock, "stock_suppressed": suppress_stock}
        parts = _parts(order) | {"shipping_name": ""}
        made = self.calls.write("create_order", lambda: self.take(order.lines, **parts, marker=marker, **kept), marker)
        if made is None:
            raise NotKept("the order cannot be read back")
        if order.shipping_name:
            self.calls.write("update_order", lambda: self._name_shipping(int(made), order.shipping_name), f"{made} shipping name")
        return self._exact(int(made), order)

    def _name_shipping(self, key: int, name: str) -> None:
        self.orders_kept[key] = replace(self.orders_kept[key], shipping_name=name)
        self._touch(key)

    def _exact(self, key: int, wanted: Order) -> Order:
        """The spread of a discount may move a cent (R7); a rounding line takes it back, unless `exact` is off."""
        drift = wanted.expected_total - self.orders_kept[key].total
        if self.exact and drift and abs(drift) <= MOST_ROUNDING:
            lines = (*wanted.lines, Line("", "", "", "", "Rounding", drift, 1))
            self.calls.write("update_order", lambda: self._saved(key, replace(wanted, lines=lines)), f"{key} rounding")
        return self.order_seen(key)

    def update_order(self, current: Order, desired: Order, *, suppress_stock: bool) -> Order:
        """With the flag set the shop would move stock by the difference: it is unset before, and set again with the edit (X4)."""
        key = int(current.id)
        if current.stock_suppressed and current.stock_taken:
            self._flagged(key, False)
        self.calls.write("update_order", lambda: self._saved(key, desired), str(key))
        return self._exact(key, desired)

    def _saved(self, key: int, order: Order) -> None:
        self.save_order(str(key), order.lines, **_parts(order))
        if self.orders_kept[key].stock_suppressed:
            self._flag(key, True)

    def _flagged(self, key: int, taken: bool) -> None:
        """Read back, as the shop may answer and keep nothing (W31)."""
        for _ in range(2):
            self.calls.write("update_order", lambda: self._flag(key, taken), f"{key} reduced={taken:d}")
            if self.order_seen(key).stock_taken == taken:
                return
        raise NotKept("the shop did not take the order off its stock", order=str(key))

    def _flag(self, key: int, taken: bool) -> None:
        self.orders_kept[key] = replace(self.orders_kept[key], stock_taken=taken, stock_released=not taken)
        self._touch(key)

    def set_status(self, order: Order, target: str) -> Order:
        """Reads before acting. An order that was kept off the stock gives none back, and takes none when it is restored (X4)."""
        key = int(order.id)
        before = next(iter(self.orders([order.id])), None)
        if before is None:
            raise NotKept("the order cannot be read back", order=order.id)
        if before.status != order.status:
            return before
        flag = {"delete": False, "refund": False, "restore": True}.get(target)
        if before.stock_suppressed and flag not in (None, before.stock_taken):
            self._flagged(key, bool(flag))
        self.calls.write("set_status", lambda: self.act(order.id, target), f"{key} {target}")
        return self.order_seen(key)

    def find_customer(self, customer: Customer) -> list[Customer]:
        """By e-mail, else by phone, else by number; contacts without orders too (X6). E-mails are not unique."""

        def look() -> list[Customer]:
            if customer.email_key:
                return [item for item in self.contacts.values() if item.email_key == customer.email_key]
            if customer.phone_key:
                return [item for item in self.contacts.values() if item.phone_key == customer.phone_key]
            return [item for item in self.contacts.values() if item.id == customer.id]

        return list(self.calls.read("find_customer", look))

    def create_customer(self, customer: Customer, order: Order) -> Customer:
        """A new contact each time, whether there is one or not."""
        made = self.calls.write("create_customer", lambda: self.add_contact(customer))
        if made is None:
            raise NotKept("the contact cannot be found")
        return self.contacts[int(made)]

    # -- what shoppers and the shop's own people do

    def add_contact(self, customer: Customer) -> str:
        key = self.next_id()
        self.contacts[key] = replace(customer, id=str(key))
        return str(key)

    def take(
        self, lines: Sequence[Line], *, marker: str = "", stock_taken: bool = False, discount: Decimal = Decimal(0), **fields: Any
    ) -> str:
        """A new order, in state `new` and without an update time. Lines of unknown SKUs are kept as they are (4.5)."""
        key = self.next_id()
        named = tuple(replace(self._named(line), id=str(self.next_id())) for line in lines)
        fields.setdefault("currency", self.currency)
        order = Order(str(key), "new", fields.pop("currency"), named, Decimal(0), marker=marker, stock_taken=stock_taken, **fields)
        self.orders_kept[key] = _totalled(order, discount)
        self.order_stamps[key] = (self.time(), None)
        if self.stock_counting == "create":
            self._reduce(key)
        return str(key)

    def sell(self, amounts: Mapping[str, int], customer: Customer = GUEST, **fields: Any) -> str:
        """A shopper's order at catalogue prices: SKU id -> quantity."""
        lines = []
        for variant_id, amount in amounts.items():
            key, found = self.variant_at(variant_id)
            lines.append(Line("", str(key), variant_id, found.sku, self.shelf[key].content.name, found.price, amount))
        buyer = self.contacts[int(self.add_contact(customer))]
        return self.take(lines, customer=buyer, **fields)

    def _named(self, line: Line) -> Line:
        try:
            key, found = self.variant_at(line.variant_id)
        except KeyError:
            return line
        return replace(line, product_id=str(key), sku=found.sku, name=self.shelf[key].content.name)

    def save_order(self, order_id: str, lines: Sequence[Line], *, discount: Decimal = Decimal(0), **fields: Any) -> None:
        """The list is complete; stock follows the flag as it was before (X4)."""
        key = int(order_id)
        old = self.orders_kept[key]
        kept = tuple(self._named(line) if line.id else replace(self._named(line), id=str(self.next_id())) for line in lines)
        fields.pop("customer", None)
        fields.pop("currency", None)
        self.orders_kept[key] = _totalled(replace(old, lines=kept, **fields), discount)
        if old.stock_taken:
            for line in old.lines:
                self.move_stock(line.variant_id, int(line.quantity))
            for line in kept:
                self.move_stock(line.variant_id, -int(line.quantity))
        self._touch(key)

    def act(self, order_id: str, action: str) -> bool:
        """A workflow action; False when the state does not offer it."""
        key = int(order_id)
        before = self.orders_kept[key].status
        if action not in states.offered(before):
            return False
        after = self._restored(key) if action == "restore" else states.TARGETS.get(action, before)
        self.orders_kept[key] = replace(self.orders_kept[key], status=after)
        self._touch(key)
        self._stock_after(key, action, before)
        return True

    def _restored(self, key: int) -> str:
        return "new"

    def _stock_after(self, key: int, action: str, before: str) -> None:
        if self.stock_counting == "none":
            return
        writes_off = action in ("process", "pay", "pickup") or (action == "complete" and before == "new")
        if action == "ship" or (self.stock_counting == "processing" and writes_off):
            self._reduce(key)
        elif action in ("delete", "refund") and self.orders_kept[key].stock_taken:
            for line in self.orders_kept[key].lines:
                self.move_stock(line.variant_id, line.quantity)
            self.orders_kept[key] = replace(self.orders_kept[key], stock_taken=False)

    def _reduce(self, key: int) -> None:
        """Believes the flag, whoever set it."""
        order = self.orders_kept[key]
        if not order.stock_taken:
            for line in order.lines:
                self.move_stock(line.variant_id, -line.quantity)
            self.orders_kept[key] = replace(order, stock_taken=True)

    def _touch(self, key: int) -> None:
        self.order_stamps[key] = (self.order_stamps[key][0], self.time())


def _parts(order: Order) -> dict[str, Any]:
    names = (
        "currency",
        "shipping",
        "discount",
        "customer",
        "billing_address",
        "shipping_address",
        "shipping_name",
        "payment_name",
        "comment",
    )
    return {name: getattr(order, name) for name in names}


def _totalled(order: Order, discount: Decimal) -> Order:
    """Clamped to the lines' sum, and spread over the lines in whole cents per unit (R6, R7)."""
    lines = tuple(replace(line, price=line.price.quantize(FINE, ROUND_HALF_UP)) for line in order.lines)
    order = replace(order, lines=lines)
    subtotal, wanted = order.subtotal, max(Decimal(0), min(discount, order.subtotal))
    left, spread = wanted, Decimal(0)
    for at, line in enumerate(lines):
        share = (
            left if at == len(lines) - 1 else (wanted * line.amount / subtotal).quantize(CENT, ROUND_HALF_UP) if subtotal else Decimal(0)
        )
        left -= share
        spread += (share / line.quantity).quantize(CENT, ROUND_HALF_UP) * line.quantity if line.quantity else Decimal(0)
    total = max(Decimal(0), subtotal - spread + order.shipping).quantize(FINE)
    return replace(order, discount=spread, total=total)
