"""What several containers tell each other: tries to sign in, what the worker found out, and that a store is down."""

from concurrent.futures import ThreadPoolExecutor

from storesync.domain.connection import Connection, MethodMap
from storesync.state.attempts import Attempts
from storesync.state.connections import PARTITION, encode
from storesync.state.items import Item
from storesync.state.outages import Outage
from storesync.state.sheets import Sheets

from tests.contract.conftest import Remembered


def test_tries_are_counted_over_all_containers_and_each_window_begins_anew(state: Remembered) -> None:
    source = state.connection
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: Attempts(state.table).spend(source, 86_400), range(12)))
    assert sorted(counts) == list(range(1, 13))
    assert Attempts(state.table).spend(f"{source}-other", 86_400) == 1
    state.clock.ahead += 86_400
    assert Attempts(state.table).spend(source, 86_400) == 1


def test_a_sheet_is_kept_until_its_time_is_over(state: Remembered) -> None:
    sheets = Sheets(state.table, state.connection)
    assert sheets.get("survey") == {}
    sheets.save("survey", {"findings": ["<script>", "ä", None]}, 60)
    sheets.save("survey", {"findings": ["<script>", "ä", None], "at": "now"}, 60)
    assert sheets.get("survey")["findings"] == ["<script>", "ä", None]
    assert Sheets(state.table, f"{state.connection}x").get("survey") == {}
    sheets.save("preview", {"both": 3}, 120)
    assert [list(one) for one in sheets.several("preview", "unheard-of", "survey")] == [["both"], [], ["findings", "at"]]
    state.clock.ahead += 61
    assert sheets.get("survey") == {}
    assert sheets.several("survey", "preview") == [{}, {"both": 3}]


def test_the_tables_of_methods_are_kept_and_a_connection_from_before_has_none(state: Remembered) -> None:
    known = Connection(state.connection, shippings=MethodMap({"1": "Courier"}, {"9": "1"}), payments=MethodMap({"2": "Card"}, {}))
    state.connections.save(known)
    kept = state.connections.get(known.id)
    assert (kept.shippings, kept.payments) == (known.shippings, known.payments)
    older = {name: value for name, value in encode(known).items() if name not in ("shippings", "payments")}
    state.table.put(Item(PARTITION, known.id, older))
    kept = state.connections.get(known.id)
    assert (kept.shippings, kept.payments) == (MethodMap(), MethodMap())


def test_of_several_that_would_try_a_store_one_may(state: Remembered) -> None:
    outages = [Outage(state.table, state.connection, "cscart") for _ in range(8)]
    assert not outages[0].known()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda one: one.claim(30), outages)) == 1
    assert outages[1].known()
    assert not Outage(state.table, state.connection, "webasyst").known()
    assert not Outage(state.table, f"{state.connection}x", "cscart").known()
    state.clock.ahead += 31
    assert not outages[1].known()
    assert outages[2].claim(30)
    outages[2].over()
    assert not outages[3].known()
    assert outages[3].claim(30)
