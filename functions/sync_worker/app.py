"""Applies queued changes; one that fails comes back, and no other waits for it but those behind it in its group."""

from typing import Any

from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from storesync import bootstrap, telemetry
from storesync.domain.changes import Change


def apply(record: SQSRecord, lambda_context: Any) -> dict[str, int]:
    """A message that cannot be understood fails as well: it ends in the dead letters, where it can be seen."""
    receives = int(record.attributes.approximate_receive_count)
    with bootstrap.returning(record.receipt_handle, receives):
        remaining = lambda_context.get_remaining_time_in_millis() / 1000
        return bootstrap.worker().apply(Change.from_message(record.json_body), remaining, receives)


@telemetry.observed
def handler(event: dict[str, Any], context: Any) -> Any:
    processor = SqsFifoPartialProcessor(skip_group_on_error=True)
    processor.raise_on_entire_batch_failure = False
    return process_partial_response(event=event, record_handler=apply, processor=processor, context=context)
