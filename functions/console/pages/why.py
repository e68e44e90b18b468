"""Why a value is what it is: the decisions about one record, the newest first, as a page and as JSON."""

import json
from dataclasses import asdict

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from rendering import HEADERS
from storesync import bootstrap
from storesync.console import overview, records
from storesync.domain.journal import Entry
from visit import connection, visit

router = APIGatewayHttpRouter()
KINDS = ("product", "order")


@router.get("/console/c/<connection_id>/why/<kind>")
def show(connection_id: str, kind: str) -> Response[str]:
    found = connection(connection_id)
    subject, field = _asked(kind)
    history = records.timeline(bootstrap.world(found.id), kind, subject)
    chosen = records.of_field(history, field)
    values = {"kind": kind, "subject": subject, "field": field, "fields": records.fields_of(history), "history": chosen}
    latest = next((one for one in chosen if one.new or one.store), None)
    return visit(router).page("why.html", found, latest=latest, store_names=overview.STORES, **values)


@router.get("/console/c/<connection_id>/why/<kind>/json")
def answer(connection_id: str, kind: str) -> Response[str]:
    found = connection(connection_id)
    subject, field = _asked(kind)
    history = records.of_field(records.timeline(bootstrap.world(found.id), kind, subject), field)
    body = json.dumps(
        {"connection": found.id, "kind": kind, "subject": subject, "entries": [_plain(one) for one in history]}, ensure_ascii=False
    )
    return Response(200, "application/json", body, HEADERS)


def _asked(kind: str) -> tuple[str, str]:
    if kind not in KINDS:
        raise NotFoundError
    return visit(router).query.get("subject", "").strip(), visit(router).query.get("field", "")


def _plain(one: Entry) -> dict[str, object]:
    return {name: value for name, value in asdict(one).items() if value and name != "at"} | {"at": one.at.isoformat() if one.at else None}
