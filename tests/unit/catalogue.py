"""Every text of the console that is to be translated, as the sources have it."""

import importlib
import pkgutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import storesync
from babel.messages.extract import extract
from storesync import errors
from storesync.sync import landing, looks

ROOT = Path(__file__).parents[2]
KEYWORDS = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2), "Finding": (3,)}
PLACES = {"python": ("shared/storesync/console", "shared/storesync/sync", "functions/console"), "jinja2": ("functions/console/templates",)}


def sources() -> Iterator[tuple[str, Path]]:
    for method, folders in PLACES.items():
        pattern = "*.py" if method == "python" else "*.html"
        yield from ((method, path) for folder in folders for path in sorted((ROOT / folder).rglob(pattern)))


def messages() -> Iterator[str | tuple[str, ...]]:
    """A tuple is a singular and its plural."""
    for method, path in sources():
        for _, message, _, _ in extract(method, BytesIO(path.read_bytes()), KEYWORDS, options={"trimmed": "true"}):
            yield tuple(filter(None, message)) if isinstance(message, tuple) else message
    for module in pkgutil.walk_packages(storesync.__path__, "storesync."):
        importlib.import_module(module.name)  # so that every error there is is known
    yield from (kind.advice for kind in _tree(errors.SyncError))
    yield looks.HOOKS_MISSING
    yield landing.OPEN
    yield from (text for texts in landing.TEXTS.values() for text in texts)


def _tree(kind: type[errors.SyncError]) -> Iterator[type[errors.SyncError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)
