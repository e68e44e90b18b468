"""The OAuth pages: HTML with HTTP 200 for login, consent and errors; 302 only after a decision (contract 1)."""

from __future__ import annotations

import secrets
from html import escape
from http.cookies import SimpleCookie

from tests.sandbox.faults import Request
from tests.sandbox.httpd import Response
from tests.sandbox.webasyst.answers import HTML, to_json, to_xml
from tests.sandbox.webasyst.phpform import Values, as_text, truthy
from tests.sandbox.webasyst.store import APPS, Shop, Tokens, Users

_APP_NAMES = {"shop": "Shop-Script", "webasyst": "Webasyst", "site": "Site"}
_GRANT = "authorization_code"


class OAuth:
    def __init__(self, shop: Shop) -> None:
        self._shop, self._users, self._tokens = shop, Users(shop), Tokens(shop)

    def authorize(self, request: Request, query: Values, form: Values, self_url: str) -> Response:
        redirect_uri = as_text(query.get("redirect_uri"))
        if truthy(form.get("cancel")):
            return self._refused(query, "You've denied access")
        cookies = _cookies(request)
        contact_id = self._contact(cookies)
        if not contact_id:
            return self._login(cookies, form, self_url)
        problem = self._problem(query)
        if problem:
            return _error_page(problem)
        user = self._users.get(contact_id)
        if request.method == "POST" and as_text(form.get("_csrf")) != cookies.get("_csrf", ""):
            return _error_page("CSRF Protection")
        asked = as_text(query.get("scope")).split(",")
        scope = [a for a in asked if a in APPS and (user.is_admin or (a == "shop" and user.right("backend")))]
        if not scope:
            return _error_page("invalid scope")
        if request.method != "POST":
            return _consent_page(query, scope, cookies.get("_csrf", ""))
        if not truthy(form.get("approve")):
            return self._refused(query, "You've revoked API access")
        return self._approved(query, contact_id, ",".join(scope), redirect_uri)

    def _contact(self, cookies: dict[str, str]) -> int | None:
        found = self._shop.value("SELECT contact_id FROM sessions WHERE id = ?", cookies.get("PHPSESSID", ""))
        return int(found) if found else None

    def _login(self, cookies: dict[str, str], form: Values, self_url: str) -> Response:
        session = cookies.get("PHPSESSID", "")
        fresh = () if session else (("Set-Cookie", f"PHPSESSID={(session := secrets.token_hex(16))}; path=/; HttpOnly"),)
        if not truthy(form.get("wa_auth_login")):
            return Response(200, _login_page("").encode(), (*fresh, HTML))
        contact_id = self._users.authenticate(as_text(form.get("login")), as_text(form.get("password")))
        if not contact_id:
            page = _login_page("Invalid login name or password.")
            return Response(200, page.encode(), (*fresh, HTML))
        self._shop.run("INSERT OR REPLACE INTO sessions(id, contact_id) VALUES (?, ?)", session, contact_id)
        csrf = ("Set-Cookie", f"_csrf={secrets.token_hex(7)}.{secrets.randbelow(10**8):08d}; path=/; SameSite=Lax")
        remember = ("Set-Cookie", "remember=0; path=/; SameSite=Lax")
        return Response(302, b"", (*fresh, remember, csrf, ("Location", self_url), HTML))

    def _problem(self, query: Values) -> str:
        required = ["client_id", "client_name", "response_type", "scope"]
        if query.get("response_type") == "token":
            required.append("redirect_uri")
        for name in required:
            if not truthy(query.get(name)):
                return f"Required parameter is missing: {name}"
        if query["response_type"] not in ("code", "token"):
            return f"Invalid response_type: {escape(as_text(query['response_type']))}"
        return ""

    def _refused(self, query: Values, text: str) -> Response:
        url = as_text(query.get("redirect_uri"))
        if query.get("response_type") == "token":
            return _redirect(url + "#error=access_denied")
        if not url:
            return _error_page(f"{text} to {escape(as_text(query.get('client_name')))}", "access_denied")
        return _redirect(url + _glue(url) + "error=access_denied")

    def _approved(self, query: Values, contact_id: int, scope: str, url: str) -> Response:
        """`state` is never echoed (trap W1)."""
        client_id = as_text(query["client_id"])
        if query["response_type"] == "token":
            return _redirect(f"{url}#access_token={self._tokens.issue(contact_id, client_id, scope)}")
        code = self._tokens.create_code(contact_id, client_id, scope)
        if not url:
            content = f"<div class='block'>Code<br><textarea readonly>{code}</textarea></div>"
            return _page(as_text(query["client_name"]), content)
        return _redirect(f"{url}{_glue(url)}code={code}")

    def exchange(self, query: Values, form: Values) -> Response:
        """Success and every failure alike are HTTP 200 with Content-Type text/html (trap W4)."""
        kind = as_text(query.get("format")).upper() or "JSON"
        if kind not in ("JSON", "XML"):
            return _token_answer({"error": "invalid_request", "error_description": f"Invalid format: {kind}"}, "JSON")
        return _token_answer(self._grant(form), kind)

    def _grant(self, form: Values) -> dict[str, str]:
        for name in ("code", "client_id", "grant_type"):
            if not truthy(form.get(name)):
                return _refusal("invalid_request", f"Required parameter is missing: {name}")
        if form["grant_type"] != _GRANT:
            return _refusal("unsupported_grant_type", f"Invalid grant_type: {as_text(form['grant_type'])}")
        code = self._tokens.get_code(as_text(form["code"]))
        if not code:
            return _refusal("invalid_grant", f"Invalid code: {as_text(form['code'])}")
        if code["client_id"] != as_text(form["client_id"]):
            return _refusal("invalid_grant", "Client ID does not match the previously specified value")
        if code["expires"] < self._shop.now():
            return _refusal("invalid_grant", "Authorization code has expired")
        return {"access_token": self._tokens.issue(code["contact_id"], code["client_id"], code["scope"])}

    def revoke(self, query: Values, form: Values) -> Response:
        """Only a token sent as a parameter is deleted; the header merely authenticates (trap W5)."""
        token = as_text(form.get("access_token") or query.get("access_token"))
        self._tokens.revoke(token)
        return Response(200, to_json({"access_token": token}).encode(), (HTML,))

    def exchange_headless(self, form: Values) -> Response:
        for name in ("code", "client_id", "scope"):
            if not truthy(form.get(name)):
                body = _refusal("invalid_request", f"Required parameter is missing: {name}")
                return Response(400, to_json(body).encode(), (("Content-Type", "application/json"),))
        body = _refusal("not_enabled", "Webasyst ID service is not enabled")
        return Response(403, to_json(body).encode(), (("Content-Type", "application/json"),))


def _refusal(code: str, text: str) -> dict[str, str]:
    return {"error": code, "error_description": text}


def _token_answer(body: dict[str, str], kind: str) -> Response:
    return Response(200, (to_xml(body) if kind == "XML" else to_json(body)).encode(), (HTML,))


def _cookies(request: Request) -> dict[str, str]:
    return {name: morsel.value for name, morsel in SimpleCookie(request.headers.get("Cookie") or "").items()}


def _glue(url: str) -> str:
    return "&" if "?" in url else "?"


def _redirect(url: str) -> Response:
    return Response(302, b"", (("Location", url), HTML))


def _error_page(text: str, code: str = "invalid_request") -> Response:
    return _page(f"Error {code}", f'<p class="large red align-center">{text}</p>')


def _login_page(problem: str) -> str:
    return _document(
        '<form action="" method="post"><input type="text" name="login"><input type="password" name="password">'
        f'<div class="wa-uncaught-errors">{problem}</div><input type="hidden" name="wa_auth_login" value="1">'
        '<input type="submit" value="Sign in"></form>'
    )


def _consent_page(query: Values, scope: list[str], csrf: str) -> Response:
    csrf = csrf or f"{secrets.token_hex(7)}.{secrets.randbelow(10**8):08d}"
    apps = "".join(f"<li>{_APP_NAMES[app]}</li>" for app in scope)
    name = escape(as_text(query["client_name"])[:25])
    content = (
        f"<p><strong>{name}</strong> requests access to your apps data:</p><ul>{apps}</ul>"
        f'<form method="post" action=""><input type="hidden" name="_csrf" value="{csrf}" />'
        '<input type="submit" name="approve" value="Allow"><a href="#" id="deny">deny</a></form>'
    )
    page = _page(as_text(query["client_name"]), content)
    return Response(page.status, page.body, (("Set-Cookie", f"_csrf={csrf}; path=/; SameSite=Lax"), *page.headers))


def _page(title: str, content: str) -> Response:
    return Response(200, _document(f"<h1>{escape(title)}</h1>{content}").encode(), (HTML,))


def _document(content: str) -> str:
    return f"<!DOCTYPE html><html><head><title>Shop</title></head><body>{content}</body></html>"
