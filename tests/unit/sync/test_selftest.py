"""What the self-test finds, shop by shop, and that every sentence of it can be read in both languages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from storesync.console import texts
from storesync.domain.connection import Connection, CsCartSettings, StatusMap, WebasystSettings
from storesync.domain.exchange import Status, StoreInfo
from storesync.domain.findings import Finding, Weight
from storesync.domain.model import StoreName
from storesync.sync.selftest import findings

OURS, THEIRS = StoreName.CSCART, StoreName.WEBASYST
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TABLE = StatusMap({"O": "", "P": "process"}, {"new": "O", "processing": "P"})
CONNECTION = Connection("main", CsCartSettings(currency="RUB"), WebasystSettings(currency="RUB"), statuses=TABLE)
INFOS = {
    OURS: StoreInfo(NOW, statuses=(Status("O", "Open"), Status("P", "Processed"))),
    THEIRS: StoreInfo(NOW, currencies={"RUB": Decimal(1)}, stock_counting="create", stock_ids=("1",)),
}


def found(connection: Connection = CONNECTION, infos: Any = INFOS, skus: Any = None) -> list[Finding]:
    def duplicates(store: StoreName) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
        yield from ((sku.casefold(), [(sku, "1", "1"), (sku, "2", "2")]) for sku in (skus or {}).get(store, ()))

    links: Any = SimpleNamespace(duplicate_skus=duplicates)
    told = findings(connection, infos, NOW, links)
    for one in told:
        assert all(value == str(value) for value in (one.text % one.data,)), "what is filled in is there"
        assert texts.catalogue("ru").gettext(one.text) != one.text, f"{one.text} can be read in Russian"
    return told


def topics(told: list[Finding], weight: Weight = Weight.FINE) -> list[str]:
    return [one.topic for one in told if one.weight is weight]


def only(told: list[Finding], topic: str, weight: Weight) -> Finding:
    (one,) = [item for item in told if (item.topic, item.weight) == (topic, weight)]
    return one


def changed(store: StoreName, **fields: Any) -> dict[StoreName, StoreInfo]:
    return INFOS | {store: replace(INFOS[store], **fields)}


def test_shops_that_are_in_order() -> None:
    told = found()
    assert topics(told) == ["rights", "clock", "rights", "clock", "currency", "stock", "statuses"]
    assert (topics(told, Weight.WARNS), topics(told, Weight.STOPS)) == (["notifications"], [])
    assert [one.data.get("shop") for one in told[:4]] == ["CS-Cart", "CS-Cart", "Webasyst", "Webasyst"]


def test_a_right_that_is_missing_stops_it_and_is_named() -> None:
    told = found(infos=changed(THEIRS, problems=("no orders", "no products")))
    assert [one.data for one in told if one.weight is Weight.STOPS] == [
        {"shop": "Webasyst", "problem": "no orders"}, {"shop": "Webasyst", "problem": "no products"},
    ]  # fmt: skip
    assert topics(told).count("rights") == 1


@pytest.mark.parametrize(("seconds", "told"), [(120, None), (-120, None), (121, "121"), (-121.4, "121"), (3600, "3600")])
def test_a_clock_that_is_off_is_told_in_seconds(seconds: float, told: str | None) -> None:
    result = found(infos=changed(OURS, now=NOW + timedelta(seconds=seconds)))
    if told is None:
        assert topics(result).count("clock") == 2
    else:
        assert only(result, "clock", Weight.WARNS).data == {"shop": "CS-Cart", "seconds": told}


@pytest.mark.parametrize(("ours", "theirs"), [("", "RUB"), ("RUB", ""), ("", "")])
def test_currencies_that_are_not_chosen_stop_it(ours: str, theirs: str) -> None:
    told = found(replace(CONNECTION, cscart=CsCartSettings(currency=ours), webasyst=WebasystSettings(currency=theirs)))
    assert only(told, "currency", Weight.STOPS).data == {}


def test_currencies_need_a_rate_and_have_to_be_there() -> None:
    dollars = replace(CONNECTION, webasyst=WebasystSettings(currency="USD"))
    assert only(found(dollars), "currency", Weight.STOPS).data == {"ours": "RUB", "theirs": "USD"}
    rated = replace(dollars, rates={"RUB>USD": Decimal("0.01")})
    assert only(found(rated), "currency", Weight.STOPS).data == {"theirs": "USD"}
    assert "currency" in topics(found(rated, changed(THEIRS, currencies={"USD": Decimal(1)})))
    assert "currency" in topics(found(rated, changed(THEIRS, currencies={})))
    assert "currency" in topics(found(infos={OURS: INFOS[OURS]}))


@pytest.mark.parametrize(
    ("count", "shown"), [(1, "S0"), (5, "S0, S1, S2, S3, S4"), (6, "S0, S1, S2, S3, S4 …"), (9, "S0, S1, S2, S3, S4 …")]
)
def test_skus_that_occur_twice_are_named_up_to_five(count: int, shown: str) -> None:
    told = found(skus={THEIRS: [f"S{at}" for at in range(count)]})
    assert only(told, "skus", Weight.WARNS).data == {"shop": "Webasyst", "skus": shown}


def test_how_webasyst_counts_stock_is_told() -> None:
    assert only(found(infos=changed(THEIRS, stock_ids=("1", "2"))), "stock", Weight.WARNS).data == {"count": "2"}
    chosen = replace(CONNECTION, webasyst=WebasystSettings(currency="RUB", stock_id="2"))
    assert topics(found(chosen, changed(THEIRS, stock_ids=("1", "2"))), Weight.WARNS) == ["notifications"]
    told = found(infos=changed(THEIRS, stock_counting="none"))
    assert topics(told, Weight.WARNS) == ["stock", "notifications"] and "stock" not in topics(told)
    assert "stock" not in topics(found(infos={OURS: INFOS[OURS]}))


def test_a_status_without_a_row_and_a_circle_are_told() -> None:
    more = changed(OURS, statuses=(*INFOS[OURS].statuses, Status("X", "Packed"), Status("Y", "Lost")))
    told = found(infos=more)
    assert only(told, "statuses", Weight.WARNS).data == {"names": "Packed, Lost"} and "statuses" not in topics(told)
    circle = replace(CONNECTION, statuses=StatusMap({"A": "process", "B": "ship"}, {"processing": "B", "shipped": "A"}))
    told = found(circle, {THEIRS: INFOS[THEIRS]})
    assert "A -> B -> A" in only(told, "statuses", Weight.STOPS).data["problem"] and "statuses" not in topics(told)
