"""Customers: one contact per buyer. Found by the map, then by e-mail, then by phone; made only when nobody is there."""

import hashlib
from dataclasses import replace

from ..domain.model import StoreName
from ..domain.orders import Customer, Order
from .leases import patient_lease
from .ports import World

LEASE_SECONDS = 120.0


def _hashed(world: World, value: str) -> str:
    """The state holds no personal data: what identifies a buyer is kept as a hash that only fits this connection."""
    return hashlib.sha256(f"{world.connection.id}\n{value}".encode()).hexdigest()[:24]


def customer_keys(world: World, order: Order) -> tuple[str, ...]:
    """By what a buyer is known again, surest first: the account, the e-mail in any case, the phone.

    Someone without all of these is known by the order alone, so that a second try finds the contact of the first.
    """
    buyer = order.customer
    keys = [f"user:{buyer.id}"] if buyer.id not in ("", "0") else []
    if buyer.email_key:
        keys.append(email_key(world, buyer))
    elif buyer.phone_key:
        keys.append(f"phone:{_hashed(world, buyer.phone_key)}")
    return tuple(keys) or (f"order:{order.id}",)


def email_key(world: World, buyer: Customer) -> str:
    """The key of an e-mail in the map; empty without one."""
    return f"email:{_hashed(world, buyer.email_key)}" if buyer.email_key else ""


class CustomerSync:
    def __init__(self, world: World) -> None:
        self.world = world

    def contact(self, order: Order) -> str:
        """The Webasyst contact of a CS-Cart order's buyer. One worker at a time makes one: two orders at once must not make two."""
        keys = customer_keys(self.world, order)
        known = self._known(keys)
        contact = self._existing(order.customer, known)
        if not contact:
            with patient_lease(self.world, f"customer#{keys[-1]}", LEASE_SECONDS):
                known = self._known(keys)
                contact = self._existing(order.customer, known) or self._created(order)
                self._remember(order.customer, keys, known, contact)
        else:
            self._remember(order.customer, keys, known, contact)
        return contact

    def user(self, order: Order) -> str:
        """The CS-Cart account of a Webasyst order's buyer, empty for a guest. Nobody gets an account by an order; one sold over the counter
        may have no contact at all.
        """
        if order.customer.id not in ("", "0") and (known := self.world.links.customer(StoreName.WEBASYST, order.customer.id)):
            return known
        found = self.world.store(StoreName.CSCART).find_customer(order.customer)
        return found[0].id if len(found) == 1 else ""

    def _known(self, keys: tuple[str, ...]) -> dict[str, str]:
        return {key: contact for key in keys if (contact := self.world.links.customer(StoreName.CSCART, key))}

    def _existing(self, buyer: Customer, known: dict[str, str]) -> str:
        """A mapped contact is asked for again: one that was deleted or merged away would break the order (R5)."""
        store = self.world.store(StoreName.WEBASYST)
        found = store.find_customer(replace(buyer, id="")) if buyer.email_key or buyer.phone_key else []
        here = {item.id for item in found}
        for contact in known.values():
            if contact in here or any(item.id == contact for item in store.find_customer(Customer(id=contact))):
                return contact
        return _closest(buyer, found).id if found else ""

    def _created(self, order: Order) -> str:
        buyer = replace(order.customer, id="")
        return self.world.store(StoreName.WEBASYST).create_customer(buyer, order).id

    def _remember(self, buyer: Customer, keys: tuple[str, ...], known: dict[str, str], contact: str) -> None:
        for key in keys:
            if known.get(key) != contact:
                self.world.links.save_customer(StoreName.CSCART, key, contact)
        if buyer.id not in ("", "0") and len(known) < len(keys) and self.world.links.customer(StoreName.WEBASYST, contact) != buyer.id:
            self.world.links.save_customer(StoreName.WEBASYST, contact, buyer.id)


def _closest(buyer: Customer, found: list[Customer]) -> Customer:
    """Of several contacts with one e-mail the one with the same phone and name, else the oldest."""

    def unlike(item: Customer) -> tuple[bool, bool, int]:
        name = (buyer.firstname.casefold(), buyer.lastname.casefold()) != (item.firstname.casefold(), item.lastname.casefold())
        return (bool(buyer.phone_key) and buyer.phone_key != item.phone_key, name, int(item.id))

    return min(found, key=unlike)
