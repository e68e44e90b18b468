"""Makes the tables and queues of the template in the emulator, unless they are kept from an earlier start."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.local.template import ACCOUNT, REGION, Template


def physical_names(template: Template, endpoint: str) -> dict[str, str]:
    """What `Ref` and `GetAtt` mean here."""
    names = {name: f"{template.stack}-{name}" for name, _ in template.of_type("AWS::DynamoDB::Table")}
    for name, properties in template.of_type("AWS::SQS::Queue"):
        queue = template.resolve(properties.get("QueueName", f"{template.stack}-{name}"))
        names |= {
            name: f"{endpoint}/{ACCOUNT}/{queue}",
            f"{name}.Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}",
            f"{name}.QueueName": queue,
        }
    return names


def make_tables(template: Template, dynamodb: Any) -> None:
    existing = set(dynamodb.list_tables()["TableNames"])
    for name, properties in template.of_type("AWS::DynamoDB::Table"):
        table = template.reference(name)
        if table in existing:
            continue
        wanted = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
        dynamodb.create_table(TableName=table, **{key: properties[key] for key in wanted if key in properties})
        if ttl := properties.get("TimeToLiveSpecification"):
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=ttl)


def make_queues(template: Template, sqs: Any) -> None:
    """Dead letters first: a queue names them."""
    queues = [(name, template.resolve(properties)) for name, properties in template.of_type("AWS::SQS::Queue")]
    for name, properties in sorted(queues, key=lambda item: "RedrivePolicy" in item[1]):
        attributes = {key: _attribute(value) for key, value in properties.items() if key not in ("QueueName", "Tags")}
        sqs.create_queue(QueueName=template.reference(f"{name}.QueueName"), Attributes=attributes)


def _attribute(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)
