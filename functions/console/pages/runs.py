"""Every run with what it decided: a preview to be applied as it stands, a run to be undone."""

import uuid
from itertools import islice
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from rendering import HEADERS
from storesync import bootstrap
from storesync.console import overview, runs
from storesync.domain.journal import Run
from storesync.sync import halts, preview, undo
from visit import connection, visit

router = APIGatewayHttpRouter()
LISTED, SHOWN, MOST_EXPORTED = 60, 300, 5000


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
    planned = (
        {"totals": runs.totals(run), "shares": runs.shares(found, run)} if run.stream == runs.PREVIEW else {"totals": {}, "shares": []}
    )
    waits = run.stream == runs.APPLY and run.outcome == "stopped" and halts.message(world, run.id) is not None
    parts = runs.sections(listed[:SHOWN]) if run.stream == runs.PREVIEW else []
    values = {"run": run, "sections": parts, "listed": listed[:SHOWN], "more": len(listed) > SHOWN, "waits": waits, **planned}
    return visit(router).page("run.html", found, **values, **_names())


@router.get("/console/c/<connection_id>/runs/<run_id>/csv")
def table(connection_id: str, run_id: str) -> Response[str]:
    found = connection(connection_id)
    run = _run(found.id, run_id)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="run-{run.id}.csv"'}
    lines = islice(bootstrap.world(found.id).journal.of_run(run.id), MOST_EXPORTED)
    return Response(200, "text/csv; charset=utf-8", runs.as_csv(lines), headers)


@router.post("/console/c/<connection_id>/runs/<run_id>/apply")
def apply(connection_id: str, run_id: str) -> Response[str]:
    """What was shown, and no more; what moved meanwhile is left alone."""
    found = connection(connection_id)
    if _run(found.id, run_id).stream != runs.PREVIEW:
        raise NotFoundError
    bootstrap.queue().send([preview.approve(found.id, run_id, uuid.uuid4().hex[:12])])
    return visit(router).redirect(f"/console/c/{found.id}/runs", "queued")


@router.post("/console/c/<connection_id>/runs/<run_id>/continue")
def go_on(connection_id: str, run_id: str) -> Response[str]:
    """The owner has looked at what an application did within its budget, and lets it go on from there."""
    found = connection(connection_id)
    world = bootstrap.world(found.id)
    following = halts.message(world, _run(found.id, run_id).id)
    if following is None:
        raise NotFoundError
    bootstrap.queue().send([halts.going_on(world, run_id, following)])
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
    budget = {"is_budget": halts.is_budget, "stopped_at": runs.stopped_at, "measures": runs.MEASURES, "total_names": runs.TOTALS}
    return {**names, **budget, "can_be_undone": runs.can_be_undone, "preview_stream": runs.PREVIEW}
