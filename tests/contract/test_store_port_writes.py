"""What the Store port promises about writing products and their images, held against the stores in memory and both clients over HTTP."""

from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import prints
from storesync.domain.model import Group, Variant
from storesync.errors import NotKept

from tests.contract.products import key, rows, source, values, write_of
from tests.contract.shops import Shop

# -- writing


def test_only_what_is_named_is_written(shop: Shop) -> None:
    """Somebody else's edit between our read and our write stays, unless it is of the same group."""
    product = shop.made("A-1")
    other = write_of(product, Group.CONTENT.value, content=replace(product.content, name="Theirs"))
    assert shop.store.write([other])[0].error is None
    price = write_of(product, key(Group.PRICE, product), variants=(replace(product.variants[0], price=Decimal("77.00"), stock=1),))
    kept = shop.store.write([price])[0].product
    assert kept is not None
    assert (kept.content.name, kept.variants[0].price, kept.variants[0].stock) == ("Theirs", Decimal("77.00"), 50)


def test_each_group_of_a_variant_is_written(shop: Shop) -> None:
    product = shop.made("A-1", "A-2")
    first, second = product.variants
    changed_variant = replace(second, sku="A-9", price=Decimal("5.55"), compare_price=Decimal("6.66"), stock=0, available=False)
    changes = [prints.key(group, second.id) for group in (Group.IDENTITY, Group.PRICE, Group.STOCK)]
    outcome = shop.store.write([write_of(product, *changes, variants=(first, changed_variant))])[0]
    assert outcome.error is None and outcome.product is not None
    assert [values(item) for item in outcome.product.variants] == [values(first), values(changed_variant)]
    assert outcome.product == shop.read(product.id)


def test_many_products_are_written_at_once(shop: Shop) -> None:
    products = [shop.made(f"A-{number}") for number in range(5)]
    writes = [write_of(item, key(Group.STOCK, item), variants=(replace(item.variants[0], stock=at),)) for at, item in enumerate(products)]
    outcomes = shop.store.write(writes)
    assert [outcome.product.variants[0].stock for outcome in outcomes if outcome.product] == [0, 1, 2, 3, 4]


def test_a_product_that_is_gone_does_not_stop_the_others(shop: Shop) -> None:
    product = shop.made("A-1")
    ghost = replace(product, id="987654", variants=(replace(product.variants[0], id="987655" if not shop.is_cscart else "987654"),))
    writes = [
        write_of(ghost, key(Group.STOCK, ghost), variants=(replace(ghost.variants[0], stock=1),)),
        write_of(product, key(Group.STOCK, product), variants=(replace(product.variants[0], stock=1),)),
    ]
    gone, kept = shop.store.write(writes)
    assert gone.error is not None and gone.product is None
    assert kept.error is None and kept.product is not None and kept.product.variants[0].stock == 1


def test_a_new_variant_is_added_once(shop: Shop) -> None:
    product = shop.made("A-1")
    fresh = Variant("", "A-2", Decimal("3.00"), name="Large", stock=7)
    outcome = shop.store.write([write_of(product, variants=(*product.variants, fresh))])[0]
    assert outcome.error is None and outcome.product is not None
    assert [item.sku for item in outcome.product.variants] == ["A-1", "A-2"]
    assert outcome.product.variants[0].id == product.variants[0].id
    assert {row.product_id for row in rows(shop)} == {product.id}


@pytest.mark.parametrize("group", [Group.PRICE, Group.STOCK, Group.CONTENT])
def test_fault_17_a_write_that_was_skipped_in_silence_is_noticed(shop: Shop, group: Group) -> None:
    product = shop.made("A-1")
    shop.clock.seconds += 5
    first = replace(product.variants[0], price=Decimal("1.23"), stock=3)
    name = group.value if group is Group.CONTENT else key(group, product)
    shop.skip("write")
    outcome = shop.store.write([write_of(product, name, variants=(first,), content=replace(product.content, name="Never"))])[0]
    assert isinstance(outcome.error, NotKept)


def test_a_write_whose_answer_was_lost_is_there_or_tried_again(shop: Shop) -> None:
    product = shop.made("A-1")
    shop.lose("write")
    write = write_of(product, key(Group.PRICE, product), variants=(replace(product.variants[0], price=Decimal("1.23")),))
    outcome = shop.store.write([write])[0]
    assert outcome.error is None or outcome.error.retriable
    assert shop.read(product.id).variants[0].price == Decimal("1.23")


# -- images


def test_images_become_exactly_these_in_this_order(shop: Shop) -> None:
    product = shop.made("A-1")
    kept = shop.store.put_images(product, [source(shop, number) for number in (1, 2, 3)])
    assert len(kept.images) == 3 and len({image.key for image in kept.images}) == 3
    first, second, third = kept.images
    stay = [replace(source(shop, 3), id=third.id), source(shop, 4), replace(source(shop, 1), id=first.id)]
    again = shop.store.put_images(kept, stay)
    assert len(again.images) == 3
    if not shop.is_cscart:  # CS-Cart can only have all of them anew
        assert (again.images[0].id, again.images[2].id) == (third.id, first.id)
    assert second.id not in {image.id for image in again.images}
    assert again == shop.read(product.id)


def test_an_image_can_go(shop: Shop) -> None:
    product = shop.made("A-1")
    kept = shop.store.put_images(product, [source(shop, 1), source(shop, 2)])
    last = kept.images[1]
    assert len(shop.store.put_images(kept, [replace(source(shop, 2), id=last.id)]).images) == 1


def test_images_that_were_skipped_in_silence_are_noticed(shop: Shop) -> None:
    """Also when there were as many before."""
    product = shop.made("A-1")
    kept = shop.store.put_images(product, [source(shop, 1)])
    shop.skip("put_images")
    with suppress(NotKept):
        again = shop.store.put_images(kept, [source(shop, 2)])
        assert again.images[0].key != kept.images[0].key


def test_categories_have_paths(shop: Shop) -> None:
    for category in shop.store.categories():
        assert category.id and category.path.endswith(category.name)
