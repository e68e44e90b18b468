"""All connections: add one, disconnect one, and what the law lets a customer ask for."""

import base64
import json
import re
import uuid
from pathlib import Path
from secrets import token_bytes
from typing import Any

import rendering
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap, desk
from storesync.console import customers, texts
from storesync.console.access import PLACE
from storesync.domain.connection import Connection
from storesync.domain.names import is_name
from storesync.errors import BadMessage, StoreError
from storesync.sync import addon
from storesync.sync.looks import look
from visit import connection, visit

router = APIGatewayHttpRouter()
ADDON = Path(__file__).parents[1] / "cscart_addon"


@router.get("/console/connections")
def show() -> Response[str]:
    return _listed()


def _listed(status: int = 200, **values: str) -> Response[str]:
    given = {"problem": "", "name": "", "import_problem": "", "import_name": "", **values}
    return visit(router).page("connections.html", status=status, **given)


@router.post("/console/connections")
def add() -> Response[str]:
    """Paused until its set-up is through."""
    here = visit(router)
    name = here.field("name").lower()
    if problem := refused(name):
        return _listed(422, problem=problem, name=name)
    bootstrap.connections().save(Connection(name, paused=True))
    make_secrets(name)
    return here.redirect(f"/console/c/{name}/setup")


@router.post("/console/connections/import")
def take_in() -> Response[str]:
    """A file that another stack handed out, as a new connection, which stays paused until it has its secrets."""
    here = visit(router)
    name, file = here.field("name").lower(), here.files.get("file", b"")
    problem = refused(name) or ("" if file else texts.N_("Choose the file."))
    if problem:
        return _listed(422, import_problem=problem, import_name=name)
    try:
        desk.imported(name, file)
    except BadMessage:
        problem = texts.N_("This is no file of a connection, or it was cut off. No connection has been made.")
        return _listed(422, import_problem=problem, import_name=name)
    make_secrets(name)
    return here.redirect(f"/console/c/{name}/shops", "imported")


def refused(name: str) -> str:
    """Why a new connection cannot be called that; empty when it can."""
    if not is_name(name) or name == PLACE:
        return texts.N_("Use small letters, digits, - and _, 40 at most; “console” is taken.")
    taken = any(one.id == name for one in bootstrap.connections().list())
    return texts.N_("There is a connection of this name already.") if taken else ""


@router.get("/console/c/<connection_id>/shops")
def shops(connection_id: str) -> Response[str]:
    """Where each shop is connected, where its hints go, and the ways out."""
    return _shops(connection(connection_id))


def _shops(found: Connection, status: int = 200, **values: Any) -> Response[str]:
    secrets = bootstrap.secrets()
    known = {name: bool(secrets.get(found.id, name)) for name in ("cscart_key", "webasyst_token")}
    hooks = {store: f"{bootstrap.settings().public_url}/webhooks/{found.id}/{store}" for store in ("cscart", "webasyst")}
    monitor = secrets.get(found.id, "health_token") or secrets.first(found.id, "health_token", uuid.uuid4().hex)
    given = {
        "hooked": bootstrap.sheets(found.id).get("hooks"),
        "monitor": monitor,
        "signing": secrets.get(found.id, "webhook_secret"),
        "public_url": bootstrap.settings().public_url,
        "known": known,
        "hooks": hooks,
        "hook_path": secrets.get(found.id, "hook_path"),
        "problem": "",
        "customer": None,
        **values,
    }
    return visit(router).page("shops.html", found, status=status, **given)


@router.get("/console/c/<connection_id>/addon")
def download_addon(connection_id: str) -> Response[bytes]:
    """The companion add-on with its address and secret filled in."""
    found = connection(connection_id)
    signing = bootstrap.secrets().first(found.id, "webhook_secret", _signing_secret())
    endpoint = addon.address(bootstrap.settings().public_url, found.id)
    packed = addon.archive(ADDON, endpoint=endpoint, secret=signing, sync_email=found.cscart.email)
    headers = {**rendering.HEADERS, "content-disposition": f'attachment; filename="{addon.NAME}.zip"'}
    return Response(200, "application/zip", packed, headers)


@router.post("/console/c/<connection_id>/hooks")
def register_hooks(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    bootstrap.secrets().first(found.id, "hook_path", uuid.uuid4().hex)
    bootstrap.queue().send([look(found.id, "hooks", uuid.uuid4().hex)])
    return visit(router).redirect(f"/console/c/{found.id}/shops", "queued")


def make_secrets(name: str) -> None:
    """What the shops sign their hints with."""
    bootstrap.secrets().first(name, "webhook_secret", _signing_secret())
    bootstrap.secrets().first(name, "hook_path", uuid.uuid4().hex)


def _signing_secret() -> str:
    """As Standard Webhooks hands them out."""
    return "whsec_" + base64.b64encode(token_bytes(24)).decode()


@router.post("/console/c/<connection_id>/disconnect")
def disconnect(connection_id: str) -> Response[str]:
    """Revokes the token at the account, then forgets it and the key; the connection stays, paused."""
    found = connection(connection_id)
    try:
        desk.disconnect(found)
    except StoreError as error:
        return _shops(found, status=502, problem=error.advice)
    return visit(router).redirect(f"/console/c/{found.id}/shops", "disconnected")


@router.post("/console/c/<connection_id>/remove")
def remove(connection_id: str) -> Response[str]:
    """All that is remembered of it. Only when its name is typed in, and only when it is disconnected."""
    found = connection(connection_id)
    if visit(router).field("name") != found.id or bootstrap.secrets().get(found.id, "webasyst_token"):
        return _shops(found, status=422, problem=texts.N_("Disconnect it first, then type its name to remove it."))
    desk.erase(found)
    return visit(router).redirect("/console/connections", "removed")


@router.post("/console/c/<connection_id>/customer")
def customer(connection_id: str) -> Response[str]:
    """What is kept of a customer, looked up by e-mail; a file of it, or its end."""
    found = connection(connection_id)
    email, action = visit(router).field("email"), visit(router).field("action")
    kept = customers.kept(bootstrap.world(found.id), email)
    if action == "export":
        body = json.dumps(kept, ensure_ascii=False, indent=1)
        headers = {**rendering.HEADERS, "content-disposition": 'attachment; filename="customer.json"'}
        return Response(200, "application/json", body, headers)
    if action == "follow":
        return _follow(found, email, visit(router).field("contact"))
    if action == "erase":
        customers.erase(bootstrap.world(found.id), email)
        return visit(router).redirect(f"/console/c/{found.id}/shops", "erased")
    return _shops(found, customer=kept)


def _follow(found: Connection, email: str, contact: str) -> Response[str]:
    """The merchant knows better than an e-mail which contact a customer is."""
    if not email or not re.fullmatch(r"[1-9][0-9]{0,9}", contact):
        kept = customers.kept(bootstrap.world(found.id), email)
        return _shops(found, status=422, customer=kept, problem=texts.N_("Enter the number of a contact, as the address of its card ends."))
    customers.follow(bootstrap.world(found.id), email, contact)
    return visit(router).redirect(f"/console/c/{found.id}/shops", "followed")
