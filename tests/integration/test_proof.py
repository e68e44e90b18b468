"""Proof of agreement over both shops in memory: it finds exactly what was tampered with, and nothing where they agree."""

import random
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from storesync.domain import prints
from storesync.domain.comparison import Difference, as_csv
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.sync.budget import Budget
from storesync.sync.proof import Proof, differences
from storesync.sync.repair import Repair

from tests.sandbox.simulator.setting import drawn
from tests.sandbox.simulator.stack import Stack

PRODUCTS = 24


class Drawer:
    """Sheets that last as long as the test."""

    def __init__(self) -> None:
        self.sheets: dict[str, dict[str, Any]] = {}

    def get(self, name: str) -> dict[str, Any]:
        return dict(self.sheets.get(name, {}))

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None:
        assert seconds > 0
        self.sheets[name] = dict(sheet)


@pytest.fixture
def stack() -> Stack:
    """Both shops hold the same goods, made in CS-Cart and brought over by the sync."""
    found = Stack(replace(drawn(random.Random(7)), page=5), random.Random(7))
    for number in range(1, PRODUCTS + 1):
        variants = tuple(
            Variant("", f"S-{number}-{at}", Decimal(number) + at, str(at), stock=number) for at in range(1, 3 if number % 6 == 0 else 2)
        )
        content = Content(f"Mug {number}", f"Summary {number}", f"<p>Text {number}</p>", meta_title=f"Title {number}")
        found.cscart.add(Product("", content, Listing(categories=("1",)), variants, "RUB"))
    settle(found)
    return found


def settle(stack: Stack) -> None:
    for _ in range(4):
        stack.clock.sleep(3700)
        stack.tick()
        stack.drain()


def proved(stack: Stack, drawer: Drawer, budget: Budget | None = None) -> tuple[dict[str, Any], list[Difference]]:
    """Message by message, as the worker would."""
    counts = Proof(stack.world(), drawer, budget or Budget.of(stack.clock)).run()
    while "continued" in counts:
        begun = next(name for name in drawer.sheets if name.startswith("proof:") and drawer.sheets[name].get("agree", 0) is None)
        counts = Proof(stack.world(), drawer, budget or Budget.of(stack.clock)).run(begun.removeprefix("proof:"))
    newest = drawer.get("proofs")["proofs"][0]
    return newest, list(differences(drawer, newest["id"]))


def test_shops_that_agree_are_proved_without_a_line(stack: Stack) -> None:
    newest, found = proved(stack, Drawer())
    assert (newest["agree"], newest["checked"], found) == (True, PRODUCTS, [])
    assert all(ours == theirs for ours, theirs in newest["parts"])


TAMPERINGS: tuple[tuple[str, Callable[[Stack, str, int], None]], ...] = (
    ("price", lambda stack, row, at: stack.webasyst.edit_variant(row, price=Decimal(5000 + at))),
    ("stock", lambda stack, row, at: stack.webasyst.edit_variant(row, stock=700 + at)),
    ("compare_price", lambda stack, row, at: stack.webasyst.edit_variant(row, compare_price=Decimal(9000 + at))),
)


@pytest.mark.parametrize("seed", range(5))
def test_k_tamperings_are_exactly_k_lines(stack: Stack, seed: int) -> None:
    draw = random.Random(seed)
    variants = [variant for product in stack.webasyst.products([str(key) for key in stack.webasyst.shelf]) for variant in product.variants]
    wanted = set()
    for at, variant in enumerate(draw.sample(variants, 9)):
        field, tamper = draw.choice(TAMPERINGS)
        tamper(stack, variant.id, at)
        wanted.add((variant.sku, field))
    newest, found = proved(stack, Drawer())
    assert {(line.subject, line.field) for line in found} == wanted
    assert len(found) == newest["differences"] == 9
    assert newest["agree"] is False
    assert any(ours != theirs for ours, theirs in newest["parts"])


def test_texts_and_visibility_are_told_by_field(stack: Stack) -> None:
    key = str(next(iter(stack.webasyst.shelf)))
    product = stack.webasyst.products([key])[0]
    stack.webasyst.edit(key, content=replace(product.content, summary="tampered", meta_title="tampered as well"))
    _, found = proved(stack, Drawer())
    assert sorted(line.field for line in found) == ["meta_title", "summary"]
    assert all(line.webasyst.startswith("tampered") and line.cscart != line.webasyst for line in found)


def test_what_stands_on_one_side_only_is_a_line(stack: Stack) -> None:
    stack.cscart.add(Product("", Content("Alone"), Listing(categories=("1",)), (Variant("", "ALONE", Decimal(1)),), "RUB"))
    stack.webasyst.add(Product("", Content("Lonely"), Listing(categories=("1",)), (Variant("", "LONELY", Decimal(1)),), "RUB"))
    gone = next(iter(stack.webasyst.shelf))
    sku = stack.webasyst.products([str(gone)])[0].variants[0].sku
    stack.webasyst.remove(str(gone))
    _, found = proved(stack, Drawer())
    assert {(line.subject, line.cscart, line.webasyst) for line in found} == {
        ("ALONE", "here", "missing"),
        ("LONELY", "missing", "here"),
        (sku, "here", "missing"),
    }


def test_it_goes_on_where_the_time_ran_out(stack: Stack) -> None:
    drawer = Drawer()
    newest, found = proved(stack, drawer, Budget(stack.clock, 0.0))
    assert (newest["agree"], newest["checked"], found) == (True, PRODUCTS, [])
    assert len(drawer.get("proofs")["proofs"]) == 1
    assert newest["parts"] == proved(stack, Drawer())[0]["parts"]


def test_after_the_sync_they_agree_again(stack: Stack) -> None:
    variant = stack.webasyst.products([str(next(iter(stack.webasyst.shelf)))])[0].variants[0]
    stack.webasyst.edit_variant(variant.id, price=Decimal("123.45"))
    drawer = Drawer()
    assert proved(stack, drawer)[0]["agree"] is False
    settle(stack)
    newest, found = proved(stack, drawer)
    assert (newest["agree"], found) == (True, [])
    assert [one["agree"] for one in drawer.get("proofs")["proofs"]] == [True, False]
    assert stack.stores[StoreName.CSCART].products(["1"])


def test_one_repair_brings_back_what_the_proof_lists(stack: Stack) -> None:
    keys = [str(key) for key in list(stack.webasyst.shelf)[:3]]
    for at, product in enumerate(stack.webasyst.products(keys)):
        stack.webasyst.edit_variant(product.variants[0].id, price=Decimal(500 + at))
    _, found = proved(stack, Drawer())
    assert Repair(stack.world()).run(found) == {"products": 3, "orders": 0}
    stack.drain()
    assert proved(stack, Drawer())[0]["agree"] is True


def test_a_difference_that_nobody_moved_is_decided_by_policy(stack: Stack) -> None:
    """What was remembered says that both sides are as they were agreed, and yet they differ."""
    product = stack.webasyst.products([str(next(iter(stack.webasyst.shelf)))])[0]
    stack.webasyst.edit_variant(product.variants[0].id, price=Decimal("77.77"))
    row = stack.world().links.of_product(StoreName.WEBASYST, [product.id])[product.id][0]
    changed = stack.webasyst.products([product.id])[0]
    stack.world().links.save([row.with_prints({**row.prints, **prints.of(changed)})])
    settle(stack)
    _, found = proved(stack, Drawer())
    assert [line.field for line in found] == ["price"]
    Repair(stack.world()).run(found)
    stack.drain()
    assert proved(stack, Drawer())[0]["agree"] is True
    preferred = stack.setting.connection.preferred
    kept = stack.stores[StoreName.CSCART].find([product.variants[0].sku])[0].variants[0].price
    assert (kept == Decimal("77.77")) is (preferred is StoreName.WEBASYST)


def test_agreement_is_proved_once_in_its_period(stack: Stack) -> None:
    assert stack.setting.connection.proof_period == 86_400
    stack.ticker.tick("product", lambda: 60_000)
    stack.drain()
    stack.clock.sleep(86_400)
    stack.ticker.tick("product", lambda: 60_000)
    asked = [change for change in stack.queue.changes if change.ids == ("proof",)]
    assert len(asked) == 1
    stack.ticker.tick("product", lambda: 60_000)
    assert len([change for change in stack.queue.changes if change.ids == ("proof",)]) == 1


def test_fault_68_a_spreadsheet_takes_no_value_for_a_formula() -> None:
    lines = [Difference("product", "=cmd()", "name", "@here\r", "-12.50"), Difference("product", "A", "name", 'say "hi", you', "x")]
    head, first, second = as_csv(lines).splitlines()
    assert first == "product,'=cmd(),name,'@here,-12.50"
    assert second == 'product,A,name,"say ""hi"", you",x'
    assert head.startswith("record,")
