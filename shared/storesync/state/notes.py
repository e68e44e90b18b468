"""Smaller things to remember: images and customers by both ids, reserved stock, and what is set aside."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..domain.links import ImageLink, Parked
from ..domain.model import StoreName
from .documents import document, value
from .items import TRANSACTION, Item, bounded
from .rows import padded
from .scope import Fenced, Scope

BEHIND_ORDERS = "order$"  # what is set aside is kept in the order of its kinds; of these, products would be many


class Notes(Scope):
    def _note(self, pk: str, sk: str, data: Any, lease: Fenced | None, expect: int | None = None) -> None:
        self.table.transact([(Item(pk, sk, data), expect)], self._fence(lease))

    def _forget(self, keys: Sequence[tuple[str, str]], lease: Fenced | None) -> None:
        if lease is None:
            for key in keys:
                self.table.delete(*key)
            return
        for at in range(0, len(keys), TRANSACTION):
            self.table.erase(keys[at : at + TRANSACTION], self._fence(lease))

    # -- images

    def images(self, cscart_product: str) -> tuple[ImageLink, ...]:
        found = self.table.get(self._pk("images"), padded(cscart_product))
        return tuple(ImageLink(*entry[:3]) for entry in found.data) if found else ()

    def save_images(self, cscart_product: str, images: Sequence[ImageLink], lease: Fenced | None = None) -> None:
        entries = [[image.digest, image.cscart_key, image.webasyst_key] for image in images]
        self._note(self._pk("images"), padded(cscart_product), entries, lease)

    # -- customers

    def customer(self, store: StoreName, key: str) -> str:
        found = self.table.get(self._pk("customer", store), bounded(key))
        return str(found.data["c"]) if found else ""

    def save_customer(self, store: StoreName, key: str, counterpart: str, lease: Fenced | None = None) -> None:
        self._note(self._pk("customer", store), bounded(key), {"c": counterpart}, lease)

    def erase_customer(self, store: StoreName, key: str) -> bool:
        """Whether there was one to forget."""
        known = bool(self.customer(store, key))
        self.table.delete(self._pk("customer", store), bounded(key))
        return known

    # -- stock that open orders still will take

    def reserve(self, order: str, pieces: Mapping[str, int], lease: Fenced | None = None) -> None:
        if pieces:
            self._note(self._pk("reserved"), bounded(order), dict(pieces), lease)
        else:
            self._forget([(self._pk("reserved"), bounded(order))], lease)

    def reservations(self) -> dict[str, dict[str, int]]:
        return {item.sk: dict(item.data) for item in self.table.query(self._pk("reserved"))}

    # -- what is set aside

    def park(self, parked: Parked, lease: Fenced | None = None) -> None:
        self._note(self._pk("parked"), _parked_key(parked.kind, parked.store, parked.record_id), document(parked), lease)

    def unpark(self, kind: str, store: StoreName, record_id: str, lease: Fenced | None = None) -> None:
        self._forget([(self._pk("parked"), _parked_key(kind, store, record_id))], lease)

    def parked(self, kind: str = "") -> Iterator[Parked]:
        yield from map(_parked, self.table.query(self._pk("parked"), prefix=f"{kind}#" if kind else ""))

    def parked_orders(self) -> Iterator[Parked]:
        found = map(_parked, self.table.query(self._pk("parked"), until=BEHIND_ORDERS))
        return (item for item in found if item.kind in ("connection", "order"))


def _parked(item: Item) -> Parked:
    return value(Parked, item.data, ("at",), store=StoreName)


def _parked_key(kind: str, store: StoreName, record_id: str) -> str:
    return bounded(f"{kind}#{store}#{record_id}")
