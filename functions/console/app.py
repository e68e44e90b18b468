"""The owner's pages. Every action is a message to the same engine; the pages read the tables and the settings, never a shop's data."""

from typing import Any

import pages.conflicts
import pages.connections
import pages.frame
import pages.health
import pages.moving
import pages.overview
import pages.proofs
import pages.records
import pages.requests
import pages.runs
import pages.settings
import pages.setup
import pages.tables
import pages.takeover
import pages.why
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.middlewares import NextMiddleware
from storesync import desk, telemetry
from storesync.console.texts import N_
from storesync.errors import ConfigurationError, SyncError, Unauthentic, UnknownConnection
from visit import Visit

OPEN = ("/console/sign-in", "/console/language")

app = APIGatewayHttpResolver()


def guard(app: APIGatewayHttpResolver, next_middleware: NextMiddleware) -> Response[str]:
    """Every page but the door needs a session, every form a token and an origin of ours."""
    visit = Visit.of(app.current_event)
    app.append_context(visit=visit)
    if not (visit.path.startswith("/console/health/") or desk.access().admits(visit.source)):
        return refused(
            403, N_("The console is not open to your network. Whoever runs the stack can add it to the parameter ConsoleNetworks.")
        )
    is_open = visit.path.rstrip("/") in OPEN or visit.path.startswith(("/console/static/", "/console/health/"))
    if visit.session is None and not is_open:
        return visit.redirect("/console/sign-in")
    if visit.form is not None:
        desk.access().check_origin(visit.headers)
        if visit.session is not None:
            desk.access().check_form(visit.session, visit.field("token"))
    return next_middleware(app)


app.use(middlewares=[guard])
MODULES = (
    pages.frame, pages.health, pages.overview, pages.records, pages.why, pages.runs, pages.proofs, pages.requests, pages.tables, pages.setup, pages.settings,
    pages.connections, pages.conflicts, pages.moving, pages.takeover,
)  # fmt: skip
for module in MODULES:
    app.include_router(module.router)


def refused(status: int, text: str) -> Response[str]:
    """Asks no table: one that does not answer may be why this page is shown."""
    return Visit.of(app.current_event).page("refused.html", status=status, text=text, connections=[])


@app.exception_handler(Unauthentic)
def unauthentic(error: Unauthentic) -> Response[str]:
    return refused(403, N_("This form was not sent from the console. Open the page again and send it from there."))


@app.exception_handler(UnknownConnection)
def unknown(error: UnknownConnection) -> Response[str]:
    return refused(404, N_("There is no such connection."))


@app.exception_handler(ConfigurationError)
def incomplete(error: ConfigurationError) -> Response[str]:
    return refused(400, error.advice)


@app.exception_handler(SyncError)
def failed(error: SyncError) -> Response[str]:
    """What is known to fail, such as a table that does not answer; anything else is an error of the function and sets off its alarm."""
    telemetry.logger().warning("page failed", reason=type(error).__name__)
    return refused(503 if error.retriable else 500, error.advice)


@app.not_found
def missing(error: NotFoundError) -> Response[str]:
    visit = Visit.of(app.current_event)
    return refused(404, N_("There is no such page.")) if visit.session else visit.redirect("/console/sign-in")


@telemetry.observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
