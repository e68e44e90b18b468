"""Orders that another tool has mirrored before: proposed with the evidence, and linked when the owner has ticked them."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import islice
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap
from storesync.console import texts
from storesync.domain.connection import Connection
from storesync.domain.model import StoreName
from storesync.sync import takeover
from storesync.sync.ports import Links
from visit import connection, visit

router = APIGatewayHttpRouter()
SHOWN = 200
WRONG_DAY = texts.N_("Choose a day that is not in the future.")
NOTHING_TICKED = texts.N_("Tick the orders that belong together.")


@router.get("/console/c/<connection_id>/takeover")
def show(connection_id: str) -> Response[str]:
    return _page(connection(connection_id))


@router.get("/console/c/<connection_id>/takeover/live")
def live(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    return visit(router).part("takeover_live.html", found, **_found(found))


@router.post("/console/c/<connection_id>/takeover")
def look(connection_id: str) -> Response[str]:
    """Both shops' orders since that day are read; nothing is written."""
    found = connection(connection_id)
    try:
        day = datetime.combine(date.fromisoformat(visit(router).field("since")), time(), UTC)
    except ValueError:
        return _page(found, WRONG_DAY, 422)
    if day > datetime.now(UTC):
        return _page(found, WRONG_DAY, 422)
    bootstrap.sheets(found.id).save(takeover.QUESTION, {"phase": "asked"}, takeover.KEEP_SECONDS)
    bootstrap.queue().send([takeover.ask(found.id, day.isoformat(), uuid.uuid4().hex)])
    return visit(router).redirect(f"/console/c/{found.id}/takeover", "queued")


@router.post("/console/c/<connection_id>/takeover/confirm")
def confirm(connection_id: str) -> Response[str]:
    """Only pairs that were proposed; each is looked at again before it is linked."""
    found = connection(connection_id)
    ticked = set(visit(router).fields("pair"))
    pairs = [(one["cscart"], one["webasyst"]) for one in takeover.pairs(bootstrap.sheets(found.id))]
    chosen = [pair for pair in pairs if ":".join(pair) in ticked]
    if not chosen:
        return _page(found, NOTHING_TICKED, 422)
    bootstrap.queue().send(takeover.confirm(found.id, chosen, uuid.uuid4().hex))
    return visit(router).redirect(f"/console/c/{found.id}/takeover", "taken_over")


def _page(found: Connection, problem: str = "", status: int = 200) -> Response[str]:
    return visit(router).page("takeover.html", found, status=status, problem=problem, **_found(found))


def _found(found: Connection) -> dict[str, Any]:
    """Those that have been linked since are not offered again."""
    sheets, links = bootstrap.sheets(found.id), bootstrap.world(found.id).links
    head = sheets.get(takeover.QUESTION)
    listed = list(islice(_left(links, takeover.pairs(sheets)), SHOWN))
    waits = bool(head) and head.get("phase") != takeover.DONE
    return {"head": head, "waits": waits, "listed": listed, "shown": SHOWN}


def _left(links: Links, pairs: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    while some := list(islice(pairs, SHOWN)):
        known = links.known_orders(StoreName.CSCART, [one["cscart"] for one in some])
        yield from (one for one in some if one["cscart"] not in known)
