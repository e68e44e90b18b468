"""The bodies of hints, each reduced to "look at this record". What else they hold, personal data among it, is never looked at."""

import base64
import binascii
import codecs
import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from ..errors import BadMessage

_ID = re.compile(r"[1-9][0-9]{0,18}")
MOST_IDS, MOST_FIELDS = 100, 20_000  # an order of 180 lines is some 9,000 form fields


@dataclass(frozen=True, slots=True)
class Hint:
    """One order, or one or more products. `ours`: our own write caused it, so there is nothing to look at."""

    ids: tuple[str, ...]
    is_order: bool
    ours: bool = False


def signed_hint(body: bytes) -> Hint:
    """Our own thin message: {"type": "order.status", "data": {"order_id": 105}}, or "product_ids" with up to 100 ids. Raises BadMessage."""
    message = _json(body)
    data = message.get("data")
    subject = str(message.get("type", "")).partition(".")[0]
    if not isinstance(data, dict) or subject not in ("order", "product"):
        raise BadMessage("not a known type of hint")
    several = data.get("product_ids") if subject == "product" else None
    if several is not None:
        if not isinstance(several, list) or not 0 < len(several) <= MOST_IDS:
            raise BadMessage("not a list of products")
        ids = tuple(dict.fromkeys(_id(one) for one in several))
    else:
        ids = (_id(data.get(f"{subject}_id")),)
    return Hint(ids, subject == "order", ours=data.get("origin") == "sync")


def bare_hint(body: bytes) -> Hint:
    """What an unsigned sender posts: JSON whatever its Content-Type says, perhaps in base64, or form fields. Raises BadMessage.

    CS-Cart's zapier add-on posts a whole order or product; Shop-Script posts what the owner typed: `order_id`, `id`, or `order={$order}`,
    which as form fields is PHP's `order[id]` among hundreds of others.
    """
    fields = _fields(body)
    nested = fields.get("order", _of_php(fields))
    if isinstance(nested, str) and nested.lstrip().startswith("{"):
        nested = _json(nested.encode())
    if isinstance(nested, dict):
        return Hint((_id(nested.get("order_id", nested.get("id"))),), True)
    for key in ("order_id", "product_id"):
        if fields.get(key) is not None:
            return Hint((_id(fields[key]),), key == "order_id")
    return Hint((_id(nested if nested is not None else fields.get("id")),), True)


def _fields(body: bytes) -> dict[str, object]:
    text = body.removeprefix(codecs.BOM_UTF8).strip()
    if not text.startswith(b"{"):
        text = _decoded(text)
    if text.startswith(b"{"):
        return _json(text)
    try:
        return dict(parse_qsl(text.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS))
    except ValueError as wrong:
        raise BadMessage("neither JSON nor form fields") from wrong


def _of_php(fields: dict[str, object]) -> dict[str, object] | None:
    return {name: fields[key] for name in ("order_id", "id") if (key := f"order[{name}]") in fields} or None


def _decoded(text: bytes) -> bytes:
    """The JSON behind base64; the text itself when it is something else."""
    try:
        plain = base64.b64decode(text, validate=True).strip()
    except binascii.Error:
        return text
    return plain if plain.startswith(b"{") else text


def _json(body: bytes) -> dict[str, object]:
    """Texts in a wrong encoding do not matter: only an id is looked for."""
    try:
        found = json.loads(body.decode(json.detect_encoding(body), "replace"))
    except (ValueError, RecursionError) as wrong:
        raise BadMessage("not JSON") from wrong
    if not isinstance(found, dict):
        raise BadMessage("not a JSON object")
    return found


def _id(value: object) -> str:
    text = value.strip() if isinstance(value, str) else str(value) if type(value) is int else ""
    if not _ID.fullmatch(text):
        raise BadMessage("no record id in the hint")
    return text
