"""Connections with none, one and many records of every kind, named as badly as a shop can name them."""

import json
import os
from datetime import UTC, datetime, timedelta

from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.connection import Connection, CsCartSettings, StatusMap, WebasystSettings
from storesync.domain.exchange import Status
from storesync.domain.journal import Action, Entry, Exchange, Run
from storesync.domain.links import Claim, OrderLink, Parked, Row
from storesync.domain.model import Record, StoreName
from storesync.state.connections import Connections
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.sheets import Sheets
from storesync.state.streams import Streams
from storesync.state.tables import Table

from .site import Site

NASTY = "<script>document.title='owned'</script>\"'>&{{7*7}}"
NOW = datetime.now(UTC)
COUNTS = {"none": 0, "one": 1, "many": 40}


def seed_all(site: Site) -> None:
    os.environ.update(
        AWS_ENDPOINT_URL=site.stack.aws_url, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="eu-central-1"
    )
    for name, count in COUNTS.items():
        seed(site, name, count)


def seed(site: Site, name: str, count: int) -> None:
    """A connection with so many records of every kind, named as badly as a shop can name them."""
    state, records = Table(site.stack.physical("StateTable"), "eu-central-1"), Table(site.stack.physical("JournalTable"), "eu-central-1")
    ours, theirs = CsCartSettings(url="https://shop.example/", email="a@shop.example"), WebasystSettings(url="https://wa.example/")
    Connections(state).save(Connection(name, ours, theirs, statuses=StatusMap({"P": "process"}, {"processing": "P"})))
    links, streams, journal = Links(state, name), Streams(state, name), Journal(records, name)
    for number in range(1, count + 1):
        row, other = str(number), str(number + 1000)
        prints = {f"price:{row}": "10/0", f"stock:{row}": "3"}
        claims = (
            Claim(StoreName.CSCART, row, row, other, other, f"SKU-{row}"),
            Claim(StoreName.WEBASYST, other, other, row, row, f"SKU-{row}"),
        )
        rows = [
            Row(StoreName.CSCART, row, row, other, {row: (other, f"SKU-{row}")}, prints),
            Row(StoreName.WEBASYST, other, other, row, {other: (row, f"SKU-{row}")}, {f"price:{other}": "11/0", f"stock:{other}": "~"}),
        ]
        if number <= 4:
            links.link([claims], rows)
            links.save_order(OrderLink(StoreName.CSCART, row, other, "P", "processing"))
        kind = "product" if number % 2 else "order"
        links.park(Parked(kind, StoreName.CSCART, row, "DuplicateSku", NASTY, "Give each product its own SKU, then try again.", NASTY, NOW))
    links.index(StoreName.CSCART, [Record(str(one), str(one), ((str(one), f"SKU-{one}"),)) for one in range(1, count + 1)])
    journal.write([entry(number) for number in range(count)])
    for number in range(count):
        path, sent = f"products/{number + 1}?name={NASTY}", json.dumps({"product": NASTY})
        journal.note(
            Exchange("cscart", "PUT", path, 200 if number % 3 else 500, 0.2, sent, NASTY, "", NOW - timedelta(minutes=number), True)
        )
    journal.flush()
    for number in range(min(count, 30)):
        start = NOW - timedelta(minutes=40 * number + 2)
        run = Run(
            f"r{number}", "products:cscart", start, start + timedelta(seconds=20), "done", {"seen": 40, "changed": number % 7}, 40, 40
        )
        streams.save_run(run)
    if count > 1:
        streams.save_run(Run("live", "sweep:cscart", NOW - timedelta(seconds=30), None, "running", {"seen": 400}, 400, 1000))
        streams.save_run(Run("held", "products:webasyst", NOW - timedelta(seconds=50), NOW, "stopped", {"seen": 90}, error="GuardTripped"))
    if count == 1:
        streams.save_cursor("orders:webasyst", (NOW - timedelta(days=2)).isoformat())
    planned = {"written_webasyst": 3, "prices_up": 2, "writes": 200_000 * count, "mails": 5, "money": 700}
    streams.save_run(Run("plan", "preview", NOW - timedelta(days=3), NOW, "done", planned, 5, 5))
    streams.save_run(Run("part", "apply", NOW - timedelta(days=3), NOW, "stopped", {"writes": 9}, 5, 9, "budget writes 9 of 10"))
    streams.save_cursor("halted:products", "held" if count > 1 else "")
    streams.save_cursor(
        "halted:apply:part", Change(name, Kind.STREAM, StoreName.CSCART, ("apply", "plan", "9"), Cause.CONSOLE, "1").to_message()
    )
    sheets(Sheets(state, name), count)


def entry(number: int) -> Entry:
    action = Action.CONFLICT if number % 5 == 0 else Action.WRITTEN
    at = NOW - timedelta(minutes=number)
    return Entry(
        "product", f"SKU-{number % 3 + 1}", action, "webasyst", "1", "content", NASTY, NASTY * 20, "both changed", "pull", "r1", NASTY, at
    )


def sheets(kept: Sheets, count: int) -> None:
    """What the worker would have found out."""
    named = {str(one): NASTY + str(one) for one in range(count)}
    statuses = [Status("P", NASTY, "#ff0000", ("process",)), Status("O", "Open", "red;background:url(//evil)")][:count]
    found = {
        "at": NOW.isoformat(), "categories": {str(one): NASTY + str(one) for one in range(count)}, "companies": {"1": NASTY},
        "currencies": {"RUB": "1"}, "types": {}, "payments": named, "shippings": named, "stock_ids": ["1"],
        "statuses": [{"id": one.id, "name": one.name, "color": one.color, "actions": list(one.actions)} for one in statuses],
    }  # fmt: skip
    finding = {"topic": "statuses", "weight": "warns", "text": "Status table: no row for %(names)s. Orders in such a status are set aside."}
    kept.save(
        "proof:p1",
        {"id": "p1", "phase": "done", "agree": not count, "checked": 0, "orders": 0, "aside": 0, "differences": count, "sheets": 1},
        600,
    )
    if count:
        for store in StoreName:
            kept.save(f"shop:{store}", found, 600)
        kept.save("survey", {"at": NOW.isoformat(), "findings": [finding | {"data": {"names": NASTY}}] * min(count, 5)}, 600)
        kept.save("preview", {"at": NOW.isoformat(), "both": count, "only_cscart": 1, "only_webasyst": 0, "doubtful": 2}, 600)
        line = {"group": "content", "of": "", "field": "name", "cscart": NASTY, "webasyst": "other", "same": False}
        proof = {
            "id": "p1",
            "at": NOW.isoformat(),
            "agree": False,
            "checked": count,
            "orders": 3,
            "aside": 1,
            "differences": count,
            "parts": [["a", "b"]],
        }
        kept.save("proofs", {"proofs": [proof, {**proof, "id": "p0", "agree": True}][:count]}, 600)
        kept.save(
            "proof:p1:0",
            {"differences": [{"kind": "product", "subject": NASTY, "field": "name", "cscart": NASTY, "webasyst": "x"}] * count},
            600,
        )
        kept.save("takeover", {"phase": "done", "since": NOW.isoformat(), "pair_sheets": 1}, 600)
        pair = {"webasyst": "9", "evidence": ["number", "total"], "total": NASTY, "at": NOW.isoformat()}
        kept.save("takeover:pairs:0", {"pairs": [pair | {"cscart": str(one + 100), "certain": one % 2 > 0} for one in range(count)]}, 600)
        buyer = {**line, "group": "people", "field": "customer", "cscart": "", "webasyst": ""}
        kept.save("order:cscart:1", {"at": NOW.isoformat(), "here": {"cscart": True, "webasyst": True}, "lines": [buyer]}, 600)
        kept.save("product:cscart:1", {"at": NOW.isoformat(), "here": {"cscart": True, "webasyst": True}, "lines": [line] * count}, 600)
