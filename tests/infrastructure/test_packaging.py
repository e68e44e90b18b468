"""What is deployed, driven the way Lambda drives it: what `sam build` made when `make package` runs this, else the same steps by this Python."""

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infrastructure.built import FUNCTIONS, ROOT, RUNTIME, Built, by_hand, by_sam, unpacked, without, zipped
from tests.infrastructure.driving import Failed, drive
from tests.sandbox.local import LocalStack

EVENTS = sorted(path.stem for path in (ROOT / "events").glob("*.json"))
STATUS = {
    "console": 200,
    "oauth_callback": 400,  # its state was never given out
    "oauth_callback_denied": 400,
    "order_webhook_signed": 401,  # its time stamp is of the day it was recorded
    "order_webhook_zapier": 200,
    "order_webhook_webasyst": 200,
    "order_webhook_webasyst_get": 200,
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return by_sam() if "RUNTIME_VENV" in os.environ else by_hand(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Tables, queues and secrets; nothing takes the messages away."""
    with LocalStack(tmp_path_factory.mktemp("aws"), schedules=False, workers=0) as stack:
        stack.client("ssm").put_parameter(Name=f"{stack.secrets_prefix}/main/hook_path", Value="example-path", Type="SecureString")
        yield stack


@pytest.fixture(scope="module")
def answers(built: Built, stack: LocalStack) -> dict[str, Any]:
    """By the event's name."""
    of_function = defaultdict(list)
    for name in EVENTS:
        of_function[next(function for function in FUNCTIONS if name.startswith(function))].append(name)
    found: dict[str, Any] = {}
    for function, names in of_function.items():
        events = [(ROOT / "events" / f"{name}.json").read_bytes() for name in names]
        found |= zip(names, drive(built, function, stack.environment(function), events), strict=True)
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_each_event_is_answered_by_the_built_function(answers: dict[str, Any], name: str) -> None:
    if name in STATUS:
        assert answers[name]["statusCode"] == STATUS[name]
    elif name == "sync_worker":
        assert len(answers[name]["batchItemFailures"]) == 3
    else:
        assert answers[name] == {}


def test_hints_were_queued_by_the_built_function(answers: dict[str, Any], stack: LocalStack) -> None:
    assert stack.queue_counts()["visible"] == len([name for name in answers if name.startswith("order_webhook") and STATUS[name] == 200])


def test_the_console_opens_to_its_networks_only(built: Built, stack: LocalStack) -> None:
    event = json.loads((ROOT / "events" / "console.json").read_text())
    sources = {"203.0.113.9": 200, "198.51.100.9": 403}
    events = []
    for source in sources:
        event["requestContext"]["http"]["sourceIp"] = source
        events.append(json.dumps(event).encode())
    variables = stack.environment("console") | {"CONSOLE_NETWORKS": "203.0.113.0/24, 2001:db8::/32"}
    assert [answer["statusCode"] for answer in drive(built, "console", variables, events)] == list(sources.values())


@pytest.mark.parametrize("package", ["pynamodb", "requests"])
def test_a_dependency_that_is_missing_in_the_layer_fails(built: Built, stack: LocalStack, tmp_path: Path, package: str) -> None:
    event = (ROOT / "events" / "oauth_callback.json").read_bytes()
    poor = without(built, package, tmp_path)
    with pytest.raises(Failed, match=f"No module named '{package}'"):
        drive(poor, "oauth_callback", stack.environment("oauth_callback"), [event])


@pytest.mark.parametrize("package", ["tenacity", "aws_lambda_powertools"])
def test_a_dependency_that_is_loaded_later_is_in_the_layer_as_well(built: Built, tmp_path: Path, package: str) -> None:
    look = [str(built.python), "-S", "-c", f"import {package}"]
    for layer, missing in ((built, False), (without(built, package, tmp_path), True)):
        path = os.pathsep.join(map(str, (layer.layer, built.runtime)))
        done = subprocess.run(look, env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}, capture_output=True, text=True, check=False)
        assert (f"No module named '{package}'" in done.stderr) is missing
        assert bool(done.returncode) is missing


def test_every_function_has_an_event_and_an_artifact(built: Built) -> None:
    assert all(any(name.startswith(function) for name in EVENTS) for function in FUNCTIONS)
    assert all((built.artifact(function) / "app.py").exists() for function in FUNCTIONS)


def test_the_layer_is_pure_python_without_what_the_runtime_brings(built: Built) -> None:
    assert not list(built.layer.rglob("*.so"))
    brought = {name.replace("-", "_") for name in RUNTIME} - {"jmespath", "urllib3"}  # which others here need at a version of ours
    assert not {path.name.split("-")[0].removesuffix(".py") for path in built.layer.iterdir()} & {*brought, "dateutil", "tests"}


def test_everything_in_the_layer_is_compiled_for_the_runtime_and_never_checked_again(built: Built) -> None:
    sources = [path for path in built.layer.rglob("*.py") if not path.name.startswith("test_")]
    assert sources
    for source in sources:
        compiled = source.parent / "__pycache__" / f"{source.stem}.{built.tag}.pyc"
        assert compiled.exists(), source
        assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00", "not an unchecked hash"


def test_the_artifacts_stay_small(built: Built, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Zipped, as they are sent."""
    folders = {"layer": built.layer, **{function: built.artifact(function) for function in FUNCTIONS}}
    sizes = {name: zipped(folder, tmp_path / f"{name}.zip") for name, folder in folders.items()}
    with capsys.disabled():
        shown = ", ".join(f"{name} {size / 1e3:,.0f}" for name, size in sizes.items())
        print(f"\nartifacts in kB, zipped: {shown}; the layer unpacked {unpacked(built.layer) / 1e3:,.0f}")
    assert sizes.pop("layer") < 10e6
    assert max(sizes.values()) < 1e6
