"""Small values of the domain, one by one: settings, messages, prints, fields, counts, people and lines."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from storesync.domain import fields, prints, stock
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Connection, CsCartSettings, Policy, WebasystSettings
from storesync.domain.exchange import Unreadable
from storesync.domain.links import OrderLink
from storesync.domain.model import Content, Group, Image, Listing, Product, StoreName, Variant, Visibility, sku_key
from storesync.domain.orders import Address, Customer, Line, Order
from storesync.errors import BadMessage

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
MUG = Variant("1", " MUG ", Decimal("10.50"), compare_price=Decimal(12), stock=5)
PRODUCT = Product("9", Content("Mug", slug="mug"), Listing(categories=("1", "3", "2")), (MUG, replace(MUG, id="2", sku="CUP")), "RUB")


# -- what a connection needs


def test_settings_that_are_missing_are_named() -> None:
    bare = Connection("main")
    assert bare.missing() == ("cscart.url", "cscart.email", "webasyst.url")
    whole = Connection("main", CsCartSettings("https://a.example.com/", "a@example.com"), WebasystSettings("https://b.example.com/"))
    assert (whole.missing(), whole.ready) == ((), True)
    for lacking in (
        replace(whole, cscart=replace(whole.cscart, url="")),
        replace(whole, cscart=replace(whole.cscart, email="")),
        replace(whole, webasyst=WebasystSettings()),
    ):
        assert (len(lacking.missing()), lacking.ready) == (1, False)
    assert not replace(whole, paused=True).ready


def test_a_group_without_a_policy_flows_both_ways() -> None:
    assert replace(Connection("main"), policies={}).policy(Group.PRICE) is Policy.TWO_WAY
    assert Connection("main", policies={Group.PRICE: Policy.OFF}).policy(Group.PRICE) is Policy.OFF


def test_orders_count_from_the_chosen_day_or_from_the_connections_first() -> None:
    first, chosen = datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    assert Connection("main", created_at=first).orders_since == first
    assert Connection("main", created_at=first, orders_from=chosen).orders_since == chosen


def test_each_store_has_its_own_part_of_an_orders_link() -> None:
    link = OrderLink(CSCART, "1", "2", "O", "new", "p", "q")
    assert (link.id_in(CSCART), link.status_in(CSCART), link.print_in(CSCART)) == ("1", "O", "p")
    assert (link.id_in(WEBASYST), link.status_in(WEBASYST), link.print_in(WEBASYST)) == ("2", "new", "q")
    assert (CSCART.other, WEBASYST.other) == (WEBASYST, CSCART)


def test_what_cannot_be_read_is_named() -> None:
    wrong = Unreadable("cscart", ["7", "8"], "stock")
    assert (wrong.store, wrong.ids) == ("cscart", ("7", "8"))
    assert [word for word in ("a value cannot be read", "store=cscart", "ids=7,8", "problem=stock") if word not in str(wrong)] == []


# -- messages


def change(kind: Kind, *ids: str) -> Change:
    return Change("main", kind, WEBASYST, ids, Cause.HOOK, "seen", "run", 2, "2026-01-01")


@pytest.mark.parametrize(
    ("kind", "first", "group"),
    [
        (Kind.ORDER, "7", "main#order#1"),
        (Kind.PRODUCT, "7", "main#product"),
        (Kind.STREAM, "products", "main#product"),
        (Kind.STREAM, "sweep", "main#product"),
        (Kind.STREAM, "apply", "main#product"),
        (Kind.STREAM, "undo", "main#product"),
        (Kind.STREAM, "reindex", "main#product"),
        (Kind.STREAM, "orders", "main#quick"),
        (Kind.LOOK, "preview", "main#product"),
        (Kind.LOOK, "order", "main#quick"),
        (Kind.LOOK, "proof", "main#bulk#1"),
    ],
)
def test_what_must_not_run_at_once_is_of_one_group(kind: Kind, first: str, group: str) -> None:
    assert change(kind, first, "x").group == group


def test_a_message_is_read_as_it_was_sent_and_an_older_one_with_defaults() -> None:
    import json

    sent = change(Kind.ORDER, "7", "8")
    body = json.loads(sent.to_message())
    assert Change.from_message(body) == sent
    assert body["v"] == 1 and ": " not in sent.to_message()
    least = {name: body[name] for name in ("connection", "kind", "store", "ids")}
    assert Change.from_message({**least, "unheard": "of"}) == Change("main", Kind.ORDER, WEBASYST, ("7", "8"), Cause.PULL, "")


@pytest.mark.parametrize(
    "wrong", [{"ids": []}, {"ids": "78"}, {"connection": ""}, {"kind": "x"}, {"store": "x"}, {"tries": "x"}, {"cause": "x"}, {"ids": None}]
)
def test_a_message_that_says_nothing_is_refused(wrong: dict) -> None:
    import json

    with pytest.raises(BadMessage):
        Change.from_message({**json.loads(change(Kind.ORDER, "7").to_message()), **wrong})
    with pytest.raises(BadMessage):
        Change.from_message([])


# -- prints


@pytest.mark.parametrize(("text", "number"), [("~", None), ("0", 0), ("-3", -3), ("12", 12)])
def test_a_count_prints_as_itself_and_unlimited_as_its_own_sign(text: str, number: int | None) -> None:
    assert prints.stock_number(text) == number
    assert prints.stock_text(number) == text


def test_only_a_count_is_read_as_one() -> None:
    with pytest.raises(ValueError):
        prints.stock_number("many")


@pytest.mark.parametrize(("value", "text"), [("49.990000", "49.99"), ("0.00", "0"), ("100", "100"), ("1E+3", "1000"), ("-0.50", "-0.5")])
def test_a_number_has_one_form(value: str, text: str) -> None:
    assert prints.number(Decimal(value)) == text


def test_prints_of_a_product() -> None:
    found = prints.of(PRODUCT)
    assert found["price:1"] == "10.5/12" and found["stock:2"] == "5"
    assert found["listing"].startswith("v:")
    assert set(found) == {f"{group}:{number}" for group in ("identity", "price", "stock") for number in "12"} | {
        "content",
        "listing",
        "media",
    }
    assert set(prints.of(PRODUCT, with_product=False)) == {name for name in found if ":" in name}
    assert {len(found[name]) for name in ("content", "media", "identity:1")} == {12}


SAME = [
    {"content": Content(" Mug\r\n", slug="other")},
    {"listing": Listing(categories=("1", "2", "3"))},
    {"variants": (replace(MUG, sku="MUG", price=Decimal("10.5"), name="x"), PRODUCT.variants[1])},
]
OTHER = [
    ({"content": Content("Mug", summary="x")}, "content"),
    ({"content": Content("Mug", meta_keywords="x")}, "content"),
    ({"listing": Listing(categories=("3", "1", "2"))}, "listing"),
    ({"listing": Listing(Visibility.DISABLED, ("1", "3", "2"))}, "listing"),
    ({"images": (Image("1", "u", "k"),)}, "media"),
    ({"variants": (replace(MUG, sku="mug"), PRODUCT.variants[1])}, "identity:1"),
    ({"variants": (replace(MUG, available=False), PRODUCT.variants[1])}, "identity:1"),
    ({"variants": (replace(MUG, compare_price=Decimal(0)), PRODUCT.variants[1])}, "price:1"),
    ({"variants": (replace(MUG, stock=None), PRODUCT.variants[1])}, "stock:1"),
]


@pytest.mark.parametrize("changed", SAME)
def test_what_is_no_change_prints_the_same(changed: dict) -> None:
    assert prints.of(replace(PRODUCT, **changed)) == prints.of(PRODUCT)


@pytest.mark.parametrize(("changed", "moved"), OTHER)
def test_what_changed_prints_otherwise_and_nothing_else_does(changed: dict, moved: str) -> None:
    before, after = prints.of(PRODUCT), prints.of(replace(PRODUCT, **changed))
    assert {name for name in before if before[name] != after[name]} == {moved}


@pytest.mark.parametrize(
    ("text", "found"), [("v:x", Visibility.VISIBLE), ("h:x", Visibility.HIDDEN), ("d:x", Visibility.DISABLED), ("x", None), ("", None)]
)
def test_a_listings_print_tells_whether_it_is_shown(text: str, found: Visibility | None) -> None:
    assert prints.visibility_of(text) is found


# -- fields


def test_fields_of_a_group_come_back_from_the_journal_as_they_were() -> None:
    moved = replace(
        PRODUCT,
        content=Content("Cup", "s", "d", "t", "k", "m", "mug"),
        listing=Listing(Visibility.HIDDEN, ("7",)),
        images=(Image("1", "u", "k"),),
    )
    for group in (Group.CONTENT, Group.LISTING):
        kept = fields.read(fields.text(fields.of_product(moved, group)))
        made = fields.product_with(PRODUCT, group, kept)
        assert fields.of_product(made, group) == fields.of_product(moved, group)
        assert fields.product_with(PRODUCT, group, {}) == PRODUCT
    assert fields.of_product(moved, Group.MEDIA) == {"images": ["u"]}
    for group in (Group.PRICE, Group.STOCK, Group.IDENTITY):
        other = Variant("1", "NEW", Decimal("0.10"), compare_price=Decimal("0.2"), stock=None, available=False)
        kept = fields.read(fields.text(fields.of_variant(other, group)))
        assert fields.of_variant(fields.variant_with(MUG, kept), group) == fields.of_variant(other, group)
    assert fields.text({"a": "ё", "b": 1}) == '{"a":"ё","b":1}'
    with pytest.raises(ValueError):
        fields.read("[]")


def test_one_variant_is_changed_and_the_others_stay() -> None:
    made = fields.product_variant_with(PRODUCT, "2", {"stock": 1, "price": "3"})
    assert made.variants == (MUG, replace(PRODUCT.variants[1], stock=1, price=Decimal(3)))
    assert fields.differing({"a": 1, "b": 2}, {"b": 2, "a": 3, "c": 4}) == ({"a": 1, "c": None}, {"a": 3, "c": 4})


# -- counts


@pytest.mark.parametrize(
    ("counts", "kept", "agreed", "total"),
    [
        ((4, 3), ("5", "5"), None, 2),
        ((4, 3), ("5", "6"), None, None),
        ((4, 3), ("5", "6"), 5, 1),
        ((0, 0), ("0", "0"), None, 0),
        ((1, 1), ("0", "0"), 0, 2),
        ((2, 0), ("0", "0"), None, 2),
        ((4, None), ("5", "5"), None, None),
        ((4, 3), ("~", "5"), None, None),
        ((4, 3), ("~", "~"), 5, None),
        ((1, 2), ("5", "5"), None, -2),
    ],
)
def test_movements_of_both_sides_are_added_up(counts: tuple, kept: tuple, agreed: int | None, total: int | None) -> None:
    assert stock.merged(dict(zip(StoreName, counts, strict=True)), dict(zip(StoreName, kept, strict=True)), agreed) == total


# -- people and lines


@pytest.mark.parametrize(
    ("phone", "key"),
    [("8 (900) 123-45-67", "79001234567"), ("+7 900 1234567", "79001234567"), ("800123", "800123"), ("", ""), ("89001234567 1", "890012345671")],
)  # fmt: skip
def test_a_phone_is_its_digits_dialled_from_outside(phone: str, key: str) -> None:
    assert Customer(phone=phone).phone_key == key


def test_an_address_is_there_when_a_parcel_could_find_it() -> None:
    assert not Address(firstname="Ivan", lastname="Petrov", phone="1", region_name="x")
    for field in ("street", "city", "zip", "region", "country"):
        assert Address(**{field: "x"})
    assert Customer(email=" Ivan@Example.COM ").email_key == "ivan@example.com"


def test_an_orders_parts_make_its_total_and_never_less_than_nothing() -> None:
    line = Line("1", "5", "50", "MUG", "Mug", Decimal("10.50"), 2)
    made = Order("7", "O", "RUB", (line,), Decimal(0), Decimal(3), Decimal(4), Decimal(2), Decimal("0.005"))
    assert (line.amount, made.subtotal, made.expected_total) == (Decimal("21.00"), Decimal("21.00"), Decimal("22.00"))
    assert replace(made, discount=Decimal(99)).expected_total == 0
    assert [replace(line, variant_id=one, sku=other).is_free_form for one, other in (("", ""), ("1", ""), ("", "x"))] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("one", "other"), [("ABC", "abc"), ("АВС", "ABC"), ("a  b", "A B"), (" x ", "X"), ("ｍｕｇ", "MUG"), ("№1", "No1")]
)
def test_skus_that_a_person_or_a_shop_could_take_for_one_have_one_key(one: str, other: str) -> None:
    assert sku_key(one) == sku_key(other)
    assert sku_key(one) != sku_key(other + "1")


def test_a_variant_is_found_by_its_id() -> None:
    assert PRODUCT.variant("2") is PRODUCT.variants[1]
    assert PRODUCT.variant("3") is None
    assert PRODUCT.with_variants(()).variants == ()
