"""What a form refuses, and that it says everything at once; what it keeps, and that it touches nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from storesync.console import fields, forms, settings_form, setup
from storesync.console.fields import FormData
from storesync.domain.connection import Connection, DeletionRule, Policy
from storesync.domain.model import Group, StoreName
from wtforms import BooleanField, ValidationError

MAIN = Connection("main", log_limit=200_000, orders_from=datetime(2026, 1, 2, tzinfo=UTC))


def filled(connection: Connection, **changed: str) -> FormData:
    """The settings' form as a browser sends it when nothing but `changed` was edited; "-" unticks a box."""
    form = fields.build(settings_form.SettingsForm, connection, None, "en")
    sent = {}
    for field in form:
        if isinstance(field, BooleanField):
            sent |= {field.name: ["y"]} if field.data else {}
        else:
            sent[field.name] = [str(field._value() if hasattr(field, "_value") else field.data or "")]
    sent |= {name: [value] for name, value in changed.items()}
    return FormData({name: value for name, value in sent.items() if value != ["-"]})


def settings(connection: Connection = MAIN, **changed: str) -> settings_form.SettingsForm:
    form: settings_form.SettingsForm = fields.build(settings_form.SettingsForm, connection, filled(connection, **changed), "en")
    return form


def test_a_form_that_nobody_edited_changes_nothing() -> None:
    form = settings()
    assert form.validate(), form.errors
    assert form.changed(MAIN) == MAIN


def test_what_was_edited_is_kept_and_all_else_stays() -> None:
    form = settings(product_period="600", policies__price="to_cscart", guard__share="12.5", order_discounts="-", orders_from="", deletions="hide",
                    stock_owner="", preferred="webasyst")  # fmt: skip
    assert form.validate(), form.errors
    wanted = replace(
        MAIN, product_period=600, policies={**MAIN.policies, Group.PRICE: Policy.TO_CSCART}, guard=replace(MAIN.guard, share=Decimal("0.125")),
        order_discounts=False, orders_from=None, deletions=DeletionRule.HIDE, stock_owner=None, preferred=StoreName.WEBASYST,
    )  # fmt: skip
    assert form.changed(MAIN) == wanted


@pytest.mark.parametrize(
    ("name", "value"),
    [("product_period", "1"), ("order_period", "1"), ("sweep_period", "60"), ("log_limit", "0"), ("log_limit", "1000000000000"), ("update_time", "0"), ("orders_update_time", "-5"),
     ("guard__share", "0"), ("guard__share", "101"), ("guard__at_least", "0"), ("guard__price_jump", "x"), ("product_period", "1e9"),
     ("product_period", "99999999999"), ("orders_from", "yesterday"), ("policies__price", "sideways"), ("preferred", "ebay"), ("update_time", "")],
)  # fmt: skip
def test_fault_70_nonsense_is_refused_with_a_reason(name: str, value: str) -> None:
    form = settings(**{name: value})
    assert not form.validate()
    assert form.errors[name][0]


def test_all_problems_are_told_at_once() -> None:
    form = settings(product_period="1", log_limit="0", guard__share="500")
    assert not form.validate()
    assert set(form.errors) == {"product_period", "log_limit", "guard__share"}


def test_a_reach_shorter_than_the_time_between_two_looks_is_refused() -> None:
    assert not settings(update_time="100", product_period="300").validate()


def test_a_fast_connection_of_a_program_may_stay_as_it_is_but_not_get_faster() -> None:
    fast = replace(MAIN, product_period=5)
    assert settings(fast).validate()
    assert not settings(fast, product_period="4").validate()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example.com",
        "ftp://shop.example",
        "https://",
        "https://u:p@shop.example/",
        "https://shop.example/?a=1",
        "http://[",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    form = fields.build(forms.WebasystForm, MAIN, FormData({"webasyst__url": [url]}), "en")
    assert not form.validate()


def test_an_address_is_kept_with_one_slash() -> None:
    assert [forms.address(url) for url in (" https://a.example ", "https://a.example/x//", "")] == [
        "https://a.example/",
        "https://a.example/x/",
        "",
    ]


SHOPS = {
    StoreName.CSCART: {"categories": {"1": "Home/Chairs", "2": "Lamps"}},
    StoreName.WEBASYST: {"categories": {"7": "Home/Chairs"}, "currencies": {"RUB": "1", "USD": "90"}, "currency": "RUB"},
}  # fmt: skip


def defaults(**sent: str) -> forms.DefaultsForm:
    form: forms.DefaultsForm = fields.build(forms.DefaultsForm, MAIN, FormData({name: [value] for name, value in sent.items()}), "en")
    setup.offer(form, SHOPS)
    return form


def test_an_unknown_currency_is_refused() -> None:
    assert not defaults(cscart__currency="RUB", webasyst__currency="XXX").validate()
    assert not defaults(cscart__currency="rubles", webasyst__currency="RUB").validate()
    assert defaults(cscart__currency="RUB", webasyst__currency="RUB").validate()


def test_two_currencies_need_a_rate() -> None:
    assert not defaults(cscart__currency="RUB", webasyst__currency="USD").validate()
    assert defaults(cscart__currency="RUB", webasyst__currency="USD", rates="USD 90.5").validate()


def test_a_rate_is_what_a_unit_costs_in_the_currency_of_cscart_and_reads_back() -> None:
    rates = forms.read_rates("USD 90,5\n\nEUR=100\nRUB>KZT 5", "RUB")
    assert rates == {"USD>RUB": Decimal("90.5"), "EUR>RUB": Decimal(100), "RUB>KZT": Decimal(5)}
    assert forms.read_rates(forms.write_rates(rates, "RUB"), "RUB") == rates


@pytest.mark.parametrize("text", ["USD", "USD 0", "USD -1", "USD NaN", "USD Infinity", "US 1", "usd 90", "USD 1 2"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        forms.read_rates(text, "RUB")
