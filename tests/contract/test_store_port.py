"""What the Store port promises about products, held against the stores in memory and against both clients over HTTP."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from storesync.domain import prints
from storesync.domain.exchange import ImageSource, ProductWrite
from storesync.domain.model import Group, Product, Record, Variant
from storesync.errors import FilterIgnored, NotKept, OutcomeUnknown, UnsupportedValue

from tests.contract.shops import SHOPS, Shop, png


@pytest.fixture(params=SHOPS)
def shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """Pages of three rows, so that a handful of products fills several."""
    monkeypatch.setattr("storesync.cscart.products.PAGE", 3, raising=False)
    monkeypatch.setattr("storesync.webasyst.products.PAGE", 3, raising=False)
    with SHOPS[request.param]() as found:
        yield found


def rows(shop: Shop, after: str = "") -> list[Record]:
    return [row for page in shop.store.scan(after) for row in page.items]


def changed(shop: Shop, since: datetime) -> set[str]:
    return {row.product_id for page in shop.store.changed(since) for row in page.items}


def moment(shop: Shop) -> datetime:
    return datetime.fromtimestamp(int(shop.clock()), UTC)


def write_of(product: Product, *changes: str, **parts: object) -> ProductWrite:
    return ProductWrite(product, replace(product, **parts), frozenset(changes))  # type: ignore[arg-type]


def with_variant(product: Product, **fields: object) -> Product:
    first, *others = product.variants
    return product.with_variants((replace(first, **fields), *others))  # type: ignore[arg-type]


def key(group: Group, product: Product) -> str:
    return prints.key(group, product.variants[0].id)


# -- the store itself


def test_it_tells_its_own_time(shop: Shop) -> None:
    shop.clock.seconds += 5000
    assert abs((shop.store.now() - moment(shop)).total_seconds()) <= 1
    assert shop.store.info().now.tzinfo is not None


def test_it_knows_its_statuses(shop: Shop) -> None:
    known = {status.id: status for status in shop.store.info().statuses}
    if shop.is_cscart:
        assert {"O", "P", "C", "I"} <= known.keys() and "N" not in known
    else:
        assert {"process", "ship", "complete", "delete"} <= set(known["new"].actions)
        assert known["deleted"].actions and "ship" not in known["deleted"].actions


# -- reading


def test_a_scan_is_complete_and_in_order(shop: Shop) -> None:
    made = {shop.made(f"A-{number}").id for number in range(8)}
    found = [int(row.id) for row in rows(shop)]
    assert found == sorted(set(found))
    assert {str(number) for number in found} == made


def test_a_scan_goes_on_behind_a_page(shop: Shop) -> None:
    for number in range(8):
        shop.made(f"A-{number}")
    whole = [row.id for row in rows(shop)]
    first = next(iter(shop.store.scan()))
    assert [row.id for row in first.items] + [row.id for row in rows(shop, first.position)] == whole
    assert first.total == len(whole)


def test_a_scan_loses_nothing_to_a_row_that_goes_meanwhile(shop: Shop) -> None:
    for number in range(8):
        shop.made(f"A-{number}")
    whole = [row.id for row in rows(shop)]
    pages = shop.store.scan()
    seen = [row.id for row in next(pages).items]
    shop.made("A-later")
    seen += [row.id for page in pages for row in page.items]
    assert set(whole) <= set(seen)


def test_an_empty_shop_has_no_rows(shop: Shop) -> None:
    assert rows(shop) == []
    assert changed(shop, moment(shop) - timedelta(days=1)) == set()


def test_a_listed_row_prints_as_the_product_does(shop: Shop) -> None:
    shop.made("A-1")
    group = shop.made("B-1", "B-2", "B-3")
    listed: dict[str, str] = {}
    for row in rows(shop):
        if row.product_id == group.id:
            listed |= row.prints
    assert listed == prints.of(shop.read(group.id))


def test_new_and_edited_products_are_changed(shop: Shop) -> None:
    old = shop.made("A-old")
    edited = shop.made("A-edited")
    shop.clock.seconds += 7200
    since = moment(shop)
    new = shop.made("A-new")
    write = write_of(edited, Group.CONTENT.value, content=replace(edited.content, name="Renamed"))
    assert shop.store.write([write])[0].error is None
    assert changed(shop, since) >= {new.id, edited.id}
    assert old.id not in changed(shop, since)


def test_stock_that_a_sale_took_moves_no_stamp(shop: Shop) -> None:
    """Why sweeps are needed at all."""
    product = shop.made("A-1")
    shop.clock.seconds += 7200
    shop.recount(product.variants[0].id, 3) if shop.is_cscart else shop.sell(product.variants[0].id, 1)
    assert changed(shop, moment(shop)) == set()


def test_an_ignored_filter_is_noticed_before_a_row_is_handed_out(shop: Shop) -> None:
    for number in range(4):
        shop.made(f"A-{number}")
    last = shop.made("A-last")
    shop.clock.seconds += 7200
    shop.ignore_filters()
    with pytest.raises(FilterIgnored):
        next(iter(shop.store.changed(moment(shop))))
    with pytest.raises(FilterIgnored):
        shop.store.products([last.id])
    with suppress(FilterIgnored):
        assert [item.variants[0].sku for item in shop.store.find(["A-1"], moment(shop))] == ["A-1"]


def test_products_are_read_by_the_ids_of_their_rows(shop: Shop) -> None:
    single, group = shop.made("A-1"), shop.made("B-1", "B-2")
    ids = {row.id for row in rows(shop)}
    found = shop.store.products([*sorted(ids), "987654"])
    assert sorted(item.id for item in found) == sorted([single.id, group.id])
    whole = next(item for item in found if item.id == group.id)
    assert sorted(item.sku for item in whole.variants) == ["B-1", "B-2"]
    assert whole.variants[0].sku == "B-1"


@pytest.mark.parametrize("sku", ["A-1", "50%_off", "a+b&c/d", "Кружка №1", 'it\'s "x"', "A|B", "A,B", "#1"])
def test_a_sku_is_found_exactly(shop: Shop, sku: str) -> None:
    shop.made("other")
    wanted = shop.made(sku)
    since = moment(shop) - timedelta(minutes=1)
    assert [item.id for item in shop.store.find([f" {sku} "], since)] == [wanted.id]
    assert shop.store.find([sku.swapcase()], since) == [] or sku.swapcase() == sku
    assert shop.store.find([sku[:-1]], since) == []


def test_a_search_finds_what_was_created_since(shop: Shop) -> None:
    wanted = {shop.made(f"A-{number}").id for number in range(5)}
    found = shop.store.find([f"A-{number}" for number in range(9)], moment(shop) - timedelta(minutes=1))
    assert {item.id for item in found} == wanted


# -- creating


def test_created_products_are_kept_as_fitted(shop: Shop) -> None:
    wanted = [shop.product("A-1"), shop.product("A-2", name=" - Ünïted  Lamp"), shop.product("B-1", "B-2", "B-3")]
    outcomes = shop.store.create(wanted, {"A-1": "m1", "A-2": "m2", "B-1": "m3"})
    assert [outcome.error for outcome in outcomes] == [None, None, None]
    for product, outcome in zip(wanted, outcomes, strict=True):
        assert outcome.product == shop.read(outcome.product.id)  # type: ignore[union-attr]
        fitted, kept = shop.store.fit(product), outcome.product
        assert kept is not None
        assert prints.content_value(kept.content) == prints.content_value(fitted.content)
        assert [values(item) for item in kept.variants] == [values(item) for item in fitted.variants]
        assert kept.listing.visibility is fitted.listing.visibility


def values(variant: Variant) -> tuple[object, ...]:
    return (variant.sku, prints.number(variant.price), prints.number(variant.compare_price), variant.stock, variant.available)


def test_unlimited_stock_is_not_a_number(shop: Shop) -> None:
    product = with_variant(shop.product("A-1"), stock=None)
    kept = shop.store.create([product], {})[0].product
    assert kept is not None and kept.variants[0].stock is None
    limited = write_of(kept, key(Group.STOCK, kept), variants=(replace(kept.variants[0], stock=4),))
    assert shop.store.write([limited])[0].product.variants[0].stock == 4  # type: ignore[union-attr]


def test_a_lost_answer_leaves_one_product_that_can_be_found(shop: Shop) -> None:
    shop.lose("create")
    outcomes = shop.store.create([shop.product("A-1"), shop.product("A-2")], {"A-1": "m1", "A-2": "m2"})
    for outcome in outcomes:
        assert outcome.product is not None or isinstance(outcome.error, OutcomeUnknown)
    found = shop.store.find(["A-1", "A-2"], moment(shop) - timedelta(minutes=1))
    assert sorted(item.variants[0].sku for item in found) == ["A-1", "A-2"]
    assert len(rows(shop)) == 2


def test_fitting_twice_changes_nothing(shop: Shop) -> None:
    product = shop.product("A-1", name="-- Лампа \U0001f600 " + "x" * 300, description="<b>x" + "\U0001f600")
    product = with_variant(product, price=Decimal("10.12345"), compare_price=Decimal("0.005"))
    fitted = shop.store.fit(product)
    assert shop.store.fit(fitted) == fitted


def test_what_fits_is_what_is_kept(shop: Shop) -> None:
    product = shop.product("A-1")
    long = replace(product.content, name=" - Лампа \U0001f600 " + "x" * 300, meta_title="t" * 300)
    product = with_variant(replace(product, content=long), price=Decimal("10.005"))
    kept = shop.store.create([product], {})[0].product
    fitted = shop.store.fit(product)
    assert kept is not None
    assert (kept.content.name, kept.content.meta_title) == (fitted.content.name, fitted.content.meta_title)
    assert kept.variants[0].price == fitted.variants[0].price


def test_a_sku_that_would_be_cut_is_refused(shop: Shop) -> None:
    with pytest.raises(UnsupportedValue):
        shop.store.fit(shop.product("A-1") and with_variant(shop.product("A-1"), sku="x" * 256))


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
def test_a_write_that_was_skipped_in_silence_is_noticed(shop: Shop, group: Group) -> None:
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


def source(shop: Shop, number: int) -> ImageSource:
    """With its address in the other shop, as the engine has it, whether the image is here already or not."""
    return ImageSource(url=shop.picture(number), data=png(number), filename=f"{number}.png")


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
