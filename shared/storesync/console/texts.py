"""The console's languages: a gettext catalogue for each but English, which is what the catalogues translate from."""

import functools
import gettext
from io import BytesIO
from pathlib import Path

COOKIE = "storesync-language"
LANGUAGES = {"en": "English", "ru": "Русский"}
LOCALE = Path(__file__).with_name("locale")


def N_(text: str) -> str:
    """Marks a text for the catalogue; it is translated where it is shown."""
    return text


@functools.cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Read from its source once per container, so that there is no compiled copy to forget."""
    source = LOCALE / language / "LC_MESSAGES" / "console.po"
    if not source.exists():
        return gettext.NullTranslations()
    import polib

    return gettext.GNUTranslations(BytesIO(polib.pofile(str(source)).to_binary()))


def language(chosen: str, accepted: str) -> str:
    """The one that the visitor chose, else the first of the browser's that there is."""
    wanted = [chosen, *(part.split(";")[0].strip().lower().split("-")[0] for part in accepted.split(","))]
    return next((name for name in wanted if name in LANGUAGES), "en")
