"""The one place where HTTP is spoken to a store: limits, retries where a repeat is safe, redaction and the request log."""

import email.utils
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import tenacity
from requests.adapters import HTTPAdapter

from ..domain.journal import Exchange
from ..errors import (
    AnswerTooLarge,
    CircuitOpen,
    NotAnApi,
    NotFound,
    OutcomeUnknown,
    Redirected,
    ServerFault,
    StoreBusy,
    StoreError,
    Unauthorised,
    Unreachable,
    UnsafeAddress,
)
from .calls import CONNECT_LIMIT, MAX_BYTES, READ_LIMITS, Answer, Call, CallClass, Classify
from .guard import checked_address
from .pace import Breaker, Pace
from .redaction import head, path_of

LONGEST_WAIT = 20.0
CHUNK = 65_536
LOST = (requests.exceptions.ReadTimeout, requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)


class _CheckedAdapter(HTTPAdapter):
    """Connects to the address that was checked, while TLS and the Host header keep the name (no second look-up to rebind)."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private
        super().__init__(pool_connections=4, pool_maxsize=16, max_retries=0)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        name = host["host"]
        address = checked_address(name, host["port"] or (443 if host["scheme"] == "https" else 80), allow_private=self._allow_private)
        if host["scheme"] == "https":
            pool.update({"server_hostname": name, "assert_hostname": name})  # type: ignore[misc]
        return host | {"host": address}, pool

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.headers["Host"] = urlsplit(request.url).netloc
        return super().send(request, *args, **kwargs)


def session(allow_private: bool) -> requests.Session:
    found = requests.Session()
    found.trust_env = False
    found.mount("https://", _CheckedAdapter(allow_private))
    found.mount("http://", _CheckedAdapter(allow_private))
    return found


class Transport:
    """Raises the error tree only. Thread-safe; `clock` and `sleep` are for tests."""

    def __init__(
        self,
        store: str,
        classify: Classify,
        *,
        headers: Callable[[], Mapping[str, str]] = dict,
        secrets: Collection[str] = (),
        allow_private: bool = False,
        log: Callable[[Exchange], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        breaker: Breaker | None = None,
        attempts: int = 4,
    ) -> None:
        self.store, self._classify, self._headers, self._secrets = store, classify, headers, tuple(secrets)
        self._allow_private, self._log, self._clock = allow_private, log, clock
        self._breaker = breaker or Breaker(clock)
        self._pace = Pace()
        self._session = session(allow_private)
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_may_repeat),
            wait=_wait,
            stop=tenacity.stop_after_attempt(attempts),
            sleep=sleep,
            reraise=True,
        )

    @property
    def in_flight_limit(self) -> int:
        return self._pace.limit

    def send(self, call: Call) -> Answer:
        try:
            return self._retrying.copy()(self._once, call)
        except _Repeatable as wrapped:
            raise wrapped.error from wrapped.error.__cause__

    def map(self, calls: Sequence[Call]) -> list[Answer | StoreError]:
        """Answers and errors in the order of the calls. A lost token stops the rest: Unauthorised is raised."""
        results: list[Answer | StoreError] = []
        at = 0
        while at < len(calls):
            batch = calls[at : at + self._pace.limit * 4]
            with ThreadPoolExecutor(self._pace.limit) as pool:
                results += pool.map(self._outcome, batch)
            at += len(batch)
            if lost := next((item for item in results if isinstance(item, Unauthorised)), None):
                raise lost
        return results

    def _outcome(self, call: Call) -> Answer | StoreError:
        try:
            return self.send(call)
        except StoreError as error:
            return error

    def _once(self, call: Call) -> Answer:
        self._breaker.enter(self.store)
        started = self._clock()
        answer: Answer | None = None
        error: StoreError | None = None
        try:
            answer = self._exchange(call)
            error = self._redirected(answer) or self._classify(call, answer)
        except StoreError as raised:
            error = raised
        elapsed = self._clock() - started
        self._breaker.note(failed=error is not None and error.retriable)
        self._pace.note(elapsed, pushed_back=isinstance(error, (StoreBusy, ServerFault, OutcomeUnknown)))
        self._note(call, answer, error, elapsed)
        if error is None and answer is not None:
            return answer
        assert error is not None
        raise self._final(call, answer, error)

    def _final(self, call: Call, answer: Answer | None, error: StoreError) -> Exception:
        """A lost or broken answer to what must not be sent twice is OutcomeUnknown: the caller looks first."""
        error.store = error.store or self.store
        if isinstance(error, (Unreachable, StoreBusy)) or (call.repeatable and error.retriable and not isinstance(error, CircuitOpen)):
            return _Repeatable(error)
        if not call.repeatable and error.retriable and not isinstance(error, CircuitOpen):
            unknown = OutcomeUnknown(error.detail, store=self.store, status=error.status or (answer.status if answer else 0))
            unknown.__cause__ = error
            return unknown
        return error

    @staticmethod
    def _redirected(answer: Answer) -> StoreError | None:
        return Redirected("the address redirects", status=answer.status) if answer.status in (301, 302, 303, 307, 308) else None

    def _exchange(self, call: Call) -> Answer:
        limit = READ_LIMITS[call.kind]
        started = self._clock()
        try:
            with self._session.request(
                call.method,
                call.url,
                params=list(call.params) or None,
                data=list(call.form) if call.form is not None else None,
                json=call.json,
                files=list(call.files) if call.files else None,
                headers={**self._headers(), **call.headers},
                timeout=(CONNECT_LIMIT, limit),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = _body(response, MAX_BYTES, self._clock, started + 2 * limit)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, headers, body, self._clock() - started)
        except requests.RequestException as wrong:
            raise _translated(wrong, self.store) from wrong

    def _note(self, call: Call, answer: Answer | None, error: StoreError | None, elapsed: float) -> None:
        if self._log is None:
            return
        self._log(
            Exchange(
                store=self.store,
                method=call.method,
                path=path_of(call.url, call.params, self._secrets),
                status=answer.status if answer else 0,
                elapsed=elapsed,
                sent=head(_sent(call), self._secrets),
                received=head(answer.body, self._secrets) if answer else "",
                error=type(error).__name__ if error else "",
                at=datetime.now(UTC),
                write=call.method != "GET",
            )
        )


class _Repeatable(Exception):
    """Carries an error through tenacity that may be tried again."""

    def __init__(self, error: StoreError) -> None:
        super().__init__(str(error))
        self.error = error


def _may_repeat(error: BaseException) -> bool:
    return isinstance(error, _Repeatable)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.error.retry_after if isinstance(error, _Repeatable) and isinstance(error.error, StoreBusy) else None
    jittered = float(tenacity.wait_exponential_jitter(initial=0.2, max=LONGEST_WAIT, jitter=0.2)(state))
    return min(max(asked or 0.0, jittered), LONGEST_WAIT)


def retry_after(answer: Answer, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Seconds, from seconds or a date; None for nonsense. Bounded by the caller."""
    text = answer.headers.get("retry-after", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(text) - now()).total_seconds())
    except (TypeError, ValueError):
        return None


def _body(response: requests.Response, limit: int, clock: Callable[[], float], until: float) -> bytes:
    """The whole body, unpacked, within bounds; a body shorter than announced was cut off."""
    parts, size = [], 0
    for chunk in response.iter_content(CHUNK):
        size += len(chunk)
        parts.append(chunk)
        if size > limit or clock() > until:
            raise AnswerTooLarge("the answer is too large or too slow", status=response.status_code)
    return b"".join(parts)


def _translated(wrong: requests.RequestException, store: str) -> StoreError:
    if isinstance(wrong, requests.exceptions.SSLError):
        return UnsafeAddress("the certificate is not valid for this address", store=store)
    if isinstance(wrong, requests.exceptions.ConnectTimeout) or "NewConnectionError" in type(_root(wrong)).__name__:
        return Unreachable("no connection", store=store)
    if isinstance(wrong, (*LOST, requests.exceptions.ConnectionError)):
        return OutcomeUnknown("the answer was lost", store=store)
    return UnsafeAddress(f"the address cannot be called: {type(wrong).__name__}", store=store)


def _root(wrong: BaseException) -> BaseException:
    inner = wrong.args[0] if wrong.args and isinstance(wrong.args[0], BaseException) else None
    reason = getattr(inner, "reason", None)
    return reason if isinstance(reason, BaseException) else inner or wrong


def _sent(call: Call) -> bytes:
    if call.form is not None:
        return urlencode(call.form).encode()
    if call.json is not None:
        return json.dumps(call.json, ensure_ascii=False, default=str).encode()
    return f"{len(call.files)} file(s)".encode() if call.files else b""


def download(url: str, *, allow_private: bool, limit: int = 20_000_000, hops: int = 3) -> bytes:
    """An image's bytes. Each hop of a redirect is checked anew. Raises StoreError; what is not an image is NotAnApi."""
    here = session(allow_private)
    try:
        for _ in range(hops + 1):
            with here.get(url, timeout=(CONNECT_LIMIT, READ_LIMITS[CallClass.DOWNLOAD]), allow_redirects=False, stream=True) as response:
                if response.is_redirect:
                    url = requests.compat.urljoin(url, response.headers["Location"])
                    continue
                return _image(response, limit)
    except requests.RequestException as wrong:
        raise _translated(wrong, "images") from wrong
    raise Redirected("too many redirects")


def _image(response: requests.Response, limit: int) -> bytes:
    if response.status_code != 200:
        raise NotFound("no image there", status=response.status_code)
    body = _body(response, limit, time.monotonic, time.monotonic() + 60)
    if not body or not response.headers.get("Content-Type", "").startswith(("image/", "application/octet-stream")):
        raise NotFound("not an image", status=response.status_code) if not body else NotAnApi("not an image")
    return body
