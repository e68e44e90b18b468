"""What both sides had changed differently and the policy has decided: looked through, and decided otherwise."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap
from storesync.console import overview, records
from storesync.domain.model import StoreName
from visit import UNTICKED, connection, visit

from pages.records import side_of, taken

router = APIGatewayHttpRouter()


@router.get("/console/c/<connection_id>/conflicts")
def show(connection_id: str) -> Response[str]:
    found = connection(connection_id)
    listed = records.conflicts(bootstrap.world(found.id))
    values = {"listed": listed, "days": records.CONFLICT_DAYS, "store_names": overview.STORES}
    return visit(router).page("conflicts.html", found, **values)


@router.post("/console/c/<connection_id>/conflicts")
def settle(connection_id: str) -> Response[str]:
    """Where the two sides still differ, this shop's values win, for all that are ticked."""
    found, here = connection(connection_id), visit(router)
    if not here.fields("record"):
        return here.redirect(f"/console/c/{found.id}/conflicts", UNTICKED)
    winner = here.field("action")
    if winner in set(StoreName):
        for one in dict.fromkeys(here.fields("record")):
            kind, store, record_id = [*one.split("#"), "", ""][:3]
            bootstrap.queue().send(taken(found, kind, side_of(kind, store, record_id), record_id, StoreName(winner)))
    return here.redirect(f"/console/c/{found.id}/conflicts", "queued")
