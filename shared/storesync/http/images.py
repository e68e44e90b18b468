"""Pictures from addresses that a store names."""

from urllib.parse import urljoin, urlsplit

import requests

from ..errors import NotAnApi, NotFound, Redirected, ServerFault, StoreBusy, StoreError, UnsafeAddress
from .calls import CONNECT_LIMIT, READ_LIMITS, CallClass
from .wire import FAILURES, body, meaning, session

STORE = "images"
BYTES, HOPS = 20_000_000, 3
ACCEPT = "image/webp,image/png,image/jpeg,image/gif;q=0.9,*/*;q=0.1"
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")


def download(url: str, *, allow_private: bool, limit: int = BYTES, hops: int = HOPS) -> bytes:
    """An image's bytes. Each hop of a redirect is checked anew. Raises StoreError; what is not an image is NotAnApi."""
    for _ in range(hops + 1):
        found = _hop(_checked(url, allow_private), allow_private, limit)
        if isinstance(found, bytes):
            return found
        url = _joined(url, found)
    raise Redirected("too many redirects", store=STORE)


def _checked(url: str, allow_private: bool) -> str:
    """The host's addresses are checked when it is connected to; here only what an address may say."""
    try:
        parts = urlsplit(url)
        usual = parts.port in (None, 80, 443) or allow_private
    except ValueError as wrong:
        raise UnsafeAddress("not an address", store=STORE) from wrong
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or not usual:
        raise UnsafeAddress("an image's address is a plain web address", store=STORE)
    return url


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as wrong:
        raise UnsafeAddress("a redirect to what is no address", store=STORE) from wrong


def _hop(url: str, allow_private: bool, limit: int) -> bytes | str:
    """The image, or where it is said to be."""
    timeout = (CONNECT_LIMIT, READ_LIMITS[CallClass.DOWNLOAD])
    try:
        with session(allow_private).get(url, timeout=timeout, headers={"Accept": ACCEPT}, allow_redirects=False, stream=True) as response:
            if response.is_redirect:
                return str(response.headers["Location"])
            if refused := _refused(response):
                raise refused
            return _image(body(response, limit), response.status_code)
    except FAILURES as wrong:
        raise meaning(wrong, STORE) from wrong


def _refused(response: requests.Response) -> StoreError | None:
    status = response.status_code
    if status == 200:
        return None
    kind = StoreBusy if status == 429 else ServerFault if status >= 500 else NotFound
    return kind("no image there", store=STORE, status=status)


def _image(data: bytes, status: int) -> bytes:
    """Told by its first bytes: a server's word for it is worth nothing, and a script in SVG is no picture."""
    webp_or_avif = (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or data[4:12] in (b"ftypavif", b"ftypavis")
    if data.startswith(_BEGINNINGS) or webp_or_avif:
        return data
    raise NotAnApi("not an image", store=STORE, status=status) if data else NotFound("an empty image", store=STORE, status=status)
