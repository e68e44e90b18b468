"""Everything that is remembered of products is written under the fence of the worker's lease, or over the version that it read and a note tells
of: a worker that froze and wakes up later changes nothing."""

import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from storesync.domain.changes import Cause
from storesync.domain.comparison import Difference
from storesync.domain.connection import DeletionRule
from storesync.domain.exchange import Unreadable
from storesync.domain.model import StoreName
from storesync.errors import LeaseLost
from storesync.sync import undo, unreadable
from storesync.sync.choosing import Choice
from storesync.sync.leases import patient_lease
from storesync.sync.pending import Pending
from storesync.sync.products import ProductSync
from storesync.sync.repair import Repair

from tests.fakes.state import MemoryLinks
from tests.integration.product_scene import OURS, THEIRS, Scene, linked

APART = "save_apart"  # by versions
WRITES = (APART, "link", "save", "save_images", "unlink", "park", "unpark")


def first_load(scene: Scene) -> None:
    scene.add(OURS, "NEW", "NEW-2", images=("https://shop.example/1.png",))
    scene.add(THEIRS, "OTHER")
    scene.sweep()
    scene.sweep()


def edits(scene: Scene) -> None:
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal(30), sku="A-NEW")
    scene.webasyst.edit_variant(scene.variant(THEIRS, "B").id, stock=1)
    scene.pull()


def a_conflict(scene: Scene) -> None:
    scene.add(OURS, "TWICE")
    scene.add(OURS, "TWICE")
    scene.sweep()
    scene.cscart.edit_variant(scene.variants(OURS, "TWICE")[0].id, sku="ONCE")
    scene.sweep()


def a_deletion(scene: Scene) -> None:
    scene.change(deletions=DeletionRule.HIDE)
    scene.cscart.remove(scene.product(OURS, "A").id)
    scene.sweep()


def an_undo(scene: Scene) -> None:
    edits(scene)
    run = next(run for run in scene.runs("products:cscart") if run.counts.get("written_webasyst"))
    scene.ask(undo.ask("main", run.id, "undo1"))


def a_choice(scene: Scene) -> None:
    scene.webasyst.edit_variant(scene.variant(THEIRS, "A").id, price=Decimal(77))
    Choice(scene.world).run(THEIRS, scene.product(OURS, "A").id)


def a_repair(scene: Scene) -> None:
    """Of a difference that neither side remembers as a movement."""
    Repair(scene.world).run([Difference("product", "A", "stock", "5", "6")])


def a_value_that_is_none(scene: Scene) -> None:
    with patient_lease(scene.world, "products", 60) as lease:
        unreadable.set_aside(scene.world, OURS, {scene.product(OURS, "A").id: Unreadable("cscart", ["1"])}, lease)


DEEDS = (first_load, edits, a_conflict, a_deletion, an_undo, a_choice, a_repair, a_value_that_is_none)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_fault_58_what_is_written_of_products_carries_the_lease(deed: Callable[[Scene], None], monkeypatch: pytest.MonkeyPatch) -> None:
    scene, bare, fenced = linked("A", "B"), Counter[str](), Counter[str]()

    def watched(name: str) -> Callable[..., Any]:
        original = getattr(MemoryLinks, name)
        signature = inspect.signature(original)

        def call(*given: Any, **named: Any) -> Any:
            lease = signature.bind(*given, **named).arguments.get("lease")
            (fenced if lease is not None or name == APART else bare)[name] += 1
            return original(*given, **named)

        return call

    for name in WRITES:
        monkeypatch.setattr(MemoryLinks, name, watched(name))
    deed(scene)
    assert fenced, "something was written"
    assert dict(bare) == {}


@pytest.mark.parametrize("store", list(StoreName))
def test_fault_58_a_worker_that_wakes_up_after_its_lease_writes_to_no_shop(store: StoreName) -> None:
    scene = linked("A")
    side = {OURS: scene.cscart, THEIRS: scene.webasyst}[store]
    side.edit_variant(scene.variant(store, "A").id, price=Decimal(30))
    with patient_lease(scene.world, "products", 60) as frozen:
        scene.clock.sleep(120)
        with patient_lease(scene.world, "products", 60):
            before = scene.writes
            with pytest.raises(LeaseLost):
                ProductSync(scene.world, frozen, Cause.PULL).apply(store, [scene.product(store, "A").id])
            assert scene.writes == before


def test_fault_58_rows_that_are_written_one_by_one_are_not_written_over_those_of_the_next_worker() -> None:
    scene = linked("A")
    rows = [*scene.state.links().range(OURS, "", ""), *scene.state.links().range(THEIRS, "", "")]
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal(30))
    scene.pull()
    late = [replace(row, prints={}) for row in rows]
    with pytest.raises(LeaseLost):
        scene.state.links().save_apart(late)
    assert all(row.prints for store in StoreName for row in scene.state.links().range(store, "", ""))


def test_a_note_is_not_written_over_that_of_the_next_worker() -> None:
    scene = linked("A")
    with patient_lease(scene.world, "products", 60) as frozen:
        old = Pending(scene.world, frozen)
        old.load()
        new = Pending(scene.world, frozen)
        new.load()
        new.note_new(OURS, [(scene.product(OURS, "A"), scene.product(OURS, "A"))])
        with pytest.raises(LeaseLost):
            old.note_new(OURS, [(scene.product(OURS, "A"), scene.product(OURS, "A"))])
