"""The door, the language, the files: what every page stands in."""

import re

import rendering
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from storesync import bootstrap, desk, telemetry
from storesync.console import texts
from storesync.console.access import SESSION_SECONDS
from storesync.errors import TooManyHints, Unauthentic
from visit import LANGUAGE, YEAR, cookie, visit

router = APIGatewayHttpRouter()
_PAGE = re.compile(r"/console(/[\w./?=&%#-]*)?", re.ASCII)


@router.get("/console")
def home() -> Response[str]:
    """Where the visitor goes on: the set-up of a connection that has just got its token, the only connection, or the list of them."""
    here = visit(router)
    found = bootstrap.connections().list()
    connected = here.query.get("connected", "")
    if any(one.id == connected for one in found):
        return here.redirect(f"/console/c/{connected}/setup", "connected")
    return here.redirect(f"/console/c/{found[0].id}" if len(found) == 1 else "/console/connections")


@router.get("/console/sign-in")
def door() -> Response[str]:
    desk.access().secret()
    return visit(router).page("sign_in.html", problem="", place=desk.console_secret_name())


@router.post("/console/sign-in")
def sign_in() -> Response[str]:
    here = visit(router)
    try:
        session = desk.access().sign_in(here.field("secret"), here.source)
    except (Unauthentic, TooManyHints) as refused:
        telemetry.logger().warning("sign-in refused", reason=type(refused).__name__)
        slow = isinstance(refused, TooManyHints)
        problem = texts.N_("Too many tries. Wait a quarter of an hour.") if slow else texts.N_("This is not the console's secret.")
        return here.page("sign_in.html", status=429 if slow else 403, problem=problem, place=desk.console_secret_name())
    answer = here.redirect("/console")
    answer.cookies.append(cookie(desk.access().cookie_name, session, SESSION_SECONDS))
    return answer


@router.post("/console/sign-out")
def sign_out() -> Response[str]:
    answer = visit(router).redirect("/console/sign-in", "signed_out")
    answer.cookies.append(cookie(desk.access().cookie_name, "", 0))
    return answer


@router.post("/console/language")
def choose_language() -> Response[str]:
    here = visit(router)
    back = here.field("back")
    answer = here.redirect(back if _PAGE.fullmatch(back) else "/console")
    answer.cookies.append(cookie(LANGUAGE, texts.language(here.field("language"), ""), YEAR))
    return answer


@router.get("/console/static/<digest>/<name>")
def static(digest: str, name: str) -> Response[str]:
    found = rendering.static(name)
    if found is None:
        raise NotFoundError
    return found
