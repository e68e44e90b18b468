"""How a connection is doing, for machines: one JSON page that a monitor reads with a token of its own."""

import hmac
import json
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from rendering import HEADERS
from storesync import bootstrap, desk
from storesync.console import overview, proofs
from storesync.domain.names import is_name
from storesync.errors import UnknownConnection
from visit import connection, visit

router = APIGatewayHttpRouter()
SECRET = "health_token"  # nosec B105: the name that it is kept under


@router.get("/console/health/<name>")
def health(name: str) -> Response[str]:
    """200 when all is well, 503 when it needs somebody, 401 without the token: whether a connection exists is told to nobody else."""
    connection_id = name.removesuffix(".json")
    given = visit(router).headers.get("authorization", "").removeprefix("Bearer ")
    wanted = bootstrap.secrets().get(connection_id, SECRET) if is_name(connection_id) else ""
    if not wanted or not hmac.compare_digest(given.encode(), wanted.encode()):
        return _answer(401, {"error": "unauthorised"}, {"www-authenticate": "Bearer"})
    try:
        found = _state(connection_id)
    except UnknownConnection:
        return _answer(401, {"error": "unauthorised"}, {"www-authenticate": "Bearer"})
    return _answer(200 if found["ok"] else 503, found, {})


def _state(connection_id: str) -> dict[str, Any]:
    found = connection(connection_id)
    state = overview.overview(bootstrap.world(found.id), datetime.now(UTC))
    last = next(iter(proofs.kept(bootstrap.sheets(found.id))), None)
    dead = desk.backlog().dead_of(found.id)
    streams = {
        one.name: {"lag": one.lag, "outcome": one.last.outcome if one.last else "", "error": one.last.error if one.last else ""}
        for one in state.streams
    }
    behind = state.behind(found)
    proof = {name: last[name] for name in ("at", "agree", "differences", "checked")} if last else None
    return {
        "connection": found.id,
        "ok": not (state.stopped or state.halted or state.failed or behind or dead),
        "paused": found.paused,
        "stopped": [*state.stopped, *state.halted],
        "behind": behind,
        "streams": streams,
        "parked": state.parked,
        "waiting": desk.backlog().waiting(),
        "dead_letters": dead,
        "proof": proof,
    }


def _answer(status: int, body: dict[str, Any], headers: dict[str, str]) -> Response[str]:
    return Response(status, "application/json", json.dumps(body), {**HEADERS, **headers})
