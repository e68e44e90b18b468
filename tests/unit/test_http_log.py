"""The request log: everything that was asked and answered, and nothing that is secret or personal."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storesync.domain.journal import Exchange
from storesync.errors import ServerFault, StoreError
from storesync.http import Answer, Call, Transport, redact
from storesync.http.redaction import LIMIT, head

from tests.sandbox.faults import Fault, Faults
from tests.sandbox.httpd import Response, Server

TOKEN = "0123456789abcdef0123456789abcdef"


def logged(app: Any, *calls: Call, faults: Faults | None = None, **options: Any) -> list[Exchange]:
    log: list[Exchange] = []
    with Server(app, faults=faults) as shop:
        classify = lambda _, answer: ServerFault("no") if answer.status >= 500 else None  # noqa: E731
        here = Transport("cscart", classify, allow_private=True, log=log.append, sleep=lambda _: None, secrets=(TOKEN,), **options)
        for call in calls:
            try:
                here.send(Call(call.method, f"{shop.url}{call.url}", call.params, call.form, call.json, call.files, call.headers))
            except StoreError:
                """It is logged all the same."""
    return log


def test_each_try_is_logged_with_what_came_of_it() -> None:
    faults = Faults()
    faults.add(Fault("status", status=502))
    faults.add(Fault("reset"))
    put = Call("PUT", "/api/products/5", params=(("a", "b"),), json={"price": "9.99"})
    log = logged(lambda _: Response.of_json({"product_id": "5"}), put, faults=faults)
    assert [(found.method, found.path, found.status, found.error, found.write) for found in log] == [
        ("PUT", "/api/products/5?a=b", 502, "ServerFault", True),
        ("PUT", "/api/products/5?a=b", 0, "OutcomeUnknown", True),
        ("PUT", "/api/products/5?a=b", 200, "", True),
    ]
    assert (log[2].sent, log[2].received) == ('{"price": "9.99"}', '{"product_id": "5"}')
    assert all(found.at is not None and found.elapsed >= 0 for found in log)


def test_fault_69_no_secret_and_nothing_personal_reaches_the_log() -> None:
    customer = {
        "email": "ivan.petrov@example.com",
        "phone": "+7 (912) 345-67-89",
        "firstname": "Иван",
        "b_address": "Lenina 5",
        "contact": {"name": "Petrov", "data": {"street": "Lenina", "deep": {"zip": 620000}}},
        "note": f"token {TOKEN}, write to ivan@example.com",
        "fields": {"company": 'ООО "Ромашка"'},
        "shipping_address.city": "Tagil",
        "found": [{"id": "6", "name": "Petrov Ivan", "firstname": "Ivan"}],
        "comment": "ring at Petrov's",
        "notes": "for Petrov",
    }
    calls = [
        Call("POST", "/a", json=customer),
        Call(
            "POST", "/b", form=(("customer[firstname]", "Иван"), ("params[shipping_address.city]", "Tagil"), ("email", "ivan@example.com"))
        ),
        Call("POST", "/e", form=(("customer[address.shipping][region]", "Tagil"), ("comment", "Petrov"), ("name", "Lamp"))),
        Call("GET", "/c", params=(("access_token", TOKEN), ("email", "ivan@example.com"))),
        Call("POST", "/d", files=(("file", ("ivan.jpg", b"ivan@example.com", "image/jpeg")),)),
    ]
    log = logged(lambda _: Response.of_json({"users": [customer]}), *calls, headers=lambda: {"Authorization": f"Bearer {TOKEN}"})
    text = " ".join(f"{found.path} {found.sent} {found.received} {found.error}" for found in log)
    for hidden in (TOKEN, "ivan", "Иван", "912", "Lenina", "620000", "Ромашка", "example.com", "Petrov", "Tagil"):
        assert hidden not in text
    assert '"email"' in text and "name=Lamp" in text, "a reader still sees what was sent"


def test_what_things_are_called_stays_readable() -> None:
    kept = '{"products":[{"id":"1","name":"Lamp","skus":[{"name":"red","price":"1.00"}]}],"statuses":[{"name":"New"}]}'
    assert redact(kept) == kept


def test_fault_69_a_name_that_was_cut_off_before_its_parts_is_hidden() -> None:
    body = '[{"id":"6","name":"Petrov","firstname":"Ivan"}]'
    assert not [cut for cut in range(len(body)) if "Petrov" in redact(body[:cut])]


@pytest.mark.parametrize("cut", [30, 35, 40, 45, 60])
def test_fault_69_what_is_cut_in_the_middle_of_a_secret_shows_no_half_of_it(cut: int) -> None:
    body = ('{"x":"' + "y" * 12 + '","firstname":"Ivan the Terrible","password":"open \\" sesame"}').encode()
    text = redact(body[:cut].decode())
    assert "Ivan" not in text and "open" not in text and "sesame" not in text


def test_a_long_body_is_cut() -> None:
    assert len(head(b"x" * 1_000_000)) == LIMIT
    assert head(b"\xff\xfe") == "\ufffd\ufffd"


@given(
    st.recursive(
        st.text(max_size=8) | st.integers() | st.none(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["email", "name", "contact", "ip", "x"]), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_redacting_twice_changes_nothing(value: Any) -> None:
    once = redact(json.dumps(value, ensure_ascii=False))
    assert redact(once) == once


def test_a_body_made_to_be_slow_is_redacted_quickly() -> None:
    import time

    started = time.monotonic()
    for evil in (
        '"email":"' * 2_500,
        '"contact":{' * 2_000,
        "[" * 20_000,
        "a@" * 10_000,
        "+7 " * 7_000,
        "&email[" * 3_000,
        "address" * 3_000,
        '"name":' * 3_000,
        '\\"' * 10_000,
    ):
        head(evil.encode())
    assert time.monotonic() - started < 3


def test_without_a_log_nothing_is_redacted() -> None:
    with Server(lambda _: Response.of_json({})) as shop:
        found = Transport("cscart", lambda *_: None, allow_private=True).send(Call("GET", f"{shop.url}/x"))
    assert isinstance(found, Answer)
