"""The mapping of one connection: rows, claims, the SKU index, orders, customers, and what is set aside."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from storesync.domain.links import Claim, ImageLink, OrderLink, Parked, Row
from storesync.domain.model import Record, StoreName
from storesync.errors import DuplicateSku, LeaseLost, TooLarge
from storesync.state.links import Links
from storesync.state.streams import HeldLease

from tests.contract.conftest import Remembered
from tests.contract.racing import race

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)


def claims(cscart: str, webasyst: str, product: str = "", counterpart: str = "") -> tuple[Claim, Claim]:
    product, counterpart = product or cscart, counterpart or webasyst
    return (
        Claim(CSCART, cscart, product, webasyst, counterpart, f"SKU-{cscart}"),
        Claim(WEBASYST, webasyst, counterpart, cscart, product, f"SKU-{cscart}"),
    )


def row(store: StoreName, row_id: str, counterpart: str = "", product_id: str = "", *, variant: str = "", version: int = 0) -> Row:
    variant = variant or row_id
    prints = {"content": "c" * 12, "media": "m" * 12, "listing": "l" * 12, f"price:{variant}": "49.99/0", f"stock:{variant}": "~"}
    return Row(store, row_id, product_id or row_id, counterpart, {variant: (counterpart, f"SKU-{variant}")}, prints, version=version)


def rows(cscart: str, webasyst: str) -> list[Row]:
    return [row(CSCART, cscart, webasyst), row(WEBASYST, webasyst, cscart)]


@pytest.fixture
def links(state: Remembered) -> Links:
    return state.links()


@pytest.fixture
def frozen(state: Remembered) -> Iterator[HeldLease]:
    """A lease whose holder froze: it ran out, and another worker has taken it."""
    with state.streams().lease("products", 30) as lease:
        state.clock.ahead = 31
        with state.streams().lease("products", 30):
            yield lease


# -- product rows


def test_a_row_comes_back_as_it_was_saved(links: Links) -> None:
    saved = [
        replace(row(CSCART, "17", "9"), prints={"content": "x", "price:17": "1/0", "price:gone": "2/0", "new-group": "n"}),
        replace(row(CSCART, "18", product_id="17"), parked="DuplicateSku@abc", variants={}),
        replace(row(CSCART, "a-7"), variants={"a-7": ("", "☕ 'SKU'")}),
    ]
    links.save(saved)
    assert links.rows(CSCART, ["17", "18", "a-7", "99"]) == {item.id: replace(item, version=1) for item in saved}
    assert links.rows(WEBASYST, ["17"]) == {}


def test_rows_are_found_the_same_near_and_far(links: Links) -> None:
    links.save([row(WEBASYST, str(number)) for number in (0, 1, 2, 9, 10, 11, 5_000_000)])
    assert sorted(links.rows(WEBASYST, ["0", "2", "10", "12"]), key=int) == ["0", "2", "10"]
    assert sorted(links.rows(WEBASYST, ["5000000", "2"]), key=int) == ["2", "5000000"]
    assert links.rows(WEBASYST, []) == {}


def test_a_range_is_in_the_order_of_numbers(links: Links) -> None:
    links.save([row(WEBASYST, str(number)) for number in (1, 2, 9, 10, 11, 100)])
    assert [found.id for found in links.range(WEBASYST, "", "")] == ["1", "2", "9", "10", "11", "100"]
    assert [found.id for found in links.range(WEBASYST, "2", "11")] == ["9", "10", "11"]
    assert [found.id for found in links.range(WEBASYST, "11", "")] == ["100"]


def test_a_sweep_reads_a_product_of_both_stores_for_a_twentieth_of_a_read_unit(links: Links, state: Remembered) -> None:
    links.save([found for number in range(40) for found in rows(str(100_000 + number), str(200_000 + number))])
    read = sum(_stored_bytes(item) for store in StoreName for item in state.table.query(f"{state.connection}#product#{store}"))
    assert read / 40 / 8192 <= 0.05


def _stored_bytes(item: Any) -> int:
    """As DynamoDB counts: names and values of attributes."""
    from storesync.state.items import encoded

    return len(f"pk{item.pk}sk{item.sk}d{encoded(item.data)}v".encode()) + 2


def test_a_row_is_saved_against_the_version_that_was_read(links: Links) -> None:
    links.save([row(CSCART, "1")])
    links.save([row(CSCART, "1", version=1)])
    for stale in (0, 1, 3):
        with pytest.raises(LeaseLost):
            links.save([row(CSCART, "2"), row(CSCART, "1", "lost", version=stale)])
    assert links.rows(CSCART, ["1", "2"]) == {"1": row(CSCART, "1", version=2)}


def test_a_row_too_large_to_be_kept_is_refused(links: Links) -> None:
    many = replace(row(CSCART, "1"), variants={str(number): ("", "x" * 250) for number in range(2_000)})
    with pytest.raises(TooLarge):
        links.save([row(CSCART, "2"), many])
    assert links.rows(CSCART, ["1", "2"]) == {}


def test_a_group_is_found_with_its_variations_whichever_came_first(links: Links) -> None:
    links.save([row(CSCART, "11", product_id="10")])
    links.save([row(CSCART, "10"), row(CSCART, "12", product_id="10"), row(CSCART, "20")])
    links.save([row(CSCART, "13", product_id="10")])
    links.save([row(CSCART, "12", product_id="10", version=1)])
    found = links.of_product(CSCART, ["10", "20", "30"])
    assert found["10"][0].id == "10"
    assert sorted(item.id for item in found["10"]) == ["10", "11", "12", "13"]
    assert [item.id for item in found["20"]] == ["20"]
    assert set(found) == {"10", "20"}


# -- claims


def test_both_ids_of_a_pair_are_claimed(links: Links) -> None:
    pair = claims("1", "7")
    links.link([pair], rows("1", "7"))
    assert links.claims(CSCART, ["1", "2"]) == {"1": pair[0]}
    assert links.claims(WEBASYST, ["7"]) == {"7": pair[1]}
    links.link([pair], [replace(item, version=1) for item in rows("1", "7")])


@pytest.mark.parametrize(("cscart", "webasyst"), [("1", "8"), ("2", "7")])
def test_an_id_of_another_pair_is_never_taken_over(links: Links, cscart: str, webasyst: str) -> None:
    links.link([claims("1", "7")], rows("1", "7"))
    with pytest.raises(DuplicateSku) as told:
        links.link([claims(cscart, webasyst)], rows(cscart, webasyst))
    assert told.value.data == {
        "store": CSCART if cscart == "1" else WEBASYST,
        "variant": "1" if cscart == "1" else "7",
        "sku": f"SKU-{cscart}",
    }
    assert links.claims(CSCART, ["1", "2"]).keys() == {"1"}
    assert links.claims(WEBASYST, ["7", "8"]).keys() == {"7"}


def test_of_two_workers_that_claim_one_id_for_different_pairs_one_is_refused(links: Links) -> None:
    for number in range(6):
        ours, first, second = str(number), str(100 + number), str(200 + number)
        results = race(
            lambda o=ours, w=first: links.link([claims(o, w)], [row(WEBASYST, w, o)]),
            lambda o=ours, w=second: links.link([claims(o, w)], [row(WEBASYST, w, o)]),
        )
        assert sorted(type(result).__name__ for result in results) == ["DuplicateSku", "NoneType"]
        kept = links.claims(CSCART, [ours])[ours].counterpart_variant
        assert links.claims(WEBASYST, [first, second]).keys() == {kept}
        assert links.rows(WEBASYST, [first, second]).keys() == {kept}


def test_one_refused_product_holds_up_no_other(links: Links) -> None:
    links.link([claims("3", "333")], [])
    wanted = [(str(number), str(50 + number)) for number in range(60)]
    with pytest.raises(DuplicateSku):
        links.link([claims(*ids) for ids in wanted], [item for ids in wanted for item in rows(*ids)])
    linked = links.rows(CSCART, [ours for ours, _ in wanted])
    assert linked.keys() == {ours for ours, _ in wanted} - {"3"}
    assert links.claims(WEBASYST, [theirs for _, theirs in wanted]).keys() == {theirs for _, theirs in wanted} - {"53"}


def test_a_product_of_two_hundred_variants_is_linked(links: Links) -> None:
    variants = [str(1_000 + number) for number in range(200)]
    theirs = Row(WEBASYST, "5", "5", "1000", {f"w{item}": (item, f"SKU-{item}") for item in variants})
    ours = [row(CSCART, item, "5", "1000") for item in variants]
    links.link([claims(item, f"w{item}", "1000", "5") for item in variants], [theirs, *ours])
    assert len(links.claims(CSCART, variants)) == len(links.claims(WEBASYST, [f"w{item}" for item in variants])) == 200
    assert len(links.of_product(CSCART, ["1000"])["1000"]) == 200
    assert len(links.rows(WEBASYST, ["5"])["5"].variants) == 200


def test_what_was_unlinked_can_be_paired_anew(links: Links) -> None:
    links.link([claims("1", "7"), claims("2", "8", "1", "7")], [row(CSCART, "1", "7"), row(CSCART, "2", "7", "1"), row(WEBASYST, "7", "1")])
    links.link([claims("5", "9")], rows("5", "9"))
    links.unlink(CSCART, "1")
    assert links.rows(CSCART, ["1", "2", "5"]).keys() == {"5"}
    assert links.rows(WEBASYST, ["7", "9"]).keys() == {"9"}
    links.link([claims("1", "8"), claims("3", "7")], rows("1", "8"))
    assert links.claims(CSCART, ["1"])["1"].counterpart_variant == "8"


def test_a_crash_between_the_parts_of_a_large_product_is_repaired_by_linking_again(memory: Remembered) -> None:
    links, variants = memory.links(), [str(1_000 + number) for number in range(120)]
    pairs = [claims(item, f"w{item}", "1000", "5") for item in variants]
    ours = [row(CSCART, item, "5", "1000") for item in variants]
    writes = 0

    def crash(moment: str) -> None:
        nonlocal writes
        writes += moment.startswith("before")
        if writes == 2:
            raise KeyboardInterrupt

    memory.table.writes.hook = crash
    with pytest.raises(KeyboardInterrupt):
        links.link(pairs, ours)
    memory.table.writes.hook = lambda _: None
    assert links.of_product(CSCART, ["1000"]) == {}, "no row says that it is linked before all of it is"
    links.link(pairs, ours)
    assert len(links.claims(CSCART, variants)) == len(links.of_product(CSCART, ["1000"])["1000"]) == 120


# -- fences


def test_fault_58_a_frozen_worker_writes_nothing(links: Links, frozen: HeldLease, state: Remembered) -> None:
    attempts: dict[str, Any] = {
        "save": lambda: links.save([row(CSCART, "1")], frozen),
        "link": lambda: links.link([claims("1", "7")], rows("1", "7"), frozen),
        "unlink": lambda: (links.save([row(CSCART, "4")]), links.unlink(CSCART, "4", frozen)),
        "index": lambda: links.index(CSCART, [Record("1", "1", (("1", "SKU"),))], frozen),
        "save_images": lambda: links.save_images("1", [ImageLink("d", "c", "w")], frozen),
        "intend": lambda: links.intend(WEBASYST, "SKU", frozen),
        "fulfil": lambda: links.fulfil(WEBASYST, ["SKU"], frozen),
        "save_order": lambda: links.save_order(OrderLink(CSCART, "1", "7"), frozen),
        "save_customer": lambda: links.save_customer(CSCART, "1", "7", frozen),
        "park": lambda: links.park(Parked("product", CSCART, "1", "NotKept", "", ""), frozen),
        "unpark": lambda: links.unpark("product", CSCART, "1", frozen),
        "save_cursor": lambda: state.streams().save_cursor("products:cscart", "x", frozen),
    }
    for name, attempt in attempts.items():
        with pytest.raises(LeaseLost):
            attempt()
            pytest.fail(name)
    assert (
        links.rows(CSCART, ["1"]) == links.claims(CSCART, ["1"]) == links.skus(CSCART, ["SKU"]) == links.intended(WEBASYST, ["SKU"]) == {}
    )
    assert links.rows(CSCART, ["4"]).keys() == {"4"}
    assert (links.images("1"), links.order(CSCART, "1"), links.customer(CSCART, "1"), list(links.parked())) == ((), None, "", [])
    assert state.streams().cursor("products:cscart") == ""


# -- the index of SKUs


def test_the_index_finds_what_is_spelt_alike(links: Links) -> None:
    links.index(CSCART, [Record("1", "1", (("1", " Tea-1 "), ("2", ""))), Record("3", "1", (("3", "TEA-1"),))])
    links.index(CSCART, [Record("4", "4", (("4", "tea-2"),))])
    found = links.skus(CSCART, ["tea-1", "TEA-2", "tea-3", " "])
    assert found == {"tea-1": (("Tea-1", "1", "1"), ("TEA-1", "1", "3")), "tea-2": (("tea-2", "4", "4"),)}
    assert list(links.duplicate_skus(CSCART)) == [("tea-1", found["tea-1"])]
    assert [folded for folded, _ in links.sku_index(CSCART)] == ["tea-1", "tea-2"]
    assert links.skus(WEBASYST, ["tea-1"]) == {}


def test_fault_31_any_sku_can_be_noted(links: Links) -> None:
    strange = ["a%b", "_", "+&/", 'it\'s "so"', "🦆" * 255, "ﬃ" * 255, "\ud83d half", "x#y", "Ⅷ\u0000"]
    links.index(WEBASYST, [Record(str(at), str(at), ((str(at), sku),)) for at, sku in enumerate(strange)])
    for at, sku in enumerate(strange):
        assert list(links.skus(WEBASYST, [sku]).values()) == [((sku, str(at), str(at)),)]
    assert len(list(links.duplicate_skus(WEBASYST))) == 0


def test_a_sku_that_all_products_share_does_not_outgrow_its_item(links: Links) -> None:
    for at in range(0, 900, 300):
        links.index(CSCART, [Record(str(number), str(number), ((str(number), "n/a"),)) for number in range(at, at + 300)])
    assert len(links.skus(CSCART, ["N/A"])["n/a"]) == 200
    assert [folded for folded, _ in links.duplicate_skus(CSCART)] == ["n/a"]


def test_workers_that_note_one_sku_at_once_lose_nothing(links: Links) -> None:
    race(*(lambda n=n: links.index(CSCART, [Record(str(n), str(n), ((str(n), f"T-{at}"),)) for at in range(3)]) for n in range(6)))
    for at in range(3):
        assert [product for _, product, _ in links.skus(CSCART, [f"t-{at}"])[f"t-{at}"]] == [str(n) for n in range(6)]


# -- images, intentions, customers


def test_images_are_kept_in_their_order(links: Links) -> None:
    images = (ImageLink("d2", "c2", "w2"), ImageLink("d1", "c1", "w1"))
    assert links.images("5") == ()
    links.save_images("5", images)
    assert links.images("5") == images


def test_a_creation_is_intended_once(links: Links, state: Remembered) -> None:
    before = datetime.fromtimestamp(state.clock(), UTC)
    assert links.intend(WEBASYST, "SKU 1") is None
    earlier = links.intend(WEBASYST, "SKU 1")
    assert earlier is not None and earlier >= before
    assert links.intended(WEBASYST, ["SKU 1", "SKU 2"]) == {"SKU 1": earlier}
    links.fulfil(WEBASYST, ["SKU 1", "SKU 1"])
    assert links.intended(WEBASYST, ["SKU 1"]) == {}


def test_of_two_that_intend_the_same_one_is_told(links: Links) -> None:
    results = race(*(lambda: links.intend(CSCART, "SKU") for _ in range(4)))
    assert sum(result is None for result in results) == 1
    assert len(set(results)) == 2


def test_a_customer_can_be_forgotten(links: Links) -> None:
    links.save_customer(CSCART, "7", "40")
    assert (links.customer(CSCART, "7"), links.customer(WEBASYST, "7")) == ("40", "")
    assert (links.erase_customer(CSCART, "7"), links.erase_customer(CSCART, "7")) == (True, False)
    assert links.customer(CSCART, "7") == ""


# -- orders


def test_an_order_is_found_by_either_id(links: Links) -> None:
    intended = links.save_order(OrderLink(CSCART, cscart_id="90", intended_at=AT))
    assert links.order(CSCART, "90") == intended == OrderLink(CSCART, "90", intended_at=AT, version=1)
    linked = links.save_order(replace(intended, webasyst_id="12", cscart_status="P", webasyst_print="x", intended_at=None))
    assert links.order(WEBASYST, "12") == links.order(CSCART, "90") == linked
    assert links.order(WEBASYST, "90") is None


def test_two_orders_with_one_number_are_two(links: Links) -> None:
    """Placed in the different stores, both called 5."""
    ours = links.save_order(OrderLink(CSCART, "5", "105"))
    theirs = links.save_order(OrderLink(WEBASYST, "205", "5"))
    assert (links.order(CSCART, "5"), links.order(WEBASYST, "5")) == (ours, theirs)
    assert (links.order(WEBASYST, "105"), links.order(CSCART, "205")) == (ours, theirs)


def test_the_id_of_a_mirrored_order_belongs_to_one_order(links: Links) -> None:
    links.save_order(OrderLink(CSCART, "1", "100"))
    with pytest.raises(LeaseLost):
        links.save_order(OrderLink(CSCART, "2", "100"))
    with pytest.raises(LeaseLost):
        links.save_order(OrderLink(WEBASYST, "", "100"))
    assert links.order(CSCART, "2") is None
    assert links.order(WEBASYST, "100") == OrderLink(CSCART, "1", "100", claimed=True, version=1)


def test_of_two_that_save_one_order_one_is_refused(links: Links) -> None:
    first = links.save_order(OrderLink(CSCART, "1"))
    results = race(*(lambda n=n: links.save_order(replace(first, webasyst_id=str(n))) for n in range(4)))
    winners = [result for result in results if isinstance(result, OrderLink)]
    assert len(winners) == 1
    assert sum(isinstance(result, LeaseLost) for result in results) == 3
    assert links.order(CSCART, "1") == winners[0]


# -- what is set aside


def test_what_is_set_aside_stays_until_it_is_taken_back(links: Links) -> None:
    first = Parked("product", CSCART, "1", "DuplicateSku", "", "Give each product its own SKU.", "Tea", AT)
    second = Parked("order", WEBASYST, "1", "TotalsDiffer", "off by 0.01", "")
    for parked in (first, second, replace(first, reason="NotKept")):
        links.park(parked)
    assert list(links.parked()) == [second, replace(first, reason="NotKept")]
    assert list(links.parked("order")) == [second]
    links.unpark("product", CSCART, "1")
    links.unpark("product", WEBASYST, "1")
    assert list(links.parked()) == [second]


def test_nothing_of_one_connection_is_seen_by_another(state: Remembered, links: Links) -> None:
    other = state.links(f"{state.connection}x")
    links.link([claims("1", "7")], rows("1", "7"))
    links.index(CSCART, [Record("1", "1", (("1", "SKU"),))])
    links.save_order(OrderLink(CSCART, "1", "7"))
    links.park(Parked("order", CSCART, "1", "x", "", ""))
    other.link([claims("1", "8")], rows("1", "8"))
    assert links.claims(CSCART, ["1"])["1"].counterpart_variant == "7"
    assert (other.skus(CSCART, ["SKU"]), other.order(CSCART, "1"), list(other.parked())) == ({}, None, [])
