"""Writing orders: status-only PUTs, reads after every write, and a rebuild of an order only through its own guarded path."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from ..domain.orders import Line, Order
from ..errors import Forbidden, OutcomeUnknown, Rejected, StoreError, SyncError, TotalsDiffer, UnmappedStatus, UnsupportedValue
from . import order_payloads as payloads
from .client import CsCartClient
from .decode import Json, mapping, rows, text
from .orders import Orders

INSTALLED = frozenset("OPCFDBI")  # the letters that mean the same in every shop (3.6)


class OrderWrites:
    def __init__(self, client: CsCartClient, orders: Orders) -> None:
        self.client, self.settings, self.orders = client, client.settings, orders
        self._letters: frozenset[str] | None = None

    def create(self, order: Order, marker: str) -> Order:
        """Under the storefront (C22), with object keys (C20).

        The shop takes its own prices (C21) and writes the sums it is given beside them, unchecked (3.4). So the order is right at once where the
        prices are equal; where they are not, its lines are set right afterwards, for the shop's own shipping cost.
        """
        _check_lines(order)
        payment, shipping = order.payment_id or self.settings.payment_id, order.shipping_id or self.settings.shipping_id
        if not payment:
            raise Rejected("choose a payment method for the orders that come from Webasyst", store="cscart")
        body: dict[str, object] = {
            "user_id": 0,  # with an account's id the shop takes the address out of the account, not the order's
            "user_data": payloads.user_data(order),
            "payment_id": payment,
            "products": {str(at): payloads.item(line) for at, line in enumerate(order.lines, 1)},
            "notes": payloads.notes(order.comment, marker),
            **payloads.sums(order),
        }
        body |= {"shipping_id": shipping} if shipping else {}
        created = self._posted(body, marker, order)
        # One that was split among vendors is rebuilt by nobody: its parent is no order of its own (3.3).
        return created if created.is_parent or _agree(created, order) else self._rebuilt(created, order)

    def _posted(self, body: dict[str, object], marker: str, order: Order) -> Order:
        """An answer that was lost is looked for by our mark, never sent again (C14).

        A 403 is this order's alone: nothing can be shipped to its address (C23); what the user may not do shows in the console's check of rights.
        """
        try:
            answer = self.client.send(self.client.post_call(self.client.scoped("orders"), body))
        except OutcomeUnknown:
            if found := self.orders.find(marker, order):
                return found[0]
            raise
        except Forbidden as refused:
            problem = "the shop has no shipping for the order's address, or its user may not make orders"
            raise UnsupportedValue(problem, order=order.id, status=refused.status) from refused
        return self._answered(answer)

    def _answered(self, answer: Json) -> Order:
        """The order as stored comes with the answer (3.4); where it does not, it is read."""
        stored, order_id = mapping(answer.get("order_data")), text(answer.get("order_id"))
        if order_id and text(stored.get("order_id")) == order_id and mapping(stored.get("products")):
            return payloads.order(stored, self.settings.currency)
        return self.orders.one(order_id)

    def update(self, current: Order, desired: Order) -> Order:
        """Raises TotalsDiffer, with the order as it was before, when the shop makes another total of it."""
        _check_lines(desired)
        if desired.expected_total != desired.total:
            raise TotalsDiffer("the order's own amounts do not add up", order=desired.id, total=desired.total, sum=desired.expected_total)
        if (own := payloads.own_shipping(self.client.get(f"orders/{current.id}"))) != desired.shipping:
            raise TotalsDiffer(
                "an order that is rewritten gets the shop's own shipping cost", order=current.id, wanted=desired.shipping, own=own
            )
        kept = self._rebuilt(current, desired)
        if kept.total == desired.total:
            return kept
        self._rebuilt(kept, current)
        raise TotalsDiffer("the shop makes another total of the order", order=current.id, wanted=desired.total, kept=kept.total)

    def _rebuilt(self, current: Order, desired: Order) -> Order:
        """Any key beside the status rebuilds the whole order (C19): lines with kept prices, under the ids that they have."""
        body: dict[str, object] = {
            "products": _keyed(current.lines, desired.lines),
            "subtotal_discount": str(desired.discount),
            "stored_subtotal_discount": "Y",
        }
        if gained := payloads.changed_data(desired, current):
            body["user_data"] = gained
        if desired.comment != current.comment:
            body["notes"] = payloads.notes(desired.comment, current.marker)
        try:
            self.client.send(self.client.put_call(f"orders/{current.id}", body))
        except StoreError:
            with suppress(SyncError):
                self._finished(current)
            raise
        return self._finished(current)

    def _finished(self, current: Order) -> Order:
        """Read again. While it is rewritten an order is in `N`, where nobody sees it (C38): it must not stay there, whatever the answer said."""
        kept = self.orders.one(current.id)
        return self.set_status(kept, current.status) if kept.incomplete and not current.incomplete else kept

    def set_status(self, order: Order, letter: str) -> Order:
        """Nothing but the status, and no `notify_user`, which mails for any value (C18b). 200 proves nothing (C18): read again.

        Raises UnmappedStatus for a letter that the shop does not have: it would take it and lose count of its stock.
        """
        if letter not in INSTALLED and letter not in self._known():
            raise UnmappedStatus("the shop has no such status", letter=letter)
        self.client.send(self.client.put_call(f"orders/{order.id}", {"status": letter}))
        return self.orders.one(order.id)

    def _known(self) -> frozenset[str]:
        """A shop that does not let us see its statuses is believed to have every letter that was chosen."""
        if self._letters is None:
            try:
                listed = rows(self.client.get("statuses", {"type": "O"}).get("statuses"))
            except Forbidden:
                return frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            self._letters = frozenset(text(row.get("status")) for row in listed)
        return self._letters


def _check_lines(order: Order) -> None:
    """A line that is no product of the shop cannot be ordered there; without it the order is not sent."""
    if not order.lines:
        raise UnsupportedValue("an order without lines cannot be written", order=order.id)
    for line in order.lines:
        if not line.variant_id:
            raise UnsupportedValue("a line is no product of the shop", order=order.id, line=line.id or line.name)
        if line.quantity < 1 or line.quantity != int(line.quantity):
            raise UnsupportedValue("the shop sells whole pieces only", order=order.id, line=line.id or line.name)


def _keyed(current: Sequence[Line], desired: Sequence[Line]) -> dict[str, object]:
    """Lines under the item ids that the order has, each used once; new ones under small numbers, never 0 (C20)."""
    free: dict[str, list[str]] = {}
    for line in current:
        free.setdefault(line.variant_id, []).append(line.id)
    numbers = (str(number) for number in range(1, len(current) + len(desired) + 1))
    taken = {line.id for line in current}
    fresh = (number for number in numbers if number not in taken)
    return {free[line.variant_id].pop(0) if free.get(line.variant_id) else next(fresh): payloads.item(line) for line in desired}


def _agree(kept: Order, wanted: Order) -> bool:
    sums = (kept.total, kept.expected_total, kept.discount, kept.shipping)
    return sums == (wanted.total, wanted.total, wanted.discount, wanted.shipping) and _bag(kept.lines) == _bag(wanted.lines)


def _bag(lines: Sequence[Line]) -> Counter[tuple[str, object, object]]:
    return Counter((line.variant_id, line.price, line.quantity) for line in lines)
