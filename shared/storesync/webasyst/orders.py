"""Orders in Shop-Script: created by order.save with our mark, found again by it, and believed only when read back (W30, W31)."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from ..domain.exchange import Page
from ..domain.orders import Customer, Line, Order, OrderHead
from ..errors import FilterIgnored, NotFound, NotKept, OutcomeUnknown, Rejected, ServerFault
from . import order_payloads
from .client import WebasystClient
from .decode import local, mapping, rows, text
from .hashes import order_value

SHIPPING = "storesync_shipping"
PAGE = 500
ROUNDING_TRIES, ROUNDING_MOST = 3, Decimal("0.10")
BATCH = 100


class Orders:
    def __init__(self, client: WebasystClient, zone: ZoneInfo, marker_key: str) -> None:
        self.client, self.zone, self.marker_key = client, zone, marker_key

    def _search(self, condition: str, offset: int = 0, limit: int = PAGE) -> list[Order]:
        query = {"hash": condition, "offset": offset, "limit": limit, "sort": "id ASC", "escape": 0, "fields": "contact_full"}
        found = rows(mapping(self.client.get("shop.order.search", query)).get("orders"))
        return [order_payloads.order(row, self.zone, self.marker_key) for row in found]

    def changed(self, since: datetime) -> Iterator[Page[OrderHead]]:
        """By creation as well: a new order has no update time (W26). Orders never vanish from these lists, so offsets are safe (6.3)."""
        start = local(since, self.zone)
        seen: set[str] = set()
        for column in ("update_datetime", "create_datetime"):
            offset = 0
            while found := self._search(f"search/{column}>={start}", offset):
                if old := next((item for item in found if item.updated_at and item.updated_at < since.replace(microsecond=0)), None):
                    raise FilterIgnored("an order older than asked for", store="webasyst", id=old.id)
                fresh = [item for item in found if item.id not in seen]
                seen |= {item.id for item in fresh}
                yield Page(tuple(OrderHead(item.id, item.status, "", False, item.updated_at) for item in fresh))
                offset += len(found)
                if len(found) < PAGE:
                    break

    def read(self, ids: Collection[str]) -> list[Order]:
        """`id/N,0`: a single id would poll the payment plugin (W44)."""
        wanted = [item for item in dict.fromkeys(ids) if item.isdigit()]
        found: list[Order] = []
        for at in range(0, len(wanted), BATCH):
            batch = wanted[at : at + BATCH]
            answer = self._search("id/" + ",".join([*batch, "0"]))
            if strange := {item.id for item in answer} - set(batch):
                raise FilterIgnored("orders that were not asked for", store="webasyst", id=min(strange))
            found += answer
        return found

    def find(self, marker: str) -> list[Order]:
        found = self._search(f"search/params.{self.marker_key}={order_value(marker)}", limit=50)
        if strange := next((item for item in found if item.marker != marker), None):
            raise FilterIgnored("an order without the mark came back", store="webasyst", id=strange.id)
        return found

    def create(self, order: Order, marker: str, *, suppress_stock: bool) -> Order:
        """Raises OutcomeUnknown when neither the answer nor the mark can tell what happened.

        The shop drops `shipping_name` here (X1), so the method's name stands in a param of our own as well.
        """
        form = self._form(order) | {"contact_id": order.customer.id, "currency": order.currency}
        params = {
            self.marker_key: marker,
            "payment_name": order.payment_name,
            "shipping_name": order.shipping_name,
            SHIPPING: order.shipping_name,
        }
        form["params"] = params | ({"reduced": "1"} if suppress_stock else {})
        try:
            answer = mapping(self.client.post("shop.order.save", form, repeatable=False))
        except (OutcomeUnknown, ServerFault):
            answer = {}
        found = self.find(marker)
        if not found:
            if text(answer.get("status")) == "fail":
                raise Rejected("the shop refused the order", store="webasyst", fields=",".join(_fields(answer.get("errors"))))
            raise OutcomeUnknown("no order carries the mark", store="webasyst")
        return self._exact(found[0], order)

    def _exact(self, kept: Order, wanted: Order) -> Order:
        """The shop spreads a discount over the lines and may move a cent by that (R7); a rounding line takes it back."""
        rounding = Decimal(0)
        for _ in range(ROUNDING_TRIES):
            rounding += wanted.expected_total - kept.total
            if kept.total == wanted.expected_total or abs(rounding) > ROUNDING_MOST:
                break
            lines = (*wanted.lines, Line("", "", "", "", "Rounding", rounding, 1))
            self.client.post("shop.order.save", self._form(replace(wanted, lines=_same_lines(kept.lines, lines))) | {"id": kept.id})
            kept = self._one(kept.id)
        return kept

    def _form(self, order: Order) -> dict[str, object]:
        """Shipping and discount always: left out, they are reckoned anew (W33)."""
        form: dict[str, object] = {
            "items": [order_payloads.item_form(line) for line in order.lines],
            "shipping": order_payloads.money(order.shipping),
            "discount": order_payloads.money(order.discount),
            "comment": order.comment,
        }
        if order.shipping_address:
            form["shipping_address"] = order_payloads.address_form(order.shipping_address)
        if order.billing_address:
            form["billing_address"] = order_payloads.address_form(order.billing_address)
        return form

    def update(self, current: Order, desired: Order, *, suppress_stock: bool) -> Order:
        """With `reduced` set the shop would move stock by the difference: it is unset before and set again after the edit (X4)."""
        dance = suppress_stock and current.stock_taken
        lines = _same_lines(current.lines, desired.lines)
        if dance:
            self._set_reduced(current, "0")
        self.client.post("shop.order.save", self._form(replace(desired, lines=lines)) | {"id": current.id})
        if dance:
            self._set_reduced(self._one(current.id), "1")
        return self._exact(self._one(current.id), desired)

    def _set_reduced(self, order: Order, value: str) -> None:
        self.client.post("shop.order.save", self._form(order) | {"id": order.id, "params": {"reduced": value}})

    def set_status(self, order: Order, action: str) -> Order:
        """Reads before acting; a refusal, by 404 or null (W37), is settled by reading again. A mirrored order gives back no stock that it never took."""
        before = self._one(order.id)
        if before.status != order.status:
            return before
        if before.stock_taken and before.marker and action in ("delete", "refund"):
            self._set_reduced(before, "0")
        with suppress(NotFound, OutcomeUnknown):
            self.client.post("shop.order.action", {"id": order.id, "action": action}, repeatable=False)
        return self._one(order.id)

    def _one(self, order_id: str) -> Order:
        found = self.read([order_id])
        if not found:
            raise NotKept("the order cannot be read back", order=order_id)
        return found[0]

    def find_customer(self, customer: Customer) -> list[Customer]:
        """By e-mail, else by phone; contacts without orders too (X6). Compared exactly, as a condition may be ignored."""
        if customer.email_key:
            found = self._contacts(f"email={customer.email.strip()}")
            return [item for item in found if item.email_key == customer.email_key]
        digits = "".join(filter(str.isdigit, customer.phone))
        found = self._contacts(f"phone={digits}") if digits else []
        return [item for item in found if "".join(filter(str.isdigit, item.phone)) == digits]

    def _contacts(self, condition: str) -> list[Customer]:
        query = {"hash": f"search/app.show_contacts=all&{order_value(condition)}", "limit": 50}
        return [order_payloads.customer(row) for row in rows(mapping(self.client.get("shop.customer.search", query)).get("customers"))]

    def create_customer(self, customer: Customer, order: Order) -> Customer:
        form: dict[str, object] = {"data": order_payloads.customer_form(customer, order)}
        try:
            answer = mapping(self.client.post("shop.customer.add", form, repeatable=False))
        except OutcomeUnknown:
            found = self.find_customer(customer)
            if found:
                return found[0]
            raise
        if not text(answer.get("contact_id")):
            form = {
                "data": order_payloads.customer_form(replace(customer, email="", phone=""), order) or {"firstname": "-"},
                "skip_validation": "1",
            }
            answer = mapping(self.client.post("shop.customer.add", form, repeatable=False))
        if not text(answer.get("contact_id")):
            raise Rejected("the shop refused the customer", store="webasyst", fields=",".join(_fields(answer.get("errors"))))
        return replace(customer, id=text(answer.get("contact_id")))


def _fields(errors: object) -> list[str]:
    return sorted(str(name) for name in mapping(errors))


def _same_lines(current: Sequence[Line], desired: Sequence[Line]) -> tuple[Line, ...]:
    """Desired lines with the ids of the lines that stand for the same SKU, so that the shop keeps them instead of making new ones."""
    free = list(current)
    result = []
    for line in desired:
        same = next(
            (
                item
                for item in free
                if (item.variant_id, item.name if item.is_free_form else "") == (line.variant_id, line.name if line.is_free_form else "")
            ),
            None,
        )
        if same:
            free.remove(same)
        result.append(replace(line, id=same.id if same else ""))
    return tuple(result)
