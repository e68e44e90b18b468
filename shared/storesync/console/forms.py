"""The settings with the names that merchants know, a sentence of help for each, and what is refused with its reason."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from wtforms import (
    BooleanField,
    EmailField,
    Field,
    Form,
    IntegerField,
    PasswordField,
    SelectField,
    TextAreaField,
    URLField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from ..domain.connection import DeletionRule, Policy
from ..domain.model import Group, StoreName
from .fields import ConnectionForm, DayField, OptionField, ShareField
from .texts import N_

LEAST_PERIOD, LONGEST = 60, 366 * 86_400
LEAST_LOG = 100_000
_CODE = re.compile(r"[A-Z]{3}")

POLICIES = (
    (Policy.TWO_WAY.value, N_("Both ways")),
    (Policy.TO_WEBASYST.value, N_("From CS-Cart to Webasyst")),
    (Policy.TO_CSCART.value, N_("From Webasyst to CS-Cart")),
    (Policy.OFF.value, N_("Not at all")),
)
STORES = ((StoreName.CSCART.value, "CS-Cart"), (StoreName.WEBASYST.value, "Webasyst"))
DELETIONS = (
    (DeletionRule.SHOW.value, N_("Only show it")),
    (DeletionRule.HIDE.value, N_("Hide it in the other shop")),
    (DeletionRule.ZERO_STOCK.value, N_("Set its stock to zero in the other shop")),
)
GROUPS = {
    Group.CONTENT: N_("Name, texts and SEO"),
    Group.MEDIA: N_("Images"),
    Group.LISTING: N_("Category and visibility"),
    Group.PRICE: N_("Prices"),
    Group.STOCK: N_("Stock"),
    Group.IDENTITY: N_("SKU"),
}


def _seconds(least: int, message: str) -> list[Any]:
    """What stays as it was is not refused: a connection made by a program may tick faster."""

    def check(form: Form, field: Field) -> None:
        if field.data is not None and field.data != field.object_data and not least <= field.data <= LONGEST:
            raise ValidationError(message)

    return [InputRequired(N_("Enter a whole number.")), check]


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


def _policy(group: Group) -> SelectField:
    return SelectField(GROUPS[group], choices=list(POLICIES), coerce=Policy)


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
        N_("Payment method for mirrored orders"), validate_choice=False, description=N_("CS-Cart needs one for each order it creates.")
    )
    cscart__shipping_id = OptionField(
        N_("Shipping method for mirrored orders"), validate_choice=False, description=N_("Used when no method of the same name is found.")
    )

    def validate_cscart__currency(self, field: SelectField) -> None:
        _known_currency(field)

    def validate_webasyst__currency(self, field: SelectField) -> None:
        _known_currency(field)

    def validate_rates(self, field: Field) -> None:
        read_rates(field.data or "")
        ours, theirs = self.cscart__currency.data, self.webasyst__currency.data
        if ours and theirs and ours != theirs and theirs not in read_rates(field.data or ""):
            raise ValidationError(N_("The two shops have different currencies: enter the rate of the Webasyst currency."))


def _known_currency(field: SelectField) -> None:
    """Among those of the shop where it names them, and of the form of a code in any case."""
    known = {str(choice[0]) for choice in field.choices or ()}
    if not _CODE.fullmatch(field.data or "") or (len(known - {""}) > 1 and field.data not in known):
        raise ValidationError(N_("Choose a currency that the shop has."))


def read_rates(text: str) -> dict[str, Decimal]:
    """Raises ValidationError."""
    found = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        code, _, number = line.replace("=", " ").partition(" ")
        try:
            rate = Decimal(number.strip().replace(",", "."))
        except InvalidOperation:
            rate = Decimal(0)
        if not _CODE.fullmatch(code) or not rate.is_finite() or rate <= 0:
            raise ValidationError(N_("Write one rate a line: a code of three capital letters and a number above zero."))
        found[code] = rate
    return found


def write_rates(rates: Any) -> str:
    return "\n".join(f"{code} {rate:f}" for code, rate in sorted(rates.items()))


_PERIOD = N_("At least 60 seconds: it is looked once a minute, and the shop has to answer other people too.")
_REACH = N_("At least 60 seconds and at most a year.")


class SettingsForm(ConnectionForm):
    product_updates = BooleanField(N_("Product updates"), description=N_("Switch it off to synchronise orders only."))
    update_time = IntegerField(
        N_("Update time, seconds"),
        _seconds(60, _REACH),
        description=N_("How far back “recently changed” reaches the first time products are read."),
    )
    product_period = IntegerField(
        N_("Products every, seconds"), _seconds(LEAST_PERIOD, _PERIOD), description=N_("How often changed products are looked for.")
    )
    sweep_period = IntegerField(
        N_("Whole catalogue every, seconds"),
        _seconds(300, N_("At least 300 seconds: the whole catalogue is read.")),
        description=N_("Finds what leaves no trace in the shops, such as stock sold by an order."),
    )
    create_in_webasyst = BooleanField(N_("Create missing products in Webasyst"))
    create_in_cscart = BooleanField(N_("Create missing products in CS-Cart"))
    reindex_names = BooleanField(N_("Refresh Webasyst's search"), description=N_("Costs one more call per product whose name changed."))
    policies__content = _policy(Group.CONTENT)
    policies__media = _policy(Group.MEDIA)
    policies__listing = _policy(Group.LISTING)
    policies__price = _policy(Group.PRICE)
    policies__stock = _policy(Group.STOCK)
    policies__identity = _policy(Group.IDENTITY)
    preferred = SelectField(
        N_("Preferred shop"),
        choices=list(STORES),
        coerce=StoreName,
        description=N_("Wins when both sides changed the same thing differently."),
    )
    deletions = SelectField(
        N_("When a product is deleted"),
        choices=list(DELETIONS),
        coerce=DeletionRule,
        description=N_("Nothing is ever deleted in the other shop."),
    )
    guard__share = ShareField(
        N_("Ask before changing more than, percent"),
        [InputRequired(N_("Enter a number.")), NumberRange(1, 100, N_("Between 1 and 100 percent."))],
        places=None,
        description=N_("A pass that would zero, hide or reprice a larger share of the catalogue stops and asks you."),
    )
    guard__at_least = IntegerField(
        N_("… but never for fewer than, products"),
        [InputRequired(N_("Enter a whole number.")), NumberRange(1, 1_000_000, N_("At least 1."))],
    )
    guard__price_jump = ShareField(
        N_("A price jumps when it moves by, percent"),
        [InputRequired(N_("Enter a number.")), NumberRange(1, 1000, N_("Between 1 and 1000 percent."))],
        places=None,
    )
    orders_update_time = IntegerField(
        N_("Orders update time, seconds"), _seconds(60, _REACH), description=N_("How far back orders are taken the first time.")
    )
    order_period = IntegerField(
        N_("Orders every, seconds"), _seconds(LEAST_PERIOD, _PERIOD), description=N_("How often changed orders are looked for.")
    )
    orders_from = DayField(N_("No orders before"), [Optional()], description=N_("Older orders are left alone. Empty: no limit."))
    order_discounts = BooleanField(N_("Order discounts"), description=N_("Carry the discount of an order over."))
    orders_to_cscart = BooleanField(N_("Mirror Webasyst's orders into CS-Cart"))
    order_edits_to_cscart = BooleanField(
        N_("Carry edits of mirrored orders back to CS-Cart"), description=N_("CS-Cart recalculates an edited order, promotions included.")
    )
    log_requests = BooleanField(N_("Log requests and answers"), description=N_("Secrets and personal data are blacked out."))
    log_limit = IntegerField(
        N_("Size limit of the log, bytes"),
        [
            InputRequired(N_("Enter a whole number.")),
            NumberRange(LEAST_LOG, None, N_("At least 100000 bytes; to keep no log, switch it off above.")),
        ],
        description=N_("Past it the oldest entries are dropped."),
    )

    def validate_update_time(self, field: Field) -> None:
        _reaches(field, self.product_period.data)

    def validate_orders_update_time(self, field: Field) -> None:
        _reaches(field, self.order_period.data)


def _reaches(field: Field, period: int | None) -> None:
    if field.data is not None and period is not None and field.data < period:
        raise ValidationError(N_("Shorter than the time between two looks: changes in between would be missed."))


SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        N_("Products"),
        (
            "product_updates",
            "update_time",
            "product_period",
            "sweep_period",
            "create_in_webasyst",
            "create_in_cscart",
            "reindex_names",
            "deletions",
        ),
    ),
    (N_("Which way each thing flows"), (*(f"policies__{group.value}" for group in GROUPS), "preferred")),
    (N_("Mass-change guard"), ("guard__share", "guard__at_least", "guard__price_jump")),
    (N_("Orders"), ("order_discounts", "orders_update_time", "order_period", "orders_from", "orders_to_cscart", "order_edits_to_cscart")),
    (N_("Request log"), ("log_requests", "log_limit")),
)
