"""Takes hints from the stores: proves, queues, answers. Imports little, because a shopper may be waiting for the answer."""

import base64
import json
from typing import Any

from storesync import bootstrap, errors, telemetry

STATUSES = {
    errors.Unauthentic: 401,
    errors.UnknownConnection: 404,
    errors.BadMessage: 400,
    errors.HintTooLarge: 413,
    errors.TooManyHints: 429,
}


@telemetry.observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    path = event.get("pathParameters") or {}
    try:
        bootstrap.hooks().accept(path.get("connection", ""), path.get("store", ""), path.get("secret", ""), event["headers"], _body(event))
    except tuple(STATUSES) as refused:
        return _answer(STATUSES[type(refused)], {"error": type(refused).__name__})
    return _answer(200, {})


def _body(event: dict[str, Any]) -> bytes:
    """The raw body; a GET has none, there its query says the same. What is no base64 says nothing."""
    body = event.get("body") or ""
    try:
        return base64.b64decode(body) if event.get("isBase64Encoded") else (body or event.get("rawQueryString", "")).encode()
    except ValueError:
        return b""


def _answer(status: int, body: dict[str, str]) -> dict[str, Any]:
    """Shop-Script counts a hint as delivered on exactly 200 with JSON (contract 7)."""
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
