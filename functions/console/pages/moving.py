"""What a connection takes with it: all that is remembered of it as a file, out of one stack and into another."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from rendering import HEADERS
from storesync import desk
from storesync.console import texts
from storesync.domain.connection import Connection
from storesync.errors import TooLarge
from visit import connection, visit

router = APIGatewayHttpRouter()
TOO_LARGE = texts.N_("This connection remembers too much for a download here: use “make archive” (see the README).")


@router.get("/console/c/<connection_id>/moving")
def show(connection_id: str) -> Response[str]:
    return _page(connection(connection_id))


def _page(found: Connection, problem: str = "", status: int = 200) -> Response[str]:
    return visit(router).page("moving.html", found, status=status, problem=problem)


@router.get("/console/c/<connection_id>/state")
def state(connection_id: str) -> Response[bytes] | Response[str]:
    found = connection(connection_id)
    try:
        packed = desk.exported(found.id)
    except TooLarge:
        return _page(found, TOO_LARGE, status=413)
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{found.id}-state.jsonl.gz"'}
    return Response(200, "application/gzip", packed, headers)
