"""A worker dies before and after each side effect of what an owner asked for, of images, and of a hint; what it leaves is finished once."""

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from storesync.domain.model import StoreName
from storesync.sync import preview, undo
from storesync.sync.hooks import Hooks

from tests.fakes.stores import Crash
from tests.fakes.tables import ignore
from tests.integration.product_scene import OURS, THEIRS, Scene, linked
from tests.unit.test_hooks import Shop

LEASE = 130
PICTURES = [f"https://pictures.example/{at}.png" for at in range(3)]


@dataclass
class Killer:
    """Counts writes to shops and tables and messages sent; at one of them the worker dies, and nothing that it still tries has an effect."""

    fatal: int = -1
    when: str = "before"
    count: int = 0
    dead: bool = False

    def __call__(self, label: str) -> None:
        if self.dead:
            raise Crash
        when, subject, *_ = label.split()
        if when == self.when and (subject not in set(StoreName) or " write " in label):
            self.count += 1
            if self.count == self.fatal:
                self.dead = True
                raise Crash


def watched(scene: Scene, hook: Callable[[str], None]) -> None:
    scene.state.watch(hook)
    for store in scene.stores.values():
        store.watch(hook)


def edited(scene: Scene) -> None:
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal("12.50"), stock=3)
    scene.webasyst.edit_variant(scene.variant(THEIRS, "B").id, stock=9)
    product = scene.product(OURS, "C")
    scene.cscart.edit(product.id, content=replace(product.content, name="Bowl"))


def applying() -> Scene:
    scene = linked("A", "B", "C")
    edited(scene)
    scene.add(THEIRS, "D", "D-2", images=PICTURES[:1])
    scene.ask(preview.ask("main", "preview1"))
    scene.state.queue.send([preview.approve("main", "preview1", "apply1")])
    return scene


def undoing() -> Scene:
    scene = linked("A", "B", "C")
    edited(scene)
    scene.sweep()
    run = next(run for run in (*scene.runs("products:cscart"), *scene.runs("sweep:cscart")) if run.counts.get("written_webasyst"))
    scene.state.queue.send([undo.ask("main", run.id, "undo1")])
    return scene


def picturing() -> Scene:
    """One of three replaced in one shop, all new in the other."""
    scene = Scene()
    scene.add(OURS, "A", images=PICTURES)
    scene.add(OURS, "B", images=PICTURES[:1])
    scene.sweep()
    scene.sweep()
    scene.picture("https://pictures.example/new.png", "https://pictures.example/other.png")
    scene.cscart.set_images(scene.product(OURS, "A").id, [PICTURES[0], "https://pictures.example/new.png", PICTURES[2]])
    scene.webasyst.set_images(scene.product(THEIRS, "B").id, ["https://pictures.example/other.png", "https://pictures.example/new.png"])
    scene.clock.sleep(3700)
    scene.tick("product")
    return scene


def shown(scene: Scene) -> dict[str, Any]:
    """By SKU: what buyers see. Ids and addresses of images are the shops' own business, how many there are is not."""
    return {
        store: sorted(
            (
                tuple((item.sku, item.price.quantize(Decimal("0.01")), item.stock) for item in product.variants),
                product.content.name,
                len(product.images),
            )
            for product in scene.products(store)
        )
        for store in StoreName
    }


def ended(start: Scene, killer: Killer) -> Scene:
    """The message comes back after the dead worker's lease, and two more rounds of everything follow."""
    scene = copy.deepcopy(start)
    watched(scene, killer)
    try:
        scene.work()
    except Crash:
        scene.state.queue.crash()
    watched(scene, lambda label: None)
    scene.clock.sleep(LEASE)
    scene.work()
    scene.sweep()
    scene.sweep()
    return scene


STORIES = {"apply": applying, "undo": undoing, "images": picturing}


@pytest.mark.parametrize("name", STORIES)
def test_fault_59_a_crash_in_the_middle_of_what_was_asked_for_ends_as_without_it(name: str) -> None:
    start, whole = STORIES[name](), Killer()
    wanted = shown(ended(start, whole))
    assert whole.count > 8
    wrong = {}
    points = [(at, "before") for at in range(1, whole.count + 1)] + [(whole.count, "after")]  # after one is before the next
    for at, when in points:
        scene = ended(start, Killer(at, when))
        if (found := shown(scene)) != wanted or scene.sweep():
            wrong[f"{when} effect {at} of {whole.count}"] = found
    assert wrong == {}


# -- hints


@pytest.mark.parametrize("when", ["before", "after"])
def test_fault_59_a_hook_that_dies_at_its_one_effect_is_sent_again_and_has_one_effect(when: str) -> None:
    """The shop sends a hint again that nobody answered; one that it gives up is made good by the pull."""
    scene = linked("A", "B")
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal("12.50"))
    killer, sender = Killer(1, when), Shop()
    body = json.dumps({"type": "product.updated", "data": {"product_id": int(scene.product(OURS, "A").id)}}).encode()
    scene.state.watch(killer)
    for alive in (False, True, True):
        hooks = Hooks(sender.secrets, scene.state.queue, lambda: sender.now)  # another container each time
        try:
            hooks.accept("main", "cscart", "", sender.sign(body), body)
        except Crash:
            assert not alive
        scene.state.watch(ignore)
    scene.work()
    assert scene.variant(THEIRS, "A").price == Decimal("12.50")
    assert sum("written_webasyst" in counts for counts in scene.results if counts.get("written_webasyst")) == 1
    assert (scene.pull(), scene.sweep()) == (0, 0)
