"""The tables: what a status, and what a category, means in the other shop."""

from dataclasses import replace
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap
from storesync.console import categories, statuses
from storesync.domain.connection import Connection
from storesync.domain.model import StoreName
from visit import connection, visit

router = APIGatewayHttpRouter()


def shops(found: Connection) -> dict[StoreName, dict[str, Any]]:
    return {store: bootstrap.sheets(found.id).get(f"shop:{store}") for store in StoreName}


@router.get("/console/c/<connection_id>/statuses")
def show_statuses(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).page("statuses.html", found, table=statuses.table(found.statuses, shops(found)), circles=[])


@router.post("/console/c/<connection_id>/statuses")
def save_statuses(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    wanted = statuses.read(visit(router).form or {})
    if circles := statuses.problems(wanted, shops(found)):
        return visit(router).page("statuses.html", found, status=422, table=statuses.table(wanted, shops(found)), circles=circles)
    bootstrap.change(found.id, lambda one: replace(one, statuses=wanted))
    return visit(router).redirect(f"/console/c/{found.id}/statuses", "saved")


@router.get("/console/c/<connection_id>/tables")
def show_categories(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).page("tables.html", found, table=categories.table(found.categories, shops(found)))


@router.post("/console/c/<connection_id>/tables")
def save_categories(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    wanted = categories.read(visit(router).form or {}, shops(found))
    bootstrap.change(found.id, lambda one: replace(one, categories=wanted))
    return visit(router).redirect(f"/console/c/{found.id}/tables", "saved")
