"""Starts the order streams that are due, for every connection; the schedule decides nothing but how often is looked."""

from typing import Any

from storesync import bootstrap, telemetry


@telemetry.observed
def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """What was started, by count. The streams themselves run in the worker, so that no connection waits for another."""
    started = bootstrap.ticker().tick("order", context.get_remaining_time_in_millis)
    telemetry.measure(bootstrap.health().measures("order"))
    return started
