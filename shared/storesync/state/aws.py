"""Clients of AWS services: made when they are first needed, of one session, impatient, and with errors of the tree."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import StateUnavailable
from ..loading import loading

if TYPE_CHECKING:
    from .sessions import Session

T = TypeVar("T")
CONNECT_SECONDS, READ_SECONDS, TRIES = 2, 5, 3
TRIES_AGAIN = 6  # of a table's write that only haste was in the way of


@functools.cache
def session() -> "Session":
    """One for all clients, the tables' too: what botocore reads of regions and credentials is read once."""
    with loading():
        from .sessions import Session

    return Session()


def of_one_session(model: Any) -> Any:
    """Has a model of PynamoDB use our session, which else makes one for each table; another thread may still make its own."""
    model._get_connection().connection._local.session = session()
    return model


def connect(service: str) -> Any:
    """What boto3.client makes, without the transfers to S3 that boto3 loads first."""
    with loading():
        from botocore.config import Config

        patience = Config(
            connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"total_max_attempts": 1 + TRIES, "mode": "standard"}
        )
        return session().create_client(service, config=patience)


def patiently(send: Callable[[], T], passes: Callable[[BaseException], bool]) -> T:
    """Again after a pause, as long as what was in the way passes."""
    try:
        return send()
    except Exception as error:
        if not passes(error):
            raise
        failed = [error]

    def tried() -> T:
        if failed:
            raise failed.pop()
        return send()

    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential  # few containers ever need it

    pause = wait_random_exponential(multiplier=0.05, max=1.0)
    return Retrying(retry=retry_if_exception(passes), stop=stop_after_attempt(TRIES_AGAIN), wait=pause, reraise=True)(tried)


@contextmanager
def answering() -> Iterator[None]:
    """Turns what botocore raises into StateUnavailable."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        raise StateUnavailable("AWS did not do what was asked", code=code or type(error).__name__) from error
