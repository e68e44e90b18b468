"""What template.yaml promises: nothing is lost, nothing may do more than it must, nothing fails in silence."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.local.deliveries import seconds_of
from tests.sandbox.local.template import Template, load

ROOT = Path(__file__).parents[2]
SOURCE = load(ROOT / "template.yaml")
RESOURCES: dict[str, dict[str, Any]] = SOURCE["Resources"]
FUNCTIONS = [name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::Serverless::Function"]


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


def function(name: str) -> dict[str, Any]:
    return SOURCE["Globals"]["Function"] | RESOURCES[name]["Properties"]


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, policy in of_type("AWS::IAM::ManagedPolicy").items():
        yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])
    for name, role in of_type("AWS::IAM::Role").items():
        for policy in role.get("Policies", []):
            yield from ((name, statement) for statement in policy["PolicyDocument"]["Statement"])


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_each_folder_of_functions_is_one_function_and_each_has_a_role_of_its_own() -> None:
    folders = {path.name for path in (ROOT / "functions").iterdir() if (path / "app.py").exists()}
    assert folders == {Path(function(name)["CodeUri"]).name for name in FUNCTIONS}
    roles = [function(name)["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS]
    assert len(set(roles)) == len(FUNCTIONS)
    assert all(not any("AWSLambda" in str(arn) for arn in RESOURCES[role]["Properties"]["ManagedPolicyArns"]) for role in roles)


def test_no_action_is_a_wildcard_and_every_statement_says_why() -> None:
    for where, statement in statements():
        assert statement["Sid"], where
        assert all(re.fullmatch(r"[a-z-]+:[A-Za-z]+", action) for action in listed(statement["Action"])), where


def test_only_traces_are_allowed_on_everything() -> None:
    open_ones = [statement for _, statement in statements() if "*" in listed(statement["Resource"])]
    assert [statement["Sid"] for statement in open_ones] == ["WriteTraces"]
    assert all(action.startswith("xray:Put") for action in open_ones[0]["Action"])


SECRETS = {
    "SyncPolicy": {"*/cscart_key", "*/webasyst_token"},
    "SyncWorkerRole": {"*/hook_path"},
    "OrderWebhookRole": {"*/webhook_secret", "*/webhook_secret_previous", "*/hook_path"},
    "OAuthCallbackRole": {"*/webasyst_token"},
    "ConsoleRole": {
        "*/cscart_key", "*/webasyst_token", "*/webhook_secret", "*/webhook_secret_previous", "*/hook_path", "*/health_token", "console/secret",
    },
}  # fmt: skip


def test_each_secret_is_named_to_those_who_need_it_and_the_star_stands_for_a_connection_only() -> None:
    found: dict[str, set[str]] = {}
    for where, statement in statements():
        if any(action.startswith("ssm:") for action in listed(statement["Action"])):
            for resource in listed(statement["Resource"]):
                prefix, _, name = resource["Fn::Sub"].partition(":parameter${SecretsPrefix}/")
                assert prefix == "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}"
                found.setdefault(where, set()).add(name)
    assert found == SECRETS


def test_whatever_else_may_be_done_is_done_to_one_named_resource() -> None:
    for where, statement in statements():
        for resource in listed(statement["Resource"]):
            if resource == "*":
                assert statement["Sid"] == "WriteTraces"
            elif "Fn::GetAtt" in resource:
                assert resource["Fn::GetAtt"][0] in RESOURCES and resource["Fn::GetAtt"][1] == "Arn", where
            elif ":ssm:" not in resource["Fn::Sub"]:
                assert re.fullmatch(r"\$\{(\w+)\.Arn\}:live", resource["Fn::Sub"]), where


def test_whoever_may_act_as_a_function_or_a_schedule_is_that_service_of_this_account() -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sts:AssumeRole")
        service = "scheduler" if name == "ScheduleRole" else "lambda"
        assert statement["Principal"] == {"Service": f"{service}.amazonaws.com"}


def test_alarms_can_send_what_they_have_to_say() -> None:
    """They may not use the key that AWS holds for SNS: a topic encrypted with that stays silent."""
    (topic,) = of_type("AWS::SNS::Topic").values()
    assert "KmsMasterKeyId" not in topic


def test_nobody_may_scan_or_delete_a_table() -> None:
    actions = {action for _, statement in statements() for action in listed(statement["Action"])}
    assert not actions & {"dynamodb:Scan", "dynamodb:DeleteTable", "dynamodb:UpdateTable", "ssm:GetParametersByPath", "sqs:PurgeQueue"}


def test_every_arrow_has_a_dead_letter_queue() -> None:
    for name in FUNCTIONS:
        for event in function(name).get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                assert event["Properties"]["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["FailedStarts", "Arn"]}
                assert event["Properties"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
                assert function(name)["EventInvokeConfig"]["MaximumRetryAttempts"] == 0
                assert function(name)["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"] == {
                    "Fn::GetAtt": ["FailedStarts", "Arn"]
                }
            if event["Type"] == "SQS":
                queue = RESOURCES[event["Properties"]["Queue"]["Fn::GetAtt"][0]]["Properties"]
                assert queue["RedrivePolicy"]["maxReceiveCount"] == 5


def test_fault_61_a_message_stays_hidden_six_times_as_long_as_the_worker_may_run() -> None:
    assert RESOURCES["ChangesQueue"]["Properties"]["VisibilityTimeout"] >= 6 * function("SyncWorker")["Timeout"]
    assert function("SyncWorker")["Events"]["Changes"]["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_queues_are_encrypted_and_the_queue_of_changes_is_first_in_first_out() -> None:
    assert all(
        queue["SqsManagedSseEnabled"] and queue["MessageRetentionPeriod"] == 14 * 86400 for queue in of_type("AWS::SQS::Queue").values()
    )
    assert RESOURCES["ChangesQueue"]["Properties"]["FifoQueue"] is True
    assert "ContentBasedDeduplication" not in RESOURCES["ChangesQueue"]["Properties"]


def test_tables_are_kept_recoverable_and_encrypted() -> None:
    for name, table in of_type("AWS::DynamoDB::Table").items():
        assert RESOURCES[name]["DeletionPolicy"] == RESOURCES[name]["UpdateReplacePolicy"] == "Retain"
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["SSESpecification"]["SSEEnabled"] is True
        assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
        assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]


def test_every_log_has_an_end() -> None:
    assert all("RetentionInDays" in group for group in of_type("AWS::Logs::LogGroup").values())
    assert SOURCE["Globals"]["Function"]["LoggingConfig"]["LogGroup"] == {"Ref": "FunctionLogs"}


def test_the_access_log_holds_no_path_because_a_path_can_hold_a_secret() -> None:
    settings = RESOURCES["HttpStage"]["Properties"]["AccessLogSettings"]
    assert set(re.findall(r"\$context\.(\w+)", settings["Format"])).isdisjoint({"path", "httpMethod", "identity"})
    json.loads(settings["Format"])


def alarms_on(metric: str) -> list[dict[str, Any]]:
    return [alarm for alarm in of_type("AWS::CloudWatch::Alarm").values() if alarm["MetricName"] == metric]


def test_there_is_an_alarm_for_every_way_of_stopping() -> None:
    watched = {alarm["Dimensions"][0]["Value"]["Ref"] for alarm in alarms_on("Errors")}
    assert watched == set(FUNCTIONS)
    full = {alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for alarm in alarms_on("ApproximateNumberOfMessagesVisible")}
    assert full == {"ChangesDeadLetters", "FailedStarts"}
    assert len(alarms_on("ApproximateAgeOfOldestMessage")) == len(alarms_on("ReconnectNeeded")) == 1
    assert all(alarm["AlarmActions"]["Fn::If"][0] == "HasAlarmEmail" for alarm in of_type("AWS::CloudWatch::Alarm").values())


def test_every_alarm_says_what_it_means_where_to_look_and_what_to_do() -> None:
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        meaning, look, *do = re.split(r"(?<=[.:]) (?=[A-Z])", alarm["AlarmDescription"])
        assert meaning and look.startswith("Look at the ") and do, name
        assert len(alarm["AlarmDescription"]) <= 1024


def test_silence_is_an_alarm_for_the_stream_lag_only() -> None:
    missing = {alarm["MetricName"]: alarm["TreatMissingData"] for alarm in of_type("AWS::CloudWatch::Alarm").values()}
    assert missing.pop("StreamLag") == "breaching"
    assert set(missing.values()) == {"notBreaching"}


def test_the_dashboard_answers_four_questions_with_metrics_that_exist() -> None:
    (dashboard,) = of_type("AWS::CloudWatch::Dashboard").values()
    body = dashboard["DashboardBody"]["Fn::Sub"]
    referred = set(re.findall(r"\$\{(\w+)[.}]", body)) - {"AWS"}
    assert referred <= {*RESOURCES, *SOURCE["Parameters"]}
    widgets = json.loads(re.sub(r"\$\{[^}]+\}", "1", body))["widgets"]
    titles = " ".join(widget["properties"]["title"] for widget in widgets)
    assert all(question in titles for question in ("Is it in step?", "What waits?", "What fails?", "What does it cost?"))
    assert {name for name in re.findall(r"\$\{(\w+)\.Arn\}", body)} == of_type("AWS::CloudWatch::Alarm").keys()
    taken: set[tuple[int, int]] = set()
    for widget in widgets:
        area = {
            (x, y) for x in range(widget["x"], widget["x"] + widget["width"]) for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert not area & taken and max(x for x, _ in area) < 24, widget["properties"]["title"]
        taken |= area
    (costs,) = (widget for widget in widgets if "What does it cost?" in widget["properties"]["title"])
    options = [metric[-1] for metric in costs["properties"]["metrics"]]
    terms = set(re.findall(r"\b[a-z]\d\b", " ".join(option.get("expression", "") for option in options)))
    assert terms == {option["id"] for option in options if "expression" not in option}


def test_both_pulls_are_scheduled_every_minute() -> None:
    template = Template(ROOT / "template.yaml", "storesync", {}, {})
    for name in ("ProductPull", "OrderPull"):
        (event,) = function(name)["Events"].values()
        assert seconds_of(template.resolve(event["Properties"]["ScheduleExpression"])) == 60


def test_every_function_answers_before_the_gateway_gives_up() -> None:
    behind = {properties["IntegrationUri"]["Ref"].partition(".")[0] for properties in of_type("AWS::ApiGatewayV2::Integration").values()}
    assert all(function(name)["Timeout"] <= 30 for name in behind)
    permitted = {permission["FunctionName"]["Ref"].partition(".")[0] for permission in of_type("AWS::Lambda::Permission").values()}
    assert permitted == behind


def test_the_routes_are_those_that_the_stores_and_the_console_use() -> None:
    assert {route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()} == {
        "GET /oauth/callback",
        "POST /webhooks/{connection}/{store}",
        "POST /webhooks/{connection}/{store}/{secret}",
        "GET /webhooks/{connection}/{store}/{secret}",
        "ANY /console",
        "ANY /console/{proxy+}",
    }


@pytest.mark.parametrize("name", SOURCE["Parameters"])
def test_every_parameter_is_explained_and_used(name: str) -> None:
    parameter = SOURCE["Parameters"][name]
    assert parameter["Description"].endswith(".")
    assert "Default" in parameter
    groups = SOURCE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sum(name in group["Parameters"] for group in groups) == 1
    used = json.dumps({key: SOURCE[key] for key in ("Conditions", "Globals", "Resources")})
    assert f'"Ref": "{name}"' in used or f"${{{name}}}" in used


def test_no_secret_stands_in_an_environment_variable_or_a_parameter() -> None:
    assert not any("NoEcho" in parameter for parameter in SOURCE["Parameters"].values())
    variables = SOURCE["Globals"]["Function"]["Environment"]["Variables"]
    assert not any(re.search(r"TOKEN|PASSWORD|API_KEY|_SECRET$", name) for name in variables)
    assert not any("Environment" in RESOURCES[name]["Properties"] for name in FUNCTIONS)


def test_every_output_is_explained() -> None:
    assert all(output["Description"].endswith(".") for output in SOURCE["Outputs"].values())
    assert {"ConsoleUrl", "OAuthCallbackUrl", "CsCartWebhookUrl", "WebasystWebhookUrl"} <= SOURCE["Outputs"].keys()
