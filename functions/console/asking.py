"""Questions that the worker answers with a sheet: asked, waited for, read."""

import uuid
from datetime import UTC, datetime
from typing import Any

from storesync import bootstrap
from storesync.domain.connection import Connection
from storesync.domain.model import StoreName
from storesync.sync.looks import KEEP_SECONDS, look


def shops(found: Connection) -> dict[StoreName, dict[str, Any]]:
    """What both shops said of themselves when they were last asked."""
    told = bootstrap.sheets(found.id).several(*(f"shop:{store}" for store in StoreName))
    return dict(zip(StoreName, told, strict=True))


def ask(found: Connection, question: str) -> None:
    now = datetime.now(UTC)
    bootstrap.sheets(found.id).save(f"asked:{question}", {"at": now.isoformat()}, KEEP_SECONDS)
    bootstrap.queue().send([look(found.id, question, uuid.uuid4().hex)])


def asked(found: Connection, question: str, *, at_once: bool = False) -> dict[str, Any]:
    """`waits`: asked, and not answered since. `at_once`: one that nobody has asked yet is asked now."""
    sheets = bootstrap.sheets(found.id)
    begun, answered = (sheet.get("at", "") for sheet in sheets.several(f"asked:{question}", question))
    if at_once and not begun and not answered and not found.missing():
        ask(found, question)
        begun = "now"
    moment = datetime.fromisoformat(answered) if answered else None
    return {"waits": bool(begun) and begun > answered, "answered": moment}
