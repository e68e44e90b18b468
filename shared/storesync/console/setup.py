"""The first run, step by step: what is done, what is next, and what the shops offer to choose from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..domain.connection import Connection
from ..domain.findings import Finding, Weight
from ..domain.model import StoreName
from .forms import DefaultsForm
from .texts import N_

STEPS = {
    "cscart": N_("CS-Cart"),
    "webasyst": N_("Webasyst"),
    "defaults": N_("Company and defaults"),
    "statuses": N_("Statuses"),
    "check": N_("Self-test"),
    "preview": N_("Preview and start"),
}
Sheet = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    title: str
    done: bool


def steps(connection: Connection, key_is_set: bool, token_is_set: bool, survey: Sheet, preview: Sheet) -> list[Step]:
    """In order. A step that has nothing to be done about it is done when it has been looked at."""
    done = {
        "cscart": bool(connection.cscart.url and connection.cscart.email and key_is_set),
        "webasyst": bool(connection.webasyst.url and token_is_set),
        "defaults": bool(connection.cscart.currency and connection.webasyst.currency),
        "statuses": bool(connection.statuses.to_webasyst),
        "check": bool(survey) and not any(finding.weight is Weight.STOPS for finding in findings(survey)),
        "preview": bool(preview) and not connection.paused,
    }
    return [Step(name, title, done[name]) for name, title in STEPS.items()]


def next_step(found: list[Step]) -> str:
    return next((step.name for step in found if not step.done), found[-1].name)


def findings(survey: Sheet) -> list[Finding]:
    """The worst first."""
    found = [_finding(**one) for one in survey.get("findings", ())]
    return sorted(found, key=lambda one: list(Weight).index(one.weight))


def _finding(topic: str, weight: str, text: str, data: Mapping[str, str]) -> Finding:
    return Finding(topic, Weight(weight), text, data)


def offer(form: DefaultsForm, shops: Mapping[StoreName, Sheet]) -> None:
    """Fill the lists of the form with what the shops have."""
    ours, theirs = shops[StoreName.CSCART], shops[StoreName.WEBASYST]
    nothing = N_("– not chosen –")
    form.cscart__company_id.offer(ours.get("companies", {}), N_("All"))
    form.cscart__currency.offer(_codes(ours) or _codes(theirs), nothing)
    form.webasyst__currency.offer(_codes(theirs), nothing)
    form.cscart__default_category.offer(_sorted(ours.get("categories", {})), nothing)
    form.webasyst__default_category.offer(_sorted(theirs.get("categories", {})), nothing)
    form.webasyst__default_type.offer(theirs.get("types", {}), nothing)
    form.webasyst__stock_id.offer([(found, f"№ {found}") for found in theirs.get("stock_ids", ())], N_("The first"))
    form.cscart__payment_id.offer(ours.get("payments", {}), nothing)
    form.cscart__shipping_id.offer(ours.get("shippings", {}), nothing)


def proposed(connection: Connection, shops: Mapping[StoreName, Sheet]) -> dict[str, str]:
    """What a form that nobody has filled in begins with: the shops' own first choices."""
    ours, theirs = shops[StoreName.CSCART], shops[StoreName.WEBASYST]
    currency = connection.webasyst.currency or theirs.get("currency", "")
    first = {
        "cscart__company_id": next(iter(ours.get("companies", {})), ""),
        "webasyst__currency": currency,
        "cscart__currency": ours.get("currency", "") or currency,
        "cscart__default_category": next(iter(ours.get("categories", {})), ""),
        "webasyst__default_category": next(iter(theirs.get("categories", {})), ""),
        "webasyst__default_type": next(iter(theirs.get("types", {})), ""),
        "cscart__payment_id": next(iter(ours.get("payments", {})), ""),
        "cscart__shipping_id": next(iter(ours.get("shippings", {})), ""),
    }
    return {name: value for name, value in first.items() if value}


def _codes(shop: Sheet) -> list[tuple[str, str]]:
    return [(code, code) for code in shop.get("currencies", {})]


def _sorted(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda pair: pair[1].casefold())
