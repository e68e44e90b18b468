"""Exact preview and undo: the writes sent are the writes shown, and what a run wrote is put back byte for byte."""

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import fields
from storesync.domain.journal import Action, Entry
from storesync.domain.model import Group, StoreName
from storesync.sync import preview, undo

from tests.fakes.stores import Trouble
from tests.integration.product_scene import OURS, THEIRS, Scene

TEXTS = ("<p>Tea <b>cup</p>", "Caf\u00e9 & \U0001f600", " two  blanks ", "x" * 300, "")


def linked(number: int) -> Scene:
    made = Scene()
    for at in range(number):
        made.add((OURS, THEIRS)[at % 2], f"A-{at}")
    made.sweep()
    made.sweep()
    return made


def plan(scene: Scene, name: str = "preview1") -> list[Entry]:
    scene.ask(preview.ask("main", name))
    return list(scene.state.journal().of_run(name))


def apply(scene: Scene, name: str = "preview1", run: str = "apply1") -> list[Entry]:
    scene.ask(preview.approve("main", name, run))
    return list(scene.state.journal().of_run(run))


def writes(entries: list[Entry]) -> set[tuple[str, str, str, str, str]]:
    made = (Action.PLANNED, Action.WRITTEN, Action.CONFLICT)
    return {(item.store, item.data["key"], item.old, item.new, item.rule) for item in entries if item.action in made and "key" in item.data}


def test_a_preview_writes_to_no_shop_and_shows_old_and_new_of_every_field():
    scene = linked(2)
    scene.cscart.edit_variant(scene.variant(OURS, "A-0").id, price=Decimal("12.50"))
    scene.add(THEIRS, "B")
    scene.add(THEIRS, "")
    before = scene.writes
    shown = plan(scene)
    assert scene.writes == before
    assert [(item.subject, item.store, item.old, item.new, item.rule) for item in shown if item.group == "price"] == [
        ("A-0", "webasyst", '{"price":"10"}', '{"price":"12.5"}', "changed")
    ]
    assert [fields.read(item.new)["name"] for item in shown if item.group == "product"] == ["Mug B"]
    assert [item.rule for item in shown if item.action is Action.PARKED] == ["DuplicateSku"]
    (run,) = scene.runs("preview")
    assert run.outcome == "done"
    told = {name: count for name, count in run.counts.items() if count}
    assert told == {"written_webasyst": 1, "prices_up": 1, "created_cscart": 1, "skipped": 1, "writes": 2, "money": 13}


def test_a_preview_that_a_shop_does_not_answer_says_that_it_failed():
    scene = linked(1)
    scene.cscart.faults.arm(Trouble.FORBIDDEN, times=10**6)
    scene.ask(preview.ask("main", "preview1"))
    assert [(run.outcome, run.error) for run in scene.runs("preview")] == [("failed", "Forbidden")]


def test_a_preview_can_be_had_before_anything_runs():
    scene = Scene()
    scene.add(OURS, "A")
    scene.change(paused=True)
    assert [item.subject for item in plan(scene)] == ["A"]


@pytest.mark.parametrize("seed", range(12))
def test_the_writes_sent_are_the_writes_shown(seed):
    chance = random.Random(seed)
    scene = linked(8)
    for _ in range(12):
        store = chance.choice(list(StoreName))
        item = scene.variant(store, f"A-{chance.randrange(8)}")
        match chance.randrange(4):
            case 0:
                scene.stores[store].edit_variant(item.id, price=Decimal(chance.randint(1, 10**6)) / 100)
            case 1:
                scene.stores[store].edit_variant(item.id, stock=chance.choice([None, 0, 3, 7]))
            case 2:
                product = scene.product(store, item.sku)
                scene.stores[store].edit(product.id, content=replace(product.content, description=chance.choice(TEXTS)))
            case _:
                scene.stores[store].edit_variant(item.id, sku=f"{item.sku}")
    scene.add(chance.choice(list(StoreName)), "B", "B-2", images=["https://pictures.example/b.png"])
    shown = plan(scene)
    sent = apply(scene)
    assert writes(sent) == writes(shown)
    assert {item.subject for item in sent if item.action is Action.CREATED} == {"B", "B-2"}
    assert plan(scene, "preview2") == []
    assert scene.sweep() == 0


def test_what_moved_since_it_was_shown_is_left_alone_and_told():
    scene = linked(4)
    for at in range(4):
        scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, price=Decimal("12"))
    shown = plan(scene)
    scene.cscart.edit_variant(scene.variant(OURS, "A-1").id, price=Decimal("13"))
    scene.webasyst.edit_variant(scene.variant(THEIRS, "A-2").id, price=Decimal("14"))
    sent = apply(scene)
    assert writes(sent) < writes(shown)
    assert [scene.variant(THEIRS, f"A-{at}").price for at in range(4)] == [Decimal(price) for price in ("12", "10", "14", "12")]
    assert sorted(item.subject for item in sent if item.action is Action.REFUSED) == ["A-1", "A-2"]


def test_a_plan_in_many_messages_is_the_same_plan():
    scene = linked(9)
    for at in range(9):
        scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, price=Decimal(20 + at))
    scene.remaining, scene.cscart.page, scene.webasyst.page = 60.0, 2, 2
    shown = plan(scene)
    assert len(shown) == 9
    scene.remaining = None
    assert writes(apply(scene)) == writes(shown)


# -- undo


def snapshot(scene: Scene, store: StoreName) -> dict[str, list[object]]:
    parts = (Group.CONTENT, Group.LISTING)
    return {
        product.id: [fields.of_product(product, group) for group in parts]
        + [fields.of_variant(item, group) for item in product.variants for group in (Group.PRICE, Group.STOCK, Group.IDENTITY)]
        for product in scene.products(store)
    }


def test_undo_puts_a_run_back_byte_for_byte_and_the_next_pass_leaves_it_so():
    scene = linked(6)
    before = snapshot(scene, THEIRS)
    for at in range(6):
        item, product = scene.variant(OURS, f"A-{at}"), scene.product(OURS, f"A-{at}")
        scene.cscart.edit_variant(item.id, price=Decimal(30 + at), stock=None if at else 0, sku=f"N-{at}")
        scene.cscart.edit(product.id, content=replace(product.content, name=f"New {at}", description=TEXTS[at % 5]))
    scene.sweep()
    assert snapshot(scene, THEIRS) != before
    (run, *_) = [run for run in [*scene.runs("products:cscart"), *scene.runs("sweep:cscart")] if run.counts.get("written_webasyst")]
    scene.ask(undo.ask("main", run.id, "undo1"))
    assert snapshot(scene, THEIRS) == before
    assert scene.sweep() == 0
    assert snapshot(scene, THEIRS) == before


def test_undo_leaves_alone_what_was_edited_since_and_lists_it():
    scene = linked(3)
    for at in range(3):
        scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, price=Decimal("30"))
    scene.pull()
    (run, *_) = [run for run in scene.runs("products:cscart") if run.counts.get("written_webasyst")]
    scene.webasyst.edit_variant(scene.variant(THEIRS, "A-1").id, price=Decimal("31"))
    scene.ask(undo.ask("main", run.id, "undo1"))
    assert [scene.variant(THEIRS, f"A-{at}").price for at in range(3)] == [Decimal("10"), Decimal("31"), Decimal("10")]
    told = {item.subject: (item.action, item.rule) for item in scene.state.journal().of_run("undo1")}
    assert told == {
        "A-0": (Action.WRITTEN, "undo"),
        "A-1": (Action.REFUSED, "edited since"),
        "A-2": (Action.WRITTEN, "undo"),
    }


def test_undo_of_a_run_that_created_says_that_it_stays():
    scene = Scene()
    scene.add(OURS, "A")
    scene.sweep()
    (run,) = [run for run in scene.runs("sweep:cscart") if run.counts.get("created_webasyst")]
    scene.ask(undo.ask("main", run.id, "undo1"))
    assert [(item.subject, item.rule) for item in scene.state.journal().of_run("undo1")] == [("A", "cannot be undone")]
    assert len(scene.products(THEIRS)) == 1
