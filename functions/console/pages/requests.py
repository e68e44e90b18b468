"""What was asked of the shops and what they answered, redacted; and how much of the log's size is used."""

from datetime import datetime
from itertools import islice
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap
from storesync.console import overview
from storesync.domain.journal import Exchange
from storesync.domain.model import StoreName
from visit import connection, visit

router = APIGatewayHttpRouter()
SHOWN, SEARCHED = 50, 2000


@router.get("/console/c/<connection_id>/requests")
def show(connection_id: str) -> Response[str]:
    """The newest first; a filter looks through the newest two thousand before the given moment."""
    found = connection(connection_id)
    journal = bootstrap.world(found.id).journal
    wanted = {name: visit(router).query.get(name, "") for name in ("store", "text", "only")}
    before = _moment(visit(router).query.get("before", ""))
    log = journal.requests(SEARCHED if any(wanted.values()) else SHOWN + 1, before=before)
    listed = list(islice((one for one in log if _fits(one, wanted)), SHOWN + 1))
    values: dict[str, Any] = {"wanted": wanted, "listed": listed[:SHOWN], "more": len(listed) > SHOWN, "used": journal.used()}
    return visit(router).page("requests.html", found, store_names=overview.STORES, stores=list(StoreName), **values)


def _fits(one: Exchange, wanted: dict[str, str]) -> bool:
    if wanted["store"] and one.store != wanted["store"]:
        return False
    if wanted["only"] == "errors" and not (one.error or one.status >= 400 or one.status == 0):
        return False
    if wanted["only"] == "writes" and not one.write:
        return False
    text = wanted["text"].casefold()
    return not text or any(text in part.casefold() for part in (one.path, one.sent, one.received, one.error))


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
