"""Images: each is sent once. What was sent is known by the hash of its bytes, so a new address for old bytes sends nothing."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from ..domain.exchange import ImageSource
from ..domain.links import ImageLink
from ..domain.model import Image, Product, StoreName
from ..errors import StoreError
from .ports import World


def _key(link: ImageLink, store: StoreName) -> str:
    return link.cscart_key if store is StoreName.CSCART else link.webasyst_key


class MediaSync:
    def __init__(self, world: World, source: StoreName) -> None:
        self.world, self.source, self.target = world, source, source.other
        self.failed: list[str] = []

    def transfer(self, source: Product, target: Product) -> Product:
        """Make the target's images the source's, in order. An image that cannot be had is left out and named in `failed`."""
        cscart_id = source.id if self.source is StoreName.CSCART else target.id
        known = self.world.links.images(cscart_id)
        wanted = [(image, digest, item) for image in source.images for digest, item in self._source(image, known, target)]
        if not wanted and target.images:
            return target
        kept = self.world.store(self.target).put_images(target, [item for _, _, item in wanted])
        self.world.links.save_images(cscart_id, self._links(wanted, kept.images))
        return kept

    def _source(self, image: Image, known: Sequence[ImageLink], target: Product) -> list[tuple[str, ImageSource]]:
        there = {item.key: item.id for item in target.images}
        for link in known:
            if _key(link, self.source) == image.key and _key(link, self.target) in there:
                return [(link.digest, ImageSource(id=there[_key(link, self.target)], url=image.url))]
        try:
            data = self.world.images.fetch(image.url)
        except StoreError as error:
            self.failed.append(f"{PurePosixPath(urlsplit(image.url).path).name}: {type(error).__name__}")
            return []
        digest = hashlib.sha256(data).hexdigest()[:24]
        for link in known:
            if link.digest == digest and _key(link, self.target) in there:
                return [(digest, ImageSource(id=there[_key(link, self.target)], url=image.url))]
        name = PurePosixPath(urlsplit(image.url).path).name or f"{digest}.png"
        return [(digest, ImageSource(url=image.url, data=data, filename=name))]

    def _links(self, wanted: Sequence[tuple[Image, str, ImageSource]], kept: Sequence[Image]) -> list[ImageLink]:
        pairs = zip(wanted, kept, strict=False)
        if self.source is StoreName.CSCART:
            return [ImageLink(digest, image.key, there.key) for (image, digest, _), there in pairs]
        return [ImageLink(digest, there.key, image.key) for (image, digest, _), there in pairs]
