"""A proof: which fields of two linked records differ, in words and in a spreadsheet."""

from dataclasses import replace
from decimal import Decimal

import pytest
from storesync.domain import comparison
from storesync.domain.comparison import Counterparts, Difference
from storesync.domain.connection import Connection, CsCartSettings, Policy, StatusMap, WebasystSettings
from storesync.domain.model import Content, Group, Image, Listing, Product, StoreName, Variant, Visibility
from storesync.domain.orders import Line, Order

CONNECTION = Connection(
    "main",
    CsCartSettings(currency="RUB"),
    WebasystSettings(currency="RUB"),
    categories={"1": "11", "2": "12"},
    statuses=StatusMap({"O": "", "P": "process", "C": "complete"}, {"new": "O", "processing": "P"}),
)
FITS = {store: lambda product: product for store in StoreName}


def variant(variant_id: str, sku: str = "MUG", price: str = "10", **fields) -> Variant:
    return Variant(variant_id, sku, Decimal(price), **{"stock": 5, **fields})


def product(product_id: str, *variants: Variant, **fields) -> Product:
    content = Content(**{"name": "Mug", "summary": "s", "description": "d", "meta_title": "t", **fields.pop("content", {})})
    listing = fields.pop("listing", Listing(categories=("1", "2") if product_id == "1" else ("11", "12")))
    return Product(product_id, content, listing, variants or (variant(product_id),), "RUB", **fields)


def found(ours: Product, theirs: Product, connection: Connection = CONNECTION, fits=FITS, **pair) -> list[Difference]:
    ids = {item.id: other.id for item, other in zip(ours.variants, theirs.variants, strict=True)}
    return comparison.products(connection, Counterparts(ours, theirs, **{"variants": ids, **pair}), fits)


def image(number: int) -> Image:
    return Image(str(number), f"https://shop.example.com/{number}.png", str(number))


def test_equal_products_do_not_differ() -> None:
    assert found(product("1"), product("11")) == []


@pytest.mark.parametrize(
    ("changed", "field", "ours", "theirs"),
    [
        ({"content": {"name": "Cup"}}, "name", "Mug", "Cup"),
        ({"content": {"summary": "x"}}, "summary", "s", "x"),
        ({"content": {"description": "x"}}, "description", "d", "x"),
        ({"content": {"meta_title": "x"}}, "meta_title", "t", "x"),
        ({"content": {"meta_keywords": "x"}}, "meta_keywords", "", "x"),
        ({"content": {"meta_description": "x"}}, "meta_description", "", "x"),
        ({"listing": Listing(Visibility.HIDDEN, ("11", "12"))}, "visibility", "visible", "hidden"),
        ({"listing": Listing(categories=("12",))}, "categories", "1 2", "12"),
        ({"images": (image(1), image(2))}, "images", "0", "2"),
    ],
)
def test_each_shared_field_is_named_with_both_values(changed: dict, field: str, ours: str, theirs: str) -> None:
    assert found(product("1"), product("11", **changed)) == [Difference("product", "MUG", field, ours, theirs)]


@pytest.mark.parametrize(
    ("changed", "field", "ours", "theirs"),
    [
        ({"sku": "CUP"}, "sku", "MUG", "CUP"),
        ({"price": "11.50"}, "price", "10", "11.5"),
        ({"compare_price": Decimal(12)}, "compare_price", "0", "12"),
        ({"stock": 4}, "stock", "5", "4"),
        ({"stock": None}, "stock", "5", "~"),
    ],
)
def test_each_field_of_a_variant_is_named_with_both_values(changed: dict, field: str, ours: str, theirs: str) -> None:
    assert found(product("1", variant("1", " MUG ")), product("11", variant("11", **changed))) == [
        Difference("product", "MUG", field, ours, theirs)
    ]


def test_whether_a_variant_can_be_had_counts_only_where_both_shops_can_say_it() -> None:
    two = (variant("1", "A"), variant("2", "B"))
    there = (variant("11", "A"), variant("12", "B", available=False))
    assert found(product("1", *two), product("11", *there)) == [Difference("product", "B", "available", "True", "False")]
    assert found(product("1", two[1]), product("11", there[1])) == []
    alone = comparison.products(CONNECTION, Counterparts(product("1", *two), product("11", there[1]), {"2": "12"}, whole=False), FITS)
    assert alone == []


def test_a_shop_that_would_keep_the_others_value_as_its_own_agrees() -> None:
    """Webasyst rounds to whole units here, CS-Cart keeps what it gets: only one of the two has to fit."""

    def rounded(item: Product) -> Product:
        return item.with_variants(tuple(replace(one, price=one.price.quantize(Decimal(1))) for one in item.variants))

    assert found(product("1", variant("1", price="10.4")), product("11"), fits=FITS | {StoreName.WEBASYST: rounded}) == []
    assert found(product("1"), product("11", variant("11", price="10.4")), fits=FITS | {StoreName.CSCART: rounded}) == []
    assert found(product("1", variant("1", price="10.4")), product("11"), fits=FITS | {StoreName.CSCART: rounded}) != []


def test_what_only_the_other_shop_has_is_no_difference() -> None:
    """Categories that the table does not speak of stay, and so does the currency of the counterpart's prices."""
    theirs = product("11", listing=Listing(categories=("11", "12", "99")))
    assert found(product("1"), theirs) == []
    dollars = replace(product("11", variant("11", price="1")), currency="USD")
    converted = replace(CONNECTION, rates={"USD>RUB": Decimal(10), "RUB>USD": Decimal("0.1")})
    assert found(product("1"), dollars, converted) == []
    assert found(replace(product("1", variant("1", price="1")), currency="USD"), product("11"), converted) == []


@pytest.mark.parametrize("spoilt", list(StoreName))
def test_each_way_round_alone_is_enough_to_agree(spoilt: StoreName) -> None:
    """One store would keep nothing of the other's; what the counterpart has and the table does not speak of stays in the words of either."""
    fits = FITS | {spoilt: lambda item: replace(item, content=Content("x"), listing=Listing(Visibility.DISABLED), variants=broken(item))}
    assert found(product("1"), product("11", listing=Listing(categories=("11", "12", "99"))), fits=fits) == []
    assert found(product("1", listing=Listing(categories=("1", "2", "9"))), product("11"), fits=fits) == []


def broken(item: Product) -> tuple[Variant, ...]:
    return tuple(replace(one, sku="x", price=Decimal(99), compare_price=Decimal(99), stock=99) for one in item.variants)


def test_groups_that_are_off_do_not_count() -> None:
    off = replace(CONNECTION, policies={Group.PRICE: Policy.OFF})
    ours, theirs = product("1", variant("1", price="9")), product("11", content={"name": "Cup"})
    assert [one.field for one in found(ours, theirs, off)] == ["name"]


def test_of_products_that_are_cut_differently_only_the_variants_count_and_a_missing_one_is_passed_over() -> None:
    ours = product("1", variant("1", "A"), variant("2", "B", price="9"), content={"name": "Cup"})
    theirs = product("11", variant("11", "A"), variant("12", "B"))
    assert [(one.subject, one.field) for one in found(ours, theirs, whole=False)] == [("B", "price")]
    for gone in ({"7": "11", "2": "12"}, {"1": "77", "2": "12"}):
        assert [(one.subject, one.field) for one in found(ours, theirs, whole=False, variants=gone)] == [("B", "price")]


def test_a_digest_moves_with_every_compared_field_of_either_side() -> None:
    ours, theirs = product("1"), product("11")
    changed = (
        replace(ours, content=replace(ours.content, summary="x")),
        product("1", variant("1", price="9")),
        product("1", variant("1", stock=None)),
        product("1", variant("1"), variant("2", "B")),
        product("1", listing=Listing(categories=("1",))),
        product("1", images=(image(1),)),
    )
    pairs = [(ours, theirs), (theirs, ours), *((one, theirs) for one in changed), *((ours, replace(one, id="11")) for one in changed)]
    digests = [comparison.digest([comparison.value_of(Counterparts(*pair, {}))]) for pair in pairs]
    assert len(set(digests)) == len(pairs)
    assert {len(one) for one in digests} == {24}
    again = [comparison.value_of(Counterparts(*pair, {})) for pair in pairs[:2]]
    assert comparison.digest(again) == comparison.digest(again) != comparison.digest(again[::-1])


def test_only_a_product_of_several_variants_tells_whether_one_of_them_can_be_had() -> None:
    def value(*variants: Variant) -> tuple:
        return comparison.value_of(Counterparts(product("1", *variants), product("11"), {}))

    assert value(variant("1")) == value(variant("1", available=False))
    two = (variant("1"), variant("2", "B"))
    assert value(*two) != value(two[0], replace(two[1], available=False))


# -- orders


def order(order_id: str = "105", status: str = "O", *lines: Line, **fields) -> Order:
    made = lines or (line("MUG", 2), line("CUP", 1))
    return Order(order_id, status, "RUB", made, **{"total": Decimal("30.00"), "shipping": Decimal(5), **fields})


def line(sku: str, quantity: int, price: str = "10") -> Line:
    return Line("", "", sku and "7", sku, sku, Decimal(price), quantity)


def test_orders_that_agree_do_not_differ_however_the_lines_are_cut() -> None:
    cut = (line("CUP", 1), line(" MUG", 1), line("", 1), line("MUG", 1))
    assert comparison.orders(CONNECTION, order(), order("9", "new", *cut)) == []


@pytest.mark.parametrize(
    ("changed", "field", "ours", "theirs"),
    [
        ({"total": Decimal("30.01")}, "total", "30.00", "30.01"),
        ({"shipping": Decimal("4.99")}, "shipping", "5.00", "4.99"),
    ],
)
def test_money_that_is_a_cent_off_is_told(changed: dict, field: str, ours: str, theirs: str) -> None:
    assert comparison.orders(CONNECTION, order(), order("9", "new", **changed)) == [Difference("order", "105", field, ours, theirs)]


def test_lines_and_statuses_that_differ_are_told() -> None:
    there = order("9", "processing", line("MUG", 3))
    assert comparison.orders(CONNECTION, order(), there) == [
        Difference("order", "105", "lines", "CUP x1; MUG x2", "MUG x3"),
        Difference("order", "105", "status", "O", "processing"),
    ]


@pytest.mark.parametrize(("letter", "state", "agrees"), [("P", "processing", True), ("C", "completed", True), ("P", "new", False)])
def test_statuses_agree_by_the_table(letter: str, state: str, agrees: bool) -> None:
    assert (comparison.orders(CONNECTION, order(status=letter), order("9", state)) == []) is agrees


def test_a_letter_that_the_table_does_not_name_is_no_difference() -> None:
    assert comparison.orders(CONNECTION, order(status="X"), order("9", "new")) == []


# -- the spreadsheet

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\n=1",
    " =1",
    "\r=1",
    "\x00=1",
    "=",
    "-",
    "--1.2.3",
    "+",
    "-1-",
    "-X5",
]


@pytest.mark.parametrize("value", FORMULAS)
def test_fault_68_a_formula_in_the_spreadsheet_is_text(value: str) -> None:
    import csv
    import io

    made = comparison.as_csv([Difference("product", value, "name", value, "x")])
    head, row = list(csv.reader(io.StringIO(made)))
    assert head == ["record", "name", "field", "CS-Cart", "Webasyst"]
    assert row[1] == row[3] and row[1].startswith("'")
    assert row[0::2] == ["product", "name", "x"]
    assert "\x00" not in made


@pytest.mark.parametrize("value", ["-5", "-5.25", "5", "0.1", "A=1", "a\nb", "a\tb", "X", "", "'"])
def test_numbers_and_plain_words_stay_as_they_are_in_the_spreadsheet(value: str) -> None:
    assert comparison._harmless(value) == value


def test_control_characters_are_left_out_of_the_spreadsheet() -> None:
    assert comparison._harmless("a\x1b[2J\x07b\u202e") == "a[2Jb"
