"""Contacts: found by e-mail or phone before one is made, as the shop makes a second one without a word (W40)."""

from collections.abc import Mapping
from dataclasses import replace

from ..domain.orders import Customer, Order
from ..errors import OutcomeUnknown, Rejected
from . import order_payloads
from .client import WebasystClient
from .decode import mapping, rows, text, whole
from .hashes import order_value

MOST = 100
EVERYBODY = "search/app.show_contacts=all&"


class Customers:
    def __init__(self, client: WebasystClient) -> None:
        self.client = client

    def find(self, customer: Customer) -> list[Customer]:
        """By id when one is given, else by e-mail, else by phone; contacts without orders too (X6). Compared one by one, as a condition may
        have been ignored (W12)."""
        if customer.id:
            return [item for item in self._search(f"id/{customer.id}") if item.id == customer.id]
        if customer.email_key:
            found = self._search(f"{EVERYBODY}email={order_value(customer.email.strip())}")
            return [item for item in found if item.email_key == customer.email_key]
        for digits in _spellings(customer.phone_key):
            if found := [item for item in self._search(f"{EVERYBODY}phone={digits}") if item.phone_key == customer.phone_key]:
                return found
        return []

    def _search(self, condition: str) -> list[Customer]:
        query = {"hash": condition, "limit": MOST}
        found = [order_payloads.customer(row) for row in rows(mapping(self.client.get("shop.customer.search", query)).get("customers"))]
        return sorted(found, key=lambda item: whole(item.id))

    def create(self, customer: Customer, order: Order) -> Customer:
        """What the shop refuses, as an odd e-mail, is left out at the second try: an order is not lost over it. Raises Rejected."""
        for form in (
            {"data": order_payloads.customer_form(customer, order)},
            {
                "data": order_payloads.customer_form(replace(customer, email="", phone=""), order) or {"firstname": "-"},
                "skip_validation": "1",
            },
        ):
            answer = self._add(customer, form)
            if text(answer.get("contact_id")):
                return replace(customer, id=text(answer.get("contact_id")))
        raise Rejected("the shop refused the customer", store="webasyst", fields=",".join(sorted(mapping(answer.get("errors")))))

    def _add(self, customer: Customer, form: Mapping[str, object]) -> Mapping[str, object]:
        try:
            return mapping(self.client.post("shop.customer.add", form, repeatable=False))
        except OutcomeUnknown:
            found = self.find(customer)
            if not found:
                raise
            return {"contact_id": found[-1].id}


def _spellings(phone_key: str) -> tuple[str, ...]:
    """The shop keeps digits as they were typed: a Russian number begins with 7 or with 8."""
    if len(phone_key) == 11 and phone_key.startswith("7"):
        return phone_key, "8" + phone_key[1:]
    return (phone_key,) if phone_key else ()
