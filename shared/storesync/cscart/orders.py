"""Reading orders, and the buyers behind them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from ..domain.exchange import Page, Unreadable
from ..domain.orders import Customer, Order, OrderHead
from ..errors import FilterIgnored, NotFound, NotKept, ServerFault, SyncError
from . import order_payloads as payloads
from .client import CsCartClient
from .decode import Json, moment, rows, text, whole
from .pages import Answered, Key, walk

WHOLE = 20  # orders with everything are heavy: no more of them in one answer (3.1)
CLOCKS = timedelta(days=1)


def _by_id(row: Json) -> Key:
    return (whole(row.get("order_id")),)


class Orders:
    def __init__(self, client: CsCartClient) -> None:
        self.client, self.settings = client, client.settings

    def changed(self, since: datetime) -> Iterator[Page[OrderHead]]:
        """Open to the end: an order that is touched while paging stays in the window, so no other one slips by (fault 55).

        A short list is read with everything, as only whole orders show when they were edited; a long one comes as light rows without.
        """
        query: dict[str, object] = {"updated_at_from": int(since.timestamp()), "sort_by": "order_id", "sort_order": "asc"}
        if self.settings.company_id:
            query["company_id"] = self.settings.company_id

        def ask(page: int, size: int) -> Answered:
            return self.client.ask("orders", {**query, "page": page, "items_per_page": size})

        short = self.client.ask("orders", {**query, "get_orders_data": 1, "page": 1, "items_per_page": WHOLE})
        here = rows(short.body.get("orders"))
        _check_window(here, since)
        if short.total <= len(here):
            yield Page(tuple(payloads.head(row) for row in here), "", short.total, short.at)
            return
        for stretch in walk(ask, "orders", _by_id):
            yield Page(tuple(payloads.head(row) for row in stretch.rows), "", stretch.total, short.at)

    def read(self, ids: Collection[str]) -> list[Order]:
        wanted = list(dict.fromkeys(ids))
        found = []
        for order_id, answer in zip(wanted, self.client.many([self.client.get_call(f"orders/{item}") for item in wanted]), strict=True):
            if isinstance(answer, NotFound):
                continue
            if isinstance(answer, SyncError):
                raise answer
            if text(answer.get("order_id")) == order_id:
                found.append(self._whole(answer))
        return found

    def _whole(self, row: Json) -> Order:
        """Raises Unreadable."""
        try:
            return payloads.order(row, self.settings.currency)
        except ServerFault as wrong:
            raise Unreadable("cscart", [text(row.get("order_id"))], wrong.detail) from wrong

    def one(self, order_id: str) -> Order:
        found = self.read([order_id])
        if not found:
            raise NotKept("the order cannot be read back", order=order_id)
        return found[0]

    def find(self, marker: str, like: Order) -> list[Order]:
        """There is no field for a foreign number: the buyer's orders since `like` was placed are read, and their notes compared (C14).

        Where one order was split among vendors, its children carry the note too; the parent stands for all of them (3.3).
        """
        marked = [row for row in self._of_buyer(like) if payloads.marker(row) == marker]
        parents = {payloads.parent_of(row) for row in marked} - {""}
        single = [self._whole(row) for row in marked if not payloads.parent_of(row)]
        return single + self.read(sorted(parents, key=whole))

    def _of_buyer(self, like: Order) -> Iterator[Json]:
        """By e-mail, else by phone, else everything of the time: each page whole, and every page."""
        query: dict[str, object] = {"sort_by": "order_id", "sort_order": "asc", "include_incompleted": 1, "get_orders_data": 1}
        if like.customer.email.strip():
            query["email"] = like.customer.email.strip()
        elif like.customer.phone.strip():
            query["phone"] = like.customer.phone.strip()
        if like.created_at:
            query |= {"period": "C", "time_from": int((like.created_at - CLOCKS).timestamp())}
        page, seen = 1, 0
        while True:
            answer = self.client.ask("orders", {**query, "page": page, "items_per_page": WHOLE})
            here = rows(answer.body.get("orders"))
            yield from here
            seen, page = seen + len(here), page + 1
            if not here or seen >= answer.total:
                return

    def find_customer(self, customer: Customer) -> list[Customer]:
        """By e-mail, or by phone when there is none; compared again here, as the shop looks for parts of words."""
        if customer.email_key:
            found = self._people({"email": customer.email.strip()})
            return [person for person in found if person.email_key == customer.email_key]
        if customer.phone_key:
            return [person for person in self._people({"phone": customer.phone.strip()}) if person.phone_key == customer.phone_key]
        return []

    def _people(self, query: Mapping[str, object]) -> list[Customer]:
        return [_person(row) for row in self.client.all("users", "users", {"user_type": "C", **query}, size=50)]


def _check_window(listed: Sequence[Json], since: datetime) -> None:
    """Raises FilterIgnored: the oldest orders come first, so a filter without effect shows among them."""
    edges = [stamp for row in listed if (stamp := moment(row.get("updated_at")))]
    if edges and min(edges) < since.replace(microsecond=0):
        raise FilterIgnored("an order older than asked for", store="cscart")


def _person(row: Json) -> Customer:
    names = ("user_id", "firstname", "lastname", "email", "phone", "company")
    return Customer(*(text(row.get(name)) for name in names))
