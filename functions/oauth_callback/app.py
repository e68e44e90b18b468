"""Where the Webasyst account sends the owner back to."""

import html
from pathlib import Path
from string import Template
from typing import Any

from storesync import bootstrap, telemetry
from storesync.console import texts
from storesync.sync.landing import OPEN, Landing

# The page's address holds the code: it is neither kept nor passed on.
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}


@telemetry.observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    cookies = dict(cookie.split("=", 1) for cookie in event.get("cookies", []) if "=" in cookie)
    landing = bootstrap.authorisation().complete(event.get("queryStringParameters") or {}, cookies)
    telemetry.logger().info("authorisation ended", reason=landing.reason)
    language = texts.language(cookies.get(texts.COOKIE, ""), event["headers"].get("accept-language", ""))
    return {"cookies": [landing.forget], **(_redirect(landing) if landing.redirect else _page(landing, language))}


def _redirect(landing: Landing) -> dict[str, Any]:
    return {"statusCode": 303, "headers": {**HEADERS, "location": landing.redirect}}


def _page(landing: Landing, language: str) -> dict[str, Any]:
    told = texts.catalogue(language).gettext
    shown = {"title": landing.title, "text": landing.text, "detail": landing.detail, "link_text": OPEN}
    given = {name: html.escape(told(value) if value else "") for name, value in shown.items()}
    page = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return {"statusCode": 400, "headers": HEADERS, "body": page.substitute(given, language=language, link=html.escape(landing.link))}
