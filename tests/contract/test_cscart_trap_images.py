"""Images in CS-Cart: deleted first, downloaded then, and 200 whatever became of it (trap 9)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from storesync.domain.exchange import ImageSource
from storesync.domain.model import Product
from storesync.errors import NotKept

from tests.contract.cscart_shop import Shop, opened
from tests.sandbox.cscart.images import png
from tests.sandbox.httpd import Fault, Response, Server


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as found:
        yield found


class Pictures:
    """The other shop's pictures; `gone` ones are not served."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self.server = Server(self.serve)

    def serve(self, request: object) -> Response:
        name = str(getattr(request, "path", "")).strip("/")
        return Response(404) if name in self.gone else Response(200, png(len(name)), (("Content-Type", "image/png"),))

    def source(self, name: str, there: str = "") -> ImageSource:
        return ImageSource(there, f"{self.server.url}/{name}", b"", name)


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    found = Pictures()
    with found.server:
        yield found


def pictured(shop: Shop, pictures: Pictures, *names: str) -> Product:
    found = shop.store().products([shop.product()])[0]
    return shop.store().put_images(found, [pictures.source(name) for name in names])


def test_c09_images_that_did_not_change_are_not_sent(shop: Shop, pictures: Pictures) -> None:
    found = pictured(shop, pictures, "a.png", "bb.png")
    shop.calls()
    kept = shop.store().put_images(found, [pictures.source("a.png", found.images[0].id), pictures.source("bb.png", found.images[1].id)])
    assert (kept, shop.calls()) == (found, 0)


def test_c09_one_image_more_keeps_the_others_in_order(shop: Shop, pictures: Pictures) -> None:
    found = pictured(shop, pictures, "a.png", "bb.png")
    wanted = [pictures.source("a.png", found.images[0].id), pictures.source("ccc.png"), pictures.source("bb.png", found.images[1].id)]
    kept = shop.store().put_images(found, wanted)
    assert [image.url.rpartition("/")[2][:1] for image in kept.images] == ["a", "c", "b"]
    assert kept.images[0].id == found.images[0].id


def test_fault_25_c09_a_download_that_fails_is_noticed_and_what_was_there_is_put_back(shop: Shop, pictures: Pictures) -> None:
    found = pictured(shop, pictures, "a.png", "bb.png")
    pictures.gone = {"dead.png"}
    here = [pictures.source("a.png", found.images[0].id), pictures.source("bb.png", found.images[1].id)]
    with pytest.raises(NotKept):
        shop.store().put_images(found, [pictures.source("dead.png"), *here])
    assert len(shop.store().products([found.id])[0].images) == 2


def test_c09_a_download_that_fails_once_is_tried_again(shop: Shop, pictures: Pictures) -> None:
    found = pictured(shop, pictures, "a.png")
    pictures.server.faults.add(Fault("status", "bb.png", times=1, status=503))
    kept = shop.store().put_images(found, [pictures.source("bb.png"), pictures.source("a.png", found.images[0].id)])
    assert len(kept.images) == 2
