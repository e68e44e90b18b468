"""A connection's state taken out, put back in elsewhere, and deleted without a trace."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from storesync.domain.connection import Connection
from storesync.domain.journal import Action, Entry, Exchange, Run
from storesync.domain.links import Claim, ImageLink, OrderLink, Parked, Row
from storesync.domain.model import Record, StoreName
from storesync.errors import BadMessage, ConfigurationError, DuplicateSku, LeaseLost, UnknownConnection
from storesync.state import portable

from tests.contract.conftest import Remembered

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
AT = datetime(2026, 3, 1, tzinfo=UTC)
PAIR = (Claim(CSCART, "1", "1", "7", "70", "SKU"), Claim(WEBASYST, "7", "70", "1", "1", "SKU"))
ROWS = [Row(CSCART, "1", "1", "70", {"1": ("7", "SKU")}, {"content": "x"}), Row(CSCART, "2", "1", "70"), Row(WEBASYST, "70", "70", "1")]


def fill(state: Remembered) -> None:
    links, streams, journal = state.links(), state.streams(), state.journal()
    state.connections.save(Connection(state.connection, log_limit=7))
    links.link([PAIR], ROWS)
    links.index(CSCART, [Record("1", "1", (("1", "SKU"),))])
    links.save_images("1", [ImageLink("d", "c", "w")])
    links.save_order(OrderLink(CSCART, "5", "6"))
    links.save_customer(CSCART, "9", "3")
    links.park(Parked("order", CSCART, "5", "NotKept", "", ""))
    streams.save_cursor("orders:cscart", "x")
    streams.save_run(Run("r", "orders:cscart", AT))
    journal.write([Entry("order", "5", Action.CREATED, run="r"), Entry("order", "6", Action.CREATED, new="x" * 100_000)])
    journal.note(Exchange("cscart", "GET", "orders", 200, 0.1))
    journal.flush()


def seen(state: Remembered, connection: str) -> list[object]:
    links, streams = state.links(connection), type(state.streams())(state.table, connection)
    return [
        links.of_product(CSCART, ["1"]),
        links.rows(WEBASYST, ["70"]),
        links.claims(CSCART, ["1"]),
        links.skus(CSCART, ["SKU"]),
        links.images("1"),
        links.order(WEBASYST, "6"),
        links.customer(CSCART, "9"),
        list(links.parked()),
        streams.cursor("orders:cscart"),
        streams.runs(),
    ]


def test_everything_moves_to_another_name(state: Remembered) -> None:
    fill(state)
    documents = json.loads(json.dumps(list(portable.export(state.table, state.connection))))
    other = f"{state.connection}b"
    assert portable.load(state.table, other, documents) == len(documents)
    assert seen(state, other) == seen(state, state.connection)
    assert all(seen(state, other))
    assert state.connections.get(other) == replace(state.connections.get(state.connection), id=other)
    with pytest.raises(DuplicateSku):
        state.links(other).link([(replace(PAIR[0], counterpart_variant="8"), replace(PAIR[1], variant_id="8"))], [])
    with pytest.raises(LeaseLost):
        state.links(other).save([ROWS[0]])
    state.links(other).save([replace(ROWS[0], version=1)])


def test_an_export_holds_no_lease_and_no_journal(state: Remembered) -> None:
    fill(state)
    with state.streams().lease("products", 60):
        kinds = {document["kind"] for document in portable.export(state.table, state.connection)}
    assert kinds == {
        "",
        *(f"{kind}#{store}" for kind in ("product", "claim", "order") for store in StoreName),
        *("sku#cscart", "customer#cscart", "images", "parked", "cursor", "run"),
    }


def test_what_is_there_is_not_overwritten_and_what_is_no_export_not_taken(state: Remembered) -> None:
    fill(state)
    documents = list(portable.export(state.table, state.connection))
    for name in (state.connection, "a#b", ""):
        with pytest.raises(ConfigurationError):
            portable.load(state.table, name, documents)
    for wrong in (
        {},
        {**documents[1], "format": 2},
        {**documents[1], "kind": "lease"},
        {**documents[1], "kind": "x#y"},
        {**documents[1], "version": "a"},
    ):
        with pytest.raises(BadMessage):
            portable.load(state.table, f"{state.connection}b", [wrong])
    with pytest.raises(UnknownConnection):
        state.connections.get(f"{state.connection}b")


def test_a_connection_is_deleted_without_a_trace_and_the_others_stay(state: Remembered) -> None:
    fill(state)
    documents = list(portable.export(state.table, state.connection))
    other = f"{state.connection}b"
    portable.load(state.table, other, documents)
    with state.streams().lease("products", 60) as running:
        portable.forget(state.table, state.journal())
        with pytest.raises(LeaseLost):
            state.links().save([ROWS[0]], running)
    assert not any(seen(state, state.connection))
    assert all(seen(state, other))
    journal = state.journal()
    assert (journal.recent(), journal.history("order", "5"), list(journal.of_run("r")), journal.requests(), journal.used()) == (
        [],
        [],
        [],
        [],
        0,
    )
    assert list(portable.export(state.table, state.connection)) == []


def test_nothing_at_all_is_left_in_either_table(memory: Remembered) -> None:
    fill(memory)
    with memory.streams().lease("products", 60):
        pass
    portable.forget(memory.table, memory.journal())
    left = [pk for table in (memory.table, memory.records) for pk, items in table._partitions.items() if items]
    assert left == []
