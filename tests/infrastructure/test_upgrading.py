"""What an update of a deployed stack must never do: replace what holds data, drop a parameter that was answered, or an address that was pasted."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.local.template import load
from tests.upgrades import RELEASES, unpack, version

ROOT = Path(__file__).parents[2]
NOW = load(ROOT / "template.yaml")
# A change of these makes CloudFormation put a new, empty one in the place of the old.
REPLACED_BY = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema", "LocalSecondaryIndexes", "ImportSourceSpecification"),
    "AWS::SQS::Queue": ("QueueName", "FifoQueue"),
    "AWS::ApiGatewayV2::Api": ("ProtocolType",),
    "AWS::ApiGatewayV2::Stage": ("ApiId", "StageName"),
}


@pytest.fixture(scope="module", params=RELEASES, ids=version)
def before(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return load(unpack(request.param, tmp_path_factory.mktemp("released")) / "template.yaml")


def test_what_holds_data_or_an_address_stays_the_same_resource(before: dict[str, Any]) -> None:
    kept = {name: resource for name, resource in before["Resources"].items() if resource["Type"] in REPLACED_BY}
    assert len(kept) >= 7
    for name, resource in kept.items():
        now = NOW["Resources"][name]
        assert now["Type"] == resource["Type"]
        for field in REPLACED_BY[resource["Type"]]:
            assert now["Properties"].get(field) == resource["Properties"].get(field), (name, field)


def test_every_answer_that_was_given_is_still_one(before: dict[str, Any]) -> None:
    for name, parameter in before["Parameters"].items():
        now = NOW["Parameters"][name]
        assert now["Type"] == parameter["Type"]
        assert set(parameter.get("AllowedValues", ())) <= set(now.get("AllowedValues", ())), name
        assert now.get("MinValue", 0) <= parameter.get("MinValue", 0), name
        assert now.get("MaxValue", 0) >= parameter.get("MaxValue", 0), name
        assert now["Default"] == parameter["Default"], f"{name}: who took the default would get another value"
    assert all("Default" in parameter for parameter in NOW["Parameters"].values()), "an update asks nothing"


def test_every_address_that_was_pasted_into_a_shop_still_leads_here(before: dict[str, Any]) -> None:
    assert before["Outputs"].keys() <= NOW["Outputs"].keys()
    for output in ("ConsoleUrl", "OAuthCallbackUrl", "CsCartWebhookUrl", "WebasystWebhookUrl"):
        assert json.dumps(NOW["Outputs"][output]["Value"]) == json.dumps(before["Outputs"][output]["Value"])
    routes = [
        {one["Properties"]["RouteKey"] for one in of["Resources"].values() if one["Type"] == "AWS::ApiGatewayV2::Route"}
        for of in (before, NOW)
    ]
    assert routes[0] <= routes[1]
