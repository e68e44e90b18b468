"""Orders and customers as both stores see them. Money is in the order's own currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Customer:
    """`id` is the store's own; empty for a guest. E-mail as the shopper typed it, compare with `email_key`."""

    id: str = ""
    firstname: str = ""
    lastname: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""

    @property
    def email_key(self) -> str:
        return self.email.strip().casefold()

    @property
    def phone_key(self) -> str:
        """Digits alone; a Russian number dialled from inside the country (8 900 ...) is the same as from outside (+7 900 ...)."""
        digits = "".join(filter(str.isdigit, self.phone))
        return "7" + digits[1:] if len(digits) == 11 and digits.startswith("8") else digits


@dataclass(frozen=True, slots=True)
class Address:
    """`country` is ISO 3166 alpha-2 in capitals; `region` the code where the store has one, `region_name` its text."""

    firstname: str = ""
    lastname: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    region_name: str = ""
    zip: str = ""
    country: str = ""
    phone: str = ""

    def __bool__(self) -> bool:
        return any((self.street, self.city, self.zip, self.region, self.country))


@dataclass(frozen=True, slots=True)
class Line:
    """`price` is per unit and what was really paid, after line discounts. A free-form line has no variant and no SKU.

    `quantity` is a whole number where it can be; Webasyst knows fractions as well.
    """

    id: str
    product_id: str
    variant_id: str
    sku: str
    name: str
    price: Decimal
    quantity: int | Decimal

    @property
    def amount(self) -> Decimal:
        return self.price * self.quantity

    @property
    def is_free_form(self) -> bool:
        return not self.variant_id and not self.sku


@dataclass(frozen=True, slots=True)
class Order:
    """`discount` is of the order as a whole; `surcharge` the payment's; `tax` only what is not included in prices.

    `status` is the CS-Cart letter or the Webasyst state id. `marker` names the counterpart where the store holds one.
    `stock_released`: it was we who told the shop that an order which is kept off the stock has taken none.
    `shipping_id` and `payment_id` are the store's own; empty where there is none, or where several ways to ship were taken.
    """

    id: str
    status: str
    currency: str
    lines: tuple[Line, ...]
    total: Decimal
    shipping: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    surcharge: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    customer: Customer = Customer()
    billing_address: Address = Address()
    shipping_address: Address = Address()
    shipping_name: str = ""
    payment_name: str = ""
    shipping_id: str = ""
    payment_id: str = ""
    comment: str = ""
    company_id: str = ""
    marker: str = ""
    is_parent: bool = False
    incomplete: bool = False
    stock_taken: bool = False
    stock_suppressed: bool = False
    stock_released: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    tracking: str = ""

    @property
    def subtotal(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def expected_total(self) -> Decimal:
        """The identity that both stores keep: lines - discount + shipping + surcharge + tax on top, never below zero."""
        total = self.subtotal - self.discount + self.shipping + self.surcharge + self.tax
        return max(total, Decimal(0)).quantize(CENT)


@dataclass(frozen=True, slots=True)
class OrderHead:
    """A row of an order list: enough to decide whether to look closer."""

    id: str
    status: str
    company_id: str = ""
    is_parent: bool = False
    stamp: datetime | None = None


def ids_behind(heads: Iterable[OrderHead], last: int = 0) -> list[str]:
    """Each once and in ascending order, so that a reader can go on behind the last one that it read."""
    return [str(number) for number in sorted({int(head.id) for head in heads}) if number > last]
