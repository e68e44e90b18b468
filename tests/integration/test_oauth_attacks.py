"""Attacks on *Get token*, each by its name: the real function, the real client and two accounts over HTTP. None gets a token out or a foreign shop in."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from storesync import bootstrap
from storesync.domain.connection import Connection, WebasystSettings
from storesync.sync.authorisation import STATE_SECONDS, Authorisation, WebasystAccess
from storesync.webasyst import oauth
from storesync.webasyst import store as webasyst

from tests.fakes.state import MemoryState
from tests.sandbox.faults import Fault, Faults, Request
from tests.sandbox.httpd import Response, Server
from tests.sandbox.webasyst import WebasystSandbox

APP = Path(__file__).parents[2] / "functions" / "oauth_callback" / "app.py"
PUBLIC = "https://sync.example.net"


class Account:
    """A Webasyst account over HTTP, with all that it was asked."""

    def __init__(self, stack: ExitStack) -> None:
        self.sandbox, self.heard, self.faults = WebasystSandbox(), list[Request](), Faults()
        self.url = stack.enter_context(Server(self._answer, faults=self.faults)).url + "/"

    def _answer(self, request: Request) -> Response:
        self.heard.append(request)
        return self.sandbox.app(request)

    def code(self, address: str) -> str:
        """What its owner is sent back with after signing in and approving at this address."""
        browser = requests.Session()
        browser.post(address, data={"wa_auth_login": 1, "login": "admin", "password": "admin"}, timeout=10)
        browser.get(address, timeout=10)
        form = {"_csrf": browser.cookies.get("_csrf"), "approve": 1}
        back = browser.post(address, data=form, allow_redirects=False, timeout=10).headers["Location"]
        return parse_qs(urlsplit(back).query)["code"][0]

    @property
    def asked_for_tokens(self) -> int:
        return sum(request.path.endswith("/token") for request in self.heard)


@dataclass
class Browser:
    """Whoever sits before it: the cookie of their own start, and the address they were sent to the account with."""

    cookie: str = ""
    address: str = ""

    @property
    def state(self) -> str:
        return parse_qs(urlsplit(parse_qs(urlsplit(self.address).query)["redirect_uri"][0]).query)["state"][0]


class Scene:
    def __init__(self, stack: ExitStack) -> None:
        self.now = 1_800_000_000.0
        self.state = MemoryState(lambda: self.now)
        self.ours, self.foreign = Account(stack), Account(stack)
        self.connect("main", self.ours.url)
        access = WebasystAccess(oauth.authorize_url, functools.partial(oauth.exchange, allow_private=True), self._missing)
        state = self.state
        self.service = Authorisation(state.connections, state.one_time, state.secrets, access, PUBLIC, lambda _: None)
        spec = importlib.util.spec_from_file_location("oauth_callback_app", APP)
        assert spec and spec.loader
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.owner = self.begin()
        self.code = self.ours.code(self.owner.address)

    def _missing(self, connection: Connection, token: str) -> tuple[str, ...]:
        return webasyst.connect(connection.webasyst, token, allow_private=True).info().problems

    def connect(self, name: str, url: str, client_id: str = "") -> None:
        self.state.connections.save(Connection(name, webasyst=WebasystSettings(url=url, client_id=client_id)))

    def begin(self, connection: str = "main") -> Browser:
        start = self.service.start(connection)
        return Browser(start.cookie.partition(";")[0], start.url)

    def call(self, browser: Browser, headers: dict[str, str] | None = None, **query: str) -> dict[str, Any]:
        event = {"cookies": [browser.cookie] if browser.cookie else [], "headers": headers or {}, "queryStringParameters": query or None}
        return dict(self.module.handler(event, SimpleNamespace(aws_request_id="1", function_name="oauth_callback")))

    def foreign_address(self) -> str:
        """Where the attacker approves: the owner's own request, at the attacker's account."""
        return self.owner.address.replace(self.ours.url, self.foreign.url)

    def token(self, connection: str = "main") -> str:
        return self.state.secrets.get(connection, "webasyst_token")


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with ExitStack() as stack:
        found = Scene(stack)
        monkeypatch.setattr(bootstrap, "authorisation", lambda: found.service)
        yield found


def test_the_owner_gets_the_token_of_the_own_account(scene: Scene) -> None:
    answer = scene.call(scene.owner, state=scene.owner.state, code=scene.code)
    assert (answer["statusCode"], answer["headers"]["location"]) == (303, f"{PUBLIC}/console?connected=main")
    assert len(scene.token()) == 32
    assert "Max-Age=0" in answer["cookies"][0]


# -- attacks: each returns the answers that the attacker got


def a_callback_without_state(scene: Scene) -> list[dict[str, Any]]:
    return [scene.call(scene.owner, code=scene.code), scene.call(scene.owner)]


def an_invented_state(scene: Scene) -> list[dict[str, Any]]:
    return [scene.call(scene.owner, state=made, code=scene.code) for made in ("A" * 43, "", "../main", "' OR 1=1", "ä" * 43, "x" * 9_000)]


def login_csrf(scene: Scene) -> list[dict[str, Any]]:
    """The attacker begins, approves with the own account, and has the owner's browser open the way back."""
    attacker = scene.begin()
    code = scene.foreign.code(attacker.address.replace(scene.ours.url, scene.foreign.url))
    return [scene.call(replace(scene.owner), state=attacker.state, code=code)]


def a_stolen_way_back(scene: Scene) -> list[dict[str, Any]]:
    """The attacker read the owner's address, code and all, out of a log, and is quicker."""
    return [scene.call(thief, state=scene.owner.state, code=scene.code) for thief in (Browser(), scene.begin())]


def a_way_back_that_was_used(scene: Scene) -> list[dict[str, Any]]:
    scene.call(scene.owner, state=scene.owner.state, code=scene.code)
    scene.state.secrets.delete("main", "webasyst_token")
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.code) for _ in range(2)]


def a_second_try_with_the_same_state(scene: Scene) -> list[dict[str, Any]]:
    """Guessing codes: each guess costs a state."""
    return [scene.call(scene.owner, state=scene.owner.state, code=code) for code in ("0" * 32, scene.code)]


def a_way_back_after_ten_minutes(scene: Scene) -> list[dict[str, Any]]:
    scene.now += STATE_SECONDS + 1
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.code)]


def a_code_of_another_account(scene: Scene) -> list[dict[str, Any]]:
    """Code injection: only the account that was asked can redeem it, and it does not know this one."""
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.foreign.code(scene.foreign_address()))]


def a_code_of_another_client(scene: Scene) -> list[dict[str, Any]]:
    """Of the same account, but given to another application or connection."""
    scene.connect("other", scene.ours.url)
    other = scene.begin("other")
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.ours.code(other.address))]


def an_account_address_that_was_exchanged(scene: Scene) -> list[dict[str, Any]]:
    """Who can change the settings meanwhile must not receive the code."""
    found = scene.state.connections.get("main")
    scene.state.connections.save(replace(found, webasyst=replace(found.webasyst, url=scene.foreign.url)))
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.code)]


def a_client_id_that_was_exchanged(scene: Scene) -> list[dict[str, Any]]:
    found = scene.state.connections.get("main")
    scene.state.connections.save(replace(found, webasyst=replace(found.webasyst, client_id="f" * 32)))
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.code)]


def a_connection_that_is_gone(scene: Scene) -> list[dict[str, Any]]:
    scene.state.connections.delete("main")
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.code)]


def a_refusal_with_a_code_beside_it(scene: Scene) -> list[dict[str, Any]]:
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.code, error="access_denied")]


def parameters_twice(scene: Scene) -> list[dict[str, Any]]:
    """The gateway joins them with a comma."""
    other = scene.begin()
    return [
        scene.call(scene.owner, state=f"{scene.owner.state},{other.state}", code=scene.code),
        scene.call(scene.owner, state=scene.owner.state, code=f"{scene.code},{'0' * 32}"),
    ]


def a_code_that_is_none(scene: Scene) -> list[dict[str, Any]]:
    """Nothing of it may reach the account's address, a header or the page."""
    made = ("<script>alert(1)</script>", "a\r\nHost: evil.example", "x" * 9_000, "../revoke", "&client_id=evil", "")
    return [scene.call(each, state=each.state, code=code) for code in made if (each := scene.begin())]


def an_account_that_redirects_the_exchange(scene: Scene) -> list[dict[str, Any]]:
    """A code goes to the origin that it was asked from and is not carried on by it."""
    scene.ours.faults.add(Fault("redirect", "api.php/token", status=307, location=f"{scene.foreign.url}api.php/token", times=None))
    return [scene.call(scene.owner, state=scene.owner.state, code=scene.code)]


def a_narrower_scope(scene: Scene) -> list[dict[str, Any]]:
    """The owner was led to approve for another application of the account, which does not say so."""
    each = scene.begin()
    return [scene.call(each, state=each.state, code=scene.ours.code(each.address.replace("scope=shop", "scope=site")))]


ATTACKS = (
    a_callback_without_state, an_invented_state, login_csrf, a_stolen_way_back, a_way_back_that_was_used, a_second_try_with_the_same_state,
    a_way_back_after_ten_minutes, a_code_of_another_account, a_code_of_another_client, an_account_address_that_was_exchanged,
    a_client_id_that_was_exchanged, a_connection_that_is_gone, a_refusal_with_a_code_beside_it, parameters_twice, a_code_that_is_none,
    an_account_that_redirects_the_exchange, a_narrower_scope,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_fault_66_an_attack_on_the_way_to_a_token_gets_nothing(scene: Scene, attack: Any) -> None:
    before = scene.foreign.asked_for_tokens
    answers = attack(scene)
    assert {answer["statusCode"] for answer in answers} == {400}
    assert {scene.token(name) for name in ("main", "other")} == {""}
    assert scene.foreign.asked_for_tokens == before, "no code reaches another account"
    for answer in answers:
        assert "location" not in answer["headers"]
        assert not [word for word in (scene.code, "<script>alert", scene.owner.state) if word in answer["body"]]
        assert answer["headers"]["referrer-policy"] == "no-referrer" and answer["headers"]["cache-control"] == "no-store"


def test_there_are_at_least_fifteen_attacks() -> None:
    assert len(set(ATTACKS)) >= 15


def test_fault_66_of_two_ways_back_at_the_same_moment_one_counts(scene: Scene) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: scene.call(scene.owner, state=scene.owner.state, code=scene.code), range(4)))
    assert sorted(answer["statusCode"] for answer in answers) == [303, 400, 400, 400]


def test_fault_66_a_client_id_is_random_of_thirty_two_signs_and_of_one_connection(scene: Scene) -> None:
    scene.connect("long", scene.ours.url, "x" * 33)
    scene.connect("shared", scene.ours.url, "shared-by-everyone")
    ids = {parse_qs(urlsplit(scene.begin(name).address).query)["client_id"][0] for name in ("main", "long", "shared")}
    assert len(ids) == 3
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)


def test_the_token_and_the_code_travel_in_a_form_or_a_header_alone(scene: Scene) -> None:
    scene.call(scene.owner, state=scene.owner.state, code=scene.code)
    token = scene.token()
    webasyst.connect(scene.state.connections.get("main").webasyst, token, allow_private=True).info()
    oauth.revoke(scene.ours.url, token, allow_private=True)
    asked = scene.ours.heard
    assert not [request.route for request in asked if token in request.route or scene.code in request.route]
    assert any(token in request.headers.get("Authorization", "") for request in asked)
    assert any(token.encode() in request.body for request in asked), "only a form ends a token (W5)"


def test_a_forged_host_does_not_lead_the_owner_elsewhere(scene: Scene) -> None:
    forged = {
        "host": "evil.example",
        "x-forwarded-host": "evil.example",
        "forwarded": "host=evil.example",
        "origin": "https://evil.example",
    }
    answer = scene.call(scene.owner, forged, state=scene.owner.state, code=scene.code)
    assert answer["headers"]["location"].startswith(f"{PUBLIC}/console?")
    refused = scene.call(scene.owner, forged, state="x")
    assert "evil" not in str(refused)
