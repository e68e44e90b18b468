"""The mass-change breaker: a pass that would do too much writes nothing until its owner has looked."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.changes import SWEEP, Cause, Change, Kind
from storesync.domain.connection import Guard
from storesync.domain.journal import Run
from storesync.domain.model import Listing, StoreName, Visibility

from tests.fakes.stores import Trouble
from tests.integration.product_scene import CONNECTION, OURS, THEIRS, Scene

SIZE = 20
TIGHT = replace(CONNECTION, guard=Guard(share=Decimal("0.3"), at_least=3))


@pytest.fixture
def scene() -> Scene:
    made = Scene(TIGHT)
    for number in range(SIZE):
        made.add(OURS, f"A-{number}")
    made.sweep()
    made.sweep()
    return made


def spoil(scene: Scene, how: str, number: int, store: StoreName = OURS) -> None:
    for at in range(number):
        item, product = scene.variant(store, f"A-{at}"), scene.product(store, f"A-{at}")
        match how:
            case "zeroed":
                scene.stores[store].edit_variant(item.id, stock=0)
            case "repriced":
                scene.stores[store].edit_variant(item.id, price=Decimal("99"))
            case "hidden":
                scene.stores[store].edit(product.id, listing=Listing(Visibility.HIDDEN, product.listing.categories))
            case _:
                scene.stores[store].edit(product.id, content=replace(product.content, name=f"Other {at}"))


def spoiled(scene: Scene, how: str, sku: str, store: StoreName) -> bool:
    item, product = scene.variant(store, sku), scene.product(store, sku)
    seen = {
        "zeroed": item.stock == 0,
        "repriced": item.price == 99,
        "hidden": product.listing.visibility is Visibility.HIDDEN,
        "touched": product.content.name.startswith("Other"),
    }
    return seen[how]


def confirm(scene: Scene, run: Run) -> None:
    stream, _, store = run.stream.partition(":")
    scene.ask(Change("main", Kind.STREAM, StoreName(store), (stream,), Cause.CONSOLE, "now", run.id))


@pytest.mark.parametrize("how", ["zeroed", "repriced", "hidden", "touched"])
@pytest.mark.parametrize("store", StoreName)
def test_too_much_at_once_stops_before_the_first_write_and_goes_on_when_confirmed(scene, how, store):
    spoil(scene, how, 8, store)
    assert (scene.pull(), scene.sweep()) == (0, 0)
    stopped = [run for run in scene.runs(f"products:{store}") + scene.runs(f"sweep:{store}") if run.outcome == "stopped"]
    assert {run.counts[how] for run in stopped} == {8}
    assert "too many records" in stopped[0].error
    confirm(scene, stopped[0])
    assert scene.writes > 0
    assert scene.sweep() == 0
    assert all(spoiled(scene, how, f"A-{at}", store.other) for at in range(8))


def test_a_stop_is_told_once_however_often_it_is_met(scene):
    spoil(scene, "zeroed", 8)
    for _ in range(3):
        scene.pull()
    assert [run.outcome for run in scene.runs("products:cscart")].count("stopped") == 1


def test_a_confirmation_is_good_for_what_was_seen_and_no_more(scene):
    spoil(scene, "zeroed", 8)
    scene.pull()
    (stopped,) = [run for run in scene.runs("products:cscart") if run.outcome == "stopped"]
    spoil(scene, "zeroed", 12)
    before = scene.writes
    confirm(scene, stopped)
    assert scene.writes == before
    assert scene.runs("products:cscart")[0].counts["zeroed"] == 12


def test_a_few_changes_go_through(scene):
    spoil(scene, "zeroed", 3)
    assert scene.pull() == 1
    assert scene.variant(THEIRS, "A-2").stock == 0


def test_the_share_is_of_the_whole_pass_and_not_of_a_page(scene):
    scene.webasyst.page = scene.cscart.page = 4
    for at in range(8):
        scene.webasyst.edit_variant(scene.variant(THEIRS, f"A-{at}").id, stock=0)
    assert scene.sweep() == 0
    assert scene.runs("sweep:webasyst")[0].outcome == "stopped"


@pytest.mark.parametrize("store", StoreName)
def test_fault_16_an_empty_list_where_there_were_records_is_no_deletion(scene, store):
    for product in scene.products(store):
        scene.stores[store].remove(product.id)
    assert scene.sweep() == 0
    assert scene.runs(f"sweep:{store}")[0].outcome == "stopped"
    assert not any(row.parked for row in scene.state.links().range(store, "", ""))


def test_fault_16_many_that_vanish_at_once_are_asked_about_first(scene):
    for at in range(10):
        scene.cscart.remove(scene.product(OURS, f"A-{at}").id)
    scene.sweep()
    (run,) = [run for run in scene.runs("sweep:cscart") if run.outcome == "stopped"]
    assert run.counts["missing"] == 10
    assert scene.history("A-0")[0].action != "deleted"


@pytest.mark.parametrize("trouble", [Trouble.IGNORED, Trouble.FORBIDDEN])
@pytest.mark.parametrize("store", StoreName)
def test_faults_15_16_a_filter_that_is_ignored_and_a_right_that_is_lost_write_nothing(scene, store, trouble):
    spoil(scene, "zeroed", 2)
    scene.stores[store].faults.arm(trouble, times=10**6)
    assert (scene.pull(), scene.sweep()) == (0, 0)
    scene.stores[store].faults.clear()
    scene.pull()
    scene.sweep()
    assert scene.variant(THEIRS, "A-1").stock == 0


def test_the_stream_names_are_those_that_the_console_confirms(scene):
    spoil(scene, "touched", 8)
    scene.sweep()
    assert scene.runs(f"{SWEEP}:cscart")[0].stream == "sweep:cscart"
