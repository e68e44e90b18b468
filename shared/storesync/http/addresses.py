"""The address of a shop as a person typed it, made canonical or refused (faults 10 and 67)."""

import re
import unicodedata
from urllib.parse import SplitResult, urlsplit

import idna

from ..errors import UnsafeAddress

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_FOLDER = re.compile(r"[A-Za-z0-9._~-]+")
_SCRIPTS = ("api.php", "admin.php", "index.php")
_PRIVATE_ENDS = frozenset(
    "localhost local localdomain internal intranet private corp home lan arpa onion test example invalid alt cluster".split()
)


def canonical_url(raw: str, *, allow_private: bool = False) -> str:
    """The address of a shop's root: https, a public name in ASCII, no user, port or query, one slash at the end. Raises UnsafeAddress.

    `allow_private` (the sandbox) lets any host, any port and http through.
    """
    text = raw.strip()
    if not text or len(text) > 500 or "\\" in text or any(_invisible(letter) for letter in text):
        raise UnsafeAddress("blanks, backslashes or control characters in the address")
    parts, port = _split(text if _SCHEME.match(text) else f"https://{text}")
    if parts.scheme not in (("https", "http") if allow_private else ("https",)):
        raise UnsafeAddress("the address must start with https://")
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise UnsafeAddress("a user name or a query in the address")
    if allow_private:
        return f"{parts.scheme}://{parts.netloc.lower()}{_folders(parts.path)}"
    if port not in (None, 443):
        raise UnsafeAddress("a port in the address")
    return f"https://{_public_name(parts.hostname or '')}{_folders(parts.path)}"


def _invisible(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn")


def _split(text: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(text)
        return parts, parts.port
    except ValueError:
        pass
    raise UnsafeAddress("this is not an address")


def _public_name(host: str) -> str:
    """A name of the public DNS in its ASCII form. Numbers in any notation are not names."""
    try:
        name = idna.encode(host.rstrip("."), uts46=True).decode()
        labels = [idna.decode(label) if label.startswith("xn--") else label for label in name.split(".")]
    except (idna.IDNAError, UnicodeError):
        name, labels = "", []
    if len(labels) < 2 or _NUMBER.fullmatch(labels[-1]) or labels[-1] in _PRIVATE_ENDS:
        raise UnsafeAddress("this is not a public host name")
    if any(_mixes_scripts(label) for label in labels):
        raise UnsafeAddress("letters of different alphabets in the host name")
    return name


def _mixes_scripts(label: str) -> bool:
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in label if letter.isalpha()}
    return len(scripts) > 1


def _folders(path: str) -> str:
    pieces = [piece for piece in path.split("/") if piece]
    if pieces and pieces[-1] in _SCRIPTS:
        pieces.pop()
    if any(not _FOLDER.fullmatch(piece) or not piece.strip(".") for piece in pieces):
        raise UnsafeAddress("the path of the address holds more than folder names")
    return "/" + "".join(f"{piece}/" for piece in pieces)
