"""The mapping of one connection's products: rows, claims, and what a frozen worker cannot do to them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from storesync.domain.links import ImageLink, OrderLink, Parked, Row
from storesync.domain.model import Record, StoreName
from storesync.errors import DuplicateSku, LeaseLost, TooLarge
from storesync.state.links import Links
from storesync.state.streams import HeldLease

from tests.contract.conftest import Remembered
from tests.contract.racing import race
from tests.contract.rows import CSCART, WEBASYST, claims, row, rows


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


def test_fault_60_a_row_too_large_to_be_kept_is_refused(links: Links) -> None:
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
    assert links.rows(CSCART, ["1"]) == links.claims(CSCART, ["1"]) == links.skus(CSCART, ["SKU"]) == {}
    assert links.rows(CSCART, ["4"]).keys() == {"4"}
    assert (links.images("1"), links.order(CSCART, "1"), links.customer(CSCART, "1"), list(links.parked())) == ((), None, "", [])
    assert state.streams().cursor("products:cscart") == ""
