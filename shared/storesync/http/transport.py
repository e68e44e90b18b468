"""The one place where HTTP is spoken to a store: limits, retries where a repeat is safe, redaction and the request log."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from requests import PreparedRequest

from ..domain.journal import Exchange
from ..errors import AnswerTooLarge, OutcomeUnknown, Redirected, ServerFault, StoreBusy, StoreError, Unauthorised
from .ahead import Begun, Pending
from .calls import CONNECT_LIMIT, MAX_BYTES, READ_LIMITS, Answer, Call, Classify
from .pace import Breaker
from .redaction import head, path_of
from .retries import Repeatable, again, asked_wait, verdict
from .wire import FAILURES, body, meaning, prepared, session

T = TypeVar("T")
REDIRECTS = (301, 302, 303, 307, 308)
PUSHED_BACK = (StoreBusy, ServerFault, OutcomeUnknown, AnswerTooLarge)


class Transport:
    """Raises the error tree only. Thread-safe; `clock` and `sleep` are for tests. The `breaker` carries the pace, and outlives this."""

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
        self._log, self._clock, self._sleep = log, clock, sleep
        self._breaker = breaker or Breaker(clock)
        self._pace = self._breaker.pace
        self._session = session(allow_private)
        self._attempts = attempts

    @property
    def in_flight_limit(self) -> int:
        return self._pace.limit

    def send(self, call: Call) -> Answer:
        began = time.monotonic()
        try:
            return self._once(call)
        except Repeatable as failed:
            first, taken = failed, time.monotonic() - began
        try:
            return again(lambda: self._once(call), first, self._attempts, taken, self._sleep)
        except Repeatable as wrapped:
            raise wrapped.error from wrapped.error.__cause__

    def map(self, calls: Sequence[Call]) -> list[Answer | StoreError]:
        """Answers and errors in the order of the calls. A lost token stops the rest: Unauthorised is raised."""
        results = self._pace.map(self._outcome, calls, lambda result: isinstance(result, Unauthorised))
        if lost := next((item for item in results if isinstance(item, Unauthorised)), None):
            raise lost
        return results

    def together(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """Each may make several calls, one after another; as many side by side as the store takes. Raises what one of them raises."""
        return self._pace.map(lambda work: work(), works, lambda _: False)

    def stream(self, works: Sequence[Callable[[], T]]) -> Iterator[T]:
        """As `together`, each result as soon as those before it are there."""
        return self._pace.stream(works)

    def begin(self, work: Callable[[], T]) -> Pending[T]:
        """Several calls, one after another, beside whatever comes next here."""
        return Begun(self._pace.begin(work))

    def _outcome(self, call: Call) -> Answer | StoreError:
        try:
            return self.send(call)
        except StoreError as error:
            return error

    def _once(self, call: Call) -> Answer:
        if (seconds := self._pace.held(self._clock())) > 0:
            self._sleep(seconds)
        with self._pace.slot() as slot:
            entered = self._breaker.enter(self.store)
            started = self._clock()
            answer, error = self._tried(call)
            elapsed = self._clock() - started
            self._breaker.note(entered, failed=error is not None and error.retriable)
            self._pace.note(slot, call.route, elapsed, pushed_back=isinstance(error, PUSHED_BACK))
        self._pace.hold(self._clock() + asked_wait(error))
        self._note(call, answer, error, elapsed)
        if error is not None:
            raise verdict(call, error)
        assert answer is not None
        return answer

    def _tried(self, call: Call) -> tuple[Answer | None, StoreError | None]:
        """What came back, and what is wrong with it."""
        answer: Answer | None = None
        try:
            answer = self._exchange(call)
            error = self._redirected(answer) or self._classify(call, answer)
        except StoreError as raised:
            error = raised
        if error is not None:
            error.store = error.store or self.store
            error.status = error.status or (answer.status if answer else 0)
        return answer, error

    @staticmethod
    def _redirected(answer: Answer) -> StoreError | None:
        return Redirected("the address redirects", status=answer.status) if answer.status in REDIRECTS else None

    def _exchange(self, call: Call) -> Answer:
        started = self._clock()
        try:
            timeout = (CONNECT_LIMIT, READ_LIMITS[call.kind])
            with self._session.send(self._request(call), timeout=timeout, allow_redirects=False, stream=True) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, headers, body(response, MAX_BYTES), self._clock() - started)
        except FAILURES as wrong:
            raise meaning(wrong, self.store) from wrong

    def _request(self, call: Call) -> PreparedRequest:
        """Without what the session would look for in itself first, a fifth of a call's work: it has neither cookies nor settings of its own."""
        return prepared(
            call.method,
            call.url,
            headers={**self._session.headers, **self._headers(), **call.headers},
            params=list(call.params) or None,
            data=list(call.form) if call.form is not None else None,
            json=call.json,
            files=list(call.files) if call.files else None,
        )

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


def _sent(call: Call) -> bytes:
    if call.form is not None:
        return urlencode(call.form).encode()
    if call.json is not None:
        return json.dumps(call.json, ensure_ascii=False, default=str).encode(errors="replace")
    return f"{len(call.files)} file(s)".encode() if call.files else b""
