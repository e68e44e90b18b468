"""What a whole run on this machine leaves behind (tables, queues, logs), unpacked, and which secret or personal words stand in it.

By design these do hold them: the parameter store (secrets only), and both shops. The connection's row names the login of the sync's own user.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from storesync.state.request_log import expanded

LEAST = 5  # letters; shorter words stand in anything


def shown(state: Path) -> dict[str, list[str]]:
    """By place: every secret, and every customer's e-mail, phone, name, address and remark that can be read there."""
    hidden = {word.casefold() for word in (*secrets(state), *personal(state)) if len(word) >= LEAST}
    places = {place: readable(text) for place, text in left(state).items()}
    assert any('"firstname' in text or "[firstname" in text for text in places.values()), "the request log was read too"
    found = {place: sorted(word for word in hidden if word in text) for place, text in places.items()}
    return {place: words for place, words in found.items() if words}


def readable(text: str) -> str:
    """As it stands, with the escapes of JSON undone, and with those of forms."""
    plain = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return "\n".join((text, plain, unquote_plus(plain))).casefold()


def left(state: Path) -> dict[str, str]:
    """Place -> all that it holds. A place that was never written to is no proof, so there has to be something in each."""
    tables = kept(state, "dynamodb")["tables"]["data"]
    places = {table["TableName"]: "\n".join(_texts(table["items"])) for table in tables.values()}
    places["queues"] = json.dumps(kept(state, "sqs"), ensure_ascii=False)
    places["logs"] = "\n".join(path.read_text() for path in sorted((state / "sandbox" / "aws" / "logs").iterdir()))
    assert all(places.values()), {place: len(text) for place, text in places.items()}
    return places


def kept(state: Path, service: str) -> Any:
    return json.loads((state / "sandbox" / "aws" / "aws" / f"{service}.json").read_text())["payload"]


def _texts(value: Any) -> Iterator[str]:
    """Every text of a table, and what was packed into it."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield str(name)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    else:
        yield str(value)
        if str(value).startswith('"eJ'):
            yield json.dumps(expanded(json.loads(str(value))), ensure_ascii=False)


def secrets(state: Path) -> set[str]:
    found = {one["OriginalValue"] for one in kept(state, "ssm")["parameters"]["data"].values()}
    assert len(found) >= 4, "the keys of both shops and two for their hints"
    return found


def personal(state: Path) -> set[str]:
    """Of the orders of both shops; a phone also as its digits alone."""
    with sqlite3.connect(state / "sandbox" / "cscart.sqlite") as ours, sqlite3.connect(state / "sandbox" / "webasyst.sqlite") as theirs:
        rows = ours.execute("SELECT email, phone, lastname, notes, profile FROM orders").fetchall()
        contacts = theirs.execute(
            "SELECT value FROM contact_data WHERE contact_id > 1 AND field IN ('email', 'phone', 'address')"
        ).fetchall()
    words = {str(value) for *values, _ in rows for value in values}
    words |= {str(value) for *_, profile in rows for value in json.loads(profile).values()}
    words |= {str(value) for (value,) in contacts}
    # Up to what an answer may have escaped; a short number stands in any longer one.
    parts = {part.strip() for word in words for part in re.split(r'[\n"\\&<>]+', word)}
    return {part for part in parts if not part.isdigit() or len(part) > 8} | {
        re.sub(r"\D", "", word) for word in words if word.startswith("+")
    }
