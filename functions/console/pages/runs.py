"""Every run with what it decided: a preview to be applied as it stands, a run to be undone."""

import uuid
from itertools import islice
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap
from storesync.console import overview, runs
from storesync.domain.journal import Run
from storesync.sync import preview, undo
from visit import connection, visit

router = APIGatewayHttpRouter()
LISTED, SHOWN = 60, 300


@router.get("/console/c/<connection_id>/runs")
def show(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).page("runs.html", found, **_listed(found.id))


@router.get("/console/c/<connection_id>/runs/live")
def live(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).part("runs_live.html", found, **_listed(found.id))


@router.post("/console/c/<connection_id>/runs")
def plan(connection_id: str) -> Response[str]:
    """Plan everything, write nothing."""
    found = connection(connection_id)
    bootstrap.queue().send([preview.ask(found.id, uuid.uuid4().hex[:12])])
    return visit(router).redirect(f"/console/c/{found.id}/runs", "queued")


@router.get("/console/c/<connection_id>/runs/<run_id>")
def entries(connection_id: str, run_id: str) -> Response[str]:
    found = connection(connection_id)
    run = _run(found.id, run_id)
    world = bootstrap.world(found.id)
    listed = list(islice(world.journal.of_run(run_id), SHOWN + 1))
    totals = runs.totals(world.journal.of_run(run_id)) if run.stream == runs.PREVIEW else {}
    values = {"run": run, "listed": listed[:SHOWN], "more": len(listed) > SHOWN, "totals": totals, "total_names": runs.TOTALS}
    return visit(router).page("run.html", found, **values, **_names())


@router.post("/console/c/<connection_id>/runs/<run_id>/apply")
def apply(connection_id: str, run_id: str) -> Response[str]:
    """What was shown, and no more; what moved meanwhile is left alone."""
    found = connection(connection_id)
    if _run(found.id, run_id).stream != runs.PREVIEW:
        raise NotFoundError
    bootstrap.queue().send([preview.approve(found.id, run_id, uuid.uuid4().hex[:12])])
    return visit(router).redirect(f"/console/c/{found.id}/runs", "queued")


@router.post("/console/c/<connection_id>/runs/<run_id>/undo")
def take_back(connection_id: str, run_id: str) -> Response[str]:
    found = connection(connection_id)
    if not runs.can_be_undone(_run(found.id, run_id)):
        raise NotFoundError
    bootstrap.queue().send([undo.ask(found.id, run_id, uuid.uuid4().hex[:12])])
    return visit(router).redirect(f"/console/c/{found.id}/runs", "queued")


def _run(connection_id: str, run_id: str) -> Run:
    found = runs.one(bootstrap.world(connection_id).streams, run_id)
    if found is None:
        raise NotFoundError
    return found


def _listed(connection_id: str) -> dict[str, Any]:
    return {"runs": runs.worth_showing(bootstrap.world(connection_id).streams, LISTED), **_names()}


def _names() -> dict[str, Any]:
    names = {
        "stream_names": {**overview.STREAMS, **runs.STREAMS},
        "store_names": overview.STORES,
        "count_names": {**runs.TOTALS, **overview.COUNTS},
    }
    return {**names, "can_be_undone": runs.can_be_undone, "preview_stream": runs.PREVIEW}
