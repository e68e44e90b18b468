"""Orders of the CS-Cart shop in memory: catalogue prices on creation, a rebuild on every edit, stock by the status letter."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from storesync.domain.exchange import Page
from storesync.domain.orders import Customer, Line, Order, OrderHead
from storesync.errors import NotKept, Rejected, UnmappedStatus

if TYPE_CHECKING:
    from tests.fakes.stores import MemoryStore
else:
    MemoryStore = object

TAKES = frozenset("OPCS")
LETTERS = frozenset("OPCSFDBI")
NEWEST = 50
CENT = Decimal("0.01")

GUEST = Customer()


class CsCartOrders(MemoryStore):
    shipping_rate = Decimal("300.00")

    # -- reading

    def changed_orders(self, since: datetime) -> Iterator[Page[OrderHead]]:
        """A window that is fixed when the pass begins; `N` and parents are not listed (C16)."""
        start, until = self.local(since), self.time() + 1

        def fetch(at: int) -> list[int]:
            listed = (key for key, order in self.orders_kept.items() if order.status != "N" and not order.is_parent)
            return sorted(key for key in listed if start <= (self.order_stamps[key][1] or 0) <= until)[at:]

        for here, now in self.page_of("changed_orders", fetch):
            yield Page(tuple(self._head(key) for key in here), "", len(self.orders_kept), now)

    def _head(self, key: int) -> OrderHead:
        order = self.orders_kept[key]
        return OrderHead(order.id, order.status, order.company_id, order.is_parent, self.moment(self.order_stamps[key][1]))

    def orders(self, ids: Collection[str]) -> list[Order]:
        wanted = dict.fromkeys(int(item) for item in ids if item.isdigit())
        return list(self.calls.read("orders", lambda: [self.order_seen(key) for key in wanted if key in self.orders_kept]))

    def order_seen(self, key: int) -> Order:
        made, edited = self.order_stamps[key]
        order = self.orders_kept[key]
        return replace(order, created_at=self.moment(made), updated_at=self.moment(edited), incomplete=order.status == "N")

    def find_order(self, marker: str, like: Order) -> list[Order]:
        """The newest orders whose e-mail contains the buyer's, compared by the mark in their notes (C14)."""
        email = like.customer.email.strip().casefold()

        def look() -> list[Order]:
            keys = [key for key in sorted(self.orders_kept, reverse=True) if email in self.orders_kept[key].customer.email.casefold()]
            return [self.order_seen(key) for key in keys[:NEWEST] if self.orders_kept[key].marker == marker]

        return list(self.calls.read("find_order", look))

    # -- writing

    def create_order(self, order: Order, marker: str, *, suppress_stock: bool) -> Order:
        """The shop takes its own prices (C21) and leaves out what is not in stock; then the lines are set right."""
        made = self.calls.write("create_order", lambda: self._placed(order, marker), marker)
        if made is None:
            raise NotKept("the order cannot be read back")
        found = self.order_seen(int(made))
        return found if found.total == order.total else self.update_order(found, order, suppress_stock=suppress_stock)

    def _placed(self, order: Order, marker: str) -> str:
        amounts: dict[str, int] = {}
        for line in order.lines:
            if line.variant_id:
                amounts[line.variant_id] = amounts.get(line.variant_id, 0) + int(line.quantity)
        return self.place(amounts, order.customer, comment=order.comment, marker=marker, address=order.shipping_address)

    def update_order(self, current: Order, desired: Order, *, suppress_stock: bool) -> Order:
        if not any(line.variant_id for line in desired.lines):
            raise Rejected("an order without lines cannot be written", store="cscart")
        self.calls.write("update_order", lambda: self.rebuild(current.id, desired.lines, discount=desired.discount), current.id)
        return self.order_seen(int(current.id))

    def set_status(self, order: Order, target: str) -> Order:
        """200 whether it did anything or not (C18). Raises UnmappedStatus for a letter that the shop does not have."""
        if target not in LETTERS:
            raise UnmappedStatus("the shop has no such status", letter=target)
        self.calls.write("set_status", lambda: self.change_status(order.id, target), f"{order.id} {target}")
        return self.order_seen(int(order.id))

    def find_customer(self, customer: Customer) -> list[Customer]:
        same = [item for item in self.contacts.values() if item.email_key == customer.email_key and customer.email_key]
        return list(self.calls.read("find_customer", lambda: same))

    def create_customer(self, customer: Customer, order: Order) -> Customer:
        return customer

    # -- what shoppers and the shop's own people do

    def place(
        self,
        amounts: Mapping[str, int],
        customer: Customer = GUEST,
        *,
        discount: Decimal = Decimal(0),
        surcharge: Decimal = Decimal(0),
        tax: Decimal = Decimal(0),
        line_discount: Decimal = Decimal(0),
        marker: str = "",
        company_id: str = "1",
        **fields: Any,
    ) -> str:
        """A checkout: variant id -> quantity, no more than there is. `line_discount`: share taken off each unit price. Raises Rejected."""
        lines = [line for item, amount in amounts.items() if (line := self._line(item, amount, line_discount))]
        if not lines:
            raise Rejected("the cart is empty", store="cscart")
        address = fields.pop("address", None)
        key = self.next_id()
        order = Order(
            str(key), "N", self.currency, tuple(lines), Decimal(0), self.shipping_rate, surcharge=surcharge, tax=tax, customer=customer,
            company_id=company_id, marker=marker, shipping_name="Courier", payment_name="Cash", **fields,
        )  # fmt: skip
        order = replace(order, discount=min(discount, order.subtotal))
        if address:
            order = replace(order, billing_address=address, shipping_address=address)
        self.orders_kept[key] = replace(order, total=order.expected_total)
        self.order_stamps[key] = (self.time(), self.time())
        self.change_status(str(key), "O")
        return str(key)

    def _line(self, variant_id: str, amount: int, line_discount: Decimal) -> Line | None:
        try:
            key, found = self.variant_at(variant_id)
        except KeyError:
            return None
        amount = amount if found.stock is None else min(amount, found.stock)
        if amount <= 0:
            return None
        price = (found.price * (1 - line_discount)).quantize(CENT, ROUND_HALF_UP)
        # As the client shows it: a line names the variation, and nothing of its group.
        return Line(str(self.next_id()), found.id, found.id, found.sku.strip(), self.shelf[key].content.name, price, amount)

    def split(self, parts: Mapping[str, Mapping[str, int]], customer: Customer = GUEST) -> tuple[str, list[str]]:
        """A checkout with several vendors: company id -> amounts. Returns the parent and its children (chapter 3.3)."""
        children = [self.place(amounts, customer, company_id=company) for company, amounts in parts.items()]
        key = self.next_id()
        lines = tuple(line for child in children for line in self.orders_kept[int(child)].lines)
        parent = Order(str(key), "T", self.currency, lines, Decimal(0), customer=customer, company_id="0", is_parent=True)
        self.orders_kept[key] = replace(parent, total=parent.expected_total)
        self.order_stamps[key] = (self.time(), self.time())
        return str(key), children

    def rebuild(self, order_id: str, lines: Sequence[Line], *, discount: Decimal | None = None) -> None:
        """Any edit: stock back, the order anew with its rates, stock taken again; the letter may end as `B` (C19, C38)."""
        key = int(order_id)
        letter = self.orders_kept[key].status
        self.change_status(order_id, "N")
        old = self.orders_kept[key]
        own = {line.variant_id: line.id for line in old.lines}
        kept = tuple(self._rebuilt(line, own) for line in lines if line.variant_id and self._exists(line.variant_id))
        changed = replace(old, lines=kept, shipping=self.shipping_rate)
        changed = replace(changed, discount=min(old.discount if discount is None else discount, changed.subtotal))
        self.orders_kept[key] = replace(changed, total=changed.expected_total)
        self.change_status(order_id, letter)

    def _rebuilt(self, line: Line, own: Mapping[str, str]) -> Line:
        _, found = self.variant_at(line.variant_id)
        number = own.get(line.variant_id) or str(self.next_id())
        price = line.price.quantize(CENT, ROUND_HALF_UP)
        return replace(line, id=number, product_id=line.variant_id, sku=found.sku.strip(), price=price)

    def _exists(self, variant_id: str) -> bool:
        return int(variant_id) in self.rows  # type: ignore[attr-defined]

    def change_status(self, order_id: str, letter: str) -> None:
        """Unknown letters and orders: nothing happens. What is short of stock is put back (`B`)."""
        order = self.orders_kept.get(int(order_id))
        if order is None or letter == order.status or (letter not in LETTERS and letter != "N"):
            return
        taken, takes = order.status in TAKES, letter in TAKES
        if takes and not taken and self._short(order):
            letter, takes = "B", False
        if takes != taken:
            for line in order.lines:
                self.move_stock(line.variant_id, line.quantity * (-1 if takes else 1))
        self.orders_kept[int(order_id)] = replace(order, status=letter)
        self.order_stamps[int(order_id)] = (self.order_stamps[int(order_id)][0], self.time())

    def _short(self, order: Order) -> bool:
        wanted: dict[str, int] = {}
        for line in order.lines:
            wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
        stocks = {item: self.variant_at(item)[1].stock for item in wanted if self._exists(item)}
        return any(stock is not None and stock < wanted[item] for item, stock in stocks.items())
