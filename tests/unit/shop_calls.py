"""Calls to a shop in tests, with the verdicts that the stores' clients come to."""

from storesync.errors import (
    ServerFault,
    StoreBusy,
    StoreError,
    Unauthorised,
)
from storesync.http import Answer, Call, CallClass, retry_after

ONCE = {"attempts": 1}


def classify(call: Call, found: Answer) -> StoreError | None:
    """As the stores' clients do."""
    if found.status in (429, 503):
        return StoreBusy("wait", status=found.status, retry_after=retry_after(found))
    if found.status == 401:
        return Unauthorised("no token")
    try:
        found.json()
    except StoreError as error:
        return error
    return ServerFault("failed", status=found.status) if found.status >= 500 else None


def create(url: str) -> Call:
    return Call("POST", url, json={"a": 1}, kind=CallClass.CREATE, repeatable=False)
