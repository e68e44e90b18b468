"""Orders in Shop-Script: made by order.save with our mark, found again by it, and believed only when read back (W30, W31)."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from ..domain.exchange import Page, Unreadable
from ..domain.orders import Line, Order, OrderHead
from ..errors import FilterIgnored, NotFound, NotKept, OutcomeUnknown, Rejected, ServerFault
from . import order_payloads
from .client import WebasystClient
from .clock import ShopClock
from .decode import Json, mapping, rows, text
from .hashes import order_value
from .order_payloads import KEPT_OFF_STOCK, order_form

PROBE, PAGE, BATCH = 100, 500, 100
Form = dict[str, object]


class Orders:
    def __init__(self, client: WebasystClient, clock: Callable[[], ShopClock], marker_key: str) -> None:
        self.client, self.clock, self.marker_key = client, clock, marker_key

    # -- reading

    def _rows(self, condition: str, offset: int = 0, limit: int = PAGE, sort: str = "id ASC", fields: str = "contact_full") -> list[Json]:
        query = {"hash": condition, "offset": offset, "limit": limit, "sort": sort, "escape": 0, "fields": fields}
        return rows(mapping(self.client.get("shop.order.search", query)).get("orders"))

    def _search(self, condition: str, limit: int = PAGE) -> list[Order]:
        """Whole orders. Raises Unreadable."""
        found = []
        for row in self._rows(condition, limit=limit):
            try:
                found.append(order_payloads.order(row, self.clock().zone, self.marker_key))
            except ServerFault as wrong:
                raise Unreadable("webasyst", [text(row.get("id"))], wrong.detail) from wrong
        return found

    def _heads(self, condition: str, offset: int = 0, limit: int = PAGE, sort: str = "id ASC") -> list[OrderHead]:
        return [order_payloads.head(row, self.clock().zone) for row in self._rows(condition, offset, limit, sort, fields="")]

    def changed(self, since: datetime, no_orders: Callable[[], None]) -> Iterator[Page[OrderHead]]:
        """One call while fewer than a hundred orders moved, else a query by each stamp. `no_orders` is called before an empty list is believed (W29)."""
        clock = self.clock()
        floor = clock.floor(since)
        newest = self._heads("", limit=PROBE, sort="updated DESC")
        if not newest:
            no_orders()
        recent = [item for item in newest if item.stamp and item.stamp >= floor]
        if len(recent) == PROBE or not _falling(newest):
            yield from self._all_changed(clock, since)
        else:
            yield Page(tuple(recent), now=clock.now, zone=clock.name)

    def _all_changed(self, clock: ShopClock, since: datetime) -> Iterator[Page[OrderHead]]:
        """By creation as well: a new order has no update time (W26). Orders never vanish from these lists, so offsets are safe (6.3)."""
        seen: set[str] = set()
        for column in ("update_datetime", "create_datetime"):
            offset = 0
            while found := self._heads(f"search/{column}>={clock.local(since)}", offset):
                if old := next((item for item in found if item.stamp and item.stamp < clock.floor(since)), None):
                    raise FilterIgnored("an order older than asked for", store="webasyst", id=old.id)
                fresh = [item for item in found if item.id not in seen]
                seen |= {item.id for item in fresh}
                yield Page(tuple(fresh), now=clock.now, zone=clock.name)
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

    def _one(self, order_id: str) -> Order:
        found = self.read([order_id])
        if not found:
            raise NotKept("the order cannot be read back", order=order_id)
        return found[0]

    # -- writing

    def _save(self, form: Mapping[str, object], *, repeatable: bool = True) -> Json:
        return mapping(self.client.post("shop.order.save", form, repeatable=repeatable))

    def create(self, order: Order, marker: str, *, suppress_stock: bool) -> Order:
        """Money, people and mark in one call, so that a crash after it leaves nothing wrong but the shipping method's name.

        Raises OutcomeUnknown when neither the answer nor the mark can tell what happened, Rejected when the shop refused.
        """
        params = {self.marker_key: marker, "payment_name": order.payment_name, KEPT_OFF_STOCK: "1" if suppress_stock else "0"}
        params |= {"reduced": "1"} if suppress_stock else {}
        form = order_form(order) | {"contact_id": order.customer.id, "currency": order.currency, "params": params}
        try:
            answer = self._save(form, repeatable=False)
        except (OutcomeUnknown, ServerFault):
            answer = {}
        found = self.find(marker)
        if not found:
            if text(answer.get("status")) == "fail":
                raise Rejected("the shop refused the order", store="webasyst", fields=",".join(sorted(mapping(answer.get("errors")))))
            raise OutcomeUnknown("no order carries the mark", store="webasyst")
        return self._named(found[0], order.shipping_name)

    def _named(self, order: Order, shipping_name: str) -> Order:
        """The shop drops `shipping_name` from every call that says what shipping costs, and takes the cost away in one that does not (X1, X5)."""
        if not shipping_name or order.shipping_name == shipping_name:
            return order
        self._save({"id": order.id, "params": {"shipping_name": shipping_name}})
        self._save({"id": order.id, "shipping": order_payloads.money(order.shipping)})
        return self._one(order.id)

    def update(self, current: Order, desired: Order) -> Order:
        """Bring an order to `desired` whatever state an earlier try left it in, and read it back.

        With `reduced` set the shop would move stock by the difference (X4). The flag that counts is the one before the call, so
        the first call, which also names the shipping method, takes it away and the second one sets it again. Raises NotKept, and the
        order's body is as it was, when the shop does not take the flag away.
        """
        params = {"shipping_name": desired.shipping_name} if desired.shipping_name != current.shipping_name else {}
        if current.stock_suppressed and current.stock_taken:
            self._flagged(current.id, False, params)
        elif params:
            self._save({"id": current.id, "params": params})
        params = {"payment_name": desired.payment_name or current.payment_name}
        params |= order_payloads.flag(True) if current.stock_suppressed else {}
        lines = _same_lines(current.lines, desired.lines)
        self._save(order_form(replace(desired, lines=lines)) | {"id": current.id, "params": params})
        return self._one(current.id)

    def _flagged(self, order_id: str, flag: bool, params: Mapping[str, str], **form: object) -> None:
        """The shop may answer "ok" and keep nothing (W31); with the flag as it was it would move stock that the order never took.

        Raises NotKept when it did so twice.
        """
        form |= {"id": order_id, "params": {**params, **order_payloads.flag(flag)}}
        for _ in range(2):
            self._save(form)
            if self._one(order_id).stock_taken == flag:
                return
        raise NotKept("the shop did not take the order off its stock", order=order_id)

    def set_status(self, order: Order, action: str) -> Order:
        """`order` as it was just read. A refusal, by 404 or null (W37), and a lost answer are settled by reading again.

        A mirrored order that never took stock gives none back, and takes none when it is restored (X4). What cannot be taken back is
        done only to an order that nobody moved meanwhile.
        """
        flag = {"delete": False, "refund": False, "restore": True}.get(action)
        if flag is not None:
            before, order = order, self._one(order.id)
            if order.status != before.status:
                return order
        if order.stock_suppressed and flag is not None and flag != order.stock_taken:
            self._flagged(order.id, flag, {}, shipping=order_payloads.money(order.shipping))
        with suppress(NotFound, OutcomeUnknown):
            self.client.post("shop.order.action", {"id": order.id, "action": action}, repeatable=False)
        return self._one(order.id)


def _falling(orders: Sequence[OrderHead]) -> bool:
    """Whether the list is in the order that was asked for; a shop that cannot sort so would hide what moved."""
    stamps = [item.stamp for item in orders if item.stamp]
    return stamps == sorted(stamps, reverse=True)


def _same_lines(current: Sequence[Line], desired: Sequence[Line]) -> tuple[Line, ...]:
    """Desired lines with the ids of the lines that stand for the same SKU, so that the shop keeps them instead of making new ones."""
    free = list(current)
    result = []
    for line in desired:
        same = next((item for item in free if _identity(item) == _identity(line)), None)
        if same:
            free.remove(same)
        result.append(replace(line, id=same.id if same else ""))
    return tuple(result)


def _identity(line: Line) -> tuple[str, str]:
    return line.variant_id, line.name if line.is_free_form else ""
