"""Every way in which someone could get a foreign account connected, or a token out."""

from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from storesync.console import texts
from storesync.domain.connection import Connection, WebasystSettings
from storesync.errors import ConfigurationError, Forbidden, Rejected, UnknownConnection, Unreachable
from storesync.sync.authorisation import STATE_SECONDS, Authorisation, WebasystAccess
from storesync.sync.landing import Landing, Reason, landing

ACCOUNT = "https://shop.example.com/"
CODE = "0123456789abcdef0123456789abcdef"


@dataclass
class Connections:
    kept: dict[str, Connection] = field(default_factory=dict)

    def get(self, connection: str) -> Connection:
        if connection not in self.kept:
            raise UnknownConnection("no such connection")
        return self.kept[connection]

    def save(self, connection: Connection) -> None:
        self.kept[connection.id] = connection


@dataclass
class States:
    now: float = 0.0
    kept: dict[str, tuple[str, float]] = field(default_factory=dict)

    def put(self, state: str, value: str, seconds: int) -> None:
        self.kept[state] = (value, self.now + seconds)

    def take(self, state: str) -> str | None:
        value, until = self.kept.pop(state, ("", -1.0))
        return value if self.now < until else None


@dataclass
class Account:
    """The account's side: which code belongs to which client, and what the approving user may do."""

    codes: dict[tuple[str, str, str], str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)
    failure: Exception | None = None
    probe_failure: Exception | None = None

    def authorize_url(self, account: str, client_id: str, redirect: str) -> str:
        from urllib.parse import urlencode

        return f"{account}api.php/auth?{urlencode({'client_id': client_id, 'redirect_uri': redirect})}"

    def exchange(self, account: str, client_id: str, code: str) -> str:
        self.asked.append(account)
        if self.failure:
            raise self.failure
        try:
            return self.codes[account, client_id, code]
        except KeyError:
            raise Rejected("refused", code="invalid_grant") from None

    def probe(self, connection: Connection, token: str) -> tuple[str, ...]:
        if self.probe_failure:
            raise self.probe_failure
        return self.missing


class Secrets(dict[tuple[str, str], str]):
    def put(self, connection: str, name: str, value: str) -> None:
        self[connection, name] = value


class Owner:
    """An owner with a browser, who begins at the console and comes back from the account."""

    def __init__(self, public_url: str = "https://api.example.net") -> None:
        self.connections, self.states, self.account, self.secrets = Connections(), States(), Account(), Secrets()
        self.connections.save(Connection("main", webasyst=WebasystSettings(url=ACCOUNT)))
        access = WebasystAccess(self.account.authorize_url, self.account.exchange, self.account.probe)
        self.connected: list[Connection] = []
        self.service = Authorisation(self.connections, self.states, self.secrets, access, public_url, self.connected.append)
        self.cookies: dict[str, str] = {}
        self.redirect = self.client_id = ""

    def begin(self, connection: str = "main") -> "Owner":
        start = self.service.start(connection)
        name, _, rest = start.cookie.partition("=")
        self.cookies = {name: rest.partition(";")[0]}
        asked = parse_qs(urlsplit(start.url).query)
        self.redirect, self.client_id = asked["redirect_uri"][0], asked["client_id"][0]
        self.account.codes[ACCOUNT, self.client_id, CODE] = "a" * 32
        return self

    def come_back(self, **changed: str) -> Landing:
        state = parse_qs(urlsplit(self.redirect).query)["state"][0]
        query = {"state": state, "code": CODE} | changed
        return self.service.complete({name: value for name, value in query.items() if value != "-"}, self.cookies)


@pytest.fixture
def owner() -> Owner:
    return Owner().begin()


def refused(owner: Owner, landing: Landing, reason: Reason) -> None:
    assert landing.reason is reason
    assert not landing.redirect
    assert owner.secrets == {}
    assert len(owner.connected) <= 1


def test_an_owner_who_approves_is_connected_and_led_to_the_console(owner: Owner) -> None:
    done = owner.come_back()
    assert done.redirect == "https://api.example.net/console?connected=main"
    assert owner.secrets == {("main", "webasyst_token"): "a" * 32}
    assert "Max-Age=0" in done.forget
    assert [connection.id for connection in owner.connected] == ["main"]


def test_fault_66_a_return_without_state_is_refused(owner: Owner) -> None:
    refused(owner, owner.come_back(state="-"), Reason.EXPIRED)


def test_fault_66_an_invented_state_is_refused(owner: Owner) -> None:
    refused(owner, owner.come_back(state="A" * 43), Reason.EXPIRED)


@pytest.mark.parametrize("state", ["", "'; drop", "x" * 5000, "../../main", "ä" * 43])
def test_a_malformed_state_never_reaches_the_table(owner: Owner, state: str) -> None:
    refused(owner, owner.come_back(state=state), Reason.EXPIRED)
    assert len(owner.states.kept) == 1


def test_fault_66_the_state_of_another_browser_is_refused_as_with_a_forged_link(owner: Owner) -> None:
    victim = dict(owner.cookies)
    owner.begin()
    owner.cookies = victim
    refused(owner, owner.come_back(), Reason.FOREIGN)


def test_a_return_without_the_cookie_is_refused(owner: Owner) -> None:
    owner.cookies = {}
    refused(owner, owner.come_back(), Reason.FOREIGN)


def test_fault_66_a_state_works_once(owner: Owner) -> None:
    owner.come_back()
    owner.secrets.clear()
    refused(owner, owner.come_back(), Reason.EXPIRED)


def test_a_refused_try_uses_the_state_up(owner: Owner) -> None:
    cookies, owner.cookies = owner.cookies, {}
    owner.come_back()
    owner.cookies = cookies
    refused(owner, owner.come_back(), Reason.EXPIRED)


def test_a_state_ends_after_ten_minutes(owner: Owner) -> None:
    owner.states.now += STATE_SECONDS
    refused(owner, owner.come_back(), Reason.EXPIRED)


def test_fault_66_denied_access_is_said_and_nothing_is_exchanged(owner: Owner) -> None:
    refused(owner, owner.come_back(code="-", error="access_denied"), Reason.DENIED)
    assert owner.account.asked == []


def test_denied_access_with_a_code_beside_it_stays_denied(owner: Owner) -> None:
    refused(owner, owner.come_back(error="access_denied"), Reason.DENIED)
    assert owner.account.asked == []


@pytest.mark.parametrize("code", ["-", "", "short", "a b", "<script>", "x" * 200, "a" * 32 + ",b"])
def test_a_missing_or_malformed_code_is_never_sent_anywhere(owner: Owner, code: str) -> None:
    refused(owner, owner.come_back(code=code), Reason.NO_CODE)
    assert owner.account.asked == []


def test_fault_66_a_code_of_another_account_is_refused_by_the_account_that_was_asked(owner: Owner) -> None:
    owner.account.codes[ACCOUNT, "f" * 32, "b" * 32] = "c" * 32
    refused(owner, owner.come_back(code="b" * 32), Reason.CODE_REFUSED)
    assert owner.account.asked == [ACCOUNT]


def test_a_code_is_not_sent_to_an_account_address_that_was_entered_meanwhile(owner: Owner) -> None:
    moved = owner.connections.kept["main"]
    owner.connections.save(replace(moved, webasyst=replace(moved.webasyst, url="https://evil.example.org/")))
    refused(owner, owner.come_back(), Reason.CHANGED)
    assert owner.account.asked == []


def test_a_connection_that_was_removed_meanwhile_gets_no_token(owner: Owner) -> None:
    owner.connections.kept.clear()
    refused(owner, owner.come_back(), Reason.CHANGED)


def test_fault_66_a_narrower_scope_is_noticed(owner: Owner) -> None:
    owner.account.probe_failure = Forbidden("no access")
    refused(owner, owner.come_back(), Reason.RIGHTS_MISSING)


def test_missing_rights_are_named(owner: Owner) -> None:
    owner.account.missing = ("orders", "products")
    shown = owner.come_back()
    refused(owner, shown, Reason.RIGHTS_MISSING)
    assert shown.detail == "orders, products"


@pytest.mark.parametrize("where", ["failure", "probe_failure"])
def test_an_account_that_does_not_answer_is_no_success(owner: Owner, where: str) -> None:
    setattr(owner.account, where, Unreachable("no answer"))
    refused(owner, owner.come_back(), Reason.STORE_FAILED)


@pytest.mark.parametrize("kept", ["", "x" * 33, "shared-by-everyone", "A" * 32])
def test_fault_66_a_client_id_that_could_be_cut_or_shared_is_replaced(kept: str) -> None:
    owner = Owner()
    owner.connections.save(Connection("main", webasyst=WebasystSettings(url=ACCOUNT, client_id=kept)))
    owner.begin()
    assert len(owner.client_id) == 32
    assert owner.client_id != kept
    assert owner.connections.kept["main"].webasyst.client_id == owner.client_id


def test_a_good_client_id_is_kept_so_that_the_token_stays_the_same(owner: Owner) -> None:
    before = owner.client_id
    assert owner.begin().client_id == before


def test_two_connections_never_share_a_client_id(owner: Owner) -> None:
    owner.connections.save(Connection("second", webasyst=WebasystSettings(url=ACCOUNT)))
    first = owner.client_id
    assert owner.begin("second").client_id != first


def test_nothing_begins_without_an_account_address() -> None:
    owner = Owner()
    owner.connections.save(Connection("main"))
    with pytest.raises(ConfigurationError):
        owner.begin()


def test_the_state_travels_inside_the_redirect_address_and_the_cookie_value_does_not(owner: Owner) -> None:
    (value,) = owner.cookies.values()
    assert owner.redirect.startswith("https://api.example.net/oauth/callback?state=")
    assert value not in owner.redirect
    assert all(value not in kept for kept, _ in owner.states.kept.values())


def test_the_cookie_is_bound_to_the_host_over_https_and_usable_on_loopback() -> None:
    secure = Owner().service.start("main").cookie
    assert secure.startswith("__Host-")
    assert secure.endswith("; Secure")
    assert "HttpOnly; SameSite=Lax" in secure
    assert "Secure" not in Owner("http://127.0.0.1:8080").service.start("main").cookie


@pytest.mark.parametrize("reason", list(Reason))
def test_every_outcome_has_a_text_in_both_languages(reason: Reason) -> None:
    shown = landing(reason, "/console", forget="")
    for text in (shown.title, shown.text):
        assert texts.catalogue("ru").gettext(text) != text
