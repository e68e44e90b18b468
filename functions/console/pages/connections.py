"""All connections: add one, disconnect one, and what the law lets a customer ask for."""

import re
import uuid

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap
from storesync.console import texts
from storesync.console.access import PLACE
from storesync.domain.connection import Connection
from visit import connection, visit

router = APIGatewayHttpRouter()
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


@router.get("/console/connections")
def show() -> Response[str]:
    return visit(router).page("connections.html", problem="", name="")


@router.post("/console/connections")
def add() -> Response[str]:
    """Paused until its set-up is through."""
    here = visit(router)
    name = here.field("name").lower()
    problem = ""
    if not _NAME.fullmatch(name) or name == PLACE:
        problem = texts.N_("Use small letters, digits, - and _, 32 at most; “console” is taken.")
    elif any(one.id == name for one in bootstrap.connections().list()):
        problem = texts.N_("There is a connection of this name already.")
    if problem:
        return here.page("connections.html", status=422, problem=problem, name=name)
    bootstrap.connections().save(Connection(name, paused=True))
    for secret in ("webhook_secret", "hook_path"):
        bootstrap.secrets().first(name, secret, uuid.uuid4().hex)
    return here.redirect(f"/console/c/{name}/setup")


@router.get("/console/c/<connection_id>/shops")
def shops(connection_id: str) -> Response[str]:
    """Where each shop is connected, and where its hints go."""
    found = connection(connection_id)
    secrets = bootstrap.secrets()
    known = {name: bool(secrets.get(found.id, name)) for name in ("cscart_key", "webasyst_token")}
    path = secrets.get(found.id, "hook_path")
    hooks = {store: f"{bootstrap.settings().public_url}/webhooks/{found.id}/{store}" for store in ("cscart", "webasyst")}
    return visit(router).page("shops.html", found, known=known, hooks=hooks, hook_path=path, problem="")
