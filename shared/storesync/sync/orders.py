"""Orders: exactly one counterpart, the same lines, money to the cent, and statuses along the table."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from ..domain import order_translation, statuses
from ..domain.changes import Cause, Change, Kind
from ..domain.connection import Connection
from ..domain.journal import Action, Entry
from ..domain.links import OrderLink, Parked
from ..domain.model import StoreName
from ..domain.orders import Line, Order
from ..errors import MissingLink, MissingRate, RecordError, Rejected, SyncError, TotalsDiffer
from .customers import CustomerSync
from .leases import LEASE_SECONDS, patient_lease
from .ports import Lease, World
from .products import ProductSync


def origin_of(connection: Connection, store: StoreName, order: Order) -> tuple[StoreName, str]:
    """Where an order was placed, and its id there: our marker tells."""
    parts = order.marker.split(":")
    if len(parts) == 3 and parts[0] == connection.id and parts[1] in tuple(StoreName):
        return StoreName(parts[1]), parts[2]
    return store, order.id


class OrderSync:
    def __init__(self, world: World, lease: Lease, cause: Cause, run: str = "") -> None:
        self.world, self.lease, self.cause, self.run = world, lease, cause, run
        self.counts: Counter[str] = Counter()

    def apply(self, store: StoreName, order: Order) -> Counter[str]:
        """Bring an order and its counterpart together. A record that cannot be is parked; what may pass by itself is raised."""
        origin, origin_id = origin_of(self.world.connection, store, order)
        link = self.world.links.order(origin, origin_id)
        try:
            if reason := self._skipped(store, order, link):
                self.counts[f"skipped_{reason}"] += 1
                return self.counts
            self._one(origin, origin_id, order if store is origin else None, link)
        except RecordError as error:
            self._park(store, order, error)
        except Rejected as error:
            self._park(store, order, error)
        else:
            self.world.links.unpark("order", store, order.id)
        return self.counts

    def _skipped(self, store: StoreName, order: Order, link: OrderLink | None) -> str:
        connection = self.world.connection
        if order.is_parent or order.incomplete:
            return "parent" if order.is_parent else "incomplete"
        if link is not None:
            return ""
        if store is StoreName.WEBASYST and not connection.orders_to_cscart and not order.marker:
            return "not_wanted"
        company = connection.cscart.company_id
        if store is StoreName.CSCART and company and order.company_id != company:
            return "other_company"
        if connection.orders_from and order.created_at and order.created_at < connection.orders_from:
            return "before_start"
        return ""

    def _one(self, origin: StoreName, origin_id: str, order: Order | None, link: OrderLink | None) -> None:
        source = order or next(iter(self.world.store(origin).orders([origin_id])), None)
        if source is None:
            raise MissingLink("the original order is gone", origin=origin, order=origin_id)
        target_id = link.id_in(origin.other) if link else ""
        if not target_id:
            self._mirror(origin, source, link)
            return
        assert link is not None
        target = next(iter(self.world.store(origin.other).orders([target_id])), None)
        if target is None:
            raise MissingLink("the mirrored order is gone", store=origin.other, order=target_id)
        self._bodies(origin, source, target, link)

    # -- a new order

    def _mirror(self, origin: StoreName, source: Order, link: OrderLink | None) -> None:
        target = origin.other
        store = self.world.store(target)
        mark = order_translation.marker(self.world.connection.id, origin, source.id)
        wanted = self._translated(origin, source)
        self.lease.check()
        if link is None:
            link = self.world.links.save_order(_intention(origin, source, self.world), self.lease)
        found = sorted(store.find_order(mark, wanted), key=lambda order: int(order.id))
        if found:
            created = found[0]
            self._report_duplicates(source, found)
        else:
            self.lease.check()
            created = store.create_order(wanted, mark, suppress_stock=self._suppress(origin))
            self.counts[f"created_{target}"] += 1
        link = self.world.links.save_order(_linked(link, origin, source, created), self.lease)
        self._entry(source, Action.CREATED if not found else Action.LINKED, target, "order", "", order_translation.cents(created.total))
        self._hint_stock(origin, source)
        if difference := order_translation.money_difference(wanted, created):
            raise TotalsDiffer("mirrored order differs", order=created.id, **difference)
        self._statuses(origin, source, created, replace(link, cscart_status="", webasyst_status=""), fresh=True)

    def _suppress(self, origin: StoreName) -> bool:
        """CS-Cart's own orders never touch Webasyst's stock while CS-Cart's count flows there anyway (X3)."""
        return origin is StoreName.CSCART and self.world.connection.stock_owner is not StoreName.WEBASYST

    def _translated(self, origin: StoreName, source: Order) -> Order:
        if origin is StoreName.WEBASYST:
            return order_translation.to_cscart(source, self._counterparts(origin, source))
        known = self.world.store(StoreName.WEBASYST).info().currencies
        if source.currency and known and source.currency not in known:
            raise MissingRate("Webasyst does not know the order's currency", currency=source.currency)
        counterparts = self._counterparts(origin, source)
        contact = CustomerSync(self.world).contact(source)
        return order_translation.to_webasyst(self.world.connection, source, counterparts, contact)

    def _counterparts(self, origin: StoreName, source: Order) -> order_translation.Counterpart:
        """Links of the lines; products that have none yet are synchronised first, and a line is never left out."""
        ids = sorted({line.variant_id for line in source.lines if not line.is_free_form})
        claims = self.world.links.claims(origin, ids)
        missing = [item for item in ids if item not in claims]
        if missing:
            with patient_lease(self.world, "products", LEASE_SECONDS) as lease:
                ProductSync(self.world, lease, Cause.ORDER, self.run).apply(origin, self._products_of(source, missing))
            claims = self.world.links.claims(origin, ids)
        table: Mapping[str, tuple[str, str]] = {item: (c.counterpart_product, c.counterpart_variant) for item, c in claims.items()}

        def counterpart(line: Line) -> tuple[str, str]:
            if line.variant_id not in table:
                raise MissingLink("a line's product has no counterpart", sku=line.sku, variant=line.variant_id)
            return table[line.variant_id]

        return counterpart

    @staticmethod
    def _products_of(source: Order, variant_ids: list[str]) -> list[str]:
        return sorted({line.product_id or line.variant_id for line in source.lines if line.variant_id in variant_ids})

    def _report_duplicates(self, source: Order, found: list[Order]) -> None:
        if len(found) > 1:
            others = ", ".join(order.id for order in found[1:])
            self._entry(
                source, Action.CONFLICT, "", "order", others, found[0].id, rule="several orders carry our marker; the oldest is kept"
            )

    # -- an order that exists on both sides

    def _bodies(self, origin: StoreName, source: Order, target: Order, link: OrderLink) -> None:
        moved = {
            name: order_translation.body_print(order) != link.print_in(name) for name, order in _by_name(origin, source, target).items()
        }
        if moved[origin]:
            target = self._carry(origin, source, target)
            link = self._agreed(origin, source, target, link)
            self._hint_stock(origin, source)
        elif moved[origin.other]:
            source, link = self._backwards(origin, source, target, link)
        self._statuses(origin, source, target, link)

    def _carry(self, origin: StoreName, source: Order, target: Order) -> Order:
        if origin is StoreName.WEBASYST and not self.world.connection.order_edits_to_cscart:
            return target
        wanted = self._translated(origin, source)
        self.lease.check()
        kept = self.world.store(origin.other).update_order(target, wanted, suppress_stock=self._suppress(origin))
        self.counts[f"updated_{origin.other}"] += 1
        self._entry(
            source, Action.WRITTEN, origin.other, "order", order_translation.cents(target.total), order_translation.cents(kept.total)
        )
        if difference := order_translation.money_difference(wanted, kept):
            raise TotalsDiffer("edited order differs", order=kept.id, **difference)
        return kept

    def _backwards(self, origin: StoreName, source: Order, target: Order, link: OrderLink) -> tuple[Order, OrderLink]:
        """The mirrored order was edited: carried back by a switch only, as CS-Cart rebuilds the order (C19); shown otherwise."""
        if origin is StoreName.CSCART and self.world.connection.order_edits_to_cscart:
            wanted = replace(order_translation.to_cscart(target, self._counterparts(origin.other, target)), customer=source.customer)
            self.lease.check()
            source = self.world.store(origin).update_order(source, wanted, suppress_stock=False)
            self.counts[f"updated_{origin}"] += 1
        before, after = order_translation.cents(source.total), order_translation.cents(target.total)
        self._entry(source, Action.CONFLICT, origin.other, "order", before, after, rule="the mirrored order was edited")
        return source, self._agreed(origin, source, target, link)

    def _agreed(self, origin: StoreName, source: Order, target: Order, link: OrderLink) -> OrderLink:
        both = _by_name(origin, source, target)
        prints = {name: order_translation.body_print(order) for name, order in both.items()}
        changed = replace(link, cscart_print=prints[StoreName.CSCART], webasyst_print=prints[StoreName.WEBASYST], parked="")
        return self.world.links.save_order(changed, self.lease)

    # -- statuses

    def _statuses(self, origin: StoreName, source: Order, target: Order, link: OrderLink, *, fresh: bool = False) -> None:
        both = _by_name(origin, source, target)
        now = statuses.Standing(both[StoreName.CSCART].status, both[StoreName.WEBASYST].status)
        kept = None if fresh else statuses.Standing(link.cscart_status, link.webasyst_status)
        if kept == now:
            return
        table = self.world.connection.statuses
        step = statuses.step(table, self._first(origin, kept, now), now, self._offered())
        if step.target is not None:
            self.lease.check()
            after = self.world.store(step.target).set_status(both[step.target], step.value)
            self._entry(source, Action.WRITTEN, step.target, "status", both[step.target].status, after.status, rule=step.rule)
            self.counts[f"status_{step.target}"] += 1
            both[step.target] = after
            if step.target is StoreName.WEBASYST:
                self._hint_stock(StoreName.WEBASYST, after)
        self.world.links.save_order(
            replace(link, cscart_status=both[StoreName.CSCART].status, webasyst_status=both[StoreName.WEBASYST].status), self.lease
        )
        if step.target is not None:
            self._check_arrived(step, both)

    def _check_arrived(self, step: statuses.Step, both: Mapping[StoreName, Order]) -> None:
        now = statuses.Standing(both[StoreName.CSCART].status, both[StoreName.WEBASYST].status)
        if not statuses.agree(self.world.connection.statuses, now):
            raise TotalsDiffer("the shop did not take the status", wanted=step.value, letter=now.letter, state=now.state)

    @staticmethod
    def _first(origin: StoreName, kept: statuses.Standing | None, now: statuses.Standing) -> statuses.Standing | None:
        """A fresh counterpart takes the status of the original, whichever side that is."""
        if kept is not None or origin is StoreName.CSCART:
            return kept
        return statuses.Standing(now.letter, "")

    def _offered(self) -> dict[str, tuple[str, ...]]:
        return {status.id: status.actions for status in self.world.store(StoreName.WEBASYST).info().statuses}

    # -- what else follows

    def _hint_stock(self, store: StoreName, order: Order) -> None:
        """A sale moves no product's stamp (C12, W27): the products of the order are looked at right away."""
        ids = tuple(sorted({line.product_id or line.variant_id for line in order.lines if not line.is_free_form}))
        if ids:
            stamp = self.world.clock.now().isoformat()
            self.world.queue.send(
                [Change(self.world.connection.id, Kind.PRODUCT, store, ids, Cause.ORDER, f"{order.id}@{stamp}", self.run)]
            )

    def _entry(self, order: Order, action: Action, store: str, group: str, old: str, new: str, rule: str = "") -> None:
        entry = Entry("order", order.id, action, store, order.id, group, old, new, rule, self.cause, self.run)
        self.world.journal.write([replace(entry, at=self.world.clock.now())])

    def _park(self, store: StoreName, order: Order, error: SyncError) -> None:
        parked = Parked("order", store, order.id, type(error).__name__, str(error), error.advice, order.id, self.world.clock.now())
        self.world.links.park(parked)
        self._entry(order, Action.PARKED, store, "", "", "", rule=type(error).__name__)
        self.counts["parked"] += 1


def _by_name(origin: StoreName, source: Order, target: Order) -> dict[StoreName, Order]:
    return {origin: source, origin.other: target}


def _intention(origin: StoreName, source: Order, world: World) -> OrderLink:
    link = OrderLink(origin, intended_at=world.clock.now())
    return replace(link, cscart_id=source.id) if origin is StoreName.CSCART else replace(link, webasyst_id=source.id)


def _linked(link: OrderLink, origin: StoreName, source: Order, created: Order) -> OrderLink:
    both = _by_name(origin, source, created)
    return replace(
        link,
        cscart_id=both[StoreName.CSCART].id,
        webasyst_id=both[StoreName.WEBASYST].id,
        cscart_print=order_translation.body_print(both[StoreName.CSCART]),
        webasyst_print=order_translation.body_print(both[StoreName.WEBASYST]),
    )
