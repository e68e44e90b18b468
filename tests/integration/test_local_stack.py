"""The machine-local AWS runtime, on a stack so small that everything it does can be seen."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sandbox.local import FunctionError, LocalStack

TEMPLATE = """
Parameters:
  Word: {Type: String, Default: plain}
  Memory: {Type: Number, Default: 128}
  AllowPrivateAddresses: {Type: String}
Conditions:
  IsPlain: !Equals [!Ref Word, plain]
Globals:
  Function:
    Handler: app.handler
    MemorySize: !Ref Memory
    Timeout: 2
    Environment: {Variables: {TABLE: !Ref Table, QUEUE: !Ref ChangesQueue, WORD: !If [IsPlain, yes it is, !Sub "${Word}!"]}}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}, {AttributeName: sk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}, {AttributeName: sk, KeyType: RANGE}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
  ChangesQueue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${AWS::StackName}-changes.fifo
      FifoQueue: true
      VisibilityTimeout: 12
      RedrivePolicy: {deadLetterTargetArn: !GetAtt ChangesDeadLetters.Arn, maxReceiveCount: 2}
  ChangesDeadLetters:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${AWS::StackName}-dead.fifo", FifoQueue: true}
  Web:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: functions/web/}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/work/
      Events:
        Changes: {Type: SQS, Properties: {Queue: !GetAtt ChangesQueue.Arn, BatchSize: 5}}
        Often: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 minute)}}
  WebIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {IntegrationUri: !Ref Web.Alias}
  OneRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: "POST /things/{name}", Target: !Sub "integrations/${WebIntegration}"}
  AllRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties: {RouteKey: "ANY /rest/{proxy+}", Target: !Sub "integrations/${WebIntegration}"}
"""

WEB = """
import os, time
def handler(event, context):
    name = (event.get("pathParameters") or {}).get("name", "")
    if name == "fail":
        raise ValueError("as asked")
    if name == "sleep":
        time.sleep(30)
    if name == "exit":
        os._exit(1)
    print("a handler may print")
    shown = {"event": event, "word": os.environ["WORD"], "pid": os.getpid(), "left": context.get_remaining_time_in_millis()}
    import json
    return {"statusCode": 201, "headers": {"X-Word": "w"}, "cookies": ["a=1", "b=2"], "body": json.dumps(shown)}
"""

WORK = """
import os
from pathlib import Path
import boto3
def handler(event, context):
    seen = Path(__file__).parent / "seen.txt"
    if "Records" not in event:
        with seen.open("a") as file: file.write("tick\\n")
        return {}
    failures = []
    for record in event["Records"]:
        with seen.open("a") as file: file.write(record["body"] + "\\n")
        if record["body"].startswith("bad"):
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stack")
    (folder / "template.yaml").write_text(TEMPLATE)
    for name, source in (("web", WEB), ("work", WORK)):
        (folder / "functions" / name).mkdir(parents=True)
        (folder / "functions" / name / "app.py").write_text(source)
    return folder


@pytest.fixture(scope="module")
def stack(root: Path) -> Iterator[LocalStack]:
    with LocalStack(root / "state", speed=1000, schedules=False, parameters={"Word": "other"}, root=root) as stack:
        yield stack


def seen(root: Path) -> list[str]:
    file = root / "functions" / "work" / "seen.txt"
    return file.read_text().split() if file.exists() else []


def eventually(check: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not check():
        assert time.monotonic() < until
        time.sleep(0.02)


def request(url: str, body: bytes | None = None, **headers: str) -> tuple[int, dict, urllib.request.addinfourl]:
    answer = urllib.request.urlopen(urllib.request.Request(url, body, {name.replace("_", "-"): value for name, value in headers.items()}))
    return answer.status, json.loads(answer.read()), answer


def send(stack: LocalStack, body: str, group: str) -> None:
    url = stack.client("sqs").get_queue_url(QueueName="storesync-changes.fifo")["QueueUrl"]
    stack.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=body)


def test_a_request_reaches_the_function_as_the_gateway_would_hand_it_over(stack: LocalStack) -> None:
    status, shown, answer = request(f"{stack.api_url}/things/chair?a=1&a=2", b'{"x":1}', Content_Type="application/json", Cookie="c=3; d=4")
    event = shown["event"]
    assert (status, answer.headers["X-Word"], answer.headers.get_all("Set-Cookie")) == (201, "w", ["a=1", "b=2"])
    assert (event["routeKey"], event["pathParameters"]) == ("POST /things/{name}", {"name": "chair"})
    assert (event["body"], event["isBase64Encoded"], event["cookies"]) == ('{"x":1}', False, ["c=3", "d=4"])
    assert event["queryStringParameters"] == {"a": "1,2"}
    assert shown["word"] == "other!"
    assert 0 < shown["left"] <= 2000


def test_form_fields_arrive_in_base64(stack: LocalStack) -> None:
    _, shown, _ = request(f"{stack.api_url}/things/chair", b"a=1", Content_Type="application/x-www-form-urlencoded")
    assert (shown["event"]["body"], shown["event"]["isBase64Encoded"]) == ("YT0x", True)


def test_a_proxy_route_takes_every_path_below_it_and_no_other(stack: LocalStack) -> None:
    _, shown, _ = request(f"{stack.api_url}/rest/a/b")
    assert shown["event"]["pathParameters"] == {"proxy": "a/b"}
    with pytest.raises(urllib.error.HTTPError, match="404"):
        request(f"{stack.api_url}/elsewhere")


@pytest.mark.parametrize(("name", "kind"), [("fail", "ValueError"), ("exit", "Runtime.ExitError"), ("sleep", "Sandbox.Timedout")])
def test_fault_59_a_function_that_fails_in_any_way_is_an_error_and_the_next_call_works(stack: LocalStack, name: str, kind: str) -> None:
    with pytest.raises(FunctionError) as failed:
        stack.invoke("web", {"pathParameters": {"name": name}})
    assert failed.value.payload["errorType"] == kind
    assert stack.invoke("Web", {})["statusCode"] == 201


def test_one_environment_is_used_again_until_it_is_killed(stack: LocalStack) -> None:
    first, second = (json.loads(stack.invoke("web")["body"])["pid"] for _ in range(2))
    assert first == second
    assert stack.kill("web")
    assert json.loads(stack.invoke("web")["body"])["pid"] != first


def test_fault_61_messages_of_a_group_keep_their_order_and_a_bad_one_ends_in_the_dead_letters(stack: LocalStack, root: Path) -> None:
    for number in range(5):
        send(stack, f"one-{number}", "one")
    send(stack, "bad", "two")
    send(stack, "after-bad", "two")
    send(stack, "other", "three")
    eventually(lambda: stack.queue_idle() and stack.dead_letters() == ["bad"])
    words = seen(root)
    assert [word for word in words if word.startswith("one")] == [f"one-{number}" for number in range(5)]
    assert words.count("bad") == 2
    assert {"other", "after-bad"} <= set(words)


def test_what_is_stored_is_there_after_a_new_start_and_schedules_run(root: Path) -> None:
    item = {"pk": {"S": "main"}, "sk": {"S": "-"}}
    with LocalStack(root / "kept", schedules=False, root=root) as stack:
        stack.client("dynamodb").put_item(TableName="storesync-Table", Item=item)
        stack.client("ssm").put_parameter(Name="/storesync/main/key", Value="secret", Type="SecureString")
    before = seen(root).count("tick")
    with LocalStack(root / "kept", speed=600, root=root) as stack:
        assert stack.client("dynamodb").get_item(TableName="storesync-Table", Key=item)["Item"] == item
        found = stack.client("ssm").get_parameter(Name="/storesync/main/key", WithDecryption=True)
        assert found["Parameter"]["Value"] == "secret"
        eventually(lambda: seen(root).count("tick") > before + 1)
