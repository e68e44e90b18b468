"""The page over HTTP: one address that shows, a few that edit. It works without scripts; with them it looks again by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.sandbox.httpd import Request, Response
from tests.sandbox.page.editing import LINES, Edits, Mistyped
from tests.sandbox.page.watching import STORES, Pair, View, Watch
from tests.sandbox.page.words import LANGUAGES, STORE_NAMES, language_of
from tests.sandbox.script.shops import CsCartShop, ShopError, WebasystShop

HERE = Path(__file__).parent
ROWS = 25
CHOICES = 400
ACTIONS = ("process", "ship", "complete", "delete")
FILES = {"/page.css": "text/css; charset=utf-8", "/page.js": "text/javascript; charset=utf-8"}
HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src * data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"),
)  # fmt: skip


class Page:
    """Give it to `tests.sandbox.httpd.Server`. `console`: its address, and what it asks for."""

    def __init__(self, cscart: CsCartShop, webasyst: WebasystShop, connection: str, console: tuple[str, str] = ("", "")) -> None:
        self.watch = Watch(cscart, webasyst, connection)
        self._edits, self._console = Edits(cscart, webasyst), console
        self._templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True)

    def __call__(self, request: Request) -> Response:
        if not _is_local(request.headers.get("Host", "")):
            return Response(403, b"only for this machine")
        if request.method in ("GET", "HEAD") and request.path == "/":
            return self._show(request)
        if request.method == "GET" and request.path in FILES:
            return Response(
                200, (HERE / request.path[1:]).read_bytes(), (("Content-Type", FILES[request.path]), ("Cache-Control", "no-cache"))
            )
        act = self._actions().get(request.path) if request.method == "POST" else None
        if act is None:
            return Response(404, b"no such page", (("Content-Type", "text/plain"),))
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return Response(403, b"open the page and press the button there")
        return self._done(request, act)

    def _actions(self) -> Mapping[str, Callable[[Mapping[str, str]], str]]:
        return {"/product": self._edits.product, "/add": self._edits.add, "/order": self._edits.order, "/status": self._edits.status}

    def _done(self, request: Request, act: Callable[[Mapping[str, str]], str]) -> Response:
        """Back to where the form was, with what came of it in the address."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        said, detail = "", ""
        try:
            said = act(form)
        except Mistyped as wrong:
            said, detail = "mistyped", str(wrong)
        except (ShopError, requests.RequestException, KeyError) as problem:
            said, detail = "refused", str(problem)[:300]
        self.watch.view(now=True)
        kept = {name: form[f"on_{name}"] for name in ("q", "page") if form.get(f"on_{name}")}
        return Response(303, b"", (("Location", "/?" + urlencode({**kept, "said": said, "detail": detail}, quote_via=quote)), *HEADERS))

    def _show(self, request: Request) -> Response:
        query = dict(parse_qsl(request.raw_query))
        cookies = SimpleCookie(request.headers.get("Cookie", ""))
        chosen = query.get("lang") or (cookies["lang"].value if "lang" in cookies else "")
        language = language_of(chosen, request.headers.get("Accept-Language", ""))
        page = self._templates.get_template("page.html").render(self._model(query, language))
        cookie = (("Set-Cookie", f"lang={language}; Path=/; SameSite=Lax; Max-Age=31536000"),) if query.get("lang") else ()
        return Response(200, page.encode(), (*HEADERS, *cookie))

    def _model(self, query: Mapping[str, str], language: str) -> dict[str, Any]:
        view, words = self.watch.view(), LANGUAGES[language]
        q = query.get("q", "").strip()
        found = [pair for pair in view.goods if q.casefold() in _searched(pair)]
        pages = max(1, -(-len(found) // ROWS))
        number = min(max(1, int(query.get("page", "1")) if query.get("page", "1").isdigit() else 1), pages)
        return {
            "w": words, "language": language, "other": "en" if language == "ru" else "ru", "stores": STORES, "names": STORE_NAMES,
            "goods": found[(number - 1) * ROWS : number * ROWS], "orders": view.orders, "states": view.states, "letters": view.letters,
            "count": len(found), "page": number, "pages": pages, "q": q, "waiting": sum(not pair.equal for pair in view.goods),
            "silent": view.silent, "arrivals": list(self.watch.arrivals), "fresh": self.watch.is_fresh, "actions": ACTIONS,
            "choices": _choices(view), "lines": range(LINES), "console": self._console, "said": _said(query, words),
            "bad": query.get("said") in ("mistyped", "refused", "not_offered"),
        }  # fmt: skip


def _is_local(host: str) -> bool:
    """A name that was made to point here must not reach the shops through a browser on this machine."""
    return urlsplit(f"//{host}").hostname in ("127.0.0.1", "localhost", "::1")


def _searched(pair: Pair) -> str:
    return " ".join([pair.key, *(pair.side(store).name for store in STORES if pair.side(store))]).casefold()


def _choices(view: View) -> list[Pair]:
    return [pair for pair in view.goods if pair.cscart and (pair.cscart.stock is None or pair.cscart.stock > 0)][:CHOICES]


def _said(query: Mapping[str, str], words: Mapping[str, str]) -> str:
    said, detail = query.get("said", ""), query.get("detail", "")
    if said not in words:
        return ""
    field = words.get("products_field" if detail == "products" else detail, detail)
    return words[said].replace("{field}", field).replace("{why}", detail)
