"""What an address asks for, and the shape of what comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.sandbox.cscart import php
from tests.sandbox.cscart.shop import ApiError, Call, Entity, Row
from tests.sandbox.httpd import Response

_VERSIONS = {"2.0": "2.0", "2.1": "2.1", "4.0": "2.1", "4.1": "2.1", "1.0": "1.0"}
_WORDS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    415: "Unsupported Media Type",
}


@dataclass(frozen=True, slots=True)
class Route:
    entity: str
    version: str
    id: str = ""
    child: str = ""
    company: str = ""


def route_of(resource: str) -> Route:
    """`[VERSION/][stores|vendors/ID/]ENTITY[/ID[/CHILD]]`."""
    parts = resource.removesuffix("/").split("/")
    version = "2.1"
    if re.match(r"\d", parts[0]):
        version = _VERSIONS.get(parts.pop(0), "")
    if not version or not parts or "" in parts:
        raise ApiError(404)
    company = ""
    if parts[0] in ("stores", "vendors") and len(parts) > 2:
        company, parts = parts[1], parts[2:]
        if not company.isdigit():
            raise ApiError(404)
    if len(parts) > 3:
        raise ApiError(404)
    entity, number, child = (*parts, "", "")[:3]
    return Route(entity, version, number, child, company)


def reply(entity: Entity, route: Route, call: Call, result: Any) -> Response:
    if call.method == "DELETE":
        return Response(204)
    status = entity.created if call.method == "POST" and not route.child else 200
    if call.method == "POST" and route.child:
        status = 201
    return Response(status, php.dumps(result), (("Content-Type", "application/json"),))


def refusal(error: ApiError) -> Response:
    word = _WORDS.get(error.status, "Error")
    body: Row = {"message": ": ".join([word, *error.messages[:1]])}
    if error.messages:
        body["messages"] = list(error.messages)
    body["status"] = error.status
    headers = [("Content-Type", "application/json")]
    if error.status == 401:
        headers.append(("WWW-Authenticate", 'Basic realm="User email/API key"'))
    return Response(error.status, php.dumps(body), tuple(headers))
