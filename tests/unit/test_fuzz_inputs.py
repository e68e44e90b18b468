"""What comes in from outside, and what comes back from where we left it: forms, hints, messages, cursors and the search language."""

import base64
import json
import random
from contextlib import suppress
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from storesync.console import fields, forms, settings_form, statuses
from storesync.console.fields import FormData
from storesync.domain.changes import APPLY, ORDERS, PREVIEW, PRODUCTS, REINDEX, SWEEP, UNDO, Cause, Change, Kind
from storesync.domain.connection import Connection, CsCartSettings
from storesync.domain.model import StoreName
from storesync.errors import BadMessage, SyncError
from storesync.state.connections import decode, encode
from storesync.sync.authorisation import Authorisation
from storesync.sync.hints import bare_hint, signed_hint
from storesync.webasyst.hashes import order_value, product_value
from wtforms import ValidationError

from tests.fakes.state import MemorySecrets
from tests.fuzzing import ODD, places, put, strange
from tests.integration.product_scene import linked
from tests.sandbox.webasyst.hashlang import conditions
from tests.unit.test_authorisation import Account, Connections, States
from tests.unit.test_hooks import PATH, Shop

text = st.sampled_from((*ODD, "1e999999999", "9" * 5000, "0." + "0" * 400 + "1")) | st.text(max_size=30)
CONNECTION = Connection("main", CsCartSettings(currency="RUB"), rates={"USD>RUB": Decimal("90.5")})
SHOPS: dict[StoreName, dict[str, Any]] = {
    StoreName.CSCART: {"statuses": [{"id": "O", "name": "Open"}, {"id": "P", "name": "Processed"}]},
    StoreName.WEBASYST: {
        "statuses": [{"id": "new", "name": "New", "actions": ["process"]}, {"id": "processing", "name": "P", "actions": []}]
    },
}


# -- the console's forms

FORMS = (settings_form.SettingsForm, forms.CsCartForm, forms.WebasystForm, forms.DefaultsForm)


@pytest.mark.parametrize("kind", FORMS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_fault_70_whatever_a_form_is_sent_it_says_what_is_wrong_or_makes_a_connection_that_can_be_kept(
    kind: Any, data: st.DataObject
) -> None:
    names = [field.name for field in fields.build(kind, CONNECTION, None, "en")]
    chosen = data.draw(st.lists(st.sampled_from(names), max_size=3))
    sent = FormData({name: [str(CONNECTION.log_limit)] for name in names} | {name: [data.draw(text)] for name in chosen})
    form = fields.build(kind, CONNECTION, sent, "en")
    if not form.validate():
        assert form.problems()
        return
    kept = decode(json.loads(json.dumps(encode(form.changed(CONNECTION)), default=str)))
    for field in fields.build(kind, kept, None, "en"):
        assert len(str(field._value() if hasattr(field, "_value") else field.data)) < 10_000


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from(["USD", "usd", "EUR>RUB", "", "U$D"]), text), max_size=3))
@example([("USD", "1e999999999")])
@example([("USD", "1e-999999")])
def test_rates_are_numbers_that_can_be_shown_again_or_refused(lines: list[tuple[str, str]]) -> None:
    with suppress(ValidationError):
        found = forms.read_rates("\n".join(f"{code} {number}" for code, number in lines), "RUB")
        assert forms.read_rates(forms.write_rates(found, "RUB"), "RUB") == found
        assert len(forms.write_rates(found, "RUB")) < 200 * len(lines) + 1


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["letter-O", "letter-P", "state-new", "letter-", "state-Z", "x"]), st.lists(text, max_size=2)))
def test_fault_70_any_status_table_is_judged(sent: dict[str, list[str]]) -> None:
    wanted = statuses.read(sent)
    assert all(isinstance(sentence, str) for sentence, _ in statuses.problems(wanted, SHOPS))
    assert statuses.table(wanted, SHOPS).to_webasyst


# -- hints and the way back from the account


@settings(max_examples=150)
@given(st.binary(max_size=60) | strange.map(lambda value: json.dumps(value).encode()))
@example(b'{"order":"{\\"id\\":1}"}')
@example(base64.b64encode(b"{" * 500))
def test_fault_65_any_body_is_a_hint_or_a_bad_message(body: bytes) -> None:
    for read in (bare_hint, signed_hint):
        with suppress(BadMessage):
            assert all(one.isdecimal() and len(one) < 20 for one in read(body).ids)


thin: dict[str, Any] = {"type": "product.updated", "data": {"product_ids": [1, 2], "origin": ""}}


@settings(max_examples=100)
@given(
    seed=st.integers(0, 10**6),
    value=strange,
    headers=st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), text),
)
def test_fault_65_any_request_to_the_hook_is_refused_in_the_error_tree(seed: int, value: object, headers: dict[str, str]) -> None:
    shop = Shop()
    body = json.dumps(put(json.loads(json.dumps(thin)), random.Random(seed).choice(list(places(thin))), value)).encode()
    with suppress(SyncError):
        shop.signed(body)
    for secret in ("", PATH, "\u0441"):
        with suppress(SyncError):
            shop.hooks.accept("main", "cscart", secret, headers, body)
    assert all(one.isdecimal() for change in shop.queued for one in change.ids)


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(["state", "code", "error", "x"]), text), st.dictionaries(text, text, max_size=3))
def test_fault_66_any_way_back_from_the_account_ends_on_a_page(query: dict[str, str], cookies: dict[str, str]) -> None:
    account = Account()
    access: Any = type(
        "Access", (), {"authorize_url": account.authorize_url, "exchange": account.exchange, "missing_rights": account.probe}
    )
    secrets: Any = MemorySecrets()
    found = Authorisation(Connections(), States(), secrets, access, "https://sync.example", lambda connection: None).complete(
        query, cookies
    )
    assert found.reason and not found.redirect
    assert account.asked == []


# -- messages and cursors


@settings(max_examples=200)
@given(seed=st.integers(0, 10**6), value=strange)
@example(0, float("inf"))
def test_any_message_is_a_change_or_a_bad_message(seed: int, value: object) -> None:
    whole = json.loads(Change("main", Kind.PRODUCT, StoreName.CSCART, ("1", "2"), Cause.HOOK, "seen").to_message())
    with suppress(BadMessage):
        spoilt = put(whole, random.Random(seed).choice(list(places(whole))), value)
        found = Change.from_message(json.loads(json.dumps(spoilt)))
        assert Change.from_message(json.loads(found.to_message())) == found


STREAMS = (PRODUCTS, SWEEP, ORDERS, PREVIEW, APPLY, UNDO, REINDEX, "nonsense", "proof", "repair", "choose", "survey")


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(Kind), st.sampled_from(StoreName), st.sampled_from(STREAMS), st.lists(text, max_size=3), st.sampled_from(Cause))
@example(Kind.STREAM, StoreName.WEBASYST, SWEEP, ["abc", "x"], Cause.PULL)
@example(Kind.STREAM, StoreName.CSCART, SWEEP, ["1:b", "x"], Cause.PULL)
@example(Kind.STREAM, StoreName.CSCART, APPLY, ["abc", "x"], Cause.PULL)
def test_a_message_that_goes_on_from_nowhere_ends_in_the_error_tree_and_spoils_nothing(
    kind: Kind, store: StoreName, stream: str, ids: list[str], cause: Cause
) -> None:
    scene = linked("A")
    with suppress(SyncError):
        scene.ask(Change("main", kind, store, (stream, *ids), cause, "seen"))
    scene.state.queue.crash()
    scene.state.queue.waiting.clear()
    scene.sweep()
    assert [len(scene.variants(side, "A")) for side in StoreName] == [1, 1]


# -- the search language


@settings(max_examples=200)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40))
def test_fault_31_any_value_survives_the_search_language_and_adds_no_condition(value: str) -> None:
    for found in (
        conditions(unquote(f"query={product_value(value)}"), decode_again=True),
        conditions(f"params.ref={order_value(value)}", decode_again=False),
    ):
        assert len(found) == 1
