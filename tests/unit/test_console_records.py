"""What a record's page and the list of conflicts tell."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from storesync.console import records
from storesync.domain.journal import Action, Entry
from storesync.domain.model import StoreName

AT = datetime(2026, 1, 2, tzinfo=UTC)


def entry(subject: str, group: str, action: Action, loser: str) -> Entry:
    return Entry("product", subject, action, StoreName.WEBASYST, "7", group, new="kept", loser=loser, at=AT)


def test_of_each_field_the_newest_conflict_is_listed_and_nothing_else() -> None:
    journal = [
        entry("A", "price", Action.CONFLICT, "newest"),
        entry("A", "stock", Action.WRITTEN, ""),
        entry("A", "price", Action.CONFLICT, "older"),
        entry("B", "price", Action.CONFLICT, "other"),
    ]
    world: Any = SimpleNamespace(journal=SimpleNamespace(recent=lambda limit, days: journal))
    assert [(one.subject, one.loser) for one in records.conflicts(world)] == [("A", "newest"), ("B", "other")]


@pytest.mark.parametrize(("status", "said"), [("P", "Processed (P)"), ("Z", "Z"), ("", "")])
def test_a_status_is_told_as_its_shop_calls_it(status: str, said: str) -> None:
    known: Any = {StoreName.CSCART: [{"id": "P", "name": "Processed"}], StoreName.WEBASYST: ()}
    assert records.status_name(known, "cscart", status) == said
