"""The simulator as it is shipped: a few hundred schedules find nothing, one can be told again word by word, and its oracle has teeth."""

import os
import subprocess
import sys
from pathlib import Path

from tests.sandbox.simulator.oracle import Oracle
from tests.sandbox.simulator.schedule import Schedule

ROOT = Path(__file__).parents[2]
SCHEDULES = 200


def simulator(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.sandbox.simulator", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONHASHSEED"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)


def test_schedules_of_faults_cost_nothing() -> None:
    done = simulator("--schedules", str(SCHEDULES), "--jobs", "1")
    assert done.stdout.splitlines()[-1] == f"schedules {SCHEDULES} duplicates 0 lost 0 reversed 0 cents 0", done.stdout + done.stderr
    assert done.returncode == 0


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
