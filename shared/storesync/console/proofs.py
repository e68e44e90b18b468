"""Proofs of agreement as the console lists them: the newest first, and the one that is being made."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..domain.changes import Cause, Change, Kind
from ..domain.model import StoreName
from ..sync.proof import DONE, QUESTION, Sheets

KEEP_SECONDS = 86_400
LONGEST = timedelta(hours=6)


def begin(sheets: Sheets, proof_id: str) -> str:
    """Remembers which proof was asked for; its id, or that of one that is being made already."""
    going = running(sheets)
    if going:
        return str(going["id"])
    sheets.save("proving", {"id": proof_id, "at": datetime.now(UTC).isoformat()}, KEEP_SECONDS)
    return proof_id


def kept(sheets: Sheets) -> list[dict[str, Any]]:
    """`lost`: the parts whose digests of both sides differ; `moved`: whether agreement was lost or won since the proof before."""
    found = list(sheets.get("proofs").get("proofs", ()))
    for one, before in zip(found, [*found[1:], None][: len(found)], strict=True):
        one["moment"] = datetime.fromisoformat(one["at"])
        one["lost"] = sum(1 for part in one.get("parts", ()) if _differs(part))
        one["moved"] = before is not None and before.get("agree") != one.get("agree")
    return found


def _differs(part: Sequence[str]) -> bool:
    return len(set(part)) > 1


def running(sheets: Sheets) -> dict[str, Any]:
    """Empty when none is being made, or when it was begun so long ago that it must have been lost."""
    asked = sheets.get("proving")
    if not asked or datetime.now(UTC) - datetime.fromisoformat(asked["at"]) > LONGEST:
        return {}
    found = sheets.get(f"{QUESTION}:{asked['id']}")
    if found.get("phase") == DONE:
        return {}
    return {"id": asked["id"], "checked": found.get("checked", 0), "phase": found.get("phase", "")}


def repair(connection_id: str, proof_id: str) -> Change:
    return Change(connection_id, Kind.LOOK, StoreName.CSCART, ("repair", proof_id), Cause.CONSOLE, uuid.uuid4().hex)
