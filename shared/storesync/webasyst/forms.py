"""PHP's form encoding: `skus[12][price]=10`. JSON bodies are never read by Shop-Script (W8)."""

from collections.abc import Mapping, Sequence

from ..errors import UnsupportedValue

MOST_FIELDS = 900  # PHP drops what comes after the 1000th field without a word (W10)
Form = tuple[tuple[str, str], ...]


def encode(fields: Mapping[str, object]) -> Form:
    """Raises UnsupportedValue when a form has too many fields. `callback` is never sent: it would turn the answer into a script (W45)."""
    found = tuple(pair for name, value in fields.items() if name != "callback" for pair in _pairs(name, value))
    if len(found) > MOST_FIELDS:
        raise UnsupportedValue("too many form fields", fields=len(found))
    return found


def _pairs(name: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [pair for key, item in value.items() for pair in _pairs(f"{name}[{key}]", item)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [pair for at, item in enumerate(value) for pair in _pairs(f"{name}[{at}]", item)]
    if value is None:
        return [(name, "")]
    if isinstance(value, bool):
        return [(name, "1" if value else "0")]
    return [(name, str(value))]
