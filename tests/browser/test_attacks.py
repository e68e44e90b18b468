"""Attacks on the console, asked without a browser: forged forms, stolen and fixed sessions, and what shops or visitors may write into a page or a log."""

import base64
import functools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
import requests
from storesync.console.access import TRIES
from storesync.domain.journal import Action, Entry, Exchange
from storesync.domain.links import Parked
from storesync.domain.model import StoreName
from storesync.state.journal import Journal
from storesync.state.links import Links
from storesync.state.tables import Table

from .conftest import SECRET, Site

SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>\"' autofocus onfocus=alert(2) x='{{1234*5678}}"
OURS = {"sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def session(site: Site) -> Iterator[requests.Session]:
    patch = pytest.MonkeyPatch()
    for name, value in {"AWS_ENDPOINT_URL": site.stack.aws_url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        patch.setenv(name, value)
    with requests.Session() as session:
        assert session.post(f"{site.url}/sign-in", data={"secret": SECRET}, headers=OURS, timeout=20).status_code == 200
        session.post(f"{site.url}/connections", data={"name": "shop", "token": token(site, session)}, timeout=20)
        yield session
    patch.undo()


@functools.cache
def token(site: Site, session: requests.Session) -> str:
    found = re.search(r'name="token" value="([^"]+)"', session.get(f"{site.url}/connections", timeout=20).text)
    assert found
    return found[1]


def post(site: Site, path: str, data: object, cookies: dict[str, str] | None = None, **headers: str) -> requests.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(site.url + path, data=data, cookies=cookies, headers=sent, allow_redirects=False, timeout=20)


class Tags(HTMLParser):
    """What a browser would make of a page: its scripts, and the attributes that would be one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.active: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        ours = (given.get("src") or "").startswith("/console/static/")
        self.active += [tag] if tag in ("script", "img", "iframe") and not ours else []
        self.active += [name for name, value in attrs if name.startswith("on") or (value or "").lower().startswith("javascript:")]


# -- forms


def test_a_form_of_another_session_is_refused_though_it_is_the_owners_own(site: Site, session: requests.Session) -> None:
    other = requests.Session()
    other.post(f"{site.url}/sign-in", data={"secret": SECRET}, headers=OURS, timeout=20)
    foreign = {"name": "sneaky", "token": token(site, other)}
    assert session.post(f"{site.url}/connections", data=foreign, timeout=20).status_code == 403
    assert "sneaky" not in session.get(f"{site.url}/connections", timeout=20).text


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_a_body_of_another_kind_than_a_forms_does_nothing(site: Site, session: requests.Session, kind: str) -> None:
    body = json.dumps({"name": "sneaky", "token": token(site, session)})
    assert session.post(f"{site.url}/connections", data=body, headers={"content-type": kind}, timeout=20).status_code == 403


@pytest.mark.parametrize("path", ["/c/shop/remove", "/c/shop/disconnect", "/c/shop/letters", "/sign-out", "/c/shop/customer"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_action_answers_to_a_form_alone(site: Site, session: requests.Session, path: str, method: str) -> None:
    asked = f"{site.url}{path}?token={token(site, session)}&name=shop&_method=POST"
    answer = session.request(method, asked, headers={"x-http-method-override": "POST"}, timeout=20)
    assert answer.status_code in (403, 404, 405)


def test_after_all_of_them_the_connection_is_still_there(site: Site, session: requests.Session) -> None:
    assert session.get(f"{site.url}/c/shop", timeout=20).status_code == 200


BODIES = [b"\xff\xfe\x00", b"a=1&" * 20_001, b"%ff%fe=%c0", b"token=" + b"x" * 500_000, "ä=ö".encode("utf-16")]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("path", ["/connections", "/language"])
def test_a_body_that_is_no_form_is_refused_and_no_error_of_the_function(
    site: Site, session: requests.Session, path: str, body: bytes
) -> None:
    headers = {"content-type": "application/octet-stream"}
    assert requests.post(site.url + path, data=body, headers=headers, allow_redirects=False, timeout=20).status_code < 500
    assert session.post(site.url + path, data=body, headers=headers, allow_redirects=False, timeout=20).status_code == 403


# -- sessions


def test_a_session_that_was_put_into_the_browser_before_is_not_the_one_that_is_signed_in(site: Site, session: requests.Session) -> None:
    """Session fixation: with the attacker's own session, and with a made-up one."""
    attackers = session.cookies["storesync"]
    for fixed in (attackers, "made-up"):
        door = requests.get(f"{site.url}/sign-in", cookies={"storesync": fixed}, timeout=20).text
        form = door.partition('action="/console/sign-in"')[2].partition("</form>")[0]
        hidden = dict(re.findall(r'name="(token)" value="([^"]*)"', form))
        answer = post(site, "/sign-in", {**hidden, "secret": SECRET}, {"storesync": fixed}, sec_fetch_site="same-origin")
        assert answer.status_code == 303 and answer.cookies["storesync"] not in (fixed, "")
    assert requests.get(f"{site.url}/connections", cookies={"storesync": "made-up"}, allow_redirects=False, timeout=20).status_code == 303


@pytest.mark.parametrize("at", [0, 5, -5])
def test_a_session_with_one_sign_changed_is_none(site: Site, session: requests.Session, at: int) -> None:
    signs = list(session.cookies["storesync"])
    signs[at] = "A" if signs[at] != "A" else "B"
    answer = requests.get(f"{site.url}/c/shop", cookies={"storesync": "".join(signs)}, allow_redirects=False, timeout=20)
    assert answer.headers["location"] == "/console/sign-in"


def test_who_signs_in_from_another_site_is_refused(site: Site) -> None:
    """Login CSRF: the owner would work in the attacker's console."""
    assert post(site, "/sign-in", {"secret": SECRET}, sec_fetch_site="cross-site").status_code == 403
    assert post(site, "/sign-in", {"secret": SECRET}, origin="https://evil.example").status_code == 403


# -- what is written by others

PAGES = ("", "/records", "/parked", "/requests", "/runs", "/statuses", "/tables", "/proofs", "/settings", "/shops", "/setup")


@pytest.fixture(scope="module")
def spoilt(site: Site, session: requests.Session) -> None:
    """A shop whose names, errors and answers are all scripts."""
    state, records = (Table(site.stack.physical(name), "eu-central-1") for name in ("StateTable", "JournalTable"))
    Links(state, "shop").park(Parked("product", StoreName.CSCART, "7", SCRIPT, SCRIPT, SCRIPT, SCRIPT, datetime.now(UTC)))
    journal = Journal(records, "shop")
    entry = Entry("product", SCRIPT, Action.WRITTEN, "cscart", "7", "content", json.dumps({"name": SCRIPT}), json.dumps({"name": SCRIPT}))
    journal.write([entry, Entry("order", "105", Action.CONFLICT, "webasyst", "5", SCRIPT, SCRIPT, SCRIPT, SCRIPT, SCRIPT, "r", SCRIPT)])
    journal.note(
        Exchange("webasyst", "GET", f"/api.php/shop.product.search?x={SCRIPT}", 200, 0.1, SCRIPT, SCRIPT, SCRIPT, datetime.now(UTC))
    )
    journal.flush()


@pytest.mark.usefixtures("spoilt")
@pytest.mark.parametrize("path", PAGES)
def test_fault_68_a_stored_script_is_text_on_every_page(site: Site, session: requests.Session, path: str) -> None:
    answer = session.get(f"{site.url}/c/shop{path}", timeout=20)
    assert answer.status_code == 200
    assert Tags(answer.text).active == []
    assert "7006652" not in answer.text


@pytest.mark.usefixtures("spoilt")
def test_fault_68_the_script_was_there_to_be_shown(site: Site, session: requests.Session) -> None:
    shown = [path for path in PAGES if "&lt;script&gt;alert(" in session.get(f"{site.url}/c/shop{path}", timeout=20).text]
    assert {"/records", "/parked", "/requests"} <= set(shown)
    why = session.get(f"{site.url}/c/shop/why/product", params={"subject": SCRIPT}, timeout=20)
    assert "&lt;script&gt;alert(" in why.text and Tags(why.text).active == []
    as_json = session.get(f"{site.url}/c/shop/why/product/json", params={"subject": SCRIPT}, timeout=20)
    assert as_json.headers["content-type"] == "application/json" and as_json.headers["x-content-type-options"] == "nosniff"
    assert as_json.json()["subject"] == SCRIPT.strip()


ASKED = ["/c/shop/records?q=", "/c/shop/why/product?subject=", "/c/shop/why/product?field=", "/c/shop/requests?text=", "/c/shop/requests?before=",
         "/c/shop/parked?kind=", "/c/shop/requests?store=", "?connected=", "/c/", "/c/shop/records/product/cscart/", "/c/shop/proofs/", "/c/shop/runs/"]  # fmt: skip
WRITTEN = ["%3Cscript%3Ealert(1)%3C/script%3E", "%22%20onfocus=alert(1)%20x=%22", "%0d%0aset-cookie:%20x=1", "%00", "x" * 3_000, "..%2f..%2fapp", "{{1234*5678}}"]  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_fault_68_what_a_visitor_writes_into_an_address_is_text_and_no_header(site: Site, session: requests.Session, asked: str) -> None:
    for written in WRITTEN:
        answer = session.get(site.url + asked + written, allow_redirects=False, timeout=20)
        assert answer.status_code < 500, written
        assert Tags(answer.text).active == []
        assert "x" not in answer.cookies
        assert "{{1234*5678}}" in answer.text or "7006652" not in answer.text or written != "{{1234*5678}}"


BACK = ["/console\r\nset-cookie: x=1", "/console/\nx", "/console\\evil", "//evil.example", "/console@evil.example", "https://evil.example/console", "/consolet"]  # fmt: skip


@pytest.mark.parametrize("back", BACK)
def test_fault_68_the_way_back_is_a_page_of_ours_and_no_header(site: Site, back: str) -> None:
    answer = post(site, "/language", {"language": "ru", "back": back}, sec_fetch_site="same-origin")
    assert (answer.headers["location"], set(answer.cookies.keys())) == ("/console", {"storesync-language"})


@pytest.mark.parametrize(
    "name",
    ["../app.py", "..%2fapp.py", "%2e%2e/%2e%2e/app.py", "..%5capp.py", "....//app.py", "/etc/passwd", "%2fetc%2fpasswd", "app.js%00.css", "..;/app.py",
     "%252e%252e%252fapp.py"],
)  # fmt: skip
def test_fault_68_no_path_leads_out_of_the_static_files(site: Site, session: requests.Session, name: str) -> None:
    for folder in ("x/", ""):
        request = requests.Request("GET", f"{site.url}/static/{folder}", cookies=session.cookies).prepare()
        request.url = f"{site.url}/static/{folder}{name}"
        answer = session.send(request, allow_redirects=False, timeout=20)
        assert answer.status_code in (303, 404)
        assert "APIGatewayHttpResolver" not in answer.text and "root:" not in answer.text


@pytest.mark.usefixtures("spoilt")
def test_fault_68_a_log_has_one_object_a_line_whatever_was_sent(site: Site, session: requests.Session) -> None:
    forged = '\n{"level":"CRITICAL","message":"forged"}\r\n'
    post(site, "/sign-in", {"secret": forged}, user_agent="x", sec_fetch_site="same-origin")
    session.get(f"{site.url}/c/{requests.utils.quote(forged)}", timeout=20)
    session.get(f"{site.url}/c/shop/records", params={"q": forged}, timeout=20)
    webhook = f"{site.stack.api_url}/webhooks/shop/cscart/{requests.utils.quote(forged)}"
    requests.post(webhook, data=forged.encode(), headers={"webhook-id": base64.b64encode(forged.encode()).decode()}, timeout=20)
    requests.get(f"{site.stack.api_url}/oauth/callback", params={"state": forged, "error": forged, "code": forged}, timeout=20)
    lines = [line for path in (site.stack.state_dir / "logs").iterdir() for line in path.read_text().splitlines()]
    assert lines
    read = [json.loads(line) for line in lines]
    assert not [line for line in read if "forged" in json.dumps(line) or line.get("level") in ("ERROR", "CRITICAL")]


def test_ten_guesses_are_all_whatever_address_they_say_they_come_from(site: Site) -> None:
    """The last one here, as the door is shut afterwards. Only the gateway's word for the address counts."""
    answers = [
        post(site, "/sign-in", {"secret": f"guess {at}"}, x_forwarded_for=f"198.51.100.{at}", forwarded=f"for=198.51.100.{at}").status_code
        for at in range(TRIES + 3)
    ]
    assert answers[-1] == 429 and set(answers) == {403, 429}
    assert post(site, "/sign-in", {"secret": SECRET}, x_forwarded_for="192.0.2.1", sec_fetch_site="same-origin").status_code == 429
