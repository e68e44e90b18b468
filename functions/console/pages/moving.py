"""What a connection takes with it: all that is remembered of it as a file, out of one stack and into another."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from rendering import HEADERS
from storesync import bootstrap, desk
from storesync.console import texts
from storesync.domain.connection import Connection
from storesync.errors import TooLarge
from storesync.sync import snapshot
from visit import connection, visit

router = APIGatewayHttpRouter()
LONGEST = timedelta(hours=6)
SNAPSHOT_TOO_LARGE = texts.N_("This snapshot is too large for a download here: take it with “make run” (see the README).")
TOO_LARGE = texts.N_("This connection remembers too much for a download here: use “make archive” (see the README).")


@router.get("/console/c/<connection_id>/moving")
def show(connection_id: str) -> Response[str]:
    return _page(connection(connection_id))


def _page(found: Connection, problem: str = "", status: int = 200) -> Response[str]:
    return visit(router).page("moving.html", found, status=status, problem=problem, **_snapshot(found))


@router.get("/console/c/<connection_id>/moving/live")
def live(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).part("moving_live.html", found, **_snapshot(found))


@router.post("/console/c/<connection_id>/snapshot")
def take(connection_id: str) -> Response[str]:
    """Both shops are read in full; nothing is written."""
    found = connection(connection_id)
    sheets = bootstrap.sheets(found.id)
    if not _snapshot(found)["making"]:
        sheets.save(snapshot.QUESTION, {"phase": "asked", "at": datetime.now(UTC).isoformat()}, snapshot.KEEP_SECONDS)
        bootstrap.queue().send([snapshot.ask(found.id, uuid.uuid4().hex)])
    return visit(router).redirect(f"/console/c/{found.id}/moving", "queued")


@router.get("/console/c/<connection_id>/snapshot")
def file(connection_id: str) -> Response[bytes] | Response[str]:
    found = connection(connection_id)
    sheets = bootstrap.sheets(found.id)
    head = sheets.get(snapshot.QUESTION)
    if head.get("phase") != snapshot.DONE:
        raise NotFoundError
    if head["bytes"] > desk.MOST_EXPORTED:
        return _page(found, SNAPSHOT_TOO_LARGE, status=413)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{found.id}-snapshot.jsonl.gz"'}
    return Response(200, "application/gzip", snapshot.packed(sheets), headers)


def _snapshot(found: Connection) -> dict[str, Any]:
    """One that was asked for long ago and never came is not waited for."""
    head = bootstrap.sheets(found.id).get(snapshot.QUESTION)
    old = head and datetime.now(UTC) - datetime.fromisoformat(head["at"]) > LONGEST
    return {
        "snapshot": head if head.get("phase") == snapshot.DONE else {},
        "making": bool(head) and head.get("phase") != snapshot.DONE and not old,
        "head": head,
    }


@router.get("/console/c/<connection_id>/state")
def state(connection_id: str) -> Response[bytes] | Response[str]:
    found = connection(connection_id)
    try:
        packed = desk.exported(found.id)
    except TooLarge:
        return _page(found, TOO_LARGE, status=413)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{found.id}-state.jsonl.gz"'}
    return Response(200, "application/gzip", packed, headers)
