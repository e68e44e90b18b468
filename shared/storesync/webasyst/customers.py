"""Contacts: found by e-mail or phone before one is made, as the shop makes a second one without a word (W40)."""

from collections.abc import Mapping
from dataclasses import replace

from ..domain.orders import Customer, Order
from ..errors import OutcomeUnknown, Rejected
from . import order_payloads
from .client import WebasystClient
from .decode import mapping, rows, text
from .hashes import order_value

MOST = 100


class Customers:
    def __init__(self, client: WebasystClient) -> None:
        self.client = client

    def find(self, customer: Customer) -> list[Customer]:
        """By e-mail, else by phone; contacts without orders too (X6). Compared one by one, as a condition may have been ignored (W12)."""
        if customer.email_key:
            return [item for item in self._search(f"email={order_value(customer.email.strip())}") if item.email_key == customer.email_key]
        digits = _digits(customer.phone)
        return [item for item in self._search(f"phone={digits}") if _digits(item.phone) == digits] if digits else []

    def _search(self, condition: str) -> list[Customer]:
        query = {"hash": f"search/app.show_contacts=all&{condition}", "limit": MOST}
        found = [order_payloads.customer(row) for row in rows(mapping(self.client.get("shop.customer.search", query)).get("customers"))]
        return sorted(found, key=lambda item: int(item.id or 0))

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


def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))
