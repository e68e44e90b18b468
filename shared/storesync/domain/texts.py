"""Texts as a reader sees them: shops sanitise, trim, cut and re-encode what they are given, and that alone is no difference."""

import html
import unicodedata
from html.parser import HTMLParser

CUT = range(230, 256)  # what is left of a text that a shop cuts at 255 characters, less blanks and markup
SILENT = {"script", "style", "iframe", "object", "noscript"}


class _Reader(HTMLParser):
    """Gathers what is shown, and the addresses of images."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in SILENT
        self.words += [" ", *(value or "" for name, value in attrs if tag == "img" and name == "src"), " "]

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in SILENT))
        self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def seen(text: str) -> str:
    """Without markup, entities, invisible characters and the kind of blanks; four-byte characters are one sign."""
    reader = _Reader()
    reader.feed(text.replace("\x00", ""))
    reader.close()
    plain = unicodedata.normalize("NFC", html.unescape("".join(reader.words)))
    signs = ("?" if ord(sign) > 0xFFFF else sign for sign in plain if unicodedata.category(sign) not in ("Cf", "Cc") or sign in "\t\n\r")
    return " ".join("".join(signs).split()).strip(" -")


def alike(one: str, other: str) -> bool:
    """Whether they differ by no more than what shops do to texts."""
    if one == other:
        return True
    first, second = sorted((seen(one), seen(other)), key=len)
    return first == second or (len(first) in CUT and second.startswith(first))
