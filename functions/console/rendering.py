"""Templates to answers: one environment per container, and the headers that every answer carries."""

import functools
import hashlib
import importlib.util
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from storesync import errors
from storesync.console import statuses, texts, words

HERE = Path(__file__).parent
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_COLOR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?")


def policy(form_action: str = "") -> str:
    """Nothing inline, nothing from elsewhere. `data:` for the small pictures that the style sheet draws."""
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"form-action 'self'{' ' + form_action if form_action else ''}; base-uri 'none'; frame-ancestors 'none'"
    )


def page(template: str, language: str, *, status: int = 200, form_action: str = "", **values: Any) -> Response[str]:
    """`form_action`: another origin that a form of this page may end up at."""
    body = environment(language).get_template(template).render(language=language, **values)
    return Response(status, "text/html; charset=utf-8", body, {**HEADERS, "content-security-policy": policy(form_action)})


def redirect(location: str) -> Response[str]:
    return Response(303, "text/plain", "", {**HEADERS, "location": location})


@functools.cache
def environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    catalogue = texts.catalogue(language)
    # Not the new style: that one trusts whatever it translates, and some of it comes from the shops.
    made.install_gettext_translations(catalogue, newstyle=False)  # type: ignore[attr-defined]
    made.filters.update(
        {
            "moment": moment,
            "duration": _translated(duration, catalogue.ngettext),
            "number": number,
            "color": color,
            "advice": advice,
            "told": _with(statuses.told, catalogue),
            "word": _with(words.word, catalogue),
            "plain": _with(words.plain, catalogue),
        }
    )
    made.globals.update({"asset": asset, "languages": texts.LANGUAGES})
    return made


def _with(function: Callable[..., str], catalogue: Any) -> Callable[..., str]:
    return lambda value: function(value, catalogue.gettext)


def _translated(function: Callable[..., str], *given: Any) -> Callable[..., str]:
    return lambda value: function(value, *given)


def moment(at: datetime | None) -> str:
    """UTC for a browser without scripts; with them it becomes the viewer's own time."""
    if at is None:
        return ""
    here = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(here.isoformat(timespec="seconds"), f"{here:%Y-%m-%d %H:%M:%S} UTC")


def duration(seconds: float, ngettext: Callable[[str, str, int], str]) -> str:
    whole = max(0, int(seconds))
    if whole < 120:
        return ngettext("%(num)d second", "%(num)d seconds", whole) % {"num": whole}
    if whole < 7200:
        return ngettext("%(num)d minute", "%(num)d minutes", whole // 60) % {"num": whole // 60}
    if whole < 172_800:
        return ngettext("%(num)d hour", "%(num)d hours", whole // 3600) % {"num": whole // 3600}
    return ngettext("%(num)d day", "%(num)d days", whole // 86_400) % {"num": whole // 86_400}


def number(value: int) -> str:
    return f"{value:,}".replace(",", "\u202f")


def color(text: str) -> str:
    """A store's colour, if it is one: it ends up in an attribute."""
    return text if _COLOR.fullmatch(text) else "#8a94a3"


def advice(name: str) -> str:
    """What to do about an error, by the name of its class, as runs keep it."""
    found = getattr(errors, name, errors.SyncError)
    return str(getattr(found, "advice", errors.SyncError.advice))


# -- static files


def _places() -> dict[str, Path]:
    """Bootstrap's style sheet comes with the package that carries it; nothing of that package is imported."""
    found = importlib.util.find_spec("flask_bootstrap")
    assert found
    assert found.submodule_search_locations
    bootstrap = Path(next(iter(found.submodule_search_locations))) / "static" / "bootstrap5" / "css" / "bootstrap.min.css"
    return {"bootstrap.css": bootstrap, **{path.name: path for path in (HERE / "static").iterdir()}}


@functools.cache
def _files() -> Mapping[str, tuple[str, str]]:
    """Name -> content and digest."""
    contents = {name: path.read_text(encoding="utf-8") for name, path in _places().items()}
    return {name: (text, hashlib.sha256(text.encode()).hexdigest()[:12]) for name, text in contents.items()}


def asset(name: str) -> str:
    """Its address changes with its content, so that it can be kept for ever."""
    return f"/console/static/{_files()[name][1]}/{name}"


def static(name: str) -> Response[str] | None:
    if name not in _files():
        return None
    headers = {**HEADERS, "cache-control": "public, max-age=31536000, immutable"}
    return Response(
        200,
        TYPES[Path(name).suffix],
        _files()[name][0].replace("/*# sourceMappingURL=bootstrap.min.css.map */", ""),
        headers,
        compress=True,
    )
