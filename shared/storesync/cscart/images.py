"""A product's images. The shop deletes first and downloads then, inside of the call, and answers 200 whatever became of it (C9)."""

from collections.abc import Mapping, Sequence

from ..domain.exchange import ImageSource
from ..domain.model import Product
from ..errors import NotKept
from ..http import CallClass
from .catalogue import Catalogue
from .client import CsCartClient

Body = dict[str, object]


def put(client: CsCartClient, catalogue: Catalogue, product: Product, images: Sequence[ImageSource]) -> Product:
    """Makes the images these, in this order; without a difference nothing is sent. Images that stay are sent too, from the other shop's address.

    Raises NotKept when the shop could not fetch all of them, after a second try and after putting back what was there.
    """
    before = [ImageSource(image.id, image.url) for image in product.images]
    if not images or [image.id for image in images] == [image.id for image in before]:
        return product
    own = {image.id: image.url for image in before}
    wanted = [image if image.url else ImageSource(image.id, own.get(image.id, "")) for image in images]
    for body in (_difference(before, wanted), _whole(wanted)):
        kept = _sent(client, catalogue, product, body)
        if len(kept.images) == len(wanted) and not _left(body, kept, own):
            return kept
    sources = {image.id: image for image in wanted if image.id}
    _sent(client, catalogue, product, _whole([sources.get(image.id, image) for image in before]))
    raise NotKept("the shop could not download all images", product=product.id, wanted=len(wanted), kept=len(kept.images))


def _sent(client: CsCartClient, catalogue: Catalogue, product: Product, body: Body) -> Product:
    if body:
        client.send(client.put_call(f"products/{product.id}", body, CallClass.UPLOAD))
    return catalogue.kept({item.id: product.id for item in product.variants}).get(product.id, product)


def _left(body: Body, kept: Product, before: Mapping[str, str]) -> bool:
    """Whether an image that was sent is still the old one: the shop gives each that it takes a new id, and says 200 when it takes none."""
    halves = {"main_pair": kept.images[:1], "image_pairs": kept.images[1:]}
    return any(image.id in before for name in body for image in halves[name])


def _difference(before: Sequence[ImageSource], wanted: Sequence[ImageSource]) -> Body:
    """Only the half that differs: the main image, or the additional ones, which the shop replaces all together."""
    whole = _whole(wanted)
    old, new = [image.id for image in before], [image.id for image in wanted]
    same = {"main_pair": new[0] != "" and new[:1] == old[:1], "image_pairs": all(new[1:]) and new[1:] == old[1:]}
    return {name: value for name, value in whole.items() if not same[name]}


def _whole(images: Sequence[ImageSource]) -> Body:
    if not images:
        return {}
    rest = [{"detailed": {"image_path": image.url}, "position": at} for at, image in enumerate(images[1:], 1)]
    return {"main_pair": {"detailed": {"image_path": images[0].url}}, "image_pairs": rest}
