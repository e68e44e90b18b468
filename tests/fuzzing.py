"""Values that nobody expects, and the places of a document where they can be put."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st
from storesync.http.ahead import Later

ODD = (
    "", " ", "abc", "1,5", "-1", "0", "9223372036854775807", "9e99", "1e999999", "NaN", "-inf", "٣", "½", "²", "0x10", "1_0", "\x00", "\ud83d\ude00",
    "2026-02-30 25:61:61", "0000-00-00 00:00:00", "9999-12-31 23:59:59", "../../etc/passwd", "<script>", "=1+1", "a" * 300, "[]", "{}", "null",
)  # fmt: skip
leaves = (
    st.sampled_from(ODD) | st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.floats(allow_nan=False, allow_infinity=False)
)
strange = st.recursive(
    leaves | st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["0", "1", "5", "id", "x", ""]), inner, max_size=3),
    max_leaves=6,
)
Path = tuple[str | int, ...]


def places(document: object, here: Path = ()) -> Iterator[Path]:
    """The document itself, and everything in it."""
    yield here
    found = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, value in found:
        yield from places(value, (*here, key))


def put(document: Any, place: Path, value: object) -> Any:
    if not place:
        return value
    inner = document
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return document


class InTurn:
    """A transport that does nothing beside anything else."""

    def begin(self, work: Callable[[], Any]) -> Later[Any]:
        return Later(work)

    def together(self, works: Sequence[Callable[[], Any]]) -> list[Any]:
        return [work() for work in works]
