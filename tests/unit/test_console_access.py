"""Everyone who should not get in, and how."""

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
from itsdangerous import URLSafeTimedSerializer
from storesync.console.access import NAME, PLACE, SESSION_SECONDS, TRIES, Access
from storesync.errors import TooManyHints, Unauthentic

SECRET = "correct horse battery staple"
NETWORKS = (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))


@dataclass
class Secrets:
    kept: dict[tuple[str, str], str] = field(default_factory=dict)

    def get(self, connection: str, name: str) -> str:
        return self.kept.get((connection, name), "")

    def first(self, connection: str, name: str, value: str) -> str:
        return self.kept.setdefault((connection, name), value)


class Attempts(Counter[str]):
    def spend(self, source: str, seconds: int) -> int:
        self[source] += 1
        return self[source]


@pytest.fixture
def secrets() -> Secrets:
    return Secrets({(PLACE, NAME): SECRET})


@pytest.fixture
def door(secrets: Secrets) -> Access:
    return Access(secrets, Attempts(), "https://console.example")


def enter(door: Access) -> dict[str, str]:
    return {door.cookie_name: door.sign_in(SECRET, "203.0.113.1")}


def test_the_secret_opens_and_blanks_around_it_do_not_matter(door: Access) -> None:
    assert door.session({door.cookie_name: door.sign_in(f" {SECRET}\n", "203.0.113.1")})


@pytest.mark.parametrize("source", ["203.0.113.7", "2001:db8::7"])
def test_the_door_is_shown_to_the_networks_that_may_see_it(secrets: Secrets, source: str) -> None:
    assert Access(secrets, Attempts(), "https://console.example", NETWORKS).admits(source)
    assert Access(secrets, Attempts(), "https://console.example").admits(source)


@pytest.mark.parametrize("source", ["203.0.114.7", "2001:db9::7", "::ffff:203.0.113.7", "10.0.0.1", "", "nonsense"])
def test_and_to_no_other(secrets: Secrets, source: str) -> None:
    assert not Access(secrets, Attempts(), "https://console.example", NETWORKS).admits(source)


@pytest.mark.parametrize("wrong", ["", "Correct horse battery staple", SECRET[:-1], "ä" * 20, "\x00"])
def test_anything_else_does_not(door: Access, wrong: str) -> None:
    with pytest.raises(Unauthentic):
        door.sign_in(wrong, "203.0.113.1")


def test_the_eleventh_try_is_refused_even_with_the_right_secret_and_others_may_still_try(door: Access) -> None:
    for _ in range(TRIES):
        with pytest.raises(Unauthentic):
            door.sign_in("guess", "203.0.113.1")
    with pytest.raises(TooManyHints):
        door.sign_in(SECRET, "203.0.113.1")
    assert door.sign_in(SECRET, "203.0.113.2")


def test_a_network_of_version_six_has_ten_tries_and_not_ten_for_each_of_its_addresses(door: Access) -> None:
    for at in range(TRIES):
        with pytest.raises(Unauthentic):
            door.sign_in("guess", f"2001:db8:0:1::{at}")
    with pytest.raises(TooManyHints):
        door.sign_in(SECRET, "2001:db8:0:1:ffff::1")
    assert door.sign_in(SECRET, "2001:db8:0:2::1")
    assert door.sign_in(SECRET, "not an address")


def test_a_secret_is_made_at_the_first_visit_and_kept() -> None:
    secrets = Secrets()
    doors = [Access(secrets, Attempts(), "https://console.example") for _ in range(2)]
    assert doors[0].secret() == doors[1].secret() == secrets.kept[PLACE, NAME]
    assert len(doors[0].secret()) >= 32


@pytest.mark.parametrize("cookies", [{}, {"__Host-storesync": ""}, {"__Host-storesync": "forged"}, {"storesync": "x"}])
def test_without_a_session_of_ours_nobody_is_in(door: Access, cookies: dict[str, str]) -> None:
    assert door.session(cookies) is None


def test_a_session_ends_with_its_time_and_with_another_secret(door: Access, secrets: Secrets, monkeypatch: pytest.MonkeyPatch) -> None:
    cookies = enter(door)
    secrets.kept[PLACE, NAME] = "another"
    assert door.session(cookies) is None
    secrets.kept[PLACE, NAME] = SECRET
    assert door.session(cookies)
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: 2_000_000_000 + SESSION_SECONDS)
    assert door.session(cookies) is None


def test_a_session_signed_for_something_else_is_no_session(door: Access) -> None:
    forged = str(URLSafeTimedSerializer(SECRET, salt="form").dumps("id"))
    assert door.session({door.cookie_name: forged}) is None


def test_a_form_belongs_to_one_session(door: Access) -> None:
    mine, other = door.session(enter(door)), door.session(enter(door))
    assert mine
    assert other
    door.check_form(mine, mine.token)
    for token in ("", other.token, mine.id, "ä"):
        with pytest.raises(Unauthentic):
            door.check_form(mine, token)


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"}, {"origin": "null"},
     {"origin": "http://console.example"}, {"sec-fetch-site": "cross-site", "origin": "https://console.example"}],
)  # fmt: skip
def test_a_form_of_another_site_is_refused(door: Access, headers: dict[str, str]) -> None:
    with pytest.raises(Unauthentic):
        door.check_origin(headers)


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "https://console.example"}, {}]
)
def test_a_form_of_ours_is_taken(door: Access, headers: dict[str, str]) -> None:
    door.check_origin(headers)


def test_the_cookie_is_bound_to_the_host_where_there_is_tls(secrets: Secrets) -> None:
    assert Access(secrets, Attempts(), "https://console.example/").cookie_name.startswith("__Host-")
    local = Access(secrets, Attempts(), "http://127.0.0.1:8000")
    assert not local.secure
    assert not local.cookie_name.startswith("__Host-")
