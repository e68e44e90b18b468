"""The console with two connections whose records, runs and orders are called the same: each page and form keeps to its own."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from storesync.domain.changes import Cause
from storesync.domain.journal import Action, Entry, Exchange, Run
from storesync.domain.links import OrderLink, Parked
from storesync.domain.model import StoreName
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.sheets import Sheets
from storesync.state.streams import Streams
from storesync.state.tables import Table

from .conftest import SECRET, Site

MINE, THEIRS = "mine", "mine-2"  # one's name begins the other's
PAGES = (
    "", "/live", "/records?q=SAME", "/records?q=105", "/records/order/cscart/105", "/records/product/cscart/12", "/parked", "/requests", "/runs", "/runs/run1",
    "/why/product?subject=SAME", "/why/order?subject=105", "/why/product/json?subject=SAME", "/proofs", "/tables", "/settings", "/shops", "/setup",
)  # fmt: skip


@pytest.fixture(scope="module")
def session(site: Site) -> Iterator[requests.Session]:
    os.environ.update(AWS_ENDPOINT_URL=site.stack.aws_url, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    with requests.Session() as session:
        session.post(f"{site.url}/sign-in", data={"secret": SECRET}, headers={"sec-fetch-site": "same-origin"})
        for name in (MINE, THEIRS):
            session.post(f"{site.url}/connections", data={"name": name, "token": token(site, session)})
            filled(site, name)
        yield session


def token(site: Site, session: requests.Session) -> str:
    found = re.search(r'name="token" value="([^"]+)"', session.get(f"{site.url}/connections").text)
    assert found
    return found[1]


def tables(site: Site) -> tuple[Table, Table]:
    return Table(site.stack.physical("StateTable"), "eu-central-1"), Table(site.stack.physical("JournalTable"), "eu-central-1")


def sign(name: str) -> str:
    return f"sign-of-{name}-end"


def filled(site: Site, name: str) -> None:
    """The same names, numbers and ids in each, and a sign of its own in every text."""
    state, records = tables(site)
    now, links = datetime.now(UTC), Links(state, name)
    links.park(Parked("product", StoreName.CSCART, "12", "DuplicateSku", sign(name), "advice", sign(name), now))
    links.save_order(OrderLink(StoreName.CSCART, "105", f"9{len(name)}", cscart_status="P", webasyst_status="processing"))
    journal = Journal(records, name)
    for kind, subject, record in (("product", "SAME", "12"), ("order", "105", "105")):
        value = f'{{"price":"{sign(name)}"}}'
        journal.write(
            [
                Entry(
                    kind,
                    subject,
                    Action.WRITTEN,
                    StoreName.WEBASYST,
                    record,
                    "price",
                    new=value,
                    rule=sign(name),
                    cause=Cause.PULL,
                    run="run1",
                    at=now,
                )
            ]
        )
    journal.note(Exchange("cscart", "GET", f"/api/{sign(name)}", 200, 0.1, "", "", at=now))
    journal.flush()
    Streams(state, name).save_run(Run("run1", "products:cscart", now, outcome="failed", error=sign(name)))
    Sheets(state, name).save(
        "survey", {"at": now.isoformat(), "findings": [{"topic": "x", "weight": "stops", "text": sign(name), "data": {}}]}, 600
    )


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_one_connection_shows_nothing_of_another(site: Site, session: requests.Session, path: str) -> None:
    for name, other in ((MINE, THEIRS), (THEIRS, MINE)):
        answer = session.get(f"{site.url}/c/{name}{path}")
        assert answer.status_code == 200, path
        assert sign(other) not in answer.text
        if path in ("/parked", "/requests", "/why/product?subject=SAME", "/why/product/json?subject=SAME", "/why/order?subject=105"):
            assert sign(name) in answer.text


def test_a_form_of_one_connection_touches_nothing_of_another(site: Site, session: requests.Session) -> None:
    """Dismissed by a key that both have, and a run of the same name undone."""
    state, _ = tables(site)
    form = {"record": ["product#cscart#12"], "action": "dismiss", "token": token(site, session)}
    session.post(f"{site.url}/c/{MINE}/parked", data=form)
    assert list(Links(state, MINE).parked()) == []
    assert [item.label for item in Links(state, THEIRS).parked()] == [sign(THEIRS)]
    session.post(f"{site.url}/c/{MINE}/remove", data={"name": MINE, "token": token(site, session)})
    assert session.get(f"{site.url}/c/{MINE}").status_code == 404
    assert sign(THEIRS) in session.get(f"{site.url}/c/{THEIRS}/parked").text
    assert sign(THEIRS) in session.get(f"{site.url}/c/{THEIRS}/why/product?subject=SAME").text
    assert Links(state, THEIRS).order(StoreName.CSCART, "105") is not None
