"""Images: bytes by multipart, each once, as the shop takes the same picture as often as it is sent (W41)."""

from collections.abc import Sequence

from ..domain.exchange import ImageSource
from ..domain.model import Product
from ..errors import NotKept, OutcomeUnknown
from .client import WebasystClient
from .decode import Json, rows, text
from .products import Products


def put_images(client: WebasystClient, products: Products, product: Product, images: Sequence[ImageSource]) -> Product:
    """Uploads what is new, deletes what is not wanted, then sets the order. Raises NotKept when the pictures are others afterwards."""
    here = {image.id for image in product.images}
    wanted: list[str] = []
    for image in images:
        found = image.id or _uploaded(client, products, product.id, image, here)
        here.add(found)
        wanted.append(found)
    for unwanted in product.images:
        if unwanted.id not in wanted:
            client.post("shop.product.images.delete", {"id": unwanted.id})
    if len(wanted) > 1:
        client.post("shop.product.images.sort", {"photo_ids": wanted}, {"product_id": product.id})
    now, listed = products.with_rows([product.id])
    if _mended(client, listed):
        now = products.read([product.id])
    kept = next(iter(now), product)
    if [image.id for image in kept.images] != wanted:
        raise NotKept("images were not kept", product=product.id)
    return kept


def _uploaded(client: WebasystClient, products: Products, product_id: str, image: ImageSource, here: set[str]) -> str:
    """After a lost answer the one picture that was not there before is it."""
    try:
        return text(client.upload(product_id, image.filename or "image.png", image.data).get("id"))
    except OutcomeUnknown:
        now = {kept.id for item in products.read([product_id]) for kept in item.images}
        if len(now - here) != 1:
            raise
        return (now - here).pop()


def _mended(client: WebasystClient, listed: Sequence[Json]) -> bool:
    """Sorting moves the product's `image_id` and leaves its `ext`: a png after a jpg would have a dead address (3.7)."""
    wrong = [
        (row, main)
        for row in listed
        for main in rows(row.get("images"))
        if text(main.get("id")) == text(row.get("image_id")) and _file(main, "filename") != _file(row, "image_filename")
    ]
    for row, main in wrong:
        form = {"image_id": text(main.get("id")), "ext": text(main.get("ext")), "image_filename": text(main.get("filename"))}
        client.post("shop.product.update", form, {"id": text(row.get("id"))})
    return bool(wrong)


def _file(row: Json, name: str) -> tuple[str, str]:
    return text(row.get("ext")), text(row.get(name))
