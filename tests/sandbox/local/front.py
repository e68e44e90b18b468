"""The HTTP API in front of the functions: the template's routes, API Gateway's events and answers."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote

from tests.sandbox.httpd import Request, Response
from tests.sandbox.local.container import FunctionError
from tests.sandbox.local.template import Template

_TEXT = re.compile(r"^(text/|application/(json|javascript|xml))|\+(json|xml)\b")
_NOT_FOUND = Response.of_json({"message": "Not Found"}, 404)
_FAILED = Response.of_json({"message": "Internal Server Error"}, 500)
LIMIT_BYTES = 10 * 1024 * 1024

Invoke = Callable[[str, Any], Any]


class Front:
    """Answers a request as API Gateway does. `invoke` takes a function's logical id and an event."""

    def __init__(self, template: Template, invoke: Invoke) -> None:
        self._invoke = invoke
        self._routes = sorted(_routes(template), key=lambda route: route[3])

    def __call__(self, request: Request) -> Response:
        if len(request.body) > LIMIT_BYTES:
            return Response.of_json({"message": "Request Entity Too Large"}, 413)
        for key, pattern, logical_id, _ in self._routes:
            method = key.partition(" ")[0]
            found = pattern.fullmatch(request.path)
            if found and method in (request.method, "ANY"):
                return self._answer(logical_id, _event(key, found.groupdict(), request))
        return _NOT_FOUND

    def _answer(self, logical_id: str, event: dict[str, Any]) -> Response:
        try:
            result = self._invoke(logical_id, event)
        except FunctionError:
            return _FAILED
        return _response(result)


def _routes(template: Template) -> list[tuple[str, re.Pattern[str], str, tuple[int, int]]]:
    """Key, pattern, function; plain segments win over parameters, and parameters over {proxy+}."""
    functions = {name: _function(properties) for name, properties in template.of_type("AWS::ApiGatewayV2::Integration")}
    routes = []
    for _, properties in template.of_type("AWS::ApiGatewayV2::Route"):
        key = properties["RouteKey"]
        path = key.partition(" ")[2]
        integration = re.search(r"\$\{(\w+)\}", str(properties["Target"]))
        assert integration
        routes.append((key, re.compile(_pattern(path)), functions[integration[1]], (path.count("+}"), path.count("{"))))
    return routes


def _function(integration: dict[str, Any]) -> str:
    found = re.search(r"'(?:Ref|Fn::GetAtt)': (?:'|\[')(\w+)", str(integration["IntegrationUri"]))
    assert found
    return found[1]


def _pattern(path: str) -> str:
    parts = [
        f"(?P<{part[1:-2]}>.+)" if part.endswith("+}") else f"(?P<{part[1:-1]}>[^/]+)" if part.startswith("{") else re.escape(part)
        for part in path.split("/")
    ]
    return "/".join(parts) + "/?"


def _event(key: str, parameters: dict[str, str], request: Request) -> dict[str, Any]:
    headers: dict[str, str] = {}
    for name, value in request.headers.items():
        headers[name.lower()] = f"{headers[name.lower()]},{value}" if name.lower() in headers else value
    cookies = [part.strip() for part in headers.pop("cookie", "").split(";") if part.strip()]
    query: dict[str, str] = {}
    for name, value in parse_qsl(request.raw_query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
    body, encoded = _body(request.body, headers.get("content-type", ""))
    return {
        "version": "2.0",
        "routeKey": key,
        "rawPath": quote(request.path),
        "rawQueryString": request.raw_query,
        "headers": headers,
        **({"cookies": cookies} if cookies else {}),
        **({"queryStringParameters": query} if query else {}),
        **({"pathParameters": parameters} if parameters else {}),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": headers.get("host", "127.0.0.1"),
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex,
            "routeKey": key,
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        **({"body": body} if request.body else {}),
        "isBase64Encoded": encoded,
    }


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    """Text stays text; everything else, form fields among it, arrives in base64."""
    if not body:
        return "", False
    if _TEXT.search(content_type):
        return body.decode("utf-8", "replace"), False
    return base64.b64encode(body).decode(), True


def _response(result: Any) -> Response:
    if not isinstance(result, dict) or "statusCode" not in result:
        return Response.of_json(result)
    body = result.get("body") or ""
    content = (
        base64.b64decode(body) if result.get("isBase64Encoded") else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    )
    headers = [(name, str(value)) for name, value in (result.get("headers") or {}).items()]
    for name, values in (result.get("multiValueHeaders") or {}).items():
        headers.extend((name, str(value)) for value in values)
    headers.extend(("Set-Cookie", cookie) for cookie in result.get("cookies") or [])
    return Response(int(result["statusCode"]), content, tuple(headers))
