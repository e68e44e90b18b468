"""Finding a record, both its sides, what has happened to it; and what is set aside or could not be delivered."""

import uuid
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap, desk
from storesync.console import overview, records
from storesync.domain.connection import Connection
from storesync.domain.links import Parked
from storesync.domain.model import StoreName
from storesync.sync import choosing, order_choosing
from storesync.sync.looks import KEEP_COMPARISON, look, sheet_name
from visit import UNTICKED, connection, visit

router = APIGatewayHttpRouter()
MOST_SHOWN, RECENT_DAYS = 200, 7
KINDS = ("product", "order")


@router.get("/console/c/<connection_id>/records")
def find(connection_id: str) -> Response[str]:
    """What was searched for, else what has happened last."""
    found = connection(connection_id)
    query = visit(router).query.get("q", "")
    world = bootstrap.world(found.id)
    hits = records.search(world, query)
    recent = [] if query else world.journal.recent(50, days=RECENT_DAYS)
    return visit(router).page("records.html", found, query=query, hits=hits, recent=recent, store_names=overview.STORES)


@router.get("/console/c/<connection_id>/records/<kind>/<store>/<record_id>")
def show(connection_id: str, kind: str, store: str, record_id: str) -> Response[str]:
    found = connection(connection_id)
    side = side_of(kind, store, record_id)
    world = bootstrap.world(found.id)
    record: Any = records.product(world, side, record_id) if kind == "product" else records.order(world, side, record_id)
    subject = record.label if kind == "product" else (record.link.id_in(record.link.origin) if record.link else record_id)
    values = {
        "record": record,
        "kind": kind,
        "subject": subject,
        "store_names": overview.STORES,
        **_comparison(found, kind, side, record_id),
    }
    return visit(router).page(f"record_{kind}.html", found, **values)


@router.get("/console/c/<connection_id>/records/<kind>/<store>/<record_id>/live")
def live(connection_id: str, kind: str, store: str, record_id: str) -> Response[str]:
    found = connection(connection_id)
    values = _comparison(found, kind, side_of(kind, store, record_id), record_id)
    return visit(router).part("record_live.html", found, store_names=overview.STORES, **values)


@router.post("/console/c/<connection_id>/records/<kind>/<store>/<record_id>/compare")
def compare(connection_id: str, kind: str, store: str, record_id: str) -> Response[str]:
    """Have the worker read both sides now."""
    found = connection(connection_id)
    side = side_of(kind, store, record_id)
    asked = {"at": datetime.now(UTC).isoformat()}
    bootstrap.sheets(found.id).save(f"asked:{sheet_name(kind, side, record_id)}", asked, KEEP_COMPARISON)
    bootstrap.queue().send([look(found.id, kind, uuid.uuid4().hex, side, record_id)])
    return visit(router).redirect(f"/console/c/{found.id}/records/{kind}/{side}/{record_id}#both")


@router.post("/console/c/<connection_id>/records/<kind>/<store>/<record_id>/sync")
def sync(connection_id: str, kind: str, store: str, record_id: str) -> Response[str]:
    found = connection(connection_id)
    side = side_of(kind, store, record_id)
    bootstrap.queue().send([records.again(found.id, kind, side, record_id)])
    return visit(router).redirect(f"/console/c/{found.id}/records/{kind}/{side}/{record_id}", "queued")


@router.post("/console/c/<connection_id>/records/<kind>/<store>/<record_id>/choose")
def choose(connection_id: str, kind: str, store: str, record_id: str) -> Response[str]:
    """Where the two sides differ, this shop's values win."""
    found = connection(connection_id)
    side = side_of(kind, store, record_id)
    winner = visit(router).field("winner")
    if winner in set(StoreName):
        bootstrap.queue().send(taken(found, kind, side, record_id, StoreName(winner)))
    return visit(router).redirect(f"/console/c/{found.id}/records/{kind}/{side}/{record_id}", "queued")


@router.get("/console/c/<connection_id>/parked")
def parked(connection_id: str) -> Response[str]:
    """What is set aside, by kind and by reason: what has one reason is mostly settled in one way."""
    found = connection(connection_id)
    kind, reason = (visit(router).query.get(name, "") for name in ("kind", "reason"))
    known = list(islice(bootstrap.world(found.id).links.parked(kind if kind in (*KINDS, "connection") else ""), overview.MOST_PARKED))
    listed = [one for one in known if reason in ("", one.reason)]
    letters = desk.backlog().letters(found.id)
    values = {"listed": listed[:MOST_SHOWN], "more": len(listed) > MOST_SHOWN, "letters": letters, "kind": kind, "reason": reason}
    return visit(router).page("parked.html", found, reasons=records.reasons(known), store_names=overview.STORES, **values)


@router.post("/console/c/<connection_id>/parked")
def settle(connection_id: str) -> Response[str]:
    """Try again, dismiss, or choose a side, for all that are ticked."""
    found = connection(connection_id)
    here = visit(router)
    ticked = set(here.fields("record"))
    if not ticked:
        return here.redirect(f"/console/c/{found.id}/parked", UNTICKED)
    chosen = [one for one in bootstrap.world(found.id).links.parked() if _key(one) in ticked]
    if here.field("action") == "retry":
        bootstrap.queue().send([change for one in chosen for change in _again(found, one)])
    elif here.field("action") in set(StoreName):
        bootstrap.queue().send([change for one in chosen for change in _chosen(found, one, StoreName(here.field("action")))])
    elif here.field("action") == "dismiss":
        for one in chosen:
            bootstrap.world(found.id).links.unpark(one.kind, one.store, one.record_id)
    return here.redirect(f"/console/c/{found.id}/parked", "dismissed" if here.field("action") == "dismiss" else "queued")


@router.post("/console/c/<connection_id>/letters")
def settle_letters(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    here = visit(router)
    if not here.fields("letter"):
        return here.redirect(f"/console/c/{found.id}/parked", UNTICKED)
    again = here.field("action") == "retry"
    backlog = desk.backlog()
    (backlog.again if again else backlog.dismiss)(found.id, set(here.fields("letter")))
    return here.redirect(f"/console/c/{found.id}/parked", "queued" if again else "dismissed")


def _again(found: Connection, one: Parked) -> list[Any]:
    """A shop that refused its key is tried by running its streams; they end the pause when it answers."""
    if one.kind in KINDS:
        return [records.again(found.id, one.kind, one.store, one.record_id)]
    bootstrap.world(found.id).links.unpark(one.kind, one.store, one.record_id)
    return [overview.start(found.id, name) for name in overview.names()]


def _chosen(found: Connection, one: Parked, winner: StoreName) -> list[Any]:
    """Only what has a counterpart has two sides to choose from; everything else is tried again."""
    return taken(found, one.kind, one.store, one.record_id, winner) or _again(found, one)


def taken(found: Connection, kind: str, store: StoreName, record_id: str, winner: StoreName) -> list[Any]:
    """What has the worker take this shop's side; nothing where there is no other side."""
    world = bootstrap.world(found.id)
    if kind == "order":
        link = world.links.order(store, record_id)
        asked = [look(found.id, order_choosing.QUESTION, uuid.uuid4().hex, winner, store, record_id)]
        return asked if link is not None and link.is_linked else []
    cscart_id = records.product(world, store, record_id).ids[0] if kind == "product" else ""
    return [look(found.id, choosing.QUESTION, uuid.uuid4().hex, winner, cscart_id)] if cscart_id else []


def _key(one: Parked) -> str:
    return f"{one.kind}#{one.store}#{one.record_id}"


def side_of(kind: str, store: str, record_id: str) -> StoreName:
    if kind not in KINDS or store not in set(StoreName) or not (record_id.isascii() and record_id.isdigit()):
        raise NotFoundError
    return StoreName(store)


def _comparison(found: Connection, kind: str, side: StoreName, record_id: str) -> dict[str, Any]:
    """`waits`: asked for and not answered since."""
    sheets, name = bootstrap.sheets(found.id), sheet_name(kind, side, record_id)
    begun, sheet, *shops = sheets.several(f"asked:{name}", name, *(f"shop:{one}" for one in StoreName))
    asked, at = begun.get("at", ""), sheet.get("at", "")
    place = f"/console/c/{found.id}/records/{kind}/{side}/{record_id}"
    known = {one: shop.get("categories", {}) for one, shop in zip(StoreName, shops, strict=True)}
    statuses = {one: shop.get("statuses", ()) for one, shop in zip(StoreName, shops, strict=True)}
    names = {"category_names": partial(records.category_names, known), "status_name": partial(records.status_name, statuses)}
    moment = datetime.fromisoformat(at) if at else None
    return {"both": sheet, "waits": asked > at, "read_at": moment, "place": place, **names}
