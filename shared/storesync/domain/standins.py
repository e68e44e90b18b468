"""People in a snapshot: each is replaced by a stand-in, the same one wherever the person occurs, and nobody can tell who it was."""

import hashlib
import hmac
from dataclasses import replace

from .orders import Address, Customer, Line, Order

DIGITS = 10**9


class StandIns:
    """`key` is drawn for one snapshot and forgotten: without it no name can be tried out."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _number(self, kind: str, value: str) -> int:
        return int.from_bytes(hmac.new(self._key, f"{kind}:{value}".encode(), hashlib.sha256).digest()[:6], "big")

    def _word(self, kind: str, value: str) -> str:
        """What was empty stays so, as a shop may treat it otherwise."""
        return f"{kind}-{self._number(kind, value.strip().casefold()):012x}" if value.strip() else ""

    def _digits(self, value: str) -> str:
        return f"+79{self._number('phone', value) % DIGITS:09d}" if value.strip() else ""

    def customer(self, found: Customer) -> Customer:
        return Customer(
            found.id,
            self._word("Name", found.firstname),
            self._word("Surname", found.lastname),
            f"{self._word('person', found.email_key)}@example.invalid" if found.email_key else "",
            self._digits(found.phone_key or found.phone),
            self._word("Company", found.company),
        )

    def address(self, found: Address) -> Address:
        """The country and the region's code stay: shops treat them differently."""
        return Address(
            self._word("Name", found.firstname),
            self._word("Surname", found.lastname),
            self._word("Street", found.street),
            self._word("City", found.city),
            found.region,
            found.region_name,
            f"{self._number('zip', found.zip) % 1_000_000:06d}" if found.zip.strip() else "",
            found.country,
            self._digits(found.phone),
        )

    def order(self, found: Order) -> Order:
        return replace(
            found,
            lines=tuple(self._line(line) for line in found.lines),
            customer=self.customer(found.customer),
            billing_address=self.address(found.billing_address),
            shipping_address=self.address(found.shipping_address),
            comment=self._word("comment", found.comment),
            tracking=self._word("track", found.tracking),
        )

    def _line(self, found: Line) -> Line:
        """A line that somebody wrote himself may say anything."""
        return replace(found, name=self._word("line", found.name)) if found.is_free_form else found
