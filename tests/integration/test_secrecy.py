"""After orders, edits, failures and refusals: no key, token or anything personal in a table, a log line, an error, a trace or an export.

What may hold personal data by design: the two shops, and in the state the connection's own login for CS-Cart. A customer is kept as two ids;
one without an account as a hash of the e-mail or phone. tests/integration/remains.py looks through all that a whole day leaves behind.
"""

import json
import logging
import traceback
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from storesync.domain import comparison
from storesync.domain.model import StoreName
from storesync.errors import SyncError
from storesync.state import portable

from tests.fakes.tables import MemoryTable
from tests.integration.order_scene import BUYER, Shops, open_shops

CSCART, WEBASYST = StoreName.CSCART, StoreName.WEBASYST
ADDRESS_WORDS = ("Анна", "Смирнова", "Ленина", "Казань", "420000", "домофон")
MAIL_AND_PHONE = ("smirnova@", "example.com", "900 000", "9000000001", "79000000001")


@pytest.fixture
def shops() -> Iterator[Shops]:
    yield from open_shops()


def stored(table: MemoryTable) -> Iterator[str]:
    for pk, items in table._partitions.items():
        for sk, item in items.items():
            yield f"{pk} {sk} {item.text} {item.owner} {sorted(item.members)}"


def everything(shops: Shops, log: str, errors: list[str]) -> dict[str, str]:
    """All that is left behind, by where. The request log is what both transports told it."""
    journal = shops.world.journal
    for exchange in shops.exchanges:
        journal.note(exchange)  # type: ignore[attr-defined]
    requests = "\n".join(map(repr, shops.exchanges))
    journal.flush()
    messages = "\n".join(change.to_message() for change in shops.state.queue.changes)
    tables = {"state": "\n".join(stored(shops.state.state)), "journal": "\n".join(stored(shops.state.records))}
    kept = "\n".join(map(repr, shops.state.journal().requests(None)))
    shown = {"why": why(shops), "csv": spreadsheet(shops), "export": "\n".join(portable.lines(shops.state.state, "main"))}
    texts = {"requests": requests, "kept requests": kept, "queue": messages, "log": log, "errors": "\n".join(errors)}
    return {**tables, **texts, **shown}


def why(shops: Shops) -> str:
    """What the console answers as JSON about the orders of the day."""
    entries = [entry for number in range(1, 4) for entry in shops.world.journal.history("order", str(number), 50)]
    return json.dumps([asdict(entry) for entry in entries], ensure_ascii=False, default=str)


def spreadsheet(shops: Shops) -> str:
    """The differences of orders that are not the same at all."""
    (ours,) = shops.world.stores[CSCART].orders(["1"])
    other = replace(ours, total=ours.total + 1, status="deleted", lines=())
    return comparison.as_csv(comparison.orders(shops.world.connection, ours, other))


def live_a_hard_day(shops: Shops, token: str) -> list[str]:
    """Returns every error and its trace, as a handler would log them."""
    errors: list[str] = []

    def hint(store: StoreName, order_id: str) -> None:
        try:
            shops.hint(store, order_id)
        except SyncError:
            errors.append(traceback.format_exc())

    first = shops.place({shops.product(): 2}, "Домофон 15, call +7 900 000-00-01 or Anna.Smirnova@Example.com")
    for kind in ("status", "reset", "html", "garbage", "truncate", "lose_answer"):
        shops.fail(WEBASYST, kind, "order|contact", times=2)
        hint(CSCART, first)
        shops.servers[WEBASYST].faults.clear()
        shops.clock.ahead += timedelta(seconds=40)
    hint(CSCART, first)
    shops.ours.call("PUT", f"orders/{first}", body={"status": "C"})
    hint(CSCART, first)
    second = shops.place({shops.product("0.99"): 1}, email="Other.Smirnova@Example.com")
    shops.fail(CSCART, "status", "orders", times=4)
    hint(CSCART, second)
    shops.servers[CSCART].faults.clear()
    hint(CSCART, "999999")
    shops.webasyst.revoke(token)
    hint(CSCART, second)
    shops.ours.call("PUT", f"orders/{first}", body={"notes": "Домофон 16", "s_address": "ул. Ленина, 7"})
    hint(CSCART, first)
    return errors


def test_fault_69_after_a_hard_day_nothing_secret_or_personal_is_left_anywhere(shops: Shops, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = shops.theirs.token
    errors = live_a_hard_day(shops, token)
    assert len(shops.mirrors("1")) == 1
    assert any("Unauthorised" in text for text in [*errors, *(parked.reason for parked in shops.world.links.parked())])
    shops.state.connections.save(shops.world.connection)
    left = everything(shops, caplog.text, errors)
    hidden = [shops.cscart.key, token, *ADDRESS_WORDS, *MAIL_AND_PHONE]
    assert BUYER["firstname"] in hidden
    shown = {where: word for where, text in left.items() for word in hidden if word.casefold() in text.casefold()}
    assert shown == {}
    assert "firstname" in left["requests"], "a reader still sees what was sent"
    assert all(left[where] for where in ("state", "journal", "requests", "kept requests", "errors", "why", "csv", "export"))
