"""The owner's page: what is missing, how the last runs went, and the way to a token."""

import html
from typing import Any

from storesync import bootstrap, telemetry
from storesync.domain.connection import Connection
from storesync.domain.model import StoreName
from storesync.errors import ConfigurationError, UnknownConnection

HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}
STREAMS = ("products", "orders", "sweep")
MISSING = {
    "cscart.url": "enter the CS-Cart shop's address",
    "cscart.email": "enter the e-mail of the CS-Cart user",
    "webasyst.url": "enter the account URL",
}


@telemetry.observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    method = event["requestContext"]["http"]["method"]
    path = event["rawPath"].rstrip("/").split("/")[2:]
    if method == "GET" and not path:
        return _answer(200, _page("".join(_connection(one) for one in bootstrap.connections().list())))
    if method == "POST" and len(path) == 2 and path[0] == "connect":
        return _start(path[1]) if _same_site(event["headers"]) else _answer(403, _page("<p>Open the console and press the button there.</p>"))
    return _answer(404, _page("<p>There is no such page.</p>"))


def _same_site(headers: dict[str, str]) -> bool:
    """Browsers name where a form was sent from; another site's is refused."""
    return headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _start(connection_id: str) -> dict[str, Any]:
    try:
        start = bootstrap.authorisation().start(connection_id)
    except (ConfigurationError, UnknownConnection) as problem:
        return _answer(400, _page(f"<p>{html.escape(problem.advice)}</p>"))
    return {"statusCode": 303, "headers": {**HEADERS, "location": start.url}, "cookies": [start.cookie]}


def _connection(connection: Connection) -> str:
    world = bootstrap.world(connection.id)
    runs = [run for stream in STREAMS for store in StoreName for run in world.streams.runs(f"{stream}:{store}", 1)]
    rows = "".join(
        f"<tr><td>{html.escape(run.stream)}<td>{run.started:%Y-%m-%d %H:%M:%S}<td>{html.escape(run.outcome or 'running')}"
        f"<td>{html.escape(', '.join(f'{name} {count}' for name, count in run.counts.items()))}"
        for run in runs
    )
    return (
        f"<section><h2>{html.escape(connection.id)}</h2><ul>{''.join(f'<li>{item}' for item in _wanted(connection))}</ul>{_button(connection)}"
        f"<p>Set aside: {sum(1 for _ in world.links.parked())}</p><table>{rows}</table></section>"
    )


def _wanted(connection: Connection) -> list[str]:
    wanted = [MISSING[name] for name in connection.missing()]
    if not bootstrap.secrets().get(connection.id, "cscart_key"):
        wanted.append("enter the CS-Cart API key")
    if connection.webasyst.url and not bootstrap.secrets().get(connection.id, "webasyst_token"):
        wanted.append("press <b>Get token</b>")
    return wanted


def _button(connection: Connection) -> str:
    if not connection.webasyst.url:
        return ""
    return f'<form method="post" action="/console/connect/{html.escape(connection.id, quote=True)}"><button>Get token</button></form>'


def _page(body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sync console</title>'
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td{padding-right:1.5rem}</style>"
        f"<h1>Sync console</h1>{body or '<p>There is no connection yet.</p>'}"
    )


def _answer(status: int, body: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": HEADERS, "body": body}
