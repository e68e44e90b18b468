"""What else is remembered of records: the index of SKUs, images, customers, orders, and what is set aside."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from storesync.domain.links import ImageLink, OrderLink, Parked
from storesync.domain.model import Record
from storesync.errors import LeaseLost
from storesync.state.links import Links

from tests.contract.conftest import Remembered
from tests.contract.racing import race
from tests.contract.rows import CSCART, WEBASYST, claims, rows

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)


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
    assert links.known_orders(CSCART, ["90", "12", "9"]) == {"90"}
    assert links.known_orders(WEBASYST, ["90", "12"]) == {"12"}
    assert links.known_orders(WEBASYST, []) == set()


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
