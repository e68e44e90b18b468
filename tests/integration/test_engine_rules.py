"""The engine's rules carry weight: with any one of them taken out the simulator's schedules fail, which they do not with all of them."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from storesync.domain import planning, prints
from storesync.domain.model import StoreName
from storesync.state.streams import HeldLease, Streams
from storesync.sync import catalogue, linking, order_pull, quiet
from storesync.sync.skus import SkuSearch

from tests.fakes.stores_webasyst import MemoryWebasyst
from tests.fakes.tables import MemoryTable
from tests.sandbox.simulator.schedule import play
from tests.sandbox.simulator.stories import settled

SEEDS = (372, 401, *range(1, 41))
Patch = Callable[[pytest.MonkeyPatch], None]


def no_look_up_by_sku(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SkuSearch, "candidates", lambda self, products: {})


def no_look_up_by_mark(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryWebasyst, "find_order", lambda self, marker, like: [])


def prints_of_what_was_sent(patch: pytest.MonkeyPatch) -> None:
    """Not of what the store kept, which rounds, cuts and cleans."""
    patch.setattr(linking.records, "kept_prints", lambda read, desired, kept, written: prints.of(desired))


def no_overlap(patch: pytest.MonkeyPatch) -> None:
    for module in (order_pull, catalogue, quiet):
        patch.setattr(module, "OVERLAP", timedelta(0))


def no_rule_for_both(patch: pytest.MonkeyPatch) -> None:
    """Whoever is looked at first wins, not the store that is preferred."""
    original = planning.direction

    def direction(connection: object, group: object, moved: planning.Moved, *rest: object) -> tuple[StoreName | None, str]:
        return original(connection, group, planning.Moved(moved.cscart, moved.webasyst and not moved.cscart), *rest)  # type: ignore[arg-type]

    patch.setattr(planning, "direction", direction)


def no_fence(patch: pytest.MonkeyPatch) -> None:
    """Neither the lease's nor that of the note, which is written over what was read of it alone."""
    patch.setattr(Streams, "replace_cursor", lambda self, stream, value, version: self.save_cursor(stream, value) or version + 1)
    patch.setattr(MemoryTable, "_check", lambda self, fence: None)
    patch.setattr(HeldLease, "check", lambda self: None)
    patch.setattr(HeldLease, "extend", lambda self, seconds: None)


RULES: tuple[Patch, ...] = (no_look_up_by_sku, no_look_up_by_mark, prints_of_what_was_sent, no_overlap, no_rule_for_both)


@pytest.mark.parametrize("broken", RULES, ids=lambda rule: rule.__name__)
def test_without_it_a_schedule_fails(broken: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    failed = next((seed for seed in SEEDS if play(seed).verdict.faults), None)
    assert failed is not None
    monkeypatch.undo()
    assert play(failed).verdict.faults == []


def woken() -> Decimal:
    """A worker has read both shops and freezes; another one carries a newer price over; then the first one wakes up. Webasyst's price."""
    stack = settled(StoreName.CSCART).stack
    variant = next(item for product in stack.cscart.shelf.values() for item in product.variants)

    def freeze(label: str) -> bool:
        if label != "after webasyst products" or stack.frames[-1].taken.change.kind != "product":
            return False
        stack.clock.sleep(2000)
        stack.queue.come_back(stack.frames[-1].taken)
        stack.cscart.edit_variant(variant.id, price=Decimal(222))
        stack.drain()
        return True

    stack.cscart.edit_variant(variant.id, price=Decimal(111))
    stack.clock.sleep(310)
    stack.tick()
    stack.drain(freeze)
    return next(item.price for product in stack.webasyst.shelf.values() for item in product.variants if item.sku == variant.sku)


def test_fault_58_a_frozen_worker_cannot_take_back_what_another_did(monkeypatch: pytest.MonkeyPatch) -> None:
    assert woken() == 222
    no_fence(monkeypatch)
    assert woken() == 111
