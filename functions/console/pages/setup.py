"""The guided first run. Each step checks at once and says what to do in the shop's own words."""

from dataclasses import replace
from typing import Any

from asking import ask, asked, shops
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap, desk
from storesync.console import fields, forms, overview, setup, statuses, texts
from storesync.domain.connection import Connection, StatusMap
from storesync.domain.findings import Weight
from storesync.domain.model import StoreName
from storesync.errors import StoreError, Unauthorised
from storesync.sync.looks import KEEP_SECONDS
from visit import connection, visit

from pages import tables

router = APIGatewayHttpRouter()


@router.get("/console/c/<connection_id>/setup")
def begin(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).redirect(f"/console/c/{found.id}/setup/{setup.next_step(_steps(found))}")


@router.get("/console/c/<connection_id>/setup/<step>")
def show(connection_id: str, step: str) -> Response[str]:
    found = connection(connection_id)
    if step not in setup.STEPS:
        raise NotFoundError
    return _page(found, step, **SHOWN[step](found))


@router.post("/console/c/<connection_id>/setup/cscart")
def save_cscart(connection_id: str) -> Response[str]:
    """The address and the key are tried before they are kept."""
    found = connection(connection_id)
    form = fields.build(forms.CsCartForm, found, visit(router).form, visit(router).language)
    key = (form.key.data or "").strip() or bootstrap.secrets().get(found.id, "cscart_key")
    if not key:
        form.key.validators = (*form.key.validators, forms.needed)
    if form.validate():
        try:
            changed, sheet = desk.shop_sheet(_with_url(form.changed(found)), key)
        except Unauthorised:
            form.key.errors = [
                texts.N_("The shop refuses this key with this e-mail. Copy the key again, and see that “API access” is ticked.")
            ]
        except StoreError as error:
            form.cscart__url.errors = [error.advice]
        else:
            bootstrap.secrets().put(found.id, "cscart_key", key)
            bootstrap.sheets(found.id).save(f"shop:{StoreName.CSCART}", sheet, KEEP_SECONDS)
            bootstrap.change(found.id, lambda one: replace(one, cscart=changed.cscart))
            return visit(router).redirect(f"/console/c/{found.id}/setup", "saved")
    return _page(found, "cscart", status=422, form=form, key_is_set=bool(bootstrap.secrets().get(found.id, "cscart_key")))


@router.post("/console/c/<connection_id>/setup/webasyst")
def get_token(connection_id: str) -> Response[str]:
    """Keeps the address and leads to the account, where the owner approves."""
    found = connection(connection_id)
    form = fields.build(forms.WebasystForm, found, visit(router).form, visit(router).language)
    if form.validate():
        changed = _with_url(form.changed(found))
        try:
            desk.is_account(changed)
        except StoreError as error:
            form.webasyst__url.errors = [error.advice]
        else:
            bootstrap.change(found.id, lambda one: replace(one, webasyst=changed.webasyst))
            start = bootstrap.authorisation().start(found.id)
            answer = visit(router).page("leaving.html", changed, url=start.url)
            answer.cookies.append(start.cookie)
            return answer
    return _page(found, "webasyst", status=422, form=form, token_is_set=False)


@router.post("/console/c/<connection_id>/setup/defaults")
def save_defaults(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    form = fields.build(forms.DefaultsForm, found, visit(router).form, visit(router).language)
    setup.offer(form, shops(found))
    if not form.validate():
        return _page(found, "defaults", status=422, form=form)
    rates = forms.read_rates(form.rates.data or "", form.cscart__currency.data or "")
    bootstrap.change(found.id, lambda one: replace(form.changed(one), rates=rates))
    return visit(router).redirect(f"/console/c/{found.id}/setup", "saved")


@router.post("/console/c/<connection_id>/setup/statuses")
def save_tables(connection_id: str) -> Response[str]:
    """All tables at once: what is proposed counts as soon as it has been looked at and saved."""
    found, here = connection(connection_id), visit(router)
    wanted = statuses.read(here.form or {})
    circles = tables.status_problems(found, wanted)
    told = shops(found)
    edits = [tables.chosen(found, kind, here.form or {}, told) for kind in tables.KINDS]
    problems = [problem for _, wrong in edits for problem in wrong]
    if circles or problems:
        return _page(found, "statuses", status=422, **_tables(found, wanted, [*circles, *problems]))

    def edit(one: Connection) -> Connection:
        for change, _ in edits:
            one = change(one)
        return replace(one, statuses=wanted)

    bootstrap.change(found.id, edit)
    return here.redirect(f"/console/c/{found.id}/setup", "saved")


@router.post("/console/c/<connection_id>/setup/check")
def check_again(connection_id: str) -> Response[str]:
    return _ask(connection(connection_id), "survey", "check")


@router.post("/console/c/<connection_id>/setup/preview")
def preview_again(connection_id: str) -> Response[str]:
    return _ask(connection(connection_id), "preview", "preview")


@router.post("/console/c/<connection_id>/setup/start")
def start(connection_id: str) -> Response[str]:
    """From here on it runs by itself, unless the self-test has found what forbids it."""
    found = connection(connection_id)
    survey = bootstrap.sheets(found.id).get("survey")
    if found.missing() or any(finding.weight is Weight.STOPS for finding in setup.findings(survey)):
        return visit(router).redirect(f"/console/c/{found.id}/setup/check")
    bootstrap.change(found.id, lambda one: replace(one, paused=False))
    bootstrap.queue().send([overview.start(found.id, name) for name in overview.names()])
    return visit(router).redirect(f"/console/c/{found.id}", "started")


@router.get("/console/c/<connection_id>/setup/<step>/live")
def live(connection_id: str, step: str) -> Response[str]:
    """The part of the self-test and of the preview that refreshes itself."""
    found = connection(connection_id)
    if step not in ("check", "preview"):
        raise NotFoundError
    return visit(router).part(f"setup_{step}_live.html", found, **SHOWN[step](found))


def _ask(found: Connection, question: str, step: str) -> Response[str]:
    ask(found, question)
    return visit(router).redirect(f"/console/c/{found.id}/setup/{step}")


def _page(found: Connection, step: str, *, status: int = 200, **values: Any) -> Response[str]:
    return visit(router).page(f"setup_{step}.html", found, status=status, steps=_steps(found), step=step, **values)


def _with_url(found: Connection) -> Connection:
    ours, theirs = (
        replace(found.cscart, url=forms.address(found.cscart.url)),
        replace(found.webasyst, url=forms.address(found.webasyst.url)),
    )
    return replace(found, cscart=ours, webasyst=theirs)


def _steps(found: Connection) -> list[setup.Step]:
    secrets, sheets = bootstrap.secrets(), bootstrap.sheets(found.id)
    key, token = (bool(secrets.get(found.id, name)) for name in ("cscart_key", "webasyst_token"))
    return setup.steps(found, key, token, *sheets.several("survey", "preview"))


def _cscart(found: Connection) -> dict[str, Any]:
    form = fields.build(forms.CsCartForm, found, None, visit(router).language)
    return {"form": form, "key_is_set": bool(bootstrap.secrets().get(found.id, "cscart_key"))}


def _webasyst(found: Connection) -> dict[str, Any]:
    form = fields.build(forms.WebasystForm, found, None, visit(router).language)
    return {"form": form, "token_is_set": bool(bootstrap.secrets().get(found.id, "webasyst_token"))}


def _defaults(found: Connection) -> dict[str, Any]:
    offered = shops(found)
    form = fields.build(forms.DefaultsForm, found, None, visit(router).language)
    for name, value in setup.proposed(found, offered).items():
        if not form[name].data and not found.statuses.to_webasyst:
            form[name].process_data(value)
    setup.offer(form, offered)
    form.rates.process_data(forms.write_rates(found.rates, found.cscart.currency))
    return {"form": form}


def _statuses(found: Connection) -> dict[str, Any]:
    return _tables(found, found.statuses, [])


def _tables(found: Connection, wanted: StatusMap, circles: tables.Problems) -> dict[str, Any]:
    told = shops(found)
    return {**tables.status_values(wanted, circles, told), "others": [tables.map_values(found, kind, told) for kind in tables.KINDS]}


def _check(found: Connection) -> dict[str, Any]:
    return {"findings": setup.findings(bootstrap.sheets(found.id).get("survey")), **asked(found, "survey", at_once=True)}


def _preview(found: Connection) -> dict[str, Any]:
    sheets = bootstrap.sheets(found.id)
    streams = bootstrap.world(found.id).streams
    read = {overview.STORES[store]: bool(streams.cursor(f"indexed:{store}")) for store in StoreName}
    return {"preview": sheets.get("preview"), "read": read, **asked(found, "preview", at_once=True)}


SHOWN = {"cscart": _cscart, "webasyst": _webasyst, "defaults": _defaults, "statuses": _statuses, "check": _check, "preview": _preview}
