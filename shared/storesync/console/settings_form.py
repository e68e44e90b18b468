"""The settings with the names that merchants know, a sentence of help for each, and what is refused with its reason."""

from typing import Any

from wtforms import BooleanField, Field, Form, IntegerField, SelectField, ValidationError
from wtforms.validators import InputRequired, NumberRange, Optional

from ..domain.connection import DeletionRule, Policy
from ..domain.model import Group, StoreName
from .fields import ConnectionForm, DayField, ShareField, choices
from .texts import N_

LEAST_PERIOD, LONGEST = 60, 366 * 86_400
LEAST_LOG, MOST_LOG = 100_000, 10_000_000_000

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


OWNERS = (("", N_("Each shop its own")), *STORES)
HELP = {
    Group.CONTENT: N_("Name, descriptions, page title, keywords and description for search engines."),
    Group.MEDIA: N_("Pictures are sent only when they have changed."),
    Group.LISTING: N_("By the table of categories; where it has no row, the default category."),
    Group.PRICE: N_("Price and compare-at price, in the currency of each shop."),
    Group.STOCK: N_("Both ways: what is sold in either shop is taken off in both."),
    Group.IDENTITY: N_("A SKU that is renamed in one shop is renamed in the other."),
}


def _owner(value: object) -> StoreName | None:
    return StoreName(str(value)) if value else None


def _seconds(least: int, message: str) -> list[Any]:
    """What stays as it was is not refused: a connection made by a program may tick faster."""

    def check(form: Form, field: Field) -> None:
        if field.data is not None and field.data != field.object_data and not least <= field.data <= LONGEST:
            raise ValidationError(message)

    return [InputRequired(N_("Enter a whole number.")), check]


def _never_or(least: int, message: str) -> Any:
    def check(form: Form, field: Field) -> None:
        if field.data and field.data != field.object_data and not least <= field.data <= LONGEST:
            raise ValidationError(message)

    return check


def _policy(group: Group) -> SelectField:
    return SelectField(GROUPS[group], choices=choices(POLICIES), coerce=Policy, description=HELP[group])


def _limit(label: str, help_: str) -> IntegerField:
    checks = [InputRequired(N_("Enter a whole number.")), NumberRange(0, 10**12, N_("0 or more."))]
    return IntegerField(label, checks, description=help_)


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
    proof_period = IntegerField(
        N_("Prove agreement every, seconds"),
        [
            InputRequired(N_("Enter a whole number.")),
            _never_or(3600, N_("At least 3600 seconds, as both shops are read in full; 0 for never.")),
        ],
        description=N_("Both shops are read in full and compared field by field, without writing. A day has 86400 seconds."),
    )
    create_in_webasyst = BooleanField(
        N_("Create missing products in Webasyst"),
        description=N_("With name, texts, SEO, price, stock, images and the defaults of the set-up."),
    )
    create_in_cscart = BooleanField(N_("Create missing products in CS-Cart"), description=N_("The same, the other way."))
    reindex_names = BooleanField(N_("Refresh Webasyst's search"), description=N_("Costs one more call per product whose name changed."))
    policies__content = _policy(Group.CONTENT)
    policies__media = _policy(Group.MEDIA)
    policies__listing = _policy(Group.LISTING)
    policies__price = _policy(Group.PRICE)
    policies__stock = _policy(Group.STOCK)
    policies__identity = _policy(Group.IDENTITY)
    preferred = SelectField(
        N_("Preferred shop"),
        choices=choices(STORES),
        coerce=StoreName,
        description=N_("Wins when both sides changed the same thing differently."),
    )
    stock_owner = SelectField(
        N_("Who keeps the stock of mirrored orders"),
        choices=choices(OWNERS),
        coerce=_owner,
        description=N_(
            "The shop whose stock a sale is taken off; in the other one the mirrored order takes nothing, so it is never taken twice."
        ),
    )
    deletions = SelectField(
        N_("When a product is deleted"),
        choices=choices(DELETIONS),
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
        description=N_("Small catalogues would stop for every price list otherwise."),
    )
    guard__price_jump = ShareField(
        N_("A price jumps when it moves by, percent"),
        [InputRequired(N_("Enter a number.")), NumberRange(1, 1000, N_("Between 1 and 1000 percent."))],
        places=None,
        description=N_("Only such movements count as repriced."),
    )
    damage__writes = _limit(N_("Records that one run may write"), N_("After so many it stops and asks. 0 for no limit."))
    damage__mails = _limit(
        N_("E-mails that one run may set off"),
        N_("Counted for new orders, their statuses in Webasyst, and products that come back into stock in CS-Cart. 0 for no limit."),
    )
    damage__money = _limit(
        N_("Money that one run may move"),
        N_("Price changes times the pieces in stock, in whole units of CS-Cart's currency. 0 for no limit."),
    )
    orders_update_time = IntegerField(
        N_("Orders update time, seconds"), _seconds(60, _REACH), description=N_("How far back orders are taken the first time.")
    )
    order_period = IntegerField(
        N_("Orders every, seconds"), _seconds(LEAST_PERIOD, _PERIOD), description=N_("How often changed orders are looked for.")
    )
    rest_period = IntegerField(
        N_("At rest every, seconds"),
        [InputRequired(N_("Enter a whole number.")), _never_or(LEAST_PERIOD, _PERIOD)],
        description=N_(
            "Where nothing has moved for half an hour, looks become rarer, up to this; the first change ends it. 0: always as often as above."
        ),
    )
    orders_from = DayField(N_("No orders before"), [Optional()], description=N_("Older orders are left alone. Empty: no limit."))
    order_discounts = BooleanField(N_("Order discounts"), description=N_("Carry the discount of an order over."))
    orders_to_cscart = BooleanField(
        N_("Mirror Webasyst's orders into CS-Cart"), description=N_("Off: only orders placed in CS-Cart are carried over.")
    )
    order_edits_to_cscart = BooleanField(
        N_("Carry edits of mirrored orders back to CS-Cart"), description=N_("CS-Cart recalculates an edited order, promotions included.")
    )
    log_requests = BooleanField(N_("Log requests and answers"), description=N_("Secrets and personal data are blacked out."))
    log_reads = BooleanField(
        N_("… what was read, too"),
        description=N_("Otherwise it is kept whole only of passes in which something went wrong; what is written always is."),
    )
    log_limit = IntegerField(
        N_("Size limit of the log, bytes"),
        [
            InputRequired(N_("Enter a whole number.")),
            NumberRange(LEAST_LOG, None, N_("At least 100000 bytes; to keep no log, switch it off above.")),
            NumberRange(None, MOST_LOG, N_("At most 10000000000 bytes, which is 10 GB: the table that keeps the log is paid by its size.")),
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
            "proof_period",
            "create_in_webasyst",
            "create_in_cscart",
            "reindex_names",
            "deletions",
        ),
    ),
    (N_("Which way each thing flows"), (*(f"policies__{group.value}" for group in GROUPS), "preferred", "stock_owner")),
    (N_("Mass-change guard"), ("guard__share", "guard__at_least", "guard__price_jump")),
    (N_("Budget of damage of one run"), ("damage__writes", "damage__mails", "damage__money")),
    (
        N_("Orders"),
        (
            "order_discounts",
            "orders_update_time",
            "order_period",
            "rest_period",
            "orders_from",
            "orders_to_cscart",
            "order_edits_to_cscart",
        ),
    ),
    (N_("Request log"), ("log_requests", "log_reads", "log_limit")),
)
