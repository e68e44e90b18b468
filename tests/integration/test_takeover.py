"""Orders that another tool mirrored are linked when the owner confirms them, and the next pass writes nothing; a connection that moves likewise."""

import gzip
import json
from dataclasses import replace
from decimal import Decimal

from storesync.domain.changes import Kind
from storesync.domain.journal import Action
from storesync.domain.orders import Customer
from storesync.state import portable
from storesync.sync import takeover
from storesync.sync.budget import Budget

from tests.integration.drawn_shops import Drawn
from tests.integration.product_scene import CONNECTION, OURS, THEIRS, Scene
from tests.integration.test_proof import Drawer, proved
from tests.sandbox.simulator import peace
from tests.sandbox.simulator.setting import statuses

BUYERS = [Customer("", "Ann", "Bee", f"buyer{number}@example.test") for number in range(6)]
SINCE = "2026-01-01T00:00:00+00:00"


def shops(number: int) -> tuple[Scene, list[tuple[str, str]]]:
    """Each order of CS-Cart with the mirror that an add-on made of it, which names it in the comment."""
    cscart = replace(CONNECTION.cscart, company_id="1", payment_id="1", shipping_id="1")
    scene = Scene(replace(CONNECTION, cscart=cscart, statuses=statuses(), orders_from=None))
    scene.add(OURS, "A", "B", stock=500)
    scene.sweep()
    scene.clock.sleep(3600)
    scene.change(orders_from=scene.clock.now())
    made = []
    for at in range(number):
        ours = scene.cscart.place({scene.variant(OURS, "AB"[at % 2]).id: 1 + at % 3}, BUYERS[at])
        made.append((ours, mirrored(scene, ours, f"CS-Cart order #{ours}")))
        scene.clock.sleep(60)
    return scene, made


def mirrored(scene: Scene, ours: str, comment: str) -> str:
    order = scene.cscart.orders([ours])[0]
    amounts = {scene.variant(THEIRS, line.sku).id: int(line.quantity) for line in order.lines}
    return scene.webasyst.sell(amounts, order.customer, comment=comment, shipping=order.shipping)


def proposed(scene: Scene, sheets: Drawer) -> list[dict[str, object]]:
    takeover.TakeOver(scene.world, sheets, Budget.of(scene.clock)).run(SINCE)
    return list(takeover.pairs(sheets))


def pull_orders(scene: Scene) -> int:
    before = scene.writes
    scene.clock.sleep(61)
    scene.tick("order")
    scene.work()
    return scene.writes - before


def test_confirmed_orders_are_linked_and_the_next_pass_writes_nothing() -> None:
    scene, made = shops(5)
    sheets = Drawer()
    before = scene.writes
    found = proposed(scene, sheets)
    assert [(one["cscart"], one["webasyst"], one["certain"]) for one in found] == [(ours, theirs, True) for ours, theirs in made]
    counts = takeover.Adoption(scene.world).run(json.dumps(made))
    assert counts == {"linked": 5, "refused": 0}
    assert scene.writes == before
    assert [pull_orders(scene), pull_orders(scene)] == [0, 0]
    assert len(scene.webasyst.orders_kept) == 5
    entries = scene.state.journal().history("order", made[0][0])
    assert [(entry.action, entry.rule) for entry in entries] == [(Action.LINKED, "confirmed by the owner")]
    assert proposed(scene, Drawer()) == []


def test_what_happens_to_a_linked_order_afterwards_is_carried() -> None:
    scene, made = shops(1)
    takeover.Adoption(scene.world).run(json.dumps(made))
    scene.cscart.change_status(made[0][0], "C")
    assert pull_orders(scene) > 0
    assert scene.webasyst.orders([made[0][1]])[0].status == "completed"


def test_what_nobody_confirmed_is_not_linked_and_ambiguous_pairs_are_left_to_the_owner() -> None:
    scene, made = shops(1)
    twin = mirrored(scene, made[0][0], f"again {made[0][0]}")
    found = proposed(scene, Drawer())
    assert [(one["webasyst"], one["certain"]) for one in found] == [(made[0][1], False), (twin, False)]
    assert scene.world.links.order(OURS, made[0][0]) is None


def test_what_was_linked_or_changed_meanwhile_is_refused_and_told() -> None:
    scene, made = shops(2)
    (ours, theirs), (other, _) = made
    chosen = [(ours, theirs), (other, theirs), (ours, theirs), ("9999", "9998")]
    assert takeover.Adoption(scene.world).run(json.dumps(chosen)) == {"linked": 1, "refused": 3}
    assert scene.state.journal().history("order", other)[0].action is Action.REFUSED


def test_a_take_over_goes_on_in_the_next_message() -> None:
    scene, made = shops(5)
    sheets = Drawer()
    scene.cscart.page = scene.webasyst.page = 2
    spent = Budget(scene.clock, scene.clock.monotonic())
    for _ in range(40):
        going_on = next((change.ids for change in scene.state.queue.changes if change.kind is Kind.LOOK), (takeover.QUESTION, SINCE))
        scene.state.queue.waiting.clear()
        if takeover.TakeOver(scene.world, sheets, spent).run(*going_on[1:]).get("continued") is None:
            break
    assert [(one["cscart"], one["webasyst"]) for one in takeover.pairs(sheets)] == made


def test_nothing_personal_lies_in_the_sheets() -> None:
    scene, _ = shops(2)
    sheets = Drawer()
    proposed(scene, sheets)
    assert "buyer" not in json.dumps(sheets.sheets)


def test_a_connection_that_moved_writes_nothing_in_its_next_pass() -> None:
    """Exported, wiped and taken in, as a file, with products and orders of several random states."""
    for seed in (1, 4, 9):
        shops_ = Drawn(seed)
        shops_.move(12)
        peace.restore(shops_.stack)
        state = shops_.stack.state
        state.state.settle()
        agreement = proved(shops_.stack, Drawer())
        file = gzip.compress("".join(portable.lines(state.state, "main")).encode())
        portable.forget(state.state, state.journal())
        assert list(portable.export(state.state, "main")) == []
        portable.load(state.state, "main", portable.documents(gzip.decompress(file).decode().splitlines()))
        assert [peace.passes(shops_.stack, seconds) for seconds in (310, 61, peace.SWEEP_SECONDS)] == [0, 0, 0]
        again = proved(shops_.stack, Drawer())
        assert (again[0]["checked"], again[0]["orders"], again[1]) == (agreement[0]["checked"], agreement[0]["orders"], agreement[1])


def test_money_is_compared_to_the_cent() -> None:
    scene, made = shops(1)
    order = scene.webasyst.orders_kept[int(made[0][1])]
    scene.webasyst.orders_kept[int(made[0][1])] = replace(order, total=order.total + Decimal("0.01"), comment="")
    assert [one["certain"] for one in proposed(scene, Drawer())] == [False]
