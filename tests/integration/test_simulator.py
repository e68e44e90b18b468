"""The simulator as it is shipped: a few hundred schedules find nothing, one can be told again word by word, and its oracle has teeth."""

from tests.integration.simulations import assert_nothing_is_lost, simulator
from tests.sandbox.simulator.oracle import Oracle
from tests.sandbox.simulator.schedule import Schedule


def test_schedules_of_faults_cost_nothing() -> None:
    assert_nothing_is_lost(1)


def test_a_seed_is_the_same_story_each_time() -> None:
    first, second = simulator("--seed", "7"), simulator("--seed", "7")
    assert first.stdout == second.stdout
    assert "deliver" in first.stdout and first.stdout.splitlines()[-1] == "nothing failed"


def told(act: str) -> dict[str, int]:
    """What the oracle says after somebody spoilt a shop behind the engine's back."""
    schedule = Schedule(7)
    assert schedule.run().verdict.faults == []
    shop = schedule.stack.webasyst
    product = next(item for item in shop.shelf.values() if len(item.variants) == 1)
    order = next(item for item in shop.orders_kept.values() if item.marker)
    spoilt = {
        "a second product": lambda: shop.add(product),
        "a product gone": lambda: shop.remove(product.id),
        "a price": lambda: shop.edit_variant(product.variants[0].id, price=product.variants[0].price + 1),
        "a count": lambda: shop.move_stock(product.variants[0].id, 1),
        "an order twice": lambda: shop.take(order.lines, marker=order.marker, customer=order.customer),
        "a status": lambda: schedule.stack.reversals.append("completed -> new"),
    }
    spoilt[act]()
    return dict(Oracle(schedule.people).check().counts)


def test_the_oracle_sees_what_is_wrong() -> None:
    assert set(told("a second product")) >= {"duplicates"}
    assert set(told("a product gone")) == {"lost"}
    assert set(told("a price")) == {"lost"}
    assert set(told("a count")) == {"lost"}
    assert set(told("an order twice")) >= {"duplicates"}
    assert set(told("a status")) == {"reversed"}
