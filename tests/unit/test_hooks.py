"""Hints: refused, or reduced to a bare id. Nothing of a body goes further."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storesync.domain.changes import Change, Kind
from storesync.errors import BadMessage, HintTooLarge, SyncError, TooManyHints, Unauthentic, UnknownConnection
from storesync.sync.hooks import BURST, LIMIT_BYTES, Hooks

KEY = "a secret of the connection"
PATH = "unguessable-path"
THIN = b'{"type":"order.status","data":{"order_id":105}}'


class Secrets(dict[tuple[str, str], str]):
    def get(self, connection: str, name: str) -> str:  # type: ignore[override]
        return super().get((connection, name), "")


class Shop:
    """A sender, and what arrived in the queue."""

    def __init__(self) -> None:
        self.now, self.queued = 1_800_000_000.0, list[Change]()
        self.secrets = Secrets({("main", "webhook_secret"): KEY, ("main", "hook_path"): PATH})
        self.hooks = Hooks(self.secrets, self, lambda: self.now)

    def send(self, changes: Sequence[Change]) -> None:
        self.queued.extend(changes)

    def sign(self, body: bytes, key: bytes = KEY.encode(), message_id: str = "msg_1", stamp: str = "") -> dict[str, str]:
        stamp = stamp or str(int(self.now))
        digest = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": "v1," + base64.b64encode(digest).decode()}

    def signed(self, body: bytes = THIN, store: str = "cscart", connection: str = "main", **given: object) -> None:
        self.hooks.accept(connection, store, "", self.sign(body, **given), body)  # type: ignore[arg-type]

    def bare(self, body: bytes, store: str = "cscart", secret: str = PATH) -> Change:
        self.hooks.accept("main", store, secret, {}, body)
        return self.queued[-1]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.mark.parametrize(
    ("type_", "field", "kind"),
    [
        ("order.placed", "order_id", Kind.ORDER),
        ("order.updated", "order_id", Kind.ORDER),
        ("order.status", "order_id", Kind.ORDER),
        ("product.saved", "product_id", Kind.PRODUCT),
        ("product.stock", "product_id", Kind.PRODUCT),
    ],
)
def test_a_signed_hint_becomes_one_bare_id(shop: Shop, type_: str, field: str, kind: Kind) -> None:
    shop.signed(json.dumps({"type": type_, "data": {field: 105, "email": "person@example.com"}}).encode())
    (change,) = shop.queued
    assert (change.connection, change.kind, change.store, change.ids) == ("main", kind, "cscart", ("105",))
    assert "person" not in change.to_message()


def test_one_signed_hint_may_name_many_products(shop: Shop) -> None:
    shop.signed(b'{"type":"product.saved","data":{"product_ids":[7,"8",7]}}')
    assert shop.queued[0].ids == ("7", "8")


def test_a_hint_about_our_own_write_is_accepted_and_dropped(shop: Shop) -> None:
    shop.signed(b'{"type":"product.saved","data":{"product_id":7,"origin":"sync"}}')
    assert shop.queued == []


def test_a_secret_that_is_not_there_is_not_looked_up_for_every_forged_hint(shop: Shop) -> None:
    asked: list[str] = []
    shop.hooks = Hooks(type("Asked", (), {"get": lambda _, connection, name: asked.append(name) or ""})(), shop, lambda: shop.now)
    for _ in range(5):
        with pytest.raises(UnknownConnection):
            shop.signed()
    assert asked == ["webhook_secret", "webhook_secret_previous"]
    shop.now += 31
    with pytest.raises(UnknownConnection):
        shop.signed()
    assert len(asked) == 4


def test_a_secret_in_the_form_of_the_standard_is_decoded(shop: Shop) -> None:
    key = b"\x00\xffbinary key"
    shop.secrets["main", "webhook_secret"] = "whsec_" + base64.b64encode(key).decode()
    shop.signed(key=key)
    assert len(shop.queued) == 1


def test_the_previous_secret_is_good_while_it_is_replaced(shop: Shop) -> None:
    shop.secrets["main", "webhook_secret"], shop.secrets["main", "webhook_secret_previous"] = "new", KEY
    shop.signed()
    shop.signed(key=b"new", message_id="msg_2")
    assert len(shop.queued) == 2


def test_one_good_signature_among_several_is_enough(shop: Shop) -> None:
    headers = shop.sign(THIN)
    headers["webhook-signature"] = "v1,AAAA v2,whatever v1,%% " + headers["webhook-signature"]
    shop.hooks.accept("main", "cscart", "", headers, THIN)
    assert len(shop.queued) == 1


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_fault_65_a_hint_without_a_header_is_refused(shop: Shop, missing: str) -> None:
    headers = {name: value for name, value in shop.sign(THIN).items() if name != missing}
    with pytest.raises(Unauthentic):
        shop.hooks.accept("main", "cscart", "", headers, THIN)


def test_fault_65_a_wrong_key_is_refused(shop: Shop) -> None:
    with pytest.raises(Unauthentic):
        shop.signed(key=b"other")


@given(position=st.integers(0, len(THIN) - 1), change=st.integers(1, 255))
def test_fault_65_a_body_changed_by_one_byte_is_refused(position: int, change: int) -> None:
    shop = Shop()
    body = bytearray(THIN)
    body[position] ^= change
    with pytest.raises(Unauthentic):
        shop.hooks.accept("main", "cscart", "", shop.sign(THIN), bytes(body))
    assert shop.queued == []


@pytest.mark.parametrize("seconds", [-301, 301, -86400, 10**9])
def test_fault_65_an_old_and_a_future_stamp_are_refused(shop: Shop, seconds: int) -> None:
    with pytest.raises(Unauthentic):
        shop.signed(stamp=str(int(shop.now) + seconds))


@pytest.mark.parametrize("stamp", ["", "now", "1e9", "-5", "٣٣", "9" * 400])
def test_a_stamp_that_is_no_number_is_refused(shop: Shop, stamp: str) -> None:
    headers = shop.sign(THIN) | {"webhook-timestamp": stamp}
    with pytest.raises(Unauthentic):
        shop.hooks.accept("main", "cscart", "", headers, THIN)


def test_fault_57_a_repeated_message_is_accepted_and_dropped(shop: Shop) -> None:
    shop.signed()
    shop.signed()
    assert len(shop.queued) == 1


def test_a_later_hint_about_the_same_record_is_queued_and_the_queue_can_tell_them_apart(shop: Shop) -> None:
    shop.signed()
    shop.signed(message_id="msg_2")
    first, second = shop.queued
    assert first.ids == second.ids
    assert first.observation != second.observation


def test_a_repeated_message_is_tried_again_when_the_queue_had_failed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(changes: Sequence[Change]) -> None:
        raise OSError("queue is away")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="away"):
        patch.setattr(shop, "send", fail)
        shop.signed()
    shop.signed()
    assert len(shop.queued) == 1


def test_fault_65_a_large_body_is_refused_before_anything_else(shop: Shop) -> None:
    with pytest.raises(HintTooLarge):
        shop.hooks.accept("main", "cscart", "", {}, b"x" * (LIMIT_BYTES + 1))


@pytest.mark.parametrize(
    ("connection", "store"), [("other", "cscart"), ("main", "shopify"), ("../main", "cscart"), ("", "cscart"), ("x" * 41, "cscart")]
)
def test_an_unknown_connection_or_store_is_said_to_be_unknown(shop: Shop, connection: str, store: str) -> None:
    with pytest.raises(UnknownConnection):
        shop.signed(connection=connection, store=store)


def test_the_secret_of_one_connection_opens_no_other(shop: Shop) -> None:
    shop.secrets["second", "webhook_secret"] = "its own"
    with pytest.raises(Unauthentic):
        shop.signed(connection="second")


@pytest.mark.parametrize("secret", ["wrong", PATH + "x", PATH[:-1], KEY, "é"])
def test_a_wrong_path_is_refused(shop: Shop, secret: str) -> None:
    with pytest.raises(Unauthentic):
        shop.bare(b'{"order_id":1}', secret=secret)


def test_the_previous_path_is_good_while_it_is_replaced(shop: Shop) -> None:
    shop.secrets["main", "hook_path"], shop.secrets["main", "hook_path_previous"] = "new-path", PATH
    assert [shop.bare(b'{"order_id":1}').ids, shop.bare(b'{"order_id":2}', secret="new-path").ids] == [("1",), ("2",)]


def test_a_path_is_not_open_before_it_has_a_secret(shop: Shop) -> None:
    shop.secrets["main", "hook_path"] = ""
    with pytest.raises(UnknownConnection):
        shop.bare(b'{"order_id":1}', secret="anything")


ORDER = {"order_id": "105", "email": "person@example.com", "payment_info": {"card_number": "4111"}, "products": [{"product_id": 9}]}


@pytest.mark.parametrize(
    ("body", "kind", "record_id"),
    [
        (json.dumps(ORDER).encode(), Kind.ORDER, "105"),
        (base64.b64encode(json.dumps(ORDER).encode()), Kind.ORDER, "105"),
        (b'{"product_id":12,"product":"Chair"}', Kind.PRODUCT, "12"),
        (b"order_id=17", Kind.ORDER, "17"),
        (b"id=18&x=y", Kind.ORDER, "18"),
        (b"product_id=19", Kind.PRODUCT, "19"),
        (b'{"id":"20"}', Kind.ORDER, "20"),
        (b'{"order":{"id":21,"auth_code":"secret"}}', Kind.ORDER, "21"),
        (b"order=%7B%22id%22%3A22%7D", Kind.ORDER, "22"),
        (b'{"order":"23"}', Kind.ORDER, "23"),
        (
            b"order%5Bid%5D=24&order%5Bcontact_id%5D=2" + b"".join(b"&order%%5Bitems%%5D%%5B%d%%5D=person" % at for at in range(9_000)),
            Kind.ORDER,
            "24",
        ),
        (b"\xef\xbb\xbf" + b'{"order_id":25}', Kind.ORDER, "25"),
        ('{"order_id":26,"name":"Пётр"}'.encode("cp1251"), Kind.ORDER, "26"),
        ("order_id=27&name=Пётр".encode("cp1251"), Kind.ORDER, "27"),
    ],
)
def test_fault_65_an_unsigned_body_is_reduced_to_a_bare_id(shop: Shop, body: bytes, kind: Kind, record_id: str) -> None:
    change = shop.bare(body)
    assert (change.kind, change.ids) == (kind, (record_id,))
    assert not any(word in change.to_message() for word in ("person", "4111", "secret", PATH))


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"null", b"\xff\xfe", b'{"order_id":null}', b'{"order_id":true}', b'{"order_id":-1}', b'{"order_id":"1; drop"}', b'{"order_id":1.5}', b'{"order_id":[1]}', b"[" * 100_000, b'{"a":' * 40_000, b'{"order_id":"' + b"9" * 5000 + b'"}'],
)  # fmt: skip
def test_a_body_without_an_id_is_a_bad_message(shop: Shop, body: bytes) -> None:
    with pytest.raises(BadMessage):
        shop.bare(body)
    assert shop.queued == []


@pytest.mark.parametrize("body", [b"{}", b'{"type":"order.status"}', b'{"type":"user.new","data":{"user_id":1}}', b'{"type":"order.status","data":{"product_id":1}}', b"order_id=5", b'{"type":"product.saved","data":{"product_ids":[]}}', b'{"type":"product.saved","data":{"product_ids":[1,"x"]}}', b'{"type":"product.saved","data":{"product_ids":[' + b"1," * 100 + b"1]}}"])  # fmt: skip
def test_a_signed_body_of_another_form_is_a_bad_message(shop: Shop, body: bytes) -> None:
    with pytest.raises(BadMessage):
        shop.signed(body)


@given(st.binary(max_size=300))
def test_fault_65_any_unsigned_body_is_refused_or_reduced_to_digits(body: bytes) -> None:
    shop = Shop()
    try:
        change = shop.bare(body)
    except SyncError:
        assert shop.queued == []
    else:
        assert all(record_id.isdigit() for record_id in change.ids)


def test_a_flood_is_stopped_and_the_allowance_refills(shop: Shop) -> None:
    for number in range(BURST):
        shop.signed(message_id=f"m{number}")
    with pytest.raises(TooManyHints):
        shop.signed(message_id="one more")
    shop.now += 1
    shop.signed(message_id="later")
    assert len(shop.queued) == BURST + 1


def test_a_flood_of_forged_hints_uses_nothing_up(shop: Shop) -> None:
    for _ in range(BURST + 1):
        with pytest.raises(Unauthentic):
            shop.signed(key=b"forged")
    shop.signed()
    assert len(shop.queued) == 1
