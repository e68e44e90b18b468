"""What the console shows of a product's two sides, and what a proof counts: every field by name, told apart from what agrees."""

from decimal import Decimal
from typing import Any

import pytest
from storesync.domain.model import StoreName
from storesync.sync import comparing, proof
from storesync.sync.budget import Budget

from tests.integration.product_scene import OURS, THEIRS, Scene, linked
from tests.unit.sync.orders_shop import OrdersShop

TEXTS = ("name", "summary", "description", "meta_title", "meta_keywords", "meta_description")


def shown(scene: Scene, store: StoreName, sku: str) -> dict[tuple[str, str, str], tuple[str, str, bool]]:
    return lines(scene, store, scene.product(store, sku).id)


def lines(scene: Scene, store: StoreName, product_id: str) -> dict[tuple[str, str, str], tuple[str, str, bool]]:
    found = comparing.product(scene.world, store, product_id)["lines"]
    return {(line["group"], line["of"], line["field"]): (line["cscart"], line["webasyst"], line["same"]) for line in found}


@pytest.mark.parametrize("store", [OURS, THEIRS])
def test_both_sides_of_a_product_are_shown_field_by_field(store: StoreName) -> None:
    scene = linked("CUP")
    assert shown(scene, store, "CUP") == {
        ("content", "", "name"): ("Mug CUP", "Mug CUP", True),
        ("content", "", "summary"): ("", "", True),
        ("content", "", "description"): ("<p>A mug</p>", "<p>A mug</p>", True),
        ("content", "", "meta_title"): ("", "", True),
        ("content", "", "meta_keywords"): ("", "", True),
        ("content", "", "meta_description"): ("", "", True),
        ("listing", "", "visibility"): ("visible", "visible", True),
        ("listing", "", "categories"): ("1", "1", True),
        ("media", "", "images"): ("0", "0", True),
        ("identity", "CUP", "sku"): ("CUP", "CUP", True),
        ("identity", "CUP", "available"): ("yes", "yes", True),
        ("price", "CUP", "price"): ("10", "10", True),
        ("price", "CUP", "compare_price"): ("0", "0", True),
        ("stock", "CUP", "stock"): ("5", "5", True),
    }


def test_what_was_moved_on_one_side_is_shown_as_differing_and_nothing_else() -> None:
    scene = linked("CUP")
    scene.webasyst.edit_variant(scene.variant(THEIRS, "CUP").id, price=Decimal("11.50"), stock=None)
    found = shown(scene, OURS, "CUP")
    assert {key: value for key, value in found.items() if not value[2]} == {
        ("price", "CUP", "price"): ("10", "11.5", False),
        ("stock", "CUP", "stock"): ("5", "~", False),
    }


@pytest.mark.parametrize("store", [OURS, THEIRS])
def test_a_product_that_only_one_shop_has_is_shown_with_the_other_side_empty(store: StoreName) -> None:
    scene = Scene()
    made = scene.add(store, "CUP", summary="Blue")
    found = comparing.product(scene.world, store, made)
    assert found["here"] == {store: True, store.other: False}
    both = {"name": "Mug CUP", "summary": "Blue", "description": "<p>A mug</p>", **dict.fromkeys(TEXTS[3:], "")}
    empty = dict.fromkeys(TEXTS, "")
    ours, theirs = (both, empty) if store is OURS else (empty, both)
    assert lines(scene, store, made) == {("content", "", field): (ours[field], theirs[field], False) for field in TEXTS}


def test_a_product_that_neither_shop_has_has_no_lines() -> None:
    assert comparing.product(Scene().world, OURS, "77") == {"here": {OURS: False, THEIRS: False}, "lines": []}


def test_a_variant_without_its_twin_differs_in_everything() -> None:
    scene = linked("CUP")
    scene.cscart.edit_variant(scene.variant(OURS, "CUP").id, sku="CUP")
    links = scene.state.links()
    (row,) = links.of_product(OURS, [scene.product(OURS, "CUP").id])[scene.product(OURS, "CUP").id]
    assert row.variants
    scene.webasyst.shelf[int(scene.product(THEIRS, "CUP").id)] = scene.product(THEIRS, "CUP").with_variants(())
    found = shown(scene, OURS, "CUP")
    assert found["price", "CUP", "price"] == ("10", "", False)
    assert found["stock", "CUP", "stock"] == ("5", "", False)


# -- a proof


class Drawer(dict[str, dict[str, Any]]):
    """Sheets that last as long as the test."""

    def get(self, name: str, _: object = None) -> dict[str, Any]:  # type: ignore[override]
        return dict(self[name]) if name in self else {}

    def save(self, name: str, sheet: dict[str, Any], seconds: int) -> None:
        self[name] = dict(sheet)


def proved(scene: Scene) -> tuple[dict[str, Any], set[tuple[str, str, str, str]]]:
    world, drawer = scene.world, Drawer()
    counts = proof.Proof(world, drawer, Budget.of(world.clock)).run()
    told = drawer["proofs"]["proofs"][0]
    assert counts == {"checked": told["checked"], "differences": told["differences"]}
    return told, {(one.kind, one.subject, one.cscart, one.webasyst) for one in proof.differences(drawer, told["id"])}


def test_a_proof_counts_what_it_compared_and_what_was_set_aside() -> None:
    scene = linked("A", "B", "C")
    told, found = proved(scene)
    assert (told["checked"], told["aside"], told["orders"], told["differences"], told["agree"], found) == (3, 0, 0, 0, True, set())
    for _ in range(2):
        scene.add(OURS, "TWICE")
        scene.add(THEIRS, "THRICE")
    scene.sweep()
    told, found = proved(scene)
    assert (told["checked"], told["aside"], told["agree"], found) == (3, 4, True, set())


def test_a_product_that_is_missing_is_a_difference_only_where_the_owner_wants_it_made() -> None:
    scene = linked("A")
    scene.add(OURS, "OURS")
    scene.add(THEIRS, "THEIRS")
    told, found = proved(scene)
    assert (told["differences"], told["aside"], told["agree"]) == (2, 0, False)
    assert found == {("product", "OURS", "here", "missing"), ("product", "THEIRS", "missing", "here")}
    scene.change(create_in_webasyst=False)
    told, found = proved(scene)
    assert (told["aside"], found) == (1, {("product", "THEIRS", "missing", "here")})
    scene.change(create_in_cscart=False)
    told, found = proved(scene)
    assert (told["aside"], told["agree"], found) == (2, True, set())


def test_a_proof_of_orders_names_the_one_that_is_gone_and_leaves_out_what_waits() -> None:
    shop = OrdersShop()
    kept, gone, waits = shop.mirrored(CUP=1), shop.mirrored(CUP=1), shop.mirrored(CUP=1)
    shop.webasyst.orders_kept.pop(int(shop.mirror(gone).id))
    shop.webasyst.orders_kept.pop(int(shop.mirror(waits).id))
    shop.edit(waits, CUP=2)
    shop.hint(waits)
    assert shop.aside() == [(OURS, waits, "NotFound")]
    told, found = proved(shop)
    assert (told["orders"], told["aside"] >= 1) == (2, True)
    assert ("order", gone, "here", "missing") in found
    assert not [one for one in found if one[1] in (kept, waits) and one[0] == "order"]
