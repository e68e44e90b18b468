"""What a sandbox server answers, and what a fault makes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.sandbox.faults import Fault

_HTML = b"<!DOCTYPE html><html><head><title>Service</title></head><body><h1>Attention Required!</h1></body></html>"
_NOTICE = b"<br />\n<b>Notice</b>:  Undefined index: lang in <b>/var/www/html/index.php</b> on line <b>42</b><br />\n"
_JSON = (("Content-Type", "application/json"),)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of_json(cls, value: Any, status: int = 200) -> Response:
        return cls(status, json.dumps(value).encode(), (("Content-Type", "application/json"),))


class Dropped(Exception):
    """The connection is to be cut without an answer."""


def instead_of(fault: Fault) -> Response | None:
    """The answer of a fault that keeps the request from the app; None when the app is to run."""
    html = (("Content-Type", "text/html; charset=utf-8"),)
    retry = (("Retry-After", fault.retry_after),) if fault.retry_after else ()
    match fault.kind:
        case "reset":
            raise Dropped
        case "status":
            return Response(fault.status, b"", retry)
        case "rate_limited":
            return Response(429, b'{"message":"Too Many Requests","status":429}', (*_JSON, *retry))
        case "html":
            return Response(fault.status, _HTML, html + retry)
        case "empty":
            return Response(fault.status, b"", html)
        case "redirect":
            status = fault.status if 300 <= fault.status < 400 else 302
            return Response(status, b"", (("Location", fault.location), *html))
        case "garbage":
            return Response(200, b'{"products":[{"product_id":\xff\x00', _JSON)
    return None


def spoiled(fault: Fault, response: Response) -> Response:
    match fault.kind:
        case "lose_answer":
            raise Dropped
        case "lose_answer_500":
            return Response(500)
        case "notice":
            return Response(response.status, _NOTICE + response.body, response.headers)
    return response
