"""The tables: what a status, a category, a way to ship and a way to pay mean in the other shop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from asking import ask, asked, shops
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap
from storesync.console import categories, methods, statuses, tables
from storesync.domain.connection import Connection, MethodMap, StatusMap
from storesync.domain.model import StoreName
from visit import connection, visit

router = APIGatewayHttpRouter()
Problems = list[tuple[str, dict[str, str]]]
Sheets = Mapping[StoreName, Mapping[str, Any]]
Edit = Callable[[Connection], Connection]
SEARCHED_ORDERS = 20_000
KINDS = ("category", *methods.KINDS)


@router.get("/console/c/<connection_id>/statuses")
def show_statuses(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return _statuses(found, found.statuses, [])


@router.post("/console/c/<connection_id>/statuses")
def save_statuses(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    wanted = statuses.read(visit(router).form or {})
    if circles := status_problems(found, wanted):
        return _statuses(found, wanted, circles)
    bootstrap.change(found.id, lambda one: replace(one, statuses=wanted))
    return visit(router).redirect(f"/console/c/{found.id}/statuses", "saved")


@router.get("/console/c/<connection_id>/tables")
def show_categories(connection_id: str) -> Response[str]:
    return _maps(connection(connection_id), "category", [])


@router.get("/console/c/<connection_id>/tables/<kind>")
def show_methods(connection_id: str, kind: str) -> Response[str]:
    return _maps(connection(connection_id), _kind(kind), [])


@router.post("/console/c/<connection_id>/tables")
def save_categories(connection_id: str) -> Response[str]:
    return _save(connection(connection_id), "category", "tables")


@router.post("/console/c/<connection_id>/tables/<kind>")
def save_methods(connection_id: str, kind: str) -> Response[str]:
    return _save(connection(connection_id), _kind(kind), f"tables/{kind}")


@router.post("/console/c/<connection_id>/shops/read")
def read_again(connection_id: str) -> Response[str]:
    """Has the worker look at both shops; `back` is the page that wants to know."""
    found = connection(connection_id)
    ask(found, "survey")
    back = visit(router).field("back")
    return visit(router).redirect(back if back.startswith(f"/console/c/{found.id}/") else f"/console/c/{found.id}/statuses", "reading")


def status_problems(found: Connection, wanted: StatusMap) -> Problems:
    """What the table itself says, and what the orders say that are known."""
    links = bootstrap.world(found.id).links
    orders = islice(chain.from_iterable(links.orders_of(store) for store in StoreName), SEARCHED_ORDERS)
    told = shops(found)
    return statuses.problems(wanted, told) or statuses.still_used(found.statuses, wanted, orders, told)


def status_values(wanted: StatusMap, circles: Problems, told: Sheets) -> dict[str, Any]:
    """`told`: what both shops said of themselves."""
    return {"table": statuses.table(wanted, told), "circles": circles, "remarks": statuses.remarks(wanted, told)}


def map_values(found: Connection, kind: str, told: Sheets) -> dict[str, Any]:
    """The one table of the categories, or the two of a kind of methods."""
    if kind == "category":
        return {"kind": kind, "maps": [categories.table(found.categories, told)]}
    return {"kind": kind, "maps": list(methods.both(kind, methods.of(found, kind), told))}


def chosen(found: Connection, kind: str, form: Mapping[str, Sequence[str]], told: Sheets) -> tuple[Edit, Problems]:
    """What a form says, as an edit of the connection. A row that the form does not show, as the shop was not read, stays."""
    if kind == "category":
        rows, wrong = tables.read(categories.table(found.categories, told), form)
        return lambda one: replace(one, categories={**one.categories, **rows}), wrong
    wanted, wrong = methods.read(kind, methods.of(found, kind), told, form)

    def edit(one: Connection) -> Connection:
        kept = methods.of(one, kind)
        merged = MethodMap({**kept.to_webasyst, **wanted.to_webasyst}, {**kept.to_cscart, **wanted.to_cscart})
        return replace(one, **{methods.KINDS[kind]: merged})

    return edit, wrong


def _save(found: Connection, kind: str, path: str) -> Response[str]:
    edit, problems = chosen(found, kind, visit(router).form or {}, shops(found))
    if problems:
        return _maps(edit(found), kind, problems)
    bootstrap.change(found.id, edit)
    return visit(router).redirect(f"/console/c/{found.id}/{path}", "saved")


def _statuses(found: Connection, wanted: StatusMap, circles: Problems) -> Response[str]:
    values = {**status_values(wanted, circles, shops(found)), **asked(found, "survey")}
    return visit(router).page("statuses.html", found, status=422 if circles else 200, **values)


def _maps(found: Connection, kind: str, problems: Problems) -> Response[str]:
    values = {**map_values(found, kind, shops(found)), "problems": problems, **asked(found, "survey")}
    return visit(router).page("tables.html", found, status=422 if problems else 200, **values)


def _kind(kind: str) -> str:
    if kind not in methods.KINDS:
        raise NotFoundError
    return kind
