"""What the shop does to texts before it keeps them: cutting, purifying, transliterating."""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "h",
            "ts",
            "ch",
            "sh",
            "sch",
            "",
            "y",
            "",
            "e",
            "yu",
            "ya",
        ],
        strict=True,
    )
)
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col"})
_DROPPED = frozenset({"script", "style", "iframe", "object", "embed", "form"})
_LENGTHS = {
    "product": 255,
    "product_code": 64,
    "meta_keywords": 255,
    "meta_description": 255,
    "page_title": 255,
    "seo_name": 250,
    "category": 255,
    "firstname": 32,
    "lastname": 32,
    "email": 128,
    "phone": 128,
    "company": 255,
    "address": 255,
    "address_2": 255,
    "city": 64,
    "state": 32,
    "zipcode": 32,
    "country": 2,
}


def stored(field: str, value: object) -> str:
    """The text as the column keeps it: 3-byte utf8, cut to the column's length."""
    text = re.sub(r"[^\u0000-\uffff]", "?", "" if value is None else str(value))
    return text[: _length(field)]


def _length(field: str) -> int | None:
    if field in ("b_firstname", "b_lastname", "s_firstname", "s_lastname"):
        return 128
    return _LENGTHS.get(field.removeprefix("b_").removeprefix("s_"))


def trimmed(name: str) -> str:
    return name.strip(" \t\r\n\0-")


def folded(text: str) -> str:
    """The key under which MySQL's utf8_general_ci compares, apart from trailing spaces."""
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).upper()


def slug(text: str) -> str:
    latin = "".join(_CYRILLIC.get(sign, sign) for sign in text.lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_.]+", "-", plain).strip("-.")[:250]


def purified(source: str) -> str:
    """Clean HTML, as a purifier serialises it: stable when purified again."""
    if "<" not in source and "&" not in source:
        return source
    purifier = _Purifier()
    purifier.feed(source)
    purifier.close()
    return purifier.result()


class _Purifier(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._out: list[str] = []
        self._open: list[str] = []
        self._muted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self._muted += 1
        if self._muted:
            return
        kept = "".join(f' {name}="{html.escape(value or "")}"' for name, value in attrs if _safe(name, value))
        self._out.append(f"<{tag}{kept} />" if tag in _VOID else f"<{tag}{kept}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _DROPPED:
            self.handle_starttag(tag, attrs)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self._muted = max(0, self._muted - 1)
        elif not self._muted and tag in self._open:
            while self._open[-1] != tag:
                self._out.append(f"</{self._open.pop()}>")
            self._out.append(f"</{self._open.pop()}>")

    def handle_data(self, data: str) -> None:
        if not self._muted:
            self._out.append(html.escape(data, quote=False))

    def result(self) -> str:
        return "".join(self._out) + "".join(f"</{tag}>" for tag in reversed(self._open))


def _safe(name: str, value: str | None) -> bool:
    return not name.startswith("on") and not re.match(r"\s*(javascript|data|vbscript):", value or "", re.IGNORECASE)
