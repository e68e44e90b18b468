"""Images: sent once each, told by their bytes, and never in the way of the rest."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from storesync.domain.model import StoreName
from storesync.errors import LeaseLost
from storesync.sync.imaging import SIDE_BY_SIDE
from storesync.sync.ports import World

from tests.fakes.stores import Pictures, Trouble
from tests.integration.product_scene import OURS, THEIRS, Scene

FIVE = [f"https://pictures.example/{number}.png" for number in range(5)]


class Watched(Scene):
    """Counts what is done to Webasyst's images: uploads and deletions."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.done: list[str] = []
        self.webasyst.watch(self._note)

    def _note(self, label: str) -> None:
        if label.startswith("before") and "put_images" in label:
            self.done.append(label.rsplit(" ", 1)[1])

    def since(self) -> list[str]:
        done, self.done = self.done, []
        return done


@pytest.fixture
def scene() -> Watched:
    made = Watched()
    made.add(OURS, "A", images=FIVE)
    made.sweep()
    assert made.since().count("upload") == 5
    return made


def bytes_of(scene: Scene, store: StoreName, sku: str = "A") -> list[bytes]:
    """Webasyst shows copies that it made smaller."""
    return [scene.pictures[image.url].rstrip(b"~") for image in scene.product(store, sku).images]


def test_a_second_pass_sends_nothing(scene):
    scene.sweep()
    scene.pull()
    assert scene.since() == []
    assert bytes_of(scene, THEIRS) == bytes_of(scene, OURS)


def test_one_of_five_replaced_is_one_upload_and_one_deletion_and_the_order_stays(scene):
    addresses = [*FIVE[:2], "https://pictures.example/new.png", *FIVE[3:]]
    scene.picture(*addresses)
    scene.cscart.set_images(scene.product(OURS, "A").id, addresses)
    scene.sweep()
    done = scene.since()
    assert (done.count("upload"), done.count("delete")) == (1, 1)
    assert bytes_of(scene, THEIRS) == [address.encode() for address in addresses]


def test_the_same_bytes_under_a_new_address_are_not_sent_again(scene):
    moved = [address.replace("pictures", "cdn") for address in FIVE]
    for old, new in zip(FIVE, moved, strict=True):
        scene.pictures[new] = scene.pictures[old]
    scene.cscart.set_images(scene.product(OURS, "A").id, moved)
    scene.sweep()
    assert scene.since().count("upload") == 0
    assert bytes_of(scene, THEIRS) == [address.encode() for address in FIVE]


def test_new_bytes_under_the_same_address_are_noticed_when_the_shop_stores_them_anew(scene):
    scene.pictures[FIVE[0]] = b"redrawn"
    scene.cscart.set_images(scene.product(OURS, "A").id, FIVE)
    scene.sweep()
    assert scene.since().count("upload") == 1
    assert bytes_of(scene, THEIRS)[0] == b"redrawn"


def test_an_image_that_cannot_be_had_is_told_and_holds_up_nothing():
    scene = Watched()
    scene.add(OURS, "A", images=FIVE[:2])
    del scene.pictures[FIVE[1]]
    scene.sweep()
    assert bytes_of(scene, THEIRS) == [FIVE[0].encode()]
    assert scene.parked() == {"A": "NotKept"}
    scene.since()
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, stock=2)
    scene.pull()
    scene.sweep()
    assert scene.variant(THEIRS, "A").stock == 2
    assert scene.since() == []
    scene.picture(*FIVE)
    scene.again(OURS, scene.product(OURS, "A").id)
    assert bytes_of(scene, THEIRS) == [address.encode() for address in FIVE[:2]]
    assert scene.parked() == {}


def test_an_image_that_was_replaced_by_a_good_one_is_not_told_of_any_more():
    scene = Watched()
    scene.add(OURS, "A", images=FIVE[:2])
    del scene.pictures[FIVE[1]]
    scene.sweep()
    assert scene.parked() == {"A": "NotKept"}
    scene.picture(FIVE[2])
    scene.cscart.set_images(scene.product(OURS, "A").id, [FIVE[0], FIVE[2]])
    scene.sweep()
    assert bytes_of(scene, THEIRS) == [FIVE[0].encode(), FIVE[2].encode()]
    assert scene.parked() == {}


def test_images_go_on_in_the_next_message_when_time_is_short():
    scene = Watched(remaining=60.0)
    for number in range(4):
        scene.add(OURS, f"A-{number}", images=FIVE[: number + 1])
    scene.sweep()
    scene.sweep()
    assert [bytes_of(scene, THEIRS, f"A-{number}") for number in range(4)] == [bytes_of(scene, OURS, f"A-{number}") for number in range(4)]
    assert scene.done.count("upload") == 10


def test_images_that_stop_half_way_are_not_taken_for_the_other_sides_wish():
    scene = Watched()
    scene.add(OURS, "A", images=FIVE)
    scene.webasyst.faults.arm(Trouble.FAULT, operation="put_images", times=1, after=2)
    scene.sweep()
    scene.pull()
    scene.sweep()
    assert bytes_of(scene, OURS) == bytes_of(scene, THEIRS) == [address.encode() for address in FIVE]


def test_shops_that_have_as_many_images_each_send_none_at_first():
    scene = Watched()
    scene.add(OURS, "A", images=FIVE[:3])
    scene.add(THEIRS, "A", images=[address.replace("pictures", "other") for address in FIVE[:3]])
    scene.sweep()
    assert scene.since() == []
    assert [link.digest for link in scene.state.links().images(scene.product(OURS, "A").id)] == ["", "", ""]


def test_an_empty_gallery_is_filled_and_never_empties_the_other():
    scene = Watched()
    scene.add(OURS, "A")
    scene.add(THEIRS, "A", images=FIVE[:2])
    scene.sweep()
    assert bytes_of(scene, OURS) == bytes_of(scene, THEIRS) == [address.encode() for address in FIVE[:2]]


class Crossing(Watched):
    """Works that do not depend on each other are done the last one first. `crowds` says how many were given at once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.crowds: list[int] = []

    @property
    def world(self) -> World:
        return replace(super().world, together=self._backwards)

    def _backwards(self, *works: Callable[[], Any]) -> list[Any]:
        self.crowds.append(len(works))
        return [work() for work in reversed(works)][::-1]


def test_images_of_several_products_are_sent_side_by_side_and_each_gets_its_own():
    scene = Crossing()
    for number in range(6):
        scene.add(OURS, f"A-{number}", images=FIVE[: number % 3 + 1])
    scene.sweep()
    assert max(scene.crowds) == SIDE_BY_SIDE
    for number in range(6):
        assert bytes_of(scene, THEIRS, f"A-{number}") == bytes_of(scene, OURS, f"A-{number}")
    scene.since()
    scene.sweep()
    assert scene.since() == []


def test_a_product_whose_images_fail_holds_up_none_that_is_sent_beside_it():
    scene = Crossing()
    for name in "ABC":
        scene.add(OURS, name, images=FIVE[:2])
    scene.webasyst.faults.arm(Trouble.FAULT, operation="put_images", times=1, after=1)
    scene.sweep()
    scene.sweep()
    assert all(bytes_of(scene, THEIRS, name) == bytes_of(scene, OURS, name) for name in "ABC")
    assert scene.parked() == {}


def test_images_that_took_longer_to_be_had_than_the_lease_lasts_are_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever holds it by then sends them."""
    scene = Watched()
    scene.add(OURS, "A", images=FIVE[:1])

    def slowly(pictures: Pictures, url: str) -> bytes:
        scene.clock.sleep(400)
        return pictures[url]

    monkeypatch.setattr(Pictures, "fetch", slowly)
    with pytest.raises(LeaseLost):
        scene.sweep()
    assert scene.since() == []
    monkeypatch.undo()
    scene.state.queue.crash()
    scene.work()
    assert (scene.since(), len(scene.product(THEIRS, "A").images)) == (["upload"], 1)
