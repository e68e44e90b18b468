"""Clients of AWS services: made when they are first needed, of one session, impatient, and with errors of the tree."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import StateUnavailable
from ..loading import loading

if TYPE_CHECKING:
    from .sessions import Session

CONNECT_SECONDS, READ_SECONDS, TRIES = 2, 5, 3


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

        patience = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries={"max_attempts": TRIES})
        return session().create_client(service, config=patience)


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
