"""CS-Cart's REST API: where an entity lives, who asks, and which answers are errors."""

import email.utils
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ..domain.connection import CsCartSettings
from ..errors import (
    CircuitOpen,
    Forbidden,
    NotAnApi,
    NotFound,
    PaymentRequired,
    Redirected,
    Rejected,
    ServerFault,
    StoreBusy,
    StoreError,
    SyncError,
    Unauthorised,
)
from ..http import Answer, Call, CallClass, Transport, retry_after
from .decode import Json, mapping, rows, whole
from .pages import Answered

STORE = "cscart"
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
Pairs = tuple[tuple[str, str], ...]


def classify(call: Call, answer: Answer) -> StoreError | None:
    """By status and content type; messages are in the user's language and may hold HTML, so they are never read (1.6, 1.7).

    A page in answer to a probe says for good that there is no API in this form; later on it is a failure that may pass.
    """
    if call.kind is CallClass.PROBE and answer.status in (200, 404) and "json" not in answer.headers.get("content-type", ""):
        return NotFound("no API under this address", store=STORE, status=answer.status)
    if answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers):
        return StoreBusy("asked to wait", store=STORE, status=answer.status, retry_after=retry_after(answer))
    if answer.status < 300:
        return _unreadable(answer) if answer.status != 204 else None
    kinds = {401: Unauthorised, 402: PaymentRequired, 403: Forbidden, 404: NotFound}
    if answer.status == 404 and "json" not in answer.headers.get("content-type", ""):
        return NotAnApi("the shop answers with a page: is the API reachable under this address?", store=STORE, status=404)
    kind = kinds.get(answer.status, Rejected if answer.status < 500 else ServerFault)
    return kind("refused", store=STORE, status=answer.status)


def _unreadable(answer: Answer) -> StoreError | None:
    try:
        answer.json()
    except StoreError as error:
        error.store = STORE
        return error
    return None


def _body(answer: Answer) -> Json:
    return mapping(answer.json()) if answer.status != 204 else {}


def pairs(query: Mapping[str, object]) -> Pairs:
    """PHP's query style: a list becomes `name[]=a&name[]=b`."""
    found: list[tuple[str, str]] = []
    for name, value in query.items():
        if isinstance(value, (list, tuple)):
            found += [(f"{name}[]", str(item)) for item in value]
        else:
            found.append((name, str(value)))
    return tuple(found)


def clock(answer: Answer) -> datetime:
    """The server's clock when the request was sent. Ours, should an answer carry no date."""
    try:
        made = email.utils.parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        made = datetime.now(UTC)
    return made - timedelta(seconds=answer.elapsed)


class CsCartClient:
    def __init__(self, settings: CsCartSettings, transport: Transport) -> None:
        self.settings, self.transport = settings, transport
        self._probing = threading.Lock()

    def _url(self, path: str) -> tuple[str, Pairs]:
        """Both forms of an address: rewritten, or api.php with the entity as a parameter (1.1). Found out when it is not known yet."""
        with self._probing:
            if self.settings.no_rewrite is None:
                self.settings = probe(self.settings, self.transport)
        if self.settings.no_rewrite:
            return f"{self.settings.url}api.php", (("_d", path), ("ajax_custom", "1"))
        return f"{self.settings.url}api/{path}", ()

    def scoped(self, path: str) -> str:
        """Under the storefront or vendor: an order cannot be made without one on Ultimate (C22)."""
        return f"{self.settings.scope}/{self.settings.company_id}/{path}" if self.settings.company_id else path

    def get_call(self, path: str, query: Mapping[str, object] | None = None, kind: CallClass = CallClass.READ) -> Call:
        url, fixed = self._url(path)
        return Call("GET", url, params=fixed + pairs(query or {}), headers=HEADERS, kind=kind)

    def put_call(self, path: str, body: Json, kind: CallClass = CallClass.WRITE) -> Call:
        url, fixed = self._url(path)
        return Call("PUT", url, params=fixed, json=dict(body), headers=HEADERS, kind=kind)

    def post_call(self, path: str, body: Json) -> Call:
        url, fixed = self._url(path)
        return Call("POST", url, params=fixed, json=dict(body), headers=HEADERS, kind=CallClass.CREATE, repeatable=False)

    def delete_call(self, path: str) -> Call:
        url, fixed = self._url(path)
        return Call("DELETE", url, params=fixed, headers=HEADERS, kind=CallClass.WRITE)

    def send(self, call: Call) -> Json:
        return _body(self.transport.send(call))

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Json:
        return self.send(self.get_call(path, query))

    def many(self, calls: Sequence[Call]) -> list[Json | SyncError]:
        return [_body(item) if isinstance(item, Answer) else item for item in self.transport.map(calls)]

    def ask(self, path: str, query: Mapping[str, object]) -> Answered:
        """A list together with the server's clock, which costs no call of its own."""
        answer = self.transport.send(self.get_call(path, query))
        return Answered(mapping(answer.json()), clock(answer))

    def all(self, path: str, name: str, query: Mapping[str, object] | None = None, size: int = 250) -> list[Json]:
        """Every row of a small dictionary. Ends by the total: some lists repeat their last page for ever (C24)."""
        found: list[Json] = []
        page = 1
        while True:
            answer = self.get(path, {**(query or {}), "page": page, "items_per_page": size})
            here = rows(answer.get(name))
            found += here
            total = whole(mapping(answer.get("params")).get("total_items"))
            if not here or len(found) >= total or len(here) < size:
                return found
            page += 1


def probe(settings: CsCartSettings, transport: Transport) -> CsCartSettings:
    """Which of the two URL forms the shop understands. When neither works it raises what the rewritten form said, NotAnApi for a page."""
    problem: StoreError | None = None
    for no_rewrite in (False, True):
        tried = replace(settings, no_rewrite=no_rewrite)
        try:
            client = CsCartClient(tried, transport)
            client.send(client.get_call("version", kind=CallClass.PROBE))
            return tried
        except NotFound as error:
            problem = problem or NotAnApi(error.detail, store=STORE, status=error.status)
        except (NotAnApi, Redirected, CircuitOpen) as error:
            problem = problem or error
    assert problem is not None
    raise problem
