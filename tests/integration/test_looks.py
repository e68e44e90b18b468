"""The console's questions, answered over both shops in memory: nothing is written by looking, and a chosen side wins."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from storesync.console import setup
from storesync.domain.findings import Weight
from storesync.domain.model import Content, Listing, Product, StoreName, Variant
from storesync.errors import Forbidden, NotFound
from storesync.sync.choosing import Choice
from storesync.sync.looks import Looks, sheet_name

from tests.integration.test_proof import Drawer, proved, settle
from tests.sandbox.simulator.setting import drawn
from tests.sandbox.simulator.stack import Stack

PRODUCTS = 5


@pytest.fixture
def stack() -> Stack:
    found = Stack(replace(drawn(random.Random(3)), page=5), random.Random(3))
    for number in range(1, PRODUCTS + 1):
        variants = tuple(
            Variant("", f"S-{number}-{at}", Decimal(10 * number + at), str(at), stock=number) for at in range(1, 3 if number == 2 else 2)
        )
        content = Content(f"Mug {number}", f"Summary {number}", f"<p>Text {number}</p>")
        found.cscart.add(Product("", content, Listing(categories=("1",)), variants, "RUB"))
    return found


def asked(stack: Stack, *question: str, register: Any = lambda: 0) -> Drawer:
    """The answer, in as many messages as it takes."""
    drawer = Drawer()
    while "continued" in Looks(stack.world(), drawer, register=register).answer(question):
        stack.state.state.settle()
    return drawer


def test_a_preview_counts_by_sku_and_writes_nothing(stack: Stack) -> None:
    stack.webasyst.add(Product("", Content("Both"), Listing(categories=("1",)), (Variant("", "S-1-1", Decimal(1)),), "RUB"))
    stack.webasyst.add(Product("", Content("Case"), Listing(categories=("1",)), (Variant("", "s-3-1", Decimal(1)),), "RUB"))
    stack.webasyst.add(Product("", Content("Own"), Listing(categories=("1",)), (Variant("", "OWN", Decimal(1)),), "RUB"))
    found = asked(stack, "preview").get("preview")
    assert {name: found[name] for name in ("both", "only_cscart", "only_webasyst", "doubtful")} == {
        "both": 1, "only_cscart": PRODUCTS + 1 - 2, "only_webasyst": 1, "doubtful": 1,
    }  # fmt: skip
    assert len(stack.webasyst.shelf) == 3


def test_a_survey_tells_what_stands_in_the_way_and_keeps_what_the_shops_say(stack: Stack) -> None:
    drawer = asked(stack, "survey")
    topics = {finding.topic for finding in setup.findings(drawer.get("survey"))}
    assert {"rights", "clock", "statuses", "notifications", "stock"} <= topics
    assert drawer.get("shop:cscart")["statuses"]
    assert "categories" in drawer.get("shop:webasyst")


def test_a_shop_that_refuses_is_a_finding_and_the_other_is_still_looked_at(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise Forbidden("no", store="cscart")

    monkeypatch.setattr(stack.cscart, "info", refuse)
    drawer = asked(stack, "survey")
    worst = setup.findings(drawer.get("survey"))[0]
    assert (worst.topic, worst.weight, worst.data["shop"]) == ("connection", Weight.STOPS, "CS-Cart")
    assert drawer.get("shop:webasyst")
    assert not drawer.get("shop:cscart")


def first(stack: Stack) -> tuple[str, str]:
    cscart_id = min((str(key) for key in stack.cscart.shelf), key=int)
    rows = stack.world().links.of_product(StoreName.CSCART, [cscart_id])[cscart_id]
    return cscart_id, next(row.counterpart for row in rows if row.counterpart)


def differing(stack: Stack, *question: str) -> set[str]:
    found = asked(stack, *question).get(sheet_name(question[0], StoreName(question[1]), question[2]))
    assert found["lines"]
    return {line["field"] for line in found["lines"] if not line["same"]}


def test_both_sides_of_a_product_are_compared_from_either_side(stack: Stack) -> None:
    settle(stack)
    ours, theirs = first(stack)
    assert differing(stack, "product", "cscart", ours) == set()
    variant = stack.webasyst.products([theirs])[0].variants[0]
    stack.webasyst.edit_variant(variant.id, price=Decimal(777))
    assert differing(stack, "product", "cscart", ours) == {"price"} == differing(stack, "product", "webasyst", theirs)


def test_a_product_that_is_gone_is_shown_as_gone(stack: Stack) -> None:
    settle(stack)
    ours, theirs = first(stack)
    stack.webasyst.remove(theirs)
    found = asked(stack, "product", "cscart", ours).get(f"product:cscart:{ours}")
    assert found["here"] == {"cscart": True, "webasyst": False}


@pytest.mark.parametrize("winner", list(StoreName))
def test_the_chosen_side_wins_in_every_field_that_differs_and_in_no_other(stack: Stack, winner: StoreName) -> None:
    """Both sides are edited behind the sync's back and remembered as agreed, so that nothing but the choice can move them."""
    settle(stack)
    ours, theirs = first(stack)
    variant = stack.webasyst.products([theirs])[0].variants[0]
    stack.webasyst.edit_variant(variant.id, price=Decimal(777), stock=55)
    stack.webasyst.edit(theirs, content=replace(stack.webasyst.products([theirs])[0].content, summary="of Webasyst"))
    before = {StoreName.CSCART: stack.cscart.products([ours])[0], StoreName.WEBASYST: stack.webasyst.products([theirs])[0]}
    Choice(stack.world()).run(winner, ours)
    stack.drain()
    settle(stack)
    cscart, webasyst = stack.cscart.products([ours])[0], stack.webasyst.products([theirs])[0]
    wanted = before[winner]
    for product in (cscart, webasyst):
        assert product.variants[0].price == wanted.variants[0].price
        assert product.variants[0].stock == wanted.variants[0].stock
        assert product.content.summary == wanted.content.summary
        assert product.content.name == "Mug 1"
    assert proved(stack, Drawer())[1] == []


@pytest.mark.parametrize(("failure", "told"), [(NotFound("none"), "install the add-on"), (Forbidden("no"), "full rights")])
def test_hooks_that_cannot_be_registered_say_what_to_do(stack: Stack, failure: Exception, told: str) -> None:
    def register() -> int:
        raise failure

    assert told in asked(stack, "hooks", register=register).get("hooks")["problem"]
    assert asked(stack, "hooks", register=lambda: 3).get("hooks")["registered"] == 3


def test_a_question_that_nobody_knows_changes_nothing(stack: Stack) -> None:
    assert Looks(stack.world(), Drawer()).answer(("riddle",)) == {"unknown": 1}
