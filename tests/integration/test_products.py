"""Products from pass to pass: linked, created, edited, renamed, deleted; what is quiet stays quiet."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.journal import Action
from storesync.domain.model import Content, StoreName

from tests.fakes.stores import Trouble
from tests.integration.product_scene import OURS, THEIRS, Scene, linked, skus


@pytest.fixture
def scene() -> Scene:
    return Scene()


# -- the initial load


def test_what_one_side_lacks_is_created_once_and_the_next_pass_is_quiet(scene):
    scene.add(OURS, "A")
    scene.add(OURS, "B-1", "B-2")
    scene.add(THEIRS, "C", "C-2")
    scene.sweep()
    assert skus(scene, OURS) == skus(scene, THEIRS) == ["A", "B-1", "B-2", "C", "C-2"]
    assert (scene.sweep(), scene.pull(), scene.sweep()) == (0, 0, 0)


def test_equal_products_are_linked_without_a_write(scene):
    scene.add(OURS, "A")
    scene.add(THEIRS, "A")
    assert scene.sweep() == 0
    assert [entry.action for entry in scene.history("A")] == [Action.LINKED]


@pytest.mark.parametrize("skus_", [("A", "A"), ("A", "a"), ("A", "\u0410"), ("A B", "A  B"), ("", "B"), ("  ", "B")])
@pytest.mark.parametrize("store", StoreName)
def test_fault_29_doubtful_skus_are_reported_before_the_first_write_and_never_matched(scene, store, skus_):
    for sku in skus_:
        scene.add(store, sku)
    scene.add(store.other, "A")
    scene.add(store.other, "Z")
    seen_at_first_write: list[dict[str, str]] = []
    scene.stores[store].watch(
        lambda label: seen_at_first_write.append(scene.parked()) if "before" in label and " write " in label else None
    )
    scene.sweep()
    assert all(seen for seen in seen_at_first_write)
    assert len(scene.parked()) >= 1
    assert len(scene.variants(store.other, "A")) == 1
    assert scene.sweep() == 0


def test_a_doubtful_sku_that_was_made_good_is_linked_and_not_told_of_any_more(scene):
    scene.add(OURS, "A")
    second = scene.add(OURS, "A")
    scene.add(THEIRS, "A")
    scene.sweep()
    assert set(scene.parked().values()) == {"DuplicateSku"}
    scene.cscart.edit_variant(scene.cscart.products([second])[0].variants[0].id, sku="B")
    scene.sweep()
    scene.sweep()
    assert (scene.parked(), skus(scene, THEIRS)) == ({}, ["A", "B"])


def test_a_doubtful_sku_whose_double_was_deleted_is_linked(scene):
    scene.add(OURS, "A")
    second = scene.add(OURS, "A")
    scene.add(OURS, "Z")
    scene.add(THEIRS, "A")
    scene.sweep()
    scene.cscart.remove(second)
    scene.sweep()
    scene.sweep()
    assert len(scene.variants(THEIRS, "A")) == 1
    assert "linked" in {entry.action for entry in scene.history("A")}


@pytest.mark.parametrize("alike", ["CUP", "\u0421up", "\uff23up"])
def test_fault_29_a_sku_that_is_too_like_the_other_sides_is_left_alone(scene, alike):
    scene.add(OURS, "Cup")
    scene.add(THEIRS, alike)
    assert scene.sweep() == 0
    assert set(scene.parked().values()) == {"DuplicateSku"}


def test_the_load_goes_on_in_the_next_message_when_time_is_short():
    scene = Scene(remaining=60.0)
    for number in range(12):
        scene.add(OURS, f"A-{number}")
    scene.cscart.page = scene.webasyst.page = 3
    scene.sweep()
    assert len(scene.products(THEIRS)) == 12
    (run,) = scene.runs("sweep:cscart")
    assert (run.outcome, run.progress, run.expected, run.counts["created_webasyst"]) == ("done", 12, 12, 12)
    assert scene.sweep() == 0


def test_a_worker_that_dies_after_a_create_does_not_create_again():
    scene = linked("A")
    scene.add(OURS, "B")
    scene.webasyst.faults.arm(Trouble.LOST, operation="create")
    scene.sweep()
    scene.clock.sleep(60)
    scene.sweep()
    assert len(scene.variants(THEIRS, "B")) == 1
    assert scene.sweep() == 0


@pytest.mark.parametrize("trouble", [Trouble.FORBIDDEN, Trouble.UNAUTHORISED])
@pytest.mark.parametrize(("operation", "after"), [("create", 0), ("extend", 0), ("extend", 1)])
def test_a_store_that_refuses_in_the_middle_of_a_create_finishes_it_later(trouble, operation, after):
    scene = linked("A")
    scene.add(THEIRS, "B-1", "B-2", images=["https://pictures.example/b.png"])
    scene.cscart.faults.arm(trouble, operation, after=after)
    scene.sweep()
    (told,) = scene.state.links().parked("connection")
    assert told.reason.lower() == trouble
    scene.pull()
    scene.sweep()
    made = scene.product(OURS, "B-1")
    assert ([item.sku for item in made.variants], len(made.images)) == (["B-1", "B-2"], 1)
    assert len(scene.products(OURS)) == 2
    assert "B-1" not in scene.parked()
    assert scene.sweep() == 0


def test_a_store_that_lets_nothing_be_created_takes_what_exists_all_the_same():
    scene = linked("A")
    scene.add(THEIRS, "B")
    scene.cscart.faults.arm(Trouble.FORBIDDEN, "create", times=10**6)
    scene.sweep()
    for price in ("11.00", "12.00"):
        scene.webasyst.edit_variant(scene.variant(THEIRS, "A").id, price=Decimal(price))
        scene.sweep()
        assert scene.variant(OURS, "A").price == Decimal(price)
    scene.cscart.faults.clear()
    scene.pull()
    scene.sweep()
    assert len(scene.variants(OURS, "B")) == 1


# -- edits


def test_a_price_edit_flows_once_and_does_not_come_back_as_an_echo():
    scene = linked("A")
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal("12.30"))
    assert scene.pull() == 1
    assert scene.variant(THEIRS, "A").price == Decimal("12.30")
    assert [scene.pull() for _ in range(3)] + [scene.sweep()] == [0, 0, 0, 0]


def test_fault_40_what_moves_no_stamp_is_found_by_the_sweep():
    scene = linked("A")
    scene.webasyst.edit_variant(scene.variant(THEIRS, "A").id, stock=3)
    scene.pull()
    scene.sweep()
    assert scene.variant(OURS, "A").stock == 3


@pytest.mark.parametrize(
    "text",
    [
        "<p>Tea <b>cup<script>alert(1)</script>",
        "Caf\u00e9 &amp;amp; \U0001f600 \u200f x\x00y",
        "  trimmed \r\n lines  ",
        "long " * 90,
        "&lt;b&gt; 5 < 6 & 7",
    ],
)
@pytest.mark.parametrize("store", StoreName)
def test_ten_passes_after_one_edit_write_once(text, store):
    scene = linked("A")
    scene.change(reindex_names=False)
    product = scene.product(store, "A")
    scene.stores[store].edit(product.id, content=replace(product.content, name=text, description=text, meta_title=text))
    written = [scene.pull() for _ in range(8)] + [scene.sweep(), scene.sweep()]
    assert sum(written) == 1
    assert {scene.product(side, "A").content.name for side in StoreName}


def test_a_conflict_goes_by_the_preferred_store_and_the_loser_is_kept():
    scene = linked("A")
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal("11"))
    scene.webasyst.edit_variant(scene.variant(THEIRS, "A").id, price=Decimal("12"))
    scene.sweep()
    assert {scene.variant(store, "A").price for store in StoreName} == {Decimal("11")}
    (entry,) = [entry for entry in scene.history("A") if entry.action is Action.CONFLICT]
    assert (entry.loser, entry.new) == ('{"price":"12"}', '{"price":"11"}')


def test_a_record_without_a_rate_waits_and_goes_on_when_the_owner_enters_one():
    scene = linked("A")
    scene.change(webasyst=replace(scene.connection.webasyst, currency="USD"))
    scene.add(OURS, "B")
    scene.sweep()
    assert scene.parked() == {"B": "MissingRate"}
    assert scene.variants(THEIRS, "B") == []
    scene.change(rates={"RUB>USD": Decimal("0.5")})
    scene.sweep()
    assert scene.variant(THEIRS, "B").price == Decimal("5.00")
    assert scene.parked() == {}


def test_one_bad_record_does_not_hold_up_the_others():
    scene = linked("A", "B")
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, price=Decimal("11"))
    scene.webasyst.edit_variant(scene.variant(THEIRS, "B").id, sku="B" * 100)
    scene.sweep()
    assert scene.variant(THEIRS, "A").price == Decimal("11")
    assert list(scene.parked().values()) == ["UnsupportedValue"]


# -- a store that is down


def test_products_wait_for_a_store_that_is_down_and_go_on_when_it_is_back():
    scene = linked("A", "B")
    scene.webasyst.faults.arm(Trouble.UNREACHABLE, times=10**6)
    for sku in ("A", "B"):
        scene.cscart.edit_variant(scene.variant(OURS, sku).id, stock=9)
        scene.pull()
    scene.webasyst.faults.clear()
    scene.pull()
    scene.pull()
    assert [scene.variant(THEIRS, sku).stock for sku in ("A", "B")] == [9, 9]


def test_products_wait_while_the_owner_pauses_the_connection():
    scene = linked("A")
    scene.change(paused=True)
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, stock=8)
    scene.again(OURS, scene.product(OURS, "A").id)
    assert scene.variant(THEIRS, "A").stock == 5
    scene.change(paused=False)
    scene.clock.sleep(10_000)
    scene.pull()
    assert scene.variant(THEIRS, "A").stock == 8


def test_the_texts_of_a_product_survive_what_the_shops_make_of_them():
    scene = Scene()
    scene.add(OURS, "A", description="<p>Tea &amp; <i>cup</i></p>")
    scene.add(THEIRS, "A", description="<p>Tea & <i>cup</i>")
    assert scene.sweep() == 0
    assert isinstance(scene.product(THEIRS, "A").content, Content)


# -- what is told, and what the shop's search knows


def test_the_shops_search_learns_names_that_were_written_in_bulk():
    scene = linked("A")
    product = scene.product(OURS, "A")
    scene.cscart.edit(product.id, content=replace(product.content, name="Kettle"))
    scene.pull()
    assert [item.id for item in scene.webasyst.find(["A"])] == [scene.product(THEIRS, "A").id]
    assert scene.results[-1] == {"reindexed": 1}
    scene.change(reindex_names=False)
    scene.cscart.edit(product.id, content=replace(product.content, name="Teapot"))
    scene.pull()
    assert scene.results[-1] != {"reindexed": 1}


def test_fault_39_a_last_unit_that_was_sold_twice_is_told():
    scene = linked("A")
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, stock=1)
    scene.sweep()
    for store in StoreName:
        scene.stores[store].edit_variant(scene.variant(store, "A").id, stock=0)
    scene.sweep()
    assert [scene.variant(store, "A").stock for store in StoreName] == [0, 0]
    assert [entry.new for entry in scene.history("A") if entry.rule == "oversold"] == ['{"sold_too_many":1}']
