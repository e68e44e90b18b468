"""`sam deploy` of what was built, into the emulator, and one order carried through it. Run by `make deploy-local`, which builds first."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.sandbox.cscart import CsCartSandbox
from tests.sandbox.httpd import Server
from tests.sandbox.local.emulator import Emulator
from tests.sandbox.local.stack import client_of
from tests.sandbox.local.template import REGION
from tests.sandbox.script import compare
from tests.sandbox.script.scene import NAME, Options, Scene
from tests.sandbox.script.shops import CsCartShop, WebasystShop
from tests.sandbox.webasyst import WebasystSandbox

ROOT = Path(__file__).parents[2]
SAM = ROOT / os.environ.get("SAM_VENV", ".venv-sam")
STACK = "storesync"
SERVICES = "cloudformation,s3,lambda,iam,dynamodb,sqs,ssm,sts,apigateway,scheduler,events,logs,monitoring,sns,tagging"
PARAMETERS = ("AllowPrivateAddresses=true", f"Architecture={'arm64' if os.uname().machine == 'aarch64' else 'x86_64'}")
BUYER = {"email": "anna@example.com", "firstname": "Anna", "lastname": "O'Neil", "phone": "+79000000001"}
ADDRESS = {
    "firstname": "Anna",
    "lastname": "O'Neil",
    "address": "Main St 1",
    "city": "Kazan",
    "state": "TA",
    "country": "RU",
    "zipcode": "420000",
}
MINUTES = 6


@dataclass
class Deployed:
    """The parts of `LocalStack` that a scene asks for, of a stack that CloudFormation made."""

    aws_url: str
    api_url: str = ""
    secrets_prefix: str = "/storesync"

    def client(self, service: str) -> Any:
        return client_of(service, self.aws_url)

    def physical(self, logical_id: str) -> str:
        found = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    packages = next((SAM / "lib").glob("python3.*/site-packages"))
    emulator = Emulator(tmp_path_factory.mktemp("aws"), SERVICES, packages)
    try:
        emulator.wait()
        variables = {"AWS_ENDPOINT_URL": emulator.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
        os.environ.update(variables, AWS_DEFAULT_REGION=REGION, SAM_CLI_TELEMETRY="0")
        command = [SAM / "bin" / "sam", "deploy", "--template-file", ROOT / ".aws-sam" / "build" / "template.yaml", "--stack-name", STACK]
        options = [
            "--resolve-s3",
            "--capabilities",
            "CAPABILITY_IAM",
            "CAPABILITY_AUTO_EXPAND",
            "--no-confirm-changeset",
            "--no-progressbar",
        ]
        done = subprocess.run(
            [*command, *options, "--parameter-overrides", *PARAMETERS], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        stack = Deployed(emulator.url)
        stack.api_url = f"{emulator.url}/_aws/execute-api/{stack.physical('HttpApi')}/$default"
        yield stack
    finally:
        emulator.stop()


@pytest.fixture(scope="module")
def scene(deployed: Deployed) -> Iterator[Scene]:
    """Two sandbox shops that the deployed stack is connected to; CS-Cart sends its hints to the deployed address."""
    cscart, webasyst = CsCartSandbox(), WebasystSandbox()
    with Server(cscart.app) as ours, Server(webasyst.app) as theirs:
        cscart.public_url, webasyst.public_url = ours.url, theirs.url
        cscart.seed(8, 0, 3)
        shops = CsCartShop(ours.url + "/", cscart.email, cscart.key), WebasystShop(theirs.url + "/", webasyst.issue_token())
        stack: Any = deployed
        scene = Scene(Options(), stack, *shops, (cscart.email, cscart.key))
        scene.connect()
        cscart.push = scene.push_cscart
        yield scene


def eventually(check: Callable[[], object], what: Callable[[], object]) -> None:
    until = time.monotonic() + MINUTES * 60
    while not check():
        assert time.monotonic() < until, what()
        time.sleep(1)


def test_the_stack_is_complete_and_each_of_its_parts_as_well(deployed: Deployed) -> None:
    cloudformation = deployed.client("cloudformation")
    assert cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    parts = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    assert {part["LogicalResourceId"] for part in parts if part["ResourceStatus"] != "CREATE_COMPLETE"} == set()
    assert len(parts) > 40


def test_the_console_answers_at_the_address_of_the_outputs(deployed: Deployed) -> None:
    """It asks who is there, by a page or by sending the browser to one."""
    answer = requests.get(f"{deployed.api_url}/console", timeout=60, allow_redirects=False)
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.status_code in (200, 303, 401)
    assert "<html" in answer.text or answer.headers["Location"].startswith("/console")


def test_a_hint_that_proves_nothing_is_refused_by_the_deployed_function(deployed: Deployed) -> None:
    answer = requests.post(f"{deployed.api_url}/webhooks/main/cscart", json={"type": "order.placed", "data": {"order_id": 1}}, timeout=60)
    assert answer.status_code == 401


def test_the_schedule_sets_off_the_first_sync_and_a_hint_brings_an_order(scene: Scene) -> None:
    def differences() -> list[str]:
        return compare.product_differences(scene.cscart, scene.webasyst, compare.Aside())[1]

    eventually(lambda: not differences(), lambda: [differences(), scene.streams.runs("", 20)])
    product = next(row for row in scene.cscart.products() if row["status"] == "A" and int(row["amount"]) > 2)
    buyer = BUYER | {f"{kind}_{name}": value for kind in "bs" for name, value in ADDRESS.items()}
    order_id = scene.cscart.place({str(product["product_id"]): 2}, buyer, "carried through")

    def order_differences() -> tuple[int, list[str]]:
        return compare.order_differences(scene.cscart, scene.webasyst, NAME, compare.Aside())

    eventually(lambda: order_differences() == (1, []), order_differences)
    assert [compare.mark_of(order) for order in scene.webasyst.orders()] == [f"{NAME}:cscart:{order_id}"]


def test_an_operator_takes_the_state_out_as_one_file_and_puts_it_back(scene: Scene, tmp_path: Path) -> None:
    def operate(*arguments: str) -> str:
        command = [sys.executable, "-m", "storesync.archive", "--stack", STACK, *arguments, str(tmp_path / "main.jsonl")]
        done = subprocess.run(command, cwd=ROOT / "shared", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    scene.connections.change(NAME, lambda one: replace(one, paused=True))
    assert "records of main" in operate("export", NAME)
    scene.connections.change(NAME, lambda one: replace(one, paused=False))
    assert "records are in copied" in operate("import", "copied")
    assert scene.connections.get("copied").paused
    scene.connections.delete("copied")
