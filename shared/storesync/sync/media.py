"""Images: each is sent once. What was sent is known by the hash of its bytes, so a new address for old bytes sends nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from ..domain.exchange import ImageSource
from ..domain.links import ImageLink
from ..domain.model import Image, Product, StoreName
from ..errors import StoreError
from .ports import Lease, World

AT_ONCE = 4
DIGEST = 24


def _key(link: ImageLink, store: StoreName) -> str:
    return link.cscart_key if store is StoreName.CSCART else link.webasyst_key


class MediaSync:
    """From `source` to the other store, one product at a time. `sent` counts uploads."""

    def __init__(self, world: World, source: StoreName, lease: Lease) -> None:
        self.world, self.source, self.target, self.lease = world, source, source.other, lease
        self.failed: list[str] = []
        self.sent = 0

    def transfer(self, source: Product, target: Product) -> Product:
        """Make the target's images the source's, in order. An image that cannot be had is left out and named in `failed`.

        Raises LeaseLost when it took too long to have them.
        """
        cscart_id = source.id if self.source is StoreName.CSCART else target.id
        known = self.world.links.images(cscart_id)
        there = {item.key: item.id for item in target.images}
        wanted = self._sources(source.images, known, there)
        if not wanted and target.images:
            return target
        kept = target
        if [item.id for _, _, item in wanted] != [image.id for image in target.images]:
            self.lease.check()
            kept = self.world.store(self.target).put_images(target, [item for _, _, item in wanted])
            self.sent += sum(not item.id for _, _, item in wanted)
        self.world.links.save_images(cscart_id, self._links(wanted, kept.images), self.lease)
        return kept

    def _sources(
        self, images: Sequence[Image], known: Sequence[ImageLink], there: Mapping[str, str]
    ) -> list[tuple[Image, str, ImageSource]]:
        """What is linked is taken as it is; the rest is fetched, and sent only where its bytes are new."""
        linked = {_key(link, self.source): link for link in known if _key(link, self.target) in there}
        digests = {link.digest: link for link in known if link.digest and _key(link, self.target) in there}
        missing = [image for image in images if image.key not in linked]
        fetched = dict(zip([image.key for image in missing], self._fetched(missing), strict=True))
        found = []
        for image in images:
            if link := linked.get(image.key):
                found.append((image, link.digest, ImageSource(id=there[_key(link, self.target)], url=image.url)))
            elif data := fetched[image.key]:
                digest = hashlib.sha256(data).hexdigest()[:DIGEST]
                same = digests.pop(digest, None)
                sent = ImageSource(url=image.url, data=data, filename=_filename(image.url, digest))
                found.append((image, digest, ImageSource(id=there[_key(same, self.target)], url=image.url) if same else sent))
        return found

    def _fetched(self, images: Sequence[Image]) -> list[bytes]:
        """Threads only where there is something to do at the same time."""
        if len(images) < 2:
            return [self._fetch(image) for image in images]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self._fetch, images))

    def _fetch(self, image: Image) -> bytes:
        try:
            data = self.world.images.fetch(image.url)
        except StoreError as error:
            self.failed.append(f"{_filename(image.url, 'image')}: {type(error).__name__}")
            return b""
        if not data:
            self.failed.append(f"{_filename(image.url, 'image')}: empty")
        return data

    def _links(self, wanted: Sequence[tuple[Image, str, ImageSource]], kept: Sequence[Image]) -> list[ImageLink]:
        pairs = zip(wanted, kept, strict=False)
        if self.source is StoreName.CSCART:
            return [ImageLink(digest, image.key, there.key) for (image, digest, _), there in pairs]
        return [ImageLink(digest, there.key, image.key) for (image, digest, _), there in pairs]


def _filename(url: str, fallback: str) -> str:
    return unquote(PurePosixPath(urlsplit(url).path).name) or f"{fallback}.png"
