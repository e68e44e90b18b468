"""Decisions at the edges: nothing left, nothing known, one variant or several."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import prints
from storesync.domain.connection import Connection, CsCartSettings, Policy, WebasystSettings
from storesync.domain.model import Content, Group, Image, Listing, Product, StoreName, Variant
from storesync.domain.planning import Moved, Pair, Plan, Side, direction, media_direction, plan, policy_of

CONNECTION = Connection("main", CsCartSettings(currency="RUB"), WebasystSettings(currency="RUB"))
FITS = {store: lambda product: product for store in StoreName}
OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST


def product(product_id: str, *stocks: int | None, name: str = "Mug", **fields) -> Product:
    variants = tuple(
        Variant(f"{product_id}{at}", f" SKU{at} ", Decimal(10), **{"stock": stock, **fields}) for at, stock in enumerate(stocks or (5,))
    )
    return Product(product_id, Content(name), Listing(), variants, "RUB")


def planned(ours: Product, theirs: Product, kept: tuple[Product, Product] | None, connection: Connection = CONNECTION, **pair) -> Plan:
    known = [prints.of(one) for one in kept] if kept else [{}, {}]
    ids = {one.id: other.id for one, other in zip(ours.variants, theirs.variants, strict=True)}
    return plan(connection, Pair(Side(ours, known[0]), Side(theirs, known[1]), **{"variants": ids, **pair}), FITS)


def told(found: Plan) -> list[tuple]:
    return [(one.target, one.group.value, dict(one.new), one.rule, one.lost) for one in found.decisions]


# -- stock


@pytest.mark.parametrize(
    ("ours", "theirs", "written", "rule", "oversold"),
    [
        (4, 4, 3, "both moved", {}),
        (2, 3, 0, "both moved", {}),
        (2, 2, 0, "oversold", {"SKU0": 1}),
        (0, 0, 0, "oversold", {"SKU0": 5}),
        (1, 5, 1, "changed", {}),
        (3, 3, 1, "both moved", {}),
        (9, 1, 5, "both moved", {}),
    ],
)
def test_both_movements_count_down_to_nothing_and_what_is_missing_is_told(
    ours: int, theirs: int, written: int, rule: str, oversold: dict
) -> None:
    found = planned(product("1", ours), product("2", theirs), (product("1", 5), product("2", 5)))
    lost = rule == "oversold"
    wanted = [(store, "stock", {"stock": written}, rule, lost) for store, now in ((OURS, ours), (THEIRS, theirs)) if now != written]
    assert (told(found), found.oversold) == (wanted, oversold)
    assert all(found.desired[store].variants[0].stock == written for store in StoreName)


def test_a_number_that_a_pass_had_settled_on_when_it_was_cut_off_counts() -> None:
    """It was 4 for both, but only CS-Cart has it: its print says 5 still, as Webasyst's does."""
    known = (product("1", 5), product("2", 5))
    found = planned(product("1", 5), product("2", 5), known, agreed={"10": 4})
    assert told(found) == [(OURS, "stock", {"stock": 4}, "both moved", False), (THEIRS, "stock", {"stock": 4}, "both moved", False)]
    zero = planned(product("1", 1), product("2", 1), (product("1", 1), product("2", 1)), agreed={"10": 0})
    assert [item.new["stock"] for item in zero.decisions] == [0, 0]


def test_counts_that_never_agreed_are_not_added_up() -> None:
    found = planned(product("1", 4), product("2", 8), (product("1", 5), product("2", 9)))
    assert told(found) == [(THEIRS, "stock", {"stock": 4}, "both changed", True)]
    settled = planned(product("1", 4), product("2", 8), (product("1", 5), product("2", 9)), agreed={"10": 5})
    assert [(item.target, item.new["stock"]) for item in settled.decisions] == [(OURS, 3), (THEIRS, 3)]


def test_unlimited_is_no_number_to_add_to() -> None:
    assert told(planned(product("1", 4), product("2", None), (product("1", 5), product("2", 5)))) == [
        (THEIRS, "stock", {"stock": 4}, "both changed", True)
    ]
    assert told(planned(product("1", 4), product("2", 3), (product("1", None), product("2", None)))) == [
        (THEIRS, "stock", {"stock": 4}, "both changed", True)
    ]


def test_what_open_orders_will_still_take_in_webasyst_is_not_offered_in_cscart() -> None:
    owner = replace(CONNECTION, stock_owner=THEIRS)
    kept = (product("1", 5), product("2", 5))
    assert told(planned(product("1", 5), product("2", 5), kept, owner, reserved={"20": 2})) == [
        (OURS, "stock", {"stock": 3}, "owner", False)
    ]
    assert told(planned(product("1", 3), product("2", 5), kept, owner, reserved={"20": 2})) == []
    assert told(planned(product("1", 5), product("2", 5), kept, owner, reserved={"20": 9})) == [
        (OURS, "stock", {"stock": 0}, "owner", False)
    ]
    assert told(planned(product("1", 5), product("2", 5), kept, owner, reserved={"21": 2})) == []
    assert told(planned(product("1", 5), product("2", None), (product("1", 5), product("2", None)), owner, reserved={"20": 2})) == [
        (OURS, "stock", {"stock": None}, "owner", False)
    ]


def test_only_stock_is_looked_at_without_a_movement_when_webasyst_owns_it() -> None:
    owner = replace(CONNECTION, stock_owner=THEIRS)
    dearer = product("2", 5)
    dearer = dearer.with_variants((replace(dearer.variants[0], price=Decimal(11)),))
    assert told(planned(product("1", 5), dearer, (product("1", 5), dearer), owner)) == []


@pytest.mark.parametrize(
    ("owner", "orders", "policy", "found"),
    [
        (OURS, False, Policy.TWO_WAY, Policy.TWO_WAY),
        (OURS, True, Policy.TWO_WAY, Policy.TO_WEBASYST),
        (THEIRS, False, Policy.TWO_WAY, Policy.TO_CSCART),
        (THEIRS, True, Policy.TO_WEBASYST, Policy.TO_WEBASYST),
        (None, False, Policy.TWO_WAY, Policy.TWO_WAY),
        (None, True, Policy.TWO_WAY, Policy.TO_WEBASYST),
        (OURS, True, Policy.OFF, Policy.OFF),
    ],
)
def test_the_owner_of_stock_counts_alone_only_where_it_sees_every_sale(
    owner: StoreName | None, orders: bool, policy: Policy, found: Policy
) -> None:
    connection = replace(CONNECTION, stock_owner=owner, orders_to_cscart=orders, policies={Group.STOCK: policy})
    assert policy_of(connection, Group.STOCK) is found
    assert policy_of(connection, Group.PRICE) is Policy.TWO_WAY


# -- direction


def test_equal_in_the_words_of_either_store_is_enough() -> None:
    """CS-Cart would keep Webasyst's price as the one that it has."""

    def kept(item: Product) -> Product:
        return item.with_variants(tuple(replace(one, price=Decimal("10.4")) for one in item.variants))

    ours = product("1").with_variants((replace(product("1").variants[0], price=Decimal("10.4")),))
    sides = [Side(ours, prints.of(product("1"))), Side(product("2"), prints.of(product("2")))]
    pair = Pair(*sides, variants={"10": "20"})
    assert told(plan(CONNECTION, pair, FITS | {OURS: kept})) == []
    assert [item.group for item in plan(CONNECTION, pair, FITS).decisions] == [Group.PRICE]


@pytest.mark.parametrize("known", [(0,), (1,)])
def test_a_group_that_only_one_side_remembers_was_never_agreed(known: tuple) -> None:
    ours, theirs = product("1", 4), product("2", 7)
    remembered = [prints.of(one) if at in known else {} for at, one in enumerate((product("1", 5), product("2", 5)))]
    found = plan(CONNECTION, Pair(Side(ours, remembered[0]), Side(theirs, remembered[1]), {"10": "20"}), FITS)
    assert [(item.group, item.rule) for item in found.decisions] == [(Group.STOCK, "first link")]


def test_what_is_reserved_is_not_taken_off_twice() -> None:
    """Of CS-Cart's count, which is written to Webasyst as it is."""
    kept = (product("1", 5), product("2", 5))
    one_way = replace(CONNECTION, policies={Group.STOCK: Policy.TO_WEBASYST})
    assert told(planned(product("1", 4), product("2", 5), kept, one_way, reserved={"20": 2, "10": 2})) == [
        (THEIRS, "stock", {"stock": 4}, "owner", False)
    ]


def test_a_group_that_is_off_says_so() -> None:
    off = replace(CONNECTION, policies={Group.PRICE: Policy.OFF})
    assert direction(off, Group.PRICE, Moved(True, True)) == (None, "off")
    assert direction(off, Group.PRICE, Moved(False, False)) == (None, "off")


@pytest.mark.parametrize(
    ("moved", "made_from", "found"),
    [
        (Moved(False, False), None, (None, "unchanged")),
        (Moved(True, False), None, (THEIRS, "changed")),
        (Moved(False, True), None, (OURS, "changed")),
        (Moved(True, True), None, (THEIRS, "both changed")),
        (Moved(True, True, True), None, (THEIRS, "first link")),
        (Moved(True, True, True), THEIRS, (OURS, "created")),
        (Moved(True, True, True), OURS, (THEIRS, "created")),
        (Moved(True, True), THEIRS, (THEIRS, "both changed")),
    ],
)
def test_the_rule_is_told_with_the_direction(moved: Moved, made_from: StoreName | None, found: tuple) -> None:
    assert direction(CONNECTION, Group.PRICE, moved, made_from) == found


def test_of_stock_that_cannot_be_added_up_the_owners_counts() -> None:
    connection = replace(CONNECTION, preferred=OURS, stock_owner=THEIRS, policies={Group.STOCK: Policy.TWO_WAY})
    assert direction(replace(connection, stock_owner=None), Group.STOCK, Moved(True, True)) == (THEIRS, "both changed")
    assert direction(connection, Group.PRICE, Moved(True, True)) == (THEIRS, "both changed")
    assert direction(connection, Group.STOCK, Moved(True, True)) == (OURS, "owner")


@pytest.mark.parametrize("group", [Group.PRICE, Group.STOCK, Group.IDENTITY])
def test_a_product_that_was_being_made_gets_what_it_was_made_from(group: Group) -> None:
    ours, theirs = product("1", 5), product("2", 7)
    theirs = theirs.with_variants((replace(theirs.variants[0], price=Decimal(12), sku="OTHER"),))
    made = [(one.target, one.group, one.rule) for one in planned(ours, theirs, None, made_from=THEIRS).decisions]
    assert (OURS, group, "created") in made


# -- several variants


def test_of_several_variants_whether_one_can_be_had_is_compared_and_of_a_single_one_it_is_not() -> None:
    two, kept = product("1", 5, 5), (product("1", 5, 5), product("2", 5, 5))
    gone = two.with_variants((two.variants[0], replace(two.variants[1], available=False)))
    assert told(planned(gone, product("2", 5, 5), kept)) == [(THEIRS, "identity", {"available": False}, "changed", False)]
    alone = product("1", 5, available=False)
    assert told(planned(alone, product("2", 5), (product("1", 5), product("2", 5)))) == []
    renamed = alone.with_variants((replace(alone.variants[0], sku="NEW"),))
    assert told(planned(renamed, product("2", 5), (product("1", 5), product("2", 5)))) == [
        (THEIRS, "identity", {"sku": "NEW"}, "changed", False)
    ]


def test_a_variant_that_one_side_no_longer_has_is_passed_over() -> None:
    ours, theirs = product("1", 4, 4), product("2", 5, 5)
    found = planned(ours, theirs, (product("1", 5, 5), product("2", 5, 5)), variants={"10": "29", "19": "20", "11": "21"})
    assert [one.key for one in found.decisions] == ["stock:21"]


# -- texts


def test_an_edit_that_is_overruled_is_told_as_lost() -> None:
    kept = (product("1"), product("2"))
    both = planned(product("1", name="Ours"), product("2", name="Theirs"), kept)
    assert told(both) == [(THEIRS, "content", {"name": "Ours"}, "both changed", True)]
    one = planned(product("1", name="Ours"), product("2"), kept)
    assert told(one) == [(THEIRS, "content", {"name": "Ours"}, "changed", False)]
    assert one.decisions[0].subject == "SKU0"


def test_texts_that_differ_by_what_shops_do_to_them_are_settled_only_where_both_are_new() -> None:
    plain, marked = product("1", name="A mug"), product("2", name="<b>A</b> mug")
    assert told(planned(plain, marked, None)) == []
    assert told(planned(plain, marked, (product("1", name="x"), product("2", name="x")))) == []
    assert [one.new for one in planned(plain, marked, (product("1", name="x"), marked)).decisions] == [{"name": "A mug"}]
    other = replace(plain, content=replace(plain.content, summary="short"))
    assert [one.new for one in planned(other, marked, None).decisions] == [{"name": "A mug", "summary": "short"}]


# -- images


def pictured(product_id: str, *keys: str) -> Product:
    return replace(product(product_id), images=tuple(Image(key, f"https://shop.example.com/{key}", key) for key in keys))


@pytest.mark.parametrize(
    ("ours", "theirs", "kept", "fields", "found"),
    [
        ("a", "b", None, {}, (None, "first link")),
        ("ab", "c", None, {}, (THEIRS, "first link")),
        ("", "c", None, {}, (OURS, "first link")),
        ("a", "", None, {}, (THEIRS, "first link")),
        ("", "", None, {}, (None, "first link")),
        ("a", "b", None, {"made_from": OURS}, (THEIRS, "created")),
        ("", "", None, {"made_from": OURS}, (None, "created")),
        ("a", "b", ("a", "b"), {}, (None, "unchanged")),
        ("ab", "b", ("a", "b"), {}, (THEIRS, "changed")),
        ("a", "", ("a", "b"), {}, (OURS, "changed")),
        ("x", "y", ("a", "b"), {}, (THEIRS, "both changed")),
        ("ab", "b", ("a", "b"), {"whole": False}, (None, "changed")),
    ],
)
def test_images_go_where_they_were_not_seen_and_nothing_overwrites_them_at_first(
    ours: str, theirs: str, kept: tuple | None, fields: dict, found: tuple
) -> None:
    sides = (pictured("1", *ours), pictured("2", *theirs))
    known = [prints.of(pictured(one, *keys)) for one, keys in zip("12", kept, strict=True)] if kept else [{}, {}]
    pair = Pair(Side(sides[0], known[0]), Side(sides[1], known[1]), {"10": "20"}, **fields)
    assert media_direction(CONNECTION, pair) == found


def test_an_empty_list_of_images_is_not_filled_against_the_policy() -> None:
    one_way = replace(CONNECTION, policies={Group.MEDIA: Policy.TO_WEBASYST})
    pair = Pair(Side(pictured("1")), Side(pictured("2", "c")), {"10": "20"})
    assert media_direction(one_way, pair) == (None, "first link")
