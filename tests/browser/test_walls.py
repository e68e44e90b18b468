"""The door and the walls, asked without a browser: what no page and no form may let through."""

import os
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from storesync.domain.changes import Cause, Change, Kind
from storesync.domain.model import StoreName
from storesync.domain.orders import Customer
from storesync.state.links import Links
from storesync.state.tables import Table
from storesync.sync.customers import email_key

from .conftest import SECRET, Site

PROTECTED = ("", "/connections", "/c/none", "/c/none/settings", "/c/none/chart/lag.svg", "/c/none/why/product/json", "/nowhere")


@pytest.fixture(scope="module")
def session(site: Site) -> Iterator[requests.Session]:
    os.environ.update(AWS_ENDPOINT_URL=site.stack.aws_url, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test")
    with requests.Session() as session:
        answer = session.post(f"{site.url}/sign-in", data={"secret": SECRET}, headers={"sec-fetch-site": "same-origin"})
        assert answer.status_code == 200
        yield session


def token(site: Site, session: requests.Session) -> str:
    found = re.search(r'name="token" value="([^"]+)"', session.get(f"{site.url}/connections").text)
    assert found
    return found[1]


@pytest.mark.parametrize("path", PROTECTED)
def test_without_a_session_every_page_leads_to_the_door(site: Site, path: str) -> None:
    answer = requests.get(site.url + path, allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/console/sign-in")
    assert answer.text == ""


def test_without_a_session_no_form_does_anything(site: Site) -> None:
    answer = requests.post(f"{site.url}/connections", data={"name": "sneaky"}, allow_redirects=False, timeout=20)
    assert answer.status_code == 303
    assert requests.get(f"{site.url}/c/sneaky", allow_redirects=False, timeout=20).headers["location"] == "/console/sign-in"


def test_a_wrong_secret_is_told_and_the_field_stays_empty(site: Site) -> None:
    answer = requests.post(f"{site.url}/sign-in", data={"secret": "<b>guess"}, timeout=20)
    assert answer.status_code == 403
    assert "guess" not in answer.text
    assert "storesync=" not in answer.headers.get("set-cookie", "")


@pytest.mark.parametrize("path", ["/sign-in", "/connections", "/nowhere"])
def test_every_page_carries_its_walls(site: Site, session: requests.Session, path: str) -> None:
    answer = session.get(site.url + path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r"<script>|<style|\sstyle=|\son\w+=|javascript:", answer.text)


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    answer = requests.post(f"{site.url}/sign-in", data={"secret": SECRET}, allow_redirects=False, timeout=20)
    cookie = answer.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("given", ["", "forged"])
def test_a_form_without_its_token_is_refused(site: Site, session: requests.Session, given: str) -> None:
    answer = session.post(f"{site.url}/connections", data={"name": "sneaky", "token": given})
    assert answer.status_code == 403
    assert "sneaky" not in session.get(f"{site.url}/connections").text


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_a_form_of_another_site_is_refused_even_with_the_token(site: Site, session: requests.Session, headers: dict[str, str]) -> None:
    answer = session.post(f"{site.url}/connections", data={"name": "sneaky", "token": token(site, session)}, headers=headers)
    assert answer.status_code == 403
    assert "sneaky" not in session.get(f"{site.url}/connections").text


@pytest.mark.parametrize("name", ["", "console", "Ünicode", "a b", "../x", "a#b", "x" * 41])
def test_a_name_that_cannot_be_one_is_refused(site: Site, session: requests.Session, name: str) -> None:
    answer = session.post(f"{site.url}/connections", data={"name": name, "token": token(site, session)})
    assert answer.status_code == 422


def test_fault_68_the_language_leads_back_to_a_page_of_ours_and_nowhere_else(site: Site) -> None:
    for back, wanted in (
        ("/console/connections", "/console/connections"),
        ("https://evil.example/", "/console"),
        ("//evil.example", "/console"),
    ):
        answer = requests.post(f"{site.url}/language", data={"language": "ru", "back": back}, allow_redirects=False, timeout=20)
        assert answer.headers["location"] == wanted


def test_machines_read_the_health_with_their_own_token_only(site: Site, session: requests.Session) -> None:
    session.post(f"{site.url}/connections", data={"name": "watched", "token": token(site, session)})
    found = re.search(r"Bearer ([0-9a-f]{32})", session.get(f"{site.url}/c/watched/shops").text)
    assert found
    address = f"{site.url}/health/watched.json"
    assert requests.get(address, timeout=20).status_code == 401
    assert requests.get(address, headers={"authorization": "Bearer wrong"}, timeout=20).status_code == 401
    assert requests.get(f"{site.url}/health/elsewhere.json", headers={"authorization": f"Bearer {found[1]}"}, timeout=20).status_code == 401
    answer = requests.get(address, headers={"authorization": f"Bearer {found[1]}"}, timeout=20)
    assert answer.status_code == 200
    assert {"ok", "behind", "streams", "parked", "waiting", "dead_letters", "proof", "paused"} <= answer.json().keys()


def test_files_are_kept_by_browsers_under_an_address_of_their_content(site: Site) -> None:
    page = requests.get(f"{site.url}/sign-in", timeout=20).text
    for path in re.findall(r'(?:href|src)="(/console/static/[^"]+)"', page):
        answer = requests.get(site.stack.api_url + path, headers={"accept-encoding": "gzip"}, timeout=20)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert requests.get(f"{site.url}/static/x/..%2Fapp.py", timeout=20, allow_redirects=False).status_code in (303, 404)


def test_dead_letters_are_shown_sent_again_or_dismissed_and_none_is_lost(site: Site, session: requests.Session) -> None:
    session.post(f"{site.url}/connections", data={"name": "letters", "token": token(site, session)})
    change = Change("letters", Kind.ORDER, StoreName.CSCART, ("<b>105",), Cause.HOOK, "seen").to_message()
    foreign = Change("elsewhere", Kind.ORDER, StoreName.CSCART, ("7",), Cause.HOOK, "seen").to_message()
    for group, body in (("one", change), ("two", "not a change"), ("three", foreign)):
        url = site.stack.physical("ChangesDeadLetters")
        site.stack.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=group)
    page = session.get(f"{site.url}/c/letters/parked").text
    ids = re.findall(r'name="letter" value="([^"]+)"', page)
    assert len(ids) == 2
    assert "&lt;b&gt;105" in page
    assert "cannot be understood" in page
    form = {"letter": ids, "token": token(site, session)}
    session.post(f"{site.url}/c/letters/letters", data={**form, "action": "retry"})
    assert sorted(site.stack.dead_letters()) == sorted(["not a change", foreign])
    session.post(f"{site.url}/c/letters/letters", data={**form, "action": "dismiss"})
    assert site.stack.dead_letters() == [foreign]


def test_a_connection_goes_only_when_its_name_is_typed_and_nothing_of_it_stays(site: Site, session: requests.Session) -> None:
    session.post(f"{site.url}/connections", data={"name": "doomed", "token": token(site, session)})
    refused = session.post(f"{site.url}/c/doomed/remove", data={"name": "doomde", "token": token(site, session)})
    assert refused.status_code == 422
    done = session.post(f"{site.url}/c/doomed/remove", data={"name": "doomed", "token": token(site, session)})
    assert (done.status_code, "doomed" in done.text) == (200, False)
    assert session.get(f"{site.url}/c/doomed").status_code == 404
    names = [one["Name"] for one in site.stack.client("ssm").describe_parameters()["Parameters"]]
    assert not [name for name in names if "/doomed/" in name]


def test_a_customer_is_looked_up_exported_and_erased_by_email(site: Site, session: requests.Session) -> None:
    session.post(f"{site.url}/connections", data={"name": "buyers", "token": token(site, session)})
    links = Links(Table(site.stack.physical("StateTable"), "eu-central-1"), "buyers")
    world: Any = SimpleNamespace(connection=SimpleNamespace(id="buyers"), links=links)
    links.save_customer(StoreName.CSCART, email_key(world, Customer(email="Ann@Example.org")), "77")

    def asked(action: str) -> requests.Response:
        form = {"email": "ann@example.org", "action": action, "token": token(site, session)}
        return session.post(f"{site.url}/c/buyers/customer", data=form)

    assert "contact 77" in asked("").text
    links.save_customer(StoreName.WEBASYST, "77", "5")
    (known,) = asked("export").json()["links"]
    assert (known["webasyst_contact"], known["cscart_account"]) == ("77", "5")
    for number, said in (("7x", "Enter the number of a contact"), ("91", "goes to that contact")):
        form = {"email": "ann@example.org", "action": "follow", "contact": number, "token": token(site, session)}
        assert said in session.post(f"{site.url}/c/buyers/customer", data=form).text
    assert [links.customer(StoreName.CSCART, key) for key in ("user:5", email_key(world, Customer(email="ann@example.org")))] == [
        "91",
        "91",
    ]
    assert [links.customer(StoreName.WEBASYST, contact) for contact in ("91", "77")] == ["5", ""]
    assert "Erased" in asked("erase").text
    assert "Nothing is kept" in asked("").text
