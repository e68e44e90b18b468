"""The forms of the set-up: both shops, and what the sync takes where a shop says nothing."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from wtforms import (
    EmailField,
    Field,
    Form,
    PasswordField,
    SelectField,
    TextAreaField,
    URLField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length

from .fields import ConnectionForm, OptionField
from .texts import N_

LONGEST_RATE, MOST_RATE = 30, Decimal(10) ** 9
_CODE = re.compile(r"[A-Z]{3}")
_CODES = re.compile(r"[A-Z]{3}(?:>[A-Z]{3})?")


def _address(form: Form, field: Field) -> None:
    try:
        parts = urlsplit(field.data or "")
        usable = parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.query and not parts.fragment
    except ValueError:
        usable = False
    if not usable:
        raise ValidationError(N_("Enter the shop's whole address, starting with https://."))


def needed(form: Form, field: Field) -> None:
    if not field.data:
        raise ValidationError(N_("Enter the key."))


def address(text: str | None) -> str:
    """As it is kept: with one slash at its end."""
    found = (text or "").strip()
    return found.rstrip("/") + "/" if found else ""


class CsCartForm(ConnectionForm):
    cscart__url = URLField(
        N_("CS-Cart address"), [_address], [address], N_("The address of the storefront, as customers type it: https://shop.example.com/")
    )
    cscart__email = EmailField(
        N_("E-mail of the administrator"),
        [InputRequired(N_("Enter the e-mail of the user whose key it is.")), Length(max=128)],
        description=N_("A user of its own is best: Customers → Administrators → add one for the sync."),
    )
    key = PasswordField(
        N_("API key"),
        [Length(max=128)],
        description=N_(
            "In CS-Cart open that user, tab “API access”, tick “Yes” and save: the key appears. It is kept encrypted and not shown again."
        ),
    )


class WebasystForm(ConnectionForm):
    webasyst__url = URLField(
        N_("Account URL"), [_address], [address], N_("The address of your Webasyst account, the part before “webasyst/” of its backend.")
    )


class DefaultsForm(ConnectionForm):
    cscart__company_id = OptionField(
        N_("Default company"),
        validate_choice=False,
        description=N_("New products go to this storefront or vendor, and only its orders are taken."),
    )
    cscart__currency = OptionField(
        N_("Currency of CS-Cart"),
        validate_choice=False,
        description=N_("The primary currency of the CS-Cart shop: its prices come without a code."),
    )
    webasyst__currency = OptionField(N_("Currency of Webasyst"), validate_choice=False, description=N_("The main currency of Shop-Script."))
    rates = TextAreaField(
        N_("Rates"),
        description=N_(
            "Only for two different currencies. One a line: a code and what one unit costs in the currency of CS-Cart, for example USD 90.5"
        ),
    )
    cscart__default_category = OptionField(
        N_("Default category in CS-Cart"),
        validate_choice=False,
        description=N_("Where a new product goes whose category has no counterpart."),
    )
    webasyst__default_category = OptionField(
        N_("Default category in Webasyst"),
        validate_choice=False,
        description=N_("Where a new product goes whose category has no counterpart."),
    )
    webasyst__default_type = OptionField(
        N_("Product type in Webasyst"), validate_choice=False, description=N_("The type that new products get in Shop-Script.")
    )
    webasyst__stock_id = OptionField(
        N_("Stock in Webasyst"), validate_choice=False, description=N_("Which warehouse is synchronised, when there are several.")
    )
    cscart__payment_id = OptionField(
        N_("Payment method for mirrored orders"),
        validate_choice=False,
        description=N_("CS-Cart needs one for each order it creates. Where the table of payments has a row, that one is taken."),
    )
    cscart__shipping_id = OptionField(
        N_("Shipping method for mirrored orders"),
        validate_choice=False,
        description=N_("Where the table of shipping has a row, that one is taken."),
    )

    def validate_cscart__currency(self, field: SelectField) -> None:
        _known_currency(field)

    def validate_webasyst__currency(self, field: SelectField) -> None:
        _known_currency(field)

    def validate_rates(self, field: Field) -> None:
        ours, theirs = self.cscart__currency.data or "", self.webasyst__currency.data or ""
        rates = read_rates(field.data or "", ours)
        if ours and theirs and ours != theirs and not {f"{theirs}>{ours}", f"{ours}>{theirs}"} & set(rates):
            raise ValidationError(N_("The two shops have different currencies: enter the rate of the Webasyst currency."))


def _known_currency(field: SelectField) -> None:
    """Among those of the shop where it names them, and of the form of a code in any case."""
    offered: Any = field.choices or ()
    known = {str(choice.value) for choice in offered}
    if not _CODE.fullmatch(field.data or "") or (len(known - {""}) > 1 and field.data not in known):
        raise ValidationError(N_("Choose a currency that the shop has."))


def read_rates(text: str, currency: str) -> dict[str, Decimal]:
    """`USD 90.5`: what a unit costs in the currency of CS-Cart; kept as the price of one in the other, `USD>RUB`. Raises ValidationError."""
    found = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        code, _, number = line.replace("=", " ").partition(" ")
        try:
            rate = Decimal(number.strip().replace(",", ".")[:LONGEST_RATE])
        except InvalidOperation:
            rate = Decimal(0)
        if not _CODES.fullmatch(code) or not rate.is_finite() or not 1 / MOST_RATE <= rate <= MOST_RATE:
            raise ValidationError(N_("Write one rate a line: a code of three capital letters and a number above zero."))
        found[code if ">" in code else f"{code}>{currency}"] = rate
    return found


def write_rates(rates: Mapping[str, Decimal], currency: str) -> str:
    return "\n".join(f"{pair.removesuffix('>' + currency)} {rate:f}" for pair, rate in sorted(rates.items()))
