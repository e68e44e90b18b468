"""Orders in CS-Cart: status-only PUTs, reads after every write, and a rebuild of an order only through its own guarded path."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime

from ..domain.exchange import Page
from ..domain.orders import Customer, Order, OrderHead
from ..errors import NotFound, NotKept, OutcomeUnknown, Rejected, SyncError
from . import order_payloads as payloads
from .client import CsCartClient
from .decode import mapping, rows, text

PAGE = 50


class Orders:
    def __init__(self, client: CsCartClient) -> None:
        self.client, self.settings = client, client.settings

    def changed(self, since: datetime, until: datetime) -> Iterator[Page[OrderHead]]:
        """A fixed window, so that an order that moves while paging leaves it and is seen by the next pass."""
        page = 1
        window = {"updated_at_from": int(since.timestamp()), "updated_at_to": int(until.timestamp()) + 1}
        query = {**window, "sort_by": "order_id", "sort_order": "asc", "items_per_page": PAGE}
        if self.settings.company_id:
            query["company_id"] = int(self.settings.company_id)
        while True:
            answer = self.client.get("orders", {**query, "page": page})
            here = rows(answer.get("orders"))
            total = int(text(mapping(answer.get("params")).get("total_items")) or 0)
            if here:
                yield Page(tuple(payloads.head(row) for row in here), "", total)
            if len(here) < PAGE or page * PAGE >= total:
                return
            page += 1

    def read(self, ids: Collection[str]) -> list[Order]:
        wanted = list(dict.fromkeys(ids))
        found = []
        for order_id, answer in zip(wanted, self.client.many([self.client.get_call(f"orders/{item}") for item in wanted]), strict=True):
            if isinstance(answer, NotFound):
                continue
            if isinstance(answer, SyncError):
                raise answer
            if text(answer.get("order_id")) == order_id:
                found.append(payloads.order(answer, self.settings.currency))
        return found

    def one(self, order_id: str) -> Order:
        found = self.read([order_id])
        if not found:
            raise NotKept("the order cannot be read back", order=order_id)
        return found[0]

    def find(self, marker: str, like: Order) -> list[Order]:
        """There is no field for a foreign number: orders of that buyer are read and their notes compared (C14)."""
        query: dict[str, object] = {"items_per_page": PAGE, "sort_by": "order_id", "sort_order": "desc", "include_incompleted": 1}
        if like.customer.email:
            query["email"] = like.customer.email.strip()
        ids = [text(row.get("order_id")) for row in rows(self.client.get("orders", query).get("orders"))]
        return [order for order in self.read(ids) if order.marker == marker]

    def create(self, order: Order, marker: str) -> Order:
        """Under the storefront (C22), with object keys (C20). The shop takes its own prices (C21), so the lines are set right afterwards."""
        body: dict[str, object] = {
            "user_id": 0,
            "user_data": payloads.user_data(order),
            "payment_id": self.settings.payment_id,
            "shipping_id": self.settings.shipping_id,
            "products": {str(at): payloads.item(line) for at, line in enumerate(order.lines, 1) if line.variant_id},
            "notes": payloads.notes(order.comment, marker),
        }
        try:
            answer = self.client.send(self.client.post_call(self.client.scoped("orders"), body))
            created = self.one(text(answer.get("order_id")))
        except OutcomeUnknown:
            found = self.find(marker, order)
            if not found:
                raise
            created = found[0]
        return created if created.total == order.total else self._rebuild(created, order)

    def _rebuild(self, current: Order, desired: Order) -> Order:
        """Any key beside the status rebuilds the whole order (C19): lines with kept prices, under the ids that they have."""
        free = {line.variant_id: line.id for line in current.lines}
        products = {free.get(line.variant_id, str(at)): payloads.item(line) for at, line in enumerate(desired.lines, 1) if line.variant_id}
        if not products:
            raise Rejected("an order without lines cannot be written", store="cscart")
        body: dict[str, object] = {"products": products, "subtotal_discount": str(desired.discount), "stored_subtotal_discount": "Y"}
        body |= {"shipping_id": self.settings.shipping_id} if self.settings.shipping_id else {}
        self.client.send(self.client.put_call(f"orders/{current.id}", body))
        return self.one(current.id)

    def update(self, current: Order, desired: Order) -> Order:
        return self._rebuild(current, desired)

    def set_status(self, order: Order, letter: str) -> Order:
        """Nothing but the status, and no `notify_user`, which mails for any value (C18b). 200 proves nothing (C18): read again."""
        self.client.send(self.client.put_call(f"orders/{order.id}", {"status": letter}))
        return self.one(order.id)

    def find_customer(self, customer: Customer) -> list[Customer]:
        if not customer.email_key:
            return []
        found = self.client.all("users", "users", {"user_type": "C", "email": customer.email.strip()}, size=50)
        people = [_person(row) for row in found]
        return [person for person in people if person.email_key == customer.email_key]


def _person(row: Mapping[str, object]) -> Customer:
    names = ("user_id", "firstname", "lastname", "email", "phone", "company")
    return Customer(*(text(row.get(name)) for name in names))
