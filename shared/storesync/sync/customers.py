"""Customers: one contact per buyer. Found by the map, then by e-mail, then by phone; made only when nobody is there."""

import hashlib

from ..domain.model import StoreName
from ..domain.orders import Customer, Order
from .ports import World


def customer_key(customer: Customer) -> str:
    """The user id, or for a guest a hash of the folded e-mail or phone: the state holds no personal data."""
    if customer.id and customer.id != "0":
        return customer.id
    contact = customer.email_key or "".join(filter(str.isdigit, customer.phone))
    return "guest:" + hashlib.sha256(contact.encode()).hexdigest()[:24] if contact else ""


class CustomerSync:
    def __init__(self, world: World) -> None:
        self.world = world

    def contact(self, order: Order) -> str:
        """The Webasyst contact of a CS-Cart order's buyer."""
        key = customer_key(order.customer)
        if key and (known := self.world.links.customer(StoreName.CSCART, key)):
            return known
        store = self.world.store(StoreName.WEBASYST)
        found = store.find_customer(order.customer) if key else []
        contact = min(found, key=lambda item: int(item.id)) if found else store.create_customer(order.customer, order)
        if key:
            self.world.links.save_customer(StoreName.CSCART, key, contact.id)
        return contact.id
