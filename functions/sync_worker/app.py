"""Applies queued changes; one that fails comes back, and no other waits for it but those behind it in its group.

A library for batches would take longer to load than most messages take to be worked on.
"""

import json
from typing import Any

from storesync import bootstrap, telemetry
from storesync.domain.changes import Change


def apply(record: dict[str, Any], context: Any) -> None:
    """A message that cannot be understood fails as well: it ends in the dead letters, where it can be seen."""
    receives = int(record["attributes"]["ApproximateReceiveCount"])
    with bootstrap.returning(record["receiptHandle"], receives):
        change = Change.from_message(json.loads(record["body"]))
        bootstrap.worker().apply(change, context.get_remaining_time_in_millis() / 1000, receives)


@telemetry.observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    held: set[str] = set()
    failed: list[str] = []
    for record in event["Records"]:
        group = record["attributes"].get("MessageGroupId", record["messageId"])
        try:
            if group not in held:
                apply(record, context)
        except Exception as error:
            telemetry.logger().exception("change failed", error=type(error).__name__)
            held.add(group)
        if group in held:
            failed.append(record["messageId"])
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
