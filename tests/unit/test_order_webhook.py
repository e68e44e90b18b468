"""The webhook function as the gateway calls it: proves, queues, answers, and loads nothing that it does not need for that."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from storesync import bootstrap
from storesync.domain.changes import Change
from storesync.sync.hooks import LIMIT_BYTES, Hooks

ROOT = Path(__file__).parents[2]
SECRETS = {"webhook_secret": "whsec_" + base64.b64encode(b"k" * 24).decode(), "hook_path": "example-path"}
CONTEXT = SimpleNamespace(aws_request_id="1", function_name="order_webhook")
THIN = b'{"type":"order.status","data":{"order_id":105}}'
HEAVY = ("requests", "pynamodb", "boto3", "botocore", "tenacity", "aws_lambda_powertools")


class Function:
    def __init__(self) -> None:
        self.queued: list[Change] = []
        self.hooks = Hooks(SimpleNamespace(get=lambda connection, name: SECRETS.get(name, "") if connection == "main" else ""), self)
        spec = importlib.util.spec_from_file_location("webhook_app", ROOT / "functions" / "order_webhook" / "app.py")
        assert spec
        assert spec.loader
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)

    def send(self, changes: Sequence[Change]) -> None:
        self.queued += changes

    def post(self, body: bytes, *, encoded: bool = False, path: str = "", connection: str = "main", **headers: str) -> dict[str, Any]:
        text = base64.b64encode(body).decode() if encoded else body.decode("latin-1")
        parameters = {"connection": connection, "store": "cscart"} | ({"secret": path} if path else {})
        event = {"headers": headers, "pathParameters": parameters, "body": text, "isBase64Encoded": encoded, "rawQueryString": ""}
        return dict(self.module.handler(event, CONTEXT))

    def signed(
        self,
        body: bytes = THIN,
        *,
        sent: bytes | None = None,
        shift: int = 0,
        key: bytes = b"k" * 24,
        encoded: bool = False,
        changed: dict[str, str] | None = None,
    ) -> int:
        stamp = str(int(time.time()) + shift)
        digest = base64.b64encode(hmac.new(key, b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest()).decode()
        headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": f"v1,{digest}"}
        return int(self.post(body if sent is None else sent, encoded=encoded, **headers | (changed or {}))["statusCode"])


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Function:
    found = Function()
    monkeypatch.setattr(bootstrap, "hooks", lambda: found.hooks)
    return found


@pytest.mark.parametrize("name", ["order_webhook_zapier", "order_webhook_webasyst", "order_webhook_webasyst_get"])
def test_events_of_senders_that_cannot_sign_are_reduced_to_an_id(function: Function, name: str) -> None:
    event = json.loads((ROOT / "events" / f"{name}.json").read_text())
    event["pathParameters"]["secret"] = "example-path"
    answer = function.module.handler(event, CONTEXT)
    assert (answer["statusCode"], answer["body"], answer["headers"]["content-type"]) == (200, "{}", "application/json")
    assert [len(change.ids) for change in function.queued] == [1]


def test_fault_65_a_signed_hint_is_accepted_plain_and_in_base64(function: Function) -> None:
    assert [function.signed(), function.signed(encoded=True)] == [200, 200]
    assert [change.ids for change in function.queued] == [("105",)]


def test_a_repeated_hint_is_answered_the_same_and_queued_once(function: Function) -> None:
    assert {function.signed() for _ in range(10)} == {200}
    assert len(function.queued) == 1


FORGERIES: dict[str, dict[str, Any]] = {
    "wrong key": {"key": b"x" * 24},
    "body changed by one byte": {"sent": THIN.replace(b"5", b"6")},
    "old stamp": {"shift": -301},
    "future stamp": {"shift": 301},
    "body cut": {"sent": THIN[:-1]},
    "no body": {"sent": b""},
    "body in base64 and not said to be": {"sent": base64.b64encode(THIN)},
    "body with a blank at its end": {"sent": THIN + b" "},
    "empty key": {"key": b""},
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_hint_is_refused(function: Function, forged: dict[str, Any]) -> None:
    assert (function.signed(**forged), function.queued) == (401, [])


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("webhook-signature", "v1,"), ("webhook-signature", "v1a,AAAA"), ("webhook-signature", ""), ("webhook-id", ""), ("webhook-id", "msg_2"),
        ("webhook-timestamp", ""), ("webhook-timestamp", "1e9"), ("webhook-timestamp", "-1"), ("webhook-timestamp", "٣"), ("webhook-id", "x" * 300),
    ],
)  # fmt: skip
def test_fault_65_a_signature_counts_only_with_all_that_it_signs(function: Function, header: str, value: str) -> None:
    """A header that was taken away, or exchanged, after the signing."""
    assert function.signed() == 200
    function.queued.clear()
    assert (function.signed(changed={header: value}), function.queued) == (401, [])


@pytest.mark.parametrize(("signed", "encoded"), [(True, False), (False, True)])
def test_fault_65_fifty_megabytes_are_refused_before_anything_is_made_of_them(function: Function, encoded: bool, signed: bool) -> None:
    body = b'{"type":"order.status","data":{"order_id":105}}'.ljust(50_000_000)
    if signed:
        assert function.signed(body, encoded=encoded) == 413
    else:
        assert function.post(body, encoded=encoded, path="example-path")["statusCode"] == 413
    assert function.queued == []


def test_no_signature_no_secret_and_no_connection_are_refused(function: Function) -> None:
    answers = [function.post(THIN), function.post(THIN, path="guess"), function.post(THIN, path="example-path", connection="other")]
    assert [answer["statusCode"] for answer in answers] == [401, 401, 404]
    assert function.queued == []


def test_a_body_without_an_id_and_a_body_without_end_are_refused(function: Function) -> None:
    answers = [function.post(body, path="example-path") for body in (b"nonsense", b"\xff\xfe", b"x" * (LIMIT_BYTES + 1))]
    assert [answer["statusCode"] for answer in answers] == [400, 400, 413]


@pytest.mark.parametrize("encoded", [False, True])
def test_fault_65_form_fields_are_reduced_to_an_id(function: Function, encoded: bool) -> None:
    assert function.post(b"order_id=17&email=a%40b.example", encoded=encoded, path="example-path")["statusCode"] == 200
    assert "example" not in function.queued[0].to_message()


def test_a_body_that_is_not_base64_although_it_is_said_to_be_is_refused(function: Function) -> None:
    event = {"headers": {}, "pathParameters": {"connection": "main", "store": "cscart", "secret": "example-path"}, "isBase64Encoded": True}
    for body in ("***", "a", "YQ", "\u0439"):
        assert function.module.handler({**event, "body": body}, CONTEXT)["statusCode"] == 400


def test_answers_say_nothing_of_what_is_known(function: Function) -> None:
    assert json.loads(function.post(THIN, path="guess")["body"]) == {"error": "Unauthentic"}


def test_a_hint_is_checked_without_loading_anything_heavy() -> None:
    script = (
        f"import sys; sys.path[:0] = [{str(ROOT / 'functions' / 'order_webhook')!r}, {str(ROOT / 'shared')!r}]; import app; "
        "from storesync.sync.hooks import Hooks; "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
