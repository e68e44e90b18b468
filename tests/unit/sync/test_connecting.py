"""The edges of connecting an account, of hints, and of whose customer somebody is."""

import base64
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from storesync.domain.connection import Connection
from storesync.domain.orders import Customer
from storesync.errors import BadMessage, ConfigurationError, UnknownConnection, Unreachable
from storesync.sync import customers
from storesync.sync.hints import Hint, bare_hint, signed_hint
from storesync.sync.landing import Reason

from tests.unit.test_authorisation import ACCOUNT, CODE, Owner

GONE = "; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"


def state_of(owner: Owner) -> str:
    return parse_qs(urlsplit(owner.redirect).query)["state"][0]


# -- the account


def test_the_way_back_is_below_the_public_address_however_that_ends() -> None:
    for public in ("https://api.example.net", "https://api.example.net/", "https://api.example.net/X/"):
        owner = Owner(public).begin()
        assert owner.redirect.partition("/oauth/callback?state=")[0] == public.rstrip("/")
        assert owner.come_back().redirect == f"{public.rstrip('/')}/console?connected=main"


def test_without_an_address_the_setting_is_named_and_an_unknown_connection_is_one() -> None:
    owner = Owner()
    owner.connections.save(Connection("main"))
    with pytest.raises(ConfigurationError) as told:
        owner.begin()
    assert told.value.problems == ("webasyst.url",)
    with pytest.raises(UnknownConnection):
        owner.begin("other")


def test_what_is_kept_of_a_start_is_a_digest_of_the_browsers_value_for_ten_minutes() -> None:
    owner = Owner().begin()
    (cookie,) = owner.cookies.values()
    state, (kept, until) = next(iter(owner.states.kept.items()))
    assert (len(state), len(cookie), until) == (43, 43, 600)
    begun = json.loads(kept)
    assert begun.pop("browser") not in ("", cookie)
    assert begun == {"connection": "main", "account": ACCOUNT, "client_id": owner.client_id}


@pytest.mark.parametrize(
    ("public", "cookie"),
    [
        ("https://api.example.net", f"__Host-storesync-connect={GONE}; Secure"),
        ("http://127.0.0.1:8000", f"storesync-connect={GONE}"),
    ],
)
def test_the_cookie_ends_with_the_attempt_whatever_came_of_it(public: str, cookie: str) -> None:
    owner = Owner(public).begin()
    assert owner.come_back(code="-").forget == cookie
    assert owner.begin().come_back().forget == cookie
    assert owner.service.start("main").cookie.endswith(cookie.partition("=")[2].replace("Max-Age=0", "Max-Age=600"))


def test_only_a_state_of_the_right_form_is_looked_for() -> None:
    owner = Owner().begin()
    asked: list[str] = []
    owner.states.take = lambda state: asked.append(state)  # type: ignore[method-assign, assignment, func-returns-value]
    for state in ("", "x", "A" * 42, "A" * 44, "A" * 42 + "=", "-", "А" * 43):
        owner.come_back(state=state)
    assert asked == []
    owner.come_back(state="A" * 43)
    assert asked == ["A" * 43]


@pytest.mark.parametrize("where", ["failure", "probe_failure"])
def test_why_an_account_did_not_answer_is_said(where: str) -> None:
    owner = Owner().begin()
    setattr(owner.account, where, Unreachable("no answer"))
    assert owner.come_back().detail == Unreachable.advice


@pytest.mark.parametrize("cookie", ["\ud800", "ä", "", "x" * 10_000])
def test_a_cookie_that_no_browser_sends_is_another_browsers(cookie: str) -> None:
    owner = Owner().begin()
    owner.cookies = dict.fromkeys(owner.cookies, cookie)
    assert owner.come_back().reason is Reason.FOREIGN


@pytest.mark.parametrize(("code", "reason"), [("a" * 7, Reason.NO_CODE), ("a" * 8, Reason.CODE_REFUSED), ("a" * 129, Reason.NO_CODE)])
def test_a_code_has_a_form(code: str, reason: Reason) -> None:
    assert Owner().begin().come_back(code=code).reason is reason
    assert len(CODE) == 32


# -- hints


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b'{"order_id":7}', Hint(("7",), True)),
        (b'{"id":"7"}', Hint(("7",), True)),
        (b'{"product_id":7}', Hint(("7",), False)),
        (b'{"order_id":7,"product_id":8,"id":9}', Hint(("7",), True)),
        (b'{"product_id":8,"id":9}', Hint(("8",), False)),
        (b'{"order":{"order_id":7,"id":9}}', Hint(("7",), True)),
        (b'{"order":{"id":9}}', Hint(("9",), True)),
        (b'{"order":"9"}', Hint(("9",), True)),
        (b'  {"order_id":7} ', Hint(("7",), True)),
        (b"order=%7B%22id%22%3A9%7D", Hint(("9",), True)),
        (b"order=%20%7B%22id%22%3A9%7D", Hint(("9",), True)),
        (b"product_id=8&x=1", Hint(("8",), False)),
        (b"id=+7+", Hint(("7",), True)),
        (base64.b64encode(b'{"order_id":7}'), Hint(("7",), True)),
        (base64.b64encode(b' {"order_id":7}'), Hint(("7",), True)),
        (base64.b64encode(b'{"order_id":77}') + b"\n", Hint(("77",), True)),
    ],
)
def test_a_bare_hint_is_reduced_to_an_id(body: bytes, hint: Hint) -> None:
    assert bare_hint(body) == hint


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"id":0}', b'{"id":true}', b'{"id":1.0}', b'{"id":"1e3"}', b'{"id":"007"}', b'{"id":' + b"9" * 20 + b"}", b"\xff",
     b'{"order":{}}', b'{"order":[1]}', b"order={", b"&".join(b"a=1" for _ in range(20_001)) + b"&id=7", base64.b64encode(b"[1]"), b"{" + b"[" * 100_000],
)  # fmt: skip
def test_a_bare_hint_without_an_id_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage):
        bare_hint(body)


def test_up_to_two_hundred_fields_are_read() -> None:
    assert bare_hint(b"&".join(b"a=1" for _ in range(199)) + b"&id=7") == Hint(("7",), True)


def thin(type_: object, **data: object) -> bytes:
    return json.dumps({"type": type_, "data": data}).encode()


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (thin("order.status", order_id=105), Hint(("105",), True)),
        (thin("order", order_id="105", product_id=1), Hint(("105",), True)),
        (thin("product.saved", product_id=7), Hint(("7",), False)),
        (thin("product.saved", product_ids=[7, "8", 7], product_id=1), Hint(("7", "8"), False)),
        (thin("product.saved", product_ids=list(range(1, 101))), Hint(tuple(map(str, range(1, 101))), False)),
        (thin("product.saved", product_id=7, origin="sync"), Hint(("7",), False, True)),
        (thin("product.saved", product_id=7, origin="SYNC"), Hint(("7",), False)),
        (thin("order.status", order_id=105, origin="sync", product_ids=[1]), Hint(("105",), True, True)),
    ],
)
def test_a_signed_hint_names_an_order_or_products(body: bytes, hint: Hint) -> None:
    assert signed_hint(body) == hint


@pytest.mark.parametrize(
    "body",
    [thin("customer.saved", customer_id=1), thin("order.status", product_id=1), thin("product.saved", order_id=1), thin(None, order_id=1),
     thin("product.saved", product_ids=[]), thin("product.saved", product_ids="7"), thin("product.saved", product_ids=list(range(1, 102))),
     thin("product.saved", product_ids=[0]), b'{"type":"order.status","data":[]}', b'{"type":"order.status"}', b"[]", b"x"],
)  # fmt: skip
def test_a_signed_hint_that_says_something_else_is_refused(body: bytes) -> None:
    with pytest.raises(BadMessage):
        signed_hint(body)


# -- customers

IVAN = Customer("", "Ivan", "Petrov", "a@example.com", "+7 900 123-45-67")


def closest(*ids_and_changes: tuple[str, dict], phone: str = IVAN.phone) -> str:
    return customers._closest(replace(IVAN, phone=phone), [replace(IVAN, id=number, **changed) for number, changed in ids_and_changes]).id


def test_of_several_contacts_the_phone_counts_first_then_the_name_then_the_age() -> None:
    assert closest(("1", {"phone": "1"}), ("2", {"firstname": "Anna"})) == "2"
    assert closest(("1", {"firstname": "Anna"}), ("2", {"firstname": "IVAN", "lastname": "PETROV"})) == "2"
    assert closest(("1", {"lastname": "Ivanov"}), ("2", {})) == "2"
    assert closest(("10", {}), ("9", {})) == "9"
    assert closest(("2", {}), ("1", {"phone": "8 (900) 1234567"})) == "1"
    assert closest(("2", {"phone": ""}), ("1", {"phone": "5"}), phone="") == "1"
