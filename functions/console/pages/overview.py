"""How it is doing, and the three levers: run now, pause, resume."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import rendering
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap, desk
from storesync.console import chart, overview, runs, texts
from storesync.domain.connection import Connection
from storesync.sync import halts
from visit import connection, visit

router = APIGatewayHttpRouter()
DAY_SECONDS = 5.0
_days: dict[str, tuple[float, tuple[overview.Hour, ...]]] = {}
PICTURE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@router.get("/console/c/<connection_id>")
def show(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    here = visit(router)
    with ThreadPoolExecutor(1) as pool:
        day = pool.submit(_hours, found.id)
        seen = _live(found)
        hours = day.result()
    if found.paused and not any(one.last for one in seen["state"].streams):
        return here.redirect(f"/console/c/{found.id}/setup")
    return here.page("overview.html", found, hours=hours, **seen)


@router.get("/console/c/<connection_id>/live")
def live(connection_id: str) -> Response[str]:
    """The part that refreshes itself."""
    found = connection(connection_id)
    here = visit(router)
    return here.part("overview_live.html", found, **_live(found))


@router.get("/console/c/<connection_id>/chart/<measure>")
def picture(connection_id: str, measure: str) -> Response[str]:
    """A picture may style itself: it is shown as an image, in which nothing runs."""
    found, name = connection(connection_id), measure.removesuffix(".svg")
    if name not in chart.MEASURES:
        raise NotFoundError
    told = texts.catalogue(visit(router).language)
    nothing = told.gettext(
        texts.N_("No changes in the last day.") if name == chart.CHANGES else texts.N_("Nothing has run in the last day.")
    )
    drawn = chart.draw(_hours(found.id), name, lambda seconds: rendering.duration(seconds, told.ngettext), _offset(), nothing)
    return Response(200, "image/svg+xml", drawn, {**rendering.HEADERS, "content-security-policy": PICTURE})


@router.post("/console/c/<connection_id>/run")
def run(connection_id: str) -> Response[str]:
    """One stream of one shop, or all of them."""
    found = connection(connection_id)
    chosen = visit(router).field("stream")
    bootstrap.queue().send([overview.start(found.id, name) for name in overview.names() if chosen in ("", name)])
    return visit(router).redirect(f"/console/c/{found.id}", "started")


@router.post("/console/c/<connection_id>/confirm")
def confirm(connection_id: str) -> Response[str]:
    """The owner has seen what a stopped pass would change, and wants it: that much, and no more."""
    found = connection(connection_id)
    name = visit(router).field("stream")
    runs = bootstrap.world(found.id).streams.runs(name, 5) if name in overview.names() else []
    stopped = [overview.start(found.id, name, run.id) for run in runs if run.outcome == "stopped"][:1]
    bootstrap.queue().send(stopped)
    return visit(router).redirect(f"/console/c/{found.id}", "started")


@router.post("/console/c/<connection_id>/continue")
def go_on(connection_id: str) -> Response[str]:
    """The owner has seen what a run did until its budget of damage was used up, and lets the rest have a budget of its own."""
    found = connection(connection_id)
    name = visit(router).field("stream")
    halted = halts.halted(bootstrap.world(found.id))
    bootstrap.queue().send([halts.ask(found.id, name, halted[name])] if name in halted else [])
    return visit(router).redirect(f"/console/c/{found.id}", "started")


@router.post("/console/c/<connection_id>/pause")
def pause(connection_id: str) -> Response[str]:
    return _set_paused(connection(connection_id), True, "paused")


@router.post("/console/c/<connection_id>/resume")
def resume(connection_id: str) -> Response[str]:
    return _set_paused(connection(connection_id), False, "resumed")


def _set_paused(found: Connection, paused: bool, notice: str) -> Response[str]:
    bootstrap.change(found.id, lambda one: replace(one, paused=paused))
    return visit(router).redirect(f"/console/c/{found.id}", notice)


def _offset() -> timedelta:
    """As the browser tells it, in minutes; UTC where it does not."""
    told = visit(router).query.get("offset", "")
    return timedelta(minutes=int(told)) if re.fullmatch(r"-?[0-9]{1,3}", told) else timedelta(0)


def _hours(connection_id: str) -> tuple[overview.Hour, ...]:
    """Kept for a moment: the page and both its pictures tell of the same day, which takes a thousand runs to read."""
    made, found = _days.get(connection_id, (0.0, ()))
    if time.monotonic() - made > DAY_SECONDS or not found:
        found = overview.last_day(bootstrap.world(connection_id).streams, datetime.now(UTC))
        _days[connection_id] = (time.monotonic(), found)
    return found


def _live(found: Connection) -> dict[str, Any]:
    """The queue is asked while the tables are."""
    world, backlog = bootstrap.world(found.id), desk.backlog()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(lambda: {"queued": backlog.waiting(), "dead": backlog.dead_of(found.id)})
        state = overview.overview(world, datetime.now(UTC))
        waits = asking.result()
    shared = bool(waits["queued"]) and len(bootstrap.connections().list()) > 1
    names = {"stream_names": overview.STREAMS, "store_names": overview.STORES, "count_names": {**runs.TOTALS, **overview.COUNTS}}
    return {"state": state, "most": overview.MOST_PARKED, "shared": shared, **waits, **names}
