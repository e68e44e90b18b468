"""One visit of a page: who, in which language, at which connection; and the ways to answer."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import rendering
import uploads
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from aws_lambda_powertools.shared.cookies import Cookie, SameSite
from storesync import bootstrap, desk
from storesync.console import texts
from storesync.console.access import Session
from storesync.console.fields import FormData
from storesync.domain.connection import Connection

LANGUAGE, NOTICE = texts.COOKIE, "storesync-notice"
YEAR = 365 * 86_400
MOST_FIELDS = 20_000


@dataclass(frozen=True, slots=True)
class Visit:
    """`form` is what was sent, None for a page that is only looked at; `files` are the files among it."""

    path: str
    query: Mapping[str, str]
    cookies: Mapping[str, str]
    headers: Mapping[str, str]
    source: str
    form: FormData | None
    language: str
    session: Session | None
    files: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, event: Any) -> "Visit":
        cookies = dict(cookie.split("=", 1) for cookie in event.get("cookies") or [] if "=" in cookie)
        headers = {name.lower(): value for name, value in (event.headers or {}).items()}
        form, files = _sent(event, headers.get("content-type", "")) if event.http_method == "POST" else (None, {})
        return cls(
            path=event.path,
            query=event.query_string_parameters or {},
            cookies=cookies,
            headers=headers,
            source=event.request_context.http.source_ip or "",
            form=form,
            language=texts.language(cookies.get(LANGUAGE, ""), headers.get("accept-language", "")),
            session=desk.access().session(cookies),
            files=files,
        )

    def field(self, name: str) -> str:
        values = (self.form or {}).get(name) or [""]
        return values[-1].strip()

    def fields(self, name: str) -> list[str]:
        return list((self.form or {}).get(name) or [])

    def page(self, template: str, connection: Connection | None = None, **values: Any) -> Response[str]:
        """The whole page, with what its frame shows. Who names the connections has no table read for them."""
        told = self.cookies.get(NOTICE, "")
        notice = {"text": NOTICES[told], "kind": "warning" if told == UNTICKED else "success"} if told in NOTICES else {}
        listed = values.pop("connections", None)
        if listed is None:
            listed = bootstrap.connections().list() if self.session else []
        frame = {"visit": self, "connection": connection, "connections": listed, "notice": notice}
        answer = rendering.page(template, self.language, **frame, **values)
        if notice:
            answer.cookies.append(cookie(NOTICE, "", 0))
        return answer

    def part(self, template: str, connection: Connection, **values: Any) -> Response[str]:
        """A piece of a page that refreshes itself."""
        return rendering.page(template, self.language, visit=self, connection=connection, **values)

    def redirect(self, location: str, notice: str = "") -> Response[str]:
        """`notice`: the name of what the next page says at its top."""
        answer = rendering.redirect(location)
        if notice:
            answer.cookies.append(cookie(NOTICE, notice, 60))
        return answer


def _sent(event: Any, content_type: str) -> tuple[FormData, Mapping[str, bytes]]:
    """What is no form has no fields, and so no token."""
    try:
        if content_type.startswith(uploads.MULTIPART):
            body = event.body or ""
            return uploads.parted(content_type, base64.b64decode(body) if event.is_base64_encoded else body.encode())
        return FormData(parse_qs(event.decoded_body or "", keep_blank_values=True, max_num_fields=MOST_FIELDS)), {}
    except ValueError:
        return FormData({}), {}


UNTICKED = "unticked"
NOTICES = {
    UNTICKED: texts.N_("Nothing is ticked: tick the rows that are meant, then press again."),
    "saved": texts.N_("Saved."),
    "started": texts.N_("Started. What it finds appears here by itself."),
    "paused": texts.N_("Paused. Hints and schedules are ignored until you resume."),
    "resumed": texts.N_("It runs again."),
    "reading": texts.N_("Both shops are being read. Open this page again in a moment to see what is new."),
    "queued": texts.N_("Queued. It will be done in a moment."),
    "dismissed": texts.N_("Dismissed. What changes in a shop is looked at again."),
    "connected": texts.N_("The Webasyst account is connected."),
    "disconnected": texts.N_("Disconnected: the token is revoked and the key forgotten."),
    "followed": texts.N_("Saved. The next order of this customer goes to that contact."),
    "erased": texts.N_("Erased. What the shops themselves keep is theirs to erase."),
    "removed": texts.N_("The connection is removed."),
    "imported": texts.N_(
        "Taken in, and paused. Enter CS-Cart's key and get a token of Webasyst, then resume it: nothing will be written twice."
    ),
    "taken_over": texts.N_("Queued. What is linked disappears from the list; the next pass writes nothing to it."),
    "signed_out": texts.N_("You are signed out."),
}


def cookie(name: str, value: str, seconds: int) -> Cookie:
    secure = desk.access().secure
    return Cookie(name, value, path="/", secure=secure, http_only=True, max_age=seconds, same_site=SameSite.LAX_MODE)


def visit(router: BaseRouter) -> Visit:
    found: Visit = router.context["visit"]
    return found


def connection(connection_id: str) -> Connection:
    """Raises UnknownConnection."""
    return bootstrap.connections().get(connection_id)
