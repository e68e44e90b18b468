"""The budget of damage: a run stops in its place when it is used up, nothing more is written, and it goes on when its owner says so."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Connection, Damage
from storesync.domain.journal import Action, Run
from storesync.domain.orders import Customer
from storesync.state.connections import decode, encode
from storesync.sync import halts, preview

from tests.integration.product_scene import CONNECTION, OURS, THEIRS, Scene, linked
from tests.sandbox.simulator.setting import statuses

ANN = Customer("", "Ann", "Bee", "ann@example.test")


def repriced(damage: Damage, number: int = 8) -> Scene:
    scene = linked(*(f"A-{at}" for at in range(number)))
    scene.change(damage=damage)
    for at in range(number):
        scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, price=Decimal("12"))
    return scene


def new_prices(scene: Scene) -> int:
    return sum(variant.price == 12 for product in scene.products(THEIRS) for variant in product.variants)


def stopped(scene: Scene, stream: str) -> Run:
    """The run for which the owner is waited for."""
    waits = halts.halted(scene.world)
    (found,) = [run for run in scene.state.streams().runs("", 400) if run.id == waits[stream]]
    assert (found.outcome, halts.is_budget(found.error)) == ("stopped", True)
    return found


def go_on(scene: Scene, stream: str) -> None:
    scene.ask(halts.ask("main", stream, stopped(scene, stream).id))


@pytest.mark.parametrize("begin", ["pull", "sweep"])
def test_a_run_stops_where_its_budget_of_writes_ends_and_goes_on_when_it_may(begin: str) -> None:
    scene = repriced(Damage(writes=3))
    if begin == "sweep":
        scene.state.streams().save_cursor("products:cscart", scene.clock.now().isoformat())
        scene.clock.sleep(10_000)
    getattr(scene, begin)()
    assert new_prices(scene) == 3
    assert stopped(scene, "products:cscart").error == "budget writes 3 of 3"
    assert [scene.pull(), scene.sweep()] == [0, 0]
    go_on(scene, "products:cscart")
    assert new_prices(scene) == 6
    go_on(scene, "products:cscart")
    assert new_prices(scene) == 8
    assert [scene.pull(), scene.sweep(), scene.pull()] == [0, 0, 0]
    assert halts.halted(scene.world) == {}


def test_money_that_would_move_is_counted_by_the_pieces_in_stock() -> None:
    """Eight prices go up by 2, with 5 pieces each."""
    scene = repriced(Damage(money=25))
    scene.pull()
    assert new_prices(scene) == 2
    assert stopped(scene, "products:cscart").error == "budget money 20 of 25"


def test_a_record_that_costs_more_than_the_budget_goes_through_once_the_owner_has_seen_it() -> None:
    scene = repriced(Damage(money=1), 2)
    scene.pull()
    assert new_prices(scene) == 0
    go_on(scene, "products:cscart")
    assert new_prices(scene) == 1
    go_on(scene, "products:cscart")
    assert new_prices(scene) == 2


def test_mails_are_counted_for_products_that_come_back_into_stock() -> None:
    scene = linked(*(f"A-{at}" for at in range(4)))
    for at in range(4):
        scene.cscart.edit_variant(scene.variant(OURS, f"A-{at}").id, stock=0)
    scene.sweep()
    scene.change(damage=Damage(mails=2))
    for at in range(4):
        scene.webasyst.edit_variant(scene.variant(THEIRS, f"A-{at}").id, stock=3)
    scene.sweep()
    assert sum(variant.stock == 3 for product in scene.products(OURS) for variant in product.variants) == 2


def test_a_hint_waits_as_well_while_a_run_is_stopped_and_nothing_of_it_is_lost() -> None:
    scene = repriced(Damage(writes=3))
    scene.pull()
    scene.cscart.edit_variant(scene.variant(OURS, "A-0").id, price=Decimal("15"))
    before = scene.writes
    hinted = scene.product(OURS, "A-0").id
    scene.ask(Change("main", Kind.PRODUCT, OURS, (hinted,), Cause.HOOK, "hint"))
    assert scene.writes == before
    scene.change(damage=Damage())
    go_on(scene, "products:cscart")
    assert scene.variant(THEIRS, "A-0").price == 15
    assert new_prices(scene) == 7


def test_an_application_stops_and_goes_on_from_its_place() -> None:
    scene = repriced(Damage(writes=3))
    scene.ask(preview.ask("main", "preview1"))
    (shown,) = scene.runs("preview")
    assert (shown.counts["writes"], shown.counts["mails"], shown.counts["money"]) == (8, 0, 80)
    scene.ask(preview.approve("main", "preview1", "apply1"))
    assert (new_prices(scene), scene.runs("apply")[0].error) == (3, "budget writes 3 of 3")
    for expected in (6, 8):
        run = scene.runs("apply")[0]
        message = halts.message(scene.world, run.id)
        scene.ask(halts.going_on(scene.world, run.id, message))
        assert new_prices(scene) == expected
    assert scene.runs("apply")[0].outcome == "done"
    assert halts.message(scene.world, scene.runs("apply")[0].id) is None
    refused = [entry for run in scene.runs("apply") for entry in scene.state.journal().of_run(run.id) if entry.action is Action.REFUSED]
    assert refused == []


def shop_with_orders(number: int, damage: Damage) -> Scene:
    connection = replace(CONNECTION, statuses=statuses(), orders_from=CONNECTION.created_at, damage=damage)
    scene = Scene(replace(connection, cscart=replace(connection.cscart, company_id="1", payment_id="1", shipping_id="1")))
    scene.add(OURS, "A", stock=500)
    scene.sweep()
    for _ in range(number):
        scene.cscart.place({scene.variant(OURS, "A").id: 1}, ANN)
    return scene


def pull_orders(scene: Scene) -> int:
    scene.clock.sleep(61)
    scene.tick("order")
    scene.work()
    return len(scene.webasyst.orders_kept)


def test_orders_beyond_the_budget_wait_and_none_is_lost() -> None:
    """A new order may make two mails: budget for three orders."""
    scene = shop_with_orders(7, Damage(mails=6))
    assert pull_orders(scene) == 3
    assert stopped(scene, "orders:cscart").error == "budget orders 3"
    scene.cscart.place({scene.variant(OURS, "A").id: 1}, ANN)
    assert [pull_orders(scene), pull_orders(scene)] == [3, 3]
    go_on(scene, "orders:cscart")
    assert len(scene.webasyst.orders_kept) == 6
    go_on(scene, "orders:cscart")
    assert len(scene.webasyst.orders_kept) == 8
    assert halts.halted(scene.world) == {}
    scene.cscart.place({scene.variant(OURS, "A").id: 1}, ANN)
    assert pull_orders(scene) == 9


def test_every_stop_is_a_run_that_can_be_looked_at() -> None:
    scene = shop_with_orders(5, Damage(mails=4))
    seen = set()
    pull_orders(scene)
    for _ in range(2):
        seen.add(stopped(scene, "orders:cscart").id)
        go_on(scene, "orders:cscart")
    assert len(seen) == 2
    assert len(scene.webasyst.orders_kept) == 5


def test_the_budget_is_kept_with_the_connection_and_an_older_one_gets_the_default() -> None:
    own = replace(Connection("main"), damage=Damage(1, 2, 3))
    assert decode(encode(own)) == own
    older = {name: value for name, value in encode(own).items() if name != "damage"}
    assert decode(older).damage == Damage()
