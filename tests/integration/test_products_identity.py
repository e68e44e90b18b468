"""Products keep their counterparts whatever becomes of their SKUs; deletions are shown, and acted on only by rule."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import DeletionRule
from storesync.domain.journal import Action
from storesync.domain.model import StoreName, Variant, Visibility

from tests.fakes.stores import Trouble
from tests.integration.product_scene import OURS, THEIRS, Scene, linked, skus


@pytest.fixture
def scene() -> Scene:
    return Scene()


# -- identity


def test_fault_30_a_renamed_sku_is_not_a_new_product():
    scene = linked("A")
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, sku="A-new")
    scene.pull()
    assert skus(scene, THEIRS) == ["A-new"]


def test_fault_30_two_skus_that_were_swapped_follow_their_links():
    scene = linked("A", "B")
    first, second = scene.variant(OURS, "A"), scene.variant(OURS, "B")
    twins = {sku: scene.variant(THEIRS, sku).id for sku in ("A", "B")}
    scene.cscart.edit_variant(first.id, sku="B")
    scene.cscart.edit_variant(second.id, sku="A")
    scene.pull()
    assert {sku: scene.variant(THEIRS, sku).id for sku in ("A", "B")} == {"A": twins["B"], "B": twins["A"]}
    assert scene.sweep() == 0


def test_fault_30_a_sku_that_moved_to_another_product_makes_no_duplicate():
    scene = linked("A")
    scene.cscart.edit_variant(scene.variant(OURS, "A").id, sku="A-old")
    scene.add(OURS, "A")
    scene.pull()
    scene.clock.sleep(60)
    scene.pull()
    assert skus(scene, THEIRS) == ["A", "A-old"]
    assert scene.sweep() == 0


@pytest.mark.parametrize("store", StoreName)
def test_fault_33_a_variant_that_is_added_on_one_side_arrives_on_the_other(store):
    scene = linked("A")
    scene.stores[store].add_variant(scene.product(store, "A").id, Variant("", "A-2", Decimal("7"), name="A-2", stock=1))
    scene.pull()
    scene.sweep()
    assert [item.sku for item in scene.product(store.other, "A").variants] == ["A", "A-2"]
    assert scene.sweep() == 0


@pytest.mark.parametrize(("whole", "cut"), [(OURS, THEIRS), (THEIRS, OURS)])
def test_products_that_the_shops_cut_differently_share_their_variants(scene, whole, cut):
    scene.add(whole, "A", "B")
    scene.add(cut, "A")
    scene.add(cut, "B")
    scene.sweep()
    assert (skus(scene, OURS), skus(scene, THEIRS)) == (["A", "B"], ["A", "B"])
    for sku, price in (("A", "21"), ("B", "22")):
        scene.stores[whole].edit_variant(scene.variant(whole, sku).id, price=Decimal(price))
    scene.sweep()
    assert [scene.variant(cut, sku).price for sku in ("A", "B")] == [Decimal("21"), Decimal("22")]
    scene.stores[cut].edit_variant(scene.variant(cut, "B").id, price=Decimal("23"))
    scene.sweep()
    assert scene.variant(whole, "B").price == Decimal("23")
    assert scene.sweep() == 0


# -- deletions


def test_fault_32_a_deletion_is_shown_once_and_does_nothing_by_itself():
    scene = linked("A", "B")
    scene.cscart.remove(scene.product(OURS, "A").id)
    assert (scene.sweep(), scene.sweep()) == (0, 0)
    assert skus(scene, THEIRS) == ["A", "B"]
    assert [entry.action for entry in scene.history("A")].count(Action.DELETED) == 1


def test_fault_32_a_deletion_hides_or_empties_the_other_side_where_the_owner_says_so():
    for rule, seen in ((DeletionRule.HIDE, (Visibility.HIDDEN, 5)), (DeletionRule.ZERO_STOCK, (Visibility.VISIBLE, 0))):
        scene = linked("A", "B")
        scene.change(deletions=rule)
        scene.cscart.remove(scene.product(OURS, "A").id)
        assert (scene.sweep(), scene.sweep()) == (1, 0)
        kept = scene.product(THEIRS, "A")
        assert (kept.listing.visibility, kept.variants[0].stock) == seen


@pytest.mark.parametrize("store", StoreName)
def test_fault_32_a_product_that_is_deleted_and_made_again_with_its_sku_takes_its_place(store):
    scene = linked("A", "B")
    scene.stores[store].remove(scene.product(store, "A").id)
    scene.sweep()
    scene.add(store, "A", price="44")
    scene.sweep()
    scene.sweep()
    assert (skus(scene, OURS), skus(scene, THEIRS)) == (["A", "B"], ["A", "B"])
    assert len({scene.variant(side, "A").price for side in StoreName}) == 1
    assert scene.sweep() == 0
    scene.stores[store].edit_variant(scene.variant(store, "A").id, price=Decimal("45"))
    scene.sweep()
    assert scene.variant(store.other, "A").price == Decimal("45")


@pytest.mark.parametrize("store", StoreName)
def test_a_strange_product_with_the_sku_of_a_linked_one_takes_nothing_over(store):
    """It is met by a hint, before any list has shown it."""
    scene = linked("A", "B", "C")
    first, strange = scene.product(store, "A").id, scene.add(store, "A", price="99")
    scene.ask(Change("main", Kind.PRODUCT, store, (strange,), Cause.HOOK, "h1"))
    assert scene.parked() == {"A": "DuplicateSku"}
    assert scene.variant(store.other, "A").price == Decimal("10")
    scene.stores[store].edit_variant(scene.stores[store].shelf[int(first)].variants[0].id, price=Decimal("44"))
    scene.sweep()
    assert scene.variant(store.other, "A").price == Decimal("44")


def test_a_variation_that_was_cut_off_before_it_joined_its_group_is_taken_up_by_it():
    scene = Scene()
    scene.add(OURS, "A")
    scene.add(THEIRS, "A", "A-2")
    scene.cscart.faults.arm(Trouble.LOST, "extend")
    for _ in range(3):
        scene.sweep()
    assert [item.sku for item in scene.product(OURS, "A").variants] == ["A", "A-2"]
    assert scene.sweep() == 0


@pytest.mark.parametrize("edited", ["A", "A-2", "A-3"])
@pytest.mark.parametrize("known", [True, False])
def test_what_a_variation_was_given_before_it_joined_its_group_is_kept(edited, known):
    scene = Scene()
    made = scene.add(THEIRS, "A", *([] if known else ["A-2", "A-3"]))
    if known:
        scene.sweep()
        for sku in ("A-2", "A-3"):
            scene.webasyst.add_variant(made, Variant("", sku, Decimal(10), name=sku, stock=5))
    scene.cscart.faults.arm(Trouble.UNREACHABLE, "extend", after=2)
    scene.clock.sleep(3700)
    scene.tick("product")
    scene.work(until=lambda: len(scene.products(OURS)) == 3)
    assert [len(product.variants) for product in scene.products(OURS)] == [1, 1, 1]
    alone = scene.product(OURS, edited)
    scene.clock.sleep(60)
    content, listing = replace(alone.content, name="Cup", description="A cup"), replace(alone.listing, categories=("2",))
    scene.cscart.edit(alone.id, content=content, listing=listing)
    for _ in range(3):
        scene.sweep()
    for store in (OURS, THEIRS):
        (product,) = scene.products(store)
        assert (product.content.name, product.content.description, product.listing.categories) == ("Cup", "A cup", ("2",))
        assert skus(scene, store) == ["A", "A-2", "A-3"]
    assert scene.sweep() == 0


@pytest.mark.parametrize("store", StoreName)
def test_a_variant_that_comes_between_a_write_and_its_reading_is_met_later(store):
    scene = linked("A")
    shop = scene.stores[store]

    def comes(label):
        if label.startswith(f"after {store} write write"):
            shop.watch()
            shop.add_variant(scene.product(store, "A").id, Variant("", "B", Decimal(10), name="B", stock=5))

    shop.watch(comes)
    scene.stores[store.other].edit_variant(scene.variant(store.other, "A").id, price=Decimal(12))
    for _ in range(3):
        scene.sweep()
    assert (skus(scene, OURS), skus(scene, THEIRS)) == (["A", "B"], ["A", "B"])
    assert scene.sweep() == 0


def created_and_then(scene, store, *skus, later=0, **listing):
    """A product of the other store is made in this one, and listed otherwise before it is read back."""
    shop = scene.stores[store]

    def listed(label):
        if label.startswith(f"after {store} write {'extend group' if store is OURS and len(skus) > 1 else 'create'}"):
            shop.watch()
            scene.clock.sleep(later)
            made = scene.product(store, "A")
            shop.edit(made.id, listing=replace(made.listing, **listing))

    scene.add(store.other, *skus)
    shop.watch(listed)
    for _ in range(3):
        scene.sweep()
    assert scene.sweep() == 0


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("skus", ["A", "AB"])
@pytest.mark.parametrize("visibility", [Visibility.VISIBLE, Visibility.DISABLED])
def test_a_product_that_is_moved_between_its_creation_and_its_reading_is_moved_in_both_shops(scene, store, skus, visibility):
    created_and_then(scene, store, *skus, visibility=visibility, categories=("2",))
    seen = {(item.listing.visibility, item.listing.categories) for name in StoreName for item in scene.products(name)}
    assert seen == {(visibility, ("2",))}


@pytest.mark.parametrize("store", StoreName)
@pytest.mark.parametrize("visibility", [Visibility.HIDDEN, Visibility.DISABLED])
def test_a_product_that_is_hidden_between_its_creation_and_its_reading_is_hidden_in_both_shops(scene, store, visibility):
    created_and_then(scene, store, "A", later=5, visibility=visibility)
    assert [scene.product(name, "A").listing.visibility for name in StoreName] == [visibility] * 2


@pytest.mark.parametrize("skus", ["A", "AB"])
def test_a_product_that_the_shop_itself_holds_back_as_it_is_made_stays_as_it_is_in_the_other(scene, skus):
    """As a shop of many vendors does it until somebody has approved of it."""
    created_and_then(scene, OURS, *skus, visibility=Visibility.DISABLED)
    assert [scene.product(name, "A").listing.visibility for name in StoreName] == [Visibility.DISABLED, Visibility.VISIBLE]
    scene.cscart.edit(scene.product(OURS, "A").id, listing=scene.product(THEIRS, "A").listing)
    scene.sweep()
    assert {scene.product(name, "A").listing.visibility for name in StoreName} == {Visibility.VISIBLE}


def test_fault_33_a_lost_variant_is_not_made_again_by_the_side_that_still_has_it():
    scene = Scene()
    scene.add(THEIRS, "A", "A-2")
    scene.sweep()
    scene.webasyst.shelf[int(scene.product(THEIRS, "A").id)] = scene.product(THEIRS, "A").with_variants(
        scene.product(THEIRS, "A").variants[:1]
    )
    scene.sweep()
    scene.sweep()
    assert skus(scene, THEIRS) == ["A"]
