"""What an undo gathers of a run and in which batches it puts it back; and what it tells of it, message by message."""

from decimal import Decimal
from typing import Any

import pytest
from storesync.domain import fields
from storesync.domain.changes import Cause
from storesync.domain.journal import Action, Entry
from storesync.domain.model import Group, StoreName
from storesync.sync import undo

from tests.integration.product_scene import OURS, THEIRS, Scene, linked


def entry(record: str, key: str, old: dict, new: dict, action: Action = Action.WRITTEN, **more: Any) -> Entry:
    group = more.pop("group", key.partition(":")[0])
    data = {"key": key} if key else {}
    return Entry("product", "A", action, "webasyst", record, group, fields.text(old), fields.text(new), data=data, **more)


def gathered(*entries: Entry) -> dict[str, list[tuple]]:
    found, _ = undo._gathered(entries)
    return {
        record: [(image.key, image.group, dict(image.old), dict(image.new)) for image in images] for (_, record), images in found.items()
    }


def test_of_several_writes_to_one_group_the_first_old_and_the_last_new_value_count() -> None:
    first = entry("7", "price:1", {"price": "1"}, {"price": "2"})
    second = entry("7", "price:1", {"price": "2", "compare_price": "0"}, {"price": "3", "compare_price": "9"})
    third = entry("7", "price:1", {"compare_price": "9"}, {"compare_price": "8"})
    assert gathered(first, second, third) == {
        "7": [("price:1", Group.PRICE, {"price": "1", "compare_price": "0"}, {"price": "3", "compare_price": "8"})]
    }


def test_each_record_and_group_is_put_back_by_itself() -> None:
    found = gathered(
        entry("7", "price:1", {"price": "1"}, {"price": "2"}),
        entry("7", "stock:1", {"stock": 1}, {"stock": 2}, Action.CONFLICT),
        entry("8", "content", {"name": "a"}, {"name": "b"}),
    )
    assert [(record, image[0]) for record, images in found.items() for image in images] == [
        ("7", "price:1"), ("7", "stock:1"), ("8", "content"),
    ]  # fmt: skip


def test_what_is_no_write_of_a_field_is_left_out_and_what_cannot_be_undone_is_told() -> None:
    order = Entry("order", "5", Action.WRITTEN, "webasyst", "5", "price", "{}", "{}", data={"key": "price:1"})
    planned = entry("7", "price:1", {}, {}, Action.PLANNED)
    bare = entry("7", "", {}, {}, group="price")
    other = entry("7", "variant", {}, {})
    created, media = entry("7", "", {}, {}, Action.CREATED), entry("7", "media", {"images": []}, {"images": ["x"]})
    after = entry("9", "stock:1", {"stock": 1}, {"stock": 2})
    found, others = undo._gathered([order, planned, bare, other, created, media, after])
    assert (list(found), others) == ([("webasyst", "9")], [created, media])


@pytest.mark.parametrize(
    ("done", "batches"),
    [
        (0, [("cscart", ["1", "2"]), ("cscart", ["3"]), ("webasyst", ["1", "4"])]),
        (2, [("cscart", ["3"]), ("webasyst", ["1", "4"])]),
        (4, [("webasyst", ["4"])]),
        (5, []),
    ],
)
def test_batches_are_of_one_store_and_go_on_where_the_last_message_was(monkeypatch: pytest.MonkeyPatch, done: int, batches: list) -> None:
    monkeypatch.setattr(undo, "BATCH", 2)
    image = undo.Image("content", Group.CONTENT, "A", {}, {})
    images = {
        (store, record): [image]
        for store, record in (("webasyst", "4"), ("cscart", "3"), ("cscart", "1"), ("webasyst", "1"), ("cscart", "2"))
    }
    assert [(store, list(batch)) for store, batch in undo._batches(images, done)] == batches
    assert all(isinstance(store, StoreName) and batch[next(iter(batch))] == [image] for store, batch in undo._batches(images, done))


def test_a_value_is_looked_at_in_the_fields_that_were_written_and_put_back_in_them_alone() -> None:
    scene = linked("A")
    product = scene.product(THEIRS, "A")
    variant = product.variants[0].id
    price = undo.Image(f"price:{variant}", Group.PRICE, "A", {"price": "7"}, {"price": "10"})
    assert price.now(product) == {"price": "10"}
    assert price.undone(product).variants[0].price == Decimal(7)
    assert undo.Image("price:404", Group.PRICE, "A", {}, {"price": "1"}).now(product) is None
    name = undo.Image("content", Group.CONTENT, "A", {"name": "Old"}, {"name": "Mug A"})
    assert name.now(product) == {"name": "Mug A"}
    assert name.undone(product).content.name == "Old"


# -- over the whole scene


def priced(*skus: str) -> tuple[Scene, str]:
    """A run that wrote a price and a name to each of them in Webasyst."""
    scene = linked(*skus)
    for sku in skus:
        scene.cscart.edit_variant(scene.variant(OURS, sku).id, price=Decimal(30))
    scene.pull()
    (run, *_) = [run for run in scene.runs("products:cscart") if run.counts.get("written_webasyst")]
    return scene, run.id


def test_what_was_put_back_is_told_with_both_values_and_when() -> None:
    scene, run = priced("A")
    variant = scene.variant(THEIRS, "A").id
    counts = scene.ask(undo.ask("main", run, "undo1"))
    assert counts == {"written_webasyst": 1}
    (told,) = scene.state.journal().of_run("undo1")
    assert (told.kind, told.subject, told.action, told.store, told.group) == ("product", "A", Action.WRITTEN, "webasyst", "price")
    assert (fields.read(told.old), fields.read(told.new)) == ({"price": "30"}, {"price": "10"})
    assert (told.rule, told.cause, told.run, told.data) == ("undo", Cause.CONSOLE, "undo1", {"key": f"price:{variant}"})
    assert told.at and told.record_id == scene.product(THEIRS, "A").id
    (log,) = scene.runs("undo")
    assert (log.id, log.outcome, log.progress, log.expected, dict(log.counts)) == ("undo1", "done", 1, 1, {"written_webasyst": 1})


def test_what_was_edited_since_is_told_as_refused() -> None:
    scene, run = priced("A", "B")
    scene.webasyst.edit_variant(scene.variant(THEIRS, "A").id, price=Decimal(31))
    assert scene.ask(undo.ask("main", run, "undo1")) == {"edited_since": 1, "written_webasyst": 1}
    told = {item.subject: item for item in scene.state.journal().of_run("undo1")}["A"]
    assert (told.kind, told.action, told.rule, told.cause, told.group) == (
        "product",
        Action.REFUSED,
        "edited since",
        Cause.CONSOLE,
        "price",
    )
    assert told.at and (told.store, told.record_id) == ("webasyst", scene.product(THEIRS, "A").id)
    assert (told.old, told.new) == ("", "")


def test_an_undo_of_many_records_goes_on_in_messages_and_deals_with_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "BATCH", 2)
    skus = [f"A-{at}" for at in range(5)]
    scene, run = priced(*skus)
    scene.remaining = 60.0
    before = len(scene.results)
    scene.ask(undo.ask("main", run, "undo1"))
    assert len(scene.results) - before == 3
    assert sorted(item.subject for item in scene.state.journal().of_run("undo1")) == skus
    assert {scene.variant(THEIRS, sku).price for sku in skus} == {Decimal(10)}
    (log,) = scene.runs("undo")
    assert (log.outcome, log.progress, log.expected, dict(log.counts)) == ("done", 5, 5, {"written_webasyst": 5})
    scene.remaining = None
    assert scene.sweep() == 0


def test_an_undo_of_a_run_that_made_a_product_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo, "BATCH", 1)
    scene = Scene()
    scene.add(OURS, "A")
    scene.sweep()
    (run,) = [run for run in scene.runs("sweep:cscart") if run.counts.get("created_webasyst")]
    assert scene.ask(undo.ask("main", run.id, "undo1")) == {"stays": 1}
    (told,) = scene.state.journal().of_run("undo1")
    assert (told.action, told.rule, told.cause, told.subject) == (Action.REFUSED, "cannot be undone", Cause.CONSOLE, "A")
    assert told.at is not None
