"""Records that are set aside: which ones, told once and with what, and what goes on beside them."""

from collections import Counter
from collections.abc import Collection
from typing import Any

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import DeletionRule
from storesync.domain.exchange import Outcome, Unreadable
from storesync.domain.journal import Action
from storesync.domain.links import Row
from storesync.domain.model import StoreName
from storesync.errors import DuplicateSku, NotKept, ServerFault
from storesync.sync import unreadable
from storesync.sync.leases import patient_lease
from storesync.sync.notes import Notebook
from storesync.sync.removal import Removals

from tests.integration.product_scene import OURS, THEIRS, Scene, linked


def change(*ids: str, store: StoreName = OURS) -> Change:
    return Change("main", Kind.PRODUCT, store, ids, Cause.PULL, "seen", "run")


class Applied:
    """`wrong`: what is raised while any of these ids is among those to work on."""

    def __init__(self, scene: Scene, wrong: dict[str, Unreadable]) -> None:
        self.scene, self.wrong, self.calls = scene, wrong, list[tuple[list[str], list[str]]]()

    def __call__(self, ids: Collection[str], alone: Collection[str]) -> Counter[str]:
        self.calls.append((list(ids), sorted(alone)))
        for one in ids:
            if one in self.wrong and one not in alone:
                raise self.wrong[one]
        return Counter(done=len(ids))

    def run(self, found: Change) -> dict[str, int]:
        with patient_lease(self.scene.world, "products", 60) as lease:
            return dict(unreadable.applied(self.scene.world, found, lease, self))


def parked(scene: Scene) -> list[tuple]:
    return [(one.store, one.record_id, one.reason, one.label) for one in scene.state.links().parked("product")]


def ids(scene: Scene, store: StoreName, *skus: str) -> list[str]:
    return [scene.product(store, sku).id for sku in skus]


def test_a_record_of_this_shop_is_left_out_and_the_others_go_on() -> None:
    scene = linked("A", "B", "C")
    a, b, c = ids(scene, OURS, "A", "B", "C")
    work = Applied(scene, {b: Unreadable("cscart", [b], "stock")})
    assert work.run(change(a, b, c)) == {"done": 2}
    assert work.calls == [([a, b, c], []), ([a, c], [b])]
    assert parked(scene) == [(OURS, b, "Unreadable", "B")]
    (told,) = [entry for entry in scene.history("B") if entry.action is Action.PARKED]
    assert (told.kind, told.store, told.record_id, told.rule) == ("product", "cscart", b, "Unreadable")
    assert told.at is not None
    (one,) = scene.state.links().parked("product")
    assert "stock" in one.detail and one.advice == Unreadable.advice and one.at is not None


def test_a_counterpart_that_cannot_be_read_leaves_out_what_belongs_to_it() -> None:
    scene = linked("A", "B")
    (a, b), (theirs,) = ids(scene, OURS, "A", "B"), ids(scene, THEIRS, "A")
    work = Applied(scene, {a: Unreadable("webasyst", [theirs])})
    assert work.run(change(a, b)) == {"done": 1}
    assert parked(scene) == [(THEIRS, theirs, "Unreadable", "A")]
    assert scene.state.links().rows(THEIRS, [theirs])[theirs].parked == unreadable.MARK


def test_what_cannot_be_told_apart_is_tried_one_by_one_and_then_set_aside() -> None:
    scene = linked("A", "B")
    a, b = ids(scene, OURS, "A", "B")
    unknown = Unreadable("webasyst", ["404"])
    work = Applied(scene, {b: unknown})
    assert work.run(change(a, b)) == {"apart": 2}
    sent = scene.state.queue.changes
    assert [(one.ids, one.observation, one.run) for one in sent] == [((a,), f"seen/{a}", "run"), ((b,), f"seen/{b}", "run")]
    assert work.run(sent[0]) == {"done": 1}
    assert work.run(sent[1]) == {"done": 0}
    assert (OURS, b, "Unreadable", "B") in parked(scene)
    assert not [one for one in parked(scene) if one[1] == a]


def test_what_stays_wrong_is_an_error_and_no_endless_loop() -> None:
    scene = linked("A")
    (a,) = ids(scene, OURS, "A")
    wrong = Unreadable("cscart", [a])

    def never(left: Collection[str], alone: Collection[str]) -> Counter[str]:
        raise wrong

    with patient_lease(scene.world, "products", 60) as lease, pytest.raises(Unreadable) as told:
        unreadable.applied(scene.world, change(a), lease, never)
    assert told.value is wrong


def test_the_same_trouble_is_told_once() -> None:
    scene = linked("A")
    (a,) = ids(scene, OURS, "A")
    for _ in range(3):
        with patient_lease(scene.world, "products", 60) as lease:
            unreadable.set_aside(scene.world, OURS, {a: Unreadable("cscart", [a])}, lease)
            unreadable.set_aside(scene.world, OURS, {}, lease)
    assert len([entry for entry in scene.history("A") if entry.action is Action.PARKED]) == 1


def test_a_row_that_nobody_knew_is_remembered_under_its_product() -> None:
    scene = Scene()
    with patient_lease(scene.world, "products", 60) as lease:
        unreadable.set_aside(scene.world, OURS, {"8": Unreadable("cscart", ["7"])}, lease)
    row = scene.state.links().rows(OURS, ["8"])["8"]
    assert (row.product_id, row.counterpart, row.parked) == ("7", "", unreadable.MARK)
    assert parked(scene) == [(OURS, "7", "Unreadable", "8")]


# -- deletions that a shop does not carry out


@pytest.mark.parametrize("retriable", [False, True])
def test_a_deletion_that_the_other_shop_refuses_is_not_told_as_written(retriable: bool, monkeypatch: pytest.MonkeyPatch) -> None:

    scene = linked("A", "B")
    scene.change(deletions=DeletionRule.ZERO_STOCK)
    (refused,) = ids(scene, THEIRS, "A")
    real, error = scene.webasyst.write, ServerFault("down") if retriable else NotKept("no")

    def write(writes: Any) -> list[Outcome]:
        return [Outcome(None, error) if one.current.id == refused else real([one])[0] for one in writes]

    monkeypatch.setattr(scene.webasyst, "write", write)
    with patient_lease(scene.world, "products", 60) as lease:
        notes = Notebook(scene.world, lease, Cause.PULL, "run")
        rows = [row for number in ids(scene, OURS, "A", "B") for row in scene.state.links().of_product(OURS, [number])[number]]
        removals = Removals(scene.world, lease, notes)
        if retriable:
            with pytest.raises(ServerFault):
                removals.apply(OURS, rows)
            assert not notes.counts["deleted"]
            return
        removals.apply(OURS, rows)
        removals.apply(OURS, list(scene.state.links().rows(OURS, [row.id for row in rows]).values()))
    assert dict(notes.counts) == {"deleted": 2, "written_webasyst": 1}
    written = [
        entry.subject
        for sku in "AB"
        for entry in scene.history(sku)
        if entry.action is Action.WRITTEN and entry.rule == "deleted in the other store"
    ]
    assert written == ["B"]
    assert [scene.variant(THEIRS, sku).stock for sku in "AB"] == [5, 0]
    assert [len([entry for entry in scene.history(sku) if entry.action is Action.DELETED]) for sku in "AB"] == [1, 1]


def test_a_row_without_a_counterpart_is_only_told() -> None:

    scene = Scene()
    scene.change(deletions=DeletionRule.HIDE)
    with patient_lease(scene.world, "products", 60) as lease:
        notes = Notebook(scene.world, lease, Cause.PULL, "run")
        Removals(scene.world, lease, notes).apply(OURS, [Row(OURS, "7", "7", variants={"7": ("", "")})])
    assert dict(notes.counts) == {"deleted": 1}
    assert [(entry.subject, entry.record_id) for entry in scene.history("7")] == [("7", "7")]


def test_a_doubtful_sku_is_set_aside_with_all_that_a_merchant_needs_to_find_it() -> None:
    scene = Scene()
    twice = [scene.add(OURS, "TWICE"), scene.add(OURS, "TWICE"), scene.add(OURS, "twice")]
    scene.add(OURS, "ONCE")
    scene.sweep()
    found = [one for one in scene.state.links().parked("product") if one.record_id in twice]
    assert {(one.kind, one.store, one.record_id, one.reason) for one in found} == {
        ("product", OURS, number, "DuplicateSku") for number in twice
    }
    assert {one.label for one in found} <= {"TWICE", "twice"} and all(one.at is not None for one in found)
    assert {one.advice for one in found} == {DuplicateSku.advice}
    assert all("sku=TWICE" in one.detail or "sku=twice" in one.detail for one in found)
    assert scene.webasyst.shelf and [item.sku for item in scene.product(THEIRS, "ONCE").variants] == ["ONCE"]
    assert len(scene.products(THEIRS)) == 1
