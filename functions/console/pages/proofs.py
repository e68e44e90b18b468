"""Whether both shops agree: asked for, watched, shown line by line, taken away as a table, and repaired."""

import re
import uuid
from itertools import islice
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from rendering import HEADERS
from storesync import bootstrap
from storesync.console import proofs
from storesync.domain.comparison import as_csv
from storesync.sync import proof
from visit import connection, visit

router = APIGatewayHttpRouter()
SHOWN = 300
_ID = re.compile(r"[0-9a-z]{1,40}")


@router.get("/console/c/<connection_id>/proofs")
def show(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).page("proofs.html", found, **_kept(found.id))


@router.get("/console/c/<connection_id>/proofs/live")
def live(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).part("proofs_live.html", found, **_kept(found.id))


@router.post("/console/c/<connection_id>/proofs")
def prove(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    proof_id = proofs.begin(bootstrap.sheets(found.id), uuid.uuid4().hex[:12])
    bootstrap.queue().send([proof.ask(found.id, uuid.uuid4().hex, proof_id)])
    return visit(router).redirect(f"/console/c/{found.id}/proofs")


@router.get("/console/c/<connection_id>/proofs/<proof_id>")
def lines(connection_id: str, proof_id: str) -> Response[str]:
    found = connection(connection_id)
    sheets = bootstrap.sheets(found.id)
    one = _one(found.id, proof_id)
    listed = list(islice(proof.differences(sheets, proof_id), SHOWN + 1))
    return visit(router).page("proof.html", found, proof=one, listed=listed[:SHOWN], more=len(listed) > SHOWN)


@router.get("/console/c/<connection_id>/proofs/<proof_id>/csv")
def table(connection_id: str, proof_id: str) -> Response[str]:
    found = connection(connection_id)
    _one(found.id, proof_id)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="differences-{proof_id}.csv"'}
    return Response(200, "text/csv; charset=utf-8", as_csv(proof.differences(bootstrap.sheets(found.id), proof_id)), headers)


@router.post("/console/c/<connection_id>/proofs/<proof_id>/repair")
def repair(connection_id: str, proof_id: str) -> Response[str]:
    """By the policies of the settings, through the same engine as every other change."""
    found = connection(connection_id)
    _one(found.id, proof_id)
    bootstrap.queue().send([proofs.repair(found.id, proof_id)])
    return visit(router).redirect(f"/console/c/{found.id}/proofs/{proof_id}", "queued")


def _one(connection_id: str, proof_id: str) -> dict[str, Any]:
    found = bootstrap.sheets(connection_id).get(f"{proof.QUESTION}:{proof_id}") if _ID.fullmatch(proof_id) else {}
    if not found:
        raise NotFoundError
    return found


def _kept(connection_id: str) -> dict[str, Any]:
    sheets = bootstrap.sheets(connection_id)
    return {"proofs": proofs.kept(sheets), "running": proofs.running(sheets)}
